/* Formula parser: what a backslash begins. Most commands are symbols of a table; here are those that take something. */
#include <config.h>

#include <string.h>

#include "ui/text/formula-parser.h"
#include "ui/text/formula.h"
#include "ui/text/text.h"

/* A node with one or two arguments. */
static struct formula_node *parse_with(struct formula_parser *p, size_t at, enum formula_kind kind, int arguments)
{
    struct formula_node *node = formula_node_new(p, kind, at);
    for (int i = 0; node != NULL && i < arguments && !p->failed; i++)
        node->child[i] = formula_parse_argument(p);
    if (node != NULL)
        node->end = (uint32_t)p->at;
    return p->failed ? NULL : node;
}

static struct formula_node *parse_fraction(struct formula_parser *p, size_t at, int what, const char *text)
{
    struct formula_node *node = parse_with(p, at, (enum formula_kind)what, 2);
    if (node != NULL)
        node->flat = *text != '\0';
    return node;
}

static struct formula_node *parse_root(struct formula_parser *p, size_t at, int what, const char *text)
{
    (void)text;
    struct formula_node *degree = NULL;
    if (formula_accept(p, "[")) {
        degree = formula_parse_row(p, true);
        p->failed = p->failed || !formula_accept(p, "]");
    }
    struct formula_node *node = p->failed ? NULL : parse_with(p, at, (enum formula_kind)what, 1);
    if (node != NULL)
        node->child[1] = degree;
    return node;
}

/* Accents, braces and frames. */
static struct formula_node *parse_over(struct formula_parser *p, size_t at, int what, const char *text)
{
    struct formula_node *node = parse_with(p, at, (enum formula_kind)what, 1);
    if (node != NULL)
        node->text = text;
    return node;
}

/* \overset{above}{base} and its like. */
static struct formula_node *parse_stack(struct formula_parser *p, size_t at, int what, const char *text)
{
    struct formula_node *node = parse_with(p, at, (enum formula_kind)what, 2);
    if (node == NULL)
        return NULL;
    struct formula_node *base = node->child[1];
    node->child[1] = node->child[0];
    node->child[0] = base;
    node->text = text;
    return node;
}

