/* request_lua.c -- the handle through which a script reads its request and writes its answer.
 *
 * The handle holds a pointer that the task empties when the request ends: a handle kept by a script is dead,
 * never wild. */

#include "../base/text.h"
#include "../exchange/problem.h"
#include "../exchange/trace.h"
#include "../services/settings.h"
#include "bindings.h"
#include "context.h"
#include <lauxlib.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define REQUEST "plateia.request"

/* The library builds an answer's head in what the request's has left of a connection's 10 KiB, and without
 * room for it closes. Lines count as they are sent. */
#define HEAD_MOST  6144
#define LINE_EXTRA 4 /* ": " and its end */

struct request *bindings_request_of(lua_State *L, int index) {
    struct request **handle = luaL_checkudata(L, index, REQUEST);
    if (!*handle) luaL_error(L, "the request is over");
    return *handle;
}

static struct request *check(lua_State *L) {
    return bindings_request_of(L, 1);
}

static int req_id(lua_State *L) {
    lua_pushstring(L, check(L)->id);
    return 1;
}

static int req_method(lua_State *L) {
    lua_pushstring(L, method_name(check(L)->method));
    return 1;
}

static int req_path(lua_State *L) {
    lua_pushstring(L, check(L)->path);
    return 1;
}

static int req_query(lua_State *L) {
    lua_pushstring(L, check(L)->query);
    return 1;
}

static int req_peer(lua_State *L) {
    lua_pushstring(L, check(L)->peer);
    return 1;
}

static int req_param(lua_State *L) {
    struct request *req = check(L);
    lua_Integer index = luaL_checkinteger(L, 2);
    luaL_argcheck(L, index >= 1 && (size_t)index <= req->param_count, 2, "no such path parameter");
    lua_pushstring(L, req->params[index - 1]);
    return 1;
}

static int req_header(lua_State *L) {
    struct request *req = check(L);
    lua_pushstring(L, request_header(req, luaL_checkstring(L, 2)));
    return 1;
}

/* The token of "Authorization: Bearer TOKEN" (RFC 6750, 2.1; the scheme in any case); nil: there is none. */
static int req_bearer(lua_State *L) {
    const char *text = request_header(check(L), "Authorization");
    if (!text || strncasecmp(text, "Bearer", 6) != 0 || (text[6] != ' ' && text[6] != '\0')) return 0;
    lua_pushstring(L, text + 6 + strspn(text + 6, " "));
    return 1;
}

/* For the headers of a request that is made on this one's behalf: traceparent, and tracestate or nil. */
static int req_traceparent(lua_State *L) {
    struct request *req = check(L);
    const struct trace *trace = request_trace_begin(req);
    char text[TRACE_TEXT];
    if (!trace) return luaL_error(L, "out of memory");
    trace_write(trace, text);
    lua_pushstring(L, text);
    lua_pushstring(L, request_trace_state(req));
    return 2;
}

static int req_body(lua_State *L) {
    struct request *req = check(L);
    lua_pushlstring(L, req->body, req->body_len);
    return 1;
}

