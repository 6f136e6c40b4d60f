/* CSV: a scanner over a text in memory. Files to expect: from ten lines to a few hundred thousand, fields of up to some
 * megabytes. */
#include <config.h>

#include "app/text/csv.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

enum { FIELD_MOST = 64 << 20, GUESS_RECORDS = 10 };

void csv_init(struct csv *c, const char *name, const char *text, size_t size, char delimiter)
{
    *c = (struct csv){.name = name, .text = text, .size = size, .delimiter = delimiter, .line = 1};
}

void csv_record_init(struct csv_record *r)
{
    *r = (struct csv_record){0};
    buf_init(&r->text, FIELD_MOST);
}

void csv_record_free(struct csv_record *r)
{
    buf_free(&r->text);
    free(r->starts);
    r->starts = NULL;
    r->n = r->room = 0;
}

const char *csv_field(const struct csv_record *r, size_t i)
{
    return buf_text(&r->text) + r->starts[i];
}

static bool begin_field(struct csv_record *r, struct error *err)
{
    if (r->n == r->room) {
        const size_t room = r->room > 0 ? 2 * r->room : 16;
        size_t *more = realloc(r->starts, room * sizeof *more);
        if (more == NULL) {
            error_memory(err);
            return false;
        }
        r->starts = more;
        r->room = room;
    }
    r->starts[r->n++] = r->text.size;
    return true;
}

static bool at_line_end(const struct csv *c)
{
    return c->at == c->size || c->text[c->at] == '\n' || c->text[c->at] == '\r';
}

/* Passes the end of a line, if it is there; CRLF counts once. */
static void pass_line_end(struct csv *c)
{
    if (c->at == c->size)
        return;
    if (c->text[c->at] == '\r' && c->at + 1 < c->size && c->text[c->at + 1] == '\n')
        c->at++;
    c->at++;
    c->line++;
}

/* The column of the next byte, from 1. */
static size_t column_of(const struct csv *c, size_t at)
{
    size_t begin = at;
    while (begin > 0 && c->text[begin - 1] != '\n' && c->text[begin - 1] != '\r')
        begin--;
    return at - begin + 1;
}

/* The bytes of a line end inside of quotes are kept as they are. */
static void take_byte(struct csv *c, struct csv_record *r)
{
    const char byte = c->text[c->at++];
    buf_putc(&r->text, byte);
    if (byte == '\n' || (byte == '\r' && (c->at == c->size || c->text[c->at] != '\n')))
        c->line++;
}

/* The next byte is the opening quote. */
static bool read_quoted(struct csv *c, struct csv_record *r, struct error *err)
{
    const size_t line = c->line, column = column_of(c, c->at);
    for (c->at++; c->at < c->size; take_byte(c, r)) {
        if (c->text[c->at] != '"')
            continue;
        if (c->at + 1 < c->size && c->text[c->at + 1] == '"') {
            c->at++;
            continue;
        }
        c->at++;
        if (at_line_end(c) || c->text[c->at] == c->delimiter)
            return true;
        error_set(err, ERR_FORMAT,
                  "%s:%zu:%zu: after a closing quote comes a delimiter or the end of the line; a quote "
                  "inside of quotes is written twice",
                  c->name, c->line, column_of(c, c->at));
        return false;
    }
    error_set(err, ERR_FORMAT, "%s:%zu:%zu: this quote is not closed", c->name, line, column);
    return false;
}

/* The next byte begins a field without quotes. Quotes inside of it are bytes as others (3.5" disk). After spaces alone
 * one was meant to open the field, and the delimiters after it to be part of it. */
static bool read_bare(struct csv *c, struct csv_record *r, struct error *err)
{
    const size_t begin = c->at;
    size_t at = begin;
    while (at < c->size && c->text[at] == ' ')
        at++;
    if (at > begin && at < c->size && c->text[at] == '"') {
        error_set(
            err, ERR_FORMAT,
            "%s:%zu:%zu: spaces before a quote: without them it opens the field; a field that begins with a quote of "
            "its own stands in quotes",
            c->name, c->line, column_of(c, begin));
        return false;
    }
    while (!at_line_end(c) && c->text[c->at] != c->delimiter)
        take_byte(c, r);
    return true;
}

static bool read_field(struct csv *c, struct csv_record *r, struct error *err)
{
    if (!begin_field(r, err))
        return false;
    const bool quoted = !at_line_end(c) && c->text[c->at] == '"';
    if (!(quoted ? read_quoted(c, r, err) : read_bare(c, r, err)))
        return false;
    if (buf_putc(&r->text, '\0'))
        return true;
    error_set(err, ERR_FORMAT, "%s:%zu: a record of more than %d MB", c->name, r->line, FIELD_MOST >> 20);
    return false;
}

bool csv_next(struct csv *c, struct csv_record *r, struct error *err)
{
    while (c->at < c->size && at_line_end(c))
        pass_line_end(c);
    if (c->at == c->size)
        return false;
    buf_clear(&r->text);
    r->n = 0;
    r->line = c->line;
    while (read_field(c, r, err)) {
        if (at_line_end(c)) {
            pass_line_end(c);
            return true;
        }
        c->at++; /* the delimiter */
    }
    return false;
}

/* The fields that all of the first records have alike; 0: they differ, or are no CSV. */
static size_t fields_alike(const char *text, size_t size, char delimiter)
{
    struct csv c;
    struct csv_record r;
    struct error err = {0};
    size_t fields = 0, records = 0;
    csv_init(&c, "", text, size, delimiter);
    csv_record_init(&r);
    for (; records < GUESS_RECORDS && csv_next(&c, &r, &err); records++) {
        if (records > 0 && r.n != fields) {
            fields = 0;
            break;
        }
        fields = r.n;
    }
    csv_record_free(&r);
    return err.code == ERR_NONE ? fields : 0;
}

char csv_guess(const char *text, size_t size)
{
    static const char candidates[] = ",;\t|";
    char best = ',';
    size_t most = 1;
    for (const char *d = candidates; *d != '\0'; d++) {
        const size_t fields = fields_alike(text, size, *d);
        if (fields > most) {
            most = fields;
            best = *d;
        }
    }
    return best;
}

void csv_write_field(FILE *out, const char *text, char delimiter)
{
    const char special[] = {delimiter, '"', '\r', '\n', '\0'};
    if (text[strcspn(text, special)] == '\0') {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"')
            fputc('"', out);
        fputc(*at, out);
    }
    fputc('"', out);
}
