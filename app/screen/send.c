/* Send: commands and messages tell apart by their slash, edits and own words by what the composer is used for. */
#include <config.h>

#include "app/screen/send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/library/sent.h"
#include "app/screen/acts.h"
#include "app/screen/composer.h"
#include "app/screen/draft.h"
#include "app/screen/list.h"
#include "app/screen/queue.h"
#include "app/screen/roads.h"
#include "app/screen/said.h"
#include "app/screen/settings.h"
#include "app/screen/status.h"
#include "app/screen/view.h"
#include "app/terminal/drop.h"
#include "base/buf.h"

struct screen_send {
    struct line_history *sent;
};

static void remember_message(void *context, const char *text)
{
    const struct screen *s = context;
    ui_remember(s->ui, text);
}

struct screen_send *screen_send_new(struct screen *s)
{
    struct screen_send *send = calloc(1, sizeof *send);
    if (send != NULL)
        send->sent = line_history_open(&s->options->paths, remember_message, s);
    return send;
}

void screen_send_free(struct screen_send *send)
{
    if (send != NULL)
        line_history_free(send->sent);
    free(send);
}

/* ---- slash commands --------------------------------------------------------------------------------------------- */

void screen_send_take_draft(struct screen *s)
{
    struct buf *draft = &s->repl.draft;
    if (draft->size == 0)
        return;
    screen_draft_follow(s); /* what is typed stays with the conversation that was left */
    ui_borrow_typed(s->ui, buf_text(draft), draft->size);
    ui_compose(s->ui);
    buf_clear(draft);
    screen_composer_label(s);
}

/* typed: the line is the user's own, who corrects it when it can't be run. */
static void run_slash(struct screen *s, const char *line, bool typed)
{
    char title[80];
    snprintf(title, sizeof title, "%.*s", (int)strcspn(line, " \n"), line);
    if (!slash_run(&s->repl, line) && !typed)
        buf_clear(&s->repl.draft);
    screen_said_show(s, title);
    screen_send_take_draft(s);
    screen_settings_changed(s);
    screen_composer_label(s);
    screen_list_changed(s);
}

void screen_send_slash(struct screen *s, const char *line)
{
    run_slash(s, line, false);
}

void screen_send_tick(struct screen *s)
{
    const bool reads = repl_reads(&s->repl);
    if (repl_tick(&s->repl)) {
        screen_said_show(s, "/read");
        screen_composer_label(s);
    }
    if (reads)
        screen_status_show(s);
}

/* ---- edits ------------------------------------------------------------------------------------------------------ */

/* Puts the edited text beside the old one. On failure it stays typed. */
static void keep_edit(struct screen *s, const char *text, size_t size, bool resume, struct error *err)
{
    size_t index;
    screen_composer_use(s, &index, NULL);
    if (chat_edit(s->repl.chat, index, text, size, resume, err) != ERR_NONE) {
        ui_set_typed(s->ui, text, size);
        return;
    }
    screen_composer_end(s);
    ui_show_end(s->ui);
}

void screen_send_edited(struct screen *s, bool resume, struct error *err)
{
    size_t size;
    const char *typed = ui_typed(s->ui, &size, NULL);
    char *text = strndup(typed, size);
    if (text == NULL)
        error_memory(err);
    else if (screen_composer_use(s, NULL, NULL) != USE_EDIT)
        error_set(err, ERR_NOT_FOUND, "no message is being edited");
    else
        keep_edit(s, text, size, resume, err);
    free(text);
}

/* An edited question is answered again; what happens to an edited answer the user chooses. */
static void send_edit(struct screen *s, const char *text, size_t size, struct error *err)
{
    static const struct ui_item choices[] = {
        {.label = "save", .detail = "the answer as edited, beside the old one", .act = ACT_SAVE_EDIT},
        {.label = "save and continue", .detail = "the model continues from its end", .act = ACT_CONTINUE_EDIT},
    };
    size_t index;
    screen_composer_use(s, &index, NULL);
    if (index < chat_count(s->repl.chat) && chat_message(s->repl.chat, index)->role == ROLE_ASSISTANT) {
        ui_set_typed(s->ui, text, size);
        ui_pick(s->ui, "Edited answer", choices, sizeof choices / sizeof choices[0], UI_PICK_FILTERS);
    } else {
        keep_edit(s, text, size, false, err);
    }
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* A message may begin with a slash after a blank, which is not sent. */
static void send_message(struct screen *s, const char *line)
{
    bool exact = chat_continues_text(s->repl.chat);
    bool blank = line[exact ? 0 : strspn(line, " \t\n")] == '\0';
    if (blank && s->repl.attached.size == 0)
        return;
    ui_show_end(s->ui);
    repl_send(&s->repl, blank ? "" : line[0] == ' ' && line[1] == '/' ? line + 1 : line);
}

static void send_line(struct screen *s, const char *text, size_t size, struct error *err)
{
    char *line = strndup(text, size);
    if (line == NULL) {
        ui_set_typed(s->ui, text, size);
        error_memory(err);
        return;
    }
    const bool untraced = slash_is_untraced(&s->repl, line);
    if (!untraced && !home_is_temporary(chat_home(s->repl.chat)) && s->send->sent != NULL)
        line_history_add(s->send->sent, line);
    if (slash_is_command(line) && (untraced || strchr(line, '\n') == NULL))
        run_slash(s, line, true);
    else if (drop_offers_file(line, &s->repl.draft))
        ui_notice(s->ui, false, "that is a file; Enter puts its text into your next message");
    else
        send_message(s, line);
    screen_send_take_draft(s);
    free(line);
}

void screen_send_typed(struct screen *s, const char *text, size_t size)
{
    struct error err = {0};
    enum screen_use use = screen_composer_use(s, NULL, NULL);
    bool busy = chat_is_busy(s->repl.chat);
    screen_draft_changed(s, true);
    if (use == USE_WORDS && (!busy || chat_waits(s->repl.chat))) {
        screen_roads_send_words(s, text, size, &err);
    } else if (busy && use == USE_EDIT) {
        ui_set_typed(s->ui, text, size);
        ui_notice(s->ui, false, "an answer is being written; Esc stops it, then Enter sends this");
    } else if (size == 0 && use == USE_MESSAGE && s->repl.attached.size == 0) {
        screen_queue_take_back(s);
    } else {
        if (use == USE_EDIT)
            send_edit(s, text, size, &err);
        else
            send_line(s, text, size, &err);
        screen_view_sync(s);
        screen_composer_label(s);
    }
    screen_said_error(s, &err);
}
