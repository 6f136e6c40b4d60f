/* Choose: by the names of the files alone. */
#include <config.h>

#include "remote/choose.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/names.h"

/* What goes with weights: vocabulary, template, settings, licence. */
static const char *const company[] = {
    "config.json",
    "generation_config.json",
    "params.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
    "LICENSE*",
    NULL,
};

/* Weights, the form that is preferred first. */
static const struct form {
    const char *needs;                /* a file beside them */
    const char *whole, *part, *index; /* alone; one of several, and what lists these (NULL: nothing does) */
} forms[] = {
    {"config.json", "model.safetensors", "model-*-of-*.safetensors", "model.safetensors.index.json"},
    {"config.json", "pytorch_model.bin", "pytorch_model-*-of-*.bin", "pytorch_model.bin.index.json"},
    {"params.json", "consolidated.00.pth", "consolidated[-.]*.pth", NULL},
};

static bool matches(const char *pattern, const char *path)
{
    return fnmatch(pattern, path, FNM_PATHNAME | FNM_PERIOD) == 0;
}

/* How many files of the list the pattern names. */
static size_t count_matches(const struct hub_list *list, const char *pattern)
{
    size_t n = 0;
    for (size_t i = 0; pattern != NULL && i < list->n; i++)
        n += matches(pattern, list->at[i].path);
    return n;
}

static void add_matches(const struct hub_list *list, const char *pattern, struct choice *out)
{
    for (size_t i = 0; pattern != NULL && i < list->n; i++)
        if (matches(pattern, list->at[i].path))
            out->at[out->n++] = i;
}

/* ---- parts ------------------------------------------------------------------------------------------------------ */

/* Whether b is a part of the model that a is a part of. */
static bool is_sibling(const char *a, const char *b)
{
    int part, parts, other, others;
    size_t stem, other_stem;
    return name_is_part(a, &part, &parts, &stem) && name_is_part(b, &other, &others, &other_stem) &&
           stem == other_stem && parts == others && strncmp(a, b, stem) == 0 &&
           strcmp(strrchr(a, '.'), strrchr(b, '.')) == 0;
}

/* ERR_NOT_FOUND unless the repository has all parts of the model that file i is a part of. */
static enum error_code check_parts(const struct hub_list *list, size_t i, struct error *err)
{
    const char *path = list->at[i].path;
    int part, parts, there = 0;
    size_t stem;
    if (!name_is_part(path, &part, &parts, &stem))
        return ERR_NONE;
    for (size_t j = 0; j < list->n; j++)
        there += is_sibling(path, list->at[j].path);
    return there == parts
               ? ERR_NONE
               : error_set(err, ERR_NOT_FOUND, "%s: the repository has %d of its %d parts", path, there, parts);
}

/* ---- GGUF ------------------------------------------------------------------------------------------------------- */

