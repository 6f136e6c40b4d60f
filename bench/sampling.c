/* bench/sampling [MODEL [FOLDER]]: what it costs to see how tokens are chosen.
 *
 * Times a preview of the settings' effect for a vocabulary of 128,000. With MODEL it also compares decoding without any of
 * it (no candidates, nothing kept) with decoding as the program does it (candidates, and a record of each token written
 * into a history in FOLDER, the current one if not given): token by token in turn, so that both meet the same machine, and
 * the bytes that a token's record takes. The program writes in another thread than the one that decodes; here both are one,
 * so that all of it counts. */
#include <config.h>

#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "history/history.h"

enum { VOCABULARY = 128000, PREVIEWS = 1000, PREVIOUS = 4096, TOKENS = 64, ROUNDS = 30 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(bool ok, const struct error *err)
{
    if (!ok) {
        fprintf(stderr, "bench/sampling: %s\n", err->message);
        exit(1);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *at, int n, double part)
{
    qsort(at, (size_t)n, sizeof *at, by_value);
    return at[(int)(part * (n - 1) + 0.5)];
}

/* ---- previews --------------------------------------------------------------------------------------------------- */

static double draw(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

/* As a model's are: a bell with a few tokens far above it. */
static void make_logits(float *logits)
{
    for (int i = 0; i < VOCABULARY; i++)
        logits[i] = (float)(2.5 * sqrt(-2 * log(draw() + 1e-12)) * cos(6.2831853 * draw()));
    for (int i = 0; i < 40; i++)
        logits[(int)(draw() * VOCABULARY)] += (float)(14 * draw());
}

static void time_previews(const char *what, const struct sampling *settings, const float *logits,
                          const int32_t *previous)
{
    static double times[PREVIEWS];
    struct error err = {0};
    struct candidate best[SAMPLING_CANDIDATES];
    int32_t n_best;
    struct sampler *s = sampler_new(VOCABULARY, &err);
    must(s != NULL, &err);
    for (int i = 0; i < PREVIEWS; i++) {
        double start = now_ms();
        sampler_preview(s, settings, logits, previous, PREVIOUS, best, &n_best);
        times[i] = now_ms() - start;
    }
    printf("%-44s median %6.2f ms   p99 %6.2f ms   %zu survive\n", what, quantile(times, PREVIEWS, 0.5),
           quantile(times, PREVIEWS, 0.99), sampler_survivors(s));
    sampler_free(s);
}

static void previews(void)
{
    static float logits[VOCABULARY];
    static int32_t previous[PREVIOUS];
    struct sampling s = sampling_defaults();
    make_logits(logits);
    for (int i = 0; i < PREVIOUS; i++)
        previous[i] = (int32_t)(draw() * VOCABULARY);
    time_previews("preview of 128,000, as built in", &s, logits, previous);
    s.temperature = 2;
    s.top_k = 0;
    s.top_p = 0.99f;
    s.min_p = 0;
    s.typical_p = 0.98f;
    time_previews("preview, hot, top_p and typical_p", &s, logits, previous);
    s.repetition_penalty = 1.1f;
    s.frequency_penalty = 0.5f;
    s.repetition_window = -1;
    s.dry_multiplier = 0.8f;
    s.dynatemp_range = 0.5f;
    s.top_n_sigma = 5;
    s.xtc_probability = 1;
    s.min_p = 1e-6f;
    time_previews("preview, everything on", &s, logits, previous);
}

/* ---- records ---------------------------------------------------------------------------------------------------- */

struct run {
    struct session *session;
    struct sampler *sampler;
    const struct tokenizer *tokenizer;
    struct sampling settings;
    int32_t ids[8192];
    size_t n_prompt, n;
    struct store *store;
    int64_t conversation, leaf;
};

static struct store_token record(const struct sampler *s, int32_t id, const struct candidate *chosen,
                                 const struct candidate *best, int32_t n_best, size_t bytes)
{
    struct store_token t = {.chosen = {.id = id, .before = chosen->before, .after = chosen->after},
                            .bytes = (uint32_t)bytes,
                            .rank = (uint32_t)sampler_rank(s),
                            .entropy = sampler_entropy(s)};
    for (int32_t i = 0; i < n_best && t.n_best < STORE_CANDIDATES; i++)
        t.best[t.n_best++] = (struct store_candidate){.id = best[i].id,
                                                      .before = best[i].before,
                                                      .after = best[i].after,
                                                      .removed_by = (uint8_t)best[i].removed_by};
    return t;
}

/* Back to the prompt, of which the last token is evaluated anew. */
static void rewind_run(struct run *r)
{
    struct error err = {0};
    r->n = r->n_prompt;
    sampler_seed(r->sampler, 1);
    must(session_sync(r->session, r->ids, r->n, NULL, NULL, NULL, &err) == ERR_NONE, &err);
}

/* Chooses and evaluates one token; with reply it is told and kept too. */
static void one_token(struct run *r, struct store_reply *reply, struct buf *piece)
{
    struct error err = {0};
    struct candidate chosen, best[SAMPLING_CANDIDATES];
    int32_t n_best = 0;
    int32_t id = sampler_choose(r->sampler, &r->settings, session_logits(r->session), r->ids, r->n, &chosen,
                                reply != NULL ? best : NULL, &n_best);
    r->ids[r->n++] = id;
    buf_clear(piece);
    tokenizer_piece(r->tokenizer, id, piece);
    if (reply != NULL) {
        struct store_token t = record(r->sampler, id, &chosen, best, n_best, piece->size);
        must(store_reply_append(reply, buf_text(piece), piece->size, &t, &err) == ERR_NONE, &err);
    }
    must(session_push(r->session, id, &err) == ERR_NONE, &err);
}

/* TOKENS tokens without and as many with, by turns, beginning with one or the other: their milliseconds. */
static void decode(struct run *r, bool with_first, double *without, double *with)
{
    struct error err = {0};
    struct store_making made = {0};
    struct store_reply *reply = store_reply_begin(r->store, r->conversation, r->leaf, STORE_ASSISTANT, &made, &err);
    struct buf piece;
    buf_init(&piece, 1 << 16);
    must(reply != NULL, &err);
    rewind_run(r);
    *without = *with = 0;
    for (int i = 0; i < 2 * TOKENS; i++) {
        bool kept = (i % 2 == 0) == with_first;
        double start = now_ms();
        one_token(r, kept ? reply : NULL, &piece);
        *(kept ? with : without) += now_ms() - start;
    }
    must(store_reply_finish(reply, STORE_COMPLETE, NULL, &err) == ERR_NONE, &err);
    store_reply_free(reply);
    buf_free(&piece);
}

static double bytes_kept(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    double bytes = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT sum(length(data)) FROM record", -1, &query, NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW)
        bytes = sqlite3_column_double(query, 0);
    sqlite3_finalize(query);
    sqlite3_close(db);
    return bytes;
}

static void read_prompt(struct run *r)
{
    static const char text[] =
        "<|im_start|>user\nTell me a long story about a llama that crossed the mountains and what it "
        "found there.<|im_end|>\n<|im_start|>assistant\n";
    struct ids ids = {0};
    struct error err = {0};
    must(tokenizer_encode(r->tokenizer, text, sizeof text - 1, &ids, &err) == ERR_NONE, &err);
    memcpy(r->ids, ids.at, ids.n * sizeof *ids.at);
    r->n_prompt = ids.n;
    ids_free(&ids);
}

/* Choosing alone, at the logits where the run stands: all that rank, entropy, probabilities and candidates can take. */
static void time_choice(struct run *r)
{
    static double times[PREVIEWS];
    struct candidate chosen, best[SAMPLING_CANDIDATES];
    int32_t n_best;
    for (int i = 0; i < PREVIEWS; i++) {
        double start = now_ms();
        sampler_choose(r->sampler, &r->settings, session_logits(r->session), r->ids, r->n, &chosen, best, &n_best);
        times[i] = now_ms() - start;
    }
    printf("choosing a token of %-6d, all of it          median %6.3f ms   p99 %6.3f ms\n",
           (int)tokenizer_size(r->tokenizer), quantile(times, PREVIEWS, 0.5), quantile(times, PREVIEWS, 0.99));
}

static void compare(struct run *r, const char *path)
{
    static double ratios[ROUNDS], without[ROUNDS], with[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        decode(r, i % 2 == 0, &without[i], &with[i]);
        ratios[i] = with[i] / without[i];
    }
    printf("decoding without                             median %6.3f ms a token\n",
           quantile(without, ROUNDS, 0.5) / TOKENS);
    printf("decoding with candidates and kept records    median %6.3f ms a token\n",
           quantile(with, ROUNDS, 0.5) / TOKENS);
    printf("with : without, %d times %d tokens each      median %6.3f      quartiles %.3f to %.3f\n", ROUNDS, TOKENS,
           quantile(ratios, ROUNDS, 0.5), quantile(ratios, ROUNDS, 0.25), quantile(ratios, ROUNDS, 0.75));
    printf("a token's record                             mean   %6.1f bytes\n",
           bytes_kept(path) / (ROUNDS * (double)TOKENS));
    time_choice(r);
}

static void records(const char *model_path, const char *folder)
{
    static struct run r;
    char path[4096];
    struct error err = {0};
    struct model *model = model_open(model_path, NULL, &err);
    must(model != NULL, &err);
    r.session = session_open(model, &(struct session_options){.context = 2048}, &err);
    must(r.session != NULL, &err);
    r.tokenizer = model_tokenizer(model);
    r.sampler = sampler_new(tokenizer_size(r.tokenizer), &err);
    must(r.sampler != NULL, &err);
    r.settings = sampling_defaults();
    read_prompt(&r);
    snprintf(path, sizeof path, "%s/records-bench.db", folder);
    unlink(path);
    r.store = store_open(path, NULL, &err);
    must(r.store != NULL, &err);
    must(store_new(r.store, &r.conversation, &err) == ERR_NONE &&
             store_append(r.store, r.conversation, 0, STORE_USER, "x", 1, NULL, &r.leaf, &err) == ERR_NONE,
         &err);
    compare(&r, path);
    store_close(r.store);
    unlink(path);
    sampler_free(r.sampler);
    session_free(r.session);
    model_free(model);
}

int main(int argc, char **argv)
{
    previews();
    if (argc > 1)
        records(argv[1], argc > 2 ? argv[2] : ".");
    return 0;
}
