/* Byte-pair merging. */
#include "engine/text/symbols.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

void symbols_free(struct symbols *s)
{
    free(s->at);
    free(s->heap);
    *s = (struct symbols){0};
}

void symbols_clear(struct symbols *s)
{
    s->n = 0;
    s->n_heap = 0;
}

bool symbols_add(struct symbols *s, uint32_t start, uint32_t size, int32_t id)
{
    if (s->n == s->capacity) {
        size_t capacity = s->capacity == 0 ? 64 : s->capacity * 2;
        struct symbol *at = realloc(s->at, capacity * sizeof *at);
        if (at == NULL)
            return false;
        s->at = at;
        s->capacity = capacity;
    }
    int32_t own = (int32_t)s->n;
    s->at[s->n++] = (struct symbol){start, size, own - 1, -1, id};
    if (own > 0)
        s->at[own - 1].next = own;
    return true;
}

static bool pair_is_better(const struct candidate_pair *a, const struct candidate_pair *b)
{
    return a->score > b->score || (a->score == b->score && a->left < b->left);
}

static bool heap_push(struct symbols *s, struct candidate_pair pair)
{
    if (s->n_heap == s->heap_capacity) {
        size_t capacity = s->heap_capacity == 0 ? 64 : s->heap_capacity * 2;
        struct candidate_pair *heap = realloc(s->heap, capacity * sizeof *heap);
        if (heap == NULL)
            return false;
        s->heap = heap;
        s->heap_capacity = capacity;
    }
    size_t at = s->n_heap++;
    for (; at > 0 && pair_is_better(&pair, &s->heap[(at - 1) / 2]); at = (at - 1) / 2)
        s->heap[at] = s->heap[(at - 1) / 2];
    s->heap[at] = pair;
    return true;
}

static struct candidate_pair heap_pop(struct symbols *s)
{
    struct candidate_pair top = s->heap[0], moved = s->heap[--s->n_heap];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < s->n_heap; at = child) {
        if (child + 1 < s->n_heap && pair_is_better(&s->heap[child + 1], &s->heap[child]))
            child++;
        if (!pair_is_better(&s->heap[child], &moved))
            break;
        s->heap[at] = s->heap[child];
    }
    s->heap[at] = moved;
    return top;
}

/* Puts the pair on the heap if it makes a token. */
static bool consider(struct symbols *s, int32_t left, int32_t right, symbols_pair *pair, const void *context)
{
    if (left < 0 || right < 0)
        return true;
    struct candidate_pair found = {.left = left, .size = s->at[left].size + s->at[right].size};
    if (!pair(context, &s->at[left], &s->at[right], &found.id, &found.score))
        return true;
    return heap_push(s, found);
}

bool symbols_merge(struct symbols *s, symbols_pair *pair, const void *context)
{
    for (size_t i = 1; i < s->n; i++)
        if (!consider(s, (int32_t)i - 1, (int32_t)i, pair, context))
            return false;
    while (s->n_heap > 0) {
        struct candidate_pair best = heap_pop(s);
        struct symbol *left = &s->at[best.left], *right = left->next >= 0 ? &s->at[left->next] : NULL;
        if (left->size == 0 || right == NULL || left->size + right->size != best.size)
            continue;
        left->size = best.size;
        left->id = best.id;
        left->next = right->next;
        if (right->next >= 0)
            s->at[right->next].previous = best.left;
        right->size = 0;
        if (!consider(s, left->previous, best.left, pair, context) ||
            !consider(s, best.left, left->next, pair, context))
            return false;
    }
    return true;
}
