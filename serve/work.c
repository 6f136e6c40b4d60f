/* The engine's thread.
 *
 * A round reads a part of each prompt that is being read, makes one token of each answer under way, all in one batch, and
 * scores some of the texts whose likelihoods are asked. So no request waits for another's end, and a client that has gone
 * away is noticed before the next token. */
#include <config.h>

#include "serve/work.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "serve/exchange.h"
#include "serve/internal.h"
#include "serve/job.h"
#include "serve/reply.h"
#include "serve/spell.h"

enum {
    SCORED = 64, /* texts scored in one round */
    SLICE = 256, /* tokens scored in one round while answers are being made */
};

/* A place where an answer is made. Its cache stays for a later prompt that begins alike. */
struct place {
    struct generation *generation; /* NULL until it is first needed */
    struct job *job;               /* NULL: free */
    size_t part;
    uint64_t used; /* when it was taken last, by work.clock */
};

struct work {
    struct serve *serve;
    pthread_t thread;
    pthread_mutex_t lock; /* guards the next five */
    pthread_cond_t changed;
    struct job *incoming, **incoming_end;
    size_t waiting;                 /* jobs that are handed over and not done */
    struct serve_activity activity; /* tokens; the requests are `waiting` */
    bool quit;

    struct runner *runner; /* below: the thread's own once it runs */
    struct scorer *scorer;
    struct job *jobs; /* oldest first */
    struct place places[SERVE_PARALLEL];
    int32_t n_places;
    uint64_t clock;
};

static void count_tokens(struct work *w, size_t read, size_t written)
{
    pthread_mutex_lock(&w->lock);
    w->activity.read += read;
    w->activity.written += written;
    pthread_mutex_unlock(&w->lock);
}

/* ---- ends ------------------------------------------------------------------------------------------------------- */

static void free_places_of(struct work *w, const struct job *j)
{
    for (int32_t i = 0; i < w->n_places; i++)
        if (w->places[i].job == j)
            w->places[i].job = NULL;
}

/* Takes a job out of the list and lets it go. */
static void drop_job(struct work *w, struct job *j)
{
    for (struct job **at = &w->jobs; *at != NULL; at = &(*at)->next)
        if (*at == j) {
            *at = j->next;
            break;
        }
    free_places_of(w, j);
    pthread_mutex_lock(&w->lock);
    w->waiting--;
    pthread_mutex_unlock(&w->lock);
    job_free(j);
}

static void fail_job(struct work *w, struct job *j, const struct error *err)
{
    struct buf out;
    buf_init(&out, ANSWER_MOST);
    const struct refusal why = {.error = *err};
    bool begun = false; /* a stream whose status is sent */
    for (size_t i = 0; i < j->request.n_prompts; i++)
        begun = begun || j->parts[i].told_text + j->parts[i].told_tokens > 0;
    unsigned status = MHD_HTTP_OK;
    if (begun)
        reply_stream_error(err, &out);
    else
        status = reply_refusal(&why, &out);
    exchange_finish(j->exchange, status, buf_text(&out), out.size);
    buf_free(&out);
    drop_job(w, j);
}

static void finish_job(struct work *w, struct job *j)
{
    struct buf out;
    size_t prompt, cached, answer;
    buf_init(&out, ANSWER_MOST);
    if (j->request.stream)
        reply_end(w->serve, j, &out);
    else
        reply_whole(w->serve, j, &out);
    reply_count(j, &prompt, &cached, &answer);
    exchange_count(j->exchange, prompt, cached, answer);
    exchange_finish(j->exchange, MHD_HTTP_OK, buf_text(&out), out.size);
    buf_free(&out);
    drop_job(w, j);
}

/* Sends what is new of a part, if the job is a stream. */
static void send_piece(struct work *w, struct job *j, size_t i)
{
    struct buf out;
    if (!j->request.stream)
        return;
    buf_init(&out, ANSWER_MOST);
    reply_piece(w->serve, j, i, &out);
    if (out.size > 0)
        exchange_write(j->exchange, buf_text(&out), out.size);
    buf_free(&out);
}

/* Ends a part; the job with the last of them. True when the job is gone. */
static bool finish_part(struct work *w, struct job *j, size_t i, const char *reason)
{
    struct part *p = &j->parts[i];
    p->finish = reason;
    p->state = PART_DONE;
    send_piece(w, j, i);
    if (--j->left > 0)
        return false;
    finish_job(w, j);
    return true;
}

/* ---- scoring ---------------------------------------------------------------------------------------------------- */

/* Texts that are scored together, and whose they are. */
struct scoring {
    struct scored_text texts[SCORED];
    struct job *jobs[SCORED];
    size_t parts[SCORED], n;
};

