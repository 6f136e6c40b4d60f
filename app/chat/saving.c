/* Saving.
 *
 * One function, chat_save, brings the history up to what the chat holds: messages without an id are added below the
 * one before them, the answer that streams gets a reply that stays open, an answer that has ended is finished. Each
 * step that succeeded is remembered, so that after a failure (a full disk, another program) the next call continues
 * there. Until then the text is in the message, with its token records. */
#include <config.h>

#include "app/chat/saving.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/early.h"
#include "app/chat/fields.h"
#include "app/chat/form.h"
#include "app/chat/list.h"
#include "app/chat/models.h"
#include "app/chat/queue.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/undone.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/library/lock.h"
#include "app/options/options.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* Milliseconds between tries, and from a change of settings until it is saved. */
enum { RETRY_EVERY = 1000, PROPERTIES_AFTER = 250 };

struct saving {
    struct store_reply *reply; /* of the message reply_index; NULL: none is open */
    size_t reply_index;
    struct timings reply_before; /* what the message had taken when the reply was opened */
    char **epochs;               /* settings given to the request while it ran, as JSON */
    size_t n_epochs, epochs_seen;
    bool properties;        /* the conversation's are not saved */
    int64_t properties_due; /* clock_milliseconds: when they are to be at the latest; 0: no one waits */
    bool orphan;            /* another program destroyed the conversation; the next message stores it again */
    bool once;              /* conversations that begin are one-shot */
    unsigned reported;      /* set of enum saving_report */
    int64_t locked;         /* clock_milliseconds: since when another program holds the history; 0: it does not */
    int64_t retry;          /* clock_milliseconds: when to try again */
};

struct saving *saving_new(void)
{
    return calloc(1, sizeof(struct saving));
}

static void drop_epochs(struct saving *s)
{
    while (s->n_epochs > 0)
        free(s->epochs[--s->n_epochs]);
    s->epochs_seen = 0;
}

static void drop_reply(struct saving *s)
{
    store_reply_free(s->reply);
    s->reply = NULL;
}

void saving_free(struct saving *s)
{
    if (s == NULL)
        return;
    drop_reply(s);
    drop_epochs(s);
    free(s->epochs);
    free(s);
}

/* Whether something could not be saved, and is tried again. */
static bool is_failing(const struct saving *s)
{
    return s->locked != 0 || saving_has_reported(s, REPORTED_FAILED);
}

static bool is_streaming(const struct chat *c, size_t index)
{
    return answering_is_writing(c->answering) && index + 1 == c->list.n;
}

bool chat_has_reply(const struct chat *c)
{
    return c->saving->reply != NULL;
}

bool chat_is_saved(const struct chat *c)
{
    const struct saving *s = c->saving;
    bool open = s->reply != NULL && !is_streaming(c, s->reply_index);
    bool properties = s->properties && home_conversation(c->home) != 0;
    return !open && (s->orphan || (chat_list_first_unsaved(&c->list) == c->list.n && !properties));
}

bool chat_message_is_saved(const struct chat *c, size_t index)
{
    const struct saving *s = c->saving;
    bool failed = !is_streaming(c, index) || is_failing(s);
    bool pending = s->reply != NULL && s->reply_index == index && failed;
    return s->orphan || (c->list.at[index].id != 0 && !pending);
}

enum error_code chat_check_saved(struct chat *c, struct error *err)
{
    struct error why = {0};
    if ((chat_is_saved(c) && !c->saving->orphan) || chat_save(c, &why) == ERR_NONE)
        return ERR_NONE;
    return error_set(err, why.code, "the last messages are not saved yet, so this conversation stays open: %s",
                     why.message);
}

enum error_code chat_check_left(struct chat *c, struct error *err)
{
    return c->saving->orphan ? ERR_NONE : chat_check_saved(c, err);
}

/* ---- reports ---------------------------------------------------------------------------------------------------- */

bool saving_report(struct saving *s, enum saving_report what)
{
    bool first = (s->reported & what) == 0;
    s->reported |= what;
    return first;
}

void saving_retract(struct saving *s, enum saving_report what)
{
    s->reported &= ~(unsigned)what;
}

