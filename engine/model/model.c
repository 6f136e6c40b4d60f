/* Models: what one says of itself, and its end. */
#include <config.h>

#include "engine/model/model.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/engine.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/text/template.h"
#include "engine/text/tokenizer.h"

const char *model_label(const struct model *m)
{
    return source_label(m->info.path);
}

struct model_key model_key(const struct model *m, const char *name)
{
    struct model_key key;
    snprintf(key.text, sizeof key.text, "%s.%s", m->architecture->name, name);
    return key;
}

/* ---- what the file recommends ----------------------------------------------------------------------------------- */

const char *model_recommends(const struct model *model, int i, double *value)
{
    static const struct { const char *key, *setting; } keys[] = {
        {"temp", "temperature"},
        {"top_k", "top_k"},
        {"top_p", "top_p"},
        {"min_p", "min_p"},
        {"penalty_repeat", "repetition_penalty"},
        {"penalty_last_n", "repetition_window"},
        {"xtc_probability", "xtc_probability"},
        {"xtc_threshold", "xtc_threshold"},
    };
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        char key[64];
        uint64_t whole;
        snprintf(key, sizeof key, "general.sampling.%s", keys[k].key);
        bool found = source_float(model->source, key, value);
        if (!found && source_uint(model->source, key, &whole)) {
            *value = (double)whole;
            found = true;
        }
        if (found && i-- == 0)
            return keys[k].setting;
    }
    return NULL;
}

void model_free(struct model *m)
{
    if (m == NULL)
        return;
    tokenizer_free(m->tokenizer);
    for (size_t i = 0; i < m->n_vectors; i++)
        free(m->vectors[i]);
    for (int i = 0; i < MODEL_TEXTS; i++)
        free(m->texts[i]);
    free(m->vectors);
    free(m->types);
    free(m->layers);
    free(m->rope_frequency);
    source_free(m->source);
    free(m);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

struct chat_template *template_for_model(const struct model *m, const char *dir, struct error *err)
{
    return template_for_text(m->info.chat_template, dir, err);
}

const struct model_info *model_info(const struct model *m)
{
    return &m->info;
}

const struct tokenizer *model_tokenizer(const struct model *m)
{
    return m->tokenizer;
}

bool model_type_row(const struct model *m, int index, const char **type, int *tensors, uint64_t *bytes)
{
    if (index < 0 || index >= m->n_types)
        return false;
    *type = m->types[index].name;
    *tensors = m->types[index].tensors;
    *bytes = m->types[index].bytes;
    return true;
}
