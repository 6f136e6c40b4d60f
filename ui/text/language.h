/* Language: what the scanner of highlight.c has to know about a language. */
#ifndef PALAVER_UI_TEXT_LANGUAGE_H
#define PALAVER_UI_TEXT_LANGUAGE_H

enum {
    LANGUAGE_ANY_CASE = 1,        /* keywords in any case */
    LANGUAGE_HASH_LINES = 2,      /* # at the beginning of a line: a directive */
    LANGUAGE_AT_WORDS = 4,        /* @word: a directive */
    LANGUAGE_CALLS = 8,           /* a word before ( is a function */
    LANGUAGE_VARIABLES = 16,      /* $word */
    LANGUAGE_KEYS = 32,           /* a word or string before : is a key */
    LANGUAGE_DASHES = 64,         /* words may have - inside */
    LANGUAGE_LIFETIMES = 128,     /* 'a is not a string unless it ends with a quote */
    LANGUAGE_TYPE_NAMES = 256,    /* words that begin with a capital are types */
    LANGUAGE_LONG_QUOTES = 512,   /* strings continue in the next line */
    LANGUAGE_PLAIN_QUOTES = 1024, /* a backslash in a string is just a backslash */
    LANGUAGE_MARKUP = 2048,       /* tags */
    LANGUAGE_DIFF = 4096,         /* by the first character of a line */
    LANGUAGE_SELECTORS = 8192,    /* .word and #word */
};
struct language {
    const char *names;              /* as code blocks are labelled, in lower case, each between blanks */
    const char *keywords, *types;   /* each between blanks; may be NULL */
    const char *comment;            /* begins a comment that ends with the line */
    const char *open, *close;       /* around a comment of many lines */
    const char *quotes;             /* the characters around strings */
    const char *long_strings[2][2]; /* around strings of many lines */
    unsigned flags;
};

/* Ends with one without names. */
extern const struct language languages[];

#endif
