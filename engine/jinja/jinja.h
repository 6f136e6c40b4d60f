/* Jinja, as chat templates use it: a small interpreter that does what jinja2 3.1 does as transformers sets it up
 * (the immutable sandbox, trim_blocks, lstrip_blocks, break and continue, raise_exception, strftime_now, its own
 * tojson, and {% generation %}). Written from Jinja's documentation and checked against jinja2's own results.
 *
 * Two things are its own. Strings know where each byte comes from, through all that a template does with them, so
 * that a prompt can tell what the template wrote from what a message says. And all is bounded: memory, steps, depth
 * and output; a template that would hang, or fill the memory, ends with an error.
 *
 * Known limits, told by an error with the line: integers have 64 bits, there are no include, extends, import and
 * autoescape, no filters pprint, random, striptags, urlize and wordwrap. A filter that does not exist is an error
 * when it is reached.
 *
 * Files: jinja (this face), heap (bounds and the way out on failure), text (strings with origins), value, print, json,
 * number, operate, format, string, unicode, sort (values and what they can do), lex, parser, parse, parse-expression
 * and node (from text to a tree), run, eval, exec, loop (carrying it out), access, methods, methods-text, filters,
 * filters-text, filters-row, tests, globals (what templates call by name). They know of the rest only base/. */
#ifndef PALAVER_ENGINE_JINJA_JINJA_H
#define PALAVER_ENGINE_JINJA_JINJA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"

struct jinja;

/* Compiles source[0..size). NULL on failure, with the line in the message: ERR_FORMAT for what is no Jinja,
 * ERR_UNSUPPORTED for what is not followed, ERR_MEMORY. Read-only from then on; threads may share it. */
struct jinja *jinja_compile(const char *source, size_t size, struct error *err);
void jinja_free(struct jinja *t);

/* What a template is given: a tree of values that stay the caller's. */
struct jinja_value {
    const char *name; /* in a dict its key, NUL-terminated */
    enum jinja_kind { JINJA_NONE, JINJA_BOOL, JINJA_INT, JINJA_FLOAT, JINJA_STRING, JINJA_LIST, JINJA_DICT } kind;
    bool truth;
    int64_t integer;
    double real;
    const char *bytes; /* JINJA_STRING: size bytes, any */
    size_t size;
    int32_t origin;                  /* of these bytes; 0 is the template's own */
    const struct jinja_value *items; /* JINJA_LIST, JINJA_DICT: n of them */
    size_t n;
};

/* Zero stands for what suits the size of what is given: about a tenth of a second, and 32 MB more than a few copies
 * of it. */
struct jinja_limits {
    size_t memory;
    uint64_t steps;
    int depth;
};

/* What came out. The caller's, to be released by jinja_output_free. */
struct jinja_output {
    char *bytes; /* with a NUL after them */
    size_t size;
    struct jinja_span {
        size_t end;
        int32_t origin;
    } * spans; /* bytes[previous end..end) come from origin */
    size_t n_spans;
};
void jinja_output_free(struct jinja_output *out);

/* Renders with the names values[0..n), on that day (local time, for strftime_now), into *out. ERR_ARGUMENT: the
 * template refused by raise_exception, and the message is its own words; any other code: it could not be followed,
 * and the message begins with the line. *out is empty on failure. limits may be NULL. */
enum error_code jinja_render(const struct jinja *t, const struct jinja_value *values, size_t n, const struct tm *now,
                             const struct jinja_limits *limits, struct jinja_output *out, struct error *err);

#endif
