/* CSV as RFC 4180 has it: fields between delimiters, in double quotes where they hold delimiters, quotes (doubled) or
 * line breaks. Lines end with CRLF, LF or CR.
 *
 * The RFC lets no quote stand in a field without quotes. Real files have them, and spreadsheets and pandas read them as they
 * stand: so does this, but for one that comes after nothing but spaces, which would divide the field at the wrong place. */
#ifndef PALAVER_APP_TEXT_CSV_H
#define PALAVER_APP_TEXT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"

/* A text being read record by record. It stays the caller's. */
struct csv {
    const char *name; /* what messages call it */
    const char *text; /* (size) */
    size_t size, at;
    char delimiter;
    size_t line; /* of what comes next, from 1 */
};

/* One record. Its fields follow one another in text, each with a NUL at its end. */
struct csv_record {
    struct buf text;
    size_t *starts; /* (n) offsets into text */
    size_t n, room;
    size_t line; /* on which it begins */
};

void csv_init(struct csv *c, const char *name, const char *text, size_t size, char delimiter);
/* The delimiter that a text seems to use, of comma, semicolon, tab and bar: the one that divides its first records into
 * equally many fields, more than one; a comma when none does. */
char csv_guess(const char *text, size_t size);
void csv_record_init(struct csv_record *r);
void csv_record_free(struct csv_record *r);
/* Reads the next record into *r; empty lines are skipped. False at the end, and on failure: ERR_FORMAT with line and
 * column of a quote that is not closed, of what follows a closed one, or of spaces before one. */
bool csv_next(struct csv *c, struct csv_record *r, struct error *err);
/* Field number i, NUL-terminated and owned by the record; bytes of the text itself that are NUL end it earlier. */
const char *csv_field(const struct csv_record *r, size_t i);
/* Writes a field, in quotes where it needs them; what separates fields and records is the caller's. */
void csv_write_field(FILE *out, const char *text, char delimiter);

#endif