/* \xrightarrow[below]{above} */
static struct formula_node *parse_arrow(struct formula_parser *p, size_t at, int what, const char *text)
{
    struct formula_node *node = parse_root(p, at, what, "");
    if (node != NULL) {
        node->text = text;
        node->class = FORMULA_RELATION;
    }
    return node;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* The group that follows as bytes [*from, p->at - 1); false: there is none, or it has what is no plain text. */
static bool find_group(struct formula_parser *p, size_t *from)
{
    int depth = 1;
    if (!formula_accept(p, "{"))
        return false;
    for (*from = p->at; p->at < p->size; p->at++) {
        depth += (p->text[p->at] == '{') - (p->text[p->at] == '}');
        if (depth == 0) {
            p->at++;
            return true;
        }
        if (p->text[p->at] == '\\' && ++p->at < p->size && strchr(" _%&#${}", p->text[p->at]) == NULL)
            return false;
        if (p->at < p->size && p->text[p->at] == '$' && p->text[p->at - 1] != '\\')
            return false;
    }
    return false;
}

/* \text{...}: every character as it stands, blanks too. */
static struct formula_node *parse_text(struct formula_parser *p, size_t at, int what, const char *text)
{
    size_t from = 0;
    (void)what;
    (void)text;
    if (!find_group(p, &from)) {
        p->failed = true;
        return NULL;
    }
    struct formula_node *row = formula_node_new(p, FORMULA_ROW, at);
    struct formula_node **end = row != NULL ? &row->child[0] : NULL;
    if (row != NULL)
        row->text = "word";
    size_t to = p->at - 1;
    int columns;
    for (size_t i = from, used; i < to && !p->failed; i += used) {
        i += p->text[i] == '\\' && i + 1 < to;
        used = text_cluster(p->text + i, to - i, &columns);
        bool blank = strchr(" \t\n~", p->text[i]) != NULL, brace = p->text[i] == '{' || p->text[i] == '}';
        if (brace && p->text[i - 1] != '\\')
            continue;
        const char *shown = blank ? " " : formula_copy(p, p->text + i, used);
        *end = formula_symbol_new(p, i, shown, blank ? FORMULA_BLANK : FORMULA_ORDINARY);
        if (*end != NULL)
            end = &(*end)->next;
    }
    return p->failed ? NULL : row;
}

/* \operatorname{name}: text as one word. */
static struct formula_node *parse_operator(struct formula_parser *p, size_t at, int what, const char *text)
{
    size_t from = 0;
    bool star = p->at < p->size && p->text[p->at] == '*';
    (void)what;
    (void)text;
    p->at += star;
    if (!find_group(p, &from) || memchr(p->text + from, '\\', p->at - 1 - from) != NULL) {
        p->failed = true;
        return NULL;
    }
    const char *name = formula_copy(p, p->text + from, p->at - 1 - from);
    p->failed = p->failed || strpbrk(name, "{}\t\n") != NULL;
    return p->failed ? NULL : formula_symbol_new(p, at, name, star ? FORMULA_LIMIT : FORMULA_FUNCTION);
}

static struct formula_node *parse_letters(struct formula_parser *p, size_t at, int what, const char *text)
{
    enum formula_alphabet before = p->alphabet;
    (void)text;
    p->alphabet = (enum formula_alphabet)what;
    struct formula_node *node = formula_parse_argument(p);
    p->alphabet = before;
    if (node == NULL)
        return NULL;
    node->at = (uint32_t)at;
    if (node->kind == FORMULA_ROW && what == FORMULA_PLAIN)
        node->text = "word";
    return node;
}

/* Commands that only concern the look; what is "{" takes an argument, which goes too. */
static struct formula_node *parse_nothing(struct formula_parser *p, size_t at, int what, const char *text)
{
    size_t from;
    (void)at;
    (void)what;
    if (*text == '{' && !find_group(p, &from))
        p->failed = true;
    return NULL;
}

/* \textcolor{red}{x} is x. */
static struct formula_node *parse_second(struct formula_parser *p, size_t at, int what, const char *text)
{
    (void)what;
    parse_nothing(p, at, 0, text);
    return p->failed ? NULL : formula_parse_argument(p);
}

/* What a formula cannot have: it would be half understood. */
static struct formula_node *refuse(struct formula_parser *p, size_t at, int what, const char *text)
{
    (void)at;
    (void)what;
    (void)text;
    p->failed = true;
    return NULL;
}

static struct formula_node *parse_not(struct formula_parser *p, size_t at, int what, const char *text)
{
    (void)what;
    (void)text;
    struct formula_node *node = formula_parse_argument(p);
    const char *negated = node != NULL && node->kind == FORMULA_SYMBOL ? formula_negated(node->text) : NULL;
    p->failed = p->failed || negated == NULL;
    return p->failed ? NULL : formula_symbol_new(p, at, negated, FORMULA_RELATION);
}

/* \pmod{n} is (mod n), \tag{1} is (1): words around an argument. */
static struct formula_node *parse_words(struct formula_parser *p, size_t at, int what, const char *text)
{
    struct formula_node *row = formula_node_new(p, FORMULA_ROW, at);
    struct formula_node *before = formula_symbol_new(p, at, text, FORMULA_WRITTEN);
    struct formula_node *argument = what != 0 ? formula_parse_argument(p) : NULL;
    struct formula_node *after = what != 0 ? formula_symbol_new(p, at, ")", FORMULA_CLOSING) : NULL;
    if (p->failed)
        return NULL;
    before->class = what != 0 ? FORMULA_OPENING : FORMULA_BLANK;
    row->child[0] = before;
    before->next = argument;
    if (argument != NULL)
        argument->next = after;
    return row;
}

/* ---- fences and environments ------------------------------------------------------------------------------------- */

/* The delimiter after \left or \right; NULL when there is none. */
static const char *parse_delimiter(struct formula_parser *p)
{
    formula_skip_blanks(p);
    if (p->at == p->size)
        return NULL;
    size_t at = p->at, size = formula_token(p->text + at, p->size - at);
    p->at += size;
    if (size == 1 && p->text[at] == '.')
        return "";
    if (size == 1)
        return strchr("()[]|/<>", p->text[at]) == NULL ? NULL
               : p->text[at] == '<'                    ? "\xE2\x9F\xA8"
               : p->text[at] == '>'                    ? "\xE2\x9F\xA9"
                                                       : formula_copy(p, p->text + at, 1);
    const struct formula_symbol *symbol = formula_find_symbol(p->text + at + 1, size - 1);
    return symbol != NULL && symbol->class != FORMULA_BLANK ? symbol->text : NULL;
}

static struct formula_node *parse_left(struct formula_parser *p, size_t at, int what, const char *text)
{
    const char *opening = parse_delimiter(p), *closing = NULL;
    (void)text;
    struct formula_node *row = opening != NULL ? formula_parse_row(p, false) : NULL;
    if (row != NULL && formula_accept(p, "\\right"))
        closing = parse_delimiter(p);
    struct formula_node *node = closing != NULL ? formula_node_new(p, (enum formula_kind)what, at) : NULL;
    p->failed = p->failed || node == NULL;
    if (node == NULL)
        return NULL;
    node->text = opening;
    node->closing = closing;
    node->child[0] = row;
    return node;
}

static const struct environment {
    const char *name;
    enum formula_table table;
    const char *opening, *closing;
} environments[] = {
    {"matrix", FORMULA_MATRIX, "", ""},
    {"smallmatrix", FORMULA_MATRIX, "", ""},
    {"pmatrix", FORMULA_MATRIX, "(", ")"},
    {"bmatrix", FORMULA_MATRIX, "[", "]"},
    {"Bmatrix", FORMULA_MATRIX, "{", "}"},
    {"vmatrix", FORMULA_MATRIX, "|", "|"},
    {"Vmatrix", FORMULA_MATRIX, "\xE2\x80\x96", "\xE2\x80\x96"},
    {"array", FORMULA_MATRIX, "", ""},
    {"cases", FORMULA_CASES, "{", ""},
    {"dcases", FORMULA_CASES, "{", ""},
    {"rcases", FORMULA_CASES, "", "}"},
    {"aligned", FORMULA_ALIGNED, "", ""},
    {"align", FORMULA_ALIGNED, "", ""},
    {"gathered", FORMULA_ALIGNED, "", ""},
    {"gather", FORMULA_ALIGNED, "", ""},
    {"split", FORMULA_ALIGNED, "", ""},
    {"equation", FORMULA_ALIGNED, "", ""},
    {"eqnarray", FORMULA_ALIGNED, "", ""},
};

/* The name after \begin or \end without its star; NULL: there is none. */
static const char *parse_name(struct formula_parser *p, size_t *size)
{
    size_t from;
    if (!find_group(p, &from))
        return NULL;
    *size = p->at - 1 - from;
    *size -= *size > 0 && p->text[from + *size - 1] == '*';
    return p->text + from;
}

static const struct environment *find_environment(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof environments / sizeof *environments; i++)
        if (strlen(environments[i].name) == size && memcmp(environments[i].name, name, size) == 0)
            return &environments[i];
    return NULL;
}

