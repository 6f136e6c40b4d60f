/* Recipes: the table of types and the rules of their mixtures, the first that fits wins. */
#include <config.h>

#include "engine/convert/recipe.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

/* The numbers are llama.cpp's (enum llama_ftype). */
enum {
    FILE_F32 = 0,
    FILE_F16 = 1,
    FILE_Q4_0 = 2,
    FILE_Q4_1 = 3,
    FILE_Q8_0 = 7,
    FILE_Q5_0 = 8,
    FILE_Q5_1 = 9,
    FILE_Q2_K = 10,
    FILE_Q3_K_S = 11,
    FILE_Q3_K_M = 12,
    FILE_Q3_K_L = 13,
    FILE_Q4_K_S = 14,
    FILE_Q4_K_M = 15,
    FILE_Q5_K_S = 16,
    FILE_Q5_K_M = 17,
    FILE_Q6_K = 18,
    FILE_IQ4_NL = 25,
    FILE_IQ4_XS = 30,
    FILE_BF16 = 32,
};

static const struct recipe_type types[] = {
    {"F32", FILE_F32, TENSOR_F32},          {"F16", FILE_F16, TENSOR_F16},
    {"BF16", FILE_BF16, TENSOR_BF16},       {"Q8_0", FILE_Q8_0, TENSOR_Q8_0},
    {"Q4_0", FILE_Q4_0, TENSOR_Q4_0},       {"Q4_1", FILE_Q4_1, TENSOR_Q4_1},
    {"Q5_0", FILE_Q5_0, TENSOR_Q5_0},       {"Q5_1", FILE_Q5_1, TENSOR_Q5_1},
    {"Q2_K", FILE_Q2_K, TENSOR_Q2_K},       {"Q3_K_S", FILE_Q3_K_S, TENSOR_Q3_K},
    {"Q3_K_M", FILE_Q3_K_M, TENSOR_Q3_K},   {"Q3_K_L", FILE_Q3_K_L, TENSOR_Q3_K},
    {"Q4_K_S", FILE_Q4_K_S, TENSOR_Q4_K},   {"Q4_K_M", FILE_Q4_K_M, TENSOR_Q4_K},
    {"Q5_K_S", FILE_Q5_K_S, TENSOR_Q5_K},   {"Q5_K_M", FILE_Q5_K_M, TENSOR_Q5_K},
    {"Q6_K", FILE_Q6_K, TENSOR_Q6_K},       {"IQ4_NL", FILE_IQ4_NL, TENSOR_IQ4_NL},
    {"IQ4_XS", FILE_IQ4_XS, TENSOR_IQ4_XS},
};

/* ---- mixtures --------------------------------------------------------------------------------------------------- */

/* The matrices that mixtures treat in their own way. */
enum part { PART_VALUE, PART_ATTENTION_OUTPUT, PART_DOWN, PART_OTHER };

/* In which layers a rule holds. */
enum where {
    ALL_LAYERS,
    FIRST_2,
    FIRST_4,
    FIRST_16TH,
    FIRST_8TH,
    FIRST_8TH_WITH_IMATRIX,
    FIRST_8TH_WITHOUT_IMATRIX,
    MORE_BITS,  /* the first and the last eighth, and every third between */
    SHARED_BY_4 /* if 4 query heads or more share a key/value head, which then is small */
};

