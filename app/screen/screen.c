/* Screen: opening, closing. */
#include <config.h>

#include "app/screen/screen.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/screen/act.h"
#include "app/screen/bookmarks.h"
#include "app/screen/commands.h"
#include "app/screen/browse.h"
#include "app/screen/changes.h"
#include "app/screen/compare.h"
#include "app/screen/composer.h"
#include "app/screen/draft.h"
#include "app/screen/fetch.h"
#include "app/screen/frame.h"
#include "app/screen/lens.h"
#include "app/screen/list.h"
#include "app/screen/looks.h"
#include "app/screen/loop.h"
#include "app/screen/menu.h"
#include "app/screen/parts.h"
#include "app/screen/places.h"
#include "app/screen/queue.h"
#include "app/screen/records.h"
#include "app/screen/roads.h"
#include "app/screen/said.h"
#include "app/screen/search.h"
#include "app/screen/send.h"
#include "app/screen/servers.h"
#include "app/screen/settings.h"
#include "app/screen/status.h"
#include "app/screen/step.h"
#include "app/screen/tell.h"
#include "app/screen/theme.h"
#include "app/screen/trash.h"
#include "app/screen/tree.h"
#include "app/screen/view.h"
#include "app/screen/welcome.h"
#include "app/slash/leave.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/terminal/signals.h"
#include "app/terminal/strays.h"
#include "app/terminal/term.h"
#include "app/terminal/terminal.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"
#include "ui/ui.h"

/* ---- the parts -------------------------------------------------------------------------------------------------- */

static bool open_parts(struct screen *s, struct error *err)
{
    s->bookmarks = screen_bookmarks_new();
    s->changes = screen_changes_new();
    s->browse = screen_browse_new();
    s->compare = screen_compare_new();
    s->composer = screen_composer_new();
    s->draft = screen_draft_new();
    s->fetch = screen_fetch_new();
    s->frame = screen_frame_new();
    s->lens = screen_lens_new();
    s->list = screen_list_new();
    s->menu = screen_menu_new();
    s->places = screen_places_new();
    s->queue = screen_queue_new();
    s->records = screen_records_new();
    s->roads = screen_roads_new();
    s->said = screen_said_new();
    s->search = screen_search_new();
    s->servers = screen_servers_new();
    s->settings = screen_settings_new();
    s->status = screen_status_new();
    s->step = screen_step_new();
    s->theme = screen_theme_new();
    s->trash = screen_trash_new();
    s->tree = screen_tree_new();
    s->view = screen_view_new();
    s->welcome = screen_welcome_new();
    bool all = s->bookmarks && s->changes && s->browse && s->fetch && s->compare && s->composer && s->draft &&
               s->frame && s->lens && s->list && s->menu && s->places && s->trash && s->tree && s->queue &&
               s->records && s->roads && s->said && s->search && s->servers && s->settings && s->status && s->step &&
               s->theme && s->view && s->welcome;
    if (!all)
        error_memory(err);
    return all;
}

static void free_parts(struct screen *s)
{
    screen_bookmarks_free(s->bookmarks);
    screen_changes_free(s->changes);
    screen_browse_free(s->browse);
    screen_fetch_free(s->fetch);
    screen_compare_free(s->compare);
    screen_composer_free(s->composer);
    screen_draft_free(s->draft);
    screen_frame_free(s->frame);
    screen_lens_free(s->lens);
    screen_list_free(s->list);
    screen_loop_free(s->loop);
    screen_menu_free(s->menu);
    screen_places_free(s->places);
    screen_queue_free(s->queue);
    screen_records_free(s->records);
    screen_roads_free(s->roads);
    screen_said_free(s->said);
    screen_search_free(s->search);
    screen_send_free(s->send);
    screen_servers_free(s->servers);
    screen_settings_free(s->settings);
    screen_status_free(s->status);
    screen_step_free(s->step);
    screen_theme_free(s->theme);
    screen_trash_free(s->trash);
    screen_tree_free(s->tree);
    screen_view_free(s->view);
    screen_welcome_free(s->welcome);
}

/* repl.jump */
static void show_message(void *context, size_t index)
{
    struct screen *s = context;
    screen_view_sync(s);
    ui_show_message(s->ui, index);
}

static void open_repl(struct screen *s)
{
    show_init(&s->show, s->options, stdout);
    s->show.tell = screen_said_take;
    s->show.context = s;
    repl_init(&s->repl, s->options, &s->show);
    s->repl.edit = screen_loop_edit;
    s->repl.front = screen_command;
    s->repl.jump = show_message;
    s->repl.context = s;
}

/* ---- the terminal ----------------------------------------------------------------------------------------------- */

