/* Composer: what each key means, on top of libedit (composer-edit) and the layout of its text (composer-lines).
 *
 * A text has three forms: libedit's wide characters, where a long paste is one mark (composer-pastes); the bytes that are
 * shown, where it is a label; and the whole text, which is what others get. Texts have some lines as a rule, and some
 * megabytes after a paste. */
#include <config.h>

#include "ui/panes/composer.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/panes/composer-edit.h"
#include "ui/panes/composer-lines.h"
#include "ui/panes/composer-pastes.h"
#include "ui/panes/composer-undo.h"
#include "ui/text/text.h"

enum { HISTORY_MOST = 1000, USUAL_COLUMNS = 80, NOTHING = -1, TEXT_MOST = 1 << 30 };

struct entry {
    char *text;              /* NULL for the newest, which was not sent yet */
    struct edit_copy edited; /* how it was changed while walking past; no text: not at all */
};

struct composer {
    struct edit *edit;
    struct pastes pastes;
    struct edit_copy now, before; /* libedit's text, and what it was before its last change */
    size_t version;               /* counts its changes */
    bool folded;                  /* it has marks: the whole text is in whole, else it is that of lines */
    struct buf whole;
    size_t whole_cursor;
    struct typed_lines *lines;              /* also a cache, which changes where the composer is const */
    struct entry entries[HISTORY_MOST + 1]; /* the oldest first, the one being written last */
    size_t n, at;
    int goal;              /* the column that Up and Down keep; NOTHING after other keys */
    bool moved;            /* the last key was Up or Down */
    struct edit_copy kept; /* the text before a command that waits for more keys */
    struct undo undo;
    bool undone; /* the last key was undo */
    bool typing; /* the last key typed a character of a word: the next one joins its undo */
};

struct composer *composer_open(const char *program, struct error *err)
{
    struct composer *c = calloc(1, sizeof *c);
    struct typed_lines *lines = malloc(sizeof *lines);
    if (c == NULL || lines == NULL) {
        error_memory(err);
        free(c);
        free(lines);
        return NULL;
    }
    typed_lines_init(lines);
    buf_init(&c->whole, TEXT_MOST);
    lines->columns = USUAL_COLUMNS;
    c->lines = lines;
    c->goal = NOTHING;
    c->edit = edit_open(program, err);
    if (c->edit != NULL && edit_copy(c->edit, &c->now) && edit_copy(c->edit, &c->before) &&
        edit_copy(c->edit, &c->kept))
        return c;
    error_memory(err);
    composer_free(c);
    return NULL;
}

static void forget_edits(struct composer *c)
{
    for (size_t i = 0; i <= c->n; i++) {
        free(c->entries[i].edited.text);
        c->entries[i].edited = (struct edit_copy){0};
    }
    c->at = c->n;
}

