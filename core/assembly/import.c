/* import.c -- what is known of the import, behind one lock: written by the worker that runs it, read by the
 * admin listener's thread. */

#include "import.h"
#include "../services/crypto.h"
#include "worker.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum import_stage { STAGE_IDLE, STAGE_RUNNING, STAGE_DONE, STAGE_FAILED };
static const char *const stage_names[] = {"idle", "running", "done", "failed"};

struct import {
    pthread_mutex_t lock;
    enum import_stage stage;
    long number, done, total;
    char what[64];
    struct buf report;
    char *adapter, *body;
    const char *args[2];
    char place[IMPORT_PLACE_SIZE];
};

void import_place(char ret[IMPORT_PLACE_SIZE], const char *conninfo) {
    char digest[CRYPTO_DIGEST_HEX];
    crypto_sha256_hex(digest, conninfo, strlen(conninfo));
    memcpy(ret, digest, IMPORT_PLACE_SIZE - 1);
    ret[IMPORT_PLACE_SIZE - 1] = '\0';
}

enum err_code import_new(struct import **ret, const char *conninfo, struct err *err) {
    struct import *import = calloc(1, sizeof *import);
    if (!import) return err_set(err, ERR_NO_MEMORY, "out of memory");
    pthread_mutex_init(&import->lock, NULL);
    import_place(import->place, conninfo);
    *ret = import;
    return ERR_OK;
}

static void drop_input(struct import *import) {
    free(import->adapter);
    free(import->body);
    import->adapter = import->body = NULL;
}

void import_free(struct import *import) {
    if (!import) return;
    drop_input(import);
    buf_done(&import->report);
    pthread_mutex_destroy(&import->lock);
    free(import);
}

static void ended(void *ctx, bool fine, const char *text) {
    struct import *import = ctx;
    pthread_mutex_lock(&import->lock);
    import->stage = fine ? STAGE_DONE : STAGE_FAILED;
    buf_add_str(&import->report, text);
    drop_input(import);
    pthread_mutex_unlock(&import->lock);
}

/* Under the lock. */
static enum err_code take_input(struct import *import, const char *adapter, char *body, struct err *err) {
    if (import->stage == STAGE_RUNNING)
        return err_set(err, ERR_BUSY,
                       "an import is running already, one at a time: try again when it has ended");
    import->adapter = strdup(adapter);
    if (!import->adapter) return err_set(err, ERR_NO_MEMORY, "out of memory");
    import->body = body;
    import->args[0] = import->adapter;
    import->args[1] = import->body;
    import->stage = STAGE_RUNNING;
    import->number++;
    import->done = import->total = 0;
    import->what[0] = '\0';
    buf_clear(&import->report);
    return ERR_OK;
}

enum err_code import_begin(struct import *import, struct worker *worker, const char *adapter, char *body,
                           size_t len, struct err *err) {
    enum err_code code = ERR_OK;
    if (body && memchr(body, '\0', len))
        code = err_set(err, ERR_INVALID, "the file holds NUL bytes: give it as text (UTF-8)");
    if (code == ERR_OK) {
        pthread_mutex_lock(&import->lock);
        code = take_input(import, adapter, body, err);
        pthread_mutex_unlock(&import->lock);
    }
    if (code != ERR_OK) {
        free(body);
        return code;
    }
    struct worker_task task = {
        .job = JOB_IMPORT, .args = import->args, .arg_count = body ? 2 : 1, .ended = ended, .ctx = import};
    code = worker_post(worker, &task, err);
    if (code != ERR_OK) ended(import, false, "out of memory");
    return code;
}

void import_progress(void *ctx, long done, long total, const char *what) {
    struct import *import = ctx;
    pthread_mutex_lock(&import->lock);
    if (import->stage == STAGE_RUNNING) {
        import->done = done;
        import->total = total;
        strncpy(import->what, what, sizeof import->what - 1);
    }
    pthread_mutex_unlock(&import->lock);
}

void import_state(struct import *import, struct buf *ret) {
    pthread_mutex_lock(&import->lock);
    bool over = import->stage == STAGE_DONE || import->stage == STAGE_FAILED;
    buf_addf(ret, "{\"place\":\"%s\",\"number\":%ld,\"state\":\"%s\",\"done\":%ld,\"total\":%ld,\"what\":",
             import->place, import->number, stage_names[import->stage], import->done, import->total);
    buf_add_json(ret, import->what, strlen(import->what));
    buf_add_str(ret, ",\"report\":");
    if (over)
        buf_add_json(ret, import->report.len ? import->report.data : "", import->report.len);
    else
        buf_add_str(ret, "null");
    buf_add_char(ret, '}');
    pthread_mutex_unlock(&import->lock);
}
