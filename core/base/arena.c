/* arena.c -- memory that dies all at once.
 *
 * Blocks of one usual size, of which reset keeps one: most requests fit it, so a reused arena never calls
 * malloc. What is too large for a block gets one of its own, hung behind the newest, so that the room left
 * in the newest is not lost; reset gives it back. */

#include "arena.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE (8192 - sizeof(struct arena_block))
#define ALIGNMENT  alignof(max_align_t)

struct arena_block {
    struct arena_block *older;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static struct arena_block *block_new(size_t size) {
    struct arena_block *block = malloc(sizeof(*block) + size);
    if (!block) return NULL;
    block->older = NULL;
    block->size = size;
    return block;
}

static void use_block(struct arena *arena, struct arena_block *block) {
    arena->block = block;
    arena->at = block ? block->bytes : NULL;
    arena->end = block ? block->bytes + block->size : NULL;
}

static void *alloc_large(struct arena *arena, size_t size) {
    struct arena_block *block = block_new(size);
    if (!block) return NULL;
    if (arena->block) {
        block->older = arena->block->older;
        arena->block->older = block;
    } else {
        use_block(arena, block);
        arena->at = arena->end;
    }
    return block->bytes;
}

void *arena_alloc(struct arena *arena, size_t size) {
    if (size > PTRDIFF_MAX - BLOCK_SIZE) return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size == 0) size = ALIGNMENT;
    if (size > (size_t)(arena->end - arena->at)) {
        if (size > (arena->block ? BLOCK_SIZE / 4 : BLOCK_SIZE)) return alloc_large(arena, size);
        struct arena_block *block = block_new(BLOCK_SIZE);
        if (!block) return NULL;
        block->older = arena->block;
        use_block(arena, block);
    }
    void *ret = arena->at;
    arena->at += size;
    return ret;
}

char *arena_copy(struct arena *arena, const char *text, size_t len) {
    char *copy = len < SIZE_MAX ? arena_alloc(arena, len + 1) : NULL;
    if (!copy) return NULL;
    if (len > 0) memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

/* Frees all blocks but `kept`, which may be NULL. */
static void free_blocks(struct arena *arena, struct arena_block *kept) {
    for (struct arena_block *block = arena->block, *older; block; block = older) {
        older = block->older;
        if (block != kept) free(block);
    }
    if (kept) kept->older = NULL;
    use_block(arena, kept);
}

void arena_reset(struct arena *arena) {
    struct arena_block *kept = arena->block;
    while (kept && kept->size != BLOCK_SIZE)
        kept = kept->older;
    free_blocks(arena, kept);
}

void arena_done(struct arena *arena) {
    if (arena) free_blocks(arena, NULL);
}
