/* Verify: does an old answer come out again?
 *
 * It is made again aside, from its record: the same prompt, settings and seed, and compared token by token. Tokens
 * that the user put are given to the model. Where settings changed inside the answer the comparison ends, as the
 * random numbers are known only from the beginning of a request. */
#include <config.h>

#include "app/chat/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/aside.h"
#include "app/chat/chat.h"
#include "app/chat/form.h"
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

struct verify {
    struct aside_work work;
    struct store_records records;
    size_t from, to; /* tokens that are compared: [from, to) */
    size_t at;       /* the next one */
    bool older;      /* made by another version of the kernels */
    char without[SCRIPT_LEFT_OUT];
};

static void free_verify(struct aside_work *work)
{
    store_records_free(&((struct verify *)work)->records);
    free(work);
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static void tell_same(struct chat *c, const struct verify *v)
{
    size_t same = v->at - v->from;
    const char *why = v->to == v->records.n       ? ""
                      : same == WORKER_ASIDE_MOST ? "; more are not compared"
                                                  : "; then other settings were in force";
    chat_remark(c, false, "identical, %zu token%s%s%s", same, plural(same), why, v->without);
}

/* A token as text, or as the vocabulary spells it if it is not text by itself. */
static void write_token(const struct chat *c, int32_t id, char *out, size_t size)
{
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    struct buf piece;
    buf_init(&piece, 4096);
    bool text = tokenizer_piece(t, id, &piece) && piece.size > 0 &&
                utf8_check(buf_text(&piece), piece.size) == piece.size;
    const char *spelling = text ? buf_text(&piece) : tokenizer_spelling(t, id);
    snprintf(out, size, "%s", spelling != NULL ? spelling : "");
    buf_free(&piece);
}

/* Quantised weights give the same bits on every processor, but not with every version of Palaver; products of float
 * weights may be a processor's own. */
static const char *maker_hint(const struct chat *c, const struct verify *v)
{
    if (v->older)
        return "; another version of Palaver made it, whose products were rounded otherwise";
    const struct model *model = chat_model(c);
    const char *type = model != NULL ? model_info(model)->type : "";
    const bool is_float = strcmp(type, "F32") == 0 || strcmp(type, "F16") == 0 || strcmp(type, "BF16") == 0;
    return is_float
               ? "; with float weights another kind of processor, or another float type of the same weights, may have made it so"
               : "";
}

static void compare_token(struct chat *c, struct verify *v, const struct event *event)
{
    char was[64], is[64];
    if (event->id < 0 || v->at >= v->to)
        return;
    if (v->records.at[v->at].chosen.id == event->id) {
        v->at++;
        return;
    }
    write_token(c, v->records.at[v->at].chosen.id, was, sizeof was);
    write_token(c, event->id, is, sizeof is);
    chat_remark(c, false, "differs at token %zu: it was '%s', now it is '%s'%s%s", v->at + 1, was, is, maker_hint(c, v),
                v->without);
    aside_forget(c->aside);
    speaker_stop(c->speaker);
}

static void compare_end(struct chat *c, const struct verify *v, enum finish finish)
{
    if (v->at >= v->to || (finish == FINISH_END && v->at + 1 >= v->to))
        tell_same(c, v);
    else if (finish == FINISH_STOPPED)
        chat_remark(c, false, "not verified: stopped");
    else
        chat_remark(c, false, "differs at token %zu: now the answer ends there%s%s", v->at + 1, maker_hint(c, v),
                    v->without);
}

static void take_verify(struct chat *c, struct aside_work *work, const struct event *event)
{
    struct verify *v = (struct verify *)work;
    if (event->kind == EVENT_TOKEN) {
        compare_token(c, v, event);
        return;
    }
    if (event->kind == EVENT_FAILED)
        chat_remark(c, true, "%s", event->error.message);
    else if (event->kind == EVENT_DONE)
        compare_end(c, v, event->finish);
    if (event->kind == EVENT_FAILED || event->kind == EVENT_DONE)
        aside_forget(c->aside);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

/* The tokens after the last forced one, as long as the same settings were in force, and not too many. */
static void find_stretch(struct verify *v)
{
    v->from = v->to = 0;
    for (size_t i = 0; i < v->records.n; i++)
        if (v->records.at[i].forced)
            v->from = i + 1;
    for (v->to = v->from; v->to < v->records.n && v->records.at[v->to].epoch == v->records.at[v->from].epoch; v->to++)
        ;
    if (v->to - v->from > WORKER_ASIDE_MOST)
        v->to = v->from + WORKER_ASIDE_MOST;
    v->at = v->from;
}

/* The settings of the stretch, with the template's stop strings, as a request has them. */
static struct sampling stretch_settings(const struct chat *c, const struct verify *v, const struct chat_message *m)
{
    struct sampling s = manner_of(m);
    uint32_t epoch = v->from < v->records.n ? v->records.at[v->from].epoch : 0;
    if (epoch < v->records.n_epochs)
        chat_read_settings(&s, v->records.epochs[epoch]);
    s.seed = m->seed;
    s.max_new_tokens = (int32_t)(v->to - v->from);
    speaker_add_stops(c->speaker, &s);
    return s;
}

/* Another model made the answer, or the same one with other weights in memory. */
static enum error_code refuse_maker(const struct chat *c, const struct store_making *made, struct error *err)
{
    static const char *const ways[] = {
        [LOAD_AS_IS] = "without --load-in-8bit and --load-in-4bit",
        [LOAD_8BIT] = "with --load-in-8bit",
        [LOAD_4BIT] = "with --load-in-4bit",
    };
    for (enum model_load load = LOAD_AS_IS; load <= LOAD_4BIT; load++)
        if (model_fingerprint_in(chat_model(c), load) == made->fingerprint)
            return error_set(err, ERR_UNSUPPORTED,
                             "this model made the answer with other weights in memory; start Palaver %s to verify it",
                             ways[load]);
    return error_set(err, ERR_UNSUPPORTED, "another model made this answer%s%s", made->model != NULL ? ": " : "",
                     made->model != NULL ? made->model : "");
}

/* older receives whether another version of the kernels made the answer. */
static enum error_code check_verify(struct chat *c, size_t index, bool *older, struct error *err)
{
    struct store_message stored = {0};
    if (chat_check_saved(c, err) != ERR_NONE || chat_check_answer(c, index, err) != ERR_NONE ||
        store_message_get(home_store(c->home), c->list.at[index].id, &stored, err) != ERR_NONE)
        return err->code;
    if (stored.made.fingerprint == 0 && stored.made.model == NULL)
        error_set(err, ERR_UNSUPPORTED, "this answer was %s: no model can make it again as it stands",
                  stored.made.answer_tokens > 0 ? "edited and continued" : "edited or imported");
    else if (!model_is(chat_model(c), stored.made.fingerprint))
        refuse_maker(c, &stored.made, err);
    *older = form_is_older(&stored.made);
    store_message_free(&stored);
    return err->code;
}

/* Asks for the stretch again. */
static enum error_code ask_for_stretch(struct chat *c, struct verify *v, size_t index, struct error *err)
{
    struct speaker_question q = {0};
    struct prompt *prompt = &q.prompt;
    struct script now = chat_script(c), then = script_before(&now, index);
    struct script_start start;
    if (script_render_fitting(&then, prompt, &start, err) != ERR_NONE)
        return err->code;
    script_write_left_out(&then, start, v->without);
    bool ok = true;
    for (size_t i = 0; ok && i < v->from; i++)
        ok = ids_append(&prompt->ids, &v->records.at[i].chosen.id, 1);
    struct sampling s = stretch_settings(c, v, &c->list.at[index]);
    if (!ok)
        error_memory(err);
    else if (prompt->ids.n > WORKER_ASIDE_MOST)
        error_set(err, ERR_CONTEXT, "the prompt of this answer has %zu tokens; up to %d can be verified", prompt->ids.n,
                  WORKER_ASIDE_MOST);
    else
        aside_ask(c, &v->work, &q, &s, err);
    speaker_question_free(&q);
    return err->code;
}

static enum error_code begin_verify(struct chat *c, struct verify *v, size_t index, struct error *err)
{
    if (store_records(home_store(c->home), c->list.at[index].id, &v->records, err) != ERR_NONE)
        return err->code;
    find_stretch(v);
    if (v->to == v->from)
        return error_set(err, ERR_NOT_FOUND, "this answer has no record of its tokens");
    return ask_for_stretch(c, v, index, err);
}

enum error_code chat_verify(struct chat *c, size_t index, struct error *err)
{
    bool older = false;
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_loaded(c, err) != ERR_NONE)
        return err->code;
    if (speaker_distant(c->speaker) != NULL)
        return verify_there(c, index, err);
    if (check_verify(c, index, &older, err) != ERR_NONE)
        return err->code;
    chat_title_cancel(c);
    struct verify *v = calloc(1, sizeof *v);
    if (v == NULL)
        return error_memory(err);
    v->work = (struct aside_work){.take = take_verify, .free = free_verify};
    v->older = older;
    if (begin_verify(c, v, index, err) != ERR_NONE)
        free_verify(&v->work);
    return err->code;
}
