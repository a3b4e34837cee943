/* router.c -- method and path to a route's number.
 *
 * A tree with one level a segment. At each node the literal child is tried before the parameter; where the
 * literal way ends without a route for the method, the search steps back, so "/a/{x}/b" is found beside
 * "/a/top". Every node stands at one depth, so a search visits each at most once, however long the path. */

#include "router.h"
#include "../base/text.h"
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32 /* segments of a template; a longer path matches none */

struct endpoint {
    char *template; /* NULL: no route for this method */
    int route;
};

struct node {
    char *literal; /* NULL: a parameter */
    size_t len;
    struct node *next; /* the next literal beside this one */
    struct node *literals, *param;
    struct endpoint endpoints[METHOD_COUNT];
};

struct router {
    struct node root;
};

struct segment {
    const char *text;
    size_t len;
};

enum err_code router_new(struct router **ret, struct err *err) {
    struct router *router = calloc(1, sizeof(*router));
    if (!router) return err_set(err, ERR_NO_MEMORY, "no memory for a router");
    *ret = router;
    return ERR_OK;
}

/* The depth of this recursion is bounded by MAX_DEPTH: siblings are walked by the loop. */
static void free_below(struct node *node) {
    for (struct node *child = node->literals, *next; child; child = next) {
        next = child->next;
        free_below(child);
        free(child);
    }
    if (node->param) free_below(node->param);
    free(node->param);
    for (size_t i = 0; i < METHOD_COUNT; i++)
        free(node->endpoints[i].template);
    free(node->literal);
}

void router_free(struct router *router) {
    if (!router) return;
    free_below(&router->root);
    free(router);
}

/* Cuts "/a/b" into its segments; "/" has none. Returns their number, MAX_DEPTH + 1 when there are more. */
static size_t split(const char *path, struct segment segments[MAX_DEPTH]) {
    size_t count = 0;
    if (path[0] == '/' && path[1] == '\0') return 0;
    while (*path == '/' && count <= MAX_DEPTH) {
        size_t len = strcspn(path + 1, "/");
        if (count < MAX_DEPTH) segments[count] = (struct segment){.text = path + 1, .len = len};
        count++;
        path += 1 + len;
    }
    return count;
}

/* ---- adding ---- */

static bool is_param(const struct segment *segment) {
    return segment->text[0] == '{';
}

static bool param_ok(const struct segment *segment) {
    size_t len = segment->len;
    if (len < 3 || segment->text[len - 1] != '}') return false;
    for (size_t i = 1; i < len - 1; i++) {
        char c = segment->text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 1 || c < '0' || c > '9')) return false;
    }
    return true;
}

static bool literal_ok(const struct segment *segment) {
    for (size_t i = 0; i < segment->len; i++) {
        unsigned char c = (unsigned char)segment->text[i];
        if (c <= ' ' || c == 0x7f || strchr("{}%?#", c)) return false;
    }
    return segment->len > 0 && text_is_utf8(segment->text, segment->len);
}