static bool keep_on(void *context, size_t done, size_t total)
{
    struct work *w = context;
    (void)done;
    (void)total;
    pthread_mutex_lock(&w->lock);
    const bool quit = w->quit;
    pthread_mutex_unlock(&w->lock);
    return !quit;
}

/* Whether the next token follows from the likelihoods alone. */
static bool is_plain_greedy(const struct request *r)
{
    const struct sampling *s = &r->settings;
    return s->temperature == 0 && s->repetition_penalty == 1 && s->presence_penalty == 0 && s->frequency_penalty == 0 &&
           s->dry_multiplier == 0 && s->n_biases == 0 && s->mirostat_tau == 0;
}

/* Adds a text, or `most` more tokens of it than were scored: the scorer keeps those for the next round. */
static bool add_scored(struct scoring *s, struct job *j, size_t i, size_t most)
{
    const struct ids *prompt = &j->request.prompts[i];
    const size_t left = prompt->n - j->parts[i].scored, n = prompt->n - (left > most ? left - most : 0);
    const int32_t top = j->request.top > 0 ? j->request.top : 1;
    const bool next = j->request.settings.max_new_tokens != 0; /* else the last token is only predicted */
    struct scored_text *t = &s->texts[s->n];
    *t = (struct scored_text){.ids = prompt->at, .n = n, .from = 1, .next = next, .top = top};
    t->logp = malloc(n * sizeof *t->logp);
    t->likely = malloc(n * (size_t)top * sizeof *t->likely);
    s->jobs[s->n] = j;
    s->parts[s->n++] = i;
    return t->logp != NULL && t->likely != NULL;
}

static void scoring_free(struct scoring *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->texts[i].logp);
        free(s->texts[i].likely);
    }
}

/* The list has an entry for each token that the client sent: programs count on it. So none for a BOS of the server's. */
static bool record_prompt(struct part *p, const struct scored_text *t, bool bos_added)
{
    bool ok = bos_added || tokens_add(&p->tokens, t->ids[0], NAN, NULL, 0);
    for (size_t i = 1; ok && i < t->n; i++)
        ok = tokens_add(&p->tokens, t->ids[i], t->logp[i - 1], t->likely + (i - 1) * (size_t)t->top, t->top);
    return ok;
}

/* Puts the prompt in front of the answer's text. */
static void echo_prompt(const struct work *w, const struct job *j, size_t i)
{
    const struct ids *prompt = &j->request.prompts[i];
    for (size_t k = 0; k < prompt->n; k++)
        spell_token(w->serve->tokenizer, prompt->at, k, &j->parts[i].text);
}

/* The single token that is asked behind a scored prompt is known already. True when the job is gone. */
static bool finish_scored(struct work *w, struct job *j, size_t i, const struct scored_text *t)
{
    struct part *p = &j->parts[i];
    const struct likely *next = t->likely + (t->n - 1) * (size_t)t->top;
    if (j->request.settings.max_new_tokens == 0)
        return finish_part(w, j, i, "length");
    tokens_add(&p->tokens, next->id, next->logp, next, t->top);
    p->answer_tokens = 1;
    const bool end = tokenizer_is_end(w->serve->tokenizer, next->id);
    if (!end)
        tokenizer_piece(w->serve->tokenizer, next->id, &p->text);
    return finish_part(w, j, i, end ? "stop" : "length");
}

static void take_scores(struct work *w, struct scoring *s)
{
    for (size_t n = 0; n < s->n; n++) {
        struct job *j = s->jobs[n];
        struct part *p = &j->parts[s->parts[n]];
        const int32_t most = j->request.settings.max_new_tokens;
        count_tokens(w, s->texts[n].n - p->scored, 0);
        p->scored = s->texts[n].n;
        if (p->scored < j->request.prompts[s->parts[n]].n)
            continue;
        echo_prompt(w, j, s->parts[n]);
        if (!record_prompt(p, &s->texts[n], j->request.bos_added[s->parts[n]]))
            p->text.failed = true;
        if (most == 0 || (most == 1 && is_plain_greedy(&j->request)))
            finish_scored(w, j, s->parts[n], &s->texts[n]);
        else
            p->state = PART_WAITS;
    }
}

/* A text that cannot be scored ends its job; the others are tried again in the next round. */
static void fail_scores(struct work *w, const struct scoring *s, const struct error *err)
{
    struct job *last = NULL;
    for (size_t n = 0; n < s->n; n++)
        if (s->jobs[n] != last) {
            last = s->jobs[n];
            fail_job(w, last, err);
        }
}

/* Gathers texts, the oldest job's first: all that there is room for, or a slice while answers are being made, which must
 * not wait for long. False when out of memory. */
