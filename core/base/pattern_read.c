/* pattern_read.c -- reads a pattern's text into nodes.
 *
 * Which captures are open at a place of the pattern does not depend on the subject, so all that can be said
 * against a pattern is found here. It is kept as a node of its own, for Lua complains only when it comes
 * there. */

#include "pattern_node.h"

struct reader {
    struct pattern *pattern;
    struct pattern_node *node; /* the next one to fill */
    const char *at, *end;
};

/* ---- sets ---- */

/* Of each letter's class the ASCII bytes; no other byte is in a class. {0, 0}: the letter has none. */
static const struct class {
    uint64_t low, high;
} classes['z' - 'a' + 1] = {
    ['a' - 'a'] = {0, 0x07FFFFFE07FFFFFE},
    ['c' - 'a'] = {0x00000000FFFFFFFF, 0x8000000000000000},
    ['d' - 'a'] = {0x03FF000000000000, 0},
    ['g' - 'a'] = {0xFFFFFFFE00000000, 0x7FFFFFFFFFFFFFFF},
    ['l' - 'a'] = {0, 0x07FFFFFE00000000},
    ['p' - 'a'] = {0xFC00FFFE00000000, 0x78000001F8000001},
    ['s' - 'a'] = {0x0000000100003E00, 0},
    ['u' - 'a'] = {0, 0x0000000007FFFFFE},
    ['w' - 'a'] = {0x03FF000000000000, 0x07FFFFFE07FFFFFE},
    ['x' - 'a'] = {0x03FF000000000000, 0x0000007E0000007E},
    ['z' - 'a'] = {1, 0},
};

static void add_range(struct pattern_set *set, unsigned from, unsigned to) {
    for (; from <= to; from++)
        set->bits[from >> 6] |= UINT64_C(1) << (from & 63);
}

