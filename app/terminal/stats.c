/* Stats: one place that names and divides the timings. */
#include <config.h>

#include "app/terminal/stats.h"

#include <stdio.h>

#include <jansson.h>

#include "engine/engine.h"

static double rate(size_t tokens, double seconds)
{
    return seconds > 0 ? (double)tokens / seconds : 0;
}

static size_t tokens_read(const struct timings *t)
{
    return t->prompt_tokens > t->reused_tokens ? t->prompt_tokens - t->reused_tokens : 0;
}

void stats_write_prompt(const struct timings *t, char *out, size_t size)
{
    size_t read = tokens_read(t);
    snprintf(out, size, "prompt: %zu tokens, %zu read in %.2f s (%.0f/s), %zu kept from before", t->prompt_tokens, read,
             t->prefill_seconds, rate(read, t->prefill_seconds), t->reused_tokens);
}

void stats_write_answer(const struct timings *t, uint64_t seed, char *out, size_t size)
{
    int at = snprintf(out, size, "answer: %zu tokens in %.2f s (%.1f/s), the first after %.2f s, seed %llu",
                      t->answer_tokens, t->decode_seconds, rate(t->answer_tokens, t->decode_seconds),
                      t->first_token_seconds, (unsigned long long)seed);
    if (t->guessed_tokens > 0 && at > 0 && (size_t)at < size)
        snprintf(out + at, size - (size_t)at, ", %zu of %zu guesses right", t->true_guesses, t->guessed_tokens);
}

void stats_print(FILE *out, const struct timings *t, uint64_t seed)
{
    char prompt[STATS_LINE], answer[STATS_LINE];
    stats_write_prompt(t, prompt, sizeof prompt);
    stats_write_answer(t, seed, answer, sizeof answer);
    fprintf(out, "%s\n%s\n", prompt, answer);
}

json_t *stats_usage(const struct timings *t)
{
    return json_pack("{s:I, s:I, s:I}", "prompt_tokens", (json_int_t)t->prompt_tokens, "reused_tokens",
                     (json_int_t)t->reused_tokens, "answer_tokens", (json_int_t)t->answer_tokens);
}

json_t *stats_timings(const struct timings *t)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "prefill_seconds", t->prefill_seconds, "first_token_seconds",
                     t->first_token_seconds, "decode_seconds", t->decode_seconds, "prefill_tokens_per_second",
                     rate(tokens_read(t), t->prefill_seconds), "decode_tokens_per_second",
                     rate(t->answer_tokens, t->decode_seconds));
}

const char *finish_name(enum finish finish)
{
    static const char *const names[] = {
        [FINISH_END] = "end",         [FINISH_STOP_STRING] = "stop", [FINISH_LENGTH] = "length",
        [FINISH_CONTEXT] = "context", [FINISH_STOPPED] = "stopped",
    };
    return names[finish];
}
