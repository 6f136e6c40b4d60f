/* palaver score: logits and likelihoods of given tokens, for comparing with other implementations. */
#include <config.h>

#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/jsonl.h"
#include "base/error.h"
#include "engine/engine.h"

enum { TOP = 20 };

struct scorer {
    const struct tokenizer *tokenizer;
    struct session *session;
    int32_t vocab;
};

/* ---- logits ----------------------------------------------------------------------------------------------------- */

static int32_t likeliest(const float *logits, int32_t n)
{
    int32_t best = 0;
    for (int32_t i = 1; i < n; i++)
        if (logits[i] > logits[best])
            best = i;
    return best;
}

/* The TOP greatest as [[id, logit], ...], greatest first; the lower id first among equals. */
static json_t *top_logits(const float *logits, int32_t n)
{
    int32_t top[TOP], count = 0;
    for (int32_t i = 0; i < n; i++) {
        if (count == TOP && !(logits[i] > logits[top[TOP - 1]]))
            continue;
        int32_t at = count < TOP ? count++ : TOP - 1;
        for (; at > 0 && logits[i] > logits[top[at - 1]]; at--)
            top[at] = top[at - 1];
        top[at] = i;
    }
    json_t *array = json_array();
    for (int32_t i = 0; i < count; i++)
        json_array_append_new(array, json_pack("[i, f]", (int)top[i], (double)logits[top[i]]));
    return array;
}

/* The mean and the sample standard deviation (n - 1). */
static void moments(const float *logits, int32_t n, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (int32_t i = 0; i < n; i++)
        sum += (double)logits[i];
    *mean = sum / n;
    for (int32_t i = 0; i < n; i++)
        squares += ((double)logits[i] - *mean) * ((double)logits[i] - *mean);
    *deviation = n > 1 ? sqrt(squares / (n - 1)) : 0;
}

/* ---- one line --------------------------------------------------------------------------------------------------- */

static enum error_code read_ids(const struct scorer *s, const json_t *in, struct ids *ids, struct error *err)
{
    const json_t *text = json_object_get(in, "text"), *given = json_object_get(in, "ids");
    if (given != NULL)
        json_read_ids(given, tokenizer_size(s->tokenizer), ids, err);
    else if (!json_is_string(text))
        error_set(err, ERR_FORMAT, "a line needs \"ids\": an array or \"text\": a string");
    int32_t bos = tokenizer_bos(s->tokenizer);
    if (err->code == ERR_NONE && given == NULL && tokenizer_adds_bos(s->tokenizer) && bos >= 0 &&
        !ids_append(ids, &bos, 1))
        error_memory(err);
    if (err->code == ERR_NONE && given == NULL)
        tokenizer_encode(s->tokenizer, json_string_value(text), json_string_length(text), ids, err);
    if (err->code == ERR_NONE && ids->n == 0)
        error_set(err, ERR_FORMAT, "there are no tokens to score");
    return err->code;
}

/* The next n tokens, each the likeliest, not ending at EOS. */
static json_t *greedy_ids(const struct scorer *s, json_int_t n, struct error *err)
{
    json_t *array = json_array();
    for (json_int_t i = 0; i < n; i++) {
        int32_t id = likeliest(session_logits(s->session), s->vocab);
        json_array_append_new(array, json_integer(id));
        if (i + 1 < n && session_push(s->session, id, err) != ERR_NONE) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *score_ids(const struct scorer *s, const struct ids *ids, json_int_t n_greedy, struct error *err)
{
    float *nll = malloc(ids->n * sizeof *nll);
    if (nll == NULL) {
        error_memory(err);
        return NULL;
    }
    json_t *result = NULL;
    if (session_score(s->session, ids->at, ids->n, nll, NULL, NULL, err) == ERR_NONE) {
        const float *logits = session_logits(s->session);
        double mean, deviation;
        moments(logits, s->vocab, &mean, &deviation);
        json_t *each = json_array();
        for (size_t i = 0; i + 1 < ids->n; i++)
            json_array_append_new(each, json_real((double)nll[i]));
        result = json_pack("{s:o, s:o, s:f, s:f, s:o}", "ids", json_ids(ids->at, ids->n), "top_logits",
                           top_logits(logits, s->vocab), "logits_mean", mean, "logits_std", deviation, "nll_per_token",
                           each);
        json_t *more = greedy_ids(s, n_greedy, err);
        if (result == NULL && err->code == ERR_NONE)
            error_set(err, ERR_CORRUPT, "the logits are not numbers; the model file may be damaged");
        json_object_set_new(result, "greedy_ids", more);
    }
    free(nll);
    if (err->code == ERR_NONE)
        return result;
    json_decref(result);
    return NULL;
}

static json_t *score_line(void *context, const json_t *in, struct error *err)
{
    const struct scorer *s = context;
    struct ids ids = {0};
    json_t *result = NULL;
    const json_t *n = json_object_get(in, "greedy");
    if (n != NULL && (!json_is_integer(n) || json_integer_value(n) < 0))
        error_set(err, ERR_FORMAT, "\"greedy\" is not a number of tokens");
    else if (read_ids(s, in, &ids, err) == ERR_NONE)
        result = score_ids(s, &ids, json_integer_value(n), err);
    ids_free(&ids);
    return result;
}

int score_run(const struct options *o)
{
    struct error err = {0};
    int status;
    struct session *session = NULL;
    struct model *model = o->jsonl ? models_open(o, false, &err) : NULL;
    if (!o->jsonl)
        error_set(&err, ERR_ARGUMENT, "palaver score reads JSON lines and needs --jsonl; see palaver score --help");
    if (model != NULL)
        session = models_session(o, model, 0, &err);
    if (session == NULL) {
        status = report(&err);
    } else {
        struct scorer scorer = {model_tokenizer(model), session, model_info(model)->vocab};
        if (jsonl_run(stdin, stdout, score_line, &scorer, &err))
            status = EXIT_ANSWER;
        else
            status = err.code != ERR_NONE ? report(&err) : EXIT_ERROR;
    }
    session_free(session);
    model_free(model);
    return status;
}
