/* head.c -- a head as clients write it: refused with a status and a sentence, or free of two readings. */

#include "../../core/base/text.h"
#include "../../core/http/validate.h"
#include "fuzz.h"

#define MAX_HEADERS 64

static unsigned count(const struct validate_head *head, const char *name) {
    unsigned found = 0;
    for (size_t i = 0; i < head->header_count; i++)
        found += text_equal_nocase(head->headers[i].name, name);
    return found;
}

static void check(const struct validate_head *head) {
    const char *detail = NULL;
    int status = validate_head(head, &detail);
    if (status) {
        REQUIRE(status >= 400 && status <= 505, "status %d", status);
        REQUIRE(detail && strlen(detail) > 10, "status %d without a sentence", status);
        return;
    }
    REQUIRE(count(head, "Transfer-Encoding") == 0, "a Transfer-Encoding was let in");
    REQUIRE(count(head, "Content-Length") <= 1, "two lengths were let in");
    REQUIRE(count(head, "Host") == 1 || strcmp(head->version, "HTTP/1.0") == 0, "not one Host");
    REQUIRE(!strpbrk(head->target, " \t\r\n#"), "a target of two readings: %s", head->target);
    REQUIRE(method_from(head->method) != METHOD_COUNT, "an unknown method: %s", head->method);
}

/* "name: value"; a line without a colon is a name alone. */
static struct header split(char *line) {
    char *colon = strchr(line, ':');
    if (!colon) return (struct header){.name = line, .value = ""};
    *colon = '\0';
    return (struct header){.name = line, .value = colon + 1 + (colon[1] == ' ')};
}

/* The same bytes as the library might leave them; the first one tells how long the target was. */
static void check_lines(const uint8_t *data, size_t size) {
    if (size == 0) return;
    const char *bytes = (const char *)data + 1, *detail = NULL;
    const char *version = memmem(bytes, size - 1, "HTTP/1.", 7);
    const struct validate_bytes head = {bytes, size - 1, data[0], version ? version : bytes};
    int status = validate_lines(&head, &detail);
    if (status) {
        REQUIRE(status == 400 && detail, "status %d", status);
        return;
    }
    REQUIRE(memcmp(bytes + head.len - 4, "\0\0\0", 4) == 0, "a head that does not end");
}

static char *piece(struct input *input, char stop) {
    char *text = input_until(input, stop);
    return text ? text : input_copy("", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {(const char *)data, (const char *)data + size};
    struct header headers[MAX_HEADERS];
    char *method = piece(&input, ' '), *target = piece(&input, ' '), *version = piece(&input, '\n');
    struct validate_head head = {
        .method = method, .version = version, .target = target, .headers = headers, .body_limit = 65536};
    char *line, *lines[MAX_HEADERS];
    while (head.header_count < MAX_HEADERS && (line = input_until(&input, '\n'))) {
        lines[head.header_count] = line;
        headers[head.header_count++] = split(line);
    }
    check(&head);
    check_lines(data, size);
    while (head.header_count)
        free(lines[--head.header_count]);
    free(method);
    free(target);
    free(version);
    return 0;
}
