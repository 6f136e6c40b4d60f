/* An answer that is stored while it grows.
 *
 * What is appended waits in memory until WRITE_EVERY_MS after the last write; one write appends the text, one part of
 * token records and the settings that came into force. The message joins the search index when it ends. */
#include <config.h>

#include "history/reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/message.h"
#include "history/index.h"
#include "history/records.h"
#include "history/store.h"
#include "history/text.h"
#include "history/tree.h"
#include "history/writer.h"

#define WRITE_EVERY_MS 200
#define RETRY_AFTER_MS 1000 /* after a failed write: a full disk stays full, a lock cost the whole timeout */
#define RETRY_BUSY_MS 50    /* after a lock that was not waited for */

struct store_reply {
    struct store *s; /* NULL once the store is closed */
    struct store_reply *next;
    int64_t message, conversation;
    struct buf text, records; /* not yet written */
    uint32_t epoch;           /* of the newest token */
    char *settings;           /* for the tokens to come; NULL: no change */
    struct pending_epoch {
        uint32_t number;
        char *settings;
    } * epochs; /* not yet written */
    size_t n_epochs;
    int64_t due; /* when the next write may happen; monotonic milliseconds */
    bool ended;
};

static bool has_unwritten(const struct store_reply *r)
{
    return r->text.size > 0 || r->records.size > 0 || r->n_epochs > 0;
}

static void drop_epochs(struct store_reply *r)
{
    for (size_t i = 0; i < r->n_epochs; i++)
        free(r->epochs[i].settings);
    free(r->epochs);
    r->epochs = NULL;
    r->n_epochs = 0;
}

/* ---- beginning --------------------------------------------------------------------------------------------------- */

static struct store_reply *new_reply(struct store *s, struct error *err)
{
    struct store_reply *r = calloc(1, sizeof *r);
    if (r == NULL) {
        db_memory(s, err);
        return NULL;
    }
    r->s = s;
    buf_init(&r->text, STORE_TEXT_MAX);
    buf_init(&r->records, STORE_TEXT_MAX * 2);
    return r;
}

static struct store_reply *add_to_store(struct store_reply *r, enum error_code code)
{
    if (code != ERR_NONE) {
        free(r);
        return NULL;
    }
    r->due = clock_milliseconds() + WRITE_EVERY_MS;
    r->next = r->s->replies;
    r->s->replies = r;
    return r;
}

static enum error_code begin_message(struct store_reply *r, enum store_role role, int64_t parent,
                                     const struct store_making *made, struct error *err)
{
    struct store_making start = {0}; /* without what is known only at the end */
    if (made != NULL)
        start = (struct store_making){.model = made->model,
                                      .fingerprint = made->fingerprint,
                                      .template_name = made->template_name,
                                      .settings = made->settings,
                                      .has_seed = made->has_seed,
                                      .seed = made->seed};
    enum error_code code = writer_register(r->s, err);
    struct tree_new n = {.conversation = r->conversation,
                         .parent = parent,
                         .created = r->s->now(),
                         .writer = r->s->writer,
                         .role = role,
                         .state = STORE_STREAMING,
                         .text = "",
                         .made = &start};
    return code == ERR_NONE ? tree_add(r->s, &n, &r->message, err) : code;
}

struct store_reply *store_reply_begin(struct store *s, int64_t conversation, int64_t parent, enum store_role role,
                                      const struct store_making *made, struct error *err)
{
    struct store_reply *r = new_reply(s, err);
    if (r == NULL)
        return NULL;
    r->conversation = conversation;
    enum error_code code = txn_write(s, err);
    return add_to_store(r, code != ERR_NONE ? code : txn_end(s, begin_message(r, role, parent, made, err), err));
}

/* Makes an ended message stream again; its words leave the index until it ends again. */
static enum error_code reopen_message(struct store_reply *r, struct error *err)
{
    struct store *s = r->s;
    struct store_message m = {0};
    enum error_code code = message_read(s, r->message, &m, err);
    if (code != ERR_NONE)
        return code;
    r->conversation = m.conversation;
    if (m.state == STORE_STREAMING)
        code = error_set(err, ERR_BUSY, "this answer is being written by another program or window");
    if (code == ERR_NONE)
        code = writer_register(s, err);
    if (code == ERR_NONE)
        code = index_drop(s, INDEX_TEXTS, m.id, m.text, m.size, err);
    if (code == ERR_NONE)
        code = db_run(s, err, "UPDATE message SET state = 1, writer = ? WHERE id = ?", "ii", s->writer, m.id);
    store_message_free(&m);
    return code;
}

