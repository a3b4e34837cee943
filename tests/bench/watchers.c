/* watchers.c -- a crowd that watches /movies/top/stream while others vote; streams.lua builds and runs it.
 *
 *   watchers PORT STREAMS VOTES_PER_S SECONDS TOKENS SERVER_PID
 *
 * Votes leave by the clock, whether or not those before were answered, and their latency counts from when they
 * were due. A vote's commit is when its answer has come here; it is delivered to a stream by the first frame
 * whose total includes it. TOKENS is a file of a token a line, each used once. One thread, one epoll. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VOTERS    64
#define SAMPLE    23 /* of so many votes one is followed to every stream */
#define BUCKETS   10000 /* milliseconds */
#define CARRY     32
#define OPENING   200 /* at a time */
#define PATIENCE  10.0
#define WORD      "\"total\":"

struct histogram {
    uint64_t counts[BUCKETS + 1], sum;
};

struct peer {
    int fd;
    bool voter, busy, greeted;
    double due;      /* of a voter's vote */
    long total;      /* the latest a stream has seen */
    size_t len;      /* of what is kept in carry */
    char carry[1024];
};

static int port, epoll;
static struct peer *streams, voters[VOTERS];
static long stream_count, opened, greeted, lost, frames, bytes, base = -1;
static double *committed; /* when the n-th vote was answered */
static long votes_sent, votes_done, votes_refused, vote_limit;
static char **tokens;
static struct histogram deliveries, latencies;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void note(struct histogram *histogram, double seconds, uint64_t times) {
    long ms = seconds < 0 ? 0 : (long)(seconds * 1000);
    histogram->counts[ms > BUCKETS ? BUCKETS : ms] += times;
    histogram->sum += times;
}

static long percentile(const struct histogram *histogram, double part) {
    uint64_t seen = 0;
    for (long ms = 0; ms <= BUCKETS; ms++)
        if ((double)(seen += histogram->counts[ms]) >= part * (double)histogram->sum && seen) return ms;
    return -1;
}

static long rss_kib(int pid) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
    if (file) fclose(file);
    return kib;
}

static double cpu_s(int pid) {
    char path[64], text[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    const char *rest = strrchr(text, ')');
    if (rest) sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* ---- connections ---- */

static void watch(struct peer *peer) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    int yes = 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if ((peer->fd = socket(AF_INET, SOCK_STREAM, 0)) < 0) die("socket");
    if (connect(peer->fd, (struct sockaddr *)&to, sizeof to) != 0) die("connect");
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(peer->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &event) != 0) die("epoll_ctl");
}

static void open_stream(void) {
    static const char ask[] = "GET /movies/top/stream HTTP/1.1\r\nHost: bench\r\n\r\n";
    struct peer *stream = &streams[opened++];
    watch(stream);
    stream->total = -1;
    if (send(stream->fd, ask, sizeof ask - 1, MSG_NOSIGNAL) < 0) die("send");
}

static void vote(double due) {
    char text[2048];
    for (int i = 0; i < VOTERS; i++) {
        struct peer *voter = &voters[i];
        if (voter->busy) continue;
        int len = snprintf(text, sizeof text,
                           "POST /vote/%ld HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
                           "Content-Length: 0\r\n\r\n",
                           votes_sent % 97 + 1, tokens[votes_sent]);
        voter->busy = true;
        voter->due = due;
        voter->len = 0;
        votes_sent++;
        if (send(voter->fd, text, (size_t)len, MSG_NOSIGNAL) != len) die("send");
        return;
    }
}

/* ---- what comes ---- */

static void delivered(struct peer *stream, long total) {
    double at = now();
    frames++;
    if (base < 0) base = total;
    for (long n = stream->total + 1 - base; stream->total >= 0 && n <= total - base; n++)
        if (n > 0 && n <= vote_limit && n % SAMPLE == 0)
            note(&deliveries, committed[n] > 0 ? at - committed[n] : 0, 1);
    stream->total = total;
}

static void hear(struct peer *stream, char *text, size_t len) {
    char *at = text, *end = text + len;
    text[len] = '\0';
    if (!stream->greeted && memmem(text, len, "event: hello", 12)) {
        stream->greeted = true;
        greeted++;
    }
    while ((at = memmem(at, (size_t)(end - at), WORD, sizeof WORD - 1))) {
        char *number = at + sizeof WORD - 1, *behind;
        long total = strtol(number, &behind, 10);
        if (behind == end) break; /* the number may go on */
        delivered(stream, total);
        at = behind;
    }
    stream->len = at ? (size_t)(end - at) : len < CARRY ? len : CARRY;
    if (stream->len > CARRY) stream->len = CARRY;
    memcpy(stream->carry, end - stream->len, stream->len);
    if (!at && stream->len >= sizeof WORD) { /* nothing that was counted is counted again */
        char *again = memmem(stream->carry, stream->len, WORD, sizeof WORD - 1);
        if (again) stream->len = 0;
    }
}

static void on_stream(struct peer *stream) {
    static char text[65536 + CARRY + 1];
    memcpy(text, stream->carry, stream->len);
    ssize_t got = recv(stream->fd, text + stream->len, 65536, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        lost++;
        close(stream->fd);
        return;
    }
    bytes += got;
    hear(stream, text, stream->len + (size_t)got);
}