static bool same(const struct segment *a, const struct segment *b) {
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* Is segments[at], a parameter, well named and not named before? */
static const char *param_problem(const struct segment *segments, size_t at) {
    if (!param_ok(&segments[at])) return "a parameter is a whole segment like {name}";
    for (size_t i = 0; i < at; i++)
        if (same(&segments[i], &segments[at])) return "a parameter's name stands twice";
    return NULL;
}

/* What is wrong with a template, in words that follow its text; NULL when nothing is. */
static const char *template_problem(const char *template, const struct segment *segments, size_t count) {
    size_t params = 0;
    if (template[0] != '/') return "it must start with '/'";
    if (count > MAX_DEPTH) return "it has too many segments";
    for (size_t i = 0; i < count; i++) {
        if (!is_param(&segments[i])) {
            if (!literal_ok(&segments[i])) return "a segment is empty or has characters that need escaping";
            continue;
        }
        const char *problem = param_problem(segments, i);
        if (problem) return problem;
        if (++params > ROUTER_MAX_PARAMS) return "it has too many parameters";
    }
    return NULL;
}

static struct node *find_literal(const struct node *node, const struct segment *segment) {
    struct node *child = node->literals;
    while (child && (child->len != segment->len || memcmp(child->literal, segment->text, segment->len) != 0))
        child = child->next;
    return child;
}

static struct node *add_literal(struct node *node, const struct segment *segment) {
    struct node *child = find_literal(node, segment);
    if (child) return child;
    child = calloc(1, sizeof(*child));
    char *literal = strndup(segment->text, segment->len);
    if (!child || !literal) {
        free(child);
        free(literal);
        return NULL;
    }
    child->literal = literal;
    child->len = segment->len;
    child->next = node->literals;
    node->literals = child;
    return child;
}

static struct node *add_param(struct node *node) {
    if (!node->param) node->param = calloc(1, sizeof(*node->param));
    return node->param;
}

enum err_code router_add(struct router *router, enum method method, const char *template, int route,
                         struct err *err) {
    struct segment segments[MAX_DEPTH];
    size_t count = split(template, segments);
    const char *problem = template_problem(template, segments, count);
    if (problem) return err_set(err, ERR_INVALID, "path \"%s\": %s", template, problem);
    struct node *node = &router->root;
    for (size_t i = 0; i < count && node; i++)
        node = is_param(&segments[i]) ? add_param(node) : add_literal(node, &segments[i]);
    if (!node) return err_set(err, ERR_NO_MEMORY, "no memory for path \"%s\"", template);
    struct endpoint *endpoint = &node->endpoints[method];
    if (endpoint->template)
        return err_set(err, ERR_EXISTS, "%s \"%s\" stands already, as \"%s\"", method_name(method), template,
                       endpoint->template);
    endpoint->template = strdup(template);
    if (!endpoint->template) return err_set(err, ERR_NO_MEMORY, "no memory for path \"%s\"", template);
    endpoint->route = route;
    return ERR_OK;
}

/* ---- matching ---- */

struct search {
    const struct segment *segments; /* decoded */
    size_t count;
    enum method method;
    struct route_match match;
};

static unsigned methods_of(const struct node *node) {
    unsigned methods = 0;
    for (enum method method = 0; method < METHOD_COUNT; method++)
        if (node->endpoints[method].template) methods |= 1u << method;
    if (methods & 1u << METHOD_GET) methods |= 1u << METHOD_HEAD;
    return methods;
}

static bool arrive(struct search *search, const struct node *node) {
    const struct endpoint *endpoint = &node->endpoints[search->method];
    if (!endpoint->template && search->method == METHOD_HEAD) endpoint = &node->endpoints[METHOD_GET];
    search->match.allowed |= methods_of(node);
    if (!endpoint->template) return false;
    search->match.route = endpoint->route;
    search->match.template = endpoint->template;
    return true;
}

static bool visit(struct search *search, const struct node *node, size_t depth) {
    if (depth == search->count) return arrive(search, node);
    const struct segment *segment = &search->segments[depth];
    const struct node *literal = find_literal(node, segment);
    if (literal && visit(search, literal, depth + 1)) return true;
    if (!node->param || segment->len == 0) return false;
    search->match.params[search->match.param_count++] = segment->text;
    if (visit(search, node->param, depth + 1)) return true;
    search->match.param_count--;
    return false;
}

enum router_result router_match(const struct router *router, enum method method, const char *raw_path,
                                struct arena *arena, struct route_match *ret) {
    struct segment segments[MAX_DEPTH];
    size_t count = split(raw_path, segments);
    if (raw_path[0] != '/') return ROUTER_BAD_PATH;
    if (count > MAX_DEPTH) return ROUTER_NO_PATH;
    for (size_t i = 0; i < count; i++) {
        struct segment *at = &segments[i];
        at->text = text_percent_decode(arena, at->text, at->len, false, &at->len);
        if (!at->text) return ROUTER_BAD_PATH;
    }
    struct search search = {.segments = segments, .count = count, .method = method};
    bool found = visit(&search, &router->root, 0);
    *ret = search.match;
    if (found) return ROUTER_FOUND;
    return search.match.allowed ? ROUTER_NO_METHOD : ROUTER_NO_PATH;
}
