/* Screen: actions. */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/terminal/drop.h"
#include "app/library/sent.h"
#include "app/terminal/progress.h"
#include "app/screen/screen.h"
#include "app/terminal/signals.h"

/* Bytes up to which typed text is counted at every key; seconds after which more is. */
enum { COUNT_AT_ONCE = 4096 };
#define COUNT_AFTER 0.2
#define DRAFT_AFTER 0.5

/* ---- sending ---------------------------------------------------------------------------------------------------- */

/* What a command left to be typed. */
static void take_draft(struct screen *f)
{
    if (f->repl.draft.size == 0)
        return;
    ui_set_typed(f->ui, buf_text(&f->repl.draft), f->repl.draft.size);
    ui_compose(f->ui);
    buf_clear(&f->repl.draft);
    screen_label(f);
}

void screen_slash(struct screen *f, const char *line)
{
    char title[80];
    snprintf(title, sizeof title, "%.*s", (int)strcspn(line, " \n"), line);
    slash_run(&f->repl, line);
    screen_show_said(f, title);
    take_draft(f);
    screen_settings_changed(f);
    screen_label(f);
    f->relist = true;
}

/* Puts the edited text beside the old one; go_on: an answer is continued. */
static void save_edited(struct screen *f, const char *text, size_t size, bool go_on)
{
    struct error err = {0};
    if (chat_edit(f->repl.chat, f->editing - 1, text, size, go_on, &err) != ERR_NONE) {
        ui_notice(f->ui, true, err.message);
        ui_set_typed(f->ui, text, size);
        return;
    }
    screen_end_edit(f);
    ui_show_end(f->ui);
}

/* A question is answered anew; what to do with an answer is asked. */
static void send_edited(struct screen *f, const char *text, size_t size)
{
    static const struct ui_item choices[] = {{"save", "the answer as edited, beside the old one", "/edit-save"},
                                             {"save and continue", "the model goes on from its end", "/edit-continue"}};
    size_t index = f->editing - 1;
    if (index < chat_count(f->repl.chat) && chat_message(f->repl.chat, index)->role == ROLE_ASSISTANT) {
        ui_set_typed(f->ui, text, size);
        ui_pick(f->ui, "Edited answer", choices, 2, false);
    } else {
        save_edited(f, text, size, false);
    }
}

static void finish_edit(struct screen *f, bool go_on)
{
    size_t size;
    const char *typed = ui_typed(f->ui, &size, NULL);
    char *text = f->editing > 0 ? strndup(typed, size) : NULL;
    if (text != NULL)
        save_edited(f, text, size, go_on);
    free(text);
}

static void send_text(struct screen *f, const char *text, size_t size)
{
    struct buf copy;
    bool several = memchr(text, '\n', size) != NULL;
    if (f->editing > 0) {
        send_edited(f, text, size);
        return;
    }
    if (!home_is_temporary(chat_home(f->repl.chat)) && f->sent != NULL)
        line_history_add(f->sent, text);
    buf_init(&copy, CHAT_TEXT_MOST);
    buf_append(&copy, text, size);
    char *line = buf_take(&copy);
    if (line == NULL)
        return;
    bool blank = line[strspn(line, " \t\n")] == '\0';
    if (slash_is_command(line) && !several)
        screen_slash(f, line);
    else if (drop_offers_file(line, &f->repl.draft))
        ui_notice(f->ui, false, "that is a file; Enter puts its text into your next message");
    else if (!blank || f->repl.attached.size > 0) {
        ui_show_end(f->ui);
        repl_send(&f->repl, blank ? "" : line[0] == ' ' && line[1] == '/' ? line + 1 : line);
    }
    take_draft(f);
    free(line);
}

/* A message sent while an answer streams or the model loads stays typed until it can go. */
static void send(struct screen *f, const char *text, size_t size)
{
    bool command = size > 0 && text[0] == '/' && f->editing == 0;
    bool words = f->words.at > 0 && (!chat_is_busy(f->repl.chat) || chat_waits(f->repl.chat));
    f->draft_due = clock_seconds();
    if (words) {
        screen_send_words(f, text, size);
        return;
    }
    if (chat_is_busy(f->repl.chat) && !command) {
        ui_set_typed(f->ui, text, size);
        ui_notice(f->ui, false, "an answer is on its way; Esc stops it, then Enter sends this");
        return;
    }
    send_text(f, text, size);
    screen_sync(f);
    screen_label(f);
}

/* ---- commands about something ----------------------------------------------------------------------------------- */