/* What says how the columns of an array stand; NULL: it is not understood. */
static const char *parse_columns(struct formula_parser *p)
{
    size_t from;
    if (!find_group(p, &from))
        return NULL;
    const char *columns = formula_copy(p, p->text + from, p->at - 1 - from);
    return columns[strspn(columns, "lcr| ")] == '\0' ? columns : NULL;
}

static struct formula_node *parse_environment(struct formula_parser *p, size_t at, int what, const char *text)
{
    size_t size = 0, end_size = 0;
    const char *name = parse_name(p, &size), *end = NULL, *columns = "";
    const struct environment *e = name != NULL ? find_environment(name, size) : NULL;
    (void)what;
    (void)text;
    if (e != NULL && strcmp(e->name, "array") == 0)
        columns = parse_columns(p);
    struct formula_node *node = e != NULL && columns != NULL ? formula_parse_cells(p, e->table, at) : NULL;
    if (node != NULL && formula_accept(p, "\\end"))
        end = parse_name(p, &end_size);
    p->failed = p->failed || end == NULL || end_size != size || memcmp(end, name, size) != 0;
    if (p->failed)
        return NULL;
    node->text = e->opening;
    node->closing = e->closing;
    node->columns = columns;
    node->end = (uint32_t)p->at;
    return node;
}