static void on_voter(struct peer *voter) {
    ssize_t got = recv(voter->fd, voter->carry + voter->len, sizeof voter->carry - 1 - voter->len, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) die("a voter's connection");
    voter->len += (size_t)got;
    voter->carry[voter->len] = '\0';
    const char *body = strstr(voter->carry, "\r\n\r\n"), *length = strstr(voter->carry, "Content-Length: ");
    if (!body || !length || strlen(body + 4) < strtoul(length + 16, NULL, 10)) return;
    voter->busy = false;
    if (strncmp(voter->carry, "HTTP/1.1 201", 12) != 0) {
        if (votes_refused++ == 0) fprintf(stderr, "%.200s\n", voter->carry);
        return;
    }
    note(&latencies, now() - voter->due, 1);
    committed[++votes_done] = now();
}

static void turn(int wait_ms) {
    struct epoll_event events[512];
    int count = epoll_wait(epoll, events, 512, wait_ms);
    for (int i = 0; i < count; i++) {
        struct peer *peer = events[i].data.ptr;
        if (peer->voter)
            on_voter(peer);
        else
            on_stream(peer);
    }
}

/* ---- the story ---- */

static void open_all(void) {
    double until = now() + 60;
    while (greeted < stream_count && now() < until && lost == 0) {
        while (opened < stream_count && opened - greeted < OPENING)
            open_stream();
        turn(10);
    }
    if (greeted < stream_count) {
        fprintf(stderr, "%ld of %ld streams, %ld lost\n", greeted, stream_count, lost);
        exit(1);
    }
}

static long equal(void) {
    long count = 0;
    for (long i = 0; i < stream_count; i++)
        count += streams[i].total - base == votes_done;
    return count;
}

static void settle(double seconds) {
    for (double until = now() + seconds; now() < until;)
        turn(10);
}

static void read_tokens(const char *path) {
    char line[1024];
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    for (long i = 0; i < vote_limit; i++) {
        if (!fgets(line, sizeof line, file)) {
            fprintf(stderr, "too few tokens\n");
            exit(1);
        }
        line[strcspn(line, "\n")] = '\0';
        tokens[i] = strdup(line);
    }
    fclose(file);
}

int main(int argc, char **argv) {
    if (argc != 7) return 2;
    double rate = atof(argv[3]), seconds = atof(argv[4]);
    int pid = atoi(argv[6]);
    struct rlimit files = {20000, 20000};
    setrlimit(RLIMIT_NOFILE, &files);
    port = atoi(argv[1]);
    stream_count = atol(argv[2]);
    vote_limit = (long)(rate * seconds);
    epoll = epoll_create1(0);
    streams = calloc((size_t)stream_count + 1, sizeof *streams);
    committed = calloc((size_t)vote_limit + 2, sizeof *committed);
    tokens = calloc((size_t)vote_limit + 1, sizeof *tokens);
    read_tokens(argv[5]);
    for (int i = 0; i < VOTERS; i++) {
        voters[i].voter = true;
        watch(&voters[i]);
    }
    settle(1);
    long before = rss_kib(pid);
    double opening = now();
    open_all();
    opening = now() - opening;
    settle(2);
    long after = rss_kib(pid);
    long frames_before = frames, bytes_before = bytes;
    double cpu = cpu_s(pid), began = now();
    while (votes_done + votes_refused < vote_limit && now() - began < seconds + PATIENCE) {
        while (votes_sent < vote_limit && votes_sent < (long)((now() - began) * rate)) {
            long sent = votes_sent;
            vote(began + (double)sent / rate);
            if (votes_sent == sent) break; /* all are busy: it is late */
        }
        turn(1);
    }
    double took = now() - began;
    double until = now() + PATIENCE;
    while (equal() < stream_count && now() < until)
        turn(10);
    cpu = cpu_s(pid) - cpu;
    printf("streams %ld, opened in %.1f s, lost %ld, server's memory %ld KiB before and %ld KiB with them: %.0f "
           "bytes a stream\n",
           stream_count, opening, lost, before, after,
           stream_count ? (double)(after - before) * 1024 / (double)stream_count : 0.0);
    printf("votes %ld in %.1f s (%.0f/s), refused %ld; p50 %ld ms, p99 %ld ms, max %ld ms; server's CPU %.2f of a "
           "core\n",
           votes_done, took, (double)votes_done / took, votes_refused, percentile(&latencies, 0.5),
           percentile(&latencies, 0.99), percentile(&latencies, 1), cpu / took);
    if (stream_count)
        printf("frames %ld (%.0f/s, %.1f MB/s); from commit to delivery p50 %ld ms, p99 %ld ms, max %ld ms; equal to "
               "the votes at the end %ld of %ld\n",
               frames - frames_before, (double)(frames - frames_before) / took,
               (double)(bytes - bytes_before) / took / 1e6, percentile(&deliveries, 0.5),
               percentile(&deliveries, 0.99), percentile(&deliveries, 1), equal(), stream_count);
    return lost || votes_refused || equal() < stream_count;
}