static const struct rule {
    uint32_t file;
    enum part part;
    enum where where;
    enum tensor_type type;
} rules[] = {
    {FILE_Q4_0, PART_DOWN, FIRST_8TH_WITH_IMATRIX, TENSOR_Q4_1},
    {FILE_Q5_0, PART_DOWN, FIRST_8TH_WITH_IMATRIX, TENSOR_Q5_1},
    {FILE_Q2_K, PART_VALUE, SHARED_BY_4, TENSOR_Q4_K},
    {FILE_Q2_K, PART_VALUE, ALL_LAYERS, TENSOR_Q3_K},
    {FILE_Q2_K, PART_DOWN, ALL_LAYERS, TENSOR_Q3_K},
    {FILE_Q2_K, PART_ATTENTION_OUTPUT, ALL_LAYERS, TENSOR_Q3_K},
    {FILE_Q3_K_M, PART_VALUE, FIRST_2, TENSOR_Q5_K},
    {FILE_Q3_K_M, PART_VALUE, ALL_LAYERS, TENSOR_Q4_K},
    {FILE_Q3_K_M, PART_DOWN, FIRST_16TH, TENSOR_Q5_K},
    {FILE_Q3_K_M, PART_DOWN, ALL_LAYERS, TENSOR_Q4_K},
    {FILE_Q3_K_M, PART_ATTENTION_OUTPUT, ALL_LAYERS, TENSOR_Q4_K},
    {FILE_Q3_K_L, PART_VALUE, ALL_LAYERS, TENSOR_Q5_K},
    {FILE_Q3_K_L, PART_DOWN, ALL_LAYERS, TENSOR_Q5_K},
    {FILE_Q3_K_L, PART_ATTENTION_OUTPUT, ALL_LAYERS, TENSOR_Q5_K},
    {FILE_Q4_K_S, PART_VALUE, FIRST_4, TENSOR_Q5_K},
    {FILE_Q4_K_S, PART_DOWN, FIRST_8TH, TENSOR_Q5_K},
    {FILE_Q4_K_M, PART_VALUE, MORE_BITS, TENSOR_Q6_K},
    {FILE_Q4_K_M, PART_DOWN, MORE_BITS, TENSOR_Q6_K},
    {FILE_Q5_K_M, PART_VALUE, MORE_BITS, TENSOR_Q6_K},
    {FILE_Q5_K_M, PART_DOWN, MORE_BITS, TENSOR_Q6_K},
    {FILE_IQ4_NL, PART_VALUE, SHARED_BY_4, TENSOR_Q5_K},
    {FILE_IQ4_NL, PART_DOWN, FIRST_8TH_WITHOUT_IMATRIX, TENSOR_Q5_K},
    {FILE_IQ4_XS, PART_VALUE, SHARED_BY_4, TENSOR_Q5_K},
    {FILE_IQ4_XS, PART_DOWN, FIRST_8TH_WITHOUT_IMATRIX, TENSOR_Q5_K},
};

/* REGEX=TYPE */
struct exception {
    regex_t name;
    enum tensor_type type;
};

struct recipe {
    const struct recipe_type *type; /* NULL: as they are */
    struct recipe_model model;
    bool pure, imatrix;
    bool has_output, has_embedding; /* a type of their own is asked for */
    enum tensor_type output, embedding;
    struct exception *exceptions; /* (n_exceptions) */
    size_t n_exceptions;
};

static bool rule_holds(const struct recipe *r, enum where where, int32_t layer)
{
    const int32_t n = r->model.layers;
    switch (where) {
    case ALL_LAYERS: return true;
    case FIRST_2: return layer < 2;
    case FIRST_4: return layer < 4;
    case FIRST_16TH: return layer < n / 16;
    case FIRST_8TH: return layer < n / 8;
    case FIRST_8TH_WITH_IMATRIX: return layer < n / 8 && r->imatrix;
    case FIRST_8TH_WITHOUT_IMATRIX: return layer < n / 8 && !r->imatrix;
    case MORE_BITS: return layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
    case SHARED_BY_4: return r->model.heads / r->model.kv_heads >= 4;
    }
    return false;
}

static enum part part_of(const char *name, int32_t *layer)
{
    static const char *const names[] = {
        [PART_VALUE] = "attn_v.weight",
        [PART_ATTENTION_OUTPUT] = "attn_output.weight",
        [PART_DOWN] = "ffn_down.weight",
    };
    int used = 0;
    if (sscanf(name, "blk.%6d.%n", layer, &used) == 1 && used > 0)
        for (int i = PART_VALUE; i < PART_OTHER; i++)
            if (strcmp(name + used, names[i]) == 0)
                return (enum part)i;
    return PART_OTHER;
}

/* In a model of 70B the values of 8 heads are one, so more bits for them cost little. */
static bool is_70b(const struct recipe *r)
{
    return r->model.layers == 80 && r->model.heads != r->model.kv_heads;
}

