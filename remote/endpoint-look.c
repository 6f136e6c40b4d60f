/* Look: what servers say of themselves. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"
#include "remote/endpoint-parts.h"
#include "remote/kinds.h"

enum { MODELS_MOST = 10000 };

void look_free(struct look *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->models[i]);
    free(l->models);
    free(l->contexts);
    free(l->loose);
    *l = (struct look){0};
}

/* A number of tokens; 0: not told. */
static int32_t tokens_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    const json_int_t n = json_is_integer(value) ? json_integer_value(value) : 0;
    return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
}

/* llama-server's n_ctx_train is what its model could hold, not what the server does. */
static int32_t context_of(const json_t *model)
{
    static const char *const names[] = {"max_model_len", "context_length", "max_context_length"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (tokens_of(model, names[i]) > 0)
            return tokens_of(model, names[i]);
    return tokens_of(json_object_get(model, "meta"), "n_ctx");
}

static bool add_model(struct look *l, const json_t *model)
{
    const char *id = json_string_value(json_object_get(model, "id"));
    if (id == NULL)
        return true;
    l->contexts[l->n] = context_of(model);
    l->models[l->n] = strdup(id);
    l->n += l->models[l->n] != NULL;
    return l->n > 0 && l->models[l->n - 1] != NULL;
}

static enum endpoint_kind kind_of_model(const json_t *model)
{
    return kind_by_owner(json_string_value(json_object_get(model, "owned_by")));
}

/* By the first model. Ollama's are owned by who made them, so that any may tell. */
static enum endpoint_kind kind_of_models(const json_t *data)
{
    for (size_t i = 0; i < json_array_size(data); i++)
        if (kind_of_model(json_array_get(data, i)) == ENDPOINT_OLLAMA)
            return ENDPOINT_OLLAMA;
    return kind_of_model(json_array_get(data, 0));
}

enum error_code look_take_models(struct look *l, const struct buf *body, struct error *err)
{
    json_t *root = json_loadb(buf_text(body), body->size, 0, NULL);
    const json_t *data = json_object_get(root, "data");
    const size_t n = json_array_size(data);
    const enum endpoint_kind kind = l->kind;
    look_free(l);
    l->kind = kind;
    if (!json_is_array(data) || n > MODELS_MOST) {
        json_decref(root);
        return error_set(err, ERR_FORMAT, "no list of models comes back: is it a server of models, and its url right?");
    }
    l->models = calloc(n + 1, sizeof *l->models);
    l->contexts = calloc(n + 1, sizeof *l->contexts);
    l->loose = calloc(n + 1, sizeof *l->loose);
    bool ok = l->models != NULL && l->contexts != NULL && l->loose != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = add_model(l, json_array_get(data, i));
    if (l->kind == ENDPOINT_ANY)
        l->kind = kind_of_models(data);
    json_decref(root);
    return ok ? ERR_NONE : error_memory(err);
}

/* ---- contexts --------------------------------------------------------------------------------------------------- */

/* llama-server's GET /props: what one of its slots has. */
static void take_props(struct look *l, const json_t *root)
{
    int32_t context = tokens_of(json_object_get(root, "default_generation_settings"), "n_ctx");
    context = context > 0 ? context : tokens_of(root, "n_ctx");
    for (size_t i = 0; context > 0 && i < l->n; i++)
        l->contexts[i] = context;
}

/* Notes what is said of a model: with how much it is run, else (loose) how much it could hold. */
static void note_context(struct look *l, const char *model, int32_t context, bool loose)
{
    for (size_t i = 0; model != NULL && context > 0 && i < l->n; i++) {
        if (strcmp(l->models[i], model) != 0 || (loose && l->contexts[i] > 0))
            continue;
        l->contexts[i] = context;
        l->loose[i] = loose;
    }
}

/* LM Studio's GET /api/v0/models; one that is not loaded yet will be with a context that nothing tells. */
static void take_loadable(struct look *l, const json_t *root)
{
    const json_t *data = json_object_get(root, "data");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *model = json_array_get(data, i);
        const char *id = json_string_value(json_object_get(model, "id"));
        note_context(l, id, tokens_of(model, "loaded_context_length"), false);
        note_context(l, id, tokens_of(model, "max_context_length"), true);
    }
}

