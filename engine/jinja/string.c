/* Python's str on texts with origins. What is cut out or kept keeps its origins; the mark of HTML stays. */
#include "config.h"

#include "engine/jinja/string.h"

#include <string.h>

#include "engine/jinja/operate.h"

/* ---- strip ------------------------------------------------------------------------------------------------------- */

/* The character at `at` belongs to those that are stripped. */
static bool is_stripped(struct jheap *h, struct jtext *t, size_t at, size_t used, struct jtext *chars, uint32_t code)
{
    if (chars == NULL)
        return juni_is_space(code);
    jheap_read(h, chars->size);
    jheap_work(h, 1);
    return memmem(jtext_bytes(h, chars), chars->size, jtext_bytes(h, t) + at, used) != NULL;
}

/* Where the last character before byte `end` begins. */
static size_t step_back(struct jheap *h, struct jtext *t, size_t end)
{
    const char *bytes = jtext_bytes(h, t);
    size_t start = end - 1, used;
    while (start > 0 && end - start < 4 && ((unsigned char)bytes[start] & 0xc0) == 0x80)
        start--;
    jtext_code(h, t, start, &used);
    return start + used == end ? start : end - 1;
}

struct jtext *jstring_strip(struct jheap *h, struct jtext *t, struct jtext *chars, bool left, bool right)
{
    size_t from = 0, to = t->size, used;
    while (left && from < to) {
        uint32_t code = jtext_code(h, t, from, &used);
        if (!is_stripped(h, t, from, used, chars, code))
            break;
        from += used;
    }
    while (right && to > from) {
        size_t start = step_back(h, t, to);
        uint32_t code = jtext_code(h, t, start, &used);
        if (!is_stripped(h, t, start, to - start, chars, code))
            break;
        to = start;
    }
    jheap_scan(h, from + t->size - to);
    return jtext_part(h, t, from, to);
}

/* ---- replace ----------------------------------------------------------------------------------------------------- */

/* An empty old text stands before every character and at the end. */
static struct jtext *replace_nothing(struct jheap *h, struct jtext *t, struct jtext *fresh, int64_t most)
{
    struct jbuild b;
    size_t used, at = 0;
    jbuild_open(&b, h);
    for (; at < t->size && most != 0; at += used, most--) {
        jheap_work(h, 1);
        jtext_code(h, t, at, &used);
        jbuild_text(&b, fresh);
        jbuild_part(&b, t, at, at + used);
    }
    jbuild_part(&b, t, at, t->size);
    if (most != 0)
        jbuild_text(&b, fresh);
    return jbuild_close(&b);
}

struct jtext *jstring_replace(struct jheap *h, struct jtext *t, struct jtext *old, struct jtext *fresh, int64_t most)
{
    if (t->markup)
        fresh = jv_escape(h, jv_text(fresh));
    if (old->size == 0)
        return jtext_mark(h, replace_nothing(h, t, fresh, most), t->markup);
    size_t at = 0, found = most != 0 ? jtext_find(h, t, old, 0, t->size) : SIZE_MAX;
    if (found == SIZE_MAX)
        return t;
    struct jbuild b;
    jbuild_open(&b, h);
    for (; found != SIZE_MAX; most--) {
        jheap_work(h, 1);
        jbuild_part(&b, t, at, found);
        jbuild_text(&b, fresh);
        at = found + old->size;
        found = most != 1 ? jtext_find(h, t, old, at, t->size) : SIZE_MAX;
    }
    jbuild_part(&b, t, at, t->size);
    return jtext_mark(h, jbuild_close(&b), t->markup);
}

/* ---- split ------------------------------------------------------------------------------------------------------- */

static void add_part(struct jheap *h, struct jlist *list, struct jtext *t, size_t from, size_t to)
{
    jheap_work(h, 1);
    jlist_add(h, list, jv_text(jtext_part(h, t, from, to)));
}