void composer_free(struct composer *c)
{
    if (c == NULL)
        return;
    forget_edits(c);
    for (size_t i = 0; i < c->n; i++)
        free(c->entries[i].text);
    edit_free(c->edit);
    pastes_free(&c->pastes);
    free(c->now.text);
    free(c->before.text);
    free(c->kept.text);
    buf_free(&c->whole);
    undo_clear(&c->undo);
    typed_lines_free(c->lines);
    free(c->lines);
    free(c);
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

static bool has_marks(const struct composer *c, const struct edit_copy *copy)
{
    for (size_t i = 0; i < copy->size; i++)
        if (pastes_find(&c->pastes, copy->text[i]) != NULL)
            return true;
    return false;
}

/* Writes the whole text of a copy with marks. */
static bool unfold(const struct composer *c, const struct edit_copy *copy, struct buf *out, size_t *cursor)
{
    const wchar_t *text = copy->text;
    bool ok = pastes_narrow(&c->pastes, out, text, copy->cursor, false);
    *cursor = out->size;
    return ok && pastes_narrow(&c->pastes, out, text + copy->cursor, copy->size - copy->cursor, false);
}

static void set_now(struct composer *c, const struct edit_copy *now)
{
    if (now->size == c->now.size && wmemcmp(now->text, c->now.text, now->size) == 0) {
        free(c->now.text);
    } else {
        free(c->before.text);
        c->before = c->now;
        c->version++;
    }
    c->now = *now;
}

/* Takes over the text that libedit holds. When out of memory the one taken over before stays. */
static void take_text(struct composer *c)
{
    struct edit_copy now;
    struct buf whole;
    size_t cursor = 0;
    if (!edit_copy(c->edit, &now))
        return;
    buf_init(&whole, TEXT_MOST);
    const bool folded = has_marks(c, &now);
    if ((folded && !unfold(c, &now, &whole, &cursor)) ||
        !typed_lines_set(c->lines, &c->pastes, now.text, now.size, now.cursor)) {
        buf_free(&whole);
        free(now.text);
        return;
    }
    buf_free(&c->whole);
    c->whole = whole;
    c->whole_cursor = cursor;
    c->folded = folded;
    set_now(c, &now);
}

/* The bytes that a wide character takes, in the text that is shown or in the whole one. */
static size_t bytes_of(const struct composer *c, wchar_t character, bool shown)
{
    const struct paste *paste = pastes_find(&c->pastes, character);
    uint32_t code = (uint32_t)character;
    char bytes[4];
    if (paste != NULL)
        return shown ? strlen(paste->label) : paste->size;
    return code < 0x80 || code - 0xDC00 < 256 ? 1 : utf8_encode(code, bytes);
}

/* The wide characters of the first offset bytes that are shown; one that the offset divides counts if after. */
static size_t wide_offset(struct composer *c, size_t offset, bool after)
{
    size_t size, cursor, at = 0, n = 0;
    const wchar_t *text = edit_line(c->edit, &size, &cursor);
    for (; n < size && at < offset; n++)
        at += bytes_of(c, text[n], true);
    return at > offset && !after ? n - 1 : n;
}

static void keep_text(struct composer *c)
{
    size_t bytes = (c->now.size + 1) * sizeof *c->now.text;
    wchar_t *text = malloc(bytes);
    if (text == NULL)
        return;
    memcpy(text, c->now.text, bytes);
    free(c->kept.text);
    c->kept = (struct edit_copy){text, c->now.size, c->now.cursor};
}

/* Gives up a command that waits for more keys, such as a search; the text is again what it was before. */
static bool settle_command(struct composer *c)
{
    if (edit_idle(c->edit))
        return true;
    edit_abort(c->edit);
    bool ok = edit_restore(c->edit, &c->kept);
    take_text(c);
    return ok;
}

static bool replace_text(struct composer *c, const char *text, size_t size, size_t cursor)
{
    bool ok = settle_command(c) && edit_replace(c->edit, text, size);
    edit_move(c->edit, ok ? wide_offset(c, cursor, true) : c->now.cursor);
    take_text(c);
    c->goal = NOTHING;
    return ok;
}

static void restore_text(struct composer *c, const struct edit_copy *copy)
{
    if (settle_command(c))
        edit_restore(c->edit, copy);
    take_text(c);
    c->goal = NOTHING;
}

const char *composer_text(const struct composer *c, size_t *size, size_t *cursor)
{
    const struct buf *text = c->folded ? &c->whole : &c->lines->text;
    *size = text->size;
    if (cursor != NULL)
        *cursor = c->folded ? c->whole_cursor : c->lines->cursor;
    return buf_text(text);
}

const char *composer_shown(const struct composer *c, size_t *size)
{
    *size = c->lines->text.size;
    return buf_text(&c->lines->text);
}

bool composer_set_at(struct composer *c, const char *text, size_t size, size_t cursor)
{
    bool ok = replace_text(c, text, size, cursor);
    forget_edits(c);
    undo_clear(&c->undo);
    return ok;
}

bool composer_set(struct composer *c, const char *text, size_t size)
{
    return composer_set_at(c, text, size, size);
}

/* Deletes so many bytes of the whole text before the cursor. Where they end inside a pasted text, all of it becomes
 * text. */
static bool delete_bytes(struct composer *c, size_t bytes)
{
    size_t n = 0, size, cursor;
    const char *whole = composer_text(c, &size, &cursor);
    const size_t end = bytes < cursor ? cursor - bytes : 0;
    for (size_t at = cursor; at > end; n++) {
        wchar_t character = c->now.text[c->now.cursor - n - 1];
        size_t used = bytes_of(c, character, false);
        if (used > at - end && pastes_find(&c->pastes, character) != NULL) {
            char *copy = malloc(size + 1);
            bool ok = copy != NULL && replace_text(c, memcpy(copy, whole, size + 1), size, cursor);
            free(copy);
            return ok && !c->folded && delete_bytes(c, bytes);
        }
        at -= used < at - end ? used : at - end;
    }
    return edit_delete_before(c->edit, n);
}

bool composer_insert(struct composer *c, const char *text, size_t size, size_t replace)
{
    bool ok = settle_command(c) && delete_bytes(c, replace) && edit_insert(c->edit, text, size);
    take_text(c);
    c->goal = NOTHING;
    return ok;
}

/* Pasted text: a long one is folded. */
static enum composer_result insert_paste(struct composer *c, const char *text, size_t size)
{
    const wchar_t mark = pastes_add(&c->pastes, text, size);
    if (mark == 0)
        composer_insert(c, text, size, 0);
    else if (settle_command(c))
        edit_insert_character(c->edit, mark);
    take_text(c);
    c->goal = NOTHING;
    return COMPOSER_EDITED;
}

static void move_to(struct composer *c, size_t offset, bool after)
{
    settle_command(c);
    edit_move(c->edit, wide_offset(c, offset, after));
    take_text(c);
    c->goal = NOTHING;
}

void composer_move(struct composer *c, size_t offset)
{
    move_to(c, offset, true);
}

/* ---- layout ------------------------------------------------------------------------------------------------------ */

int composer_lines(const struct composer *c, int columns)
{
    return typed_lines_count(c->lines, columns);
}

bool composer_line(const struct composer *c, int columns, int line, size_t *start, size_t *end)
{
    return typed_lines_get(c->lines, columns, line, start, end);
}

void composer_cursor(const struct composer *c, int columns, int *line, int *column)
{
    typed_lines_where(c->lines, columns, line, column);
}

size_t composer_offset(const struct composer *c, int columns, int line, int column)
{
    return typed_lines_offset(c->lines, columns, line, column);
}

/* ---- history ----------------------------------------------------------------------------------------------------- */

void composer_remember(struct composer *c, const char *text)
{
    bool known = c->n > 0 && strcmp(c->entries[c->n - 1].text, text) == 0;
    char *copy = *text != '\0' && !known ? strdup(text) : NULL;
    forget_edits(c);
    if (copy == NULL)
        return;
    if (c->n == HISTORY_MOST) {
        free(c->entries[0].text);
        memmove(c->entries, c->entries + 1, --c->n * sizeof c->entries[0]);
    }
    c->entries[c->n++] = (struct entry){.text = copy};
    c->entries[c->n] = (struct entry){0};
    c->at = c->n;
    edit_remember(c->edit, text);
}

/* Keeps the changes to the history entry that is being left. */
static bool keep_edited(struct composer *c)
{
    struct entry *entry = &c->entries[c->at];
    size_t size;
    const char *text = composer_text(c, &size, NULL);
    if (entry->text != NULL && strlen(entry->text) == size && memcmp(entry->text, text, size) == 0)
        return true;
    struct edit_copy copy;
    if (!edit_copy(c->edit, &copy))
        return false;
    copy.cursor = copy.size;
    free(entry->edited.text);
    entry->edited = copy;
    return true;
}

static void walk_history(struct composer *c, int step)
{
    if ((step < 0 && c->at == 0) || (step > 0 && c->at == c->n) || !keep_edited(c))
        return;
    const struct entry *entry = &c->entries[c->at += (size_t)(ptrdiff_t)step];
    if (entry->edited.text != NULL)
        restore_text(c, &entry->edited);
    else
        replace_text(c, entry->text, strlen(entry->text), strlen(entry->text));
}

/* Up and Down: by lines of the screen, and from the first and the last line through the history. */
static void move_line(struct composer *c, int step)
{
    int columns = c->lines->columns, line, column;
    size_t start, end;
    typed_lines_where(c->lines, columns, &line, &column);
    int goal = c->goal == NOTHING ? column : c->goal;
    if (line + step < 0 || !typed_lines_get(c->lines, columns, line + step, &start, &end)) {
        walk_history(c, step);
        return;
    }
    move_to(c, typed_lines_offset(c->lines, columns, line + step, goal), step > 0); /* never back where it was */
    c->goal = goal;
    c->moved = true;
}

/* ---- clusters ---------------------------------------------------------------------------------------------------- */

enum { NEAR = 64 }; /* wide characters looked at on each side of the cursor */

/* The wide characters of the clusters before and after a position; inside: the position divides one cluster into
 * these. */
struct around {
    size_t before, after;
    bool inside;
};

static size_t count_wide(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t at = 0, used; at < size; at += used, n++)
        if (utf8_decode(text + at, size - at, &used) == UTF8_INVALID)
            used = 1;
    return n;
}

