/* Fork: continuing an answer differently from one of its tokens on.
 *
 * The answer's token records say which ids stand before the place. The model is given those ids, not the text tokenised
 * again, so that the key/value cache holds everything but the token that is put there. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/answer.h"
#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/distant.h"
#include "app/chat/edit.h"
#include "app/chat/list.h"
#include "app/chat/manner.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/undone.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "history/history.h"

enum { PIECE_MOST = 4096 };

/* Where an answer forks, and what is put there. */
struct fork {
    size_t index, place; /* of the answer, and of its token */
    struct ids put;      /* none: the model draws at once */
};

/* ---- the beginning of the new answer ---------------------------------------------------------------------------- */

static struct store_token forced_token(const struct store_records *r, size_t place, int32_t id, size_t bytes)
{
    struct store_token t = {.entropy = -1};
    if (place < r->n)
        t = r->at[place];
    t.chosen = (struct store_candidate){.id = id};
    t.rank = 0;
    for (int32_t i = 0; i < t.n_best; i++)
        if (t.best[i].id == id) {
            t.chosen = t.best[i];
            t.rank = (uint32_t)i + 1;
        }
    t.bytes = (uint32_t)bytes;
    t.forced = true;
    return t;
}

/* Appends the tokens that are put to the answer's text and records. Only the first keeps its alternatives. The bytes
 * of a split character are attributed to the token that completes it. */
static bool append_forced(const struct chat *c, struct chat_message *m, const struct store_records *r,
                          const struct fork *f)
{
    struct buf piece;
    size_t waiting = 0;
    bool ok = true;
    buf_init(&piece, PIECE_MOST);
    for (size_t i = 0; ok && i < f->put.n; i++) {
        buf_clear(&piece);
        ok = chat_piece(c, f->put.at[i], &piece) && buf_append(&m->text, buf_text(&piece), piece.size);
        waiting += piece.size;
        size_t whole = utf8_check(buf_text(&m->text) + m->text.size - waiting, waiting);
        bool last = i + 1 == f->put.n;
        m->tokens[m->n_tokens++] = forced_token(r, i == 0 ? f->place : r->n, f->put.at[i], last ? waiting : whole);
        waiting -= whole;
    }
    buf_free(&piece);
    return ok;
}

/* Its texts are told with the new answer again. */
static void reuse_token(struct chat *c, const struct store_token *t)
{
    speaker_reuse_token(c->speaker, t->chosen.id);
    for (int32_t i = 0; i < t->n_best; i++)
        speaker_reuse_token(c->speaker, t->best[i].id);
}

/* Gives the answer its first records, those before the place and those put there, and has it begin with their ids. */
static enum error_code copy_prefix(struct chat *c, struct chat_message *m, const struct store_records *r,
                                   const struct fork *f, struct error *err)
{
    struct ids beginning = {0};
    m->tokens = calloc(f->place + f->put.n + 1, sizeof *m->tokens);
    bool ok = m->tokens != NULL;
    for (size_t i = 0; ok && i < f->place; i++) {
        m->tokens[m->n_tokens++] = r->at[i];
        reuse_token(c, &r->at[i]);
        ok = ids_append(&beginning, &r->at[i].chosen.id, 1);
    }
    ok = ok && append_forced(c, m, r, f) && ids_append(&beginning, f->put.at, f->put.n) &&
         answering_force(c->answering, &beginning);
    m->tokens_capacity = ok ? m->n_tokens : 0;
    ids_free(&beginning);
    return ok ? ERR_NONE : error_memory(err);
}

/* ---- forking ---------------------------------------------------------------------------------------------------- */

static enum error_code check_fork(struct chat *c, size_t index, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE ||
        chat_check_loaded(c, err) != ERR_NONE || chat_check_answer(c, index, err) != ERR_NONE)
        return err->code;
    const char *model = c->list.at[index].model;
    if (model == NULL)
        return error_set(err, ERR_UNSUPPORTED, "you wrote this answer, so it has no tokens to fork at");
    if (strcmp(model, speaker_name(c->speaker)) != 0)
        return error_set(err, ERR_UNSUPPORTED, "%s made this answer; /model changes to it", model);
    const struct distant *distant = speaker_distant(c->speaker);
    if (distant != NULL && !distant_continues(distant))
        return error_set(err, ERR_UNSUPPORTED, "%s can't continue the beginning of an answer, so no fork is possible",
                         chat_host(c));
    return ERR_NONE;
}

/* Puts an answer that begins as the old one up to the place where that was, and has the model continue it. */
static enum error_code replace_answer(struct chat *c, const struct store_records *r, const struct fork *f,
                                      struct error *err)
{
    struct chat_list old = {0};
    const struct buf *text = &c->list.at[f->index].text;
    size_t kept = 0;
    for (size_t i = 0; i < f->place; i++)
        kept += r->at[i].bytes;
    if (kept > text->size)
        return error_set(err, ERR_CORRUPT, "the record of this answer does not fit its text");
    if (chat_replace_from(c, f->index, buf_text(text), kept, &old, err) != ERR_NONE) {
        chat_list_free(&old);
        return err->code;
    }
    struct chat_message *m = &c->list.at[f->index];
    const struct sampling settings = chat_settings_for_answer(c->settings);
    m->model = strdup(speaker_name(c->speaker));
    if (!manner_give(m, &settings))
        error_memory(err);
    else
        copy_prefix(c, m, r, f, err);
    chat_settings_first_seed(c->settings);
    answering_retract_on_failure(c->answering, false);
    chat_tell_changed(c, f->index);
    if (err->code == ERR_NONE)
        chat_ask(c, err);
    answering_force(c->answering, NULL);
    if (err->code != ERR_NONE)
        chat_put_back(c, f->index, &old);
    else
        undone_clear(c->undone);
    chat_list_free(&old);
    return err->code;
}

