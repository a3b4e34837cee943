/* scratch.c -- made in TMPDIR; PostgreSQL's own user passes through the folder when we are root. */

#include "scratch.h"
#include "../services/embedded_postgres.h"
#include "../services/migrate.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONNECTIONS 8

static enum err_code make_folder(struct scratch *scratch, struct err *err) {
    const char *parent = getenv("TMPDIR");
    int len = snprintf(scratch->folder, sizeof scratch->folder, "%s/plateia-XXXXXX",
                       parent && *parent ? parent : "/tmp");
    if (len >= (int)sizeof scratch->folder || !mkdtemp(scratch->folder)) {
        scratch->folder[0] = '\0';
        err_system(err, "a temporary folder");
        err_advise(err, "TMPDIR names the folder that it is made in");
        return ERR_SYSTEM;
    }
    return chmod(scratch->folder, 0755) == 0 ? ERR_OK : err_system(err, scratch->folder);
}

enum err_code scratch_open(struct scratch *ret, const struct settings *settings, struct err *err) {
    char migrations[1024];
    enum err_code code;
    *ret = (struct scratch){0};
    if ((code = make_folder(ret, err)) != ERR_OK) return code;
    struct embedded_postgres_options options = {
        .data = ret->folder, .bin = settings->postgres_bin, .connections = CONNECTIONS};
    if ((code = embedded_postgres_start(&ret->postgres, &options, err)) != ERR_OK) return code;
    snprintf(migrations, sizeof migrations, "%s/migrations", settings->sql);
    return migrate_run(scratch_conninfo(ret), migrations, NULL, err);
}

const char *scratch_conninfo(const struct scratch *scratch) {
    return embedded_postgres_conninfo(scratch->postgres);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void scratch_close(struct scratch *scratch) {
    embedded_postgres_stop(scratch->postgres);
    if (*scratch->folder) nftw(scratch->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    *scratch = (struct scratch){0};
}
