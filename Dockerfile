# Plateia in a container: the server alone, for a PostgreSQL elsewhere (docker-compose.yml brings one).
#
#   docker build -t plateia .
#   docker build -t plateia:embedded --build-arg PACKAGES="run embedded" .     with the embedded PostgreSQL as well
#
# Nothing is written outside /data (the embedded PostgreSQL's) and /tmp, so the root file system may be read-only.

FROM debian:bookworm-slim AS base
COPY packages.txt packaging/install-packages /usr/local/share/plateia/


FROM base AS build
RUN /usr/local/share/plateia/install-packages build run
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY core core
RUN cmake --preset release && cmake --build --preset release && strip build/plateia


FROM base
ARG PACKAGES=run
ARG VERSION=dev
LABEL org.opencontainers.image.title="Plateia" \
      org.opencontainers.image.description="A movie-voting server: a C core, Lua scripts, PostgreSQL" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION"

# The numeric id lets an orchestrator see that it is not root; PostgreSQL wants a name for it as well.
RUN /usr/local/share/plateia/install-packages $PACKAGES \
    && groupadd --gid 10001 plateia \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin plateia \
    && install -d -o 10001 -g 10001 -m 0755 /data

COPY --from=build /src/build/plateia /usr/local/bin/plateia
WORKDIR /plateia
COPY LICENSE ./
COPY scripts scripts
COPY sql sql
COPY web web

USER 10001:10001
ENV PLATEIA_DATA=/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["plateia", "ready"]
ENTRYPOINT ["plateia"]
CMD ["serve"]