static enum tensor_type choose_mixed(const struct recipe *r, const char *name)
{
    int32_t layer = 0;
    const enum part part = part_of(name, &layer);
    enum tensor_type type = r->type->base;
    for (size_t i = 0; part != PART_OTHER && i < sizeof rules / sizeof *rules; i++)
        if (rules[i].file == r->type->number && rules[i].part == part && rule_holds(r, rules[i].where, layer)) {
            type = rules[i].type;
            break;
        }
    if (part == PART_VALUE && is_70b(r) && (type == TENSOR_Q3_K || type == TENSOR_Q4_K))
        return TENSOR_Q5_K;
    return type;
}

/* ---- one tensor ------------------------------------------------------------------------------------------------- */

static bool is_float(enum tensor_type type)
{
    return tensor_traits(type)->block == 1;
}

/* A type whose blocks divide the rows. */
static enum tensor_type fit(enum tensor_type type, uint64_t cols)
{
    if (cols % tensor_traits(type)->block == 0)
        return type;
    switch (type) {
    case TENSOR_Q2_K:
    case TENSOR_Q3_K: type = TENSOR_Q4_0; break;
    case TENSOR_Q4_K: type = TENSOR_Q5_0; break;
    case TENSOR_Q5_K: type = TENSOR_Q5_1; break;
    case TENSOR_Q6_K: type = TENSOR_Q8_0; break;
    case TENSOR_IQ4_XS: type = TENSOR_IQ4_NL; break;
    default: break;
    }
    return cols % tensor_traits(type)->block == 0 ? type : TENSOR_F16;
}

/* The output decides over each token, so it gets more bits. */
static enum tensor_type choose_output(const struct recipe *r, uint64_t cols)
{
    const enum tensor_type base = r->type->base;
    if (r->has_output)
        return r->output;
    return base == TENSOR_Q8_0 || cols % tensor_traits(base)->block != 0 ? TENSOR_Q8_0 : TENSOR_Q6_K;
}

static const struct exception *find_exception(const struct recipe *r, const char *name)
{
    for (size_t i = 0; i < r->n_exceptions; i++)
        if (regexec(&r->exceptions[i].name, name, 0, NULL, 0) == 0)
            return &r->exceptions[i];
    return NULL;
}

static enum tensor_type choose_quantised(const struct recipe *r, const char *name, const struct tensor *t)
{
    const bool embedding = strcmp(name, "token_embd.weight") == 0;
    const struct exception *e = find_exception(r, name);
    if (e != NULL)
        return e->type;
    if (r->pure)
        return r->type->base;
    if (strcmp(name, "output.weight") == 0 || (embedding && r->model.tied))
        return choose_output(r, t->cols);
    return choose_mixed(r, name);
}

/* An encoder's positions and types of texts, small and added to every token, stay as they are unless they are named. */
static bool stays(const struct recipe *r, const char *name)
{
    return (strcmp(name, "position_embd.weight") == 0 || strcmp(name, "token_types.weight") == 0) &&
           find_exception(r, name) == NULL;
}

enum tensor_type recipe_choose(const struct recipe *r, const char *name, const struct tensor *t)
{
    const size_t length = strlen(name);
    if (t->rows == 1)
        return TENSOR_F32;
    if (stays(r, name))
        return t->type;
    if (length < 6 || strcmp(name + length - 6, "weight") != 0 || strstr(name, "_norm.weight") != NULL)
        return t->type;
    if (r->has_embedding && strcmp(name, "token_embd.weight") == 0)
        return fit(r->embedding, t->cols);
    if (r->has_output && strcmp(name, "output.weight") == 0)
        return fit(r->output, t->cols);
    if (r->type == NULL)
        return t->type;
    return is_float(r->type->base) ? r->type->base : fit(choose_quantised(r, name, t), t->cols);
}

/* ---- making one ------------------------------------------------------------------------------------------------- */

const struct recipe_type *recipe_type_at(size_t i)
{
    return i < sizeof types / sizeof *types ? &types[i] : NULL;
}

const struct recipe_type *recipe_type(const struct recipe *r)
{
    return r->type;
}

