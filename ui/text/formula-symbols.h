/* Formula symbols: which character a command of LaTeX stands for, and letters in other forms. */
#ifndef PALAVER_UI_TEXT_FORMULA_SYMBOLS_H
#define PALAVER_UI_TEXT_FORMULA_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "ui/text/formula-tree.h"

struct formula_symbol {
    const char *name; /* without the backslash */
    const char *text; /* what is shown */
    enum formula_class class;
};
/* NULL: there is none of this name. Static. */
const struct formula_symbol *formula_find_symbol(const char *name, size_t size);

enum formula_alphabet {
    FORMULA_PLAIN,
    FORMULA_BOLD,
    FORMULA_DOUBLE, /* ℝ */
    FORMULA_SCRIPT,
    FORMULA_FRAKTUR,
    FORMULA_SANS,
    FORMULA_MONO,
};
/* A letter or digit in an alphabet; the character itself where that has none. */
uint32_t formula_letter(uint32_t code, enum formula_alphabet alphabet);
/* The character raised or lowered; NULL: there is no such character. Static. */
const char *formula_raised(const char *text, size_t size);
const char *formula_lowered(const char *text, size_t size);
/* The relation with a stroke through it; NULL: there is none. Static. */
const char *formula_negated(const char *text);

#endif
