/* Screen: opening, the loop, signals. */
#include <config.h>

#include "app/screen/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/terminal/editor.h"
#include "app/library/sent.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/terminal/signals.h"
#include "app/terminal/terminal.h"

/* Seconds between two drawings while text streams. */
#define FRAME (1.0 / 60)

/* ---- signals ---------------------------------------------------------------------------------------------------- */

static void suspend(struct screen *f)
{
    ui_leave(f->ui);
    terminal_restore();
    signals_suspend();
    terminal_listen();
    ui_return(f->ui);
}

static void take_signals(struct screen *f)
{
    struct signals came = signals_take();
    if (came.end != 0)
        f->dying = came.end;
    if (came.interrupt)
        chat_stop(f->repl.chat);
    if (came.suspend)
        suspend(f);
    if (came.resize || came.resume)
        ui_resize(f->ui);
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static int sooner(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* Milliseconds until something is due. */
static int patience(const struct screen *f)
{
    int due = sooner(chat_due(f->repl.chat), screen_due(f));
    int ui = f->compared ? 0 : ui_timeout(f->ui);
    if (ui == 0) {
        double left = f->drawn + FRAME - clock_seconds();
        ui = left > 0 ? (int)(left * 1000) + 1 : 0;
    }
    return sooner(due, ui);
}

static void read_keys(struct screen *f)
{
    char bytes[65536];
    ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    if (size > 0)
        ui_type(f->ui, bytes, (size_t)size, screen_act, f);
    else if (size == 0 || (errno != EINTR && errno != EAGAIN))
        f->dying = SIGHUP;
}

static void draw(struct screen *f)
{
    if (clock_seconds() - f->drawn >= FRAME)
        screen_draw_compared(f);
    if (ui_timeout(f->ui) == 0 && clock_seconds() - f->drawn >= FRAME) {
        ui_draw(f->ui);
        f->drawn = clock_seconds();
    }
}

static void turn(struct screen *f)
{
    struct pollfd fds[3] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = f->signals, .events = POLLIN},
                            {.fd = chat_fd(f->repl.chat), .events = POLLIN}};
    int n = poll(fds, 3, patience(f));
    take_signals(f);
    bool keys = n > 0 && fds[0].revents != 0;
    if (keys)
        read_keys(f);
    else
        ui_tick(f->ui, screen_act, f);
    if (n > 0 && fds[2].revents != 0)
        chat_handle(f->repl.chat);
    chat_tick(f->repl.chat);
    screen_watch(f);
    screen_sync(f);
    if (keys) { /* what was typed is seen at once */
        ui_draw(f->ui);
        f->drawn = clock_seconds();
    }
    draw(f);
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static enum error_code edit(void *context, struct buf *text, struct error *err)
{
    struct screen *f = context;
    ui_leave(f->ui);
    terminal_restore();
    enum error_code code = editor_run(text, err);
    terminal_listen();
    ui_return(f->ui);
    return code;
}

static void jump(void *context, size_t index)
{
    struct screen *f = context;
    screen_sync(f);
    ui_show_message(f->ui, index);
}

static void remember(void *context, const char *text)
{
    const struct screen *f = context;
    ui_remember(f->ui, text);
}

static char *join(const char *folder, const char *name)
{
    return folder != NULL ? paths_join(folder, name) : NULL;
}

static bool open_ui(struct screen *f, const char *const *folders, const char *keys, struct error *err)
{
    const struct ui_options options = {
        .term = getenv("TERM"),
        .theme = f->options->theme != NULL ? f->options->theme : "default",
        .theme_folders = folders,
        .keys_file = keys,
        .no_color = f->options->color == COLOR_NEVER ||
                    (f->options->color == COLOR_AUTO && getenv("NO_COLOR") != NULL && *getenv("NO_COLOR") != '\0'),
        .mouse = !f->options->no_mouse,
    };
    f->ui = ui_open(&options, err);
    return f->ui != NULL;
}

/* Goes on where the last program left off, unless something else is asked for. */
static void open_last(struct screen *f)
{
    const struct options *o = f->options;
    struct error ignored = {0};
    int64_t last = 0;
    if (o->continue_last || o->resume != NULL || o->no_save || o->n_words > 0 || home_is_temporary(chat_home(f->repl.chat)))
        return;
    struct store *library = home_library(chat_home(f->repl.chat), &ignored);
    if (library != NULL && store_last(library, &last, &ignored) == ERR_NONE)
        chat_open_conversation(f->repl.chat, last, &ignored);
}

static bool open_front(struct screen *f, const struct chat_view *view, const char *const *folders, const char *keys,
                       struct error *err)
{
    show_init(&f->show, f->options, stdout);
    f->show.tell = screen_said;
    f->show.context = f;
    repl_init(&f->repl, f->options, &f->show);
    f->repl.edit = edit;
    f->repl.front = screen_command;
    f->repl.jump = jump;
    f->repl.context = f;
    buf_init(&f->lines, CHAT_TEXT_MOST);
    f->used = SIZE_MAX;
    f->listed = 200;
    f->signals = signals_open(true, err);
    if (f->signals < 0)
        return false;
    f->repl.chat = chat_open(f->options, view, err);
    if (f->repl.chat == NULL)
        return false;
    terminal_open(STDOUT_FILENO, false);
    terminal_last_words(ui_last_words());
    if (!open_ui(f, folders, keys, err))
        return false;
    terminal_listen();
    f->sent = line_history_open(&f->options->paths, remember, f);
    return true;
}

static void close_front(struct screen *f)
{
    if (f->ui != NULL)
        screen_save_draft(f);
    chat_free(f->repl.chat);
    ui_free(f->ui);
    terminal_close();
    signals_close();
    line_history_free(f->sent);
    store_close(f->browse);
    repl_free(&f->repl);
    show_free(&f->show);
    buf_free(&f->lines);
    free(f->edited_text);
    free(f->searched);
    store_records_free(&f->records);
}

static void send_words(struct screen *f)
{
    struct buf text;
    buf_init(&text, CHAT_TEXT_MOST);
    for (int i = 0; i < f->options->n_words; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", f->options->words[i]);
    if (text.size > 0)
        screen_act(f, &(struct ui_action){.kind = UI_SEND, .text = buf_text(&text), .size = text.size});
    buf_free(&text);
}

static void run(struct screen *f)
{
    open_last(f);
    screen_open_browse(f);
    screen_changed(f, 0);
    screen_list(f);
    screen_load_draft(f);
    screen_settings_changed(f);
    screen_label(f);
    screen_status(f);
    screen_sync(f);
    send_words(f);
    while (!f->repl.quit && f->dying == 0) {
        draw(f);
        turn(f);
    }
    if (chat_is_busy(f->repl.chat))
        chat_stop(f->repl.chat);
}

bool screen_fits(const struct options *o)
{
    const char *term = getenv("TERM");
    return !o->line && !o->screen_reader && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL &&
           *term != '\0' && strcmp(term, "dumb") != 0 && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* The themes beside the program, where it was built. */
static void find_beside(char *out, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", out, size - sizeof "/themes");
    out[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL)
        strcpy(slash, "/themes");
}

int screen_run(const struct options *o)
{
    struct error err = {0};
    struct screen f = {.options = o};
    const struct chat_view view = {&f,          screen_loaded,  screen_reading, screen_token,   screen_window,
                                   screen_ended, screen_refused, screen_failed,  screen_changed, screen_remark, screen_titled,
                                   screen_compared, screen_preview};
    char *user = join(o->paths.config_dir, "themes"), *keys = join(o->paths.config_dir, "keys");
    char beside[4096] = "";
    find_beside(beside, sizeof beside);
    const char *folders[4] = {0};
    int n = 0;
    if (user != NULL)
        folders[n++] = user;
    if (*beside != '\0')
        folders[n++] = beside;
    folders[n++] = THEMES_DIR;
    bool open = open_front(&f, &view, folders, keys, &err);
    if (open)
        run(&f);
    close_front(&f);
    free(user);
    free(keys);
    if (f.dying != 0)
        signals_die(f.dying);
    return open ? EXIT_ANSWER : report(&err);
}
