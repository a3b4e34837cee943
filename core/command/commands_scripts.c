/* commands_scripts.c -- `plateia reload`, `rollback` and `scripts`: an operator's orders to the server that
 * runs, given to its admin listener. */

#include "../base/err.h"
#include "../http/ask.h"
#include "answer.h"
#include "commands.h"
#include "listing.h"
#include "running.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_S 120 /* a reload waits for every worker */

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
        result = command_unanswered(call, &err);
    else if (status == 200)
        result = done(command, &body);
    else
        result = status == 409 ? refused(command, &body) : not_done(command, status, &body);
    buf_done(&body);
    return result;
}

int command_reload(const struct command_call *call) {
    bool dry_run = command_has(call, "--dry-run");
    return order(call, "reload", dry_run ? "/scripts/reload?dry_run=1" : "/scripts/reload");
}

int command_rollback(const struct command_call *call) {
    char target[64] = "/scripts/rollback";
    const char *to = call->word_count ? call->words[0] : "";
    if (strspn(to, "0123456789") != strlen(to) || strlen(to) > 10)
        return command_misused(call->command,
                               "N is the number of a generation, as `plateia scripts` lists them");
    if (*to) snprintf(target, sizeof target, "/scripts/rollback?to=%s", to);
    return order(call, "rollback", target);
}

/* ---- scripts ---- */

static void print_list(const char *title, const char *text) {
    printf("\n%s%s\n", title, listing_count(text) ? "" : ": none");
    listing_print(text);
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
        result = command_unanswered(call, &err);
    else if (status != 200)
        result = not_done("scripts", 0, &body);
    else if (command_has(call, "--json"))
        puts(body.data);
    else
        print_state(body.data);
    buf_done(&body);
    return result;
}
