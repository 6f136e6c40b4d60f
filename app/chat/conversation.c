/* Conversation: entering one that is stored, beginning one, and branching off the present one. */
#include <config.h>

#include "app/chat/conversation.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/answer.h"
#include "app/chat/answering.h"
#include "app/chat/background.h"
#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/models.h"
#include "app/chat/preset.h"
#include "app/chat/queue.h"
#include "app/chat/reload.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/undone.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/options/options.h"
#include "base/error.h"
#include "history/history.h"

/* Whether a flag or a variable sets it. */
static bool option_is_given(const struct chat *c, const char *option)
{
    return options_source(c->options, option) >= SOURCE_VARIABLE;
}

/* The options' settings, overridden by the conversation's own except where a flag or a variable sets them. */
static void take_settings(struct chat *c, const struct store_conversation *own)
{
    struct error ignored = {0}; /* then the settings count as set here */
    struct store_persona p = {0};
    struct store *library = own->persona != NULL ? home_library(c->home, &ignored) : NULL;
    char *preset = own->preset != NULL ? preset_settings(c, own->preset) : NULL;
    if (library != NULL)
        store_persona_get(library, own->persona, &p, &ignored);
    chat_settings_read_stored(c->settings, chat_model(c), own->settings);
    chat_settings_find_origins(c->settings, chat_model(c), own->preset, preset, own->persona, p.settings);
    store_persona_free(&p);
    free(preset);
}

static void take_system(struct chat *c, const char *system)
{
    const char *text = system != NULL && !option_is_given(c, "system") ? system : c->options->system;
    chat_put_system(c, text != NULL ? text : "");
}

static void take_template(struct chat *c, const char *name)
{
    struct error err = {0};
    if (c->options->raw || option_is_given(c, "template"))
        return;
    const char *wanted = name != NULL ? name : c->options->template_name;
    if (speaker_use_template(c->speaker, wanted, name != NULL, &err) != ERR_NONE)
        chat_remark(c, false, "this conversation's template can't be used: %s", err.message);
}

/* Tells when another model is present than the one that the conversation was held with. */
static void compare_model(struct chat *c, const char *model)
{
    const char *path = chat_model_path(c);
    char *present = *path != '\0' ? models_lasting_name(c->options, path) : NULL;
    if (model != NULL && present != NULL && strcmp(present, model) != 0)
        chat_remark(c, false, "this conversation was held with %s; /model %s changes to it", model, model);
    free(present);
}

static void take_properties(struct chat *c, const struct store_conversation *own)
{
    take_settings(c, own);
    take_system(c, own->system);
    take_template(c, own->template_name);
    compare_model(c, own->model);
    chat_enter_saved(c, true, own->trashed != 0);
    chat_tell_unseen_system(c);
}

/* Forgets what belongs to the present conversation. */
static void leave_conversation(struct chat *c)
{
    chat_cut(c, 0);
    undone_clear(c->undone);
    answering_forget_prompt(c->answering);
    queue_clear(c->queue);
    chat_see_from(c, 0);
}

enum error_code chat_enter(struct chat *c, int64_t conversation, struct error *err)
{
    struct store *s = home_store(c->home);
    struct store_conversation own = {0};
    struct store_ids ids = {0};
    struct chat_list list = {0};
    struct error ignored = {0}; /* it stays marked as unread */
    enum error_code code = store_conversation_get(s, conversation, &own, err);
    if (code == ERR_NONE)
        code = store_current(s, conversation, &ids, err);
    if (code == ERR_NONE)
        code = chat_load_messages(s, ids.at, ids.n, &list, err);
    struct queue *queue = code == ERR_NONE ? chat_read_queue(s, conversation, err) : NULL;
    if (queue != NULL) {
        leave_conversation(c);
        chat_list_replace(&c->list, &list);
        home_enter(c->home, conversation);
        take_properties(c, &own);
        queue_free(c->queue);
        c->queue = queue;
        if (own.unread)
            store_flag(s, conversation, STORE_UNREAD, false, &ignored);
    }
    chat_list_free(&list);
    store_ids_free(&ids);
    store_conversation_free(&own);
    return err->code;
}

/* Leaves the open conversation: saved, or to go on by itself. What follows finds a new one. */
static enum error_code leave_open(struct chat *c, struct error *err)
{
    return chat_is_busy(c) ? background_leave(c, err) : chat_check_left(c, err);
}

