/* Text: cleaning, widths and breaks, for messages of some KB; a megabyte takes milliseconds. */
#include <config.h>

#include "ui/text/text.h"

#include <stdlib.h>
#include <string.h>
#include <uchar.h>
#include <utf8proc.h>
#include <wchar.h>

#include "base/utf8.h"

/* Characters of a cluster, which is cut here; the longest in use have 10. */
enum { CLUSTER_MOST = 32 };
/* Bytes of a title, a label, a remark. */
enum { LINE_MOST = 1 << 20 };

static bool between(uint32_t code, uint32_t first, uint32_t last)
{
    return code >= first && code <= last;
}

static bool is_mark(uint32_t code)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME || category == UTF8PROC_CATEGORY_MC;
}

/* Format characters that have a shape: signs that stand before Arabic and other numbers. */
static bool is_visible_format(uint32_t code)
{
    return between(code, 0x0600, 0x0605) || code == 0x06DD || code == 0x070F || between(code, 0x0890, 0x0891) ||
           code == 0x08E2 || code == 0x110BD || code == 0x110CD;
}

/* As utf8_hides, and by what utf8proc knows of later versions of Unicode: format characters, and numbers that are no
 * characters. */
static bool hides(uint32_t code, uint32_t before)
{
    if (utf8_hides(code, before) || between(code, 0xFDD0, 0xFDEF) || (code & 0xFFFE) == 0xFFFE)
        return true;
    bool joiner = code == 0x200C || code == 0x200D;
    return !joiner && utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_CF && !is_visible_format(code);
}

static bool origin_add(struct text_origin *o, size_t at, size_t n, bool rising)
{
    if (o == NULL)
        return true;
    if (o->n + n > o->capacity) {
        size_t capacity = 2 * (o->n + n) + 256;
        uint32_t *more = realloc(o->at, capacity * sizeof *more);
        if (more == NULL)
            return false;
        o->at = more;
        o->capacity = capacity;
    }
    for (size_t i = 0; i < n; i++)
        o->at[o->n++] = (uint32_t)(rising ? at + i : at);
    return true;
}

void text_origin_free(struct text_origin *origin)
{
    free(origin->at);
    *origin = (struct text_origin){0};
}

/* Appends a picture of code, which is at text[at]; lone: appends what code, a mark without a base, is put on. */
static bool append_visible(struct buf *out, struct text_origin *origin, uint32_t code, size_t at, bool lone)
{
    size_t from = out->size;
    if (lone)
        buf_puts(out, "\xE2\x97\x8C"); /* a dotted circle */
    else
        utf8_picture(out, code);
    return !buf_failed(out) && origin_add(origin, at, out->size - from, false);
}

/* How many bytes at the beginning are plain: printable ASCII, tabs and line breaks. */
static size_t plain_bytes(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && ((unsigned char)(text[n] - ' ') < 0x5F || text[n] == '\n' || text[n] == '\t'))
        n++;
    return n;
}

bool text_clean(const char *text, size_t size, struct buf *out, struct text_origin *origin)
{
    uint32_t before = 0;
    for (size_t at = 0, used; at < size; at += used) {
        used = plain_bytes(text + at, size - at);
        if (used > 0) {
            before = (unsigned char)text[at + used - 1];
            if (!buf_append(out, text + at, used) || !origin_add(origin, at, used, true))
                return false;
            continue;
        }
        uint32_t code = utf8_decode(text + at, size - at, &used);
        if (code == '\r' && at + 1 < size && text[at + 1] == '\n')
            continue;
        bool visible = code == UTF8_INVALID || code < ' ' || between(code, 0x7F, 0x9F) || hides(code, before);
        bool lone = !visible && before < ' ' && is_mark(code);
        if ((lone || visible) && !append_visible(out, origin, code, at, lone))
            return false;
        if (!visible && (!buf_append(out, text + at, used) || !origin_add(origin, at, used, !lone)))
            return false;
        before = visible ? ' ' : code;
    }
    return true;
}