/* Ollama's GET /api/ps: the models that are loaded. */
static void take_running(struct look *l, const json_t *root)
{
    const json_t *models = json_object_get(root, "models");
    for (size_t i = 0; i < json_array_size(models); i++) {
        const json_t *model = json_array_get(models, i);
        note_context(l, json_string_value(json_object_get(model, "name")), tokens_of(model, "context_length"), false);
    }
}

void look_take_contexts(struct look *l, const struct buf *body)
{
    json_t *root = json_loadb(buf_text(body), body->size, 0, NULL);
    if (l->kind == ENDPOINT_LLAMA_SERVER)
        take_props(l, root);
    else if (l->kind == ENDPOINT_LM_STUDIO)
        take_loadable(l, root);
    else if (l->kind == ENDPOINT_OLLAMA)
        take_running(l, root);
    json_decref(root);
}

/* The number behind num_ctx in lines "NAME VALUE"; 0: there is none. */
static int32_t parameter_context(const char *parameters)
{
    static const char name[] = "num_ctx";
    for (const char *line = parameters; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += strspn(line, "\n \t");
        if (strncmp(line, name, sizeof name - 1) != 0 || strchr(" \t", line[sizeof name - 1]) == NULL)
            continue;
        const long n = strtol(line + sizeof name - 1, NULL, 10);
        return n > 0 && n <= INT32_MAX ? (int32_t)n : 0;
    }
    return 0;
}

/* "llama.context_length", by the name of the architecture; 0: not told. */
static int32_t trained_context(json_t *info)
{
    static const char end[] = ".context_length";
    const char *name;
    json_t *value;
    json_object_foreach(info, name, value) {
        const size_t n = strlen(name);
        if (n > sizeof end && strcmp(name + n - (sizeof end - 1), end) == 0)
            return tokens_of(info, name);
    }
    return 0;
}

void look_take_shown(struct look *l, size_t i, const struct buf *body)
{
    json_t *root = json_loadb(buf_text(body), body->size, 0, NULL);
    const int32_t set = parameter_context(json_string_value(json_object_get(root, "parameters")));
    const int32_t trained = trained_context(json_object_get(root, "model_info"));
    const bool known = l->contexts[i] > 0 && !l->loose[i];
    json_decref(root);
    if (known || (set <= 0 && trained <= 0))
        return;
    l->loose[i] = set <= 0;
    l->contexts[i] = set <= 0 || (trained > 0 && trained < set) ? trained : set;
}

/* ---- one of its models ------------------------------------------------------------------------------------------ */

static void write_models(const struct look *l, char *out, size_t size)
{
    size_t at = 0;
    *out = '\0';
    for (size_t i = 0; i < l->n && at + 1 < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i > 0 ? ", " : "", l->models[i]);
}

enum error_code look_choose(const struct look *l, const char *host, const char *name, size_t *out, struct error *err)
{
    char models[300];
    size_t i = 0;
    write_models(l, models, sizeof models);
    if (*name == '\0' && l->n != 1)
        return error_set(err, ERR_NOT_FOUND, "%s has %zu models; name one before the @: %s", host, l->n, models);
    while (*name != '\0' && i < l->n && strcmp(l->models[i], name) != 0)
        i++;
    if (i == l->n && i == 1 && l->kind == ENDPOINT_LLAMA_SERVER)
        i = 0;
    if (i == l->n)
        return error_set(err, ERR_NOT_FOUND, "%s has no model %s; it has %s", host, name, l->n > 0 ? models : "none");
    *out = i;
    return ERR_NONE;
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

static bool copy_text(char **out, const char *text)
{
    *out = text != NULL ? strdup(text) : NULL;
    return text == NULL || *out != NULL;
}

bool endpoint_place_copy(struct endpoint_place *out, const struct endpoint_place *p)
{
    *out = *p;
    out->name = out->url = out->key_variable = out->key_file = out->key_command = out->ca = NULL;
    return copy_text(&out->name, p->name) && copy_text(&out->url, p->url) &&
           copy_text(&out->key_variable, p->key_variable) && copy_text(&out->key_file, p->key_file) &&
           copy_text(&out->key_command, p->key_command) && copy_text(&out->ca, p->ca);
}

void endpoint_place_free(struct endpoint_place *p)
{
    free(p->name);
    free(p->url);
    free(p->key_variable);
    free(p->key_file);
    free(p->key_command);
    free(p->ca);
}
