/* Status: the line above the transcript and the one at the bottom. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "ui/internal.h"
#include "ui/text/text.h"

enum { BAR = 8, LEAST_TITLE = 10 }; /* columns; a title is shortened to so many before the model is left out */

static int width_of(const char *text)
{
    return text != NULL ? text_columns(text, strlen(text), 0) : 0;
}

void head_draw(struct ui *ui)
{
    const struct area *a = &ui->layout.head;
    const char *title = ui->head_title != NULL ? ui->head_title : "";
    const char *model = ui->head_model != NULL ? ui->head_model : "";
    int right = width_of(model), left = width_of(title);
    bool both = (left < LEAST_TITLE ? left : LEAST_TITLE) + right + 3 < a->columns;
    struct area place = {a->y, a->x, 1, both ? a->columns - right - 3 : a->columns - 1};
    canvas_puts(ui->screen, &place, 0, 1, STYLE_TITLE, title);
    place.columns = a->columns;
    if (both)
        canvas_puts(ui->screen, &place, 0, a->columns - right - 1, STYLE_DIM, model);
}

/* 1204 as "1,204". */
static void write_count(size_t n, char *out, size_t size)
{
    char plain[24];
    size_t length = (size_t)snprintf(plain, sizeof plain, "%zu", n), at = 0;
    for (size_t i = 0; i < length && at + 2 < size; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = plain[i];
    }
    out[at] = '\0';
}

static int draw_context(struct ui *ui, const struct area *a, int column)
{
    char used[32], available[32];
    bool ascii = canvas_is_ascii(ui->screen);
    if (ui->available == 0)
        return column;
    size_t filled = (ui->used * BAR + ui->available - 1) / ui->available; /* a little is seen */
    write_count(ui->used, used, sizeof used);
    write_count(ui->available, available, sizeof available);
    column = canvas_puts(ui->screen, a, 0, column, STYLE_STATUS, "context ");
    for (size_t i = 0; i < BAR; i++)
        column = canvas_puts(ui->screen, a, 0, column, i < filled ? STYLE_BAR : STYLE_BAR_EMPTY,
                             i < filled ? ascii ? "#" : "▓" : ascii ? "." : "░");
    return canvas_printf(ui->screen, a, 0, column, STYLE_STATUS, " %s/%s   ", used, available);
}

struct hint { const char *command, *word; };
enum { HINTS = 5 };

/* The keys that help further where the focus is, as far as there is room. */
static void draw_hints(struct ui *ui, const struct area *a, int column)
{
    static const struct hint places[][HINTS] = {
        [FOCUS_COMPOSER] = {{"keys", "keys"}, {"palette", "palette"}, {"settings", "settings"}, {"lens", "lens"}, {"list", "chats"}},
        [FOCUS_TRANSCRIPT] = {{"keys", "keys"}, {"/edit", "edit"}, {"/regenerate", "again"}, {"copy-message", "copy"},
                              {"composer", "write"}},
        [FOCUS_LIST] = {{"keys", "keys"}, {"list-open", "open"}, {"/rename", "rename"}, {"/delete", "delete"}},
        [FOCUS_SETTINGS] = {{"keys", "keys"}, {"setting-type", "type"}, {"setting-default", "default"}},
        [FOCUS_LENS] = {{"keys", "keys"}, {"lens-fork", "take"}, {"lens-words", "own words"}, {"lens-draw", "draw anew"},
                        {"/step", "steps"}},
    };
    const struct hint *hints = places[ui->focus];
    char text[160] = "";
    size_t size = 0;
    for (size_t i = 0; i < HINTS && hints[i].command != NULL; i++) {
        const char *key = bindings_key(ui->bindings, hints[i].command);
        char one[48], name[24] = "";
        if (key == NULL)
            continue;
        snprintf(name, sizeof name, "%s", key);
        if (name[0] == 'f' && name[1] != '\0')
            name[0] = 'F';
        int n = snprintf(one, sizeof one, "%s%s %s", size > 0 ? "  " : "", name, hints[i].word);
        if (column + (int)size + n + 2 > a->columns || size + (size_t)n >= sizeof text)
            break;
        memcpy(text + size, one, (size_t)n + 1);
        size += (size_t)n;
    }
    canvas_puts(ui->screen, a, 0, a->columns - (int)size - 1, STYLE_DIM, text);
}

/* A long remark takes the last rows of the transcript too. */
static void draw_notice(struct ui *ui)
{
    const struct area *bottom = &ui->layout.status, *above = &ui->layout.transcript;
    unsigned style = ui->notice_is_error ? STYLE_ERROR : STYLE_NOTE;
    size_t size = strlen(ui->notice), at = 0, end;
    int row = 0, lines = 0;
    if (width_of(ui->notice) + 2 <= bottom->columns) {
        canvas_puts(ui->screen, bottom, 0, 1, style, ui->notice);
        return;
    }
    while (at < size && lines < above->rows) {
        at += text_wrap(ui->notice + at, size - at, above->columns - 2, &end);
        lines++;
    }
    for (at = 0; at < size && row < lines; row++) {
        size_t next = text_wrap(ui->notice + at, size - at, above->columns - 2, &end);
        canvas_blank(ui->screen, above, above->rows - lines + row, 0, above->columns, STYLE_TEXT);
        canvas_text(ui->screen, above, above->rows - lines + row, 1, style, ui->notice + at, end);
        at += next;
    }
}

void status_draw(struct ui *ui)
{
    const struct area *a = &ui->layout.status;
    static const unsigned styles[] = {STYLE_STATUS, STYLE_STATUS_BUSY, STYLE_STATUS_ERROR};
    canvas_blank(ui->screen, a, 0, 0, a->columns, STYLE_STATUS);
    if (ui->notice != NULL) {
        draw_notice(ui);
        return;
    }
    const char *text = ui->status_text != NULL ? ui->status_text : "";
    int column = canvas_puts(ui->screen, a, 0, 1, styles[ui->state], text);
    column += *text != '\0' ? 3 : 0;
    if (column + 34 < a->columns)
        column = draw_context(ui, a, column);
    if (ui->status_speed != NULL && column + width_of(ui->status_speed) + 3 < a->columns)
        column = canvas_printf(ui->screen, a, 0, column, STYLE_STATUS, "%s   ", ui->status_speed);
    draw_hints(ui, a, column);
}