char *text_clean_line(const char *text)
{
    struct buf out;
    if (text == NULL)
        return NULL;
    buf_init(&out, LINE_MOST);
    if (!text_clean(text, strlen(text), &out, NULL)) {
        buf_free(&out);
        return NULL;
    }
    for (size_t i = 0; i < out.size; i++)
        if (out.data[i] == '\n' || out.data[i] == '\t')
            out.data[i] = ' ';
    return buf_take(&out);
}

/* By the C library, as ncurses draws; it knows only ASCII unless the locale is UTF-8. */
static int char_columns(uint32_t code)
{
    if (code == UTF8_INVALID)
        return 1;
    int columns = wcwidth((wchar_t)code);
    if (columns >= 0)
        return columns;
    columns = utf8proc_charwidth((utf8proc_int32_t)code);
    bool unknown = utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_CN;
    return unknown && columns == 0 ? 1 : columns;
}

size_t text_cluster(const char *text, size_t size, int *columns)
{
    *columns = text[0] == '\n' ? 0 : 1;
    if ((unsigned char)text[0] < 0x80 && (size == 1 || (unsigned char)text[1] < 0x80))
        return 1;
    size_t at;
    uint32_t code = utf8_decode(text, size, &at);
    if (code == UTF8_INVALID)
        return at;
    if (code >= 0x80)
        *columns = char_columns(code);
    utf8proc_int32_t state = 0;
    for (int n = 1; n < CLUSTER_MOST && at < size; n++) {
        size_t used;
        uint32_t next = utf8_decode(text + at, size - at, &used);
        if (next == UTF8_INVALID ||
            utf8proc_grapheme_break_stateful((utf8proc_int32_t)code, (utf8proc_int32_t)next, &state))
            break;
        *columns += char_columns(next);
        at += used;
        code = next;
    }
    return at;
}

size_t text_cluster_before(const char *text, size_t offset)
{
    enum { FAR = 256 };
    size_t at = offset > 0 ? offset - 1 : 0;
    while (at > 0 && offset - at < FAR && ((unsigned char)text[at] >= 0x80 || (unsigned char)text[at - 1] >= 0x80))
        at--;
    while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80 && offset - at < FAR + 4)
        at--;
    size_t size = 0;
    for (int columns; at < offset; at += size)
        size = text_cluster(text + at, offset - at, &columns);
    return size;
}

/* The columns of the cluster at text when it begins at this column. */
static size_t cluster_at(const char *text, size_t size, int column, int *columns)
{
    size_t used = text_cluster(text, size, columns);
    if (text[0] == '\t')
        *columns = TEXT_TAB - column % TEXT_TAB;
    return used;
}

int text_columns(const char *text, size_t size, int from)
{
    int column = from, columns;
    for (size_t at = 0; at < size; column += columns)
        at += cluster_at(text + at, size - at, column, &columns);
    return column - from;
}

