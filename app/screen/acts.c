/* Acts: keys name theirs by a command ("/edit"), which acts on what is selected where the key was pressed; items of
 * popups carry theirs by number. */
#include <config.h>

#include "app/screen/acts.h"
#include "app/screen/browse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/screen/composer.h"
#include "app/screen/fetch.h"
#include "app/screen/lens.h"
#include "app/screen/list.h"
#include "app/screen/marked.h"
#include "app/screen/said.h"
#include "app/screen/places.h"
#include "app/screen/search.h"
#include "app/screen/send.h"
#include "app/screen/servers.h"
#include "app/screen/status.h"
#include "app/screen/trash.h"
#include "app/screen/tree.h"
#include "app/screen/view.h"
#include "app/slash/commands.h"
#include "base/error.h"
#include "history/history.h"

/* What an act is about. */
struct subject {
    size_t index;         /* UI_ABOUT_MESSAGE: the message, from 0 */
    int64_t conversation; /* UI_ABOUT_CONVERSATION: its id; of an item, a, whatever that is */
    int64_t message;      /* of an item, b */
    const char *text;     /* of a choice: the word */
};

/* ---- a message -------------------------------------------------------------------------------------------------- */

static void edit_message(struct screen *s, const struct subject *subject, struct error *err)
{
    screen_composer_edit(s, subject->index, err);
}

static void delete_message(struct screen *s, const struct subject *subject, struct error *err)
{
    if (screen_trash_delete_message(s, subject->index, err) == ERR_NONE)
        ui_notice(s->ui, false, "deleted, with all below it; u brings it back");
}

/* The slash command that does this to a message by its number. */
static void run_numbered(struct screen *s, const char *command, size_t index)
{
    char line[64];
    snprintf(line, sizeof line, "%s %zu", command, index + 1);
    screen_send_slash(s, line);
}

/* The alternative stands where the message stood, whatever follows it. */
static void show_alternative(struct screen *s, const char *command, size_t index)
{
    ui_stay(s->ui);
    run_numbered(s, command, index);
    screen_view_sync(s);
    ui_show_message(s->ui, index);
}

static void show_previous(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)err; /* the command says what goes wrong */
    show_alternative(s, "/prev", subject->index);
}

/* Past the last alternative of the last answer a new one is made. */
static void show_next(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)err;
    const struct chat_message *m = chat_message(s->repl.chat, subject->index);
    bool last = subject->index + 1 == chat_count(s->repl.chat) && m->role == ROLE_ASSISTANT;
    if (last && m->sibling + 1 >= m->siblings)
        screen_send_slash(s, "/regenerate");
    else
        show_alternative(s, "/next", subject->index);
}

static void branch_here(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)err;
    run_numbered(s, "/branch", subject->index);
}

static void verify_message(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)err;
    run_numbered(s, "/verify", subject->index);
}

static void bookmark_message(struct screen *s, const struct subject *subject, struct error *err)
{
    screen_places_mark(s, subject->index, err);
}

/* ---- a conversation --------------------------------------------------------------------------------------------- */

static bool is_open(const struct screen *s, int64_t conversation)
{
    const struct home *home = chat_home(s->repl.chat);
    return !home_is_temporary(home) && home_conversation(home) == conversation;
}

static void open_conversation(struct screen *s, const struct subject *subject, struct error *err)
{
    if (is_open(s, subject->conversation))
        ui_notice(s->ui, false, "that one is open");
    else
        chat_open_conversation(s->repl.chat, subject->conversation, err);
}

static void show_hit(struct screen *s, const struct subject *subject, struct error *err)
{
    screen_search_show_hit(s, subject->conversation, subject->message, err);
}

/* The one that is selected, or all that are marked. */
static void delete_conversation(struct screen *s, const struct subject *subject, struct error *err)
{
    int64_t id = subject->conversation;
    struct store_conversation c = {0};
    char note[120];
    size_t marked;
    ui_marked(s->ui, &marked);
    if (marked > 0) {
        screen_marked_run(s, "delete", err);
        return;
    }
    struct store *library = home_library(chat_home(s->repl.chat), err);
    if (library == NULL || store_conversation_get(library, id, &c, err) != ERR_NONE)
        return;
    if (screen_trash_delete(s, &id, 1, err) == ERR_NONE) {
        snprintf(note, sizeof note, "deleted: %.60s; u brings it back", c.title);
        ui_notice(s->ui, false, note);
    }
    store_conversation_free(&c);
}

