/* Verify, by the server that made the answer: it is asked again, with the settings and the seed of the record, and its
 * text is compared as it comes, with the probabilities where it tells them.
 *
 * What this shows depends on the server. One that computes each request by itself (palaver serve) gives the same answer
 * as long as its model is the same. Others add in an order that depends on what else they answer, and some do not heed
 * seeds: then a difference says little, and the remark says so. The server's system_fingerprint, then and now, tells
 * whether its model or software changed. */
#include <config.h>

#include "app/chat/verify.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/chat/aside.h"
#include "app/chat/chat.h"
#include "app/chat/manner.h"
#include "app/chat/saving.h"
#include "app/chat/script.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/library/home.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "history/history.h"

/* The history keeps probabilities to a relative precision of 1/4000. */
#define SAME_PROBABILITY 0.0005

enum { WORD = 80 /* bytes of a place that is shown, with a NUL */ };

struct verify_there {
    struct aside_work work;
    struct store_records records;
    size_t from, to;        /* tokens that are compared: [from, to); as many as none where the server told none */
    size_t at;              /* the next one that is to be the same */
    struct buf before, was; /* the answer's text before them, and theirs */
    struct buf is;          /* what comes in the place of theirs */
    size_t same;            /* bytes of it that were compared */
    size_t differs;         /* the first byte that does; SIZE_MAX while none does */
    bool whole;             /* the answer ended by itself behind them */
    double apart;           /* by how much a probability differs at most */
    char fingerprint[64];   /* the server's, of then; "" for none */
    char without[SCRIPT_LEFT_OUT];
};

static void free_verify_there(struct aside_work *work)
{
    struct verify_there *v = (struct verify_there *)work;
    store_records_free(&v->records);
    buf_free(&v->before);
    buf_free(&v->was);
    buf_free(&v->is);
    free(v);
}

/* ---- what is said ----------------------------------------------------------------------------------------------- */

/* Ollama gives all its models this one. */
static bool is_fingerprint(const char *text)
{
    return *text != '\0' && strcmp(text, "fp_ollama") != 0;
}

/* What a difference may come from. */
static const char *difference_hint(const struct chat *c, const struct verify_there *v)
{
    const char *now = chat_fingerprint(c);
    if (!is_fingerprint(v->fingerprint) || !is_fingerprint(now))
        return "; the server does not say whether its model is the same, and not every one heeds seeds";
    return strcmp(v->fingerprint, now) == 0
               ? "; its system_fingerprint is the same: a server that answers several requests at once may round otherwise"
               : "; its system_fingerprint is another: its model or software changed";
}

static void tell_same(struct chat *c, const struct verify_there *v)
{
    const size_t tokens = v->to - v->from, n = tokens > 0 ? tokens : v->was.size;
    char odds[60] = "";
    if (v->at > v->from && v->at == v->to && v->apart < SAME_PROBABILITY)
        snprintf(odds, sizeof odds, ", with the same probabilities");
    else if (v->at > v->from)
        snprintf(odds, sizeof odds, ", with probabilities that differ by up to %.2g%%", 100 * v->apart);
    const char *now = chat_fingerprint(c);
    const bool changed = is_fingerprint(now) && is_fingerprint(v->fingerprint) && strcmp(v->fingerprint, now) != 0;
    chat_remark(c, false, "identical, %zu %s%s%s%s%s%s", n, tokens > 0 ? "token" : "byte", plural(n), odds,
                v->to < v->records.n ? "; what follows was asked for separately" : "",
                changed ? "; its system_fingerprint is another now" : "", v->without);
}

/* The place as one short line. */
static void write_place(const struct buf *text, size_t at, size_t size, char out[WORD])
{
    const size_t left = text->size - at, most = size < left ? size : left;
    size_t n = most < WORD - 4 ? most : WORD - 4;
    n -= n < left ? utf8_pending(buf_text(text) + at, n) : 0;
    snprintf(out, WORD, "%.*s%s", (int)n, buf_text(text) + at, n < most ? "…" : "");
    for (char *p = out; *p != '\0'; p++)
        *p = *p == '\n' ? ' ' : *p;
}

/* The token that has byte `at` of the stretch, and where it begins. */
static size_t token_at(const struct verify_there *v, size_t at, size_t *begin)
{
    size_t i = v->from;
    for (*begin = 0; i + 1 < v->to && *begin + v->records.at[i].bytes <= at; i++)
        *begin += v->records.at[i].bytes;
    return i;
}