static struct formula_node *parse_substack(struct formula_parser *p, size_t at, int what, const char *text)
{
    (void)what;
    (void)text;
    struct formula_node *node = formula_accept(p, "{") ? formula_parse_cells(p, FORMULA_MATRIX, at) : NULL;
    p->failed = p->failed || node == NULL || !formula_accept(p, "}");
    return p->failed ? NULL : node;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static const struct command {
    const char *name;
    struct formula_node *(*parse)(struct formula_parser *p, size_t at, int what, const char *text);
    int what;
    const char *text;
} commands[] = {
    {"frac", parse_fraction, FORMULA_FRACTION, ""},
    {"dfrac", parse_fraction, FORMULA_FRACTION, ""},
    {"cfrac", parse_fraction, FORMULA_FRACTION, ""},
    {"tfrac", parse_fraction, FORMULA_FRACTION, "flat"},
    {"binom", parse_fraction, FORMULA_BINOMIAL, ""},
    {"dbinom", parse_fraction, FORMULA_BINOMIAL, ""},
    {"tbinom", parse_fraction, FORMULA_BINOMIAL, "flat"},
    {"sqrt", parse_root, FORMULA_ROOT, ""},
    {"hat", parse_over, FORMULA_ACCENT, "\xCC\x82"},
    {"widehat", parse_over, FORMULA_ACCENT, "\xCC\x82"},
    {"tilde", parse_over, FORMULA_ACCENT, "\xCC\x83"},
    {"widetilde", parse_over, FORMULA_ACCENT, "\xCC\x83"},
    {"bar", parse_over, FORMULA_ACCENT, "\xCC\x84"},
    {"overline", parse_over, FORMULA_ACCENT, "\xCC\x85"},
    {"underline", parse_over, FORMULA_ACCENT, "\xCC\xB2"},
    {"vec", parse_over, FORMULA_ACCENT, "\xE2\x83\x97"},
    {"overrightarrow", parse_over, FORMULA_ACCENT, "\xE2\x83\x97"},
    {"dot", parse_over, FORMULA_ACCENT, "\xCC\x87"},
    {"ddot", parse_over, FORMULA_ACCENT, "\xCC\x88"},
    {"acute", parse_over, FORMULA_ACCENT, "\xCC\x81"},
    {"grave", parse_over, FORMULA_ACCENT, "\xCC\x80"},
    {"check", parse_over, FORMULA_ACCENT, "\xCC\x8C"},
    {"breve", parse_over, FORMULA_ACCENT, "\xCC\x86"},
    {"mathring", parse_over, FORMULA_ACCENT, "\xCC\x8A"},
    {"cancel", parse_over, FORMULA_ACCENT, "\xCC\xB8"},
    {"overbrace", parse_over, FORMULA_BRACE, "o"},
    {"underbrace", parse_over, FORMULA_BRACE, "u"},
    {"boxed", parse_over, FORMULA_BOXED, ""},
    {"fbox", parse_over, FORMULA_BOXED, ""},
    {"overset", parse_stack, FORMULA_STACK, "o"},
    {"stackrel", parse_stack, FORMULA_STACK, "o"},
    {"underset", parse_stack, FORMULA_STACK, "u"},
    {"xrightarrow", parse_arrow, FORMULA_ARROW, "\xE2\x86\x92"},
    {"xleftarrow", parse_arrow, FORMULA_ARROW, "\xE2\x86\x90"},
    {"text", parse_text, 0, ""},
    {"textrm", parse_text, 0, ""},
    {"textbf", parse_text, 0, ""},
    {"textit", parse_text, 0, ""},
    {"textsf", parse_text, 0, ""},
    {"texttt", parse_text, 0, ""},
    {"textnormal", parse_text, 0, ""},
    {"mbox", parse_text, 0, ""},
    {"hbox", parse_text, 0, ""},
    {"operatorname", parse_operator, 0, ""},
    {"mathrm", parse_letters, FORMULA_PLAIN, ""},
    {"mathit", parse_letters, FORMULA_PLAIN, ""},
    {"mathnormal", parse_letters, FORMULA_PLAIN, ""},
    {"mathop", parse_letters, FORMULA_PLAIN, ""},
    {"mathbf", parse_letters, FORMULA_BOLD, ""},
    {"boldsymbol", parse_letters, FORMULA_BOLD, ""},
    {"bm", parse_letters, FORMULA_BOLD, ""},
    {"mathbb", parse_letters, FORMULA_DOUBLE, ""},
    {"mathcal", parse_letters, FORMULA_SCRIPT, ""},
    {"mathscr", parse_letters, FORMULA_SCRIPT, ""},
    {"mathfrak", parse_letters, FORMULA_FRAKTUR, ""},
    {"mathsf", parse_letters, FORMULA_SANS, ""},
    {"mathtt", parse_letters, FORMULA_MONO, ""},
    {"not", parse_not, 0, ""},
    {"bmod", parse_words, 0, " mod "},
    {"pmod", parse_words, 1, " (mod "},
    {"tag", parse_words, 1, "  ("},
    {"left", parse_left, FORMULA_FENCE, ""},
    {"begin", parse_environment, 0, ""},
    {"substack", parse_substack, 0, ""},
    {"label", parse_nothing, 0, "{"},
    {"color", parse_nothing, 0, "{"},
    {"textcolor", parse_second, 0, "{"},
    {"displaystyle", parse_nothing, 0, ""},
    {"textstyle", parse_nothing, 0, ""},
    {"scriptstyle", parse_nothing, 0, ""},
    {"nonumber", parse_nothing, 0, ""},
    {"notag", parse_nothing, 0, ""},
    {"middle", parse_nothing, 0, ""},
    {"!", parse_nothing, 0, ""},
    {"big", parse_nothing, 0, ""},
    {"Big", parse_nothing, 0, ""},
    {"bigg", parse_nothing, 0, ""},
    {"Bigg", parse_nothing, 0, ""},
    {"bigl", parse_nothing, 0, ""},
    {"bigr", parse_nothing, 0, ""},
    {"Bigl", parse_nothing, 0, ""},
    {"Bigr", parse_nothing, 0, ""},
    {"biggl", parse_nothing, 0, ""},
    {"biggr", parse_nothing, 0, ""},
    {"bigm", parse_nothing, 0, ""},
    {"over", refuse, 0, ""},
    {"choose", refuse, 0, ""},
    {"hline", refuse, 0, ""},
    {"def", refuse, 0, ""},
    {"newcommand", refuse, 0, ""},
    {"renewcommand", refuse, 0, ""},
};

size_t formula_token(const char *text, size_t size)
{
    size_t n = 1;
    int columns;
    if (text[0] != '\\' || size == 1)
        return text_cluster(text, size, &columns);
    while (n < size && (text[n] | 32) >= 'a' && (text[n] | 32) <= 'z')
        n++;
    return n > 1 ? n : 1 + text_cluster(text + 1, size - 1, &columns);
}

/* A command that is not known, as it is written, with the groups right after it. */
static struct formula_node *parse_unknown(struct formula_parser *p, size_t at)
{
    p->failed = p->failed || p->strict;
    while (!p->failed && p->at < p->size && p->text[p->at] == '{') {
        size_t from;
        if (!find_group(p, &from))
            p->failed = true;
    }
    if (p->failed || memchr(p->text + at, '\n', p->at - at) != NULL) {
        p->failed = true;
        return NULL;
    }
    return formula_symbol_new(p, at, formula_copy(p, p->text + at, p->at - at), FORMULA_WRITTEN);
}

static struct formula_node *parse_command(struct formula_parser *p)
{
    size_t at = p->at, size = formula_token(p->text + at, p->size - at);
    const char *name = p->text + at + 1;
    p->at += size;
    const struct formula_symbol *symbol = formula_find_symbol(name, size - 1);
    if (symbol != NULL)
        return formula_symbol_new(p, at, formula_in_alphabet(p, symbol->text), symbol->class);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strlen(commands[i].name) == size - 1 && memcmp(commands[i].name, name, size - 1) == 0)
            return commands[i].parse(p, at, commands[i].what, commands[i].text);
    return parse_unknown(p, at);
}

struct formula_node *formula_parse(const char *latex, size_t size, bool strict, struct formula_memory *m)
{
    struct formula_parser p = {.text = latex, .size = size, .memory = m, .strict = strict, .command = parse_command};
    return formula_parse_all(&p);
}
