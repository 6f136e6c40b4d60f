/* A template's tree, as the parser leaves it and the rendering walks it. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_NODE_H
#define PALAVER_ENGINE_JINJA_NODE_H

#include "engine/jinja/lex.h"
#include "engine/jinja/run.h"

enum jnode_kind {
    /* expressions                 what the fields hold */
    N_CONST, /* value */
    N_NAME,  /* name */
    N_LIST,
    N_TUPLE,     /* items */
    N_DICT,      /* items: key, value, key, value... */
    N_ATTRIBUTE, /* left.name */
    N_ITEM,      /* left[right] */
    N_SLICE,     /* left[items[0]:items[1]:items[2]], NULL where nothing stands */
    N_CALL,      /* left(call) */
    N_FILTER,    /* left | name(call), routine; left NULL: the text of a block */
    N_TEST,      /* left is name(call), routine */
    N_NOT,
    N_NEGATE,
    N_PLUS, /* left */
    N_AND,
    N_OR,      /* left, right */
    N_OPERATE, /* left op right */
    N_CONCAT,  /* items */
    N_COMPARE, /* left, then ops[i] items[i] */
    N_CHOOSE,  /* left if test else right; right NULL: none */
    /* statements */
    N_DATA,         /* value, a text */
    N_PRINT,        /* left */
    N_ROW,          /* items */
    N_IF,           /* items: condition, body, condition, body...; otherwise */
    N_FOR,          /* for left in right if test: body; otherwise */
    N_SET,          /* left = right */
    N_SET_BLOCK,    /* left = body, filtered by right (NULL: not) */
    N_MACRO,        /* name, signature, body */
    N_CALL_BLOCK,   /* left (an N_CALL) with signature and body as its caller */
    N_FILTER_BLOCK, /* right around body */
    N_WITH,         /* items: target, value, target, value...; body */
    N_SCOPE,        /* body with names of its own */
    N_BLOCK,        /* the same, but sees the template's own names only */
    N_BREAK,
    N_CONTINUE,
};

/* The arguments of a call, as written. */
struct jcall {
    struct jnode **items;
    size_t n, capacity;
    struct jkeyword {
        const char *name;
        struct jnode *value;
    } * keywords;
    size_t n_keywords, keywords_capacity;
    struct jnode *star, *two_stars; /* NULL: none */
};

/* A macro's parameters; the last n_defaults have a default. */
struct jsignature {
    const char **names;
    size_t n, capacity;
    struct jnode **defaults;
    size_t n_defaults, defaults_capacity;
    bool uses_caller, uses_varargs, uses_kwargs; /* the body speaks of them */
};

struct jnode {
    enum jnode_kind kind;
    int line;
    char op;        /* N_OPERATE: as jnumber_operate takes it */
    bool recursive; /* N_FOR */
    const char *name;
    struct jvalue value;
    struct jnode *left, *right, *test;
    struct jnode **items;
    size_t n, capacity;
    enum jtoken_kind *ops; /* N_COMPARE; T_NAME stands for in, T_DOT for not in */
    size_t ops_capacity;
    struct jcall *call;
    const struct jroutine *routine; /* NULL: there is none of that name */
    struct jsignature *signature;
    struct jnode *body, *otherwise;
};

#endif
