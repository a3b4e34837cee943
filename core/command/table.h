#ifndef PLATEIA_COMMAND_TABLE_H
#define PLATEIA_COMMAND_TABLE_H

/* table.h -- prints rows under their headings, for people at a terminal. */

#include <stddef.h>

struct table {
    size_t columns, rows;
    /* Row 0 is the headings. The text is needed until the next call; NULL is shown as "-". */
    const char *(*cell)(const void *ctx, size_t row, size_t column);
    const void *ctx;
};

void table_print(const struct table *table);

#endif
