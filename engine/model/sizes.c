/* The sizes of a model from the keys of its architecture. Each is held to a range wide enough for any model of the
 * family and narrow enough that products of two fit 64 bits; what the tensors must look like follows from them. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/file/source.h"
#include "engine/model/architecture.h"
#include "engine/model/model.h"

#define SIZE_MOST (1 << 24)  /* width, feed-forward width, vocabulary */
#define COUNT_MOST (1 << 16) /* layers, heads, elements of a head */

/* One key. Where it is an array, one number per layer, all must be equal. */
static enum error_code find_count(const struct model *m, const char *key, bool *found, uint64_t *value,
                                  struct error *err)
{
    uint64_t n;
    *found = source_uint(m->source, key, value);
    if (*found || !source_array(m->source, key, &n))
        return ERR_NONE;
    int32_t *numbers = source_array_ints(m->source, key, &n, err);
    if (numbers == NULL)
        return error_set(err, ERR_FORMAT, "%s: %s is an array of another kind than numbers", model_label(m), key);
    bool equal = n > 0;
    for (uint64_t i = 1; i < n; i++)
        equal = equal && numbers[i] == numbers[0];
    *found = equal;
    *value = equal && numbers[0] > 0 ? (uint64_t)numbers[0] : 0;
    free(numbers);
    if (!equal)
        return error_set(err, ERR_UNSUPPORTED, "%s: %s differs from layer to layer, which Palaver does not support",
                         model_label(m), key);
    return ERR_NONE;
}

/* Reads the key of that name into *out, 1 to most. Absent: fallback, or an error when that is 0. */
static enum error_code read_count(const struct model *m, const char *name, int32_t most, int32_t fallback, int32_t *out,
                                  struct error *err)
{
    bool found = false;
    *out = fallback;
    if (name == NULL)
        return ERR_NONE;
    const struct model_key full = model_key(m, name);
    const char *key = full.text;
    uint64_t value = 0;
    enum error_code code = find_count(m, key, &found, &value, err);
    if (code != ERR_NONE)
        return code;
    if (!found && fallback == 0)
        return error_set(err, ERR_FORMAT, "%s: the key %s is missing; convert the model again or fetch it elsewhere",
                         model_label(m), key);
    if (found && (value == 0 || value > (uint64_t)most))
        return error_set(err, ERR_FORMAT,
                         "%s: %s is %" PRIu64 ", it must be 1 to %" PRId32 "; the file is damaged, "
                         "fetch it again",
                         model_label(m), key, value, most);
    *out = found ? (int32_t)value : fallback;
    return ERR_NONE;
}

static enum error_code read_heads(struct model *m, struct error *err)
{
    struct model_info *info = &m->info;
    enum error_code code = read_count(m, m->architecture->keys.heads, COUNT_MOST, 0, &info->heads, err);
    if (code == ERR_NONE)
        code = read_count(m, m->architecture->keys.kv_heads, COUNT_MOST, info->heads, &info->kv_heads, err);
    if (code != ERR_NONE)
        return code;
    if (info->heads % info->kv_heads != 0)
        return error_set(err, ERR_FORMAT,
                         "%s: %" PRId32 " heads cannot share %" PRId32 " key/value heads evenly; the "
                         "file is damaged, fetch it again",
                         model_label(m), info->heads, info->kv_heads);
    if (m->architecture->keys.key_width == NULL && info->width % info->heads != 0)
        return error_set(err, ERR_FORMAT,
                         "%s: a width of %" PRId32 " cannot be shared evenly by %" PRId32
                         " heads; the file is damaged, fetch it again",
                         model_label(m), info->width, info->heads);
    int32_t value_width, share = info->width % info->heads == 0 ? info->width / info->heads : 0;
    code = read_count(m, m->architecture->keys.key_width, COUNT_MOST, share, &info->head_width, err);
    if (code == ERR_NONE)
        code = read_count(m, m->architecture->keys.value_width, COUNT_MOST, info->head_width, &value_width, err);
    if (code == ERR_NONE && value_width != info->head_width)
        code = error_set(err, ERR_UNSUPPORTED,
                         "%s: keys of %" PRId32 " and values of %" PRId32 " elements; Palaver "
                         "runs models where both are the same",
                         model_label(m), info->head_width, value_width);
    return code;
}

static enum error_code read_epsilon(struct model *m, struct error *err)
{
    const struct model_key key = model_key(m, m->architecture->keys.epsilon);
    double value;
    if (!source_float(m->source, key.text, &value))
        return error_set(err, ERR_FORMAT, "%s: the key %s is missing; convert the model again or fetch it elsewhere",
                         model_label(m), key.text);
    if (!(value >= 0 && value < 1))
        return error_set(err, ERR_FORMAT, "%s: %s is %g, it must be 0 to 1; the file is damaged, fetch it again",
                         model_label(m), key.text, value);
    m->info.norm_epsilon = (float)value;
    return ERR_NONE;
}

/* Keys that change what a model computes, in ways that Palaver does not follow. */
static enum error_code refuse_variants(const struct model *m, struct error *err)
{
    const char *experts_name = m->architecture->keys.experts, *scale_name = m->architecture->keys.attention_scale;
    uint64_t experts;
    double scale;
    if (experts_name != NULL && source_uint(m->source, model_key(m, experts_name).text, &experts) && experts > 0)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: a mixture of %" PRIu64 " experts is not supported; take a model "
                         "without experts",
                         model_label(m), experts);
    if (scale_name != NULL && source_float(m->source, model_key(m, scale_name).text, &scale) && scale != 0 &&
        fabs(scale * sqrt(m->info.head_width) - 1) > 1e-3)
        return error_set(err, ERR_UNSUPPORTED, "%s: %s is %g, which Palaver does not support", model_label(m),
                         model_key(m, scale_name).text, scale);
    return ERR_NONE;
}

enum error_code model_read_sizes(struct model *m, struct error *err)
{
    struct model_info *info = &m->info;
    const struct {
        const char *name;
        int32_t most;
        int32_t *out;
    } rows[] = {
        {m->architecture->keys.layers, COUNT_MOST, &info->layers},
        {m->architecture->keys.width, SIZE_MOST, &info->width},
        {m->architecture->keys.ff_width, SIZE_MOST, &info->ff_width},
        {m->architecture->keys.context, INT32_MAX, &info->context},
    };
    enum error_code code = ERR_NONE;
    for (size_t i = 0; code == ERR_NONE && i < sizeof rows / sizeof *rows; i++)
        code = read_count(m, rows[i].name, rows[i].most, 0, rows[i].out, err);
    if (code == ERR_NONE)
        code = read_heads(m, err);
    if (code == ERR_NONE)
        code = read_epsilon(m, err);
    return code == ERR_NONE ? refuse_variants(m, err) : code;
}
