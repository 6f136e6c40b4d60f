/* Highlight: at each place of a line, the first rule that recognises what begins there takes it. */
#include <config.h>

#include "ui/text/highlight.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "ui/text/language.h"
#include "ui/text/style.h"

/* A line while it is read. */
struct scan {
    const struct language *language;
    struct highlight *h;
    const char *text;
    size_t size, at;
    uint16_t *style;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool begins_word(char c)
{
    return (c >= 'a' && c <= 'z') || is_capital(c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_in_word(char c)
{
    return begins_word(c) || is_digit(c);
}

static bool has_flag(const struct scan *s, unsigned flag)
{
    return (s->language->flags & flag) != 0;
}

/* The character n after the current one; NUL after the end of the line. */
static char peek_char(const struct scan *s, size_t n)
{
    return s->at + n < s->size ? s->text[s->at + n] : '\0';
}

static bool looking_at(const struct scan *s, const char *token)
{
    size_t size = token != NULL ? strlen(token) : 0;
    return size > 0 && s->size - s->at >= size && memcmp(s->text + s->at, token, size) == 0;
}

static void paint_chars(const struct scan *s, size_t from, size_t to, uint16_t role)
{
    for (size_t i = from; i < to; i++)
        if (s->style[i] == STYLE_BLOCK)
            s->style[i] = role;
}

/* Takes the next n characters. */
static void take_chars(struct scan *s, size_t n, uint16_t role)
{
    size_t to = s->size - s->at < n ? s->size : s->at + n;
    paint_chars(s, s->at, to, role);
    s->at = to;
}

/* Whether word[0..size) is in a list of words, each between blanks. */
static bool is_listed(const char *list, const char *word, size_t size, bool any_case)
{
    if (list == NULL)
        return false;
    for (const char *p = list + 1, *end; *p != '\0'; p = end + 1) {
        end = p;
        while (*end != ' ')
            end++;
        if ((size_t)(end - p) == size && (any_case ? strncasecmp(p, word, size) : memcmp(p, word, size)) == 0)
            return true;
    }
    return false;
}

const struct language *highlight_language(const char *name, size_t size)
{
    for (const struct language *l = languages; l->names != NULL; l++)
        if (size > 0 && is_listed(l->names, name, size, true))
            return l;
    return NULL;
}

/* ---- what continues on the next line ----------------------------------------------------------------------------- */

/* Takes text up to and including `until`, or the rest of the line: then it continues on the next. */
static void take_until(struct scan *s, const char *until, uint16_t role)
{
    size_t size = strlen(until);
    bool escapes = role == STYLE_STRING && !has_flag(s, LANGUAGE_PLAIN_QUOTES);
    s->h->until = until;
    s->h->role = role;
    while (s->at < s->size && s->h->until != NULL) {
        if (looking_at(s, until)) {
            s->h->until = NULL;
            take_chars(s, size, role);
        } else {
            take_chars(s, escapes && peek_char(s, 0) == '\\' ? 2 : 1, role);
        }
    }
}

static bool take_long(struct scan *s)
{
    const struct language *l = s->language;
    if (looking_at(s, l->open)) {
        take_chars(s, strlen(l->open), STYLE_COMMENT);
        take_until(s, l->close, STYLE_COMMENT);
        return true;
    }
    for (int i = 0; i < 2; i++)
        if (looking_at(s, l->long_strings[i][0])) {
            take_chars(s, strlen(l->long_strings[i][0]), STYLE_STRING);
            take_until(s, l->long_strings[i][1], STYLE_STRING);
            return true;
        }
    return false;
}

/* ---- what ends with the line ------------------------------------------------------------------------------------- */

static bool take_comment(struct scan *s)
{
    if (!looking_at(s, s->language->comment))
        return false;
    char before = s->at > 0 ? s->text[s->at - 1] : ' ';
    if (has_flag(s, LANGUAGE_VARIABLES | LANGUAGE_KEYS) && before != ' ' && before != '\t' && before != ';')
        return false; /* a#b is one word in a shell, and http://x in YAML */
    take_chars(s, s->size, STYLE_COMMENT);
    return true;
}

/* Whether the colon of a key follows, after blanks. */
static bool is_key(const struct scan *s)
{
    size_t at = s->at;
    while (at < s->size && s->text[at] == ' ')
        at++;
    char next = at + 1 < s->size ? s->text[at + 1] : ' ';
    return has_flag(s, LANGUAGE_KEYS) && at < s->size && (s->text[at] == ':' || s->text[at] == '=') && next != ':' &&
           !begins_word(has_flag(s, LANGUAGE_SELECTORS) ? next : ' ');
}

static bool take_string(struct scan *s)
{
    static const char ends[] = "\"\0'\0`";
    char quote = peek_char(s, 0);
    if (quote == '\0' || s->language->quotes == NULL || strchr(s->language->quotes, quote) == NULL)
        return false;
    if (quote == '\'' && has_flag(s, LANGUAGE_VARIABLES | LANGUAGE_KEYS) && s->at > 0 && is_in_word(s->text[s->at - 1]))
        return false; /* don't */
    if (quote == '\'' && has_flag(s, LANGUAGE_LIFETIMES) && peek_char(s, 1) != '\\' && peek_char(s, 2) != '\'') {
        take_chars(s, 1, STYLE_TYPE);
        return true;
    }
    size_t from = s->at;
    take_chars(s, 1, STYLE_STRING);
    take_until(s, ends + (quote == '"' ? 0 : quote == '\'' ? 2 : 4), STYLE_STRING);
    if (!has_flag(s, LANGUAGE_LONG_QUOTES))
        s->h->until = NULL;
    if (s->h->until == NULL && is_key(s))
        for (size_t i = from; i < s->at; i++)
            s->style[i] = s->style[i] == STYLE_STRING ? STYLE_TYPE : s->style[i];
    return true;
}

static bool take_number(struct scan *s)
{
    if (!is_digit(peek_char(s, 0)) && !(peek_char(s, 0) == '.' && is_digit(peek_char(s, 1))))
        return false;
    size_t n = 1;
    for (char c; (c = peek_char(s, n)) != '\0'; n++)
        if (!is_in_word(c) && c != '.' && !((c == '-' || c == '+') && (peek_char(s, n - 1) | 32) == 'e'))
            break;
    take_chars(s, n, STYLE_NUMBER);
    return true;
}

static size_t word_size(const struct scan *s, size_t n)
{
    while (is_in_word(peek_char(s, n)) || (has_flag(s, LANGUAGE_DASHES) && peek_char(s, n) == '-'))
        n++;
    return n;
}

/* Words that get their meaning from a sign before them: $x, @x, .x, #x. */
static bool take_signed_word(struct scan *s)
{
    char sign = peek_char(s, 0);
    bool word = begins_word(peek_char(s, 1));
    if (sign == '$' && has_flag(s, LANGUAGE_VARIABLES) && (word || peek_char(s, 1) == '{')) {
        take_chars(s, peek_char(s, 1) == '{' ? 2 : word_size(s, 1), STYLE_TYPE);
        return true;
    }
    if (sign == '@' && has_flag(s, LANGUAGE_AT_WORDS) && word) {
        take_chars(s, word_size(s, 1), STYLE_DIRECTIVE);
        return true;
    }
    if ((sign == '.' || sign == '#') && has_flag(s, LANGUAGE_SELECTORS) && (word || is_digit(peek_char(s, 1)))) {
        take_chars(s, word_size(s, 1), sign == '.' ? STYLE_FUNCTION : STYLE_NUMBER);
        return true;
    }
    return false;
}

static bool take_word(struct scan *s)
{
    if (!begins_word(peek_char(s, 0)))
        return false;
    const char *word = s->text + s->at;
    size_t from = s->at, size = word_size(s, 0);
    bool any_case = has_flag(s, LANGUAGE_ANY_CASE);
    s->at += size;
    if (is_key(s))
        paint_chars(s, from, s->at, STYLE_TYPE);
    else if (is_listed(s->language->keywords, word, size, any_case))
        paint_chars(s, from, s->at, STYLE_KEYWORD);
    else if (is_listed(s->language->types, word, size, any_case))
        paint_chars(s, from, s->at, STYLE_TYPE);
    else if (has_flag(s, LANGUAGE_CALLS) && peek_char(s, 0) == '(')
        paint_chars(s, from, s->at, STYLE_FUNCTION);
    else if (has_flag(s, LANGUAGE_TYPE_NAMES) && is_capital(word[0]))
        paint_chars(s, from, s->at, STYLE_TYPE);
    return true;
}

/* ---- whole lines ------------------------------------------------------------------------------------------------- */

static bool take_directive(struct scan *s)
{
    size_t at = 0;
    while (at < s->size && (s->text[at] == ' ' || s->text[at] == '\t'))
        at++;
    if (!has_flag(s, LANGUAGE_HASH_LINES) || at == s->size || s->text[at] != '#')
        return false;
    s->at = at + 1;
    while (peek_char(s, 0) == ' ')
        s->at++;
    s->at += word_size(s, 0);
    paint_chars(s, at, s->at, STYLE_DIRECTIVE);
    if (peek_char(s, 0) == ' ' && peek_char(s, 1) == '<') /* #include <x> */
        take_chars(s, s->size, STYLE_STRING);
    return true;
}

static void diff_line(struct scan *s)
{
    static const char *const headers[] = {"diff ", "index ", "--- ", "+++ ", "new file", "deleted file"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (looking_at(s, headers[i])) {
            take_chars(s, s->size, STYLE_KEYWORD);
            return;
        }
    char first = peek_char(s, 0);
    take_chars(s, s->size,
               first == '+'   ? STYLE_STRING
               : first == '-' ? STYLE_REMOVED
               : first == '@' ? STYLE_DIRECTIVE
                              : STYLE_BLOCK);
}

/* Takes the inside of a tag, up to its end or that of the line. */
static void take_tag(struct scan *s)
{
    s->h->until = ">";
    s->h->role = STYLE_KEYWORD;
    while (s->at < s->size && s->h->until != NULL) {
        char c = peek_char(s, 0);
        if (c == '"' || c == '\'') {
            take_chars(s, 1, STYLE_STRING);
            while (s->at < s->size && peek_char(s, 0) != c)
                take_chars(s, 1, STYLE_STRING);
            take_chars(s, 1, STYLE_STRING);
        } else if (c == '>') {
            s->h->until = NULL;
            take_chars(s, 1, STYLE_KEYWORD);
        } else if (begins_word(c)) {
            take_chars(s, word_size(s, 0), STYLE_TYPE);
        } else {
            take_chars(s, 1, c == '/' ? STYLE_KEYWORD : STYLE_BLOCK);
        }
    }
}

static bool take_markup(struct scan *s)
{
    char next = peek_char(s, 1);
    if (!has_flag(s, LANGUAGE_MARKUP))
        return false;
    if (peek_char(s, 0) == '<' && (begins_word(next) || next == '/' || next == '!' || next == '?')) {
        take_chars(s, 2, STYLE_KEYWORD);
        while (is_in_word(peek_char(s, 0)) || peek_char(s, 0) == '-' || peek_char(s, 0) == ':')
            take_chars(s, 1, STYLE_KEYWORD);
        take_tag(s);
    } else {
        s->at++;
    }
    return true;
}

void highlight_line(const struct language *language, struct highlight *h, const char *text, size_t size,
                    uint16_t *style)
{
    struct scan s = {language, h, text, size, 0, style};
    if (has_flag(&s, LANGUAGE_DIFF)) {
        diff_line(&s);
        return;
    }
    if (h->until != NULL && h->role == STYLE_KEYWORD)
        take_tag(&s);
    else if (h->until != NULL)
        take_until(&s, h->until, h->role);
    else
        take_directive(&s);
    while (s.at < s.size)
        if (!take_long(&s) && !take_comment(&s) && !take_markup(&s) && !take_string(&s) && !take_number(&s) &&
            !take_signed_word(&s) && !take_word(&s))
            s.at++;
}
