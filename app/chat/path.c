/* Chat: moving through the tree of a conversation, and from one conversation to another.
 *
 * Where the path leads is decided by the history; afterwards the chat's messages are made equal to it, those that both
 * have stay. A path before the first message of a conversation has no place in the history: then only the chat knows. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/internal.h"
#include "app/library/conversations.h"
#include "app/chat/models.h"

/* ---- from the history to the chat ------------------------------------------------------------------------------- */

/* Adds the messages of these ids to a list. */
static enum error_code load(struct store *s, const int64_t *ids, size_t n, struct chat_list *out, struct error *err)
{
    struct store_messages messages = {0};
    struct chat_settings known = {0};
    enum error_code code = store_load(s, ids, n, &messages, err);
    for (size_t i = 0; code == ERR_NONE && i < messages.n; i++)
        if (!chat_list_take(out, &messages.at[i], &known))
            code = error_set(err, ERR_MEMORY, "no memory for the messages");
    free(known.json);
    store_messages_free(&messages);
    return code;
}

/* How many messages at the beginning are those of these ids, as they are now. */
static size_t in_common(const struct chat *c, const struct store_ids *ids)
{
    size_t n = 0;
    while (n < c->list.n && n < ids->n && c->list.at[n].id == ids->at[n] &&
           c->list.at[n].state != STORE_STREAMING)
        n++;
    return n;
}

bool chat_is_longer_elsewhere(const struct chat *c)
{
    struct store_ids ids = {0};
    struct error ignored = {0};
    size_t n = 0;
    if (store_current(home_store(c->home), home_conversation(c->home), &ids, &ignored) == ERR_NONE)
        while (n < c->list.n && n < ids.n && c->list.at[n].id == ids.at[n])
            n++;
    bool grows = n > 0 && c->list.at[n - 1].state == STORE_STREAMING;
    bool longer = n == c->list.n && (ids.n > n || grows);
    store_ids_free(&ids);
    return longer;
}

enum error_code chat_reload(struct chat *c, struct error *err)
{
    struct store *s = home_store(c->home);
    struct store_ids ids = {0};
    struct chat_list fresh = {0};
    enum error_code code = store_current(s, home_conversation(c->home), &ids, err);
    size_t same = in_common(c, &ids);
    bool changed = same < c->list.n || same < ids.n;
    if (code == ERR_NONE)
        code = load(s, ids.at + same, ids.n - same, &fresh, err);
    if (code == ERR_NONE) {
        chat_cut(c, same);
        if (!chat_list_move(&fresh, 0, &c->list))
            code = error_set(err, ERR_MEMORY, "no memory for the messages");
        if (changed)
            chat_tell_changed(c, same);
    }
    chat_list_free(&fresh);
    store_ids_free(&ids);
    return code;
}

/* ---- answers and edits ------------------------------------------------------------------------------------------ */

void chat_put_back(struct chat *c, size_t n, struct chat_list *old)
{
    chat_discard(c, n);
    if (old->n > 0) {
        chat_list_move(old, 0, &c->list);
        chat_tell_changed(c, n);
    }
}