bool saving_has_reported(const struct saving *s, enum saving_report what)
{
    return (s->reported & what) != 0;
}

static void report_failure(struct chat *c, const struct error *why)
{
    struct saving *s = c->saving;
    bool brief = lock_is_brief(&s->locked, why->code) && !saving_has_reported(s, REPORTED_FAILED);
    s->retry = clock_milliseconds() + (brief ? LOCK_RETRY : RETRY_EVERY);
    if (!brief && saving_report(s, REPORTED_FAILED))
        chat_remark(c, true, "this can't be saved now: %s. It is kept in memory, and tried again every second",
                    why->message);
}

static void report_success(struct chat *c)
{
    if (saving_has_reported(c->saving, REPORTED_FAILED))
        chat_remark(c, false, "all is saved again");
    saving_retract(c->saving, REPORTED_FAILED);
    c->saving->locked = 0;
}

/* ---- properties of the conversation ----------------------------------------------------------------------------- */

/* The messages that wait: a value of the program's own, as no other has such. */
static void write_queue_key(int64_t conversation, char *out, size_t size)
{
    snprintf(out, size, "queue.%" PRId64, conversation);
}

static enum error_code store_queue(const struct chat *c, struct error *err)
{
    struct buf kept;
    char key[40];
    buf_init(&kept, 2 * CHAT_TEXT_MOST);
    write_queue_key(home_conversation(c->home), key, sizeof key);
    if (queue_write(c->queue, &kept))
        store_remember(home_store(c->home), key, kept.size > 0 ? buf_text(&kept) : NULL, err);
    else
        error_memory(err);
    buf_free(&kept);
    return err->code;
}

struct queue *chat_read_queue(struct store *s, int64_t conversation, struct error *err)
{
    char *kept = NULL, key[40];
    struct queue *q = queue_new();
    write_queue_key(conversation, key, sizeof key);
    if (q == NULL || (store_recall(s, key, &kept, err) == ERR_NONE && kept != NULL && !queue_read(q, kept)))
        error_memory(err);
    free(kept);
    if (err->code == ERR_NONE)
        return q;
    queue_free(q);
    return NULL;
}

static enum error_code store_properties(struct chat *c, struct error *err)
{
    struct store *s = home_store(c->home);
    int64_t id = home_conversation(c->home);
    const char *system = c->system.size > 0 || c->options->system != NULL ? buf_text(&c->system) : NULL;
    char *model = models_lasting_name(c->options, speaker_path(c->speaker));
    char *settings = chat_settings_to_store(c->settings);
    const char *template = chat_continues_text(c) ? STORE_TEXT_TEMPLATE : speaker_template_name(c->speaker);
    enum error_code code = store_set(s, id, STORE_SYSTEM_PROMPT, system, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_SETTINGS, settings, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_TEMPLATE, template, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_MODEL, model != NULL && *model != '\0' ? model : NULL, err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_PRESET, chat_settings_preset(c->settings), err);
    if (code == ERR_NONE)
        code = store_set(s, id, STORE_PERSONA, chat_settings_persona(c->settings), err);
    if (code == ERR_NONE)
        code = store_queue(c, err);
    free(model);
    free(settings);
    return code;
}

/* In one transaction, which joins one that the caller has open. */
static enum error_code save_properties(struct chat *c, struct error *err)
{
    if (!c->saving->properties || home_conversation(c->home) == 0)
        return ERR_NONE;
    struct store *s = home_store(c->home);
    enum error_code code = store_begin(s, err);
    if (code != ERR_NONE)
        return code;
    code = store_properties(c, err);
    enum error_code end = store_end(s, code == ERR_NONE, err);
    code = code != ERR_NONE ? code : end;
    c->saving->properties = code != ERR_NONE;
    return code;
}

void chat_save_properties(struct chat *c)
{
    struct error ignored = {0};
    c->saving->properties = true;
    if (home_conversation(c->home) != 0)
        chat_save(c, &ignored);
}

