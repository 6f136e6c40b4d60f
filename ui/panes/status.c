/* Status: what is happening, the context, the speed and the keys of the pane in focus, as far as there is room. */
#include <config.h>

#include "ui/panes/status.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/count.h"
#include "ui/draw/bar.h"
#include "ui/text/text.h"

enum { BAR = 8 }; /* columns of the bar that shows how full the context is */
/* For which a remark stays, and an error. */
#define NOTICE_SECONDS 6.0
#define ERROR_SECONDS 18.0
/* For which no remark takes an error's place. */
#define ERROR_LEAST 4.0

struct status {
    const struct bindings *bindings;
    const struct pane_hint *hints;
    enum ui_state state;
    char *text, *speed;
    size_t used, available; /* tokens of the context */
    bool estimated;         /* used is */
    char *notice;           /* NULL: none */
    bool is_error;
    double notice_since, notice_until; /* by clock_seconds */
    bool is_long;                      /* the notice did not fit into the line when drawn last */
    char *later;                       /* a remark that waits until an error was there long enough; NULL: none */
    bool later_is_error;
};

struct status *status_new(const struct bindings *bindings)
{
    struct status *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->bindings = bindings;
    return s;
}

void status_free(struct status *s)
{
    if (s == NULL)
        return;
    free(s->text);
    free(s->speed);
    free(s->notice);
    free(s->later);
    free(s);
}

void status_set(struct status *s, const struct ui_status *status)
{
    free(s->text);
    free(s->speed);
    s->state = status->state;
    s->used = status->used;
    s->available = status->available;
    s->estimated = status->estimated;
    s->text = text_clean_line(status->text);
    s->speed = text_clean_line(status->speed);
}

bool status_is_busy(const struct status *s)
{
    return s->state == UI_BUSY;
}

void status_set_hints(struct status *s, const struct pane_hint *hints)
{
    s->hints = hints;
}

/* ---- remarks ---------------------------------------------------------------------------------------------------- */

/* Takes over the text; NULL: what waits comes now. */
static void show_notice(struct status *s, bool is_error, char *text)
{
    free(s->notice);
    s->notice = text != NULL ? text : s->later;
    s->is_error = text != NULL ? is_error : s->later_is_error;
    s->later = text != NULL ? s->later : NULL;
    s->is_long = false;
    s->notice_since = clock_seconds();
    s->notice_until = s->notice_since + (s->is_error ? ERROR_SECONDS : NOTICE_SECONDS);
}

void status_notice(struct status *s, bool is_error, const char *text)
{
    show_notice(s, is_error, text_clean_line(text));
}

/* How long what is there keeps its place. */
static double notice_least(const struct status *s)
{
    return s->notice != NULL && s->is_error ? s->notice_since + ERROR_LEAST : 0;
}

void status_remark(struct status *s, bool is_error, const char *text)
{
    if (clock_seconds() >= notice_least(s)) {
        status_notice(s, is_error, text);
        return;
    }
    free(s->later);
    s->later = text_clean_line(text);
    s->later_is_error = is_error;
}

/* When what is there goes or makes room for what waits. */
static double notice_end(const struct status *s)
{
    return s->later != NULL ? notice_least(s) : s->notice_until;
}

int status_timeout(const struct status *s)
{
    if (s->notice == NULL)
        return -1;
    double left = notice_end(s) - clock_seconds();
    return left > 0 ? (int)(left * 1000) + 1 : 0;
}

bool status_tick(struct status *s)
{
    if (s->notice == NULL || clock_seconds() < notice_end(s))
        return false;
    show_notice(s, false, NULL);
    return true;
}

static void draw_notice(void *pane, struct canvas *canvas, const struct area *a, bool focus)
{
    const struct status *s = pane;
    size_t size, end;
    int row = 0, lines = 0;
    (void)focus;
    if (s->notice == NULL || !s->is_long)
        return;
    size = strlen(s->notice);
    for (size_t at = 0; at < size && lines < a->rows; lines++)
        at += text_wrap(s->notice + at, size - at, a->columns - 2, &end);
    for (size_t at = 0; at < size && row < lines; row++) {
        size_t next = text_wrap(s->notice + at, size - at, a->columns - 2, &end);
        canvas_blank(canvas, a, a->rows - lines + row, 0, a->columns, STYLE_TEXT);
        canvas_text(canvas, a, a->rows - lines + row, 1, s->is_error ? STYLE_ERROR : STYLE_NOTE, s->notice + at, end);
        at += next;
    }
}

