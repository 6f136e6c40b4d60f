/* Chat: storing.
 *
 * One function, chat_save, brings the history up to what the chat holds: messages without an id are added below the one
 * before them, the answer that streams gets a reply that stays open, an answer that has ended is finished. Each step that
 * succeeded is remembered, so that after a failure (a full disk, another program) the next call goes on from there. Until
 * then the text lies in the message and its token records beside it. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/chat/internal.h"
#include "app/chat/models.h"

/* Milliseconds between tries, and from a change of settings to its storing. */
enum { RETRY_EVERY = 1000, PROPERTIES_AFTER = 250 };

static struct chat_message *last(const struct chat *c)
{
    return c->list.n > 0 ? &c->list.at[c->list.n - 1] : NULL;
}

static size_t first_unsaved(const struct chat *c)
{
    size_t i = c->list.n;
    while (i > 0 && c->list.at[i - 1].id == 0)
        i--;
    return i;
}

static bool streams(const struct chat *c, size_t index)
{
    return c->writing && index + 1 == c->list.n;
}

bool chat_is_saved(const struct chat *c)
{
    bool open = c->reply != NULL && !streams(c, c->reply_index);
    return !open && (c->orphan || (first_unsaved(c) == c->list.n &&
                                   !(c->properties && home_conversation(c->home) != 0)));
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void trouble(struct chat *c, const struct error *why)
{
    c->retry = chat_clock() + RETRY_EVERY;
    if (!c->told)
        chat_remark(c, true, "this can't be saved now: %s. It is kept in memory, and tried again every second",
                    why->message);
    c->told = true;
}

void chat_saved_again(struct chat *c)
{
    if (c->told)
        chat_remark(c, false, "all is saved again");
    c->told = false;
}

/* ---- properties of the conversation ----------------------------------------------------------------------------- */

static enum error_code store_properties(struct chat *c, struct error *err)
{
    struct store *s = home_store(c->home);
    int64_t id = home_conversation(c->home);
    const char *system = c->system.size > 0 || c->options->system != NULL ? buf_text(&c->system) : NULL;
    char *model = models_lasting_name(c->options, chat_model_path(c));
    char *settings = c->by_hand != 0 ? chat_settings_json(&c->sampling, c->by_hand) : NULL;
    enum error_code code = store_set(s, id, STORE_SYSTEM_PROMPT, system, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_SETTINGS, settings, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_TEMPLATE, c->template_name, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_MODEL, model != NULL && *model != '\0' ? model : NULL, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_PRESET, c->preset, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_PERSONA, c->persona, err);
    free(model);
    free(settings);
    return code;
}

/* In one transaction with what a caller has open. */
static enum error_code save_properties(struct chat *c, struct error *err)
{
    if (!c->properties || home_conversation(c->home) == 0)
        return ERR_NONE;
    struct store *s = home_store(c->home);
    enum error_code code = store_begin(s, err);
    if (code != ERR_NONE)
        return code;
    code = store_properties(c, err);
    enum error_code end = store_end(s, code == ERR_NONE, err);
    code = code != ERR_NONE ? code : end;
    c->properties = code != ERR_NONE;
    return code;
}

void chat_save_properties(struct chat *c)
{
    struct error ignored = {0};
    c->properties = true;
    if (home_conversation(c->home) != 0)
        chat_save(c, &ignored);
}

void chat_save_properties_later(struct chat *c)
{
    c->properties = true;
    if (home_conversation(c->home) != 0 && c->properties_due == 0)
        c->properties_due = chat_clock() + PROPERTIES_AFTER;
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static int64_t parent_of(const struct chat *c, size_t index)
{
    return index > 0 ? c->list.at[index - 1].id : 0;
}

/* The time, and the number among its siblings, as the history counts them. */
static void take_place(struct chat *c, struct chat_message *m)
{
    struct store_message stored = {0};
    struct error ignored = {0};
    if (store_message_get(home_store(c->home), m->id, &stored, &ignored) != ERR_NONE)
        return;
    m->created = stored.created;
    m->sibling = stored.sibling;
    m->siblings = stored.siblings;
    store_message_free(&stored);
}

static enum store_role stored_role(enum role role)
{
    return role == ROLE_USER ? STORE_USER : role == ROLE_SYSTEM ? STORE_SYSTEM : STORE_ASSISTANT;
}

/* A whole message; the conversation's row and properties in the same transaction. */
static enum error_code add_whole(struct chat *c, size_t index, int64_t *id, struct error *err)
{
    struct store *s = home_store(c->home);
    const struct chat_message *m = &c->list.at[index];
    bool fresh = home_conversation(c->home) == 0;
    enum error_code code = home_ensure(c->home, err);
    if (code == ERR_NONE && fresh)
        code = store_properties(c, err);
    if (code == ERR_NONE)
        code = store_append(s, home_conversation(c->home), parent_of(c, index), stored_role(m->role),
                            buf_text(&m->text), m->text.size, NULL, id, err);
    return code;
}

static enum error_code save_whole(struct chat *c, size_t index, struct error *err)
{
    struct store *s = home_store(c->home);
    int64_t id = 0, conversation = home_conversation(c->home);
    enum error_code code = store_begin(s, err);
    if (code != ERR_NONE)
        return code;
    code = add_whole(c, index, &id, err);
    enum error_code end = store_end(s, code == ERR_NONE, err);
    code = code != ERR_NONE ? code : end;
    if (code != ERR_NONE) {
        home_enter(c->home, conversation);
        return code;
    }
    if (conversation == 0)
        c->properties = false;
    c->list.at[index].id = id;
    take_place(c, &c->list.at[index]);
    return ERR_NONE;
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static void forget_tokens(struct chat_message *m)
{
    free(m->tokens);
    m->tokens = NULL;
    m->n_tokens = m->tokens_capacity = 0;
}

/* What came before the reply could be opened. */
static void catch_up(struct chat *c, struct chat_message *m)
{
    struct error ignored = {0}; /* nothing appended is lost; the end tells */
    store_reply_append(c->reply, buf_text(&m->text), m->text.size, NULL, &ignored);
    for (size_t i = 0; i < m->n_tokens; i++)
        store_reply_append(c->reply, "", 0, &m->tokens[i], &ignored);
    forget_tokens(m);
}

static enum error_code open_reply(struct chat *c, size_t index, struct error *err)
{
    struct chat_message *m = &c->list.at[index];
    if (home_ensure(c->home, err) != ERR_NONE)
        return err->code;
    struct store_making made = chat_making(c, m);
    c->reply = store_reply_begin(home_store(c->home), home_conversation(c->home), parent_of(c, index), STORE_ASSISTANT,
                                 &made, err);
    chat_making_free(&made);
    if (c->reply == NULL)
        return err->code;
    c->reply_index = index;
    c->reply_before = (struct timings){0};
    m->id = store_reply_message(c->reply);
    catch_up(c, m);
    take_place(c, m);
    return ERR_NONE;
}

/* Goes on with an answer that had ended. */
static enum error_code reopen_reply(struct chat *c, struct error *err)
{
    struct chat_message *m = last(c);
    struct error ignored = {0};
    c->reply = store_reply_resume(home_store(c->home), m->id, err);
    if (c->reply == NULL)
        return err->code;
    c->reply_index = c->list.n - 1;
    c->reply_before = m->timings;
    char *settings = chat_settings_json(&c->sampling, SETTINGS_ALL);
    if (settings != NULL)
        store_reply_settings(c->reply, settings, &ignored);
    free(settings);
    return ERR_NONE;
}

static enum error_code close_reply(struct chat *c, struct error *err)
{
    const struct chat_message *m = &c->list.at[c->reply_index];
    struct store_making made = chat_making(c, m);
    const struct timings *before = &c->reply_before;
    made.answer_tokens -= (int64_t)before->answer_tokens; /* the history adds them up */
    made.prefill_seconds -= before->prefill_seconds;
    made.decode_seconds -= before->decode_seconds;
    enum error_code code = store_reply_finish(c->reply, m->state, &made, err);
    chat_making_free(&made);
    if (code != ERR_NONE)
        return code;
    store_reply_free(c->reply);
    c->reply = NULL;
    return ERR_NONE;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static enum error_code save_message(struct chat *c, size_t index, struct error *err)
{
    const struct chat_message *m = &c->list.at[index];
    if (m->role != ROLE_ASSISTANT || m->model == NULL) /* a person wrote it */
        return save_whole(c, index, err);
    enum error_code code = open_reply(c, index, err);
    return code == ERR_NONE && !streams(c, index) ? close_reply(c, err) : code;
}

/* What is said in a conversation that was deleted elsewhere brings it back. */
static enum error_code bring_back(struct chat *c, struct error *err)
{
    bool more = first_unsaved(c) < c->list.n || (c->writing && c->reply == NULL);
    if (!more || home_conversation(c->home) == 0)
        return ERR_NONE;
    c->trash_told = false;
    return store_restore(home_store(c->home), home_conversation(c->home), err);
}

static enum error_code save_all(struct chat *c, struct error *err)
{
    enum error_code code = ERR_NONE;
    if (c->reply != NULL && !streams(c, c->reply_index))
        code = close_reply(c, err);
    if (code == ERR_NONE)
        code = bring_back(c, err);
    for (size_t i = first_unsaved(c); code == ERR_NONE && i < c->list.n; i++)
        code = save_message(c, i, err);
    if (code == ERR_NONE && c->list.n > 0 && streams(c, c->list.n - 1) && c->reply == NULL)
        code = reopen_reply(c, err);
    return code == ERR_NONE ? save_properties(c, err) : code;
}

/* The conversation is gone for good: what the chat holds will be a new one. */
void chat_forget_ids(struct chat *c)
{
    store_reply_free(c->reply);
    c->reply = NULL;
    for (size_t i = 0; i < c->list.n; i++)
        c->list.at[i].id = 0;
    chat_forget_undone(c);
    home_enter(c->home, 0);
    c->properties = true;
}

enum error_code chat_save(struct chat *c, struct error *err)
{
    struct error why = {0};
    c->orphan = false;
    enum error_code code = save_all(c, &why);
    if (code == ERR_NOT_FOUND) {
        chat_forget_ids(c);
        error_clear(&why);
        code = save_all(c, &why);
    }
    if (code == ERR_NONE) {
        chat_saved_again(c);
        return ERR_NONE;
    }
    trouble(c, &why);
    return error_set(err, code, "%s", why.message);
}

void chat_discard(struct chat *c, size_t n)
{
    struct error ignored = {0};
    struct store *s = home_store(c->home);
    int64_t id = n < c->list.n ? c->list.at[n].id : 0;
    if (c->reply != NULL && c->reply_index >= n) {
        store_reply_free(c->reply);
        c->reply = NULL;
    }
    if (id != 0 && n == 0 && c->list.at[0].siblings < 2) {
        store_delete(s, home_conversation(c->home), &ignored); /* not one without messages */
        home_enter(c->home, 0);
        c->properties = true;
    } else if (id != 0) {
        store_delete_message(s, id, &ignored);
    }
    chat_cut(c, n);
}

/* ---- while an answer streams ------------------------------------------------------------------------------------ */

static void remember_token(struct chat_message *m, const struct store_token *token)
{
    if (m->n_tokens == m->tokens_capacity) {
        size_t capacity = 2 * m->tokens_capacity + 64;
        struct store_token *more = realloc(m->tokens, capacity * sizeof *more);
        if (more == NULL)
            return; /* the text is there */
        m->tokens = more;
        m->tokens_capacity = capacity;
    }
    m->tokens[m->n_tokens++] = *token;
}

/* Settings that came into force with this token. */
static void enter_settings(struct chat *c, size_t number)
{
    struct error ignored = {0};
    if (number <= c->epochs_seen || number > c->n_epochs)
        return;
    c->epochs_seen = number;
    if (c->epochs[number - 1] != NULL && c->reply != NULL)
        store_reply_settings(c->reply, c->epochs[number - 1], &ignored);
}

/* A write of the open answer failed. */
static void lose(struct chat *c, const struct error *why)
{
    struct error ignored = {0};
    if (why->code == ERR_NOT_FOUND) {
        chat_forget_ids(c);
        chat_save(c, &ignored);
    } else {
        trouble(c, why);
    }
}

void chat_save_token(struct chat *c, const struct event *event)
{
    struct chat_message *m = last(c);
    struct store_token token = chat_token(event);
    struct error err = {0};
    enter_settings(c, event->settings);
    if (m->id == 0) {
        if (event->id >= 0)
            remember_token(m, &token);
        return;
    }
    if (store_reply_append(c->reply, event->text, event->text_size, event->id >= 0 ? &token : NULL, &err) != ERR_NONE)
        lose(c, &err);
    else if (store_reply_due(c->reply) < 0)
        chat_saved_again(c);
}

void chat_save_settings(struct chat *c)
{
    char **more = realloc(c->epochs, (c->n_epochs + 1) * sizeof *more);
    if (more == NULL)
        return;
    c->epochs = more;
    c->epochs[c->n_epochs++] = chat_settings_json(&c->sampling, SETTINGS_ALL);
}

void chat_settle_settings(struct chat *c)
{
    enter_settings(c, c->n_epochs);
    while (c->n_epochs > 0)
        free(c->epochs[--c->n_epochs]);
    c->epochs_seen = 0;
}

/* ---- from time to time ------------------------------------------------------------------------------------------ */

void chat_flush_due(struct chat *c)
{
    struct error err = {0};
    int due = store_reply_due(c->reply);
    if (due > 0)
        return;
    if (due == 0 && store_reply_flush(c->reply, &err) != ERR_NONE)
        lose(c, &err);
    else
        chat_saved_again(c);
}

void chat_flush(struct chat *c)
{
    struct error err = {0};
    if (c->reply != NULL && store_reply_due(c->reply) >= 0 && store_reply_flush(c->reply, &err) != ERR_NONE)
        lose(c, &err);
}

enum error_code chat_check_saved(struct chat *c, struct error *err)
{
    struct error why = {0};
    if ((chat_is_saved(c) && !c->orphan) || chat_save(c, &why) == ERR_NONE)
        return ERR_NONE;
    return error_set(err, why.code, "what was said last is not saved yet, so it stays here: %s", why.message);
}
