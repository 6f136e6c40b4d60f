/* Tokens of a template: text, {{ }}, {% %}, and what stands in them. Comments and raw blocks end here.
 *
 * White space is the hard part. Of the text before a tag, "-" takes all white space at the end, and without a sign a
 * tag that is not {{ takes what stands on its own line alone; after a tag, "-" takes all white space, and a block or
 * comment without a sign takes one newline. */
#include "config.h"

#include "engine/jinja/lex.h"

#include <string.h>

#include "base/utf8.h"
#include "engine/jinja/number.h"
#include "engine/jinja/unicode.h"

struct lexer {
    struct jheap *heap;
    const char *source; /* lines end in \n alone; a NUL after it */
    size_t size, at;
    int line;
    struct jtoken *tokens;
    size_t n, capacity;
    char open[256]; /* the brackets that are still open */
    size_t n_open;
};

static struct jtoken *add_token(struct lexer *x, enum jtoken_kind kind, size_t size)
{
    x->tokens = jheap_room(x->heap, x->tokens, x->n, &x->capacity, sizeof *x->tokens);
    struct jtoken *t = &x->tokens[x->n++];
    *t = (struct jtoken){.kind = kind, .line = x->line, .at = x->source + x->at, .size = size};
    jheap_work(x->heap, 1);
    return t;
}

/* Goes to a later place, counting lines. */
static void advance(struct lexer *x, size_t to)
{
    for (; x->at < to; x->at++)
        x->line += x->source[x->at] == '\n';
    x->heap->line = x->line;
}

static bool starts_with(const struct lexer *x, size_t at, const char *word)
{
    size_t size = strlen(word);
    return size <= x->size - at && memcmp(x->source + at, word, size) == 0;
}

static size_t skip_space(const struct lexer *x, size_t at)
{
    size_t used;
    while ((used = juni_space_after(x->source + at, x->size - at)) > 0)
        at += used;
    return at;
}

