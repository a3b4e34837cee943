/* text_json.c -- what the JSON decoder behind us does not check.
 *
 * One pass over the tokens, without a stack and without memory. Whether they stand in the right order is the
 * decoder's business; that each token is one of RFC 8259's, and nests no deeper than we allow, is ours. */

#include "text.h"
#include <string.h>

struct scan {
    const char *at, *end;
    int depth, max_depth;
};

static bool sees(const struct scan *scan, const char *any_of) {
    return scan->at < scan->end && *scan->at != '\0' && strchr(any_of, *scan->at);
}

static bool skip(struct scan *scan, const char *any_of) {
    bool seen = sees(scan, any_of);
    if (seen) scan->at++;
    return seen;
}

static bool skip_digits(struct scan *scan) {
    const char *start = scan->at;
    while (skip(scan, "0123456789"))
        continue;
    return scan->at > start;
}

static const char *check_number(struct scan *scan) {
    skip(scan, "-");
    bool fine = skip(scan, "0") || skip_digits(scan);
    if (fine && skip(scan, ".")) fine = skip_digits(scan);
    if (fine && skip(scan, "eE")) {
        skip(scan, "+-");
        fine = skip_digits(scan);
    }
    if (scan->at < scan->end && !sees(scan, " \t\r\n,:]}")) fine = false; /* 01, 0x10, 1.5.2 */
    return fine ? NULL : "a number is not written as JSON writes numbers";
}

static const char *check_string(struct scan *scan) {
    for (scan->at++; scan->at < scan->end; scan->at++) {
        unsigned char c = (unsigned char)*scan->at;
        if (c < 0x20) return "a string holds a raw control character";
        if (c == '"') {
            scan->at++;
            return NULL;
        }
        if (c != '\\') continue;
        if (scan->end - scan->at >= 6 && memcmp(scan->at, "\\u0000", 6) == 0)
            return "a string holds the character \\u0000";
        scan->at++; /* whatever is escaped, it does not end the string */
    }
    return "a string has no end";
}

static const char *check_word(struct scan *scan) {
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, words[i], len) != 0) continue;
        scan->at += len;
        return NULL;
    }
    return "there is something that is not JSON";
}

static const char *check_token(struct scan *scan) {
    if (skip(scan, " \t\r\n,:")) return NULL;
    if (skip(scan, "[{")) return ++scan->depth > scan->max_depth ? "nested too deeply" : NULL;
    if (skip(scan, "]}")) return --scan->depth < 0 ? "a bracket closes what was never opened" : NULL;
    if (sees(scan, "\"")) return check_string(scan);
    if (sees(scan, "-0123456789")) return check_number(scan);
    return check_word(scan);
}

const char *text_json_problem(const char *bytes, size_t len, int max_depth) {
    if (!text_is_utf8(bytes, len)) return "not UTF-8";
    struct scan scan = {.at = bytes, .end = bytes + len, .max_depth = max_depth};
    while (scan.at < scan.end) {
        const char *problem = check_token(&scan);
        if (problem) return problem;
    }
    return NULL;
}
