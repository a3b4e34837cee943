/* test_page.c -- a folder's files become a table of answers, and the table answers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../core/http/assets.h"
#include "../../../core/http/page.h"
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define LONG "body { color: #123456 } body { color: #123456 } body { color: #123456 } body { color: #123456 }"

static const char index_html[] = "<html lang={{lang}}><link href=\"/assets/a.css\"><p>{{hello}}{{hello}}</p>"
                                 "<script type=\"application/json\">{{*}}</script></html>";
static const char en[] = "# English\n\nlang = en\nhello = Fish & <b>chips</b> = \"food\"\n";
static const char pt[] = "lang = pt-BR\nhello = Ol\xc3\xa1";

static struct page_file file(const char *name, const char *bytes) {
    return (struct page_file){.name = name, .bytes = bytes, .len = strlen(bytes)};
}

static struct assets *page(void) {
    const struct page_file files[] = {file("a.css", LONG), file("b.js", "1"), file("en.words", en),
                                      file("index.html", index_html), file("pt.words", pt)};
    const struct page_place place = {.path = ""};
    struct assets *assets = NULL;
    struct err err = {0};
    assert_int_equal(assets_new(&assets, &err), ERR_OK);
    assert_true(assets_empty(assets));
    if (page_add(assets, &place, files, 5, "abc123", &err) != ERR_OK) fail_msg("%s", err.text);
    assert_false(assets_empty(assets));
    return assets;
}

static void assert_refused(const struct page_file *files, size_t count, const char *text) {
    const struct page_place place = {.path = ""};
    struct assets *assets = NULL;
    struct err err = {0};
    assert_int_equal(assets_new(&assets, &err), ERR_OK);
    assert_int_equal(page_add(assets, &place, files, count, "v", &err), ERR_INVALID);
    assert_string_equal(err.text, text);
    assets_free(assets);
}

static struct request ask(const char *path, const char *query, const struct header *headers, size_t count) {
    return (struct request){
        .method = METHOD_GET, .path = path, .query = query, .headers = headers, .header_count = count};
}

static void done(struct request *req) {
    buf_done(&req->answer.body);
    arena_done(&req->arena);
}

static void assert_header(struct request *req, const char *name, const char *value) {
    const char *got = answer_header_get(req, name);
    if (!value) {
        assert_null(got);
        return;
    }
    if (!got) fail_msg("no %s", name);
    assert_string_equal(got, value);
}

/* ---- what is made ---- */

static void words_and_paths_are_woven_in(void **state) {
    (void)state;
    struct assets *assets = page();
    struct request req = ask("/", "", NULL, 0);
    assert_true(assets_answer(assets, &req));
    assert_int_equal(req.answer.status, 200);
    assert_string_equal(req.answer.lent,
                        "<html lang=en><link href=\"/assets/abc123/a.css\">"
                        "<p>Fish &amp; &lt;b&gt;chips&lt;/b&gt; = &quot;food&quot;"
                        "Fish &amp; &lt;b&gt;chips&lt;/b&gt; = &quot;food&quot;</p>"
                        "<script type=\"application/json\">"
                        "{\"lang\":\"en\",\"hello\":\"Fish & \\u003cb>chips\\u003c/b> = \\\"food\\\"\"}"
                        "</script></html>");
    done(&req);
    assets_free(assets);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    const struct page_file lone[] = {file("en.words", en)};
    assert_refused(lone, 1, "index.html: there is none");
    const struct page_file mute[] = {file("index.html", "x")};
    assert_refused(mute, 1, "no language: a file such as en.words is missing");
    const struct page_file strange[] = {file("a.exe", "x"), file("en.words", en), file("index.html", "x")};
    assert_refused(strange, 3, "a.exe: a kind of file that the page does not know");
    const struct page_file missing[] = {file("en.words", en), file("index.html", "x\n{{bye}}")};
    assert_refused(missing, 2, "index.html:2: en.words has no word \"bye\"");
    const struct page_file open_end[] = {file("en.words", en), file("index.html", "{{lang")};
    assert_refused(open_end, 2, "index.html:1: en.words has no word \"\"");
    const struct page_file broken[] = {file("en.words", "lang = en\n# fine\nnonsense\n"),
                                       file("index.html", "x")};
    assert_refused(broken, 2, "en.words:3: a line is \"name = text\"");
}

/* ---- what is answered ---- */