static struct around look_around(const wchar_t *text, size_t size, size_t at)
{
    struct around a = {0};
    struct buf near;
    size_t from = at > NEAR ? at - NEAR : 0, to = size - at > NEAR ? at + NEAR : size;
    buf_init(&near, 16 * NEAR);
    edit_narrow(&near, text + from, at - from);
    size_t middle = near.size, start = middle;
    edit_narrow(&near, text + at, to - at);
    const char *bytes = buf_text(&near);
    if (middle > 0)
        start -= text_cluster_before(bytes, middle);
    a.before = count_wide(bytes + start, middle - start);
    int columns;
    size_t whole = start < near.size ? start + text_cluster(bytes + start, near.size - start, &columns) : middle;
    a.inside = start < middle && whole > middle;
    if (a.inside)
        a.after = count_wide(bytes + middle, whole - middle);
    else if (middle < near.size)
        a.after = count_wide(bytes + middle, text_cluster(bytes + middle, near.size - middle, &columns));
    buf_free(&near);
    return a;
}

/* libedit moves and deletes by characters: does the same to the rest of the cluster. */
static void mend_cluster(struct composer *c, const struct around *old, size_t old_size, size_t old_cursor)
{
    size_t size, cursor;
    const wchar_t *text = edit_line(c->edit, &size, &cursor);
    if (size + 1 == old_size && cursor + 1 == old_cursor && old->before > 1) {
        edit_delete_before(c->edit, old->before - 1);
        return;
    }
    if (size + 1 == old_size && cursor == old_cursor && old->after > 1) {
        edit_move(c->edit, cursor + old->after - 1);
        edit_delete_before(c->edit, old->after - 1);
        return;
    }
    struct around now = look_around(text, size, cursor);
    if (size == old_size && now.inside)
        edit_move(c->edit, cursor > old_cursor ? cursor + now.after : cursor - now.before);
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

static enum composer_result feed_keys(struct composer *c, const wchar_t *keys, size_t n)
{
    size_t size, cursor;
    bool idle = edit_idle(c->edit);
    const wchar_t *text = edit_line(c->edit, &size, &cursor);
    struct around around = look_around(text, size, cursor);
    edit_feed(c->edit, keys, n);
    if (idle && !edit_idle(c->edit))
        keep_text(c);
    else if (idle)
        mend_cluster(c, &around, size, cursor);
    take_text(c);
    return edit_wants_editor(c->edit) ? COMPOSER_EDITOR : COMPOSER_EDITED;
}

static enum composer_result feed_text(struct composer *c, const wchar_t *keys)
{
    return feed_keys(c, keys, wcslen(keys));
}

/* Ends a command that waits for keys; a search keeps what it found. */
static enum composer_result end_command(struct composer *c)
{
    feed_text(c, L"\033");
    settle_command(c);
    return COMPOSER_EDITED;
}

static enum composer_result insert_newline(struct composer *c, size_t replace)
{
    composer_insert(c, "\n", 1, replace);
    return COMPOSER_EDITED;
}

static enum composer_result press_enter(struct composer *c, unsigned modifiers)
{
    const struct buf *text = &c->lines->text;
    size_t cursor = c->lines->cursor;
    if (modifiers != 0)
        return insert_newline(c, 0);
    if (!edit_idle(c->edit))
        return end_command(c);
    if (cursor > 0 && cursor == text->size && buf_text(text)[cursor - 1] == '\\')
        return insert_newline(c, 1);
    return COMPOSER_SEND;
}

static enum composer_result press_escape(struct composer *c)
{
    if (edit_idle(c->edit) && (!edit_is_vi(c->edit) || edit_in_vi_command(c->edit)))
        return COMPOSER_ESCAPE;
    return end_command(c);
}

static enum composer_result move_vertically(struct composer *c, int step)
{
    if (settle_command(c))
        move_line(c, step);
    return COMPOSER_EDITED;
}

/* Home and End in a text of many lines: the edges of a line. */
static enum composer_result move_to_edge(struct composer *c, bool end)
{
    const char *text = buf_text(&c->lines->text);
    size_t at = c->lines->cursor;
    while (!end && at > 0 && text[at - 1] != '\n')
        at--;
    while (end && at < c->lines->text.size && text[at] != '\n')
        at++;
    composer_move(c, at);
    return COMPOSER_EDITED;
}

static enum composer_result undo_change(struct composer *c)
{
    struct edit_copy text;
    if (undo_pop(&c->undo, &text)) {
        restore_text(c, &text);
        free(text.text);
    }
    c->undone = true;
    return COMPOSER_EDITED;
}

static enum composer_result press_control(struct composer *c, wchar_t letter)
{
    bool idle = edit_idle(c->edit);
    if (letter == L'j')
        return insert_newline(c, 0);
    if (letter == L'c') {
        settle_command(c);
        return COMPOSER_INTERRUPT;
    }
    if (letter == L'l' || letter == L'z')
        return COMPOSER_UNUSED;
    if (letter == L'd' && idle && c->lines->text.size == 0)
        return COMPOSER_END;
    if (letter == L'd' && edit_is_vi(c->edit))
        return COMPOSER_EDITED; /* libedit would take it for the end of a file */
    if (letter == L'g' && idle)
        return COMPOSER_EDITOR;
    if ((letter == L'p' || letter == L'n') && idle)
        return move_vertically(c, letter == L'p' ? -1 : 1);
    if ((letter == L'_' || letter == L'/') && idle && !edit_is_vi(c->edit))
        return undo_change(c);
    wchar_t key = letter == L' ' ? 0 : letter == L'/' ? 0x1F : letter & 0x1F;
    return feed_keys(c, &key, 1);
}

static enum composer_result press_alt(struct composer *c, wchar_t letter)
{
    if (edit_is_vi(c->edit) || !edit_binds_alt(c->edit, letter))
        return COMPOSER_UNUSED;
    return feed_text(c, (const wchar_t[]){L'\033', letter, L'\0'});
}

static enum composer_result press_character(struct composer *c, const struct key *key)
{
    if (key->modifiers & KEY_CTRL)
        return key->modifiers & KEY_ALT ? COMPOSER_UNUSED : press_control(c, key->character);
    if (key->character < L' ' || (key->character >= 0x7F && key->character < 0xA0) || key->character > 0x10FFFF)
        return COMPOSER_UNUSED;
    if (key->modifiers & KEY_ALT)
        return press_alt(c, key->character);
    bool jk = key->character == L'j' || key->character == L'k';
    if (jk && edit_idle(c->edit) && edit_in_vi_command(c->edit))
        return move_vertically(c, key->character == L'k' ? -1 : 1);
    return feed_keys(c, &key->character, 1);
}

/* A cursor key: in emacs mode as its sequence, which ~/.editrc may bind, in vi mode as a key bound to what it does. */
static enum composer_result press_sequence(struct composer *c, const wchar_t *emacs, wchar_t vi)
{
    return edit_is_vi(c->edit) ? feed_text(c, (const wchar_t[]){vi, L'\0'}) : feed_text(c, emacs);
}

static enum composer_result press_key(struct composer *c, const struct key *key)
{
    bool many = memchr(buf_text(&c->lines->text), '\n', c->lines->text.size) != NULL;
    switch (key->code) {
    case KEYS_CHARACTER: return press_character(c, key);
    case KEYS_ENTER: return press_enter(c, key->modifiers);
    case KEYS_PASTE: return insert_paste(c, key->text, key->text_size);
    case KEYS_ESCAPE: return press_escape(c);
    case KEYS_TAB: return key->modifiers == 0 ? COMPOSER_COMPLETE : COMPOSER_UNUSED;
    case KEYS_BACKSPACE: return feed_text(c, key->modifiers & KEY_ALT && !edit_is_vi(c->edit) ? L"\033\177" : L"\177");
    case KEYS_DELETE: return press_sequence(c, (const wchar_t[]){EDIT_DELETE, L'\0'}, EDIT_DELETE);
    case KEYS_UP:
    case KEYS_DOWN: return key->modifiers != 0 ? COMPOSER_UNUSED : move_vertically(c, key->code == KEYS_UP ? -1 : 1);
    case KEYS_LEFT: return press_sequence(c, key->modifiers & (KEY_CTRL | KEY_ALT) ? L"\033b" : L"\033[D", EDIT_LEFT);
    case KEYS_RIGHT: return press_sequence(c, key->modifiers & (KEY_CTRL | KEY_ALT) ? L"\033f" : L"\033[C", EDIT_RIGHT);
    case KEYS_HOME: return many ? move_to_edge(c, false) : press_sequence(c, L"\033[H", EDIT_HOME);
    case KEYS_END: return many ? move_to_edge(c, true) : press_sequence(c, L"\033[F", EDIT_END);
    default: return COMPOSER_UNUSED;
    }
}

/* After a key that changed the text: keeps the text before it for undo, except inside a word being typed. began: the
 * key began a command. */
static void record_undo(struct composer *c, const struct key *key, bool began, size_t cursor)
{
    struct edit_copy before = began ? c->before : c->kept;
    bool types = key->code == KEYS_CHARACTER && (key->modifiers & (KEY_CTRL | KEY_ALT)) == 0;
    if (began)
        before.cursor = cursor < before.size ? cursor : before.size;
    if (!types || !c->typing)
        undo_push(&c->undo, &before);
    c->typing = types && key->character != L' ';
}

enum composer_result composer_key(struct composer *c, const struct key *key)
{
    size_t version = c->version, cursor = c->now.cursor;
    bool began = edit_idle(c->edit);
    c->moved = c->undone = false;
    enum composer_result result = press_key(c, key);
    if (!c->moved)
        c->goal = NOTHING;
    if (c->version == version || c->undone)
        c->typing = false;
    else if (edit_idle(c->edit) && !edit_is_vi(c->edit))
        record_undo(c, key, began, cursor);
    return result;
}
