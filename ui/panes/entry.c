/* Entry: the pane around the composer. */
#include <config.h>

#include <string.h>

#include "ui/internal.h"
#include "ui/text/text.h"

static int inner_columns(const struct ui *ui)
{
    return ui->layout.composer.columns - 2;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void tell_edited(struct ui *ui)
{
    ui_lay_out(ui);
    ui_tell_text(ui, UI_EDITED, NULL);
}

static void interrupt(struct ui *ui)
{
    size_t size;
    const char *text = composer_text(ui->composer, &size, NULL);
    if (ui->state == UI_BUSY) {
        ui_tell_text(ui, UI_STOP, NULL);
    } else if (size > 0) {
        composer_remember(ui->composer, text);
        composer_set(ui->composer, "", 0);
        tell_edited(ui);
    } else {
        ui_tell_text(ui, UI_INTERRUPT, NULL);
    }
}

static void escape(struct ui *ui)
{
    if (ui->state == UI_BUSY)
        ui_tell_text(ui, UI_STOP, NULL);
    else if (ui->mode != NULL)
        ui_tell_text(ui, UI_LEAVE_EDIT, NULL);
    else
        ui_take_focus(ui, FOCUS_TRANSCRIPT);
}

static void send(struct ui *ui)
{
    size_t size;
    const char *text = composer_text(ui->composer, &size, NULL);
    struct buf copy;
    buf_init(&copy, (size_t)64 << 20);
    if (!buf_append(&copy, text, size)) {
        buf_free(&copy);
        return;
    }
    composer_remember(ui->composer, buf_text(&copy));
    composer_set(ui->composer, "", 0);
    ui_lay_out(ui);
    ui_tell(ui, &(struct ui_action){.kind = UI_SEND, .text = buf_text(&copy), .size = copy.size});
    buf_free(&copy);
}

bool entry_key(struct ui *ui, const struct key *key)
{
    size_t size, cursor;
    composer_text(ui->composer, &size, &cursor);
    if (key->code == KEYS_END && cursor == size && !transcript_follows(ui->transcript)) {
        transcript_end(ui->transcript);
        return true;
    }
    switch (composer_key(ui->composer, key)) {
    case COMPOSER_UNUSED: return false;
    case COMPOSER_EDITED: tell_edited(ui); break;
    case COMPOSER_SEND: send(ui); break;
    case COMPOSER_COMPLETE: ui_tell_text(ui, UI_COMPLETE, NULL); break;
    case COMPOSER_EDITOR: ui_tell_text(ui, UI_EDITOR, NULL); break;
    case COMPOSER_ESCAPE: escape(ui); break;
    case COMPOSER_INTERRUPT: interrupt(ui); break;
    case COMPOSER_END: ui_tell_text(ui, UI_QUIT, NULL); break;
    }
    return true;
}

void entry_mouse(struct ui *ui, const struct key *key, int row, int column)
{
    if (key->mouse.kind != MOUSE_PRESS || row < 1 || column < 1)
        return;
    composer_move(ui->composer, composer_offset(ui->composer, inner_columns(ui), row - 1 + ui->first_line, column - 1));
    ui_take_focus(ui, FOCUS_COMPOSER);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_line(struct ui *ui, const struct area *a, int row, const char *text, size_t size)
{
    struct buf clean;
    buf_init(&clean, (size_t)64 << 20);
    if (text_clean(text, size, &clean, NULL))
        canvas_text(ui->screen, a, row, 0, STYLE_COMPOSER, buf_text(&clean), clean.size);
    buf_free(&clean);
}

static void draw_frame(struct ui *ui, const struct area *a)
{
    bool focus = ui->focus == FOCUS_COMPOSER && ui->popup == NULL;
    struct area top = {a->y, a->x + 2, 1, a->columns - 4};
    canvas_box(ui->screen, a, focus ? STYLE_BORDER_FOCUS : STYLE_BORDER, NULL);
    int column = 0;
    if (ui->mode != NULL)
        column = canvas_printf(ui->screen, &top, 0, 0, STYLE_MARK, " %s ", ui->mode);
    if (ui->label != NULL)
        canvas_printf(ui->screen, &top, 0, column, STYLE_DIM, " %s ", ui->label);
}

void entry_draw(struct ui *ui, int *cursor_y, int *cursor_x)
{
    const struct area *a = &ui->layout.composer;
    struct area inner = {a->y + 1, a->x + 1, a->rows - 2, a->columns - 2};
    int line, column;
    size_t size, start, end;
    const char *text = composer_text(ui->composer, &size, NULL);
    draw_frame(ui, a);
    composer_cursor(ui->composer, inner.columns, &line, &column);
    if (line < ui->first_line)
        ui->first_line = line;
    if (line >= ui->first_line + inner.rows)
        ui->first_line = line - inner.rows + 1;
    if (size == 0)
        canvas_puts(ui->screen, &inner, 0, 1, STYLE_HINT, "Write a message; / for commands");
    for (int row = 0; row < inner.rows && composer_line(ui->composer, inner.columns, ui->first_line + row, &start, &end);
         row++)
        draw_line(ui, &inner, row, text + start, end - start);
    *cursor_y = inner.y + line - ui->first_line;
    *cursor_x = inner.x + (column < inner.columns ? column : inner.columns - 1);
}
