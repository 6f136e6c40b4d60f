/* Drawn. */
#include <config.h>

#include "bench/drawn.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/meaning/find.h"
#include "app/meaning/vectors.h"
#include "app/options/options.h"
#include "base/folder.h"
#include "engine/engine.h"
#include "history/history.h"

struct drawing {
    struct vectors *vectors;
    size_t width;
    size_t n;
};

/* Directions that differ in all elements, as those of texts do. */
static bool draw_vector(void *context, const struct store_text *text)
{
    struct drawing *d = context;
    struct error err = {0};
    int8_t bytes[VECTORS_WIDTH];
    for (size_t i = 0; i < d->width; i++)
        bytes[i] = (int8_t)(rand() % 255 - 127);
    const struct vectors_passage passage = {0, (uint32_t)text->size, 0.0007F, bytes};
    d->n++;
    return vectors_put(d->vectors, text->message, vectors_hash(text->text, text->size), &passage, 1, &err) == ERR_NONE;
}

static bool draw_all(struct store *store, const char *file, const struct model_info *info, struct error *err)
{
    int64_t last;
    struct drawing d = {.width = (size_t)info->width};
    d.vectors = vectors_write(file, info->fingerprint, d.width, err);
    const bool ok = d.vectors != NULL &&
                    store_texts(store, 0, 0, SIZE_MAX >> 1, draw_vector, &d, &last, err) == ERR_NONE;
    if (ok)
        printf("%-52s %8zu messages, %.1f MB\n", "vectors drawn", d.n, (double)vectors_bytes(d.vectors) / 1e6);
    vectors_free(d.vectors);
    return ok;
}

bool drawn_write(const char *home, const char *data, const char *encoder)
{
    char history[4200], folder[4200];
    struct error err = {0};
    struct options o = {.paths = {.cache_dir = folder}};
    snprintf(folder, sizeof folder, "%s/.cache/palaver", home);
    snprintf(history, sizeof history, "%s/palaver/history.db", data);
    struct model *model = model_open(encoder, NULL, &err);
    struct store *store = store_open(history, &(struct store_options){.read_only = true}, &err);
    char *file = meaning_file(&o, history);
    const bool ok = model != NULL && store != NULL && file != NULL && folder_make(folder, &err) == ERR_NONE &&
                    draw_all(store, file, model_info(model), &err);
    if (!ok)
        fprintf(stderr, "bench/ui: %s\n", err.message);
    store_close(store);
    model_free(model);
    free(file);
    return ok;
}