static bool gather_scored(const struct work *w, struct scoring *s)
{
    size_t most = SIZE_MAX;
    bool ok = true;
    for (int32_t i = 0; i < w->n_places; i++)
        most = w->places[i].job != NULL ? SLICE : most;
    for (struct job *j = w->jobs; j != NULL; j = j->next)
        for (size_t i = 0; i < j->request.n_prompts && s->n < SCORED && most > 0; i++) {
            const size_t left = j->request.prompts[i].n - j->parts[i].scored;
            if (j->parts[i].state != PART_SCORE)
                continue;
            ok = add_scored(s, j, i, most) && ok;
            most -= left < most ? left : most;
        }
    return ok;
}

static bool score_some(struct work *w)
{
    struct scoring s = {.n = 0};
    const bool ok = gather_scored(w, &s);
    struct error err = {0};
    if (s.n == 0)
        return false;
    if (!ok)
        error_memory(&err);
    else if (scorer_run(w->scorer, s.texts, s.n, keep_on, w, &err) == ERR_NONE)
        take_scores(w, &s);
    if (err.code != ERR_NONE && err.code != ERR_STOPPED)
        fail_scores(w, &s, &err);
    scoring_free(&s);
    return true;
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

/* The free place that was used longest ago; NULL: none is free. What others have of a prompt is shared anyway. */
static struct place *find_place(struct work *w)
{
    struct place *best = NULL;
    for (int32_t i = 0; i < w->n_places; i++) {
        struct place *p = &w->places[i];
        if (p->job == NULL && (best == NULL || p->used < best->used))
            best = p;
    }
    return best;
}

static size_t all_generations(const struct work *w, struct generation **out)
{
    size_t n = 0;
    for (int32_t i = 0; i < w->n_places; i++)
        if (w->places[i].generation != NULL)
            out[n++] = w->places[i].generation;
    return n;
}

static void open_place(struct work *w, struct place *place, struct error *err)
{
    struct generation *g = generation_new(w->runner, 0, err);
    if (g != NULL && generation_speculate(g, w->serve->options.speculate, err) == ERR_NONE) {
        place->generation = g;
        return;
    }
    generation_free(g);
}

/* Begins the answer of a part in a free place. True when the job is gone. */
static bool begin_part(struct work *w, struct place *place, struct job *j, size_t i)
{
    struct part *p = &j->parts[i];
    const struct ids *prompt = &j->request.prompts[i];
    struct generation *siblings[SERVE_PARALLEL];
    struct error err = {0};
    if (j->request.echo && !j->request.logprobs)
        echo_prompt(w, j, i);
    if (j->request.settings.max_new_tokens == 0)
        return finish_part(w, j, i, "length");
    if (place->generation == NULL)
        open_place(w, place, &err);
    const size_t n = all_generations(w, siblings);
    if (place->generation == NULL || generation_begin(place->generation, prompt->at, prompt->n, &j->request.settings,
                                                      j->request.top, siblings, n, &err) != ERR_NONE) {
        fail_job(w, j, &err);
        return true;
    }
    place->job = j;
    place->part = i;
    place->used = ++w->clock;
    p->cached = generation_reused(place->generation);
    count_tokens(w, prompt->n - p->cached, 0);
    p->state = PART_READS;
    return false;
}

/* Gives places to the parts that wait, the oldest job's first. */
static void begin_parts(struct work *w)
{
    for (struct job *j = w->jobs, *next; j != NULL; j = next) {
        next = j->next;
        bool gone = false;
        for (size_t i = 0; !gone && i < j->request.n_prompts; i++) {
            struct place *place = j->parts[i].state == PART_WAITS ? find_place(w) : NULL;
            if (j->parts[i].state == PART_WAITS && place == NULL)
                return;
            if (place != NULL)
                gone = begin_part(w, place, j, i);
        }
    }
}

/* Reads a batch of each prompt. */
static bool read_prompts(struct work *w)
{
    bool any = false;
    for (int32_t i = 0; i < w->n_places; i++) {
        struct place *p = &w->places[i];
        struct error err = {0};
        if (p->job == NULL || p->job->parts[p->part].state != PART_READS)
            continue;
        any = true;
        if (generation_read(p->generation, &err))
            p->job->parts[p->part].state = PART_STEPS;
        else if (err.code != ERR_NONE)
            fail_job(w, p->job, &err);
    }
    return any;
}

/* What a step made of a part. */
static void take_step(struct work *w, struct place *place, const struct generated *g)
{
    struct job *j = place->job;
    struct part *p = &j->parts[place->part];
    if (g->error.code != ERR_NONE) {
        fail_job(w, j, &g->error);
        return;
    }
    buf_append(&p->text, g->text, g->text_size);
    p->answer_tokens++;
    generation_guesses(place->generation, &p->guessed, &p->guessed_right);
    if (j->request.logprobs)
        tokens_add(&p->tokens, g->id, g->logp, g->likely, g->n_likely);
    if (!g->ended) {
        send_piece(w, j, place->part);
        return;
    }
    place->job = NULL;
    finish_part(w, j, place->part, g->finish == FINISH_END || g->finish == FINISH_STOP_STRING ? "stop" : "length");
}

static bool step_answers(struct work *w)
{
    struct generation *all[SERVE_PARALLEL];
    struct generated *out = calloc(SERVE_PARALLEL, sizeof *out);
    struct place *of[SERVE_PARALLEL];
    size_t n = 0;
    for (int32_t i = 0; out != NULL && i < w->n_places; i++) {
        struct place *p = &w->places[i];
        if (p->job == NULL || p->job->parts[p->part].state != PART_STEPS)
            continue;
        of[n] = p;
        all[n++] = p->generation;
    }
    if (n > 0) {
        generations_step(all, n, out);
        count_tokens(w, 0, n);
    }
    for (size_t i = 0; i < n; i++)
        if (of[i]->job != NULL) /* another part of its job may have failed */
            take_step(w, of[i], &out[i]);
    free(out);
    return n > 0;
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void take_incoming_locked(struct work *w)
{
    struct job **end = &w->jobs;
    while (*end != NULL)
        end = &(*end)->next;
    *end = w->incoming;
    w->incoming = NULL;
    w->incoming_end = &w->incoming;
}

static void drop_gone(struct work *w)
{
    for (struct job *j = w->jobs, *next; j != NULL; j = next) {
        next = j->next;
        if (!exchange_is_gone(j->exchange))
            continue;
        size_t prompt, cached, answer;
        reply_count(j, &prompt, &cached, &answer);
        exchange_count(j->exchange, prompt, cached, answer);
        exchange_finish(j->exchange, MHD_HTTP_OK, "", 0);
        drop_job(w, j);
    }
}

/* One round; false when there is nothing to do. */
static bool work_round(struct work *w)
{
    drop_gone(w);
    begin_parts(w);
    const bool read = read_prompts(w), stepped = step_answers(w), scored = score_some(w);
    return read || stepped || scored || w->jobs != NULL;
}

static void end_jobs(struct work *w)
{
    struct error err = {0};
    error_set(&err, ERR_BUSY, "the server is being stopped");
    while (w->jobs != NULL)
        fail_job(w, w->jobs, &err);
}

static void *work_thread(void *context)
{
    struct work *w = context;
    for (bool busy = false, quit = false; !quit;) {
        pthread_mutex_lock(&w->lock);
        while (!busy && w->incoming == NULL && !w->quit)
            pthread_cond_wait(&w->changed, &w->lock);
        quit = w->quit;
        take_incoming_locked(w);
        pthread_mutex_unlock(&w->lock);
        if (!quit)
            busy = work_round(w);
    }
    end_jobs(w);
    return NULL;
}

struct work *work_start(struct serve *s, struct error *err)
{
    struct work *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_memory(err);
        return NULL;
    }
    w->serve = s;
    w->incoming_end = &w->incoming;
    w->n_places = s->options.parallel;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->runner = runner_open(s->model, &s->options.session, err);
    if (w->runner != NULL)
        w->scorer = scorer_new(w->runner, err);
    if (w->scorer != NULL) {
        s->context = runner_context(w->runner);
        const int code = pthread_create(&w->thread, NULL, work_thread, w);
        if (code == 0)
            return w;
        error_system(err, ERR_MEMORY, code, "no thread for the engine");
    }
    work_free(w);
    return NULL;
}

bool work_submit(struct work *w, struct job *j)
{
    pthread_mutex_lock(&w->lock);
    const bool taken = w->waiting < QUEUE_MOST && !w->quit;
    if (taken) {
        w->waiting++;
        *w->incoming_end = j;
        w->incoming_end = &j->next;
        pthread_cond_signal(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return taken;
}

struct serve_activity work_look(struct work *w)
{
    pthread_mutex_lock(&w->lock);
    struct serve_activity activity = w->activity;
    activity.requests = w->waiting;
    pthread_mutex_unlock(&w->lock);
    return activity;
}

void work_stop(struct work *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}

void work_free(struct work *w)
{
    if (w == NULL)
        return;
    for (int32_t i = 0; i < w->n_places; i++)
        generation_free(w->places[i].generation);
    scorer_free(w->scorer);
    runner_free(w->runner);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
