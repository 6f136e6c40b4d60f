/* Formula parser: rows, scripts, tables and single characters; formula-command.c has what a backslash begins. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/text/formula-parser.h"
#include "ui/text/text.h"

enum { DEPTH_MOST = 24, SIZE_MOST = 8192, CELLS_MOST = 1024 };

/* ---- memory ------------------------------------------------------------------------------------------------------ */

struct formula_piece {
    struct formula_piece *next;
    max_align_t data[];
};

void *formula_alloc(struct formula_memory *m, size_t size)
{
    struct formula_piece *piece = size <= m->left ? calloc(1, sizeof *piece + size) : NULL;
    if (piece == NULL)
        return NULL;
    m->left -= size;
    piece->next = m->pieces;
    m->pieces = piece;
    return piece->data;
}

void formula_release(struct formula_memory *m)
{
    for (struct formula_piece *piece = m->pieces, *next; piece != NULL; piece = next) {
        next = piece->next;
        free(piece);
    }
    m->pieces = NULL;
}

struct formula_node *formula_node_new(struct formula_parser *p, enum formula_kind kind, size_t at)
{
    struct formula_node *node = formula_alloc(p->memory, sizeof *node);
    p->failed = p->failed || node == NULL;
    if (node != NULL)
        *node = (struct formula_node){
            .kind = kind, .text = "", .closing = "", .columns = "", .at = (uint32_t)at, .end = (uint32_t)p->at};
    return node;
}

struct formula_node *formula_symbol_new(struct formula_parser *p, size_t at, const char *text, enum formula_class class)
{
    struct formula_node *node = formula_node_new(p, FORMULA_SYMBOL, at);
    if (node != NULL) {
        node->text = text;
        node->class = class;
    }
    return node;
}

const char *formula_copy(struct formula_parser *p, const char *text, size_t size)
{
    char *copy = formula_alloc(p->memory, size + 1);
    p->failed = p->failed || copy == NULL;
    return copy != NULL ? memcpy(copy, text, size) : "";
}

