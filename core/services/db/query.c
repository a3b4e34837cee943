/* query.c -- reads one query file: a header of comment lines, then one statement.
 *
 * A header line is either "word: value" or free text; a word that is not known is an error, since it is most
 * likely a misspelt one. What can be checked without a server is checked here, so that an edit which cannot
 * work is told with its line: the server sees only prepared statements and would complain at the first call.
 *
 * The prepared-statement name is the digest of the whole file and not of the statement alone, because the
 * types in the header are part of what is prepared. */

#include "query.h"
#include "../../base/text.h"
#include "../crypto.h"
#include "sql_scan.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct parser {
    struct query *query;
    const char *at, *end;
    int line;
    bool has_class, has_params;
    char *key; /* its name: the parameters may come later */
    int key_line, slot_line, params_line;
    int slot;
    struct err *err;
};

static enum err_code wrong(const struct parser *parser, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err_code wrong(const struct parser *parser, int line, const char *format, ...) {
    char why[256];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return err_set(parser->err, ERR_INVALID, "%s:%d: %s", parser->query->file, line, why);
}

static enum err_code no_memory(struct err *err) {
    return err_set(err, ERR_NO_MEMORY, "no memory for a query");
}

/* --- pieces of a line ------------------------------------------------------------------------------- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct slice {
    const char *at;
    size_t len;
};

static struct slice trim(struct slice s) {
    for (; s.len > 0 && is_blank(s.at[0]); s.len--)
        s.at++;
    while (s.len > 0 && is_blank(s.at[s.len - 1]))
        s.len--;
    return s;
}

static struct slice take_word(struct slice *rest) {
    *rest = trim(*rest);
    struct slice word = {rest->at, 0};
    while (word.len < rest->len && is_word(rest->at[word.len]))
        word.len++;
    rest->at += word.len;
    rest->len -= word.len;
    return word;
}

static bool equals(struct slice s, const char *text) {
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* --- header lines ----------------------------------------------------------------------------------- */

static enum err_code parse_class(struct parser *parser, struct slice value) {
    static const char *const names[] = {
        [QUERY_READ] = "read", [QUERY_LEASE] = "lease", [QUERY_BATCH] = "batch"};
    if (parser->has_class) return wrong(parser, parser->line, "class is given twice");
    for (int i = QUERY_READ; i <= QUERY_BATCH; i++)
        if (equals(value, names[i])) {
            parser->query->class = (enum query_class)i;
            parser->has_class = true;
            return ERR_OK;
        }
    return wrong(parser, parser->line, "class must be read, lease or batch, not \"%.*s\"", (int)value.len,
                 value.at);
}

static enum value_type find_type(struct slice word) {
    static const char *const names[] = {
        [TYPE_BIGINT] = "bigint",           [TYPE_INT] = "int",       [TYPE_TEXT] = "text",
        [TYPE_BOOLEAN] = "boolean",         [TYPE_DOUBLE] = "double", [TYPE_DATE] = "date",
        [TYPE_TIMESTAMPTZ] = "timestamptz", [TYPE_UUID] = "uuid",     [TYPE_JSONB] = "jsonb"};
    for (int i = TYPE_BIGINT; i <= TYPE_JSONB; i++)
        if (equals(word, names[i])) return (enum value_type)i;
    return TYPE_OTHER;
}

static int find_param(const struct query *query, struct slice name) {
    for (size_t i = 0; i < query->param_count; i++)
        if (equals(name, query->params[i].name)) return (int)i;
    return -1;
}

/* "ids bigint[]" */
static enum err_code parse_param(struct parser *parser, struct slice rest) {
    struct query *query = parser->query;
    struct slice name = take_word(&rest), word = take_word(&rest);
    enum value_type type = find_type(word);
    rest = trim(rest);
    bool array = equals(rest, "[]");
    if (name.len == 0 || word.len == 0 || (rest.len > 0 && !array))
        return wrong(parser, parser->line, "params must be \"name type, name type, ...\"");
    if (type == TYPE_OTHER)
        return wrong(parser, parser->line,
                     "type \"%.*s\" is not one of bigint, int, text, boolean, double, date, timestamptz, "
                     "uuid, jsonb",
                     (int)word.len, word.at);
    if (find_param(query, name) >= 0)
        return wrong(parser, parser->line, "parameter %.*s is given twice", (int)name.len, name.at);
    if (query->param_count == QUERY_MAX_PARAMS)
        return wrong(parser, parser->line, "more than %d parameters", QUERY_MAX_PARAMS);
    char *copy = strndup(name.at, name.len);
    if (!copy) return no_memory(parser->err);
    query->params[query->param_count++] = (struct query_param){.name = copy, .type = type, .array = array};
    return ERR_OK;
}

static enum err_code parse_params(struct parser *parser, struct slice value) {
    if (parser->has_params) return wrong(parser, parser->line, "params is given twice");
    parser->has_params = true;
    parser->params_line = parser->line;
    while (value.len > 0) {
        const char *comma = memchr(value.at, ',', value.len);
        size_t len = comma ? (size_t)(comma - value.at) : value.len;
        enum err_code code = parse_param(parser, (struct slice){value.at, len});
        if (code) return code;
        if (comma && len + 1 == value.len) return wrong(parser, parser->line, "params ends with a comma");
        value.at += comma ? len + 1 : len;
        value.len -= comma ? len + 1 : len;
    }
    return ERR_OK;
}

static enum err_code parse_key(struct parser *parser, struct slice value) {
    if (parser->key) return wrong(parser, parser->line, "key is given twice");
    parser->key_line = parser->line;
    parser->key = strndup(value.at, value.len);
    return parser->key ? ERR_OK : no_memory(parser->err);
}

static enum err_code parse_slot(struct parser *parser, struct slice value) {
    if (parser->slot) return wrong(parser, parser->line, "slot is given twice");
    parser->slot_line = parser->line;
    int n = 0;
    for (size_t i = 1; i < value.len && value.len <= 3 && n >= 0; i++)
        n = value.at[i] >= '0' && value.at[i] <= '9' ? n * 10 + (value.at[i] - '0') : -1;
    if (n > 0 && value.at[0] == '$') parser->slot = n;
    return parser->slot ? ERR_OK : wrong(parser, parser->line, "slot must be a parameter such as $3");
}

static enum err_code parse_comment(struct parser *parser, struct slice line) {
    struct slice rest = trim(line), word = take_word(&rest);
    if (word.len == 0 || rest.len == 0 || rest.at[0] != ':') return ERR_OK;
    struct slice value = trim((struct slice){rest.at + 1, rest.len - 1});
    if (equals(word, "class")) return parse_class(parser, value);
    if (equals(word, "params")) return parse_params(parser, value);
    if (equals(word, "key")) return parse_key(parser, value);
    if (equals(word, "slot")) return parse_slot(parser, value);
    return wrong(parser, parser->line, "unknown word \"%.*s:\"; known are class, params, key and slot",
                 (int)word.len, word.at);
}

/* Leaves parser->at at the statement's first line. */
static enum err_code parse_header(struct parser *parser) {
    for (; parser->at < parser->end; parser->line++) {
        const char *newline = memchr(parser->at, '\n', (size_t)(parser->end - parser->at));
        const char *stop = newline ? newline : parser->end;
        struct slice line = trim((struct slice){parser->at, (size_t)(stop - parser->at)});
        bool comment = line.len >= 2 && memcmp(line.at, "--", 2) == 0;
        if (line.len > 0 && !comment) return ERR_OK;
        enum err_code code = ERR_OK;
        if (comment) code = parse_comment(parser, (struct slice){line.at + 2, line.len - 2});
        if (code) return code;
        parser->at = newline ? newline + 1 : parser->end;
    }
    return wrong(parser, parser->line, "there is no statement");
}

/* --- the whole -------------------------------------------------------------------------------------- */

static enum err_code check_batch(struct parser *parser) {
    struct query *query = parser->query;
    if (query->class != QUERY_BATCH) {
        if (parser->key) return wrong(parser, parser->key_line, "key is for class batch only");
        if (parser->slot) return wrong(parser, parser->slot_line, "slot is for class batch only");
        return ERR_OK;
    }
    if (query->param_count == 0)
        return wrong(parser, 1, "a batch needs params: they say how many calls it holds");
    for (size_t i = 0; i < query->param_count; i++) {
        if (query->params[i].array)
            return wrong(parser, parser->params_line, "a batch declares element types: %s without []",
                         query->params[i].name);
        query->params[i].array = true;
    }
    if (parser->slot && parser->slot != (int)query->param_count + 1)
        return wrong(parser, parser->slot_line, "slot must follow the last of params: $%zu",
                     query->param_count + 1);
    query->slot = parser->slot != 0;
    if (!parser->key) return ERR_OK;
    query->key = find_param(query, (struct slice){parser->key, strlen(parser->key)});
    return query->key >= 0 ? ERR_OK
                           : wrong(parser, parser->key_line, "key \"%s\" is not in params", parser->key);
}

/* PostgreSQL would refuse it too, but only when somebody asks. */
static bool changes_something(const struct parser *parser) {
    static const char *const words[] = {"insert", "update", "delete", "merge", "truncate"};
    struct slice rest = {parser->at, (size_t)(parser->end - parser->at)};
    struct slice first = take_word(&rest);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (first.len == strlen(words[i]) && strncasecmp(first.at, words[i], first.len) == 0) return true;
    return false;
}

static enum err_code check_statement(struct parser *parser) {
    struct query *query = parser->query;
    struct sql_scan scan;
    int count = (int)query->param_count + query->slot;
    sql_scan(&scan, parser->at, (size_t)(parser->end - parser->at));
    int line = parser->line + scan.line;
    if (scan.problem) return wrong(parser, line, "%s", scan.problem);
    if (scan.len == 0) return wrong(parser, line, "there is no statement");
    if (scan.params > count)
        return wrong(parser, line, "the statement uses $%d, but the header declares %d parameter%s",
                     scan.params, count, count == 1 ? "" : "s");
    if (query->class == QUERY_READ && changes_something(parser))
        return wrong(parser, parser->line, "a read changes nothing: this statement has the class lease");
    query->line = parser->line;
    query->text = strndup(parser->at, scan.len);
    return query->text ? ERR_OK : no_memory(parser->err);
}

static enum err_code parse(struct parser *parser) {
    enum err_code code = parse_header(parser);
    if (code) return code;
    if (!parser->has_class) return wrong(parser, 1, "the line \"-- class: read|lease|batch\" is missing");
    code = check_batch(parser);
    return code ? code : check_statement(parser);
}

static void name_statement(struct query *query, const char *text, size_t len) {
    char hex[CRYPTO_DIGEST_HEX];
    crypto_sha256_hex(hex, text, len);
    snprintf(query->statement, sizeof query->statement, "q%.32s", hex);
}

enum err_code query_parse(struct query **ret, const char *name, const char *file, const char *text,
                          size_t len, struct err *err) {
    struct query *query = calloc(1, sizeof *query);
    if (!query) return no_memory(err);
    struct parser parser = {.query = query, .at = text, .end = text + len, .line = 1, .err = err};
    enum err_code code;
    query->key = -1;
    query->name = strdup(name);
    query->file = strdup(file);
    query->params = calloc(QUERY_MAX_PARAMS, sizeof *query->params);
    if (!query->name || !query->file || !query->params)
        code = no_memory(err);
    else if (!text_is_utf8(text, len) || memchr(text, '\0', len))
        code = wrong(&parser, 1, "this is not UTF-8 text");
    else
        code = parse(&parser);
    free(parser.key);
    if (code) {
        query_free(query);
        return code;
    }
    name_statement(query, text, len);
    query->bytes = len;
    *ret = query;
    return ERR_OK;
}

void query_free(struct query *query) {
    if (!query) return;
    for (size_t i = 0; i < query->param_count; i++)
        free(query->params[i].name);
    free(query->params);
    free(query->text);
    free(query->file);
    free(query->name);
    free(query);
}
