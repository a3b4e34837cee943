/* prologue.c -- the head of a stream, in text. */

#include "prologue.h"
#include "../base/buf.h"
#include "edges.h"
#include <time.h>

/* RFC 9110, 5.6.7, whatever the locale. */
static void add_date(struct buf *out, int64_t wall_ms) {
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm at;
    gmtime_r(&seconds, &at);
    buf_addf(out, "Date: %.3s, %02d %.3s %d %02d:%02d:%02d GMT\r\n", days + 3 * at.tm_wday, at.tm_mday,
             months + 3 * at.tm_mon, at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

static void add_header(struct buf *out, const struct header *header) {
    buf_addf(out, "%s: %s\r\n", header->name, header->value);
}

static void add_head(struct buf *out, const struct prologue *given) {
    const struct request *req = given->req;
    struct header edges[EDGES_HEADERS];
    buf_add_str(out, "HTTP/1.1 200 OK\r\n");
    add_date(out, given->wall_ms);
    for (size_t i = 0; i < req->answer.header_count; i++)
        add_header(out, &req->answer.headers[i]);
    for (size_t i = edges_headers(given->edges, req, edges); i-- > 0;)
        add_header(out, &edges[i]);
    buf_addf(out, "X-Request-Id: %s\r\nConnection: close\r\n\r\n", req->id);
}

struct frame *prologue_make(const struct prologue *given) {
    struct buf out = {0};
    struct frame *frame = NULL;
    add_head(&out, given);
    buf_addf(&out, "retry: %u\nevent: hello\ndata: {\"generation\":%u,\"boot\":\"%s\",\"stream\":\"%s\"}\n\n",
             given->retry_ms, given->req->generation, given->boot, given->req->answer.stream);
    if (!out.failed) frame = frame_new(out.data, out.len);
    buf_done(&out);
    return frame;
}