void chat_save_properties_later(struct chat *c)
{
    c->saving->properties = true;
    if (home_conversation(c->home) != 0 && c->saving->properties_due == 0)
        c->saving->properties_due = clock_milliseconds() + PROPERTIES_AFTER;
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static int64_t parent_of(const struct chat *c, size_t index)
{
    return index > 0 ? c->list.at[index - 1].id : 0;
}

/* Takes the time of a message and its place among its siblings from the history. */
static void read_place(struct chat *c, struct chat_message *m)
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

void chat_begin_one_shots(struct chat *c)
{
    c->saving->once = true;
}

/* A question that was asked once and is followed by another one becomes a conversation as any. */
static enum error_code tag_one_shot(struct chat *c, bool fresh, struct error *err)
{
    if (c->saving->once != fresh)
        return ERR_NONE;
    return store_tag(home_store(c->home), home_conversation(c->home), LIBRARY_ONE_SHOT, fresh, err);
}

/* Adds a whole message, and before the first one the conversation with its properties. */
static enum error_code add_whole(struct chat *c, size_t index, int64_t *id, struct error *err)
{
    struct store *s = home_store(c->home);
    const struct chat_message *m = &c->list.at[index];
    bool fresh = home_conversation(c->home) == 0;
    enum error_code code = home_ensure(c->home, err);
    if (code == ERR_NONE && fresh)
        code = store_properties(c, err);
    if (code == ERR_NONE)
        code = tag_one_shot(c, fresh, err);
    if (code == ERR_NONE)
        code = store_append(s, home_conversation(c->home), parent_of(c, index), form_stored_role(m->role),
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
        c->saving->properties = false;
    c->list.at[index].id = id;
    read_place(c, &c->list.at[index]);
    return ERR_NONE;
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static enum error_code open_reply(struct chat *c, size_t index, struct error *err)
{
    struct chat_message *m = &c->list.at[index];
    if (home_ensure(c->home, err) != ERR_NONE)
        return err->code;
    struct store_making made = form_making(c->speaker, m);
    c->saving->reply = store_reply_begin(home_store(c->home), home_conversation(c->home), parent_of(c, index),
                                         STORE_ASSISTANT, &made, err);
    form_making_free(&made);
    if (c->saving->reply == NULL)
        return err->code;
    c->saving->reply_index = index;
    c->saving->reply_before = (struct timings){0};
    m->id = store_reply_message(c->saving->reply);
    early_give(m, c->saving->reply);
    read_place(c, m);
    return ERR_NONE;
}

/* Continues an answer that had ended. */
static enum error_code reopen_reply(struct chat *c, struct error *err)
{
    struct chat_message *m = chat_list_last(&c->list);
    struct error ignored = {0};
    c->saving->reply = store_reply_resume(home_store(c->home), m->id, err);
    if (c->saving->reply == NULL)
        return err->code;
    c->saving->reply_index = c->list.n - 1;
    c->saving->reply_before = m->timings;
    char *settings = fields_json(chat_settings_sampling(c->settings), SETTINGS_ALL);
    if (settings != NULL)
        store_reply_settings(c->saving->reply, settings, &ignored);
    free(settings);
    return ERR_NONE;
}

static enum error_code close_reply(struct chat *c, struct error *err)
{
    const struct chat_message *m = &c->list.at[c->saving->reply_index];
    struct store_making made = form_making(c->speaker, m);
    const struct timings *before = &c->saving->reply_before;
    struct error ignored = {0}; /* then the words of the lens are lost */
    char *told = form_told(c->speaker, m);
    if (told != NULL && store_reply_settings(c->saving->reply, told, &ignored) == ERR_NONE)
        store_reply_append(c->saving->reply, "", 0, NULL, &ignored); /* gives them their number */
    free(told);
    made.answer_tokens -= (int64_t)before->answer_tokens; /* the history adds them up */
    made.prefill_seconds -= before->prefill_seconds;
    made.decode_seconds -= before->decode_seconds;
    enum error_code code = store_reply_finish(c->saving->reply, m->state, &made, err);
    form_making_free(&made);
    if (code != ERR_NONE)
        return code;
    drop_reply(c->saving);
    return ERR_NONE;
}

/* ---- all of it -------------------------------------------------------------------------------------------------- */

static enum error_code save_message(struct chat *c, size_t index, struct error *err)
{
    const struct chat_message *m = &c->list.at[index];
    if (m->role != ROLE_ASSISTANT || m->model == NULL) /* the user wrote it */
        return save_whole(c, index, err);
    enum error_code code = open_reply(c, index, err);
    return code == ERR_NONE && !is_streaming(c, index) ? close_reply(c, err) : code;
}

/* A new message in a conversation that another program deleted restores it. */
static enum error_code restore_deleted(struct chat *c, struct error *err)
{
    bool writes = answering_is_writing(c->answering) && c->saving->reply == NULL;
    bool more = chat_list_first_unsaved(&c->list) < c->list.n || writes;
    if (!more || home_conversation(c->home) == 0)
        return ERR_NONE;
    saving_retract(c->saving, REPORTED_TRASHED);
    return store_restore(home_store(c->home), home_conversation(c->home), err);
}

static enum error_code save_everything(struct chat *c, struct error *err)
{
    enum error_code code = ERR_NONE;
    if (c->saving->reply != NULL && !is_streaming(c, c->saving->reply_index))
        code = close_reply(c, err);
    if (code == ERR_NONE)
        code = restore_deleted(c, err);
    for (size_t i = chat_list_first_unsaved(&c->list); code == ERR_NONE && i < c->list.n; i++)
        code = save_message(c, i, err);
    if (code == ERR_NONE && c->list.n > 0 && is_streaming(c, c->list.n - 1) && c->saving->reply == NULL)
        code = reopen_reply(c, err);
    return code == ERR_NONE ? save_properties(c, err) : code;
}

/* The conversation no longer exists in the history: what the chat holds becomes a new one. */
static void forget_ids(struct chat *c)
{
    drop_reply(c->saving);
    for (size_t i = 0; i < c->list.n; i++)
        c->list.at[i].id = 0;
    undone_clear(c->undone);
    home_enter(c->home, 0);
    c->saving->properties = true;
}

enum error_code chat_save(struct chat *c, struct error *err)
{
    struct error why = {0};
    c->saving->orphan = false;
    enum error_code code = save_everything(c, &why);
    if (code == ERR_NOT_FOUND) {
        forget_ids(c);
        error_clear(&why);
        code = save_everything(c, &why);
    }
    if (code == ERR_NONE) {
        report_success(c);
        return ERR_NONE;
    }
    report_failure(c, &why);
    return error_set(err, code, "%s", why.message);
}

void chat_discard(struct chat *c, size_t n)
{
    struct error ignored = {0};
    struct store *s = home_store(c->home);
    enum home_patience before = home_set_patience(c->home, HOME_SHORT_WAIT); /* it is not tried again */
    int64_t id = n < c->list.n ? c->list.at[n].id : 0;
    if (c->saving->reply != NULL && c->saving->reply_index >= n)
        drop_reply(c->saving);
    if (id != 0 && n == 0 && c->list.at[0].siblings < 2) {
        store_delete(s, home_conversation(c->home), &ignored); /* a conversation without messages does not stay */
        home_enter(c->home, 0);
        c->saving->properties = true;
    } else if (id != 0) {
        store_delete_message(s, id, &ignored);
    }
    home_set_patience(c->home, before);
    chat_cut(c, n);
}

/* ---- while an answer streams ------------------------------------------------------------------------------------ */

/* Stores the settings that came into force with this token. */
static void enter_settings(struct chat *c, size_t number)
{
    struct error ignored = {0};
    if (number <= c->saving->epochs_seen || number > c->saving->n_epochs)
        return;
    c->saving->epochs_seen = number;
    if (c->saving->epochs[number - 1] != NULL && c->saving->reply != NULL)
        store_reply_settings(c->saving->reply, c->saving->epochs[number - 1], &ignored);
}

/* A write to the open reply failed. */
static void handle_lost_write(struct chat *c, const struct error *why)
{
    struct error ignored = {0};
    if (why->code == ERR_NOT_FOUND) {
        forget_ids(c);
        chat_save(c, &ignored);
    } else {
        report_failure(c, why);
    }
}

void chat_save_token(struct chat *c, const struct event *event)
{
    struct chat_message *m = chat_list_last(&c->list);
    struct store_token token = form_token(event);
    struct error err = {0};
    enter_settings(c, event->settings);
    if (m->id == 0) {
        if (event->id >= 0)
            early_keep(m, &token);
        return;
    }
    if (store_reply_append(c->saving->reply, event->text, event->text_size, event->id >= 0 ? &token : NULL, &err) !=
        ERR_NONE)
        handle_lost_write(c, &err);
    else if (store_reply_due(c->saving->reply) < 0)
        report_success(c);
}

void chat_save_settings(struct chat *c)
{
    char **more = realloc(c->saving->epochs, (c->saving->n_epochs + 1) * sizeof *more);
    if (more == NULL)
        return;
    c->saving->epochs = more;
    c->saving->epochs[c->saving->n_epochs++] = fields_json(chat_settings_sampling(c->settings), SETTINGS_ALL);
}

void chat_settle_settings(struct chat *c)
{
    enter_settings(c, c->saving->n_epochs);
    drop_epochs(c->saving);
}

/* ---- from time to time ------------------------------------------------------------------------------------------ */

static void flush_when_due(struct chat *c)
{
    struct error err = {0};
    int due = store_reply_due(c->saving->reply);
    c->saving->retry = clock_milliseconds() + due;
    if (due > 0)
        return;
    if (due == 0 && store_reply_flush(c->saving->reply, &err) != ERR_NONE)
        handle_lost_write(c, &err);
    else
        report_success(c);
}

void chat_flush(struct chat *c)
{
    struct error err = {0};
    struct store_reply *reply = c->saving->reply;
    if (reply != NULL && store_reply_due(reply) >= 0 && store_reply_flush(reply, &err) != ERR_NONE)
        handle_lost_write(c, &err);
}

enum error_code chat_try_saving(struct chat *c, struct error *err)
{
    struct error why = {0};
    if (!chat_is_saved(c))
        return chat_save(c, err);
    bool waits = c->saving->reply != NULL && store_reply_due(c->saving->reply) >= 0;
    if (!waits || store_reply_flush(c->saving->reply, &why) == ERR_NONE) {
        report_success(c);
        return ERR_NONE;
    }
    handle_lost_write(c, &why);
    return error_set(err, why.code, "%s", why.message);
}

/* ---- from time to time ------------------------------------------------------------------------------------------ */

void chat_enter_saved(struct chat *c, bool stored, bool trashed)
{
    struct saving *s = c->saving;
    s->properties = !stored;
    s->orphan = false;
    saving_retract(s, REPORTED_TRASHED);
    if (trashed)
        saving_report(s, REPORTED_TRASHED);
}

void chat_forget_saved(struct chat *c)
{
    forget_ids(c);
    c->saving->orphan = true;
}

static int milliseconds_until(int64_t when)
{
    int64_t left = when - clock_milliseconds();
    return left > 0 ? (int)left : 0;
}

int chat_save_due(const struct chat *c)
{
    const struct saving *s = c->saving;
    int due = -1, properties = s->properties_due != 0 ? milliseconds_until(s->properties_due) : -1;
    if (is_failing(s))
        due = milliseconds_until(s->retry);
    else if (s->reply != NULL)
        due = store_reply_due(s->reply);
    return due < 0 || (properties >= 0 && properties < due) ? properties : due;
}

/* Tries again what failed. */
static void retry_save(struct chat *c)
{
    struct error ignored = {0}; /* reported already */
    if (!chat_is_saved(c))
        chat_save(c, &ignored);
    else if (c->saving->reply != NULL)
        flush_when_due(c);
    else
        report_success(c);
}

void chat_save_tick(struct chat *c)
{
    struct saving *s = c->saving;
    struct error ignored = {0}; /* chat_save reports it */
    if (s->properties_due != 0 && milliseconds_until(s->properties_due) == 0) {
        s->properties_due = 0;
        if (s->properties && !is_failing(s))
            chat_save(c, &ignored);
    }
    bool failed = is_failing(s);
    if (failed && milliseconds_until(s->retry) == 0)
        retry_save(c);
    else if (!failed && s->reply != NULL)
        flush_when_due(c);
}
