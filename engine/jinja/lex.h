/* A template's text as tokens. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_LEX_H
#define PALAVER_ENGINE_JINJA_LEX_H

#include "engine/jinja/text.h"

enum jtoken_kind {
    T_END,
    T_DATA,
    T_BLOCK_BEGIN,
    T_BLOCK_END,
    T_PRINT_BEGIN,
    T_PRINT_END,
    T_NAME,
    T_STRING,
    T_INTEGER,
    T_FLOAT,
    T_ADD,
    T_SUB,
    T_MUL,
    T_DIV,
    T_FLOORDIV,
    T_MOD,
    T_POW,
    T_TILDE,
    T_EQ,
    T_NE,
    T_LT,
    T_LE,
    T_GT,
    T_GE,
    T_LPAREN,
    T_RPAREN,
    T_LBRACKET,
    T_RBRACKET,
    T_LBRACE,
    T_RBRACE,
    T_ASSIGN,
    T_DOT,
    T_COLON,
    T_PIPE,
    T_COMMA,
    T_SEMICOLON,
};

struct jtoken {
    enum jtoken_kind kind;
    int line;
    const char *at; /* as written, size bytes */
    size_t size;
    struct jtext *text; /* T_DATA, T_STRING: what it stands for */
    int64_t integer;
    double real;
};

/* All tokens, the last of them T_END. White space is controlled as transformers sets it: the first newline after a
 * block is dropped, and so are spaces before a block at a line's beginning; - and + after and before the brackets
 * overrule. */
const struct jtoken *jlex(struct jheap *h, const char *source, size_t size);

#endif