static void languages_are_chosen(void **state) {
    (void)state;
    static const struct {
        const char *query, *accept, *language;
    } table[] = {
        {"", NULL, "en"},         {"", "pt-BR,pt;q=0.9,en;q=0.8", "pt"},
        {"lang=pt", NULL, "pt"},  {"lang=en", "pt", "en"},
        {"lang=xx", "pt", "pt"},  {"a=b&lang=pt&c=d", "en", "pt"},
        {"lang=", "pt", "pt"},    {"xlang=pt", "en", "en"},
        {"lang=ptx", NULL, "en"}, {"lang", NULL, "en"},
    };
    struct assets *assets = page();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct header header = {"Accept-Language", table[i].accept};
        struct request req = ask("/", table[i].query, &header, table[i].accept ? 1 : 0);
        assert_true(assets_answer(assets, &req));
        assert_header(&req, "Content-Language", table[i].language);
        assert_header(&req, "Vary", "Accept-Encoding, Accept-Language");
        done(&req);
    }
    assets_free(assets);
}

static void headers_tell_how_long_it_may_be_kept(void **state) {
    (void)state;
    struct assets *assets = page();
    struct request req = ask("/", "", NULL, 0);
    assert_true(assets_answer(assets, &req));
    assert_header(&req, "Cache-Control", "no-cache");
    assert_header(&req, "Content-Type", "text/html; charset=utf-8");
    assert_header(&req, "ETag", "\"abc123-en\"");
    assert_non_null(strstr(answer_header_get(&req, "Content-Security-Policy"), "default-src 'none'"));
    assert_string_equal(req.route, "/");
    done(&req);
    req = ask("/assets/abc123/a.css", "", NULL, 0);
    assert_true(assets_answer(assets, &req));
    assert_header(&req, "Cache-Control", "public, max-age=31536000, immutable");
    assert_header(&req, "Content-Type", "text/css; charset=utf-8");
    assert_header(&req, "ETag", "\"abc123\"");
    assert_header(&req, "Vary", "Accept-Encoding");
    assert_header(&req, "Content-Language", NULL);
    assert_string_equal(req.answer.lent, LONG);
    assert_string_equal(req.route, "/assets");
    done(&req);
    assets_free(assets);
}

static void assert_unpacks(const char *packed, size_t len, const char *text) {
    char plain[4096];
    z_stream stream = {.next_in = (Bytef *)packed,
                       .avail_in = (uInt)len,
                       .next_out = (Bytef *)plain,
                       .avail_out = sizeof plain};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, strlen(text));
    assert_memory_equal(plain, text, strlen(text));
    inflateEnd(&stream);
}

static void gzip_for_those_who_take_it(void **state) {
    (void)state;
    const struct header gzip = {"Accept-Encoding", "br, gzip"};
    struct assets *assets = page();
    struct request req = ask("/assets/abc123/a.css", "", &gzip, 1);
    assert_true(assets_answer(assets, &req));
    assert_header(&req, "Content-Encoding", "gzip");
    assert_header(&req, "ETag", "\"abc123-gzip\"");
    assert_in_range(req.answer.lent_len, 20, strlen(LONG) - 1);
    assert_unpacks(req.answer.lent, req.answer.lent_len, LONG);
    done(&req);
    req = ask("/assets/abc123/b.js", "", &gzip, 1); /* a byte gets no smaller */
    assert_true(assets_answer(assets, &req));
    assert_header(&req, "Content-Encoding", NULL);
    assert_string_equal(req.answer.lent, "1");
    done(&req);
    assets_free(assets);
}

static void who_has_it_is_told_so(void **state) {
    (void)state;
    const struct header has[] = {{"If-None-Match", "\"abc123-pt\", \"abc123-en\""}};
    const struct header has_packed[] = {{"If-None-Match", "\"abc123-gzip\""}, {"Accept-Encoding", "gzip"}};
    struct assets *assets = page();
    struct request req = ask("/", "", has, 1);
    assert_true(assets_answer(assets, &req));
    assert_int_equal(req.answer.status, 304);
    assert_null(req.answer.lent);
    assert_int_equal(req.answer.body.len, 0);
    assert_header(&req, "ETag", "\"abc123-en\"");
    assert_non_null(strstr(answer_header_get(&req, "Content-Security-Policy"), "script-src 'self'"));
    assert_header(&req, "Cache-Control", "no-cache");
    assert_header(&req, "Vary", "Accept-Encoding, Accept-Language");
    done(&req);
    req = ask("/assets/abc123/a.css", "", has_packed, 2);
    assert_true(assets_answer(assets, &req));
    assert_int_equal(req.answer.status, 304);
    done(&req);
    req = ask("/assets/abc123/a.css", "", has_packed, 1); /* has the other form */
    assert_true(assets_answer(assets, &req));
    assert_int_equal(req.answer.status, 200);
    done(&req);
    assets_free(assets);
}

