/* The columns of a row, read with words for what is wrong. Each function fails once err is filled, so that a reader may
 * ask for all columns and look at the error at the end. */
#ifndef PALAVER_APP_EVAL_COLUMNS_H
#define PALAVER_APP_EVAL_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "app/eval/form.h"
#include "base/error.h"

/* A text; "" on failure. */
const char *column_text(const struct eval_row *row, const char *name, struct error *err);
/* A whole number from 0 to most, or a text of one; 0 on failure. */
size_t column_number(const struct eval_row *row, const char *name, size_t most, struct error *err);
/* An array of texts inside of the object `outer` (NULL: of the row itself); its length, 0 on failure. */
size_t column_texts(const struct eval_row *row, const char *outer, const char *name, const char **out,
                    struct error *err);
/* An array of numbers 0 and 1, likewise. */
size_t column_flags(const struct eval_row *row, const char *outer, const char *name, bool *out, struct error *err);
enum error_code column_wrong(const struct eval_row *row, const char *name, const char *what, struct error *err);

#endif