static enum error_code find_type(const char *name, const struct recipe_type **out, struct error *err)
{
    struct buf list;
    const struct recipe_type *t;
    for (size_t i = 0; (t = recipe_type_at(i)) != NULL; i++)
        if (strcasecmp(t->name, name) == 0) {
            *out = t;
            return ERR_NONE;
        }
    buf_init(&list, 512);
    for (size_t i = 0; (t = recipe_type_at(i)) != NULL; i++)
        buf_printf(&list, "%s%s", i == 0 ? "" : " ", t->name);
    error_set(err, ERR_ARGUMENT, "'%.40s' is no type of a model; there are %s", name, buf_text(&list));
    buf_free(&list);
    return ERR_ARGUMENT;
}

/* The type of a single tensor; NULL asks for none. */
static enum error_code find_tensor_type(const char *name, bool *has, enum tensor_type *out, struct error *err)
{
    struct buf list;
    const struct tensor_traits *t;
    *has = name != NULL;
    for (uint32_t i = 0; name != NULL && i < TENSOR_TYPE_LIMIT; i++)
        if ((t = tensor_traits(i)) != NULL && strcasecmp(t->name, name) == 0) {
            *out = (enum tensor_type)i;
            return ERR_NONE;
        }
    if (name == NULL)
        return ERR_NONE;
    buf_init(&list, 512);
    for (uint32_t i = 0; i < TENSOR_TYPE_LIMIT; i++)
        if ((t = tensor_traits(i)) != NULL)
            buf_printf(&list, "%s%s", list.size == 0 ? "" : " ", t->name);
    error_set(err, ERR_ARGUMENT, "'%.40s' is no type of a tensor; there are %s", name, buf_text(&list));
    buf_free(&list);
    return ERR_ARGUMENT;
}

/* One line REGEX=TYPE, which is changed. */
static enum error_code add_exception(struct recipe *r, char *line, struct error *err)
{
    struct exception *e = realloc(r->exceptions, (r->n_exceptions + 1) * sizeof *e);
    char *equals = strrchr(line, '='), why[128];
    bool has;
    if (e == NULL)
        return error_memory(err);
    r->exceptions = e;
    e += r->n_exceptions;
    if (equals == NULL || equals == line)
        return error_set(err, ERR_ARGUMENT, "'%.80s' is not NAME=TYPE, such as attn_v=q8_0", line);
    *equals = '\0';
    if (find_tensor_type(equals + 1, &has, &e->type, err) != ERR_NONE)
        return ERR_ARGUMENT;
    const int failed = regcomp(&e->name, line, REG_EXTENDED | REG_NOSUB);
    if (failed != 0) {
        regerror(failed, &e->name, why, sizeof why);
        return error_set(err, ERR_ARGUMENT, "'%.80s' is no regular expression: %s", line, why);
    }
    r->n_exceptions++;
    return ERR_NONE;
}

static enum error_code read_exceptions(struct recipe *r, const char *lines, struct error *err)
{
    enum error_code code = ERR_NONE;
    char *copy = strdup(lines), *rest = NULL;
    if (copy == NULL)
        return error_memory(err);
    for (char *line = strtok_r(copy, "\n", &rest); line != NULL && code == ERR_NONE; line = strtok_r(NULL, "\n", &rest))
        code = add_exception(r, line, err);
    free(copy);
    return code;
}

struct recipe *recipe_new(const struct recipe_options *o, const struct recipe_model *m, struct error *err)
{
    struct recipe *r = calloc(1, sizeof *r);
    if (r == NULL) {
        error_memory(err);
        return NULL;
    }
    r->model = *m;
    r->pure = o->pure;
    r->imatrix = o->imatrix;
    enum error_code code = o->type != NULL ? find_type(o->type, &r->type, err) : ERR_NONE;
    if (code == ERR_NONE)
        code = find_tensor_type(o->output_type, &r->has_output, &r->output, err);
    if (code == ERR_NONE)
        code = find_tensor_type(o->embedding_type, &r->has_embedding, &r->embedding, err);
    if (code == ERR_NONE && o->tensor_types != NULL)
        code = read_exceptions(r, o->tensor_types, err);
    if (code == ERR_NONE)
        return r;
    recipe_free(r);
    return NULL;
}

void recipe_free(struct recipe *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n_exceptions; i++)
        regfree(&r->exceptions[i].name);
    free(r->exceptions);
    free(r);
}
