/* Chat: taking another road inside an answer.
 *
 * The answer's token records say which ids stand before the place. They are given to the model as they were, not as the text
 * would be tokenised now, so that the key/value cache holds all but the token that is put there. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat-internal.h"
#include "base/utf8.h"

enum { PIECE_MOST = 4096 };

/* The record of the token that a person puts in place of old. */
static struct store_token forced_token(const struct store_token *old, int32_t id, size_t bytes)
{
    struct store_token t = *old;
    t.chosen = (struct store_candidate){.id = id};
    t.rank = 0;
    for (int32_t i = 0; i < old->n_best; i++)
        if (old->best[i].id == id) {
            t.chosen = old->best[i];
            t.rank = (uint32_t)i + 1;
        }
    t.bytes = (uint32_t)bytes;
    t.forced = true;
    return t;
}

/* Fills the message and the ids that it stands for: the records before place, and the token there. */
static enum error_code fill(struct chat *c, struct chat_message *m, const struct store_records *r, size_t place, int32_t id,
                            const struct buf *piece, struct error *err)
{
    c->forced.n = 0;
    m->tokens = calloc(place + 1, sizeof *m->tokens);
    bool ok = m->tokens != NULL && buf_append(&m->text, buf_text(piece), piece->size);
    for (size_t i = 0; ok && i < place; i++) {
        m->tokens[i] = r->at[i];
        ok = ids_append(&c->forced, &r->at[i].chosen.id, 1);
    }
    if (!ok || !ids_append(&c->forced, &id, 1))
        return error_set(err, ERR_MEMORY, "no memory for an answer");
    m->tokens[place] = forced_token(&r->at[place], id, piece->size);
    m->n_tokens = m->tokens_capacity = place + 1;
    return ERR_NONE;
}

/* Puts the new answer in place of the old one and has the model go on. */
static enum error_code fork(struct chat *c, size_t index, const struct store_records *r, size_t place, int32_t id,
                            const struct buf *piece, struct error *err)
{
    struct chat_list old = {0};
    size_t kept = 0;
    for (size_t i = 0; i < place; i++)
        kept += r->at[i].bytes;
    if (kept > c->list.at[index].text.size)
        return error_set(err, ERR_CORRUPT, "the record of this answer does not fit its text");
    if (!chat_list_move(&c->list, index, &old) ||
        chat_list_add(&c->list, ROLE_ASSISTANT, buf_text(&old.at[0].text), kept) == NULL) {
        if (old.n > 0)
            chat_list_move(&old, 0, &c->list);
        return error_set(err, ERR_MEMORY, "no memory for an answer");
    }
    struct chat_message *m = &c->list.at[index];
    m->sibling = old.at[0].siblings;
    m->siblings = old.at[0].siblings + 1;
    m->model = strdup(model_info(chat_model(c))->name);
    chat_take_settings(c, m);
    enum error_code code = fill(c, m, r, place, id, piece, err);
    c->tries = 0;
    c->sent = false;
    chat_tell_changed(c, index);
    if (code == ERR_NONE)
        code = chat_ask(c, err);
    c->forced.n = 0;
    if (code != ERR_NONE)
        chat_put_back(c, index, &old);
    else
        chat_forget_undone(c);
    chat_list_free(&old);
    return code;
}

static enum error_code check(struct chat *c, size_t index, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    if (chat_model(c) == NULL)
        return error_set(err, ERR_BUSY, "the model is not loaded yet");
    if (index >= c->list.n || c->list.at[index].role != ROLE_ASSISTANT)
        return error_set(err, ERR_NOT_FOUND, "this is no answer");
    const char *model = c->list.at[index].model;
    if (model == NULL || strcmp(model, model_info(chat_model(c))->name) != 0)
        return error_set(err, ERR_UNSUPPORTED, "this answer is of %s; /model changes to it", model != NULL ? model : "a person");
    return ERR_NONE;
}

enum error_code chat_fork(struct chat *c, size_t index, size_t place, int32_t id, struct error *err)
{
    struct store_records r = {0};
    struct buf piece;
    if (check(c, index, err) != ERR_NONE ||
        store_records(keep_store(c->keep), c->list.at[index].id, &r, err) != ERR_NONE)
        return err->code;
    buf_init(&piece, PIECE_MOST);
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    if (place >= r.n)
        error_set(err, ERR_NOT_FOUND, "the record of this answer has %zu tokens, no token %zu", r.n, place + 1);
    else if (id < 0 || id >= tokenizer_size(t) || !tokenizer_piece(t, id, &piece) || piece.size == 0)
        error_set(err, ERR_ARGUMENT, "this token has no text; /edit cuts an answer off");
    else if (utf8_check(buf_text(&piece), piece.size) < piece.size)
        error_set(err, ERR_UNSUPPORTED, "this token is only a part of a character");
    else
        fork(c, index, &r, place, id, &piece, err);
    buf_free(&piece);
    store_records_free(&r);
    return err->code;
}
