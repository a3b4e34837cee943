/* running.c -- asks those who may be it for their place. */

#include "running.h"
#include "../assembly/foundation.h"
#include "../assembly/import.h"
#include "../http/ask.h"
#include "../services/embedded_postgres.h"
#include "answer.h"
#include <stdio.h>

static bool serves_place(const struct settings *settings, const char *host_port, const char *place) {
    struct ask question = {
        .host_port = host_port, .token = settings->admin_token, .method = "GET", .target = "/import"};
    struct buf body = {0};
    int status = 0;
    bool same = ask(&question, &status, &body, NULL) == ERR_OK && status == 200 &&
                answer_is(answer_get(body.data, "place"), place);
    buf_done(&body);
    return same;
}

bool running_on_database(const struct settings *settings, char ret[RUNNING_SIZE]) {
    char conninfo[2048], place[IMPORT_PLACE_SIZE];
    if (*settings->database_url)
        snprintf(conninfo, sizeof conninfo, "%s", settings->database_url);
    else if (embedded_postgres_running(settings->data, conninfo, sizeof conninfo, NULL) != ERR_OK)
        return false;
    import_place(place, conninfo);
    snprintf(ret, RUNNING_SIZE, "%s", settings->admin_listen);
    if (serves_place(settings, ret, place)) return true;
    return !*settings->database_url && foundation_admin(settings, ret, RUNNING_SIZE) &&
           serves_place(settings, ret, place);
}

void running_admin(const struct settings *settings, char ret[RUNNING_SIZE]) {
    if (!running_on_database(settings, ret)) snprintf(ret, RUNNING_SIZE, "%s", settings->admin_listen);
}