static void add_byte(struct pattern_set *set, char c) {
    unsigned char byte = (unsigned char)c;
    set->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

/* What %c stands for: a class, all that is not of it for a capital, or the byte itself. */
static void add_escaped(struct pattern_set *set, char c) {
    bool capital = c >= 'A' && c <= 'Z', letter = capital || (c >= 'a' && c <= 'z');
    const struct class *class = letter ? &classes[(c | ('a' - 'A')) - 'a'] : NULL;
    if (!class || (class->low | class->high) == 0) {
        add_byte(set, c);
        return;
    }
    uint64_t flip = capital ? ~UINT64_C(0) : 0;
    set->bits[0] |= class->low ^ flip;
    set->bits[1] |= class->high ^ flip;
    set->bits[2] |= flip;
    set->bits[3] |= flip;
}

static void invert(struct pattern_set *set) {
    for (size_t i = 0; i < 4; i++)
        set->bits[i] = ~set->bits[i];
}

/* Where the set ends whose first byte (behind '[' and '^') is at `at`: its ']', or NULL. The first byte is
 * never the end, nor is an escaped one. */
static const char *set_end(const char *at, const char *end) {
    do {
        if (at == end) return NULL;
        if (*at++ == '%' && at < end) at++;
    } while (at == end || *at != ']');
    return at;
}

/* Reads the set that the reader stands at, which is behind its '['. */
static const char *read_set(struct reader *reader, struct pattern_set *set) {
    bool negated = reader->at < reader->end && *reader->at == '^';
    const char *at = reader->at + negated, *end = set_end(at, reader->end);
    if (!end) return "malformed pattern (missing ']')";
    for (; at < end; at++) {
        if (*at == '%') {
            add_escaped(set, *++at);
        } else if (end - at > 2 && at[1] == '-') {
            add_range(set, (unsigned char)at[0], (unsigned char)at[2]);
            at += 2;
        } else {
            add_byte(set, *at);
        }
    }
    if (negated) invert(set);
    reader->at = end + 1;
    return NULL;
}

/* ---- pieces ---- */

static struct pattern_node *add(struct reader *reader, enum pattern_kind kind, size_t index) {
    struct pattern_node *node = reader->node++;
    node->kind = (unsigned char)kind;
    node->index = (unsigned char)index;
    node->other = node->follow = 0;
    return node;
}

/* Nothing behind a fault is read. */
static void add_fault(struct reader *reader, const char *text) {
    add(reader, PATTERN_FAULT, 0)->run.text = text;
    reader->at = reader->end;
}

static void read_begin(struct reader *reader) {
    struct pattern *pattern = reader->pattern;
    bool here = reader->end - reader->at > 1 && reader->at[1] == ')';
    if (pattern->count == PATTERN_CAPTURES) {
        add_fault(reader, "too many captures");
        return;
    }
    add(reader, here ? PATTERN_HERE : PATTERN_BEGIN, pattern->count);
    pattern->captures[pattern->count++].len = here ? PATTERN_POSITION : PATTERN_OPEN;
    reader->at += here ? 2 : 1;
}

static void read_finish(struct reader *reader) {
    struct pattern_capture *captures = reader->pattern->captures;
    size_t i = reader->pattern->count;
    while (i > 0 && captures[i - 1].len != PATTERN_OPEN)
        i--;
    if (i == 0) {
        add_fault(reader, "invalid pattern capture");
        return;
    }
    captures[i - 1].len = 0;
    add(reader, PATTERN_FINISH, i - 1);
    reader->at++;
}

static void read_same(struct reader *reader) {
    const struct pattern *pattern = reader->pattern;
    int digit = reader->at[1] - '0';
    size_t i = (size_t)digit - 1;
    reader->at += 2;
    if (digit > 0 && i < pattern->count && pattern->captures[i].len != PATTERN_OPEN) {
        add(reader, PATTERN_SAME, i);
    } else {
        add(reader, PATTERN_NO_SUCH, (size_t)digit);
        reader->at = reader->end;
    }
}

static void read_balanced(struct reader *reader) {
    if (reader->end - reader->at < 4) {
        add_fault(reader, "malformed pattern (missing arguments to '%b')");
        return;
    }
    struct pattern_node *node = add(reader, PATTERN_BALANCED, (unsigned char)reader->at[2]);
    node->other = (unsigned char)reader->at[3];
    reader->at += 4;
}

static void read_frontier(struct reader *reader) {
    struct pattern_set set = {{0}};
    if (reader->end - reader->at < 3 || reader->at[2] != '[') {
        add_fault(reader, "missing '[' after '%f' in pattern");
        return;
    }
    reader->at += 3;
    const char *fault = read_set(reader, &set);
    if (fault)
        add_fault(reader, fault);
    else
        add(reader, PATTERN_FRONTIER, 0)->set = set;
}

/* The bytes that one piece stands for; `ret` is empty at first. */
static const char *read_single(struct reader *reader, struct pattern_set *ret) {
    char c = *reader->at++;
    if (c == '[') return read_set(reader, ret);
    if (c == '%' && reader->at == reader->end) return "malformed pattern (ends with '%')";
    if (c == '.')
        invert(ret);
    else if (c == '%')
        add_escaped(ret, *reader->at++);
    else
        add_byte(ret, c);
    return NULL;
}

/* A byte that stands for itself joins those before it. */
static void add_text(struct reader *reader, const char *byte) {
    struct pattern_node *before = reader->node - 1;
    if (reader->node > reader->pattern->nodes && before->kind == PATTERN_TEXT &&
        before->run.text + before->run.len == byte) {
        before->run.len++;
        return;
    }
    struct pattern_node *node = add(reader, PATTERN_TEXT, 0);
    node->run.text = byte;
    node->run.len = 1;
}

/* Gives the node its kind, by what stands behind the piece. */
static void read_suffix(struct reader *reader, struct pattern_node *node, bool all) {
    char suffix = reader->at < reader->end ? *reader->at : '\0';
    enum pattern_kind many = all ? PATTERN_ALL : PATTERN_MANY, kind = PATTERN_ONE;
    switch (suffix) {
    case '*': kind = many; break;
    case '-': kind = PATTERN_FEW; break;
    case '+':
        kind = many;
        node->index = 1;
        break;
    case '?':
        kind = PATTERN_MANY;
        node->other = 1;
        break;
    default: break;
    }
    node->kind = (unsigned char)kind;
    if (kind != PATTERN_ONE) reader->at++;
}

static inline bool is_suffix(char c) {
    return c == '*' || c == '+' || c == '?' || c == '-';
}

/* How often the "%x" before `at` stands there again, to be taken once each. */
static size_t count_again(const char *at, const char *end) {
    const char *from = at;
    while (end - at > 1 && at[0] == '%' && at[1] == from[-1])
        at += 2;
    bool last_is_more = at > from && at < end && is_suffix(*at);
    return (size_t)(at - from) / 2 - last_is_more;
}

static void read_repeated(struct reader *reader) {
    const char *from = reader->at;
    struct pattern_node *node = add(reader, PATTERN_ONE, 0);
    node->set = (struct pattern_set){{0}};
    const char *fault = read_single(reader, &node->set);
    if (fault) {
        reader->node--;
        add_fault(reader, fault);
        return;
    }
    read_suffix(reader, node, *from == '.');
    if (node->kind == PATTERN_ONE && reader->at - from == 1 && *from != '.') {
        reader->node--;
        add_text(reader, from);
    } else if (node->kind == PATTERN_ONE && *from == '%') {
        size_t more = count_again(reader->at, reader->end);
        node->index = (unsigned char)(more < UINT8_MAX ? more : UINT8_MAX);
        reader->at += 2 * (size_t)node->index;
    }
}

static void read_escape(struct reader *reader) {
    char c = reader->end - reader->at > 1 ? reader->at[1] : '\0';
    if (c == 'b')
        read_balanced(reader);
    else if (c == 'f')
        read_frontier(reader);
    else if (c >= '0' && c <= '9')
        read_same(reader);
    else
        read_repeated(reader);
}

static void read_piece(struct reader *reader) {
    switch (*reader->at) {
    case '(': read_begin(reader); break;
    case ')': read_finish(reader); break;
    case '%': read_escape(reader); break;
    case '$':
        if (reader->end - reader->at == 1) {
            add(reader, PATTERN_LAST, 0);
            reader->at++;
            break;
        }
        read_repeated(reader);
        break;
    default: read_repeated(reader); break;
    }
}

/* ---- shortcuts ---- */

/* The node at or behind this one that takes the next byte whatever happens; NULL when none must. */
static struct pattern_node *next_taker(struct pattern_node *node) {
    while (node->kind == PATTERN_BEGIN || node->kind == PATTERN_FINISH || node->kind == PATTERN_HERE)
        node++;
    bool takes = node->kind == PATTERN_ONE || node->kind == PATTERN_TEXT ||
                 (node->kind == PATTERN_MANY && node->index);
    return takes ? node : NULL;
}

static void find_shortcuts(struct pattern *pattern, const struct pattern_node *done) {
    pattern->first = next_taker(pattern->nodes);
    for (struct pattern_node *node = pattern->nodes; node < done; node++) {
        if (node->kind != PATTERN_MANY && node->kind != PATTERN_ALL && node->kind != PATTERN_FEW) continue;
        struct pattern_node *taker = next_taker(node + 1);
        if (taker && taker - node <= UINT8_MAX) node->follow = (unsigned char)(taker - node);
    }
}

void pattern_read(struct pattern *ret, struct pattern_node *nodes, const char *text, size_t len) {
    struct reader reader = {.pattern = ret, .node = nodes, .at = text, .end = text + len};
    ret->nodes = nodes;
    ret->count = 0;
    while (reader.at < reader.end)
        read_piece(&reader);
    find_shortcuts(ret, add(&reader, PATTERN_DONE, 0));
}

bool pattern_is_plain(const char *text, size_t len) {
    static const struct pattern_set special = {{0x80006D3000000000, 0x48000000}}; /* ^$*+?.([%- */
    for (size_t i = 0; i < len; i++)
        if (pattern_has(&special, text[i])) return false;
    return true;
}
