/* Formula: LaTeX as language models write it, as text of a terminal.
 *
 * What has no faithful form stays as it is written, one command or the whole formula: nothing wrong is shown. Formulas
 * of some hundred bytes take microseconds; size, depth and memory are bounded, and what exceeds them stays as written. */
#ifndef PALAVER_UI_TEXT_FORMULA_H
#define PALAVER_UI_TEXT_FORMULA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/text/page.h"

enum formula_shape {
    FORMULA_LINE,  /* one line: a/b */
    FORMULA_BLOCK, /* two dimensions: a above b; lines are divided by \n */
};
/* How a formula stands in the text. */
struct formula_place {
    enum formula_shape shape;
    bool strict;    /* an unknown command leaves the whole formula as it is written */
    uint16_t style; /* of the text around it */
    uint32_t whole; /* the place of what fills up lines */
};
/* Appends latex[0..size), without its delimiters, to out. source[i] is the place of byte i in the message; each
 * character shown gets that of what it stands for, and STYLE_FORMULA. False, and nothing appended: it is to be shown as
 * it is written. */
bool formula_write(const char *latex, size_t size, const uint32_t *source, const struct formula_place *place,
                   struct stretch *out);
/* Whether text between single dollars is a formula and not two prices or the variables of a shell. */
bool formula_is_plausible(const char *latex, size_t size);
/* The bytes of the command, or the one character, at the beginning of text[0..size), size > 0. */
size_t formula_token(const char *text, size_t size);

#endif
