/* Chat: does an old answer come out again?
 *
 * It is made anew aside, from its record: the same prompt, settings and seed, and compared token by token. What was put by a
 * person is given to the model; where settings changed inside the answer the comparison ends, as the draw of random numbers
 * is known only from the beginning of a request. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/internal.h"
#include "base/utf8.h"

void chat_verify_forget(struct chat *c)
{
    c->verify.request = 0;
    store_records_free(&c->verify.records);
    c->verify.records = (struct store_records){0};
}

/* The first token that the sampler chose, and the first after it that it did under other settings. */
static void find_stretch(struct verify *v)
{
    v->from = v->to = 0;
    for (size_t i = 0; i < v->records.n; i++)
        if (v->records.at[i].forced)
            v->from = i + 1;
    for (v->to = v->from; v->to < v->records.n && v->records.at[v->to].epoch == v->records.at[v->from].epoch; v->to++)
        ;
}

/* The settings of the stretch, with the template's stop strings as a request has them. */
static struct sampling settings_of(const struct chat *c, const struct chat_message *m)
{
    const struct verify *v = &c->verify;
    struct sampling s = m->sampling;
    uint32_t epoch = v->from < v->records.n ? v->records.at[v->from].epoch : 0;
    if (epoch < v->records.n_epochs)
        chat_settings_take(&s, v->records.epochs[epoch]);
    s.seed = m->sampling.seed;
    s.max_new_tokens = (int32_t)(v->to - v->from);
    chat_add_stops(c, &s);
    return s;
}

static enum error_code check(struct chat *c, size_t index, struct error *err)
{
    struct store_message stored = {0};
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    if (chat_model(c) == NULL)
        return error_set(err, ERR_BUSY, "the model is not loaded yet");
    if (index >= c->list.n || c->list.at[index].role != ROLE_ASSISTANT)
        return error_set(err, ERR_NOT_FOUND, "this is no answer");
    if (store_message_get(home_store(c->home), c->list.at[index].id, &stored, err) != ERR_NONE)
        return err->code;
    bool same = stored.made.fingerprint == model_info(chat_model(c))->fingerprint;
    if (!same)
        error_set(err, ERR_UNSUPPORTED, "this answer is of another model%s%s", stored.made.model != NULL ? ": " : "",
                  stored.made.model != NULL ? stored.made.model : "");
    store_message_free(&stored);
    return err->code;
}

/* Asks for the stretch again. */
static enum error_code ask(struct chat *c, size_t index, struct error *err)
{
    struct verify *v = &c->verify;
    struct prompt prompt = {0};
    if (chat_render_before(c, index, &prompt, err) != ERR_NONE)
        return err->code;
    bool ok = true;
    for (size_t i = 0; ok && i < v->from; i++)
        ok = ids_append(&prompt.ids, &v->records.at[i].chosen.id, 1);
    struct sampling s = settings_of(c, &c->list.at[index]);
    if (!ok)
        error_set(err, ERR_MEMORY, "no memory for the prompt");
    else if (prompt.ids.n > WORKER_ASIDE_MOST)
        error_set(err, ERR_CONTEXT, "what stands before this answer has %zu tokens; up to %d can be verified", prompt.ids.n,
                  WORKER_ASIDE_MOST);
    else
        v->request = worker_generate_aside(c->worker, prompt.ids.at, prompt.ids.n, &s, err);
    prompt_free(&prompt);
    if (v->request == 0)
        error_set(err, ERR_BUSY, "the model is busy; try again");
    return err->code;
}

enum error_code chat_verify(struct chat *c, size_t index, struct error *err)
{
    if (check(c, index, err) != ERR_NONE)
        return err->code;
    chat_title_forget(c);
    chat_verify_forget(c);
    struct verify *v = &c->verify;
    if (store_records(home_store(c->home), c->list.at[index].id, &v->records, err) != ERR_NONE)
        return err->code;
    find_stretch(v);
    if (v->to == v->from)
        return error_set(err, ERR_NOT_FOUND, "this answer has no record of its tokens");
    if (v->to - v->from > WORKER_ASIDE_MOST)
        v->to = v->from + WORKER_ASIDE_MOST;
    v->at = v->from;
    if (ask(c, index, err) != ERR_NONE)
        chat_verify_forget(c);
    return err->code;
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static void tell_same(struct chat *c)
{
    const struct verify *v = &c->verify;
    size_t same = v->at - v->from;
    bool cut = same == WORKER_ASIDE_MOST;
    const char *why = v->to == v->records.n ? "" : cut ? "; more are not compared" : "; then other settings were in force";
    chat_remark(c, false, "identical, %zu token%s%s", same, same == 1 ? "" : "s", why);
}

/* A token as text; what is no text of its own as the vocabulary spells it. */
static void write_token(const struct chat *c, int32_t id, char *out, size_t size)
{
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    struct buf piece;
    buf_init(&piece, 4096);
    bool text = tokenizer_piece(t, id, &piece) && piece.size > 0 && utf8_check(buf_text(&piece), piece.size) == piece.size;
    const char *spelling = text ? buf_text(&piece) : tokenizer_spelling(t, id);
    snprintf(out, size, "%s", spelling != NULL ? spelling : "");
    buf_free(&piece);
}

static void take_token(struct chat *c, const struct event *event)
{
    char was[64], is[64];
    struct verify *v = &c->verify;
    if (event->id < 0 || v->at >= v->to)
        return;
    if (v->records.at[v->at].chosen.id == event->id) {
        v->at++;
        return;
    }
    write_token(c, v->records.at[v->at].chosen.id, was, sizeof was);
    write_token(c, event->id, is, sizeof is);
    chat_remark(c, false, "differs at token %zu: it was '%s', now it is '%s'", v->at + 1, was, is);
    chat_verify_forget(c);
    worker_stop(c->worker);
}

bool chat_verify_take(struct chat *c, const struct event *event)
{
    struct verify *v = &c->verify;
    if (v->request == 0 || event->request != v->request)
        return false;
    if (event->kind == EVENT_TOKEN) {
        take_token(c, event);
    } else if (event->kind == EVENT_FAILED) {
        chat_remark(c, true, "%s", event->error.message);
        chat_verify_forget(c);
    } else if (event->kind == EVENT_DONE) {
        if (v->at >= v->to || (event->finish == FINISH_END && v->at + 1 >= v->to))
            tell_same(c);
        else if (event->finish == FINISH_STOPPED)
            chat_remark(c, false, "not verified: stopped");
        else
            chat_remark(c, false, "differs at token %zu: now the answer ends there", v->at + 1);
        chat_verify_forget(c);
    }
    return true;
}