static void other_paths_are_left_alone(void **state) {
    (void)state;
    static const char *const paths[] = {"",
                                        "//",
                                        "/index.html",
                                        "/en.words",
                                        "/assets",
                                        "/assets/",
                                        "/assets/a.css",
                                        "/assets/abc124/a.css",
                                        "/assets/abc123/",
                                        "/assets/abc123/A.css",
                                        "/assets/abc123/index.html",
                                        "/assets/abc123/en.words",
                                        "/assets/abc123/../a.css",
                                        "/assets/abc123/%61.css",
                                        "/assets/abc123/a.css/",
                                        "/assets/abc123//a.css"};
    struct assets *assets = page();
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct request req = ask(paths[i], "", NULL, 0);
        if (assets_answer(assets, &req)) fail_msg("%s", paths[i]);
        assert_int_equal(req.answer.status, 0);
        assert_null(req.route);
        done(&req);
    }
    struct request req = ask("/", "", NULL, 0);
    assert_false(assets_answer(NULL, &req));
    assets_free(assets);
}

static void a_page_may_stand_elsewhere(void **state) {
    (void)state;
    const struct page_file files[] = {file("a.css", "b{}"), file("en.words", "x = y"),
                                      file("index.html", "<link href=\"/assets/a.css\">")};
    const struct page_place place = {.path = "/docs", .policy = "default-src 'self'"};
    struct assets *assets = page();
    struct err err = {0};
    assert_int_equal(page_add(assets, &place, files, 3, "d0c5", &err), ERR_OK);
    struct request req = ask("/docs", "", NULL, 0);
    assert_true(assets_answer(assets, &req));
    assert_string_equal(req.answer.lent, "<link href=\"/docs/assets/d0c5/a.css\">");
    assert_header(&req, "Content-Security-Policy", "default-src 'self'");
    assert_header(&req, "ETag", "\"d0c5-en\"");
    assert_string_equal(req.route, "/docs");
    done(&req);
    req = ask("/docs/assets/d0c5/a.css", "", NULL, 0);
    assert_true(assets_answer(assets, &req));
    assert_string_equal(req.answer.lent, "b{}");
    assert_string_equal(req.route, "/docs/assets");
    done(&req);
    req = ask("/", "", NULL, 0);
    assert_true(assets_answer(assets, &req));
    assert_header(&req, "ETag", "\"abc123-en\"");
    done(&req);
    static const char *const none[] = {"/docs/", "/docs/assets/abc123/a.css", "/assets/d0c5/a.css"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        req = ask(none[i], "", NULL, 0);
        if (assets_answer(assets, &req)) fail_msg("%s", none[i]);
        done(&req);
    }
    assets_free(assets);
}

/* As a listener does that has no struct request. */
static void what_is_there_can_be_looked_up(void **state) {
    (void)state;
    struct assets *assets = page();
    struct assets_found found;
    struct header headers[ASSETS_HEADERS];
    struct assets_question question = {.path = "/", .query = "lang=pt"};
    assert_true(assets_find(assets, &question, &found));
    assert_string_equal(found.asset->language, "pt");
    assert_false(found.unchanged);
    assert_int_equal(assets_headers(&found, headers), 7);
    assert_string_equal(headers[5].name, "Content-Type");
    assert_string_equal(headers[5].value, "text/html; charset=utf-8");
    question.if_none_match = "\"abc123-pt\"";
    assert_true(assets_find(assets, &question, &found));
    assert_true(found.unchanged);
    assert_int_equal(assets_headers(&found, headers), 5);
    question = (struct assets_question){.path = "/assets/abc123/a.css", .accept_encoding = "gzip"};
    assert_true(assets_find(assets, &question, &found));
    assert_true(found.packed);
    assert_unpacks(found.bytes, found.len, LONG);
    assert_int_equal(assets_headers(&found, headers), 5);
    assert_string_equal(headers[4].name, "Content-Encoding");
    question.path = "/nothing";
    assert_false(assets_find(assets, &question, &found));
    assert_false(assets_find(NULL, &question, &found));
    assets_free(assets);
}

static void other_methods_are_refused(void **state) {
    (void)state;
    struct assets *assets = page();
    struct request req = ask("/", "", NULL, 0);
    req.method = METHOD_POST;
    assert_true(assets_answer(assets, &req));
    assert_int_equal(req.answer.status, 405);
    assert_header(&req, "Allow", "GET, HEAD, OPTIONS");
    done(&req);
    req = ask("/", "", NULL, 0);
    req.method = METHOD_OPTIONS;
    assert_true(assets_answer(assets, &req));
    assert_int_equal(req.answer.status, 204);
    done(&req);
    assets_free(assets);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_paths_are_woven_in),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(languages_are_chosen),
        cmocka_unit_test(headers_tell_how_long_it_may_be_kept),
        cmocka_unit_test(gzip_for_those_who_take_it),
        cmocka_unit_test(who_has_it_is_told_so),
        cmocka_unit_test(other_paths_are_left_alone),
        cmocka_unit_test(a_page_may_stand_elsewhere),
        cmocka_unit_test(what_is_there_can_be_looked_up),
        cmocka_unit_test(other_methods_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