static bool open_ui(struct screen *s, const struct looks *looks, struct error *err)
{
    terminal_open(STDOUT_FILENO, false);
    terminal_last_words(ui_last_words());
    s->ui = screen_theme_open(s, looks->options, err);
    if (s->ui == NULL)
        return false;
    terminal_listen();
    strays_keep();
    return true;
}

/* ---- opening and closing ---------------------------------------------------------------------------------------- */

static bool open_screen(struct screen *s, const struct chat_view *view, const struct looks *looks, struct error *err)
{
    open_repl(s);
    if (!open_parts(s, err) || (s->loop = screen_loop_new(err)) == NULL)
        return false;
    s->repl.chat = chat_open(s->options, view, err);
    if (s->repl.chat == NULL || !open_ui(s, looks, err))
        return false;
    repl_begin(&s->repl);
    s->send = screen_send_new(s);
    if (s->send == NULL)
        error_memory(err);
    return s->send != NULL;
}

/* A copy of what is typed if it can't be stored as a draft; NULL: nothing is lost. malloc'ed. */
static char *lost_draft(struct screen *s, struct error *err)
{
    size_t size;
    if (s->ui == NULL)
        return NULL;
    home_set_patience(chat_home(s->repl.chat), HOME_LONG_WAIT);
    if (screen_draft_save(s, err) == ERR_NONE)
        return NULL;
    const char *typed = ui_unsent(s->ui, &size, NULL);
    return size > 0 ? strndup(typed, size) : NULL;
}

/* Below the restored screen: what is lost, and why. */
static bool report_loss(struct screen *s, const struct leave_loss *loss, const char *draft, const struct error *why)
{
    s->show.tell = NULL;
    bool lost = leave_report(&s->repl, loss, true);
    if (draft == NULL)
        return lost;
    struct error told = {0};
    error_set(&told, why->code, "what was typed could not be saved: %s", why->message);
    show_line(&s->show, "\n%s", draft);
    show_error(&s->show, &told);
    return true;
}

/* True if all is saved; else reports what is lost. */
static bool close_screen(struct screen *s)
{
    struct error why = {0};
    char *draft = lost_draft(s, &why);
    struct leave_loss loss = leave_close(&s->repl);
    ui_free(s->ui);
    s->ui = NULL;
    fflush(stdout);
    strays_release();
    terminal_close();
    strays_print();
    bool lost = report_loss(s, &loss, draft, &why);
    free(draft);
    repl_end(&s->repl);
    chat_free(s->repl.chat);
    free_parts(s);
    repl_free(&s->repl);
    show_free(&s->show);
    return !lost;
}

/* Resumes the last conversation, unless the options ask for something else. */
static void open_last(struct screen *s, struct error *err)
{
    const struct options *o = s->options;
    struct chat *c = s->repl.chat;
    struct error ignored = {0}; /* without a history there is no last conversation, and the chat says why */
    int64_t last = 0;
    if (o->continue_last || o->resume != NULL || o->no_save || o->n_words > 0 || home_is_temporary(chat_home(c)))
        return;
    struct store *library = home_library(chat_home(c), &ignored);
    if (library != NULL && store_last(library, LIBRARY_ONE_SHOT, &last, &ignored) == ERR_NONE)
        chat_open_conversation(c, last, err);
}

/* Sends the words of the command line as the first message. */
static void send_first_message(struct screen *s)
{
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    for (int i = 0; i < s->options->n_words; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", s->options->words[i]);
    if (text.size > 0)
        screen_send_typed(s, buf_text(&text), text.size);
    buf_free(&text);
}

static void run_screen(struct screen *s)
{
    struct error err = {0};
    open_last(s, &err);
    screen_tell_all(s);
    screen_list_show(s);
    screen_draft_load(s);
    screen_settings_changed(s);
    screen_status_show(s);
    screen_view_sync(s);
    screen_said_error(s, &err);
    if (chat_state(s->repl.chat) == CHAT_NO_MODEL)
        screen_browse_open(s, &err);
    send_first_message(s);
    screen_loop_run(s);
    if (chat_is_busy(s->repl.chat))
        chat_stop(s->repl.chat);
}

bool screen_fits(const struct options *o)
{
    return !o->line && !o->screen_reader && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
           term_kind() == TERM_KIND_MOVES && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int screen_run(const struct options *o)
{
    struct error err = {0};
    struct screen s = {.options = o};
    const struct chat_view view = screen_tell_view(&s);
    struct looks looks;
    looks_open(&looks, o);
    bool open = open_screen(&s, &view, &looks, &err);
    if (open)
        run_screen(&s);
    int dying = s.loop != NULL ? screen_loop_signal(&s) : 0;
    bool saved = close_screen(&s);
    looks_free(&looks);
    if (dying != 0)
        signals_die(dying);
    return !open ? report(&err) : saved ? EXIT_ANSWER : EXIT_ERROR;
}
