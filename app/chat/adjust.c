/* Adjust: changes of what a conversation is held with (settings, preset, system message, template). They act on the
 * next token, and are saved with the conversation. */
#include <config.h>

#include "app/chat/adjust.h"

#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/list.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/options/options.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

struct sampling chat_request_sampling(const struct chat *c)
{
    struct sampling s = *chat_settings_sampling(c->settings);
    int32_t before = answering_tokens_before(c->answering);
    s.seed = chat_list_last(&c->list)->seed;
    if (s.max_new_tokens >= 0)
        s.max_new_tokens = s.max_new_tokens > before ? s.max_new_tokens - before : 0;
    speaker_add_stops(c->speaker, &s);
    return s;
}

/* Has the running request, if any, continue with the settings as they are now. */
static void forward_settings(struct chat *c)
{
    if (answering_request(c->answering) == 0 || chat_host(c) != NULL) /* a server has the settings of its request */
        return;
    chat_save_settings(c);
    struct sampling s = chat_request_sampling(c);
    speaker_set_sampling(c->speaker, &s);
}

void chat_set_sampling(struct chat *c, const struct sampling *sampling)
{
    if (chat_settings_set(c->settings, sampling) != 0)
        chat_save_properties_later(c);
    forward_settings(c);
}

void chat_fix_seed(struct chat *c, bool fixed)
{
    chat_settings_fix_seed(c->settings, fixed);
    chat_save_properties(c);
}

void chat_use_preset(struct chat *c, const char *name, const char *settings, bool given_first)
{
    chat_settings_use_preset(c->settings, chat_model(c), name, settings, given_first);
    forward_settings(c);
    chat_save_properties(c);
}

enum error_code chat_set_system(struct chat *c, const char *text, struct error *err)
{
    if (chat_check_idle(c, err) != ERR_NONE)
        return err->code;
    if (!chat_put_system(c, text))
        return error_memory(err);
    chat_see_from(c, 0);
    chat_save_properties(c);
    chat_tell_unseen_system(c);
    return ERR_NONE;
}

enum error_code chat_set_template(struct chat *c, const char *name, struct error *err)
{
    if (chat_check_ready(c, err) != ERR_NONE || chat_check_here(c, "a template", err) != ERR_NONE ||
        speaker_use_template(c->speaker, name, false, err) != ERR_NONE)
        return err->code;
    chat_see_from(c, 0);
    chat_save_properties(c);
    chat_tell_unseen_system(c);
    return ERR_NONE;
}

enum error_code chat_set_raw(struct chat *c, bool raw, struct error *err)
{
    enum error_code code = chat_set_template(c, raw ? STORE_TEXT_TEMPLATE : c->options->template_name, err);
    if (code == ERR_NONE && !raw && chat_continues_text(c))
        code = chat_set_template(c, CHAT_PLAIN_WORDS, err);
    return code;
}