enum error_code chat_regenerate(struct chat *c, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    size_t user = chat_list_last_user(&c->list);
    if (user == c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no answer yet to make again");
    struct chat_list old = {0};
    if (!chat_list_move(&c->list, user + 1, &old))
        return error_set(err, ERR_MEMORY, "no memory for an answer");
    c->tries++;
    c->sent = false;
    if (old.n > 0)
        chat_tell_changed(c, user + 1);
    enum error_code code = chat_ask_or_wait(c, err);
    if (code != ERR_NONE)
        chat_put_back(c, user + 1, &old);
    else
        chat_forget_undone(c);
    chat_list_free(&old);
    return code;
}

static enum error_code check_index(const struct chat *c, size_t index, struct error *err)
{
    if (index < c->list.n)
        return ERR_NONE;
    return c->list.n == 0 ? error_set(err, ERR_NOT_FOUND, "there is no message yet")
                          : error_set(err, ERR_NOT_FOUND, "there are %zu messages, no message %zu", c->list.n,
                                      index + 1);
}

/* Stores the edited message at the end of the path, and has it answered or gone on with. */
static enum error_code follow_edit(struct chat *c, bool go_on, struct error *err)
{
    const struct chat_message *m = &c->list.at[c->list.n - 1];
    c->sent = false;
    if (m->role == ROLE_USER && chat_state(c) != CHAT_NO_MODEL)
        return chat_ask_or_wait(c, err);
    if (chat_save(c, err) != ERR_NONE)
        return err->code;
    return m->role == ROLE_ASSISTANT && go_on ? chat_continue(c, err) : ERR_NONE;
}

enum error_code chat_edit(struct chat *c, size_t index, const char *text, size_t size, bool go_on, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || check_index(c, index, err) != ERR_NONE ||
        chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    struct chat_list old = {0};
    if (!chat_list_move(&c->list, index, &old) || chat_list_add(&c->list, old.at[0].role, text, size) == NULL) {
        if (old.n > 0)
            chat_list_move(&old, 0, &c->list);
        return error_set(err, ERR_MEMORY, "no memory for a message of %zu bytes", size);
    }
    c->list.at[index].sibling = old.at[0].siblings;
    c->list.at[index].siblings = old.at[0].siblings + 1;
    c->window = c->window > index ? 0 : c->window;
    c->tries = 0;
    chat_tell_changed(c, index);
    enum error_code code = follow_edit(c, go_on, err);
    if (code != ERR_NONE && c->list.at[index].id == 0)
        chat_put_back(c, index, &old);
    else
        chat_forget_undone(c);
    chat_list_free(&old);
    return code;
}

/* ---- alternatives ----------------------------------------------------------------------------------------------- */

size_t chat_with_alternatives(const struct chat *c)
{
    size_t any = c->list.n;
    for (size_t i = c->list.n; i > 0; i--) {
        const struct chat_message *m = &c->list.at[i - 1];
        if (m->siblings > 1 && m->role == ROLE_ASSISTANT)
            return i - 1;
        if (m->siblings > 1 && any == c->list.n)
            any = i - 1;
    }
    return any;
}

/* The id of the sibling step places on. */
static enum error_code find_sibling(const struct chat *c, int64_t id, int step, int64_t *out, struct error *err)
{
    struct store_ids ids = {0};
    enum error_code code = store_siblings(home_store(c->home), id, &ids, err);
    if (code != ERR_NONE)
        return code;
    int64_t at = 0, n = (int64_t)ids.n;
    while (at < n && ids.at[at] != id)
        at++;
    if (n < 2)
        code = error_set(err, ERR_NOT_FOUND, "this message has no alternatives; /regenerate and /edit make some");
    else if (at + step < 0 || at + step >= n)
        code = error_set(err, ERR_NOT_FOUND, "this is the %s of %lld alternatives", step < 0 ? "first" : "last",
                         (long long)n);
    else
        *out = ids.at[at + step];
    store_ids_free(&ids);
    return code;
}

enum error_code chat_alternative(struct chat *c, size_t index, int step, struct error *err)
{
    int64_t id = 0;
    if (chat_check_idle(c, err) != ERR_NONE || check_index(c, index, err) != ERR_NONE ||
        chat_check_saved(c, err) != ERR_NONE || find_sibling(c, c->list.at[index].id, step, &id, err) != ERR_NONE ||
        store_select(home_store(c->home), id, err) != ERR_NONE)
        return err->code;
    chat_forget_undone(c);
    c->tries = 0;
    return chat_reload(c, err);
}

/* ---- up and down ------------------------------------------------------------------------------------------------ */

static bool remember_undone(struct chat *c, int64_t leaf, const struct chat_message *question)
{
    int64_t *more = realloc(c->undone, (c->n_undone + 1) * sizeof *more);
    if (more == NULL)
        return false;
    c->undone = more;
    c->undone[c->n_undone++] = leaf;
    buf_clear(&c->undone_text);
    return buf_append(&c->undone_text, buf_text(&question->text), question->text.size);
}

enum error_code chat_undo(struct chat *c, const char **text, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    size_t user = chat_list_last_user(&c->list);
    if (user == c->list.n)
        return error_set(err, ERR_NOT_FOUND, "there is no message to take back");
    if (chat_check_saved(c, err) != ERR_NONE ||
        (user > 0 && store_select_leaf(home_store(c->home), c->list.at[user - 1].id, err) != ERR_NONE))
        return err->code;
    if (!remember_undone(c, c->list.at[c->list.n - 1].id, &c->list.at[user]))
        return error_set(err, ERR_MEMORY, "no memory for what was taken back");
    chat_cut(c, user);
    c->tries = 0;
    chat_tell_changed(c, user);
    if (text != NULL)
        *text = buf_text(&c->undone_text);
    return ERR_NONE;
}

enum error_code chat_redo(struct chat *c, const char **text, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    if (c->n_undone == 0)
        return error_set(err, ERR_NOT_FOUND, "nothing was taken back since the last message");
    size_t n = c->list.n;
    if (store_select_leaf(home_store(c->home), c->undone[c->n_undone - 1], err) != ERR_NONE ||
        chat_reload(c, err) != ERR_NONE)
        return err->code;
    c->n_undone--;
    if (text != NULL)
        *text = n < c->list.n ? buf_text(&c->list.at[n].text) : "";
    return ERR_NONE;
}

enum error_code chat_delete(struct chat *c, size_t index, int64_t *id, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || check_index(c, index, err) != ERR_NONE ||
        chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    int64_t gone = c->list.at[index].id;
    if (store_delete_message(home_store(c->home), gone, err) != ERR_NONE)
        return err->code;
    if (id != NULL)
        *id = gone;
    chat_forget_undone(c);
    return chat_reload(c, err);
}

enum error_code chat_restore(struct chat *c, int64_t id, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE ||
        store_restore_message(home_store(c->home), id, err) != ERR_NONE)
        return err->code;
    chat_forget_undone(c);
    return chat_reload(c, err);
}