static enum error_code resume_message(struct store_reply *r, struct error *err)
{
    int64_t epoch = 0;
    enum error_code code = reopen_message(r, err);
    if (code == ERR_NONE)
        code =
            db_number(r->s, err, &epoch, "SELECT ifnull(max(number), 0) FROM epoch WHERE message = ?", "i", r->message);
    r->epoch = (uint32_t)epoch;
    return code == ERR_NONE ? conversation_revise(r->s, r->conversation, err) : code;
}

struct store_reply *store_reply_resume(struct store *s, int64_t message, struct error *err)
{
    struct store_reply *r = new_reply(s, err);
    if (r == NULL)
        return NULL;
    r->message = message;
    enum error_code code = txn_write(s, err);
    return add_to_store(r, code != ERR_NONE ? code : txn_end(s, resume_message(r, err), err));
}

int64_t store_reply_message(const struct store_reply *r)
{
    return r->message;
}

/* ---- growing ----------------------------------------------------------------------------------------------------- */

/* Changed settings get their number with the first token made under them. */
static bool number_settings(struct store_reply *r)
{
    if (r->settings == NULL)
        return true;
    struct pending_epoch *more = realloc(r->epochs, (r->n_epochs + 1) * sizeof *more);
    if (more == NULL)
        return false;
    r->epochs = more;
    r->epochs[r->n_epochs++] = (struct pending_epoch){++r->epoch, r->settings};
    r->settings = NULL;
    return true;
}

enum error_code store_reply_append(struct store_reply *r, const char *text, size_t size,
                                   const struct store_token *token, struct error *err)
{
    if (r->s == NULL)
        return error_set(err, ERR_IO, "the history was closed");
    bool kept = number_settings(r) && buf_append(&r->text, text, size);
    if (kept && token != NULL) {
        struct store_token numbered = *token;
        numbered.epoch = r->epoch;
        kept = records_pack(&r->records, &numbered);
    }
    if (!kept)
        return db_memory(r->s, err);
    return store_reply_due(r) == 0 ? store_reply_flush(r, err) : ERR_NONE;
}

enum error_code store_reply_settings(struct store_reply *r, const char *settings, struct error *err)
{
    char *compact = NULL;
    enum error_code code = text_settings(settings, &compact, err);
    if (code != ERR_NONE)
        return code;
    free(r->settings);
    r->settings = compact;
    return ERR_NONE;
}

