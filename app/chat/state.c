/* State: what the chat is asked and what it tells; all other files of the room stand on it. */
#include <config.h>

#include "app/chat/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/chat/answering.h"
#include "app/chat/chat.h"
#include "app/chat/distant.h"
#include "app/chat/list.h"
#include "app/chat/script.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

/* ---- asking ----------------------------------------------------------------------------------------------------- */

struct home *chat_home(const struct chat *c)
{
    return c->home;
}

enum chat_state chat_state(const struct chat *c)
{
    if (answering_request(c->answering) != 0 || c->compare != NULL)
        return answering_is_reading(c->answering) ? CHAT_READING : CHAT_ANSWERING;
    if (speaker_is_loading(c->speaker))
        return CHAT_LOADING;
    return speaker_is_ready(c->speaker) ? CHAT_IDLE : CHAT_NO_MODEL;
}

bool chat_is_busy(const struct chat *c)
{
    return answering_request(c->answering) != 0 || answering_waits_for_model(c->answering) || c->compare != NULL;
}

size_t chat_count(const struct chat *c)
{
    return c->list.n;
}

const struct chat_message *chat_message(const struct chat *c, size_t index)
{
    return &c->list.at[index];
}

const char *chat_host_model(const struct chat *c, size_t i, int32_t *context)
{
    return speaker_host_model(c->speaker, i, context);
}

const char *chat_host(const struct chat *c)
{
    return speaker_host(c->speaker);
}

int chat_server_waits(const struct chat *c, const char **why)
{
    const struct distant *distant = speaker_distant_asked(c->speaker);
    return distant != NULL ? distant_waits(distant, why) : 0;
}

bool chat_takes(const struct chat *c, const char *setting)
{
    const struct distant *distant = speaker_distant(c->speaker);
    return distant == NULL || distant_takes(distant, setting);
}

const char *chat_fingerprint(const struct chat *c)
{
    const struct distant *distant = speaker_distant(c->speaker);
    return distant != NULL ? distant_fingerprint(distant) : "";
}

bool chat_piece(const struct chat *c, int32_t id, struct buf *out)
{
    const struct distant *distant = speaker_distant(c->speaker);
    if (distant != NULL)
        return distant_piece(distant, id, out);
    return chat_model(c) != NULL && tokenizer_piece(model_tokenizer(chat_model(c)), id, out);
}

int32_t chat_name_token(struct chat *c, const char *text, size_t size)
{
    return speaker_distant(c->speaker) != NULL ? speaker_name_token(c->speaker, text, size) : -1;
}

bool chat_is_ready(const struct chat *c)
{
    return speaker_is_ready(c->speaker);
}

int chat_loading_percent(const struct chat *c)
{
    return speaker_loading_percent(c->speaker);
}

const struct memory_plan *chat_plan(const struct chat *c)
{
    return speaker_plan(c->speaker);
}

const struct model *chat_model(const struct chat *c)
{
    return speaker_model(c->speaker);
}

const struct chat_template *chat_template(const struct chat *c)
{
    return speaker_template(c->speaker);
}

const char *chat_model_path(const struct chat *c)
{
    return speaker_path(c->speaker);
}

const char *chat_system(const struct chat *c)
{
    return buf_text(&c->system);
}

size_t chat_capacity(const struct chat *c)
{
    return speaker_capacity(c->speaker);
}

size_t chat_count_tokens(const struct chat *c, const char *text, size_t size)
{
    return speaker_count_tokens(c->speaker, text, size);
}

const char *chat_count_sign(const struct chat *c)
{
    return chat_host(c) != NULL ? "~" : "";
}

size_t chat_estimate_used(const struct chat *c)
{
    const struct script script = chat_script(c);
    return script_estimate(&script);
}

const struct sampling *chat_sampling(const struct chat *c)
{
    return chat_settings_sampling(c->settings);
}

struct sampling chat_base_sampling(const struct chat *c, uint32_t *recommended)
{
    return chat_settings_base(c->settings, chat_model(c), recommended);
}

bool chat_seed_is_fixed(const struct chat *c)
{
    return chat_settings_seed_is_fixed(c->settings);
}

enum chat_origin chat_setting_origin(const struct chat *c, const char *setting, const char **name)
{
    return chat_settings_origin(c->settings, setting, name);
}

bool chat_is_stepping(const struct chat *c)
{
    return answering_is_stepping(c->answering);
}

bool chat_waits(const struct chat *c)
{
    return answering_is_paused(c->answering);
}

const struct prompt *chat_last_prompt(const struct chat *c)
{
    const struct prompt *last = answering_prompt(c->answering);
    return last->ids.n > 0 ? last : NULL;
}

size_t chat_last_used(const struct chat *c)
{
    return answering_context_used(c->answering);
}

