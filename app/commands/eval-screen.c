/* palaver eval on the whole terminal.
 *
 * Questions are asked in a thread; this one draws, four times a second at most, and takes keys. When all is done the
 * screen stays until the user leaves it. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/commands/eval-view.h"
#include "app/screen/looks.h"
#include "app/screen/screen.h"
#include "app/screen/theme.h"
#include "app/terminal/signals.h"
#include "app/terminal/terminal.h"
#include "base/error.h"
#include "ui/ui.h"

enum { KEYS_MOST = 4096, REDRAW_MS = 250, STATUS_SIZE = 320 };

/* What the keys of this screen do. */
enum { ACT_WRONG = UI_SHEET_OWN + 1, ACT_ALL, ACT_DIFFER, ACT_NEXT, ACT_PREVIOUS, ACT_DETAIL, ACT_QUIT, ACT_STOP };

static const struct ui_sheet_key eval_keys[] = {
    {"q", ACT_QUIT, "leaves", "leave; asks first while questions are being asked", true, true},
    {"w", ACT_WRONG, "wrong", "list questions that were answered wrongly", true, false},
    {"a", ACT_ALL, "all", "list all questions that were answered, wrong ones first", true, false},
    {"n", ACT_NEXT, "next", "next question of the list", false, true},
    {"p", ACT_PREVIOUS, "previous", "previous question of the list", false, true},
    {"t", ACT_DETAIL, "tokens", "a line for each token, with its probability", false, true},
    {"d", ACT_DIFFER, "differ", "list questions that the models answer differently", true,
     false}, /* of several models; the last */
};

struct eval_screen {
    struct eval_view view;
    struct eval_work *work;
    struct ui_sheet *sheet;
    int signals;    /* descriptor */
    size_t edition; /* of what is shown */
    size_t open;    /* the question on the page */
    bool drawn, stopping, leaving;
    bool done; /* the thread has ended */
    int end;   /* the signal by which the program has to end; 0: none */
};

/* ---- what is shown ---------------------------------------------------------------------------------------------- */

/* "asking arc_easy · 2:41 left" */
static void show_status_locked(struct eval_screen *s)
{
    char text[STATUS_SIZE];
    size_t column, task;
    const bool asking = eval_work_current_locked(s->work, &column, &task);
    int seconds;
    const double left = eval_progress_left(eval_work_progress_locked(s->work, column, task));
    const char *host = eval_work_waits_locked(s->work, &seconds);
    if (s->stopping && !s->done)
        snprintf(text, sizeof text, "stopping · Ctrl-C again ends at once");
    else if (s->done)
        snprintf(text, sizeof text, "finished");
    else if (!asking)
        snprintf(text, sizeof text, "loading");
    else if (host != NULL)
        snprintf(text, sizeof text, "%s asked to wait: %d s", host, seconds);
    else if (left < 0)
        snprintf(text, sizeof text, "asking %s", s->view.run->tasks[task]->name);
    else
        snprintf(text, sizeof text, "asking %s · %zu:%02zu left", s->view.run->tasks[task]->name, (size_t)left / 60,
                 (size_t)left % 60);
    ui_sheet_set_head(s->sheet, "palaver eval", text);
}

/* Sorts the list anew. Where the user has moved in it, the question that was selected stays so. */
static void show_list_locked(struct eval_screen *s)
{
    struct eval_view *v = &s->view;
    const size_t row = ui_sheet_selected(s->sheet, UI_SHEET_LIST);
    const size_t question = row > 0 && row < v->n_order ? v->order[row] : SIZE_MAX;
    eval_view_sort_locked(v);
    const struct ui_rows table = eval_view_table(v), list = eval_view_list(v);
    ui_sheet_set_rows(s->sheet, UI_SHEET_TABLE, &table);
    ui_sheet_set_rows(s->sheet, UI_SHEET_LIST, &list);
    for (size_t i = 0; i < v->n_order; i++)
        if (v->order[i] == question)
            ui_sheet_select(s->sheet, UI_SHEET_LIST, i);
}