/* ---- conversations ---------------------------------------------------------------------------------------------- */

static bool given(const struct chat *c, const char *option)
{
    return options_source(c->options, option) >= SOURCE_VARIABLE;
}

/* The settings of the options, and over them what the conversation has of its own, but for what flags and variables say. */
static void take_settings(struct chat *c, const char *json)
{
    struct sampling own = chat_base_sampling(c, NULL);
    c->by_hand = chat_settings_read(&own, json);
    c->overruled = chat_take_given(c, &own);
    c->sampling = own;
    c->seed_is_fixed = (c->by_hand & SETTINGS_SEED) != 0 || options_source(c->options, "seed") != SOURCE_BUILT_IN;
    c->tries = 0;
}

static void take_system(struct chat *c, const char *system)
{
    const char *text = system != NULL && !given(c, "system") ? system : c->options->system;
    buf_clear(&c->system);
    buf_puts(&c->system, text != NULL ? text : "");
}

static void take_template(struct chat *c, const char *name)
{
    struct error err = {0};
    if (c->options->raw || given(c, "template"))
        return;
    c->template_kept = name != NULL;
    name = name != NULL ? name : c->options->template_name;
    if (chat_use_template(c, name, &err) != ERR_NONE)
        chat_remark(c, false, "this conversation's template can't be used: %s", err.message);
}

/* Which model it was held with: chat_open loads it, later it is only named. */
static void take_model(struct chat *c, const char *model)
{
    free(c->model_kept);
    c->model_kept = model != NULL ? strdup(model) : NULL;
    const char *path = chat_model_path(c);
    char *present = *path != '\0' ? models_lasting_name(c->options, path) : NULL;
    if (model != NULL && present != NULL && strcmp(present, model) != 0)
        chat_remark(c, false, "this conversation was held with %s; /model %s changes to it", model, model);
    free(present);
}

static void take_properties(struct chat *c, const struct store_conversation *own)
{
    take_settings(c, own->settings);
    chat_find_origins(c, own->preset, own->persona);
    take_system(c, own->system);
    take_template(c, own->template_name);
    take_model(c, own->model);
    c->properties = false;
    c->orphan = false;
    c->trash_told = own->trashed != 0;
}

