/* commands_scripts.c -- `plateia reload`, `rollback` and `scripts`: an operator's orders to the server that
 * runs, given to its admin listener. */

#include "answer.h"
#include "base/err.h"
#include "commands.h"
#include "http/ask.h"
#include "running.h"
#include "table.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 120 /* a reload waits for every worker */
#define HASH_SHOWN 12
#define MOST_SHOWN 16 /* columns */

static int server_gone(const struct command_call *call, const char *command, const struct err *err) {
    fprintf(stderr,
            "plateia %s: %s\nStart a server (plateia serve), or name its admin listener: --admin-listen "
            "HOST:PORT (now %s).\n",
            command, err->text, call->settings->admin_listen);
    return 1;
}

/* What a server says that did not do it. */
static int not_done(const char *command, int status, const struct buf *body) {
    struct buf why = {0};
    const char *detail = answer_get(body->data, "detail");
    answer_text(detail ? detail : answer_get(body->data, "reason"), &why);
    fprintf(stderr, "plateia %s: %s\n", command, why.data ? why.data : "the server refused it");
    if (status == 503) fputs("Nothing was changed: try again in a moment.\n", stderr);
    buf_done(&why);
    return 1;
}

/* ---- reload, rollback ---- */

/* The reason stands first and alone, for editors: "scripts/routes/x.lua:3: ...". */
static int refused(const char *command, const struct buf *body) {
    struct buf why = {0};
    answer_text(answer_get(body->data, "reason"), &why);
    if (!why.data) return not_done(command, 409, body);
    fprintf(stderr, "%s\nNothing was changed, what served goes on serving: mend it and ask again.\n",
            why.data);
    buf_done(&why);
    return 1;
}

static int done(const char *command, const struct buf *body) {
    const char *outcome = answer_get(body->data, "outcome");
    double took = answer_number(answer_get(body->data, "milliseconds"));
    double number = answer_number(answer_get(body->data, "generation"));
    if (answer_is(outcome, "fine"))
        printf("fine, looked at in %.0f ms: nothing was changed\n", took);
    else if (answer_is(outcome, "served"))
        printf("generation %.0f serves, after %.0f ms\n", number, took);
    else
        fprintf(stderr, "plateia %s: the answer broke off; plateia scripts shows what serves\n", command);
    return answer_is(outcome, "fine") || answer_is(outcome, "served") ? 0 : 1;
}

static int order(const struct command_call *call, const char *command, const char *target) {
    char server[RUNNING_SIZE];
    struct buf body = {0};
    struct err err = {0};
    int status = 0, result;
    running_admin(call->settings, server);
    struct ask question = {.host_port = server,
                           .token = call->settings->admin_token,
                           .method = "POST",
                           .target = target,
                           .patience_s = PATIENCE_S};
    if (ask(&question, &status, &body, &err) != ERR_OK)
        result = server_gone(call, command, &err);
    else if (status == 200)
        result = done(command, &body);
    else
        result = status == 409 ? refused(command, &body) : not_done(command, status, &body);
    buf_done(&body);
    return result;
}

int command_reload(const struct command_call *call) {
    bool dry_run = call->word_count == 1;
    if (dry_run && strcmp(call->words[0], "--dry-run") != 0) {
        fputs("Usage: plateia reload [--dry-run]\n", stderr);
        return 2;
    }
    return order(call, "reload", dry_run ? "/scripts/reload?dry_run=1" : "/scripts/reload");
}

int command_rollback(const struct command_call *call) {
    char target[64] = "/scripts/rollback";
    const char *to = call->word_count ? call->words[0] : "";
    if (strspn(to, "0123456789") != strlen(to) || strlen(to) > 10) {
        fputs(
            "Usage: plateia rollback [N]    N is the number of a generation, as plateia scripts lists them\n",
            stderr);
        return 2;
    }
    if (*to) snprintf(target, sizeof target, "/scripts/rollback?to=%s", to);
    return order(call, "rollback", target);
}

/* ---- scripts ---- */

/* A list of flat objects: each member of the first is a column. */
struct list {
    const char *text;
    struct buf *cell; /* what was shown last */
    const char *names[MOST_SHOWN];
};

static const char *nth(const char *list, size_t n) {
    struct answer_walk walk = answer_enter(list);
    for (size_t i = 0; answer_next(&walk); i++)
        if (i == n) return walk.value;
    return NULL;
}

static const char *list_cell(const void *ctx, size_t row, size_t column) {
    const struct list *list = ctx;
    struct buf name = {0};
    buf_clear(list->cell);
    answer_text(list->names[column], &name);
    if (row == 0)
        buf_add_str(list->cell, name.data);
    else
        answer_text(answer_get(nth(list->text, row - 1), name.data), list->cell);
    if (row > 0 && strcmp(name.data, "hash") == 0 && list->cell->len > HASH_SHOWN)
        list->cell->data[HASH_SHOWN] = '\0';
    buf_done(&name);
    return list->cell->len ? list->cell->data : NULL;
}

static void print_list(const char *title, const char *text) {
    struct buf cell = {0};
    struct list list = {.text = text, .cell = &cell};
    struct table table = {.cell = list_cell, .ctx = &list};
    struct answer_walk head = answer_enter(nth(text, 0)), rows = answer_enter(text);
    while (table.columns < MOST_SHOWN && answer_next(&head))
        list.names[table.columns++] = head.name;
    while (answer_next(&rows))
        table.rows++;
    printf("\n%s%s\n", title, table.rows ? "" : ": none");
    table_print(&table);
    buf_done(&cell);
}

/* What is no list and no object, a line each. */
static void print_members(const char *object) {
    struct answer_walk walk = answer_enter(object);
    while (answer_next(&walk)) {
        struct buf name = {0}, text = {0};
        answer_text(walk.name, &name);
        if (!strchr("[{", *walk.value)) answer_text(walk.value, &text);
        if (name.data && text.data) printf("%-12s%s\n", name.data, text.data);
        buf_done(&name), buf_done(&text);
    }
}

static void print_state(const char *state) {
    const char *failure = answer_get(state, "last_failure");
    print_members(state);
    printf("\nrefused last%s\n", failure && *failure == '{' ? "" : ": nothing");
    print_members(failure);
    print_list("requests on older generations", answer_get(state, "older"));
    print_list("history", answer_get(state, "history"));
    print_list("files", answer_get(state, "files"));
}

int command_scripts(const struct command_call *call) {
    char server[RUNNING_SIZE];
    struct buf body = {0};
    struct err err = {0};
    int status = 0, result = 0;
    running_admin(call->settings, server);
    struct ask question = {
        .host_port = server, .token = call->settings->admin_token, .method = "GET", .target = "/scripts"};
    if (ask(&question, &status, &body, &err) != ERR_OK)
        result = server_gone(call, "scripts", &err);
    else if (status != 200)
        result = not_done("scripts", 0, &body);
    else
        print_state(body.data);
    buf_done(&body);
    return result;
}