bool chat_last_used_is_estimated(const struct chat *c)
{
    return answering_is_estimated(c->answering);
}

bool chat_continues_text(const struct chat *c)
{
    const struct chat_template *template = chat_template(c);
    const char *name = speaker_template_name(c->speaker);
    if (speaker_host(c->speaker) != NULL) /* a server is given messages */
        return false;
    return template != NULL ? template_is_base(template) : name != NULL && strcmp(name, STORE_TEXT_TEMPLATE) == 0;
}

size_t chat_first_visible(const struct chat *c)
{
    return c->first_visible;
}

size_t chat_first_byte(const struct chat *c)
{
    return c->first_byte;
}

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

/* ---- checks ----------------------------------------------------------------------------------------------------- */

enum error_code chat_check_idle(const struct chat *c, struct error *err)
{
    return chat_is_busy(c) ? error_set(err, ERR_BUSY, "an answer is under way; stop it first") : ERR_NONE;
}

enum error_code chat_check_ready(const struct chat *c, struct error *err)
{
    if (chat_state(c) == CHAT_NO_MODEL)
        return error_set(err, ERR_NOT_FOUND, "no model is open; /model NAME opens one");
    return chat_check_idle(c, err);
}

enum error_code chat_check_loaded(const struct chat *c, struct error *err)
{
    if (!speaker_is_ready(c->speaker))
        return error_set(err, ERR_BUSY, "the model is still loading; try again in a moment");
    return ERR_NONE;
}

enum error_code chat_check_here(const struct chat *c, const char *what, struct error *err)
{
    if (chat_check_loaded(c, err) == ERR_NONE && chat_host(c) != NULL)
        error_set(err, ERR_UNSUPPORTED, "%s has the model, and %s needs one on this machine; /model NAME changes to it",
                  chat_host(c), what);
    return err->code;
}

enum error_code chat_check_index(const struct chat *c, size_t index, struct error *err)
{
    if (index < c->list.n)
        return ERR_NONE;
    return c->list.n == 0
               ? error_set(err, ERR_NOT_FOUND, "there is no message yet")
               : error_set(err, ERR_NOT_FOUND, "there are %zu messages, no message %zu", c->list.n, index + 1);
}

enum error_code chat_check_answer(const struct chat *c, size_t index, struct error *err)
{
    if (chat_check_index(c, index, err) == ERR_NONE && c->list.at[index].role != ROLE_ASSISTANT)
        error_set(err, ERR_NOT_FOUND, "message %zu is not an answer", index + 1);
    return err->code;
}

/* ---- what the model sees ---------------------------------------------------------------------------------------- */

struct script chat_script(const struct chat *c)
{
    return (struct script){
        .speaker = c->speaker,
        .system = chat_system(c),
        .messages = c->list.at,
        .n = c->list.n,
        .first_visible = c->first_visible,
        .max_new_tokens = chat_sampling(c)->max_new_tokens,
    };
}

enum error_code chat_render(struct chat *c, struct prompt *out, struct error *err)
{
    struct script script = chat_script(c);
    if (chat_host(c) != NULL)
        return error_set(err, ERR_UNSUPPORTED, "%s makes the prompt, by a template that it keeps to itself",
                         chat_host(c));
    if (chat_model(c) == NULL)
        return error_set(err, ERR_NOT_FOUND, "the model is not loaded");
    struct script_start start;
    return chat_continues_text(c) ? script_render_fitting(&script, out, &start, err)
                                  : script_render(&script, c->first_visible, 0, out, err);
}

void chat_cut(struct chat *c, size_t n)
{
    chat_list_cut(&c->list, n);
    if (c->first_visible >= n)
        chat_see_from(c, 0);
}

void chat_see_from(struct chat *c, size_t first)
{
    chat_see_text_from(c, (struct script_start){.message = first});
}

void chat_see_text_from(struct chat *c, struct script_start start)
{
    c->first_visible = start.message;
    c->first_byte = start.byte;
}

bool chat_system_is_unseen(const struct chat *c)
{
    return c->system.size > 0 && chat_template(c) != NULL && template_drops_system(chat_template(c));
}

bool chat_put_system(struct chat *c, const char *text)
{
    buf_clear(&c->system);
    return buf_puts(&c->system, text);
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

void chat_tell_changed(struct chat *c, size_t from)
{
    answering_keep_logits(c->answering, false);
    if (c->view->changed != NULL)
        c->view->changed(c->view->context, from);
}

void chat_remark(const struct chat *c, bool trouble, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (c->view->remark != NULL)
        c->view->remark(c->view->context, trouble, text);
}

void chat_tell_unseen_system(const struct chat *c)
{
    if (chat_system_is_unseen(c))
        chat_remark(c, true, "the chat template leaves the system message out: the model does not see it");
}