static size_t index_of(const struct screen *f, int64_t message)
{
    size_t i = chat_count(f->repl.chat);
    while (i > 0 && chat_message(f->repl.chat, i - 1)->id != message)
        i--;
    return i; /* counted from 1; 0: none */
}

/* Keys of the list act on the conversation selected there. */
static bool act_on_conversation(struct screen *f, const char *command, int64_t id, struct error *err)
{
    struct store *library = home_library(chat_home(f->repl.chat), err);
    struct store_conversation c = {0};
    char line[STORE_TITLE_MAX + 80];
    if (library == NULL || store_conversation_get(library, id, &c, err) != ERR_NONE)
        return true;
    bool known = true;
    if (strcmp(command, "/open") == 0)
        chat_open_conversation(f->repl.chat, id, err);
    else if (strcmp(command, "/pin") == 0)
        store_flag(library, id, STORE_PINNED, !c.pinned, err);
    else if (strcmp(command, "/archive") == 0)
        store_flag(library, id, STORE_ARCHIVED, !c.archived, err);
    else if (strcmp(command, "/delete") == 0) {
        if (id == home_conversation(chat_home(f->repl.chat)))
            chat_new(f->repl.chat, false, err);
        if (err->code == ERR_NONE && store_delete(library, id, err) == ERR_NONE) {
            f->deleted_conversation = id;
            snprintf(line, sizeof line, "deleted: %.60s; u brings it back", c.title);
            ui_notice(f->ui, false, line);
        }
    } else if (strcmp(command, "/rename") == 0) {
        if (id != home_conversation(chat_home(f->repl.chat)))
            chat_open_conversation(f->repl.chat, id, err);
        snprintf(line, sizeof line, "/rename %s", c.title);
        if (err->code == ERR_NONE)
            buf_clear(&f->repl.draft), buf_puts(&f->repl.draft, line);
    } else {
        known = false;
    }
    store_conversation_free(&c);
    f->relist = true;
    return known;
}

/* Keys of the transcript act on the message selected there. */
static bool act_on_message(struct screen *f, const char *command, size_t number, struct error *err)
{
    char line[64];
    static const char *const numbered[] = {"/prev", "/next", "/branch", "/verify"};
    if (strcmp(command, "/delete message") == 0) {
        if (chat_delete(f->repl.chat, number - 1, &f->deleted, err) == ERR_NONE) {
            f->deleted_conversation = 0;
            ui_notice(f->ui, false, "deleted, with what stood below it; u brings it back");
        }
        return true;
    }
    if (strcmp(command, "/edit") == 0) {
        screen_edit(f, number - 1);
        return true;
    }
    for (size_t i = 0; i < sizeof numbered / sizeof numbered[0]; i++)
        if (strcmp(command, numbered[i]) == 0) {
            snprintf(line, sizeof line, "%s %zu", command, number);
            /* to the right of the last alternative stands a new one */
            const struct chat_message *m = chat_message(f->repl.chat, number - 1);
            if (i == 1 && number == chat_count(f->repl.chat) && m->role == ROLE_ASSISTANT && m->sibling + 1 >= m->siblings)
                snprintf(line, sizeof line, "/regenerate");
            screen_slash(f, line);
            return true;
        }
    return false;
}

static void undelete(struct screen *f, struct error *err)
{
    struct store *library = home_library(chat_home(f->repl.chat), err);
    if (f->deleted_conversation != 0 && library != NULL) {
        store_restore(library, f->deleted_conversation, err);
        if (err->code == ERR_NONE)
            chat_open_conversation(f->repl.chat, f->deleted_conversation, err);
        f->deleted_conversation = 0;
    } else if (f->deleted != 0) {
        chat_restore(f->repl.chat, f->deleted, err);
        f->deleted = 0;
    } else {
        error_set(err, ERR_NOT_FOUND, "nothing was deleted; /trash lists what was before");
    }
    f->relist = true;
}

/* Commands that only keys and popups of the screen give. */
static bool run_inner(struct screen *f, const char *line, struct error *err)
{
    if (strcmp(line, "/undelete") == 0)
        undelete(f, err);
    else if (strcmp(line, "/edit-save") == 0 || strcmp(line, "/edit-continue") == 0)
        finish_edit(f, line[6] == 'c');
    else if (strcmp(line, "/settings-of-token") == 0)
        screen_take_settings(f, err);
    else if (strncmp(line, "/show-hit ", 10) == 0)
        screen_show_hit(f, line + 10, err);
    else
        return false;
    return true;
}