static void show_all_locked(struct eval_screen *s)
{
    s->edition = eval_work_edition_locked(s->work);
    s->drawn = true;
    show_status_locked(s);
    show_list_locked(s);
    if (ui_sheet_has_page(s->sheet))
        eval_page_show_locked(&s->view, s->open, s->sheet);
}

/* Draws, after what has changed is taken over if that is due. */
static void draw(struct eval_screen *s, bool due)
{
    eval_work_lock(s->work);
    if (!s->drawn || (due && s->edition != eval_work_edition_locked(s->work)))
        show_all_locked(s);
    else if (due)
        show_status_locked(s);
    ui_sheet_draw(s->sheet);
    eval_work_unlock(s->work);
}

/* ---- what keys do ----------------------------------------------------------------------------------------------- */

static void open_page_locked(struct eval_screen *s)
{
    const size_t row = ui_sheet_selected(s->sheet, UI_SHEET_LIST);
    if (row >= s->view.n_order)
        return;
    s->open = s->view.order[row];
    eval_page_show_locked(&s->view, s->open, s->sheet);
}

/* The question before or after the one on the page, as the list has them now. */
static void turn_page_locked(struct eval_screen *s, int step)
{
    const struct eval_view *v = &s->view;
    size_t row = 0;
    while (row < v->n_order && v->order[row] != s->open)
        row++;
    if (row >= v->n_order || (step < 0 && row == 0) || (step > 0 && row + 1 >= v->n_order))
        return;
    ui_sheet_select(s->sheet, UI_SHEET_LIST, step > 0 ? row + 1 : row - 1);
    open_page_locked(s);
}

static void set_filter_locked(struct eval_screen *s, enum eval_filter filter)
{
    s->view.filter = filter;
    ui_sheet_select(s->sheet, UI_SHEET_LIST, 0);
    show_list_locked(s);
}

/* Another row of the table has other questions. */
static void follow_table_locked(struct eval_screen *s)
{
    const size_t task = ui_sheet_selected(s->sheet, UI_SHEET_TABLE);
    if (task == s->view.task)
        return;
    s->view.task = task;
    ui_sheet_select(s->sheet, UI_SHEET_LIST, 0);
    show_list_locked(s);
}

static void stop(struct eval_screen *s)
{
    s->stopping = true;
    eval_work_stop(s->work);
    s->drawn = false;
}

static void leave(struct eval_screen *s)
{
    if (s->done)
        s->leaving = true;
    else
        ui_sheet_ask(s->sheet, "Stop? What is done is kept. y stops, n goes on", ACT_STOP);
}

static void give_terminal(const struct eval_screen *s)
{
    ui_sheet_leave(s->sheet);
    terminal_restore();
}

/* A second time, the program ends at once: what was under way is lost, and no more. */
static void interrupt(struct eval_screen *s, int number)
{
    if (s->done) {
        s->leaving = true;
    } else if (s->stopping) {
        give_terminal(s);
        signals_die(number);
    } else {
        s->leaving = true;
        stop(s);
    }
}

static void suspend(struct eval_screen *s)
{
    give_terminal(s);
    signals_suspend();
    terminal_listen();
    ui_sheet_return(s->sheet);
}

static void act_on_list_locked(struct eval_screen *s, int act)
{
    if (act == UI_SHEET_MOVED)
        follow_table_locked(s);
    else if (act == UI_SHEET_OPENED)
        open_page_locked(s);
    else if (act == ACT_WRONG || act == ACT_ALL || act == ACT_DIFFER)
        set_filter_locked(s, act == ACT_ALL ? EVAL_ALL : act == ACT_WRONG ? EVAL_WRONG : EVAL_DIFFER);
    else if (act == ACT_NEXT || act == ACT_PREVIOUS)
        turn_page_locked(s, act == ACT_NEXT ? 1 : -1);
    else if (act == ACT_DETAIL) {
        s->view.detailed = !s->view.detailed;
        eval_page_show_locked(&s->view, s->open, s->sheet);
    }
}

