/* Exact match: what is left of two texts once the differences that don't count are taken out. The rules are the
 * regular expressions of the harness' task files (lm_eval/tasks/triviaqa, nq_open, gsm8k), written out. */
#include <config.h>

#include "app/eval/match.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <jansson.h>

#include "app/eval/strings.h"
#include "base/buf.h"

enum { TEXT_MOST = 1 << 20 };

/* What a task takes out of a text, appended to out. */
typedef void strip_text(const char *text, struct buf *out);

static bool is_any(const char *answer, const json_t *accepted, strip_text *strip)
{
    struct buf mine, theirs;
    bool found = false;
    buf_init(&mine, TEXT_MOST);
    buf_init(&theirs, TEXT_MOST);
    strip(answer, &mine);
    for (size_t i = 0; i < json_array_size(accepted) && !found; i++) {
        buf_clear(&theirs);
        strip(json_string_value(json_array_get(accepted, i)), &theirs);
        found = !buf_failed(&mine) && !buf_failed(&theirs) && strcmp(buf_text(&mine), buf_text(&theirs)) == 0;
    }
    buf_free(&mine);
    buf_free(&theirs);
    return found;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* In lower case, without ASCII punctuation. */
static void strip_plain(const char *text, struct buf *out)
{
    struct buf bare;
    buf_init(&bare, TEXT_MOST);
    for (; *text != '\0'; text++)
        if (!ispunct((unsigned char)*text))
            buf_putc(&bare, *text);
    strings_lower(buf_text(&bare), out);
    buf_free(&bare);
}

/* The bytes of an article and its blank that stand here; 0: none. */
static size_t article_at(const char *text)
{
    static const char *const articles[] = {"The ", "the ", "An ", "A ", "a ", "an "};
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
        if (strncmp(text, articles[i], strlen(articles[i])) == 0)
            return strlen(articles[i]);
    return 0;
}

/* A letter, a digit or an underscore; of what is not ASCII nearly all are letters. */
static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void strip_articles(const char *text, struct buf *out)
{
    struct buf bare;
    buf_init(&bare, TEXT_MOST);
    for (const char *at = text; *at != '\0';) {
        const size_t size = at == text || !is_word(at[-1]) ? article_at(at) : 0;
        if (size > 0)
            at += size;
        else
            buf_putc(&bare, *at++);
    }
    strip_plain(buf_text(&bare), out);
    buf_free(&bare);
}

/* The same of an answer without the white space around it. */
static bool is_any_bare(const char *answer, const json_t *accepted, strip_text *strip)
{
    struct buf bare;
    bool found = false;
    buf_init(&bare, TEXT_MOST);
    const size_t size = strings_strip(&answer);
    if (buf_append(&bare, answer, size))
        found = is_any(buf_text(&bare), accepted, strip);
    buf_free(&bare);
    return found;
}

double match_plain(const char *answer, const json_t *accepted, double *other)
{
    (void)other;
    return is_any_bare(answer, accepted, strip_plain);
}

double match_without_articles(const char *answer, const json_t *accepted, double *other)
{
    (void)other;
    return is_any_bare(answer, accepted, strip_articles);
}

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

/* Without commas and dollar signs, what stands up to the last "#### ", and a full stop at the end; in lower case. */
static void strip_number(const char *text, struct buf *out)
{
    struct buf bare;
    buf_init(&bare, TEXT_MOST);
    for (; *text != '\0'; text++)
        if (*text != ',' && *text != '$')
            buf_putc(&bare, *text);
    const char *from = buf_text(&bare);
    for (const char *mark; (mark = strstr(from, "#### ")) != NULL;)
        from = mark + 5;
    const size_t size = strlen(from), line_end = size > 0 && from[size - 1] == '\n';
    strings_lower(from, out);
    if (size > line_end && from[size - 1 - line_end] == '.') {
        buf_truncate(out, out->size - 1 - line_end);
        if (line_end)
            buf_putc(out, '\n');
    }
    buf_free(&bare);
}

/* (\-?[0-9\.\,]+) behind the first "#### " that has it; its bytes, 0: none. */
static size_t find_marked(const char *text, const char **out)
{
    for (const char *mark; (mark = strstr(text, "#### ")) != NULL; text = mark + 1) {
        const char *number = mark + 5;
        const size_t sign = *number == '-', digits = strspn(number + sign, "0123456789.,");
        *out = number;
        if (digits > 0)
            return sign + digits;
    }
    return 0;
}

/* (-?[$0-9.,]{2,})|(-?[0-9]+) here; its bytes, 0: none. */
static size_t number_here(const char *text)
{
    const size_t sign = *text == '-', many = strspn(text + sign, "$0123456789.,");
    const size_t digits = strspn(text + sign, "0123456789");
    return many >= 2 ? sign + many : digits > 0 ? sign + digits : 0;
}

/* The last of these; its bytes, 0: none. */
static size_t find_last(const char *text, const char **out)
{
    size_t last = 0;
    while (*text != '\0') {
        const size_t size = number_here(text);
        if (size > 0) {
            last = size;
            *out = text;
        }
        text += size > 0 ? size : 1;
    }
    return last;
}

static double match_found(const char *number, size_t size, const json_t *accepted)
{
    struct buf found;
    bool same = false;
    buf_init(&found, TEXT_MOST);
    if (size > 0 && buf_append(&found, number, size))
        same = is_any(buf_text(&found), accepted, strip_number);
    buf_free(&found);
    return same;
}

double match_number(const char *answer, const json_t *accepted, double *other)
{
    const char *marked = answer, *last = answer;
    const size_t marked_size = find_marked(answer, &marked), last_size = find_last(answer, &last);
    *other = match_found(last, last_size, accepted);
    return match_found(marked, marked_size, accepted);
}
