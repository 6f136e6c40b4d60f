/* Items: a few thousand at most. */
#include <config.h>

#include "app/screen/items.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct items *items)
{
    if (items->n < items->capacity)
        return true;
    size_t capacity = 2 * items->capacity + 64;
    struct ui_item *at = realloc(items->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    items->at = at;
    items->capacity = capacity;
    return true;
}

/* NULL stays NULL; clears *ok when out of memory. */
static char *copy_string(const char *text, bool *ok)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    *ok = *ok && (copy != NULL || text == NULL);
    return copy;
}

static struct ui_span *copy_marks(const struct ui_item *item, bool *ok)
{
    struct ui_span *copy = item->n_marks > 0 ? malloc(item->n_marks * sizeof *copy) : NULL;
    if (copy != NULL)
        memcpy(copy, item->marks, item->n_marks * sizeof *copy);
    *ok = *ok && (copy != NULL || item->n_marks == 0);
    return copy;
}

static void free_strings(const struct ui_item *item)
{
    free((char *)item->label);
    free((char *)item->detail);
    free((char *)item->command);
    free((char *)item->group);
    free((struct ui_span *)item->marks);
}

void items_add(struct items *items, const struct ui_item *item)
{
    bool ok = make_room(items);
    struct ui_item copy = *item;
    copy.label = copy_string(item->label, &ok);
    copy.detail = copy_string(item->detail, &ok);
    copy.command = copy_string(item->command, &ok);
    copy.group = copy_string(item->group, &ok);
    copy.marks = copy_marks(item, &ok);
    if (ok) {
        items->at[items->n++] = copy;
    } else {
        free_strings(&copy);
        items->failed = true;
    }
}

void items_free(struct items *items)
{
    for (size_t i = 0; i < items->n; i++)
        free_strings(&items->at[i]);
    free(items->at);
    *items = (struct items){0};
}