/* Opens it and has the user type its new title. */
static void rename_conversation(struct screen *s, const struct subject *subject, struct error *err)
{
    struct store_conversation c = {0};
    struct store *library = home_library(chat_home(s->repl.chat), err);
    if (library == NULL || store_conversation_get(library, subject->conversation, &c, err) != ERR_NONE)
        return;
    if (!is_open(s, subject->conversation))
        chat_open_conversation(s->repl.chat, subject->conversation, err);
    if (err->code == ERR_NONE) {
        buf_clear(&s->repl.draft);
        buf_printf(&s->repl.draft, "/rename %s", c.title);
    }
    store_conversation_free(&c);
}

static void flip_flag(struct screen *s, int64_t id, enum store_flag flag, struct error *err)
{
    struct store_conversation c = {0};
    struct store *library = home_library(chat_home(s->repl.chat), err);
    if (library == NULL || store_conversation_get(library, id, &c, err) != ERR_NONE)
        return;
    store_flag(library, id, flag, flag == STORE_PINNED ? !c.pinned : !c.archived, err);
    store_conversation_free(&c);
}

static void pin_conversation(struct screen *s, const struct subject *subject, struct error *err)
{
    flip_flag(s, subject->conversation, STORE_PINNED, err);
}

static void archive_conversation(struct screen *s, const struct subject *subject, struct error *err)
{
    flip_flag(s, subject->conversation, STORE_ARCHIVED, err);
}

/* ---- neither ---------------------------------------------------------------------------------------------------- */

static void restore_deleted(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    screen_trash_restore(s, err);
}

static void take_settings(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    screen_lens_take_settings(s, err);
}

static void save_edit(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    screen_send_edited(s, false, err);
}

static void continue_edit(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    screen_send_edited(s, true, err);
}

/* Its name stays in the message. */
static void attach_file(struct screen *s, const struct subject *subject, struct error *err)
{
    if (slash_attach(&s->repl, subject->text, err) == ERR_NONE)
        screen_said_show(s, "/read");
    screen_composer_label(s);
}

static void write_command(struct screen *s, const struct subject *subject, struct error *err)
{
    size_t typed;
    ui_typed(s->ui, &typed, NULL);
    buf_clear(&s->repl.draft);
    if (typed > 0)
        error_set(err, ERR_BUSY, "there is a text of yours in the composer; send or clear it first");
    else
        buf_puts(&s->repl.draft, subject->text);
}

static void go_to_message(struct screen *s, const struct subject *subject, struct error *err)
{
    screen_places_go(s, subject->conversation, err);
}

static void compare_branches(struct screen *s, const struct subject *subject, struct error *err)
{
    screen_tree_compare(s, subject->conversation, subject->message, err);
}

/* ---- models ----------------------------------------------------------------------------------------------------- */

static void take_model(struct screen *s, const struct subject *subject, struct error *err)
{
    char line[300];
    (void)err; /* the command says it */
    screen_browse_left(s);
    snprintf(line, sizeof line, "/model %s", subject->text);
    screen_send_slash(s, line);
}

static void open_server(struct screen *s, const struct subject *subject, struct error *err)
{
    screen_browse_left(s);
    screen_servers_open(s, subject->text, err);
}

static void fetch_model(struct screen *s, const struct subject *subject, struct error *err)
{
    screen_browse_left(s);
    screen_fetch_begin(s, subject->text, err);
}

static void stop_fetching(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    (void)err;
    screen_browse_left(s);
    screen_fetch_stop(s);
}

/* ---- leaving ---------------------------------------------------------------------------------------------------- */

static void save_and_leave(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    (void)err; /* what is not saved is said when leaving is refused */
    s->repl.refused = 0;
    s->repl.quit = true;
}

static void export_conversation(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    (void)err;
    buf_clear(&s->repl.draft);
    buf_puts(&s->repl.draft, "/export ");
    ui_notice(s->ui, false, "type the name of a file, on another disk if this one is full");
}