size_t text_fit(const char *text, size_t size, int columns)
{
    size_t at = 0;
    for (int column = 0, wide; at < size; column += wide) {
        size_t used = cluster_at(text + at, size - at, column, &wide);
        if (column + wide > columns)
            break;
        at += used;
    }
    return at;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static bool is_blank(uint32_t code)
{
    return code == ' ' || code == '\t';
}

static bool is_among(uint32_t code, const char32_t *set)
{
    while (*set != 0 && *set != code)
        set++;
    return *set != 0;
}

/* Characters that begin no line, and those that end none, in East Asian writing. */
static bool never_first(uint32_t code)
{
    return is_among(code, U",.!?:;)]}'\"%、。，．！？：；）］｝〕〉》」』】〗’”…‥・ー々ゝゞ"
                          U"ぁぃぅぇぉっゃゅょァィゥェォッャュョ");
}

static bool never_last(uint32_t code)
{
    return is_among(code, U"([{'\"（［｛〔〈《「『【〖‘“");
}

/* Whether a line may break on either side of this character: East Asian writing and emoji; Korean has words. */
static bool is_word_alone(uint32_t code, int columns)
{
    return columns > 1 && !between(code, 0xAC00, 0xD7A3) && !between(code, 0x1100, 0x11FF);
}

/* Where a line may end, as far as it was read. */
struct breaking {
    size_t blank_end, blank_next; /* before and after the last blanks; next 0: none yet */
    size_t inside;                /* after the last hyphen or slash inside the word */
    uint32_t last;                /* the character before */
    bool last_alone;              /* a line may break beside it */
    bool words;                   /* not only blanks were read */
};

/* Notes the places to break between the last character and the one at text[at]. blank: that is a blank, and bears no
 * mark, which would be drawn on it. */
static void note_break(struct breaking *b, const char *text, size_t size, size_t at, int columns, bool blank)
{
    size_t used;
    uint32_t code = utf8_decode(text + at, size - at, &used);
    bool alone = is_word_alone(code, columns);
    if (blank) {
        if (b->words && !is_blank(b->last))
            b->blank_end = at;
        if (b->words)
            b->blank_next = at + 1;
        b->inside = 0;
    } else if (b->words && (b->last_alone || alone) && !is_blank(b->last) && !never_first(code) &&
               !never_last(b->last)) {
        b->blank_end = b->blank_next = at;
        b->inside = 0;
    } else if (b->words && (b->last == '-' || b->last == '/')) {
        b->inside = at;
    }
    b->words = b->words || !blank;
    b->last = is_blank(code) && !blank ? 0x25CC : code;
    b->last_alone = alone;
}

/* Whether the word at the beginning of text takes more than width columns. */
static bool is_long_word(const char *text, size_t size, int width)
{
    int column = 0, columns = 0;
    for (size_t at = 0; at < size && text[at] != '\n' && !is_blank((unsigned char)text[at]); column += columns) {
        if (column > width)
            return true;
        size_t used, cluster = text_cluster(text + at, size - at, &columns);
        if (is_word_alone(utf8_decode(text + at, size - at, &used), columns))
            return false;
        at += cluster;
    }
    return column > width;
}

static size_t trim_end(const char *text, size_t end)
{
    while (end > 0 && is_blank((unsigned char)text[end - 1]))
        end--;
    return end;
}

/* As many characters of one cluster as fit, at least one: the last resort for a cluster wider than a line. */
static size_t split_cluster(const char *text, size_t size, int width)
{
    size_t at = 0, used;
    for (int column = 0; at < size; at += used) {
        column += char_columns(utf8_decode(text + at, size - at, &used));
        if (column > width && at > 0)
            break;
    }
    return at;
}

/* Chooses where the line ends, given that text[at] does not fit. */
static size_t choose_break(const struct breaking *b, const char *text, size_t size, size_t at, int width, size_t *end)
{
    bool split = b->blank_next == 0 || is_long_word(text + b->blank_next, size - b->blank_next, width);
    size_t next = split && b->inside > b->blank_next ? b->inside : b->blank_next > 0 ? b->blank_next : at;
    if (next == 0) {
        int columns;
        next = split_cluster(text, text_cluster(text, size, &columns), width);
    }
    *end = next == b->blank_next && next > 0 ? b->blank_end : next;
    *end = trim_end(text, *end);
    return next;
}

size_t text_wrap(const char *text, size_t size, int width, size_t *end)
{
    struct breaking b = {0};
    int column = 0, columns;
    for (size_t at = 0, used; at < size; at += used, column += columns) {
        if (text[at] == '\n') {
            *end = trim_end(text, at);
            return at + 1;
        }
        used = cluster_at(text + at, size - at, column, &columns);
        bool blank = used == 1 && is_blank((unsigned char)text[at]);
        if (column + columns > width && !(blank && b.words)) {
            if (!blank)
                note_break(&b, text, size, at, columns, false);
            return choose_break(&b, text, size, at, width, end);
        }
        note_break(&b, text, size, at, columns, blank);
    }
    *end = trim_end(text, size);
    return size;
}