static size_t find_word(const struct lexer *x, size_t at, const char *word)
{
    const char *found = memmem(x->source + at, x->size - at, word, strlen(word));
    return found != NULL ? (size_t)(found - x->source) : x->size;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* Where the text that ends at `to` is cut before a tag with that sign. */
static size_t trim_before(const struct lexer *x, size_t from, size_t to, char sign, bool is_print)
{
    size_t used, start = to;
    if (sign == '-') {
        while ((used = juni_space_before(x->source + from, to - from)) > 0)
            to -= used;
        return to;
    }
    if (sign == '+' || is_print)
        return to;
    while (start > from && x->source[start - 1] != '\n')
        start--;
    bool begins_line = start > from || start == 0 || x->source[start - 1] == '\n';
    return begins_line && skip_space(x, start) >= to ? start : to;
}

static void add_data(struct lexer *x, size_t to)
{
    if (to <= x->at)
        return;
    struct jtoken *t = add_token(x, T_DATA, to - x->at);
    t->text = jtext_of(x->heap, t->at, t->size, 0);
}

/* After a tag's closing bracket: white space that its sign takes. */
static size_t after_close(const struct lexer *x, size_t at, char sign, bool drops_newline)
{
    if (sign == '-')
        return skip_space(x, at);
    return drops_newline && sign != '+' && at < x->size && x->source[at] == '\n' ? at + 1 : at;
}

static char sign_at(const struct lexer *x, size_t at)
{
    return x->source[at] == '-' || x->source[at] == '+' ? x->source[at] : '\0';
}

static void skip_comment(struct lexer *x, size_t inside)
{
    size_t end = find_word(x, inside, "#}");
    if (end == x->size)
        jheap_fail(x->heap, ERR_FORMAT, "a comment is not closed by #}");
    advance(x, after_close(x, end + 2, end > inside ? sign_at(x, end - 1) : '\0', true));
}

/* Whether {% at `at` is one of that word alone, e.g. raw; then *end is after the bracket and *sign the closing
 * one's. */
static bool is_lone_tag(const struct lexer *x, size_t at, const char *word, char *sign, size_t *end)
{
    size_t i = at + 2 + (sign_at(x, at + 2) != '\0' ? 1 : 0);
    i = skip_space(x, i);
    if (!starts_with(x, i, word))
        return false;
    i = skip_space(x, i + strlen(word));
    *sign = sign_at(x, i);
    i += *sign != '\0' ? 1 : 0;
    *end = i + 2;
    return starts_with(x, i, "%}");
}

/* A raw block's text, from its opening bracket's end. */
static void read_raw(struct lexer *x, size_t inside, char sign)
{
    advance(x, sign == '-' ? skip_space(x, inside) : inside);
    for (size_t tag = x->at;; tag++) {
        size_t end;
        tag = find_word(x, tag, "{%");
        if (tag == x->size)
            jheap_fail(x->heap, ERR_FORMAT, "a raw block has no {%% endraw %%}");
        if (!is_lone_tag(x, tag, "endraw", &sign, &end))
            continue;
        add_data(x, trim_before(x, x->at, tag, sign_at(x, tag + 2), false));
        advance(x, after_close(x, end, sign, true));
        return;
    }
}

/* ---- inside of brackets ------------------------------------------------------------------------------------------ */

static bool is_word(unsigned char c)
{
    return c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static size_t digits_at(const struct lexer *x, size_t at)
{
    size_t i = at;
    while ((x->source[i] >= '0' && x->source[i] <= '9') ||
           (i > at && x->source[i] == '_' && x->source[i + 1] >= '0' && x->source[i + 1] <= '9'))
        i++;
    return i;
}

/* The end of a float at x->at; x->at when none stands there. */
static size_t float_end(const struct lexer *x)
{
    size_t i = digits_at(x, x->at), end = x->at;
    if (i == x->at || (x->at > 0 && x->source[x->at - 1] == '.'))
        return x->at;
    if (x->source[i] == '.' && digits_at(x, i + 1) > i + 1)
        end = i = digits_at(x, i + 1);
    if ((x->source[i] | 0x20) == 'e') {
        size_t first = i + 1 + (sign_at(x, i + 1) != '\0' ? 1 : 0);
        if (digits_at(x, first) > first)
            end = digits_at(x, first);
    }
    return end;
}

static size_t integer_end(const struct lexer *x)
{
    static const struct {
        char letter;
        const char *digits;
    } bases[] = {{'b', "01"}, {'o', "01234567"}, {'x', "0123456789abcdefABCDEF"}};
    size_t i = x->at;
    for (int b = 0; x->source[i] == '0' && b < 3; b++)
        if ((x->source[i + 1] | 0x20) == bases[b].letter) {
            size_t used = strspn(x->source + i + 2, bases[b].digits);
            if (used > 0)
                return i + 2 + used;
        }
    return digits_at(x, i);
}

/* A number without its underscores. */
static struct jtext *number_text(struct lexer *x, size_t end)
{
    struct jbuild b;
    jbuild_open(&b, x->heap);
    for (size_t i = x->at; i < end; i++)
        if (x->source[i] != '_')
            jbuild_bytes(&b, x->source + i, 1, 0);
    return jbuild_close(&b);
}

static bool read_number(struct lexer *x)
{
    size_t end = float_end(x);
    if (end > x->at) {
        struct jtoken *t = add_token(x, T_FLOAT, end - x->at);
        jnumber_read_float(x->heap, number_text(x, end), &t->real);
    } else if ((end = integer_end(x)) > x->at) {
        struct jtoken *t = add_token(x, T_INTEGER, end - x->at);
        jnumber_read_int(x->heap, number_text(x, end), 0, &t->integer);
    } else {
        return false;
    }
    advance(x, end);
    return true;
}

/* The code of n hexadecimal digits at `at` in the string that ends at `end`. */
static uint32_t read_hex(struct lexer *x, size_t at, size_t n, size_t end)
{
    uint32_t code = 0;
    for (size_t i = at; i < at + n; i++) {
        char c = i < end ? x->source[i] : '\0';
        int digit = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : -1;
        if (digit < 0)
            jheap_fail(x->heap, ERR_FORMAT, "an escape in a string lacks hexadecimal digits");
        code = code << 4 | (uint32_t)digit;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        jheap_fail(x->heap, ERR_UNSUPPORTED, "an escape in a string is no character (U+%X)", code);
    return code;
}

/* The escape after the backslash at `at`; returns where it ends. */
static size_t read_escape(struct lexer *x, struct jbuild *b, size_t at, size_t end)
{
    static const char letters[] = "\\'\"abfnrtv", meant[] = "\\'\"\a\b\f\n\r\t\v";
    char c = x->source[at + 1];
    const char *known = c != '\0' ? strchr(letters, c) : NULL;
    if (known != NULL) {
        jbuild_bytes(b, meant + (known - letters), 1, 0);
        return at + 2;
    }
    if (c == 'x' || c == 'u' || c == 'U') {
        size_t n = c == 'x' ? 2 : c == 'u' ? 4 : 8;
        jbuild_code(b, read_hex(x, at + 2, n, end), 0);
        return at + 2 + n;
    }
    if (c >= '0' && c <= '7') {
        uint32_t code = 0;
        size_t i = at + 1;
        for (; i < at + 4 && i < end && x->source[i] >= '0' && x->source[i] <= '7'; i++)
            code = code << 3 | (uint32_t)(x->source[i] - '0');
        jbuild_code(b, code, 0);
        return i;
    }
    if (c == 'N')
        jheap_fail(x->heap, ERR_UNSUPPORTED, "names of characters (\\N) in a string are not followed");
    if (c != '\n')
        jbuild_bytes(b, "\\", 1, 0);
    return at + (c == '\n' ? 2 : 1);
}

static void read_string(struct lexer *x)
{
    char quote = x->source[x->at];
    size_t end = x->at + 1;
    while (end < x->size && x->source[end] != quote)
        end += x->source[end] == '\\' && end + 1 < x->size ? 2 : 1;
    if (end >= x->size)
        jheap_fail(x->heap, ERR_FORMAT, "a string is not closed by %c", quote);
    struct jbuild b;
    jbuild_open(&b, x->heap);
    for (size_t i = x->at + 1; i < end;) {
        size_t plain = i;
        while (plain < end && x->source[plain] != '\\')
            plain++;
        jbuild_bytes(&b, x->source + i, plain - i, 0);
        i = plain < end ? read_escape(x, &b, plain, end) : end;
    }
    struct jtoken *t = add_token(x, T_STRING, end + 1 - x->at);
    t->text = jbuild_close(&b);
    advance(x, end + 1);
}

/* Keeps account of brackets: a tag ends only when all are closed. */
static void balance(struct lexer *x, char c)
{
    static const char opening[] = "([{", closing[] = ")]}";
    const char *opens = strchr(opening, c), *closes = strchr(closing, c);
    if (opens != NULL) {
        if (x->n_open == sizeof x->open)
            jheap_fail(x->heap, ERR_UNSUPPORTED, "nested too deeply, more than %zu brackets", sizeof x->open);
        x->open[x->n_open++] = closing[opens - opening];
    } else if (closes != NULL && (x->n_open == 0 || x->open[--x->n_open] != c)) {
        jheap_fail(x->heap, ERR_FORMAT, "unexpected '%c'", c);
    }
}

static void read_operator(struct lexer *x)
{
    static const struct {
        char text[3];
        enum jtoken_kind kind;
    } operators[] = {
        {"//", T_FLOORDIV}, {"**", T_POW},      {"==", T_EQ},    {"!=", T_NE},    {">=", T_GE},    {"<=", T_LE},
        {"+", T_ADD},       {"-", T_SUB},       {"*", T_MUL},    {"/", T_DIV},    {"%", T_MOD},    {"~", T_TILDE},
        {"[", T_LBRACKET},  {"]", T_RBRACKET},  {"(", T_LPAREN}, {")", T_RPAREN}, {"{", T_LBRACE}, {"}", T_RBRACE},
        {">", T_GT},        {"<", T_LT},        {"=", T_ASSIGN}, {".", T_DOT},    {":", T_COLON},  {"|", T_PIPE},
        {",", T_COMMA},     {";", T_SEMICOLON},
    };
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (starts_with(x, x->at, operators[i].text)) {
            size_t size = strlen(operators[i].text);
            if (size == 1)
                balance(x, operators[i].text[0]);
            add_token(x, operators[i].kind, size);
            advance(x, x->at + size);
            return;
        }
    jheap_fail(x->heap, ERR_FORMAT, "unexpected character '%c'", x->source[x->at]);
}

/* Whether the tag ends here; then its closing bracket is taken. */
static bool read_close(struct lexer *x, bool is_print)
{
    const char *bracket = is_print ? "}}" : "%}";
    char sign = sign_at(x, x->at);
    size_t at = x->at + (sign != '\0' ? 1 : 0);
    if (x->n_open > 0 || (is_print && sign == '+') || !starts_with(x, at, bracket))
        return false;
    add_token(x, is_print ? T_PRINT_END : T_BLOCK_END, 2);
    advance(x, after_close(x, at + 2, sign, !is_print));
    return true;
}

static void read_tag(struct lexer *x, bool is_print)
{
    for (;;) {
        advance(x, skip_space(x, x->at));
        if (x->at == x->size)
            jheap_fail(x->heap, ERR_FORMAT, "the template ends inside of %s", is_print ? "{{ }}" : "{% %}");
        if (read_close(x, is_print))
            return;
        unsigned char c = (unsigned char)x->source[x->at];
        if (c == '"' || c == '\'') {
            read_string(x);
        } else if (c >= '0' && c <= '9') {
            read_number(x);
        } else if (is_word(c)) {
            size_t end = x->at;
            while (is_word((unsigned char)x->source[end]))
                end++;
            add_token(x, T_NAME, end - x->at);
            advance(x, end);
        } else {
            read_operator(x);
        }
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* Where the next of {{, {% and {# begins. */
static size_t find_tag(const struct lexer *x)
{
    size_t at = x->at;
    while ((at = find_word(x, at, "{")) < x->size &&
           (at + 1 == x->size || strchr("{%#", x->source[at + 1]) == NULL || x->source[at + 1] == '\0'))
        at++;
    return at;
}

/* The text up to the next tag, and the tag. */
static void read_part(struct lexer *x)
{
    size_t tag = find_tag(x), end;
    char sign;
    if (tag == x->size) {
        add_data(x, tag);
        advance(x, tag);
        return;
    }
    bool is_print = x->source[tag + 1] == '{';
    add_data(x, trim_before(x, x->at, tag, sign_at(x, tag + 2), is_print));
    advance(x, tag);
    size_t inside = tag + 2 + (sign_at(x, tag + 2) != '\0' ? 1 : 0);
    if (x->source[tag + 1] == '#') {
        skip_comment(x, inside);
    } else if (!is_print && is_lone_tag(x, tag, "raw", &sign, &end) && sign != '+') {
        read_raw(x, end, sign);
    } else {
        add_token(x, is_print ? T_PRINT_BEGIN : T_BLOCK_BEGIN, 2);
        advance(x, inside);
        read_tag(x, is_print);
    }
}

/* The text with all line ends as \n and without the last of them. */
static const char *normalize(struct jheap *h, const char *source, size_t *size)
{
    char *out = jheap_take(h, *size + 4);
    size_t n = 0;
    jheap_read(h, *size);
    for (size_t i = 0; i < *size; i++) {
        bool returns = source[i] == '\r';
        out[n++] = returns ? '\n' : source[i];
        i += returns && i + 1 < *size && source[i + 1] == '\n' ? 1 : 0;
    }
    if (n > 0 && out[n - 1] == '\n')
        n--;
    out[n] = '\0';
    *size = n;
    return out;
}

const struct jtoken *jlex(struct jheap *h, const char *source, size_t size)
{
    struct lexer x = {.heap = h, .line = 1};
    h->line = 1;
    x.source = normalize(h, source, &size);
    x.size = size;
    while (x.at < x.size)
        read_part(&x);
    add_token(&x, T_END, 0);
    return x.tokens;
}
