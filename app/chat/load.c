/* Load: when a model is loaded it takes the place of the present one, and answers the message that waited for it. */
#include <config.h>

#include "app/chat/load.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/answer.h"
#include "app/chat/answering.h"
#include "app/chat/aside.h"
#include "app/chat/chat.h"
#include "app/chat/distant.h"
#include "app/chat/fields.h"
#include "app/chat/footprint.h"
#include "app/chat/models.h"
#include "app/chat/preset.h"
#include "app/chat/saving.h"
#include "app/chat/send.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/library/home.h"
#include "app/options/endpoints.h"
#include "app/options/options.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

enum { TAUGHT_MOST = 16384 }; /* tokens: read in a hundredth of a second */

/* Whether a name means a server's model; not where its endpoint was removed from the file. What is wrong with the file is
 * told when the model is opened. */
static bool is_distant(const struct chat *c, const char *name)
{
    const char *endpoint;
    struct endpoints all;
    struct error unread = {0}, unknown = {0};
    if (!endpoints_is_name(name, &endpoint))
        return false;
    if (endpoints_read(c->options, &all, &unread) != ERR_NONE)
        return true;
    const bool known = endpoints_find(&all, endpoint, &unknown) != NULL;
    endpoints_free(&all);
    return known;
}

/* The name of the resumed conversation's model, malloc'ed; NULL when it has none or that was removed. */
static char *resumed_model(const struct chat *c)
{
    struct error ignored = {0}; /* then the options' model is loaded */
    struct store_conversation own = {0};
    char *name = NULL;
    if (home_conversation(c->home) == 0 ||
        store_conversation_get(home_store(c->home), home_conversation(c->home), &own, &ignored) != ERR_NONE)
        return NULL;
    const bool distant = own.model != NULL && is_distant(c, own.model);
    char *path = own.model != NULL && !distant ? models_find_name(c->options, own.model, &ignored) : NULL;
    if (distant || (path != NULL && access(path, R_OK) == 0))
        name = strdup(own.model);
    free(path);
    store_conversation_free(&own);
    return name;
}

enum error_code chat_load_first(struct chat *c, struct error *err)
{
    bool named = options_source(c->options, "model") >= SOURCE_VARIABLE;
    char *name = named ? NULL : resumed_model(c);
    struct error why = {0};
    speaker_load(c->speaker, name, &why);
    const bool none = why.code == ERR_NOT_FOUND && !named && name == NULL && c->options->model == NULL;
    free(name);
    if (why.code == ERR_NONE || (none && c->view->without_model))
        return ERR_NONE;
    return error_set(err, why.code, "%s", why.message);
}

enum error_code chat_set_model(struct chat *c, const char *name, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    return speaker_load(c->speaker, name, err);
}

static void give_up_loading(struct chat *c, const struct error *err)
{
    speaker_stop_loading(c->speaker);
    if (c->view->failed != NULL)
        c->view->failed(c->view->context, err);
    if (answering_waits_for_model(c->answering))
        chat_refuse(c, err);
}

/* What the model wrote for this user before is what it may write again. */
static void teach_history(struct chat *c)
{
    struct error ignored = {0}; /* then nothing is guessed from it */
    struct store *library = c->options->speculate != SPECULATE_OFF ? home_library(c->home, &ignored) : NULL;
    int32_t *ids = NULL;
    size_t n = 0;
    if (library == NULL ||
        store_chosen(library, model_info(chat_model(c))->fingerprint, TAUGHT_MOST, &ids, &n, &ignored) != ERR_NONE)
        return;
    speaker_teach(c->speaker, ids, n);
    free(ids);
}

/* What a user has to know of the model's memory. */
static void tell_memory(struct chat *c)
{
    char text[300];
    const struct memory_plan *plan = chat_plan(c);
    if (footprint_write_loading(chat_model(c), options_load(c->options), text, sizeof text))
        chat_remark(c, false, "%s", text);
    if (plan->verdict == PLAN_FITS)
        return;
    footprint_write_verdict(plan, text, sizeof text);
    chat_remark(c, true, "memory: %s", text);
}

static void add_unsent(const struct chat *c, uint32_t changed, const char *name, struct buf *names)
{
    if ((changed & fields_bit(name)) != 0 && !chat_takes(c, name))
        buf_printf(names, "%s%s", names->size > 0 ? ", " : "", name);
}

