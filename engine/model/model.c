/* Models: what one says of itself, and its end. */
#include <config.h>

#include "engine/model/model.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"
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
    static const struct {
        const char *key, *setting;
    } keys[] = {
        {"temp", "temperature"},
        {"top_k", "top_k"},
        {"top_p", "top_p"},
        {"min_p", "min_p"},
        {"penalty_repeat", "repetition_penalty"},
        {"penalty_last_n", "repetition_window"},
        {"xtc_probability", "xtc_probability"},
        {"xtc_threshold", "xtc_threshold"},
        {"max_new_tokens", "max_new_tokens"},
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
    if (m->own_weights != NULL)
        munmap(m->own_weights, m->own_bytes);
    source_free(m->source);
    free(m);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* The text that the file has under tokenizer.chat_template.NAME, malloc'ed; NULL when there is none. */
static char *named_text(const struct model *m, const char *name)
{
    char key[128];
    const char *bytes;
    uint64_t size;
    int used = snprintf(key, sizeof key, "tokenizer.chat_template.%s", name);
    if (used < 0 || (size_t)used >= sizeof key || !source_string(m->source, key, &bytes, &size))
        return NULL;
    return strndup(bytes, (size_t)size);
}

bool model_template_at(const struct model *m, uint64_t i, char *out, size_t size)
{
    static const char prefix[] = "tokenizer.chat_template.";
    const char *key, *text;
    uint64_t length;
    for (uint64_t at = 0; (key = source_key_at(m->source, at)) != NULL; at++)
        if (strncmp(key, prefix, sizeof prefix - 1) == 0 && source_string(m->source, key, &text, &length) && i-- == 0) {
            snprintf(out, size, "%s", key + sizeof prefix - 1);
            return true;
        }
    return false;
}

/* There is no template of that name; the file may have others. */
static void tell_names(const struct model *m, const char *name, const struct error *why, struct error *err)
{
    char one[64];
    struct buf names;
    buf_init(&names, 300);
    for (uint64_t i = 0; model_template_at(m, i, one, sizeof one); i++)
        buf_printf(&names, "%s%s", i == 0 ? "" : ", ", one);
    if (why->code == ERR_NOT_FOUND && names.size > 0)
        error_set(err, why->code, "there is no template '%s'; the model's file has %s, and %s", name, buf_text(&names),
                  strstr(why->message, "built in"));
    else
        error_set(err, why->code, "%s", why->message);
    buf_free(&names);
}

struct chat_template *template_for_model(const struct model *m, const char *name, const char *dir, struct error *err)
{
    struct error why = {0};
    if (name == NULL)
        return template_for_text(m->info.chat_template, m->tokenizer, dir, err);
    struct chat_template *t = template_load_user(name, dir, &why);
    char *text = t == NULL && why.code == ERR_NONE ? named_text(m, name) : NULL;
    const char *own = text != NULL ? text : strcmp(name, "own") == 0 ? m->info.chat_template : "";
    if (t == NULL && why.code == ERR_NONE)
        t = *own != '\0' ? template_follow(name, own, m->tokenizer, &why) : template_load(name, dir, &why);
    if (t == NULL)
        tell_names(m, name, &why, err);
    free(text);
    return t;
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