static void tell_different(struct chat *c, const struct verify_there *v)
{
    char was[WORD], is[WORD];
    const size_t at = v->differs;
    size_t begin = at - utf8_pending(buf_text(&v->was), at);
    if (at == v->was.size) {
        chat_remark(c, false, "differs at the end: now the answer goes on%s%s", difference_hint(c, v), v->without);
        return;
    }
    if (v->to == v->from) {
        write_place(&v->was, begin, WORD / 2, was);
        write_place(&v->is, begin, WORD / 2, is);
        chat_remark(c, false, "differs after %zu byte%s: it was '%s', now it is '%s'%s%s", at, plural(at), was, is,
                    difference_hint(c, v), v->without);
        return;
    }
    const size_t token = token_at(v, at, &begin);
    write_place(&v->was, begin, v->records.at[token].bytes, was);
    write_place(&v->is, begin, WORD, is);
    chat_remark(c, false, "differs at token %zu: it was '%s', now it is '%s'%s%s", token + 1, was, is,
                difference_hint(c, v), v->without);
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

/* Ends it, and the server's answer, of which nothing more is needed. */
static void end_verify_there(struct chat *c)
{
    aside_forget(c->aside);
    speaker_drop_aside(c->speaker);
}

static void compare_probability(struct verify_there *v, const struct event *event)
{
    if (event->id < 0 || v->at >= v->to || v->records.at[v->at].chosen.id != event->id)
        return;
    const double was = (double)v->records.at[v->at++].chosen.before, is = (double)event->chosen.before;
    v->apart = fmax(v->apart, fabs(was - is));
}

/* The first byte that differs; SIZE_MAX while none does. */
static size_t find_difference(struct verify_there *v)
{
    const char *was = buf_text(&v->was), *is = buf_text(&v->is);
    const size_t n = v->was.size < v->is.size ? v->was.size : v->is.size;
    for (; v->same < n; v->same++)
        if (was[v->same] != is[v->same])
            return v->same;
    return v->whole && v->is.size > v->was.size ? v->was.size : SIZE_MAX;
}

/* Some servers tell their system_fingerprint at the end: a difference that it may explain waits for that. */
static bool waits_for_fingerprint(const struct chat *c, const struct verify_there *v)
{
    return is_fingerprint(v->fingerprint) && *chat_fingerprint(c) == '\0';
}

/* True when it is decided. */
static bool take_text(struct chat *c, struct verify_there *v, const struct event *event)
{
    if (v->differs != SIZE_MAX)
        return false;
    compare_probability(v, event);
    buf_append(&v->is, event->text, event->text_size);
    v->differs = find_difference(v);
    if (v->differs != SIZE_MAX && waits_for_fingerprint(c, v))
        return false;
    if (v->differs != SIZE_MAX)
        tell_different(c, v);
    else if (!v->whole && v->is.size >= v->was.size)
        tell_same(c, v);
    else
        return false;
    return true;
}

static void tell_end(struct chat *c, const struct verify_there *v, const struct event *event)
{
    if (v->differs != SIZE_MAX)
        tell_different(c, v);
    else if (event->kind == EVENT_FAILED)
        chat_remark(c, true, "not verified: %s", event->error.message);
    else if (event->finish == FINISH_STOPPED)
        chat_remark(c, false, "not verified: stopped");
    else if (v->is.size >= v->was.size)
        tell_same(c, v);
    else
        chat_remark(c, false, "differs: now the answer ends after %zu of %zu bytes%s%s", v->is.size, v->was.size,
                    difference_hint(c, v), v->without);
}

static void take_verify_there(struct chat *c, struct aside_work *work, const struct event *event)
{
    struct verify_there *v = (struct verify_there *)work;
    if (event->kind == EVENT_TOKEN && take_text(c, v, event)) {
        end_verify_there(c);
    } else if (event->kind == EVENT_DONE || event->kind == EVENT_FAILED) {
        tell_end(c, v, event);
        aside_forget(c->aside);
    }
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* What the server told of itself with the answer. *times: how often, once for each time that it was asked for a part of it. */
static void read_told(struct verify_there *v, size_t *times)
{
    *times = 0;
    for (size_t i = 0; i < v->records.n_epochs; i++) {
        json_t *epoch = json_loads(v->records.epochs[i], JSON_ALLOW_NUL, NULL);
        const json_t *told = json_object_get(epoch, "endpoint");
        const char *fingerprint = json_string_value(json_object_get(told, "system_fingerprint"));
        if (told != NULL && (*times)++ == 0)
            snprintf(v->fingerprint, sizeof v->fingerprint, "%s", fingerprint != NULL ? fingerprint : "");
        json_decref(epoch);
    }
}

/* The tokens after the last one that the user put, as far as one request brought them. */
static void find_tokens(struct verify_there *v)
{
    const struct store_records *r = &v->records;
    for (size_t i = 0; i < r->n; i++)
        if (r->at[i].forced)
            v->from = i + 1;
    for (v->to = v->from; v->to < r->n && r->at[v->to].epoch == r->at[v->from].epoch; v->to++)
        ;
    v->at = v->from;
}

static size_t bytes_before(const struct store_records *r, size_t token)
{
    size_t n = 0;
    for (size_t i = 0; i < token; i++)
        n += r->at[i].bytes;
    return n;
}

/* The stretch of the answer's text that is compared. */
static enum error_code take_stretch(struct verify_there *v, const struct chat_message *m, struct error *err)
{
    size_t times;
    read_told(v, &times);
    find_tokens(v);
    const size_t from = bytes_before(&v->records, v->from);
    const size_t to = v->to < v->records.n ? bytes_before(&v->records, v->to) : m->text.size;
    if (v->records.n == 0 && times > 1)
        return error_set(err, ERR_UNSUPPORTED,
                         "this answer was continued, and its server tells no tokens: where it went on is not known");
    if (from > to || to > m->text.size)
        return error_set(err, ERR_CORRUPT, "the record of this answer does not fit its text");
    if (from == to)
        return error_set(err, ERR_NOT_FOUND, "nothing of this answer is the server's");
    buf_append(&v->before, buf_text(&m->text), from);
    buf_append(&v->was, buf_text(&m->text) + from, to - from);
    v->whole = to == m->text.size && m->state == STORE_COMPLETE && m->finish == FINISH_END;
    return buf_failed(&v->before) || buf_failed(&v->was) ? error_memory(err) : ERR_NONE;
}

static struct sampling stretch_settings(const struct verify_there *v, const struct chat_message *m)
{
    struct sampling s = manner_of(m);
    const uint32_t epoch = v->from < v->records.n ? v->records.at[v->from].epoch : 0;
    if (epoch < v->records.n_epochs)
        chat_read_settings(&s, v->records.epochs[epoch]);
    s.seed = m->seed;
    return s;
}

static enum error_code ask_again(struct chat *c, struct verify_there *v, size_t index, struct error *err)
{
    struct speaker_question q;
    struct script_start start;
    struct script now = chat_script(c), then = script_before(&now, index);
    const struct sampling s = stretch_settings(v, &c->list.at[index]);
    if (script_question(&then, NULL, &q, &start, err) != ERR_NONE)
        return err->code;
    script_write_left_out(&then, start, v->without);
    if (v->before.size > 0) /* the answer that is to come begins with it */
        q.messages[q.n - 1].text = buf_text(&v->before);
    if (aside_ask(c, &v->work, &q, &s, err) == ERR_NONE)
        chat_remark(c, false, "asking %s again; a message ends it", chat_host(c));
    speaker_question_free(&q);
    return err->code;
}

static enum error_code check_answer(struct chat *c, size_t index, struct error *err)
{
    if (chat_check_saved(c, err) != ERR_NONE || chat_check_answer(c, index, err) != ERR_NONE)
        return err->code;
    const char *model = c->list.at[index].model;
    if (model == NULL)
        return error_set(err, ERR_UNSUPPORTED, "you wrote this answer");
    if (strcmp(model, speaker_name(c->speaker)) != 0)
        return error_set(err, ERR_UNSUPPORTED, "another model made this answer: %s; /model changes to it", model);
    return ERR_NONE;
}

enum error_code verify_there(struct chat *c, size_t index, struct error *err)
{
    if (check_answer(c, index, err) != ERR_NONE)
        return err->code;
    chat_title_cancel(c);
    struct verify_there *v = calloc(1, sizeof *v);
    if (v == NULL)
        return error_memory(err);
    v->work = (struct aside_work){.take = take_verify_there, .free = free_verify_there};
    v->differs = SIZE_MAX;
    buf_init(&v->before, CHAT_TEXT_MOST);
    buf_init(&v->was, CHAT_TEXT_MOST);
    buf_init(&v->is, CHAT_TEXT_MOST);
    if (store_records(home_store(c->home), c->list.at[index].id, &v->records, err) != ERR_NONE ||
        take_stretch(v, &c->list.at[index], err) != ERR_NONE || ask_again(c, v, index, err) != ERR_NONE)
        free_verify_there(&v->work);
    return err->code;
}