static void leave_unsaved(struct screen *s, const struct subject *subject, struct error *err)
{
    (void)subject;
    (void)err;
    s->repl.quit = true;
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* Keys with these commands are acts where a message or a conversation is selected; elsewhere they are slash
 * commands. */
static const struct act {
    const char *command; /* as a key names it; NULL: only items do */
    enum ui_about about; /* what it needs */
    void (*run)(struct screen *s, const struct subject *subject, struct error *err);
} acts[ACTS] = {
    [ACT_OPEN] = {"/open", UI_ABOUT_CONVERSATION, open_conversation},
    [ACT_SHOW_HIT] = {NULL, UI_ABOUT_NOTHING, show_hit},
    [ACT_SAVE_EDIT] = {NULL, UI_ABOUT_NOTHING, save_edit},
    [ACT_CONTINUE_EDIT] = {NULL, UI_ABOUT_NOTHING, continue_edit},
    [ACT_TAKE_SETTINGS] = {"/settings-of-token", UI_ABOUT_NOTHING, take_settings},
    [ACT_UNDELETE] = {"/undelete", UI_ABOUT_NOTHING, restore_deleted},
    [ACT_SAVE_AND_LEAVE] = {NULL, UI_ABOUT_NOTHING, save_and_leave},
    [ACT_EXPORT] = {NULL, UI_ABOUT_NOTHING, export_conversation},
    [ACT_TAKE_MODEL] = {NULL, UI_ABOUT_NOTHING, take_model},
    [ACT_OPEN_SERVER] = {NULL, UI_ABOUT_NOTHING, open_server},
    [ACT_FETCH] = {NULL, UI_ABOUT_NOTHING, fetch_model},
    [ACT_STOP_FETCH] = {NULL, UI_ABOUT_NOTHING, stop_fetching},
    [ACT_ATTACH] = {NULL, UI_ABOUT_NOTHING, attach_file},
    [ACT_GO] = {NULL, UI_ABOUT_NOTHING, go_to_message},
    [ACT_COMPARE_BRANCHES] = {NULL, UI_ABOUT_NOTHING, compare_branches},
    [ACT_WRITE] = {NULL, UI_ABOUT_NOTHING, write_command},
    [ACT_BOOKMARK] = {"/bookmark", UI_ABOUT_MESSAGE, bookmark_message},
    [ACT_LEAVE] = {NULL, UI_ABOUT_NOTHING, leave_unsaved},
    [ACT_EDIT] = {"/edit", UI_ABOUT_MESSAGE, edit_message},
    [ACT_DELETE_MESSAGE] = {"/delete message", UI_ABOUT_MESSAGE, delete_message},
    [ACT_PREVIOUS] = {"/prev", UI_ABOUT_MESSAGE, show_previous},
    [ACT_NEXT] = {"/next", UI_ABOUT_MESSAGE, show_next},
    [ACT_BRANCH] = {"/branch", UI_ABOUT_MESSAGE, branch_here},
    [ACT_VERIFY] = {"/verify", UI_ABOUT_MESSAGE, verify_message},
    [ACT_DELETE_CONVERSATION] = {"/delete", UI_ABOUT_CONVERSATION, delete_conversation},
    [ACT_RENAME] = {"/rename", UI_ABOUT_CONVERSATION, rename_conversation},
    [ACT_PIN] = {"/pin", UI_ABOUT_CONVERSATION, pin_conversation},
    [ACT_ARCHIVE] = {"/archive", UI_ABOUT_CONVERSATION, archive_conversation},
};

/* NULL: the command is a slash command there. */
static const struct act *find_act(const struct ui_action *action)
{
    if (action->kind == UI_CHOICE)
        return action->act > ACT_COMMAND && action->act < ACTS ? &acts[action->act] : NULL;
    for (size_t i = 0; i < ACTS; i++)
        if (acts[i].command != NULL && strcmp(acts[i].command, action->text) == 0 &&
            (acts[i].about == UI_ABOUT_NOTHING || acts[i].about == action->about))
            return &acts[i];
    return NULL;
}

/* The message that a key acts on, by its id where it has one: the chat may have moved on since it was shown. */
static enum error_code find_message(const struct screen *s, const struct ui_action *action, size_t *index,
                                    struct error *err)
{
    const struct chat *c = s->repl.chat;
    size_t n = chat_count(c), i = n;
    while (action->id != 0 && i > 0 && chat_message(c, i - 1)->id != action->id)
        i--;
    if (action->id != 0 && i > 0)
        *index = i - 1;
    else if (action->id == 0 && action->index < n)
        *index = action->index;
    else
        return error_set(err, ERR_NOT_FOUND, n > 0 ? "that message is gone" : "there is no message yet");
    return ERR_NONE;
}

static enum error_code find_subject(const struct screen *s, const struct act *act, const struct ui_action *action,
                                    struct subject *out, struct error *err)
{
    *out = (struct subject){.conversation = action->kind == UI_CHOICE ? action->a : action->id,
                            .message = action->b,
                            .text = action->text};
    if (act->about == UI_ABOUT_MESSAGE)
        return find_message(s, action, &out->index, err);
    if (act->about == UI_ABOUT_CONVERSATION && out->conversation == 0)
        return error_set(err, ERR_NOT_FOUND, "no conversation is selected");
    return ERR_NONE;
}

void screen_acts_run(struct screen *s, const struct ui_action *action)
{
    struct error err = {0};
    struct subject subject;
    const struct act *act = find_act(action);
    if (act == NULL)
        screen_send_slash(s, action->text);
    else if (find_subject(s, act, action, &subject, &err) == ERR_NONE)
        act->run(s, &subject, &err);
    screen_said_error(s, &err);
    screen_send_take_draft(s);
    screen_list_changed(s);
    screen_view_sync(s);
    screen_status_show_head(s);
}