static struct jlist *split_at(struct jheap *h, struct jtext *t, struct jtext *separator, int64_t most)
{
    struct jlist *list = jlist_new(h);
    size_t at = 0;
    for (size_t found; most != 0 && (found = jtext_find(h, t, separator, at, t->size)) != SIZE_MAX; most--) {
        add_part(h, list, t, at, found);
        at = found + separator->size;
    }
    add_part(h, list, t, at, t->size);
    return list;
}

/* The end of the stretch at `at` that is white space, or is not. */
static size_t run_end(struct jheap *h, struct jtext *t, size_t at, bool space)
{
    size_t used, start = at;
    for (; at < t->size; at += used)
        if (juni_is_space(jtext_code(h, t, at, &used)) != space)
            break;
    jheap_scan(h, at - start);
    return at;
}

static struct jlist *split_words(struct jheap *h, struct jtext *t, int64_t most)
{
    struct jlist *list = jlist_new(h);
    size_t at = run_end(h, t, 0, true);
    for (; at < t->size && most != 0; most--) {
        size_t end = run_end(h, t, at, false);
        add_part(h, list, t, at, end);
        at = run_end(h, t, end, true);
    }
    if (at < t->size)
        add_part(h, list, t, at, t->size);
    return list;
}

static void turn_around(struct jlist *list)
{
    for (size_t i = 0; i < list->n / 2; i++) {
        struct jvalue v = list->at[i];
        list->at[i] = list->at[list->n - 1 - i];
        list->at[list->n - 1 - i] = v;
    }
}

/* From the end: the last `most` separators cut. */
static struct jlist *split_last(struct jheap *h, struct jtext *t, struct jtext *separator, int64_t most)
{
    struct jlist *list = jlist_new(h);
    size_t end = t->size;
    for (size_t found; most != 0 && (found = jtext_find_last(h, t, separator, 0, end)) != SIZE_MAX; most--) {
        add_part(h, list, t, found + separator->size, end);
        end = found;
    }
    add_part(h, list, t, 0, end);
    turn_around(list);
    return list;
}

/* From the end: the last `most` words apart, the rest in one piece. */
static struct jlist *split_last_words(struct jheap *h, struct jtext *t, int64_t most)
{
    struct jlist *list = jlist_new(h);
    t = jstring_strip(h, t, NULL, false, true);
    for (; t->size > 0 && most != 0; most--) {
        size_t start = t->size;
        for (size_t used; start > 0 && (used = juni_space_before(jtext_bytes(h, t), start)) == 0;)
            start = step_back(h, t, start);
        jheap_scan(h, t->size - start);
        add_part(h, list, t, start, t->size);
        t = jstring_strip(h, jtext_part(h, t, 0, start), NULL, false, true);
    }
    if (t->size > 0)
        jlist_add(h, list, jv_text(t));
    turn_around(list);
    return list;
}

struct jlist *jstring_split(struct jheap *h, struct jtext *t, struct jtext *separator, int64_t most, bool last)
{
    if (separator != NULL && separator->size == 0)
        jheap_fail(h, ERR_FORMAT, "empty separator");
    if (separator == NULL)
        return last && most >= 0 ? split_last_words(h, t, most) : split_words(h, t, most);
    return last && most >= 0 ? split_last(h, t, separator, most) : split_at(h, t, separator, most);
}

/* The bytes of the line end at `at`; 0 when none stands there. */
static size_t line_end(struct jheap *h, struct jtext *t, size_t at)
{
    size_t used;
    uint32_t code = jtext_code(h, t, at, &used);
    if (code == '\r' && at + 1 < t->size && jtext_bytes(h, t)[at + 1] == '\n')
        return 2;
    bool ends = (code >= '\n' && code <= '\r') || (code >= 0x1c && code <= 0x1e) || code == 0x85 || code == 0x2028 ||
                code == 0x2029;
    return ends ? used : 0;
}

struct jlist *jstring_lines(struct jheap *h, struct jtext *t, bool keep_ends)
{
    struct jlist *list = jlist_new(h);
    size_t start = 0;
    jheap_scan(h, t->size);
    for (size_t at = 0, used; at < t->size; at += used) {
        size_t end = line_end(h, t, at);
        if (end == 0) {
            jtext_code(h, t, at, &used);
            continue;
        }
        add_part(h, list, t, start, keep_ends ? at + end : at);
        used = end;
        start = at + end;
    }
    if (start < t->size)
        add_part(h, list, t, start, t->size);
    return list;
}