static void on_act(void *context, int act)
{
    struct eval_screen *s = context;
    if (act == UI_SHEET_INTERRUPT)
        interrupt(s, SIGINT);
    else if (act == UI_SHEET_SUSPEND)
        suspend(s);
    else if (act == ACT_QUIT)
        leave(s);
    else if (act == ACT_STOP)
        interrupt(s, SIGINT);
    else {
        eval_work_lock(s->work);
        act_on_list_locked(s, act);
        eval_work_unlock(s->work);
    }
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static void take_signals(struct eval_screen *s)
{
    const struct signals came = signals_take();
    s->end = came.end != 0 ? came.end : s->end;
    if (came.interrupt || came.end != 0)
        interrupt(s, came.end != 0 ? came.end : SIGINT);
    if (came.suspend)
        suspend(s);
    if (came.resize || came.resume)
        ui_sheet_resize(s->sheet);
}

static void read_keys(struct eval_screen *s)
{
    char bytes[KEYS_MOST];
    const ssize_t size = read(STDIN_FILENO, bytes, sizeof bytes);
    if (size > 0) {
        ui_sheet_type(s->sheet, bytes, (size_t)size, on_act, s);
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) { /* the terminal is gone */
        s->end = SIGHUP;
        interrupt(s, SIGHUP);
    }
}

/* While questions are asked the screen is drawn again now and then, whatever happens. */
static int time_left(const struct eval_screen *s)
{
    const int due = ui_sheet_timeout(s->sheet);
    return s->done || (due >= 0 && due < REDRAW_MS) ? due : REDRAW_MS;
}

/* Until the user leaves it, or asking failed. */
static void run_screen(struct eval_screen *s, struct error *err)
{
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = s->signals, .events = POLLIN},
                           {.fd = eval_work_fd(s->work), .events = POLLIN}};
    for (bool due = true; !(s->leaving && s->done);) {
        draw(s, due);
        const int n = poll(fds, s->done ? 2 : 3, time_left(s));
        due = n == 0;
        take_signals(s);
        if (n > 0 && fds[0].revents != 0)
            read_keys(s);
        else
            ui_sheet_tick(s->sheet, on_act, s);
        if (!s->done && n > 0 && fds[2].revents != 0) {
            s->done = true;
            s->drawn = false;
            s->leaving |= eval_work_join(s->work, err) != ERR_NONE;
        }
    }
}

/* ---- opening and closing ---------------------------------------------------------------------------------------- */

/* A theme that can't be used any more is not missed here. */
static struct ui_sheet *open_sheet(const struct options *o, struct ui_options *options, struct error *err)
{
    struct error ignored = {0};
    struct ui_sheet *sheet = NULL;
    const size_t n = sizeof eval_keys / sizeof eval_keys[0] - (o->n_models < 2);
    char *chosen = screen_theme_chosen(o);
    options->theme = chosen;
    if (chosen != NULL)
        sheet = ui_sheet_open(options, eval_keys, n, &ignored);
    options->theme = "default";
    if (sheet == NULL)
        sheet = ui_sheet_open(options, eval_keys, n, err);
    free(chosen);
    return sheet;
}

static enum error_code show_run(struct eval_screen *s, const struct options *o, struct error *err)
{
    struct looks looks;
    looks_open(&looks, o);
    terminal_open(STDOUT_FILENO, false);
    terminal_last_words(ui_last_words());
    s->sheet = open_sheet(o, &looks.options, err);
    if (s->sheet != NULL) {
        terminal_listen();
        run_screen(s, err);
    }
    ui_sheet_free(s->sheet);
    terminal_close();
    looks_free(&looks);
    return err->code;
}

bool eval_screen_fits(const struct options *o)
{
    return screen_fits(o) && !o->quiet && !o->json && o->eval.show == NULL;
}

enum error_code eval_run_screen(struct eval_run *run, int *end, struct error *err)
{
    struct eval_screen s = {.signals = signals_open(true, err)};
    if (s.signals >= 0)
        s.work = eval_work_start(run, true, err);
    if (s.work != NULL) {
        if (!eval_view_open(&s.view, run, s.work))
            error_memory(err);
        else
            show_run(&s, run->o, err);
        eval_work_stop(s.work);
        eval_work_join(s.work, err);
    }
    eval_view_free(&s.view);
    eval_work_free(s.work);
    if (s.signals >= 0)
        signals_close();
    *end = s.end;
    return err->code;
}
