/* Complete: puts in what all candidates have in common, or offers them. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "ui/internal.h"
#include "ui/ui.h"

/* How many bytes all words begin with in common; whole characters. */
static size_t common_size(const char *const *words, size_t n)
{
    size_t size = strlen(words[0]);
    for (size_t i = 1; i < n; i++) {
        size_t same = 0;
        while (same < size && words[i][same] == words[0][same])
            same++;
        size = same;
    }
    while (size > 0 && ((unsigned char)words[0][size] & 0xC0) == 0x80)
        size--;
    return size;
}

static void offer_words(struct ui *ui, const char *const *words, size_t n)
{
    struct ui_item *items = calloc(n, sizeof *items);
    if (items == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct ui_item){.label = words[i], .command = words[i], .act = POPUP_WORD};
    ui_pick(ui, "Complete", items, n, false);
    free(items);
}

void ui_complete(struct ui *ui, size_t start, const char *const *words, size_t n)
{
    size_t total, cursor;
    entry_text(ui->entry, &total, &cursor);
    if (n == 0 || start > cursor)
        return;
    entry_begin_word(ui->entry, start);
    size_t common = common_size(words, n);
    if (n > 1 && common <= cursor - start) {
        offer_words(ui, words, n);
        return;
    }
    entry_put_word(ui->entry, words[0], common, n == 1);
    ui_take_focus(ui, PANE_COMPOSER);
}