/* Whether a file is a model in GGUF, or the first part of one; not a projector, which some models have beside them. */
static bool is_gguf(const char *path)
{
    int part = 1, parts;
    size_t stem;
    name_is_part(path, &part, &parts, &stem);
    return name_ends_with(path, ".gguf") && part == 1 && strncasecmp(name_base(path), "mmproj", 6) != 0;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether the name holds the type as a word: Q4_K is none in Q4_K_M. */
static bool has_type(const char *path, const char *type)
{
    const char *name = name_base(path);
    const size_t n = strlen(type);
    for (size_t i = 0; name[i] != '\0'; i++)
        if (strncasecmp(name + i, type, n) == 0 && !is_word_char(name[i + n]) && (i == 0 || !is_word_char(name[i - 1])))
            return true;
    return false;
}

/* The only GGUF model, of this type unless it is NULL; list->n when there is none, or there are several: *many. */
static size_t find_gguf(const struct hub_list *list, const char *type, size_t *many)
{
    size_t found = list->n;
    *many = 0;
    for (size_t i = 0; i < list->n; i++)
        if (is_gguf(list->at[i].path) && (type == NULL || has_type(list->at[i].path, type))) {
            found = i;
            ++*many;
        }
    return *many == 1 ? found : list->n;
}

/* A model in GGUF: the first part last, since it gives the model its name. */
static enum error_code choose_gguf(const struct hub_list *list, size_t i, struct choice *out, struct error *err)
{
    if (check_parts(list, i, err) != ERR_NONE)
        return err->code;
    for (size_t j = 0; j < list->n; j++)
        if (j != i && is_sibling(list->at[i].path, list->at[j].path))
            out->at[out->n++] = j;
    out->at[out->n++] = i;
    return ERR_NONE;
}

/* Says which GGUF models there are. */
static enum error_code report_ggufs(const struct hub_list *list, const struct hub_name *name, struct error *err)
{
    struct buf there;
    buf_init(&there, 300);
    for (size_t i = 0; i < list->n; i++)
        if (is_gguf(list->at[i].path) && !buf_printf(&there, "%s%s", there.size > 0 ? ", " : "", list->at[i].path))
            break;
    if (there.size == 0)
        error_set(err, ERR_UNSUPPORTED,
                  "%s: holds no model that Palaver reads: neither config.json with safetensors or PyTorch files, nor "
                  "params.json with Meta's, nor GGUF",
                  name->repository);
    else
        error_set(err, ERR_ARGUMENT, "%s: %s%s; choose with %s:TYPE or %s/FILE: %s", name->repository,
                  name->type[0] != '\0' ? "not exactly one model is of type " : "holds several models", name->type,
                  name->repository, name->repository, buf_text(&there));
    buf_free(&there);
    return err->code;
}

/* ---- folders ---------------------------------------------------------------------------------------------------- */

static bool has_form(const struct hub_list *list, const struct form *f)
{
    return count_matches(list, f->needs) == 1 &&
           (count_matches(list, f->whole) == 1 || count_matches(list, f->part) > 0);
}

static enum error_code choose_folder(const struct hub_list *list, const struct form *f, struct choice *out,
                                     struct error *err)
{
    const bool whole = f->index != NULL && count_matches(list, f->whole) == 1;
    out->folder = true;
    for (size_t i = 0; company[i] != NULL; i++)
        add_matches(list, company[i], out);
    if (!whole)
        add_matches(list, f->index, out);
    const size_t weights = out->n;
    add_matches(list, whole ? f->whole : f->part, out);
    return check_parts(list, out->at[weights], err);
}

/* ---- the choice ------------------------------------------------------------------------------------------------- */

static enum error_code choose_named(const struct hub_list *list, const struct hub_name *name, struct choice *out,
                                    struct error *err)
{
    for (size_t i = 0; i < list->n; i++) {
        int part, parts;
        size_t stem;
        if (strcmp(list->at[i].path, name->file) != 0)
            continue;
        for (size_t j = 0; j < list->n; j++) /* any part of a model stands for all of it */
            if (is_sibling(name->file, list->at[j].path) && name_is_part(list->at[j].path, &part, &parts, &stem) &&
                part == 1)
                i = j;
        return choose_gguf(list, i, out, err);
    }
    return error_set(err, ERR_NOT_FOUND, "%s: has no file %s", name->repository, name->file);
}

static enum error_code choose_any(const struct hub_list *list, const struct hub_name *name, struct choice *out,
                                  struct error *err)
{
    size_t many;
    if (name->file[0] != '\0')
        return choose_named(list, name, out, err);
    if (name->type[0] == '\0')
        for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
            if (has_form(list, &forms[i]))
                return choose_folder(list, &forms[i], out, err);
    size_t found = find_gguf(list, name->type[0] != '\0' ? name->type : NULL, &many);
    if (found == list->n && name->type[0] == '\0')
        found = find_gguf(list, "Q4_K_M", &many);
    return found < list->n ? choose_gguf(list, found, out, err) : report_ggufs(list, name, err);
}

enum error_code choose_files(const struct hub_list *list, const struct hub_name *name, struct choice *out,
                             struct error *err)
{
    /* No file matches two of the patterns that are used together, so each is taken once at most. */
    *out = (struct choice){.at = calloc(list->n + 1, sizeof *out->at)};
    if (out->at == NULL)
        return error_memory(err);
    return choose_any(list, name, out, err);
}
