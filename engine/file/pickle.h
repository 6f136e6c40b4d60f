/* Pickles, as far as torch writes them: values are read, nothing is ever called or executed.
 *
 * A call that the pickle asks for becomes a value of its own (the callable's name and its arguments), for the reader of the
 * file to interpret; a callable that the reader does not know ends the reading with an error that names it. Opcodes are
 * those of protocol 2 (Python's pickletools.py); pickles are some hundred kilobytes. */
#ifndef PALAVER_ENGINE_FILE_PICKLE_H
#define PALAVER_ENGINE_FILE_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL, /* integer: 0 or 1 */
    PICKLE_INTEGER,
    PICKLE_LONG, /* a number beyond 64 bits: text is its bytes, little-endian */
    PICKLE_REAL,
    PICKLE_TEXT,
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,       /* items: key, value, key, value ... */
    PICKLE_NAME,       /* a callable or a class: text is module, '\n', name */
    PICKLE_PERSISTENT, /* items[0] is its id */
    PICKLE_CALL,       /* items[0] is the callable, items[1] the tuple of arguments */
};

struct pickle_value {
    enum pickle_kind kind;
    int64_t integer;
    double real;
    const char *text; /* size bytes of the pickle, not NUL-terminated */
    size_t size;
    uint32_t *items; /* (n), indices of values */
    size_t n, capacity;
};

struct pickle {
    struct pickle_value *values;
    size_t n, capacity;
    uint32_t root; /* what the pickle holds */
};

/* Whether the reader knows the callable "module\nname". */
typedef bool pickle_allows(const char *name, size_t size);

/* Reads one pickle from bytes[0..size); *used is its length. file is for messages. ERR_FORMAT for a damaged one,
 * ERR_UNSUPPORTED for a callable or an opcode that is not known. */
enum error_code pickle_read(struct pickle *p, const char *file, const unsigned char *bytes, uint64_t size,
                            pickle_allows *allows, uint64_t *used, struct error *err);
void pickle_free(struct pickle *p);

/* Whether v is text or a name spelled so. */
bool pickle_is(const struct pickle_value *v, const char *text);
/* Item i of a tuple, list, dict, call or persistent id; NULL past the end. */
const struct pickle_value *pickle_item(const struct pickle *p, const struct pickle_value *v, size_t i);

#endif
