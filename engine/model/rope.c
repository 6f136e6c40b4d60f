/* The frequencies of the rotary position embedding (Su et al. 2021, arXiv:2104.09864), with linear scaling (Chen et al.
 * 2023, arXiv:2306.15595) and with Llama 3's, whose factors the file carries as the tensor rope_freqs.weight. */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
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
    return ERR_NONE;
}

static enum error_code read_pairs(struct model *m, struct error *err)
{
    const struct model_key key = model_key(m, m->architecture->keys.rope_elements);
    uint64_t turned = (uint64_t)m->info.head_width;
    source_uint(m->source, key.text, &turned);
    if (turned == 0 || turned % 2 != 0 || turned > (uint64_t)m->info.head_width)
        return error_set(err, ERR_FORMAT, "%s: %s is %" PRIu64 ", it must be even and at most the head's %" PRId32
                         " elements; the file is damaged, fetch it again", model_label(m), key.text, turned,
                         m->info.head_width);
    m->rope_pairs = (int32_t)(turned / 2);
    return ERR_NONE;
}

/* By how much positions are divided. */
static enum error_code read_linear(struct model *m, double *factor, struct error *err)
{
    const char *type = "";
    uint64_t size = 0;
    bool named = source_string(m->source, model_key(m, m->architecture->keys.rope_type).text, &type, &size);
    *factor = 1;
    if (named && !(size == 6 && memcmp(type, "linear", 6) == 0)) {
        if ((size == 4 && memcmp(type, "none", 4) == 0) || (size == 6 && memcmp(type, "llama3", 6) == 0))
            return ERR_NONE;
        return error_set(err, ERR_UNSUPPORTED, "%s: RoPE scaling of type '%.*s' is not supported; Palaver knows linear "
                         "and Llama 3 scaling", model_label(m), size < 32 ? (int)size : 32, type);
    }
    if (!source_float(m->source, model_key(m, m->architecture->keys.rope_factor).text, factor))
        source_float(m->source, model_key(m, m->architecture->keys.rope_factor_old).text, factor);
    if (*factor == 0) /* older converters write 0 for none */
        *factor = 1;
    if (!(*factor > 0 && *factor < 1e6))
        return error_set(err, ERR_FORMAT, "%s: the RoPE scaling factor is %g, it must be above 0; the file is damaged, "
                         "fetch it again", model_label(m), *factor);
    return ERR_NONE;
}

/* Divides the frequencies by Llama 3's factors if the file has them. */
static enum error_code apply_factors(struct model *m, struct error *err)
{
    struct tensor t;
    if (!source_tensor(m->source, "rope_freqs.weight", &t))
        return ERR_NONE;
    if (t.rows != 1 || t.cols != (uint64_t)m->rope_pairs)
        return error_set(err, ERR_FORMAT, "%s: tensor rope_freqs.weight is %" PRIu64 " x %" PRIu64 ", expected %" PRId32
                         " x 1; the file is damaged, fetch it again", model_label(m), t.cols, t.rows, m->rope_pairs);
    float *factors = malloc((size_t)m->rope_pairs * sizeof *factors);
    if (factors == NULL)
        return error_set(err, ERR_MEMORY, "out of memory");
    tensor_unpack_row(&t, 0, factors);
    enum error_code code = ERR_NONE;
    for (int32_t i = 0; i < m->rope_pairs && code == ERR_NONE; i++) {
        if (!(factors[i] > 0 && isfinite(factors[i])))
            code = error_set(err, ERR_FORMAT, "%s: rope_freqs.weight holds %g, which divides nothing; the file is "
                             "damaged, fetch it again", model_label(m), (double)factors[i]);
        m->rope_frequency[i] /= factors[i];
    }
    free(factors);
    m->info.rope_scaling = "llama3";
    return code;
}

enum error_code model_read_rope(struct model *m, struct error *err)
{
    double factor;
    if (m->architecture->keys.rope_base == NULL)
        return ERR_NONE;
    enum error_code code = read_base(m, err);
    if (code == ERR_NONE)
        code = read_pairs(m, err);
    if (code == ERR_NONE)
        code = read_linear(m, &factor, err);
    if (code != ERR_NONE)
        return code;
    m->info.rope_scaling = factor == 1 ? "none" : "linear";
    m->rope_frequency = malloc((size_t)m->rope_pairs * sizeof *m->rope_frequency);
    if (m->rope_frequency == NULL)
        return error_set(err, ERR_MEMORY, "out of memory");
    for (int32_t i = 0; i < m->rope_pairs; i++)
        m->rope_frequency[i] = (float)(pow(m->info.rope_base, -(double)i / m->rope_pairs) / factor);
    return apply_factors(m, err);
}