/* ---- the line --------------------------------------------------------------------------------------------------- */

static int draw_context(const struct status *s, struct canvas *canvas, const struct area *a, int column)
{
    char used[COUNT_TEXT], available[COUNT_TEXT];
    if (s->available == 0)
        return column;
    column = canvas_puts(canvas, a, 0, column, STYLE_STATUS, "context ");
    column = bar_draw(canvas, a, 0, column, BAR, (double)s->used / (double)s->available);
    return canvas_printf(canvas, a, 0, column, STYLE_STATUS, " %s%s/%s   ", s->estimated ? "~" : "",
                         count_write(s->used, used), count_write(s->available, available));
}

/* Names the keys that help further where the focus is, as far as there is room. */
static void draw_hints(const struct status *s, struct canvas *canvas, const struct area *a, int column)
{
    char text[160] = "";
    size_t size = 0;
    for (size_t i = 0; s->hints != NULL && i < PANE_HINTS && s->hints[i].command != NULL; i++) {
        const char *key = bindings_key(s->bindings, s->hints[i].command);
        char one[48], name[24] = "";
        if (key == NULL)
            continue;
        snprintf(name, sizeof name, "%s", key);
        if (name[1] != '\0') /* a key's name, and not the letter itself */
            name[0] = (char)toupper((unsigned char)name[0]);
        int n = snprintf(one, sizeof one, "%s%s %s", size > 0 ? "  " : "", name, s->hints[i].word);
        if (column + (int)size + n + 2 > a->columns || size + (size_t)n >= sizeof text)
            break;
        memcpy(text + size, one, (size_t)n + 1);
        size += (size_t)n;
    }
    canvas_puts(canvas, a, 0, a->columns - (int)size - 1, STYLE_DIM, text);
}

/* A remark that fits takes the place of the speed and the keys. Returns the column for what stays. */
static int draw_remark(struct status *s, struct canvas *canvas, const struct area *a)
{
    if (s->notice == NULL)
        return 1;
    s->is_long = text_columns(s->notice, strlen(s->notice), 0) + 2 > a->columns;
    return s->is_long ? 1 : canvas_puts(canvas, a, 0, 1, s->is_error ? STYLE_ERROR : STYLE_NOTE, s->notice) + 3;
}

static void draw_status(void *pane, struct canvas *canvas, const struct area *a, bool focus)
{
    struct status *s = pane;
    static const unsigned styles[] = {
        [UI_IDLE] = STYLE_STATUS, [UI_BUSY] = STYLE_STATUS_BUSY, [UI_FAILED] = STYLE_STATUS_ERROR};
    const char *text = s->text != NULL ? s->text : "";
    (void)focus;
    canvas_blank(canvas, a, 0, 0, a->columns, STYLE_STATUS);
    int column = draw_remark(s, canvas, a);
    bool remark = s->notice != NULL && !s->is_long;
    if (remark && column + text_columns(text, strlen(text), 0) > a->columns)
        return;
    column = canvas_puts(canvas, a, 0, column, styles[s->state], text);
    column += *text != '\0' ? 3 : 0;
    if (column + 34 < a->columns)
        column = draw_context(s, canvas, a, column);
    if (remark)
        return;
    if (s->speed != NULL && column + text_columns(s->speed, strlen(s->speed), 0) + 3 < a->columns)
        column = canvas_printf(canvas, a, 0, column, STYLE_STATUS, "%s   ", s->speed);
    draw_hints(s, canvas, a, column);
}

const struct pane status_pane = {.at = LAYOUT_STATUS, .place = PLACE_COMPOSER, .draw = draw_status};
const struct pane notice_pane = {.at = LAYOUT_TRANSCRIPT, .place = PLACE_COMPOSER, .draw = draw_notice};