const char *formula_in_alphabet(struct formula_parser *p, const char *text)
{
    char bytes[4];
    size_t used, size = strlen(text);
    uint32_t code = utf8_decode(text, size, &used), letter = formula_letter(code, p->alphabet);
    return used == size && letter != code ? formula_copy(p, bytes, utf8_encode(letter, bytes)) : text;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

void formula_skip_blanks(struct formula_parser *p)
{
    while (p->at < p->size && strchr(" \t\n", p->text[p->at]) != NULL)
        p->at++;
}

static bool is_next(const struct formula_parser *p, const char *text)
{
    size_t size = strlen(text);
    return p->size - p->at >= size && memcmp(p->text + p->at, text, size) == 0;
}

bool formula_accept(struct formula_parser *p, const char *text)
{
    formula_skip_blanks(p);
    if (!is_next(p, text))
        return false;
    p->at += strlen(text);
    return true;
}

/* Whether the command of this name is next. */
static bool is_command(const struct formula_parser *p, const char *name)
{
    size_t end = p->at + strlen(name);
    return is_next(p, name) && (end == p->size || ((p->text[end] | 32) < 'a' || (p->text[end] | 32) > 'z'));
}

static bool is_row_end(const struct formula_parser *p, bool brackets)
{
    return p->at == p->size || strchr("}&", p->text[p->at]) != NULL || (brackets && p->text[p->at] == ']') ||
           is_next(p, "\\\\") || is_command(p, "\\end") || is_command(p, "\\right") || is_command(p, "\\cr");
}

/* ---- single characters ------------------------------------------------------------------------------------------- */

static enum formula_class class_of(uint32_t code)
{
    switch (code) {
    case '+':
    case '-':
    case '*': return FORMULA_BINARY;
    case '=':
    case '<':
    case '>':
    case ':': return FORMULA_RELATION;
    case '(':
    case '[': return FORMULA_OPENING;
    case ')':
    case ']': return FORMULA_CLOSING;
    case ',':
    case ';': return FORMULA_POINT;
    default: return FORMULA_ORDINARY;
    }
}

/* A character stands for itself, in the alphabet in force; a minus is longer than a hyphen. */
static struct formula_node *parse_character(struct formula_parser *p)
{
    size_t at = p->at, used;
    int columns;
    uint32_t code = utf8_decode(p->text + at, p->size - at, &used);
    if (code == UTF8_INVALID || code == '%' || code == '#' || code == '$') {
        p->failed = true;
        return NULL;
    }
    used = text_cluster(p->text + at, p->size - at, &columns);
    p->at += used;
    if (code == '~')
        return formula_symbol_new(p, at, " ", FORMULA_BLANK);
    if (code == '-')
        return formula_symbol_new(p, at, "\xE2\x88\x92", FORMULA_BINARY);
    const char *text = formula_in_alphabet(p, formula_copy(p, p->text + at, used));
    return formula_symbol_new(p, at, text, class_of(code));
}

static struct formula_node *parse_group(struct formula_parser *p)
{
    size_t at = p->at++;
    struct formula_node *row = formula_parse_row(p, false);
    if (row == NULL || !formula_accept(p, "}")) {
        p->failed = true;
        return NULL;
    }
    row->at = (uint32_t)at;
    row->end = (uint32_t)p->at;
    return row;
}

/* One thing without scripts; NULL: nothing to see, or failed. */
static struct formula_node *parse_atom(struct formula_parser *p)
{
    char c = p->text[p->at];
    if (c == '{')
        return parse_group(p);
    return c == '\\' ? p->command(p) : parse_character(p);
}

struct formula_node *formula_parse_argument(struct formula_parser *p)
{
    struct formula_node *node = NULL;
    formula_skip_blanks(p);
    if (!p->failed && !is_row_end(p, false) && strchr("^_'", p->text[p->at]) == NULL && p->depth < DEPTH_MOST) {
        p->depth++;
        node = parse_atom(p);
        p->depth--;
    }
    p->failed = p->failed || node == NULL;
    return node;
}

/* ---- scripts ----------------------------------------------------------------------------------------------------- */

/* The primes that come next, as one node. */
static struct formula_node *parse_primes(struct formula_parser *p)
{
    static const char *const primes[] = {"\xE2\x80\xB2", "\xE2\x80\xB3", "\xE2\x80\xB4", "\xE2\x81\x97"};
    size_t at = p->at, n = 0;
    while (p->at < p->size && p->text[p->at] == '\'') {
        p->at++;
        n++;
    }
    if (n > sizeof primes / sizeof *primes) {
        p->failed = true;
        return NULL;
    }
    return formula_symbol_new(p, at, primes[n - 1], FORMULA_ORDINARY);
}

/* Puts a script where there is none of its kind yet; after primes an exponent joins them. */
static void add_script(struct formula_parser *p, struct formula_node *scripts, int side, struct formula_node *script)
{
    struct formula_node *there = scripts->child[side];
    if (script == NULL || (there != NULL && (side == 1 || there->kind != FORMULA_SYMBOL || *there->text != '\xE2'))) {
        p->failed = true; /* a double script is an error in LaTeX too */
        return;
    }
    if (there != NULL) {
        struct formula_node *row = formula_node_new(p, FORMULA_ROW, there->at);
        if (row == NULL)
            return;
        row->child[0] = there;
        there->next = script;
        script = row;
    }
    scripts->child[side] = script;
    scripts->end = (uint32_t)p->at;
}

/* What follows a base of scripts and primes. */
static struct formula_node *parse_scripts(struct formula_parser *p, struct formula_node *base, size_t at)
{
    struct formula_node *scripts = NULL;
    while (!p->failed) {
        formula_skip_blanks(p);
        if (is_command(p, "\\limits") || is_command(p, "\\nolimits")) {
            p->at += is_command(p, "\\limits") ? 7 : 9;
            continue;
        }
        char c = p->at < p->size ? p->text[p->at] : '\0';
        if (c != '^' && c != '_' && c != '\'')
            break;
        scripts = scripts != NULL ? scripts : formula_node_new(p, FORMULA_SCRIPTS, at);
        if (scripts == NULL)
            break;
        scripts->child[0] = base;
        p->at += c != '\'';
        add_script(p, scripts, c == '_' ? 1 : 2, c == '\'' ? parse_primes(p) : formula_parse_argument(p));
    }
    return scripts != NULL ? scripts : base;
}

struct formula_node *formula_parse_row(struct formula_parser *p, bool brackets)
{
    struct formula_node *row = formula_node_new(p, FORMULA_ROW, p->at);
    struct formula_node **end = row != NULL ? &row->child[0] : NULL;
    p->failed = p->failed || ++p->depth > DEPTH_MOST;
    for (formula_skip_blanks(p); !p->failed && !is_row_end(p, brackets); formula_skip_blanks(p)) {
        size_t at = p->at;
        bool bare = strchr("^_'", p->text[at]) != NULL;
        struct formula_node *node = bare ? formula_node_new(p, FORMULA_ROW, at) : parse_atom(p);
        if (node == NULL)
            continue;
        *end = parse_scripts(p, node, at);
        end = &(*end)->next;
    }
    p->depth--;
    if (row != NULL)
        row->end = (uint32_t)p->at;
    return p->failed ? NULL : row;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

/* Reads the end of a line with what may follow it in brackets; false: there is none. */
static bool accept_line_end(struct formula_parser *p)
{
    if (!formula_accept(p, "\\\\"))
        return false;
    if (p->at < p->size && p->text[p->at] == '*')
        p->at++;
    const char *close = is_next(p, "[") ? memchr(p->text + p->at, ']', p->size - p->at) : NULL;
    if (close != NULL && strspn(p->text + p->at + 1, "0123456789.-emptxc ") == (size_t)(close - p->text) - p->at - 1)
        p->at = (size_t)(close - p->text) + 1;
    return true;
}

/* A cell that is missing at the end of a line. */
static struct formula_node **fill_line(struct formula_parser *p, struct formula_node **end, size_t from, size_t to)
{
    for (; from < to && !p->failed; from++) {
        *end = formula_node_new(p, FORMULA_ROW, p->at);
        if (*end != NULL)
            end = &(*end)->next;
    }
    return end;
}

/* Lines as long as the longest. */
static void make_rectangle(struct formula_parser *p, struct formula_node *table, const size_t *lengths)
{
    struct formula_node **end = &table->child[0];
    for (size_t row = 0; row < table->n_rows && !p->failed; row++) {
        for (size_t i = 0; i < lengths[row]; i++)
            end = &(*end)->next;
        struct formula_node *rest = *end;
        end = fill_line(p, end, lengths[row], table->n_columns);
        if (!p->failed)
            *end = rest;
    }
}

struct formula_node *formula_parse_cells(struct formula_parser *p, enum formula_table table, size_t at)
{
    size_t *lengths = formula_alloc(p->memory, CELLS_MOST * sizeof *lengths), cells = 0;
    struct formula_node *node = formula_node_new(p, FORMULA_TABLE, at);
    struct formula_node **end = node != NULL ? &node->child[0] : NULL;
    bool more = lengths != NULL && node != NULL;
    p->failed = p->failed || !more;
    while (more && !p->failed) {
        *end = formula_parse_row(p, false);
        if (*end == NULL || ++cells == CELLS_MOST) {
            p->failed = true;
            break;
        }
        size_t length = ++lengths[node->n_rows];
        node->n_columns = length > node->n_columns ? length : node->n_columns;
        bool same_line = formula_accept(p, "&");
        more = same_line || accept_line_end(p);
        formula_skip_blanks(p);
        bool empty = (*end)->child[0] == NULL && length == 1;
        bool kept = more || !empty || node->n_rows == 0;
        node->n_rows += !same_line && kept;
        if (kept)
            end = &(*end)->next;
        else
            *end = NULL; /* the last line ended with \\ */
    }
    if (p->failed)
        return NULL;
    node->table = table;
    make_rectangle(p, node, lengths);
    if (node->n_rows * node->n_columns > CELLS_MOST)
        p->failed = true;
    return node;
}

struct formula_node *formula_parse_all(struct formula_parser *p)
{
    if (p->size > SIZE_MOST)
        return NULL;
    struct formula_node *node = formula_parse_cells(p, FORMULA_ALIGNED, 0);
    if (p->failed || p->at < p->size)
        return NULL;
    node->end = (uint32_t)p->size;
    bool single = node->n_columns == 1 && node->n_rows == 1;
    if ((single && node->child[0]->child[0] == NULL) || (node->n_columns > 1 && node->n_rows == 1))
        return NULL; /* nothing to show; a stray & */
    return single ? node->child[0] : node;
}