struct jtext *jstring_join(struct jheap *h, struct jtext *separator, const struct jlist *texts)
{
    struct jbuild b;
    jbuild_open(&b, h);
    for (size_t i = 0; i < texts->n; i++) {
        struct jvalue v = texts->at[i];
        if (v.kind != J_STRING)
            jheap_fail(h, ERR_FORMAT, "sequence item %zu: expected str instance, %s found", i, jv_type(v));
        if (i > 0)
            jbuild_text(&b, separator);
        jbuild_text(&b, separator->markup ? jv_escape(h, v) : v.text);
    }
    return jtext_mark(h, jbuild_close(&b), separator->markup);
}

/* ---- case -------------------------------------------------------------------------------------------------------- */

struct jtext *jstring_case(struct jheap *h, struct jtext *t, enum jcase wanted)
{
    struct jbuild b;
    size_t used;
    jbuild_open(&b, h);
    jheap_scan(h, t->size * 3);
    for (size_t at = 0; at < t->size; at += used) {
        jtext_code(h, t, at, &used);
        juni_append(&b, t, at, wanted);
    }
    return jtext_mark(h, jbuild_close(&b), t->markup);
}

struct jtext *jstring_capitalize(struct jheap *h, struct jtext *t)
{
    struct jbuild b;
    size_t used = 0;
    if (t->size == 0)
        return t;
    jbuild_open(&b, h);
    jtext_code(h, t, 0, &used);
    juni_append(&b, t, 0, CASE_TITLE);
    jbuild_text(&b, jstring_case(h, jtext_part(h, t, used, t->size), CASE_LOWER));
    return jtext_mark(h, jbuild_close(&b), t->markup);
}

struct jtext *jstring_title(struct jheap *h, struct jtext *t, bool filter)
{
    struct jbuild b;
    size_t used;
    bool inside = false;
    jbuild_open(&b, h);
    jheap_scan(h, t->size * 3);
    for (size_t at = 0; at < t->size; at += used) {
        uint32_t code = jtext_code(h, t, at, &used);
        bool cased = juni_is_upper(code) || juni_is_lower(code) || juni_is_title(code);
        bool between = juni_is_space(code) || (code < 0x80 && code != 0 && strchr("-({[<", (int)code) != NULL);
        juni_append(&b, t, at, inside ? CASE_LOWER : filter ? CASE_UPPER : CASE_TITLE);
        inside = filter ? !between : cased;
    }
    return jtext_mark(h, jbuild_close(&b), t->markup);
}

static bool is_in_case(struct jheap *h, struct jtext *t, bool upper)
{
    bool any = false;
    size_t used;
    jheap_scan(h, t->size * 3);
    for (size_t at = 0; at < t->size; at += used) {
        uint32_t code = jtext_code(h, t, at, &used);
        if (juni_is_title(code) || (upper ? juni_is_lower(code) : juni_is_upper(code)))
            return false;
        any = any || (upper ? juni_is_upper(code) : juni_is_lower(code));
    }
    return any;
}

bool jstring_is_lower(struct jheap *h, struct jtext *t)
{
    return is_in_case(h, t, false);
}

bool jstring_is_upper(struct jheap *h, struct jtext *t)
{
    return is_in_case(h, t, true);
}

/* ---- padding ----------------------------------------------------------------------------------------------------- */

struct jtext *jstring_pad(struct jheap *h, struct jtext *t, int64_t width, struct jtext *fill, char align)
{
    int64_t chars = (int64_t)jtext_chars(h, t), pad = width - chars;
    if (pad <= 0)
        return t;
    int64_t before = align == '<' ? 0 : align == '>' ? pad : pad / 2 + (pad & width & 1);
    struct jtext *padded = jtext_join(h, joperate_repeat(h, fill, before), t);
    return jtext_mark(h, jtext_join(h, padded, joperate_repeat(h, fill, pad - before)), t->markup);
}
