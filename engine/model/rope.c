/* The rotary position embedding (Su et al. 2021, arXiv:2104.09864) as the model's keys describe it: its base, its scaling
 * (rope-scaling.h), and Llama 3's factors, which the file carries as the tensor rope_freqs.weight. */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"
#include "engine/model/architecture.h"
#include "engine/model/model.h"

static enum error_code read_base(struct model *m, struct error *err)
{
    const struct model_key key = model_key(m, m->architecture->keys.rope_base);
    double base = 10000;
    source_float(m->source, key.text, &base);
    if (!(base > 0 && base < 1e15))
        return error_set(err, ERR_FORMAT, "%s: %s is %g, it must be above 0; the file is damaged, fetch it again",
                         model_label(m), key.text, base);
    m->info.rope_base = (float)base;
    m->rope.base = base;
    return ERR_NONE;
}

static enum error_code read_pairs(struct model *m, struct error *err)
{
    const struct model_key key = model_key(m, m->architecture->keys.rope_elements);
    uint64_t turned = (uint64_t)m->info.head_width;
    source_uint(m->source, key.text, &turned);
    if (turned == 0 || turned % 2 != 0 || turned > (uint64_t)m->info.head_width)
        return error_set(err, ERR_FORMAT,
                         "%s: %s is %" PRIu64 ", it must be even and at most the head's %" PRId32
                         " elements; the file is damaged, fetch it again",
                         model_label(m), key.text, turned, m->info.head_width);
    m->rope_pairs = m->rope.pairs = (int32_t)(turned / 2);
    return ERR_NONE;
}

/* The key of a property of the scaling. llama.cpp does not know dynamic scaling and would take its factor for a linear one,
 * so conversions (engine/convert) write it under keys of our own. */
static struct model_key scaling_key(const struct model *m, const char *name)
{
    struct model_key key = model_key(m, name);
    const char *type;
    uint64_t size;
    if (source_string(m->source, "palaver.rope.scaling.type", &type, &size))
        snprintf(key.text, sizeof key.text, "palaver.%s", name);
    return key;
}

/* Reads a number above 0 and below most into *out, which holds the value for a model without the key. */
static enum error_code read_positive(const struct model *m, const char *name, double most, double *out,
                                     struct error *err)
{
    if (name == NULL)
        return ERR_NONE;
    const struct model_key key = scaling_key(m, name);
    source_float(m->source, key.text, out);
    if (*out > 0 && *out < most)
        return ERR_NONE;
    return error_set(err, ERR_FORMAT, "%s: %s is %g, it must be above 0; the file is damaged, fetch it again",
                     model_label(m), key.text, *out);
}

/* The kind that the file names; linear where an older one only has a factor. */
static enum error_code read_kind(struct model *m, struct error *err)
{
    const char *type = "linear";
    uint64_t size = 6;
    source_string(m->source, scaling_key(m, m->architecture->keys.rope_type).text, &type, &size);
    if (rope_kind_parse(type, size, &m->rope.kind))
        return ERR_NONE;
    return error_set(err, ERR_UNSUPPORTED,
                     "%s: RoPE scaling of type '%.*s' is not supported; Palaver knows linear, yarn, "
                     "dynamic and Llama 3's",
                     model_label(m), size < 32 ? (int)size : 32, type);
}

static enum error_code read_factor(struct model *m, struct error *err)
{
    m->rope.factor = 1;
    if (!source_float(m->source, scaling_key(m, m->architecture->keys.rope_factor).text, &m->rope.factor))
        source_float(m->source, model_key(m, m->architecture->keys.rope_factor_old).text, &m->rope.factor);
    if (m->rope.factor == 0) /* older converters write 0 for none */
        m->rope.factor = 1;
    if (m->rope.factor > 0 && m->rope.factor < 1e6)
        return ERR_NONE;
    return error_set(err, ERR_FORMAT,
                     "%s: the RoPE scaling factor is %g, it must be above 0; the file is damaged, "
                     "fetch it again",
                     model_label(m), m->rope.factor);
}

static enum error_code read_scaling(struct model *m, struct error *err)
{
    double trained = m->info.context;
    m->rope.attention = 1;
    m->rope.beta_fast = 32;
    m->rope.beta_slow = 1;
    enum error_code code = read_kind(m, err);
    if (code == ERR_NONE && m->rope.kind != ROPE_NONE && m->rope.kind != ROPE_LLAMA3)
        code = read_factor(m, err);
    else
        m->rope.factor = 1;
    if (code == ERR_NONE)
        code = read_positive(m, m->architecture->keys.rope_trained, INT32_MAX, &trained, err);
    if (code == ERR_NONE)
        code = read_positive(m, m->architecture->keys.rope_attention, 1e3, &m->rope.attention, err);
    if (code == ERR_NONE)
        code = read_positive(m, m->architecture->keys.rope_beta_fast, 1e6, &m->rope.beta_fast, err);
    if (code == ERR_NONE)
        code = read_positive(m, m->architecture->keys.rope_beta_slow, 1e6, &m->rope.beta_slow, err);
    m->rope.trained = (int32_t)trained;
    if (m->rope.factor == 1 && m->rope.kind != ROPE_LLAMA3)
        m->rope.kind = ROPE_NONE;
    return code;
}

/* Divides the frequencies by Llama 3's factors if the file has them. */
static enum error_code apply_factors(struct model *m, struct error *err)
{
    struct tensor t;
    if (!source_tensor(m->source, "rope_freqs.weight", &t))
        return ERR_NONE;
    if (t.rows != 1 || t.cols != (uint64_t)m->rope_pairs)
        return error_set(err, ERR_FORMAT,
                         "%s: tensor rope_freqs.weight is %" PRIu64 " x %" PRIu64 ", expected %" PRId32
                         " x 1; the file is damaged, fetch it again",
                         model_label(m), t.cols, t.rows, m->rope_pairs);
    float *factors = malloc((size_t)m->rope_pairs * sizeof *factors);
    if (factors == NULL)
        return error_memory(err);
    tensor_unpack_row(&t, 0, factors);
    enum error_code code = ERR_NONE;
    for (int32_t i = 0; i < m->rope_pairs && code == ERR_NONE; i++) {
        if (!(factors[i] > 0 && isfinite(factors[i])))
            code = error_set(err, ERR_FORMAT,
                             "%s: rope_freqs.weight holds %g, which divides nothing; the file is "
                             "damaged, fetch it again",
                             model_label(m), (double)factors[i]);
        m->rope_frequency[i] /= factors[i];
    }
    free(factors);
    m->rope.kind = ROPE_LLAMA3;
    return code;
}

enum error_code model_read_rope(struct model *m, struct error *err)
{
    if (m->architecture->keys.rope_base == NULL)
        return ERR_NONE;
    enum error_code code = read_base(m, err);
    if (code == ERR_NONE)
        code = read_pairs(m, err);
    if (code == ERR_NONE)
        code = read_scaling(m, err);
    if (code != ERR_NONE)
        return code;
    m->rope_frequency = malloc((size_t)m->rope_pairs * sizeof *m->rope_frequency);
    if (m->rope_frequency == NULL)
        return error_memory(err);
    rope_frequencies(&m->rope, m->rope_frequency);
    m->rope_attention = rope_attention_factor(&m->rope);
    code = apply_factors(m, err);
    m->info.rope_scaling = rope_kind_name(m->rope.kind);
    return code;
}
