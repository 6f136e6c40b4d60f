/* Sampling settings that are lists: stop strings, biases of single tokens, DRY's sequence breakers. */
#include "config.h"

#include "engine/sample/sampling.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

static const double BIAS_MOST = 100;
enum { PIECE_BYTES = 1 << 20 };

static const char *const names[] = {
    [LIST_STOP] = "stop",
    [LIST_LOGIT_BIAS] = "logit_bias",
    [LIST_DRY_SEQUENCE_BREAKERS] = "dry_sequence_breakers",
};

enum sampling_list sampling_list(const char *name)
{
    enum sampling_list list = LIST_STOP;
    while (list != SAMPLING_LISTS && !sampling_same_name(names[list], name))
        list++;
    return list;
}

const char *sampling_list_name(enum sampling_list list)
{
    return names[list];
}

int32_t sampling_list_size(const struct sampling *s, enum sampling_list list)
{
    return list == LIST_STOP ? s->n_stops : list == LIST_LOGIT_BIAS ? s->n_biases : s->n_breakers;
}

void sampling_list_get(const struct sampling *s, enum sampling_list list, int32_t i, char *out, size_t size)
{
    if (list == LIST_LOGIT_BIAS)
        snprintf(out, size, "%d=%.6g", (int)s->biases[i].id, (double)s->biases[i].bias);
    else
        snprintf(out, size, "%s", list == LIST_STOP ? s->stops[i] : s->breakers[i]);
}

void sampling_list_clear(struct sampling *s, enum sampling_list list)
{
    *(list == LIST_STOP ? &s->n_stops : list == LIST_LOGIT_BIAS ? &s->n_biases : &s->n_breakers) = 0;
}

void sampling_list_copy(struct sampling *s, const struct sampling *from, enum sampling_list list)
{
    if (list == LIST_STOP) {
        memcpy(s->stops, from->stops, sizeof s->stops);
        s->n_stops = from->n_stops;
    } else if (list == LIST_LOGIT_BIAS) {
        memcpy(s->biases, from->biases, sizeof s->biases);
        s->n_biases = from->n_biases;
    } else {
        memcpy(s->breakers, from->breakers, sizeof s->breakers);
        s->n_breakers = from->n_breakers;
    }
}

/* ---- adding ----------------------------------------------------------------------------------------------------- */

static enum error_code add_stop(struct sampling *s, const char *value, struct error *err)
{
    size_t size = strlen(value);
    if (size == 0 || size >= SAMPLING_STOP_BYTES)
        return error_set(err, ERR_ARGUMENT, "a stop string has 1 to %d bytes, this one %zu", SAMPLING_STOP_BYTES - 1,
                         size);
    if (s->n_stops == SAMPLING_STOPS)
        return error_set(err, ERR_ARGUMENT, "there can be %d stop strings, not more", SAMPLING_STOPS);
    memcpy(s->stops[s->n_stops++], value, size + 1);
    return ERR_NONE;
}

static enum error_code add_breaker(struct sampling *s, const char *value, struct error *err)
{
    size_t size = strlen(value);
    if (size == 0 || size >= SAMPLING_BREAKER_BYTES)
        return error_set(err, ERR_ARGUMENT, "a sequence breaker has 1 to %d bytes, this one %zu",
                         SAMPLING_BREAKER_BYTES - 1, size);
    if (s->n_breakers == SAMPLING_BREAKERS)
        return error_set(err, ERR_ARGUMENT, "there can be %d sequence breakers, not more", SAMPLING_BREAKERS);
    memcpy(s->breakers[s->n_breakers++], value, size + 1);
    return ERR_NONE;
}

/* ID=BIAS. */
static bool read_bias(const char *value, struct logit_bias *out)
{
    char *end, *last;
    long id = strtol(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '=' || id > INT32_MAX)
        return false;
    double bias = strtod(end + 1, &last);
    if (last == end + 1 || *last != '\0' || !(fabs(bias) <= BIAS_MOST))
        return false;
    *out = (struct logit_bias){(int32_t)id, (float)bias};
    return true;
}

static enum error_code add_bias(struct sampling *s, const char *value, struct error *err)
{
    struct logit_bias added;
    if (!read_bias(value, &added))
        return error_set(err, ERR_ARGUMENT, "logit_bias is a token's id, '=' and a number from -%g to %g, not '%s'",
                         BIAS_MOST, BIAS_MOST, value);
    int32_t at = 0;
    while (at < s->n_biases && s->biases[at].id != added.id)
        at++;
    if (at == SAMPLING_BIASES)
        return error_set(err, ERR_ARGUMENT, "%d tokens can have a bias, not more", SAMPLING_BIASES);
    if (added.bias != 0.0f) {
        s->biases[at] = added;
        s->n_biases += at == s->n_biases;
    } else if (at < s->n_biases) {
        s->biases[at] = s->biases[--s->n_biases];
    }
    return ERR_NONE;
}

enum error_code sampling_list_add(struct sampling *s, enum sampling_list list, const char *value, struct error *err)
{
    switch (list) {
    case LIST_STOP: return add_stop(s, value, err);
    case LIST_LOGIT_BIAS: return add_bias(s, value, err);
    default: return add_breaker(s, value, err);
    }
}

/* ---- tokens with a role ----------------------------------------------------------------------------------------- */

static bool holds_one(const struct sampling *s, const struct buf *piece)
{
    for (int32_t i = 0; i < s->n_breakers; i++)
        if (piece->size > 0 && strstr(buf_text(piece), s->breakers[i]) != NULL)
            return true;
    return false;
}

bool sampling_breakers(const struct sampling *s, const struct tokenizer *t, struct ids *out)
{
    struct buf piece;
    bool ok = true;
    buf_init(&piece, PIECE_BYTES);
    for (int32_t id = 0; ok && id < tokenizer_size(t); id++) {
        buf_clear(&piece);
        ok = tokenizer_piece(t, id, &piece);
        if (ok && (tokenizer_is_control(t, id) || holds_one(s, &piece)))
            ok = ids_append(out, &id, 1);
    }
    buf_free(&piece);
    return ok;
}

bool sampling_spared(const struct tokenizer *t, struct ids *out)
{
    struct ids line = {0};
    bool ok = tokenizer_encode(t, "\n", 1, &line, NULL) == ERR_NONE;
    if (ok && line.n > 0)
        ok = ids_append(out, &line.at[line.n - 1], 1);
    for (int32_t id = 0; ok && id < tokenizer_size(t); id++)
        if (tokenizer_is_end(t, id))
            ok = ids_append(out, &id, 1);
    ids_free(&line);
    return ok;
}
