/* Loop: waits until something happens or is due, and lets the parts do what follows. */
#include <config.h>

#include "app/screen/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/chat/btw.h"
#include "app/chat/chat.h"
#include "app/meaning/meaning.h"
#include "app/screen/act.h"
#include "app/screen/acts.h"
#include "app/screen/browse.h"
#include "app/screen/btw.h"
#include "app/screen/composer.h"
#include "app/screen/draft.h"
#include "app/screen/due.h"
#include "app/screen/fetch.h"
#include "app/screen/frame.h"
#include "app/screen/list.h"
#include "app/screen/queue.h"
#include "app/screen/said.h"
#include "app/screen/search.h"
#include "app/screen/send.h"
#include "app/screen/servers.h"
#include "app/screen/view.h"
#include "app/slash/leave.h"
#include "app/terminal/editor.h"
#include "app/terminal/signals.h"
#include "app/terminal/strays.h"
#include "app/terminal/terminal.h"

enum { KEYS_MOST = 65536 }; /* bytes read at once */

struct screen_loop {
    int signals; /* descriptor */
    int dying;   /* the signal that ends the program; 0: none */
};

struct screen_loop *screen_loop_new(struct error *err)
{
    struct screen_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        error_memory(err);
        return NULL;
    }
    loop->signals = signals_open(true, err);
    if (loop->signals >= 0)
        return loop;
    free(loop);
    return NULL;
}

void screen_loop_free(struct screen_loop *loop)
{
    if (loop != NULL)
        signals_close();
    free(loop);
}

int screen_loop_signal(const struct screen *s)
{
    return s->loop->dying;
}

/* ---- without the terminal --------------------------------------------------------------------------------------- */

static void give_terminal(struct screen *s)
{
    ui_leave(s->ui);
    fflush(stdout);
    strays_release();
    terminal_restore();
}

static void take_terminal(struct screen *s)
{
    terminal_listen();
    strays_keep();
    ui_return(s->ui);
}

enum error_code screen_loop_edit(void *context, struct buf *text, struct error *err)
{
    struct screen *s = context;
    give_terminal(s);
    enum error_code code = editor_run(text, err);
    take_terminal(s);
    return code;
}

static void suspend_program(struct screen *s)
{
    give_terminal(s);
    signals_suspend();
    take_terminal(s);
}

/* ---- one turn --------------------------------------------------------------------------------------------------- */

static void take_signals(struct screen *s)
{
    const struct signals came = signals_take();
    if (came.end != 0)
        s->loop->dying = came.end;
    if (came.interrupt)
        repl_stop(&s->repl);
    if (came.suspend)
        suspend_program(s);
    if (came.resize || came.resume)
        ui_resize(s->ui);
}

static void read_keys(struct screen *s)
{
    char bytes[KEYS_MOST];
    ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    meaning_rest(s->repl.meaning);
    if (size > 0)
        ui_type(s->ui, bytes, (size_t)size, screen_act, s);
    else if (size == 0 || (errno != EINTR && errno != EAGAIN))
        s->loop->dying = SIGHUP; /* the terminal is gone */
}

/* Milliseconds until something is due. */
static int time_left(const struct screen *s)
{
    int due = due_sooner(chat_due(s->repl.chat), screen_list_due(s));
    due = due_sooner(due, due_sooner(screen_draft_due(s), screen_composer_due(s)));
    due = due_sooner(due, due_sooner(screen_browse_due(s), screen_fetch_due(s)));
    due = due_sooner(due, due_sooner(screen_servers_due(s), repl_due(&s->repl)));
    return due_sooner(due, screen_frame_due(s));
}

/* While the next frame is waited for, the pieces of an answer are left to gather: a fast one would wake the program for each. */
static void take_turn(struct screen *s)
{
    const bool holds = screen_frame_holds(s);
    struct pollfd fds[6] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = s->loop->signals, .events = POLLIN},
                            {.fd = holds ? -1 : chat_fd(s->repl.chat), .events = POLLIN},
                            {.fd = meaning_fd(s->repl.meaning), .events = POLLIN},
                            {.fd = chat_elsewhere_fd(s->repl.chat), .events = POLLIN},
                            {.fd = btw_fd(s->repl.btw), .events = POLLIN}};
    int n = poll(fds, 6, time_left(s));
    take_signals(s);
    bool keys = n > 0 && fds[0].revents != 0;
    if (keys)
        read_keys(s);
    else
        ui_tick(s->ui, screen_act, s);
    if (holds || (n > 0 && (fds[2].revents != 0 || fds[4].revents != 0)))
        chat_handle(s->repl.chat);
    if (n > 0 && fds[3].revents != 0)
        screen_search_take(s);
    if (n > 0 && fds[5].revents != 0)
        screen_btw_take(s);
    chat_tick(s->repl.chat);
    repl_pace(&s->repl);
    screen_send_tick(s);
    screen_draft_tick(s);
    screen_composer_tick(s);
    screen_queue_tick(s);
    screen_list_tick(s);
    screen_browse_tick(s);
    screen_fetch_tick(s);
    screen_servers_tick(s);
    screen_view_sync(s);
    if (keys)
        screen_frame_draw(s);
}

/* The first attempt to leave is refused while something is not saved. */
static bool may_leave(struct screen *s)
{
    static const struct ui_item choices[] = {
        {.label = "try again", .detail = "saves it and leaves", .act = ACT_SAVE_AND_LEAVE},
        {.label = "export", .detail = "writes the conversation to a file", .act = ACT_EXPORT},
        {.label = "leave", .detail = "what is not saved is lost", .act = ACT_LEAVE},
    };
    struct error err = {0};
    if (leave_allowed(&s->repl, &err))
        return true;
    s->repl.quit = false;
    ui_pick(s->ui, "Not everything is saved", choices, sizeof choices / sizeof choices[0], UI_PICK_FILTERS);
    screen_said_error(s, &err);
    return false;
}

void screen_loop_run(struct screen *s)
{
    while (s->loop->dying == 0 && !(s->repl.quit && may_leave(s))) {
        screen_frame_tick(s);
        take_turn(s);
    }
}
