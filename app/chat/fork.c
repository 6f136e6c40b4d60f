/* Chat: taking another road inside an answer.
 *
 * The answer's token records say which ids stand before the place. They are given to the model as they were, not as the text
 * would be tokenised now, so that the key/value cache holds all but the token that is put there. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "app/chat/internal.h"
#include "base/utf8.h"

enum { PIECE_MOST = 4096 };

/* What stands behind the place. */
struct road {
    size_t place;
    struct ids put;       /* tokens that a person puts there; none: the model draws at once */
};

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

/* The tokens that are put: as text behind the answer's, and as records. Of the first it is known what else could have
 * stood there. Bytes of a character count with the token that makes it whole. */
static bool put(const struct chat *c, struct chat_message *m, const struct store_records *r, const struct road *road)
{
    struct buf piece;
    size_t waiting = 0;
    bool ok = true;
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    buf_init(&piece, PIECE_MOST);
    for (size_t i = 0; ok && i < road->put.n; i++) {
        buf_clear(&piece);
        ok = tokenizer_piece(t, road->put.at[i], &piece) && buf_append(&m->text, buf_text(&piece), piece.size);
        waiting += piece.size;
        size_t whole = utf8_check(buf_text(&m->text) + m->text.size - waiting, waiting);
        bool last = i + 1 == road->put.n;
        m->tokens[m->n_tokens++] = forced_token(r, i == 0 ? road->place : r->n, road->put.at[i], last ? waiting : whole);
        waiting -= whole;
    }
    buf_free(&piece);
    return ok;
}

/* Fills the message and the ids that it stands for: the records before the place, and the tokens put there. */
static enum error_code fill(struct chat *c, struct chat_message *m, const struct store_records *r, const struct road *road,
                            struct error *err)
{
    c->forced.n = 0;
    m->tokens = calloc(road->place + road->put.n + 1, sizeof *m->tokens);
    bool ok = m->tokens != NULL;
    for (size_t i = 0; ok && i < road->place; i++) {
        m->tokens[m->n_tokens++] = r->at[i];
        ok = ids_append(&c->forced, &r->at[i].chosen.id, 1);
    }
    ok = ok && put(c, m, r, road) && ids_append(&c->forced, road->put.at, road->put.n);
    m->tokens_capacity = ok ? m->n_tokens : 0;
    return ok ? ERR_NONE : error_set(err, ERR_MEMORY, "no memory for an answer");
}

/* Puts the new answer in place of the old one and has the model go on. */
static enum error_code fork(struct chat *c, size_t index, const struct store_records *r, const struct road *road,
                            struct error *err)
{
    struct chat_list old = {0};
    size_t kept = 0;
    for (size_t i = 0; i < road->place; i++)
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
    enum error_code code = fill(c, m, r, road, err);
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

/* The same for all forks: makes the road with what make puts, and goes it. */
typedef enum error_code make_road(const struct chat *c, struct road *road, const void *what, struct error *err);

static enum error_code go(struct chat *c, size_t index, size_t place, make_road *make, const void *what, struct error *err)
{
    struct store_records r = {0};
    struct road road = {.place = place};
    if (check(c, index, err) != ERR_NONE ||
        store_records(home_store(c->home), c->list.at[index].id, &r, err) != ERR_NONE)
        return err->code;
    if (place > r.n)
        error_set(err, ERR_NOT_FOUND, "the record of this answer has %zu tokens, no token %zu", r.n, place + 1);
    else if (make(c, &road, what, err) == ERR_NONE)
        fork(c, index, &r, &road, err);
    ids_free(&road.put);
    store_records_free(&r);
    return err->code;
}

static enum error_code put_token(const struct chat *c, struct road *road, const void *what, struct error *err)
{
    int32_t id = *(const int32_t *)what;
    struct buf piece;
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    if (id == -1)
        return ERR_NONE;
    buf_init(&piece, PIECE_MOST);
    if (id < 0 || id >= tokenizer_size(t) || !tokenizer_piece(t, id, &piece) || piece.size == 0)
        error_set(err, ERR_ARGUMENT, "this token has no text; /edit cuts an answer off");
    else if (utf8_check(buf_text(&piece), piece.size) < piece.size)
        error_set(err, ERR_UNSUPPORTED, "this token is only a part of a character");
    else if (!ids_append(&road->put, &id, 1))
        error_set(err, ERR_MEMORY, "no memory for an answer");
    buf_free(&piece);
    return err->code;
}

enum error_code chat_fork(struct chat *c, size_t index, size_t place, int32_t id, struct error *err)
{
    return go(c, index, place, put_token, &id, err);
}

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

/* SentencePiece puts a space before a text. Behind a newline, which is a token of its own there, it does not; the tokens up
 * to the newline are left out. */
static bool encode_behind_newline(const struct tokenizer *t, const char *text, struct ids *out, struct error *err)
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

static enum error_code put_words(const struct chat *c, struct road *road, const void *what, struct error *err)
{
    const char *text = what;
    const struct tokenizer *t = model_tokenizer(chat_model(c));
    if (*text == '\0')
        return ERR_NONE;
    if (tokenizer_encode(t, text, strlen(text), &road->put, err) != ERR_NONE)
        return err->code;
    if (are_text(t, &road->put, 0, text))
        return ERR_NONE;
    ids_free(&road->put);
    road->put = (struct ids){0};
    if (!encode_behind_newline(t, text, &road->put, err) && err->code == ERR_NONE)
        error_set(err, ERR_UNSUPPORTED, "this model's vocabulary can't spell that exactly");
    return err->code;
}

enum error_code chat_fork_words(struct chat *c, size_t index, size_t place, const char *text, struct error *err)
{
    return go(c, index, place, put_words, text, err);
}
