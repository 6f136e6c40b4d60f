/* Items: a growing list of popup items that owns their strings. */
#ifndef PALAVER_APP_SCREEN_ITEMS_H
#define PALAVER_APP_SCREEN_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/ui.h"

struct items {
    struct ui_item *at;
    size_t n, capacity;
    bool failed; /* out of memory: one was left out */
};

/* Copies the item and its strings. */
void items_add(struct items *items, const struct ui_item *item);
void items_free(struct items *items);

#endif