/* Where an answer ends, and whether the connection does, is not the script's to say. */
static bool is_framing(const char *name) {
    static const char *const own[] = {"Connection", "Content-Length",    "Date",   "Keep-Alive",
                                      "Trailer",    "Transfer-Encoding", "Upgrade"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (text_equal_nocase(own[i], name)) return true;
    return false;
}

static void check_head(lua_State *L, const struct request *req, size_t more) {
    for (size_t i = 0; i < req->answer.header_count; i++)
        more += strlen(req->answer.headers[i].name) + strlen(req->answer.headers[i].value) + LINE_EXTRA;
    if (more > HEAD_MOST) luaL_error(L, "the headers of an answer have %d bytes at most", HEAD_MOST);
}

static int req_set_header(lua_State *L) {
    size_t name_len, value_len;
    struct request *req = check(L);
    const char *name = luaL_checklstring(L, 2, &name_len), *value = luaL_checklstring(L, 3, &value_len);
    if (is_framing(name)) return luaL_error(L, "the header %s is the server's own", name);
    check_head(L, req, name_len + value_len + LINE_EXTRA);
    if (strlen(name) != name_len || strlen(value) != value_len || !answer_header(req, name, value))
        return luaL_error(L, "a header's name and value are one line without control characters");
    return 0;
}

static void check_size(lua_State *L, size_t len) {
    int64_t limit = context_of(L)->services->settings->answer_limit;
    if ((int64_t)len > limit)
        luaL_error(L, "the answer has %I bytes, more than the %I of answer_limit: answer in pages",
                   (LUAI_UACINT)len, (LUAI_UACINT)limit);
}

static int req_answer(lua_State *L) {
    struct request *req = check(L);
    lua_Integer status = luaL_checkinteger(L, 2);
    size_t len;
    const char *body = luaL_optlstring(L, 3, "", &len), *type = luaL_optstring(L, 4, NULL);
    luaL_argcheck(L, status >= 200 && status <= 599, 2, "a status is 200 to 599");
    check_size(L, len);
    if (type && !answer_header(req, "Content-Type", type)) return luaL_error(L, "a bad content type");
    buf_clear(&req->answer.body);
    buf_add(&req->answer.body, body, len);
    req->answer.status = (int)status;
    req->answer.stream = NULL;
    return 0;
}

/* In place of a body the stream of that name. */
static int req_stream(lua_State *L) {
    struct request *req = check(L);
    if (!answer_stream(req, luaL_checkstring(L, 2))) return luaL_error(L, "a bad name of a stream");
    return 0;
}

/* The problem's JSON parts in the scratch, one behind the other; SIZE_MAX: not given. */
static size_t encode_part(lua_State *L, int argument, struct buf *text) {
    if (lua_isnoneornil(L, argument)) return SIZE_MAX;
    size_t at = text->len;
    luaL_checktype(L, argument, LUA_TTABLE);
    bindings_encode(L, argument, text);
    buf_add_char(text, '\0');
    return at;
}

static char *object_at(lua_State *L, const struct buf *text, size_t at) {
    if (text->data[at] != '{') luaL_error(L, "a problem's further members are an object, not a list");
    return text->data + at;
}

/* `{"a":1}` as members without braces. */
static const char *strip_braces(char *object) {
    size_t len = strlen(object);
    object[len - 1] = '\0';
    return len > 2 ? object + 1 : NULL;
}

static int req_problem(lua_State *L) {
    struct request *req = check(L);
    struct buf *text = &context_of(L)->scratch;
    size_t detail_len = 0;
    struct problem problem = {.status = (int)luaL_checkinteger(L, 2),
                              .detail = luaL_optlstring(L, 3, NULL, &detail_len)};
    luaL_argcheck(L, problem.status >= 400 && problem.status <= 599, 2, "a problem's status is 400 to 599");
    buf_clear(text);
    size_t errors = encode_part(L, 4, text), more = encode_part(L, 5, text);
    if (text->failed) return luaL_error(L, "out of memory");
    check_size(L, text->len + detail_len);
    if (errors != SIZE_MAX) problem.errors = text->data + errors;
    if (more != SIZE_MAX) problem.more = strip_braces(object_at(L, text, more));
    problem_answer(req, &problem);
    return 0;
}

static const luaL_Reg methods[] = {{"id", req_id},
                                   {"method", req_method},
                                   {"path", req_path},
                                   {"query", req_query},
                                   {"peer", req_peer},
                                   {"param", req_param},
                                   {"header", req_header},
                                   {"bearer", req_bearer},
                                   {"body", req_body},
                                   {"set_header", req_set_header},
                                   {"answer", req_answer},
                                   {"problem", req_problem},
                                   {"stream", req_stream},
                                   {"traceparent", req_traceparent},
                                   {NULL, NULL}};

struct request **bindings_push_request(lua_State *L, struct request *req) {
    struct request **handle = lua_newuserdatauv(L, sizeof(struct request *), 0);
    *handle = req;
    luaL_setmetatable(L, REQUEST);
    return handle;
}

int bindings_request(lua_State *L) {
    luaL_newmetatable(L, REQUEST);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pushliteral(L, "request");
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
    return 0;
}
