/* table.c -- columns as wide as their widest cell. */

#include "table.h"
#include <stdio.h>

/* Characters, as far as a terminal's columns are that. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static const char *cell(const struct table *table, size_t row, size_t column) {
    const char *text = table->cell(table->ctx, row, column);
    return text ? text : "-";
}

static size_t column_width(const struct table *table, size_t column) {
    size_t width = 0;
    for (size_t row = 0; row <= table->rows; row++) {
        size_t own = width_of(cell(table, row, column));
        if (own > width) width = own;
    }
    return width;
}

/* A line break in a value would break the table; other control characters could speak to the terminal. */
static void print_cell(const char *text, size_t pad) {
    size_t width = width_of(text);
    for (; *text; text++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7F ? ' ' : *text);
    for (; width < pad; width++)
        putchar(' ');
}

void table_print(const struct table *table) {
    size_t last = table->columns - 1;
    for (size_t row = 0; row <= table->rows && table->columns > 0; row++)
        for (size_t c = 0; c < table->columns; c++) {
            print_cell(cell(table, row, c), c < last ? column_width(table, c) + 2 : 0);
            if (c == last) putchar('\n');
        }
}