static enum error_code fork_at(struct chat *c, const struct fork *f, struct error *err)
{
    struct store_records r = {0};
    if (store_records(home_store(c->home), c->list.at[f->index].id, &r, err) != ERR_NONE)
        return err->code;
    if (f->place > r.n)
        error_set(err, ERR_NOT_FOUND, "the record of this answer has %zu tokens, no token %zu", r.n, f->place + 1);
    else
        replace_answer(c, &r, f, err);
    store_records_free(&r);
    return err->code;
}

/* ---- at a token ------------------------------------------------------------------------------------------------- */

/* Appends a token that may be put; -1 appends none. */
static enum error_code put_token(const struct chat *c, int32_t id, struct ids *out, struct error *err)
{
    struct buf piece;
    if (id == -1)
        return ERR_NONE;
    buf_init(&piece, PIECE_MOST);
    if (id < 0 || !chat_piece(c, id, &piece) || piece.size == 0)
        error_set(err, ERR_ARGUMENT, "this token has no text; /edit cuts an answer off");
    else if (utf8_check(buf_text(&piece), piece.size) < piece.size)
        error_set(err, ERR_UNSUPPORTED, "this token is only a part of a character");
    else if (!ids_append(out, &id, 1))
        error_memory(err);
    buf_free(&piece);
    return err->code;
}

enum error_code chat_fork(struct chat *c, size_t index, size_t place, int32_t id, struct error *err)
{
    struct fork f = {.index = index, .place = place};
    if (check_fork(c, index, err) == ERR_NONE && put_token(c, id, &f.put, err) == ERR_NONE)
        fork_at(c, &f, err);
    ids_free(&f.put);
    return err->code;
}

/* ---- at a text -------------------------------------------------------------------------------------------------- */

/* Whether the tokens ids[from..] are this text. */
static bool are_text(const struct tokenizer *t, const struct ids *ids, size_t from, const char *text)
{
    struct buf pieces;
    bool ok = true;
    buf_init(&pieces, CHAT_TEXT_MOST);
    for (size_t i = from; ok && i < ids->n; i++)
        ok = tokenizer_piece(t, ids->at[i], &pieces);
    ok = ok && pieces.size == strlen(text) && memcmp(buf_text(&pieces), text, pieces.size) == 0;
    buf_free(&pieces);
    return ok;
}

/* SentencePiece puts a space before a text, but not after a newline, which is a token by itself: the text is encoded
 * after one, and the tokens up to the newline are left out. */
static bool encode_after_newline(const struct tokenizer *t, const char *text, struct ids *out, struct error *err)
{
    struct ids ids = {0};
    struct buf line;
    buf_init(&line, CHAT_TEXT_MOST);
    buf_printf(&line, "\n%s", text);
    bool found = false;
    if (tokenizer_encode(t, buf_text(&line), line.size, &ids, err) == ERR_NONE)
        for (size_t from = 1; !found && from < ids.n && from < 4; from++)
            found = are_text(t, &ids, from, text) && ids_append(out, ids.at + from, ids.n - from);
    buf_free(&line);
    ids_free(&ids);
    return found;
}

/* A server makes tokens of the text: here it is one. */
static enum error_code put_text(const struct chat *c, const char *text, struct ids *out, struct error *err)
{
    if (*text == '\0')
        return ERR_NONE;
    const int32_t id = speaker_name_token(c->speaker, text, strlen(text));
    return id >= 0 && ids_append(out, &id, 1) ? ERR_NONE : error_memory(err);
}

/* Appends the tokens of a text that is put; none of "". */
static enum error_code put_words(const struct chat *c, const char *text, struct ids *out, struct error *err)
{
    if (speaker_distant(c->speaker) != NULL)
        return put_text(c, text, out, err);
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    if (*text == '\0')
        return ERR_NONE;
    if (tokenizer_encode(t, text, strlen(text), out, err) != ERR_NONE || are_text(t, out, 0, text))
        return err->code;
    ids_free(out);
    *out = (struct ids){0};
    if (!encode_after_newline(t, text, out, err) && err->code == ERR_NONE)
        error_set(err, ERR_UNSUPPORTED, "this model's vocabulary can't spell that exactly");
    return err->code;
}

enum error_code chat_fork_words(struct chat *c, size_t index, size_t place, const char *text, struct error *err)
{
    struct fork f = {.index = index, .place = place};
    if (check_fork(c, index, err) == ERR_NONE && put_words(c, text, &f.put, err) == ERR_NONE)
        fork_at(c, &f, err);
    ids_free(&f.put);
    return err->code;
}
