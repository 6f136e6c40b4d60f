/* Lists of weights. */
#include "engine/file/weights.h"

#include <stdlib.h>
#include <string.h>

uint64_t weight_elements(const struct weight *w)
{
    uint64_t n = 1;
    for (int32_t i = 0; i < w->n_dims; i++)
        n *= w->dims[i];
    return n;
}

uint64_t weight_bytes(const struct weight *w)
{
    return weight_elements(w) * tensor_traits(w->type)->block_bytes;
}

bool weights_need(const struct weights *all, const char *name)
{
    return all->needs != NULL && all->needs(name);
}

static bool has_name(const struct weights *all, const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->at[i].name, name) == 0)
            return true;
    return false;
}

static bool make_room(struct weights *all)
{
    if (all->n < all->capacity)
        return true;
    const size_t capacity = all->capacity > 0 ? all->capacity * 2 : 64;
    struct weight *at = realloc(all->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    all->at = at;
    all->capacity = capacity;
    return true;
}

enum error_code weights_add(struct weights *all, const char *file, const struct weight *w, struct error *err)
{
    const size_t size = strlen(w->name);
    enum error_code code = ERR_NONE;
    char *name = NULL;
    if (size == 0 || size > WEIGHT_NAME_LONGEST)
        code = error_set(err, ERR_FORMAT, "%s: a tensor's name has %zu bytes; the file is damaged, fetch it again",
                         file, size);
    else if (has_name(all, w->name))
        code = error_set(err, ERR_FORMAT, "%s: tensor %s is there twice; the file is damaged, fetch it again", file,
                         w->name);
    else if (!make_room(all) || (name = strdup(w->name)) == NULL)
        code = error_memory(err);
    if (code != ERR_NONE) {
        free(w->owned);
        return code;
    }
    all->at[all->n] = *w;
    all->at[all->n++].name = name;
    return ERR_NONE;
}

void weights_free(struct weights *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->at[i].name);
        free(all->at[i].owned);
    }
    free(all->at);
    *all = (struct weights){0};
}