enum error_code chat_new(struct chat *c, bool temporary, struct error *err)
{
    const int64_t before = home_conversation(c->home);
    const bool goes_on = chat_is_busy(c);
    if (leave_open(c, err) != ERR_NONE)
        return err->code;
    if (home_begin(c->home, temporary, err) != ERR_NONE) {
        struct error ignored = {0};
        if (goes_on)
            background_return(c, background_find(c, before), &ignored);
        return err->code;
    }
    leave_conversation(c);
    chat_enter_saved(c, false, false);
    chat_tell_changed(c, 0);
    return ERR_NONE;
}

/* Checks that the other one exists before the present one is left. */
static enum error_code check_conversation(struct chat *c, int64_t conversation, struct error *err)
{
    struct store *library = home_library(c->home, err);
    struct store_conversation there = {0};
    if (library == NULL || store_conversation_get(library, conversation, &there, err) != ERR_NONE)
        return err->code;
    store_conversation_free(&there);
    return ERR_NONE;
}

/* Each answer keeps its model until it ends: the one of the conversation that is open now is in use again. */
static void tell_model(struct chat *c)
{
    char name[256];
    if (c->view->loaded != NULL)
        c->view->loaded(c->view->context);
    models_label(chat_model_path(c), name, sizeof name);
    chat_remark(c, false, "%s is the model here; /model chooses another", name);
}

/* Shows an answer that went on, or has just ended, as it is now. */
static enum error_code return_to(struct chat *c, size_t index, struct error *err)
{
    struct error ignored = {0}; /* it stays marked as unread */
    if (!chat_is_busy(c) && chat_check_left(c, err) != ERR_NONE)
        return err->code;
    const bool same = strcmp(chat_model_path(c), chat_model_path(background_at(c, index))) == 0;
    if (background_return(c, index, err) != ERR_NONE)
        return err->code;
    if (!same)
        tell_model(c);
    store_flag(home_store(c->home), home_conversation(c->home), STORE_UNREAD, false, &ignored);
    return ERR_NONE;
}

/* Enters one as it is stored. On failure the one before is still open. */
static enum error_code enter_stored(struct chat *c, int64_t conversation, struct error *err)
{
    const int64_t before = home_conversation(c->home);
    const bool goes_on = chat_is_busy(c);
    struct error ignored = {0};
    if (leave_open(c, err) == ERR_NONE && chat_enter(c, conversation, err) != ERR_NONE && goes_on)
        background_return(c, background_find(c, before), &ignored);
    return err->code;
}

enum error_code chat_open_conversation(struct chat *c, int64_t conversation, struct error *err)
{
    const bool open = !home_is_temporary(c->home) && home_conversation(c->home) == conversation;
    if (open && chat_is_busy(c))
        return ERR_NONE; /* it holds more than is stored */
    if (check_conversation(c, conversation, err) != ERR_NONE)
        return err->code;
    if (home_is_temporary(c->home) && chat_new(c, false, err) != ERR_NONE)
        return err->code;
    const size_t index = background_find(c, conversation);
    if ((index < background_count(c) ? return_to(c, index, err) : enter_stored(c, conversation, err)) != ERR_NONE)
        return err->code;
    chat_tell_changed(c, 0);
    if (c->first_visible > 0 || c->first_byte > 0)
        chat_tell_window(c);
    background_tell_failure(c);
    return ERR_NONE;
}

size_t chat_answers_elsewhere(const struct chat *c)
{
    size_t n = 0;
    for (size_t i = 0; i < background_count(c); i++)
        n += chat_is_busy(background_at(c, i));
    return n;
}

const struct chat *chat_elsewhere(const struct chat *c, size_t index)
{
    return index < background_count(c) ? background_at(c, index) : NULL;
}

enum error_code chat_check_still(const struct chat *c, int64_t conversation, struct error *err)
{
    const size_t index = background_find(c, conversation);
    const bool open = !home_is_temporary(c->home) && home_conversation(c->home) == conversation;
    if ((open && chat_is_busy(c)) || (index < background_count(c) && chat_is_busy(background_at(c, index))))
        return error_set(err, ERR_BUSY, "an answer is being written there; Esc in that conversation stops it");
    return ERR_NONE;
}

enum error_code chat_branch(struct chat *c, size_t index, struct error *err)
{
    int64_t conversation = 0;
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_index(c, index, err) != ERR_NONE ||
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
                                             : store_last(library, NULL, &conversation, err);
    if (code == ERR_NONE && home_is_temporary(c->home))
        code = home_begin(c->home, false, err);
    if (code == ERR_NOT_FOUND && o->resume == NULL)
        return error_clear(err), ERR_NONE; /* a new one is as good, and chat_tick says so */
    return code == ERR_NONE ? chat_enter(c, conversation, err) : code;
}
