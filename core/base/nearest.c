/* nearest.c -- Levenshtein's distance, of which a third of the word's letters is near. Two letters that have
 * changed places count as one slip, as fingers do that often. */

#include "nearest.h"
#include <string.h>

#define LONGEST 64 /* longer names are nobody's slip */

static size_t least_of(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b, size_t width) {
    size_t rows[3][LONGEST + 1], *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= width; j++)
        above[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            row[j] = least_of(least_of(row[j - 1], above[j]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least_of(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = above, above = row, row = spare;
    }
    return above[width];
}

struct nearest nearest_to(const char *word) {
    return (struct nearest){.word = word, .least = strlen(word) / 3 + 1};
}

void nearest_offer(struct nearest *nearest, const char *name) {
    size_t width = strlen(name);
    if (width > LONGEST || strlen(nearest->word) > LONGEST) return;
    size_t d = distance(nearest->word, name, width);
    if (d >= nearest->least) return;
    nearest->least = d;
    nearest->found = name;
}
