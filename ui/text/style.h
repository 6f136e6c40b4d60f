/* Style: what a piece of text on the screen is; the theme turns it into colours.
 *
 * A style is a role, plus attributes that nest (strong inside a quote): `STYLE_QUOTE | STYLE_BOLD`. */
#ifndef PALAVER_UI_TEXT_STYLE_H
#define PALAVER_UI_TEXT_STYLE_H

#include <stdint.h>

enum style_role {
    STYLE_TEXT,
    STYLE_DIM, /* times, counts, hints */
    STYLE_BORDER,
    STYLE_BORDER_FOCUS,
    STYLE_TITLE,     /* of a pane or a popup */
    STYLE_SELECTED,  /* the row or message that keys act on */
    STYLE_ANSWERING, /* a conversation in which an answer grows */
    STYLE_UNREAD,    /* one in which it ended unseen */
    STYLE_DAY,       /* a heading of the list */
    STYLE_USER,      /* names above messages */
    STYLE_ASSISTANT,
    STYLE_NOTE,
    STYLE_ERROR,
    STYLE_MARK,   /* where settings changed or an answer was stopped */
    STYLE_WINDOW, /* the line above the first message that the model sees */
    STYLE_THINK,
    STYLE_CONTROL, /* a control character made visible */
    STYLE_MATCH,   /* of a search */
    STYLE_HEADING,
    STYLE_EMPHASIS,
    STYLE_STRONG,
    STYLE_STRUCK,
    STYLE_CODE,        /* inside a line */
    STYLE_BLOCK,       /* a code block */
    STYLE_BLOCK_LABEL, /* its language */
    STYLE_QUOTE,
    STYLE_LINK,
    STYLE_BULLET,
    STYLE_RULE,
    STYLE_TABLE,   /* the lines of a table */
    STYLE_KEYWORD, /* inside code blocks */
    STYLE_TYPE,
    STYLE_STRING,
    STYLE_NUMBER,
    STYLE_COMMENT,
    STYLE_FUNCTION,
    STYLE_DIRECTIVE,
    STYLE_COMPOSER,
    STYLE_HINT, /* in an empty composer */
    STYLE_STATUS,
    STYLE_STATUS_BUSY,
    STYLE_STATUS_ERROR,
    STYLE_KEY, /* the name of a key */
    STYLE_BAR, /* the filled part of a bar */
    STYLE_BAR_EMPTY,
    STYLE_REMOVED,         /* a candidate that a setting removed */
    STYLE_CHOSEN,          /* the candidate that was chosen */
    STYLE_ORIGIN_TEMPLATE, /* where text comes from, in /prompt */
    STYLE_ORIGIN_SYSTEM,
    STYLE_ORIGIN_USER,
    STYLE_ORIGIN_ASSISTANT,
    STYLE_LENS_0, /* the shades of the lens, from a surprising token to an expected one */
    STYLE_LENS_7 = STYLE_LENS_0 + 7,
    STYLE_ROLES,
};

/* A role, or'ed with attributes. */
enum {
    STYLE_ROLE = 0xff,
    STYLE_BOLD = 0x100,
    STYLE_ITALIC = 0x200,
    STYLE_UNDERLINE = 0x400,
    STYLE_REVERSE = 0x800,
    STYLE_FAINT = 0x1000,
    STYLE_STRIKE = 0x2000,  /* shown where the terminal can */
    STYLE_FORMULA = 0x4000, /* looks like the rest; a part of a formula that is not shown as it is written */
};

/* The name of a role in theme files, e.g. "block_label" for STYLE_BLOCK_LABEL; NULL past the end. Static. */
const char *style_name(enum style_role role);
/* The role of a name; -1: there is none. */
int style_find(const char *name);

#endif