/* Without what belonged to the conversation before. */
static void leave(struct chat *c)
{
    chat_cut(c, 0);
    chat_forget_undone(c);
    prompt_free(&c->prompt);
    c->prompt = (struct prompt){0};
    c->window = 0;
}

/* Enters a conversation of the present store. */
enum error_code chat_enter(struct chat *c, int64_t conversation, struct error *err)
{
    struct store *s = home_store(c->home);
    struct store_conversation own = {0};
    struct store_ids ids = {0};
    struct chat_list list = {0};
    struct error ignored = {0};
    enum error_code code = store_conversation_get(s, conversation, &own, err);
    if (code == ERR_NONE)
        code = store_current(s, conversation, &ids, err);
    if (code == ERR_NONE)
        code = load(s, ids.at, ids.n, &list, err);
    if (code == ERR_NONE) {
        leave(c);
        chat_list_free(&c->list);
        c->list = list;
        list = (struct chat_list){0};
        home_enter(c->home, conversation);
        take_properties(c, &own);
        if (own.unread)
            store_flag(s, conversation, STORE_UNREAD, false, &ignored);
    }
    chat_list_free(&list);
    store_ids_free(&ids);
    store_conversation_free(&own);
    return code;
}

static enum error_code check_leave(struct chat *c, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    return c->orphan ? ERR_NONE : chat_check_saved(c, err);
}

enum error_code chat_new(struct chat *c, bool temporary, struct error *err)
{
    if (check_leave(c, err) != ERR_NONE || home_begin(c->home, temporary, err) != ERR_NONE)
        return err->code;
    leave(c);
    c->orphan = false;
    c->properties = true;
    chat_tell_changed(c, 0);
    return ERR_NONE;
}

/* Looks before it leaves the present one. */
static enum error_code check_conversation(struct chat *c, int64_t conversation, struct error *err)
{
    struct store *library = home_library(c->home, err);
    struct store_conversation there = {0};
    if (library == NULL || store_conversation_get(library, conversation, &there, err) != ERR_NONE)
        return err->code;
    store_conversation_free(&there);
    return ERR_NONE;
}

enum error_code chat_open_conversation(struct chat *c, int64_t conversation, struct error *err)
{
    if (check_leave(c, err) != ERR_NONE || check_conversation(c, conversation, err) != ERR_NONE)
        return err->code;
    if (home_is_temporary(c->home) && chat_new(c, false, err) != ERR_NONE)
        return err->code;
    if (chat_enter(c, conversation, err) != ERR_NONE)
        return err->code;
    chat_tell_changed(c, 0);
    return ERR_NONE;
}

enum error_code chat_branch(struct chat *c, size_t index, struct error *err)
{
    int64_t conversation = 0;
    if (chat_check_idle(c, err) != ERR_NONE || check_index(c, index, err) != ERR_NONE ||
        chat_check_saved(c, err) != ERR_NONE ||
        store_branch(home_store(c->home), c->list.at[index].id, &conversation, err) != ERR_NONE ||
        chat_enter(c, conversation, err) != ERR_NONE)
        return err->code;
    chat_tell_changed(c, 0);
    return ERR_NONE;
}

enum error_code chat_resume(struct chat *c, struct error *err)
{
    const struct options *o = c->options;
    int64_t conversation = 0;
    if (!o->continue_last && o->resume == NULL)
        return ERR_NONE;
    struct store *library = home_library(c->home, err);
    if (library == NULL)
        return err->code;
    enum error_code code = o->resume != NULL ? library_find(library, o->resume, "palaver list", &conversation, err)
                                             : store_last(library, &conversation, err);
    if (code == ERR_NONE && home_is_temporary(c->home))
        code = home_begin(c->home, false, err);
    if (code == ERR_NOT_FOUND && o->resume == NULL)
        return error_clear(err), ERR_NONE; /* a new one is as good, and chat_tick says so */
    return code == ERR_NONE ? chat_enter(c, conversation, err) : code;
}
