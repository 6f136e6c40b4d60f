/* Composer pastes: long texts that were pasted. Each stands in libedit's line as one character, its mark, and on the
 * screen as "[pasted 312 lines]".
 *
 * Marks lie above Unicode, so nothing that is typed, pasted or read can be taken for one. A text is kept as long as the
 * composer, as libedit's kill buffer may bring its mark back at any time. */
#ifndef PALAVER_UI_PANES_COMPOSER_PASTES_H
#define PALAVER_UI_PANES_COMPOSER_PASTES_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "base/buf.h"

/* What is longer is shown as a label. */
enum { PASTE_LINES = 20, PASTE_CHARACTERS = 2000 };
/* Of all that is kept; what is pasted after it stays text. */
enum { PASTES_BYTES_MOST = 256 << 20 };

struct pastes {
    struct paste {
        char *text;
        size_t size;
        char label[48];
    } * all;
    size_t n, bytes; /* bytes: of all texts */
};

void pastes_free(struct pastes *p);
/* Keeps a copy and returns its mark; 0 when the text is short, there are too many, or out of memory. */
wchar_t pastes_add(struct pastes *p, const char *text, size_t size);
/* What a character of libedit's line stands for; NULL: for itself. */
const struct paste *pastes_find(const struct pastes *p, wchar_t character);
/* Appends wide characters as the bytes that they stand for; marks as the pasted texts, or as their labels. False when
 * out of memory. */
bool pastes_narrow(const struct pastes *p, struct buf *out, const wchar_t *text, size_t n, bool labels);

#endif
