/* The columns of a row of a data set. */
#include <config.h>

#include "app/eval/columns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"

enum error_code column_wrong(const struct eval_row *row, const char *name, const char *what, struct error *err)
{
    const bool there = json_object_get(row->columns, name) != NULL;
    return error_set(err, ERR_FORMAT, "%s: %s \"%s\"%s%s", row->place, there ? "the column" : "there is no column",
                     name, there ? " is not " : "; it should be ", what);
}

const char *column_text(const struct eval_row *row, const char *name, struct error *err)
{
    const json_t *value = json_object_get(row->columns, name);
    if (json_is_string(value))
        return json_string_value(value);
    column_wrong(row, name, "a text", err);
    return "";
}

size_t column_number(const struct eval_row *row, const char *name, size_t most, struct error *err)
{
    const json_t *value = json_object_get(row->columns, name);
    char *end = NULL;
    const long number = json_is_integer(value)   ? (long)json_integer_value(value)
                        : json_is_boolean(value) ? json_is_true(value)
                        : json_is_string(value)  ? strtol(json_string_value(value), &end, 10)
                                                 : -1;
    const bool whole = end == NULL || (end != json_string_value(value) && *end == '\0');
    if (whole && number >= 0 && (size_t)number <= most)
        return (size_t)number;
    char what[64];
    snprintf(what, sizeof what, "a whole number from 0 to %zu", most);
    column_wrong(row, name, what, err);
    return 0;
}

/* The array of that name; NULL with err filled unless it has 1 to EVAL_CHOICES elements. */
static const json_t *find_array(const struct eval_row *row, const char *outer, const char *name, struct error *err)
{
    const json_t *in = outer != NULL ? json_object_get(row->columns, outer) : row->columns;
    const json_t *array = json_object_get(in, name);
    const size_t n = json_array_size(array);
    if (json_is_array(array) && n >= 1 && n <= EVAL_CHOICES)
        return array;
    char what[96];
    snprintf(what, sizeof what, "%s%s%san array of 1 to %d", outer != NULL ? "an object whose \"" : "",
             outer != NULL ? name : "", outer != NULL ? "\" is " : "", EVAL_CHOICES);
    column_wrong(row, outer != NULL ? outer : name, what, err);
    return NULL;
}

size_t column_texts(const struct eval_row *row, const char *outer, const char *name, const char **out,
                    struct error *err)
{
    const json_t *array = find_array(row, outer, name, err);
    for (size_t i = 0; i < json_array_size(array); i++) {
        out[i] = json_string_value(json_array_get(array, i));
        if (out[i] == NULL) {
            column_wrong(row, outer != NULL ? outer : name, "an array of texts", err);
            return 0;
        }
    }
    return json_array_size(array);
}

size_t column_flags(const struct eval_row *row, const char *outer, const char *name, bool *out, struct error *err)
{
    const json_t *array = find_array(row, outer, name, err);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 1) {
            column_wrong(row, outer != NULL ? outer : name, "an array of 0 and 1", err);
            return 0;
        }
        out[i] = json_integer_value(value) == 1;
    }
    return json_array_size(array);
}