/* Settings that were changed and that the server does not take. */
static void tell_unsent(struct chat *c)
{
    const struct sampling usual = sampling_defaults();
    const uint32_t changed = fields_changed(&usual, chat_sampling(c));
    struct buf names;
    buf_init(&names, 1000);
    for (const struct sampling_field *f = sampling_fields; f->name != NULL; f++)
        if (sampling_in_use(chat_sampling(c), f))
            add_unsent(c, changed, f->name, &names);
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        add_unsent(c, changed, sampling_list_name(list), &names);
    if (names.size > 0)
        chat_remark(c, true, "%s does not take these settings, and they are not sent: %s", chat_host(c),
                    buf_text(&names));
    buf_free(&names);
}

/* The template that was asked for is not the server's. */
static void tell_template(struct chat *c)
{
    const char *template = speaker_template_name(c->speaker);
    if (template != NULL && strcmp(template, STORE_TEXT_TEMPLATE) == 0)
        chat_remark(c, true, "%s is given messages: this text is not continued, it is answered", chat_host(c));
    else if (template != NULL)
        chat_remark(c, true, "%s makes the prompt by a template of its own: %s is not used", chat_host(c), template);
}

/* What a user has to know of a server. */
static void tell_server(struct chat *c)
{
    const struct distant *distant = speaker_distant(c->speaker);
    if (distant_is_clear(distant))
        chat_remark(c, true, "%s is asked without encryption: everybody on the way can read it", chat_host(c));
    if (speaker_capacity_is_loose(c->speaker))
        chat_remark(c, true,
                    "%s tells that this model could have a context of %zu tokens, not how many it is run with, and no "
                    "request can set that; what is longer it may cut without a word. `context = N` in the endpoints "
                    "file says what it has",
                    chat_host(c), chat_capacity(c));
    tell_unsent(c);
    tell_template(c);
    if (home_is_temporary(c->home))
        chat_remark(c, false, "nothing of this chat is saved here; %s may keep what it is asked", chat_host(c));
}

/* A server waits for nobody between two tokens. */
static void end_stepping_there(struct chat *c)
{
    if (chat_host(c) == NULL || !chat_is_stepping(c))
        return;
    chat_set_stepping(c, false);
    chat_remark(c, true, "%s sends answers as they come: they are no longer made token by token", chat_host(c));
}

/* The loaded model takes the place of the present one. */
static void change_model(struct chat *c)
{
    struct error err = {0}, unused = {0};
    bool another = chat_is_ready(c);
    if (speaker_use_loaded(c->speaker, &unused, &err) == ERR_NONE) {
        aside_forget(c->aside);
        chat_title_cancel(c);
    }
    if (unused.code != ERR_NONE)
        chat_remark(c, false, "this conversation's template can't be used (%s); it continues with the model's own",
                    unused.message);
    if (err.code != ERR_NONE) {
        give_up_loading(c, &err);
        return;
    }
    end_stepping_there(c);
    chat_set_stepping(c, chat_is_stepping(c));
    chat_see_from(c, 0);
    answering_forget_prompt(c->answering); /* its ids and their number were the other model's */
    answering_keep_logits(c->answering, false);
    if (another || chat_continues_text(c))
        chat_save_properties(c);
    chat_settings_use_model(c->settings, chat_model(c));
    preset_begin_with_model(c);
    if (c->view->loaded != NULL)
        c->view->loaded(c->view->context);
    const bool known = speaker_shares_model(c->speaker); /* what there is to tell was told */
    if (!known && chat_template(c) != NULL && template_trouble(chat_template(c)) != NULL)
        chat_remark(c, true, "%s", template_trouble(chat_template(c)));
    chat_tell_unseen_system(c);
    if (!known && chat_host(c) != NULL) {
        tell_server(c);
    } else if (!known) {
        teach_history(c);
        tell_memory(c);
    }
    chat_ask_waiting(c);
}

void chat_take_loading(struct chat *c, const struct event *event)
{
    if (event->kind == EVENT_LOADING) {
        speaker_take_loading(c->speaker, event);
        if (c->view->loading != NULL)
            c->view->loading(c->view->context);
    } else if (event->kind == EVENT_LOADED)
        change_model(c);
    else if (event->kind == EVENT_FAILED)
        give_up_loading(c, &event->error);
}