int store_reply_due(const struct store_reply *r)
{
    if (!has_unwritten(r))
        return -1;
    int64_t left = r->due - clock_milliseconds();
    return left > 0 ? (int)left : 0;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static enum error_code write_text(struct store_reply *r, const struct buf *text, struct error *err)
{
    static const char sql[] = "UPDATE message SET text = text || ? WHERE id = ? AND state = 1";
    enum error_code code = db_run(r->s, err, sql, "ti", buf_text(text), text->size, r->message);
    if (code != ERR_NONE || db_changes(r->s) > 0)
        return code;
    code = reopen_message(r, err); /* another process marked this writer as dead */
    return code == ERR_NONE ? db_run(r->s, err, sql, "ti", buf_text(text), text->size, r->message) : code;
}

static enum error_code write_parts(struct store_reply *r, const struct buf *text, struct error *err)
{
    enum error_code code = write_text(r, text, err);
    if (code == ERR_NONE)
        code = records_add(r->s, r->message, &r->records, err);
    for (size_t i = 0; i < r->n_epochs && code == ERR_NONE; i++)
        code = records_add_epoch(r->s, r->message, r->epochs[i].number, r->epochs[i].settings, err);
    return code == ERR_NONE ? conversation_revise(r->s, r->conversation, err) : code;
}

/* Ends the message: it loses its writer and joins the index. */
static enum error_code write_end(struct store_reply *r, enum store_state state, const struct store_making *made,
                                 struct error *err)
{
    static const struct store_making nothing;
    const struct store_making *m = made != NULL ? made : &nothing;
    struct store *s = r->s;
    struct store_message whole = {0};
    enum error_code code = message_read(s, r->message, &whole, err);
    if (code == ERR_NONE)
        code = index_add(s, INDEX_TEXTS, r->message, whole.text, whole.size, err);
    if (code == ERR_NONE)
        code = db_run(s, err,
                      "UPDATE message SET state = ?2, writer = NULL, finish = ?3, "
                      "prompt_tokens = CASE WHEN answer_tokens = 0 THEN ?4 ELSE prompt_tokens END, "
                      "reused_tokens = CASE WHEN answer_tokens = 0 THEN ?5 ELSE reused_tokens END, "
                      "first_token_seconds = CASE WHEN answer_tokens = 0 THEN ?8 ELSE first_token_seconds END, "
                      "prefill_seconds = prefill_seconds + ?7, decode_seconds = decode_seconds + ?9, "
                      "answer_tokens = answer_tokens + ?6 WHERE id = ?1",
                      "iwziiiddd", r->message, (int)state, m->finish, m->prompt_tokens, m->reused_tokens,
                      m->answer_tokens, m->prefill_seconds, m->first_token_seconds, m->decode_seconds);
    if (code == ERR_NONE && m->has_seed)
        code = db_run(s, err, "UPDATE message SET seed = ? WHERE id = ?", "ii", (int64_t)m->seed, r->message);
    store_message_free(&whole);
    return code == ERR_NONE ? conversation_touch(s, r->conversation, s->now(), err) : code;
}

struct ending {
    enum store_state state;
    const struct store_making *made;
};

/* One write; with an ending, the message's last. */
static enum error_code write_out(struct store_reply *r, const struct ending *end, struct error *err)
{
    size_t tail = end == NULL ? utf8_pending(buf_text(&r->text), r->text.size) : 0;
    struct buf clean;
    enum error_code code = text_check(buf_text(&r->text), r->text.size - tail, &clean, err);
    if (code != ERR_NONE)
        return code;
    code = txn_write(r->s, err);
    if (code == ERR_NONE) {
        code = write_parts(r, &clean, err);
        if (code == ERR_NONE && end != NULL)
            code = write_end(r, end->state, end->made, err);
        code = txn_end(r->s, code, err);
    }
    buf_free(&clean);
    bool is_cheap = code == ERR_BUSY && r->s->busy_ms == 0;
    r->due = clock_milliseconds() + (code == ERR_NONE ? WRITE_EVERY_MS : is_cheap ? RETRY_BUSY_MS : RETRY_AFTER_MS);
    if (code != ERR_NONE)
        return code;
    if (tail > 0)
        memmove(r->text.data, r->text.data + r->text.size - tail, tail);
    buf_truncate(&r->text, tail);
    buf_clear(&r->records);
    drop_epochs(r);
    return ERR_NONE;
}

enum error_code store_reply_flush(struct store_reply *r, struct error *err)
{
    if (r->s == NULL)
        return error_set(err, ERR_IO, "the history was closed");
    return has_unwritten(r) && !r->ended ? write_out(r, NULL, err) : ERR_NONE;
}

enum error_code store_reply_finish(struct store_reply *r, enum store_state state, const struct store_making *made,
                                   struct error *err)
{
    if (r->s == NULL)
        return error_set(err, ERR_IO, "the history was closed");
    if (r->ended)
        return ERR_NONE;
    struct ending end = {state, made};
    enum error_code code = write_out(r, &end, err);
    r->ended = code == ERR_NONE;
    return code;
}

void reply_detach(struct store_reply *r)
{
    if (!r->ended)
        store_reply_finish(r, STORE_INTERRUPTED, NULL, NULL);
    struct store_reply **at = &r->s->replies;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    r->s = NULL;
}

void store_reply_free(struct store_reply *r)
{
    if (r == NULL)
        return;
    if (r->s != NULL)
        reply_detach(r);
    buf_free(&r->text);
    buf_free(&r->records);
    drop_epochs(r);
    free(r->settings);
    free(r);
}
