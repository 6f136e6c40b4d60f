/* A stable merge sort of places by keys. */
#include "config.h"

#include "engine/jinja/sort.h"

#include <string.h>

/* Merges order[from..middle) and order[middle..to), each sorted, through room. */
static void merge_halves(struct jheap *h, const struct jlist *keys, bool backwards, size_t *order, size_t *room,
                         size_t from, size_t middle, size_t to)
{
    size_t a = from, b = middle;
    for (size_t i = from; i < to; i++) {
        bool second = a == middle;
        if (!second && b < to) {
            struct jvalue left = keys->at[order[a]], right = keys->at[order[b]];
            second = backwards ? jv_compare(h, left, right, "<") < 0 : jv_compare(h, right, left, "<") < 0;
            jheap_work(h, 1);
        }
        room[i] = order[second ? b++ : a++];
    }
    memcpy(order + from, room + from, (to - from) * sizeof *order);
}

size_t *jsort_order(struct jheap *h, const struct jlist *keys, size_t n, bool backwards)
{
    size_t *order = jheap_take(h, (n + 1) * sizeof *order), *room = jheap_take(h, (n + 1) * sizeof *room);
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t width = 1; keys != NULL && width < n; width *= 2)
        for (size_t from = 0; from + width < n; from += 2 * width)
            merge_halves(h, keys, backwards, order, room, from, from + width,
                         from + 2 * width < n ? from + 2 * width : n);
    return order;
}