static void command(struct screen *f, const struct ui_action *a)
{
    struct error err = {0};
    size_t number = a->message != 0 ? index_of(f, a->message) : 0;
    bool done = false;
    if (run_inner(f, a->text, &err)) {
        done = true;
    } else if (a->conversation != 0) {
        done = act_on_conversation(f, a->text, a->conversation, &err);
    } else if (number > 0) {
        done = act_on_message(f, a->text, number, &err);
    }
    if (err.code != ERR_NONE)
        ui_notice(f->ui, true, err.message);
    if (!done)
        screen_slash(f, a->text);
    take_draft(f);
    screen_sync(f);
    screen_head(f);
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static void complete_themes(struct screen *f, const char *prefix, struct words *candidates)
{
    char **names = ui_themes(f->ui);
    for (char **name = names; name != NULL && *name != NULL; name++)
        if (strncmp(*name, prefix, strlen(prefix)) == 0)
            words_add(candidates, *name, strlen(*name));
    free(names);
}

static void complete(struct screen *f)
{
    struct words candidates = {0};
    size_t size, cursor, start = 0;
    const char *text = ui_typed(f->ui, &size, &cursor);
    char *line = strndup(text, cursor);
    if (line == NULL)
        return;
    slash_complete(&f->repl, line, &candidates, &start);
    if (strncmp(line, "/theme ", 7) == 0)
        complete_themes(f, line + 7, &candidates);
    ui_complete(f->ui, start, (const char *const *)candidates.at, candidates.n);
    words_free(&candidates);
    free(line);
}

static void use_editor(struct screen *f)
{
    struct error err = {0};
    struct buf text;
    size_t size;
    const char *typed = ui_typed(f->ui, &size, NULL);
    buf_init(&text, CHAT_TEXT_MOST);
    buf_append(&text, typed, size);
    if (f->repl.edit(f, &text, &err) == ERR_NONE)
        ui_set_typed(f->ui, buf_text(&text), text.size);
    else
        ui_notice(f->ui, true, err.message);
    buf_free(&text);
    screen_label(f);
}

static void edited(struct screen *f)
{
    size_t size;
    ui_typed(f->ui, &size, NULL);
    double now = clock_seconds();
    f->draft_due = now + DRAFT_AFTER;
    if (size <= COUNT_AT_ONCE)
        screen_label(f);
    else
        f->count_due = now + COUNT_AFTER;
}

static void interrupt(struct screen *f)
{
    if (f->repl.attached.size > 0) {
        buf_clear(&f->repl.attached);
        ui_notice(f->ui, false, "the files are no longer attached");
        screen_label(f);
    } else {
        ui_notice(f->ui, false, "Ctrl-D or /quit leaves");
    }
}

/* Esc leaves an edit; out of a popup it only goes back to it. */
static void cancel(struct screen *f, const struct ui_action *a)
{
    if ((f->editing > 0 || f->words.at > 0) && a->text == NULL)
        screen_end_edit(f);
}

/* The list grows by pages, as far as there is more. */
static void more(struct screen *f)
{
    if (f->in_list < f->listed)
        return;
    f->listed += 500;
    f->relist = true;
}

static void set_by_slider(struct screen *f, const struct ui_action *a)
{
    char name[80];
    snprintf(name, sizeof name, "%s", a->text);
    if (a->typed != NULL)
        screen_type_setting(f, name, a->typed);
    else
        screen_step(f, name, a->step);
}

void screen_act(void *context, const struct ui_action *a)
{
    struct screen *f = context;
    switch (a->kind) {
    case UI_SEND: send(f, a->text, a->size); break;
    case UI_COMMAND: command(f, a); break;
    case UI_STOP: chat_stop(f->repl.chat); break;
    case UI_INTERRUPT: interrupt(f); break;
    case UI_QUIT: f->repl.quit = true; break;
    case UI_SUSPEND: raise(SIGTSTP); break;
    case UI_EDITOR: use_editor(f); break;
    case UI_EDITED: edited(f); break;
    case UI_COMPLETE: complete(f); break;
    case UI_QUERY: screen_search(f, a->text); break;
    case UI_CANCEL: cancel(f, a); break;
    case UI_COPY: screen_copy(f, a->text, a->size, a->what); break;
    case UI_MORE: more(f); break;
    case UI_TOKENS: screen_tokens(f, a->index); break;
    case UI_TOKEN: screen_token_details(f, a->index, a->token); break;
    case UI_FORK: screen_fork(f, a->index, a->token, a->step); break;
    case UI_WORDS: screen_begin_words(f, a->index, a->token); break;
    case UI_STEP: screen_go_on(f, a->step); break;
    case UI_KEEP: screen_keep(f, (size_t)a->step); break;
    case UI_LEAVE: screen_leave_compared(f); break;
    case UI_SETTING: set_by_slider(f, a); break;
    }
}
