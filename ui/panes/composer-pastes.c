/* Composer pastes: a table, the mark of text number i is FIRST_MARK + i. */
#include <config.h>

#include "ui/panes/composer-pastes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/panes/composer-edit.h"

enum { FIRST_MARK = 0x110000 };

void pastes_free(struct pastes *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->all[i].text);
    free(p->all);
    *p = (struct pastes){0};
}

static size_t count_lines(const char *text, size_t size)
{
    size_t n = text[size - 1] != '\n';
    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n';
    return n;
}

/* Characters; bytes that are not UTF-8 may count as less. */
static size_t count_characters(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

/* Blanks at which no line is broken keep the label in one piece. */
static bool write_label(struct paste *paste)
{
    size_t lines = count_lines(paste->text, paste->size), characters = count_characters(paste->text, paste->size);
    if (lines > PASTE_LINES)
        snprintf(paste->label, sizeof paste->label, "[pasted\u00a0%zu\u00a0lines]", lines);
    else
        snprintf(paste->label, sizeof paste->label, "[pasted\u00a0%zu\u00a0characters]", characters);
    return lines > PASTE_LINES || characters > PASTE_CHARACTERS;
}

static wchar_t find_same(const struct pastes *p, const char *text, size_t size)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->all[i].size == size && memcmp(p->all[i].text, text, size) == 0)
            return (wchar_t)(FIRST_MARK + i);
    return 0;
}

wchar_t pastes_add(struct pastes *p, const char *text, size_t size)
{
    wchar_t known = find_same(p, text, size);
    if (known != 0 || size == 0 || size > PASTES_BYTES_MOST - p->bytes)
        return known;
    struct paste *more = realloc(p->all, (p->n + 1) * sizeof *more);
    if (more == NULL)
        return 0;
    p->all = more;
    struct paste paste = {.text = malloc(size), .size = size};
    if (paste.text == NULL)
        return 0;
    memcpy(paste.text, text, size);
    if (!write_label(&paste)) {
        free(paste.text);
        return 0;
    }
    p->all[p->n] = paste;
    p->bytes += size;
    return (wchar_t)(FIRST_MARK + p->n++);
}

const struct paste *pastes_find(const struct pastes *p, wchar_t character)
{
    size_t i = (size_t)character - FIRST_MARK;
    return character >= FIRST_MARK && i < p->n ? &p->all[i] : NULL;
}

bool pastes_narrow(const struct pastes *p, struct buf *out, const wchar_t *text, size_t n, bool labels)
{
    bool ok = true;
    for (size_t i = 0, from = 0; ok && i <= n; i++) {
        const struct paste *paste = i < n ? pastes_find(p, text[i]) : NULL;
        if (i < n && paste == NULL)
            continue;
        ok = edit_narrow(out, text + from, i - from);
        if (ok && paste != NULL)
            ok = labels ? buf_puts(out, paste->label) : buf_append(out, paste->text, paste->size);
        from = i + 1;
    }
    return ok;
}
