/* palaver eval on lines: the scores so far below the shell's prompt, drawn again in their place. */
#include <config.h>

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "app/commands/eval.h"
#include "app/terminal/board.h"
#include "app/terminal/signals.h"
#include "base/buf.h"
#include "base/error.h"

enum { BOARD_MOST = 1 << 16, REDRAW_MS = 200 };

/* "arc_easy          128/570  acc_norm  55.00% ± 4.40  2:41 left" */
static void append_task_locked(const struct eval_work *w, const struct eval_run *run, size_t column, size_t task,
                               struct buf *out)
{
    size_t at_column, at_task;
    const struct eval_progress *p = eval_work_progress_locked(w, column, task);
    buf_printf(out, "%-16s ", run->tasks[task]->name);
    if (p->begun)
        buf_printf(out, "%6zu/%-6zu ", p->n + p->unscored, p->total);
    if (p->n > 0)
        buf_printf(out, "%-11s %6.2f%% ± %.2f", eval_metric_name(run->tasks[task]->metric), 100 * p->mean,
                   100 * p->error);
    const double left = eval_progress_left(p);
    if (eval_work_current_locked(w, &at_column, &at_task) && at_column == column && at_task == task && left >= 0)
        buf_printf(out, "  %zu:%02zu left", (size_t)left / 60, (size_t)left % 60);
    buf_puts(out, "\n");
}

static void draw_board(struct board *board, struct eval_work *w, const struct eval_run *run, bool stopping)
{
    struct buf lines;
    size_t column, task;
    const char *host;
    int seconds;
    buf_init(&lines, BOARD_MOST);
    eval_work_lock(w);
    if (eval_work_current_locked(w, &column, &task)) {
        buf_printf(&lines, "%s\n", eval_work_name_locked(w, column));
        for (size_t i = 0; i < run->n_tasks; i++)
            append_task_locked(w, run, column, i, &lines);
        host = eval_work_waits_locked(w, &seconds);
        if (host != NULL)
            buf_printf(&lines, "%s asked to wait: %d s\n", host, seconds);
        buf_puts(&lines,
                 stopping ? "stopping; Ctrl-C again ends at once\n" : "Ctrl-C stops; the same command goes on later\n");
    }
    eval_work_unlock(w);
    board_draw(board, buf_text(&lines));
    buf_free(&lines);
}

/* Until the thread has ended. The first signal stops it, and the next ends the program. Returns the signal by which the
 * program has to end; 0: none. */
static int wait_for_work(struct eval_work *w, const struct eval_run *run, struct board *board, int signals)
{
    struct pollfd fds[] = {{.fd = eval_work_fd(w), .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    bool stopping = false;
    int end = 0;
    while (fds[0].revents == 0) {
        poll(fds, 2, board->shown ? REDRAW_MS : -1);
        const struct signals came = signals_take();
        if (stopping && (came.interrupt || came.end != 0))
            signals_die(came.end != 0 ? came.end : SIGINT);
        end = came.end != 0 ? came.end : end;
        if (came.interrupt || came.end != 0) {
            stopping = true;
            eval_work_stop(w);
        }
        if (board_is_due(board))
            draw_board(board, w, run, stopping);
    }
    board_clear(board);
    return end;
}

enum error_code eval_run_plain(struct eval_run *run, int *end, struct error *err)
{
    struct board board = board_start(run->o->quiet);
    const int signals = signals_open(false, err);
    struct eval_work *w = signals >= 0 ? eval_work_start(run, false, err) : NULL;
    if (w != NULL) {
        *end = wait_for_work(w, run, &board, signals);
        eval_work_join(w, err);
    }
    eval_work_free(w);
    if (signals >= 0)
        signals_close();
    return err->code;
}
