/* listing.c -- JSON as a table: each member of the first object is a column. */

#include "listing.h"
#include "answer.h"
#include "table.h"
#include <string.h>

#define HASH_SHOWN 12
#define MOST_SHOWN 16 /* columns */

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

size_t listing_count(const char *text) {
    struct answer_walk rows = answer_enter(text);
    size_t count = 0;
    while (answer_next(&rows))
        count++;
    return count;
}

void listing_print(const char *text) {
    struct buf cell = {0};
    struct list list = {.text = text, .cell = &cell};
    struct table table = {.rows = listing_count(text), .cell = list_cell, .ctx = &list};
    struct answer_walk head = answer_enter(nth(text, 0));
    while (table.columns < MOST_SHOWN && answer_next(&head))
        list.names[table.columns++] = head.name;
    table_print(&table);
    buf_done(&cell);
}
