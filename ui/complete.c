/* Complete: the menu above the composer follows what is typed. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/internal.h"
#include "ui/ui.h"

enum { LINE_MOST = 65536 };

/* Filters the menu by what is typed of its word; closes it where the cursor is not in that word. */
static void filter_menu(struct ui *ui)
{
    size_t size, cursor, start = menu_start(ui->menu);
    const char *text = entry_text(ui->entry, &size, &cursor);
    if (cursor < start)
        menu_close(ui->menu, false);
    else
        menu_filter(ui->menu, text + start, cursor - start);
}

void ui_set_menu(struct ui *ui, size_t start, const char *title, const struct ui_choice *choices, size_t n, bool asked)
{
    state_touch(ui->state);
    if (asked)
        menu_forget(ui->menu);
    menu_set(ui->menu, start, title, choices, n);
    filter_menu(ui);
    const char *only = asked ? menu_only(ui->menu) : NULL;
    char *word = only != NULL ? strdup(only) : NULL;
    if (word == NULL)
        return;
    ui_put_word(ui, word, true);
    menu_close(ui->menu, false);
    free(word);
}

bool ui_has_menu(const struct ui *ui, size_t start)
{
    return menu_is_open(ui->menu) && menu_start(ui->menu) == start;
}

void ui_close_menu(struct ui *ui)
{
    if (!menu_is_open(ui->menu))
        return;
    state_touch(ui->state);
    menu_close(ui->menu, false);
}

void ui_put_word(struct ui *ui, const char *word, bool goes_on)
{
    entry_begin_word(ui->entry, menu_start(ui->menu));
    entry_put_word(ui->entry, word, strlen(word), goes_on);
    ui_take_focus(ui, PANE_COMPOSER);
}

void ui_follow_typed(struct ui *ui, bool types)
{
    size_t size;
    entry_text(ui->entry, &size, NULL);
    if (size == 0)
        menu_forget(ui->menu);
    if (size == 0 || !types)
        menu_close(ui->menu, false);
    if (menu_is_open(ui->menu))
        filter_menu(ui);
}

void ui_tell_choice(struct ui *ui)
{
    const char *word;
    struct buf line;
    size_t size;
    if (!menu_take_moved(ui->menu, &word))
        return;
    buf_init(&line, LINE_MOST);
    if (word != NULL)
        buf_append(&line, entry_text(ui->entry, &size, NULL), menu_start(ui->menu));
    buf_puts(&line, word != NULL ? word : "");
    state_tell(ui->state, &(struct ui_action){.kind = UI_PREVIEW, .text = buf_text(&line), .size = line.size});
    buf_free(&line);
}
