/* Field: editing and drawing. */
#include <config.h>

#include "ui/panes/field.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ui/text/text.h"

static void insert_text(struct field *f, const char *text, size_t size)
{
    if (size >= sizeof f->text - f->size)
        return;
    memmove(f->text + f->cursor + size, f->text + f->cursor, f->size - f->cursor + 1);
    memcpy(f->text + f->cursor, text, size);
    f->size += size;
    f->cursor += size;
}

/* Line breaks and tabs become blanks, as the field has one line. */
static void insert_clean(struct field *f, const char *text, size_t size)
{
    struct buf clean;
    buf_init(&clean, sizeof f->text);
    if (text_clean(text, size, &clean, NULL)) {
        for (size_t i = 0; i < clean.size; i++)
            if (clean.data[i] == '\n' || clean.data[i] == '\t')
                clean.data[i] = ' ';
        insert_text(f, buf_text(&clean), clean.size);
    }
    buf_free(&clean);
}

static void delete_bytes(struct field *f, size_t from, size_t to)
{
    memmove(f->text + from, f->text + to, f->size - to + 1);
    f->size -= to - from;
    f->cursor = from;
}

void field_open(struct field *f, const char *text)
{
    f->open = true;
    f->size = f->cursor = 0;
    f->text[0] = '\0';
    insert_clean(f, text, strlen(text));
}

static size_t offset_before(const struct field *f)
{
    return f->cursor > 0 ? f->cursor - text_cluster_before(f->text, f->cursor) : 0;
}

static size_t offset_after(const struct field *f)
{
    int columns;
    return f->cursor < f->size ? f->cursor + text_cluster(f->text + f->cursor, f->size - f->cursor, &columns) : f->size;
}

static enum field_result type_character(struct field *f, const struct key *key)
{
    char bytes[4];
    if (key->modifiers == KEY_CTRL && key->character == L'c')
        return FIELD_LEFT;
    if (key->modifiers == KEY_CTRL && key->character == L'u') {
        delete_bytes(f, 0, f->cursor);
        return FIELD_EDITED;
    }
    if ((key->modifiers & (KEY_CTRL | KEY_ALT)) != 0)
        return FIELD_UNUSED;
    insert_clean(f, bytes, utf8_encode((uint32_t)key->character, bytes));
    return FIELD_EDITED;
}

enum field_result field_key(struct field *f, const struct key *key)
{
    switch (key->code) {
    case KEYS_CHARACTER: return type_character(f, key);
    case KEYS_PASTE: insert_clean(f, key->text, key->text_size); break;
    case KEYS_ENTER: return FIELD_DONE;
    case KEYS_ESCAPE: return FIELD_LEFT;
    case KEYS_BACKSPACE: delete_bytes(f, offset_before(f), f->cursor); break;
    case KEYS_DELETE: delete_bytes(f, f->cursor, offset_after(f)); break;
    case KEYS_LEFT: f->cursor = offset_before(f); break;
    case KEYS_RIGHT: f->cursor = offset_after(f); break;
    case KEYS_HOME: f->cursor = 0; break;
    case KEYS_END: f->cursor = f->size; break;
    case KEYS_UP:
    case KEYS_DOWN: break; /* the field keeps the focus */
    default: return FIELD_UNUSED;
    }
    return FIELD_EDITED;
}

/* The first byte shown in width columns, so that the cursor is in view. */
static size_t first_shown(const struct field *f, int width)
{
    size_t first = 0;
    int columns;
    while (first < f->cursor && text_columns(f->text + first, f->cursor - first, 0) >= width)
        first += text_cluster(f->text + first, f->size - first, &columns);
    return first;
}

void field_draw(const struct field *f, struct canvas *s, const struct area *a, int row, int column)
{
    size_t first = first_shown(f, a->columns - column);
    canvas_blank(s, a, row, column, a->columns - column, STYLE_COMPOSER);
    canvas_text(s, a, row, column, STYLE_COMPOSER, f->text + first, f->size - first);
}

int field_cursor(const struct field *f, const struct area *a, int column)
{
    size_t first = first_shown(f, a->columns - column);
    return column + text_columns(f->text + first, f->cursor - first, 0);
}
