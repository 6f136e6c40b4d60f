/* Show: cleaning, the passing status and the decorations. */
#include <config.h>

#include "app/terminal/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/options/options.h"
#include "app/terminal/term.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"

#define DIM "\033[2m"
#define PLAIN "\033[0m"

/* Bytes: what cleaning may make of the largest piece that is shown at once. */
#define CLEAN_MOST (UTF8_CLEAN_GROWTH * ((size_t)85 << 20))

void show_init(struct show *s, const struct options *o, FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    *s = (struct show){.out = out, .terminal = isatty(fileno(out)), .labels = o->screen_reader, .quiet = o->quiet};
    s->side = s->terminal ? out : stderr;
    s->moves = s->terminal && term_kind() == TERM_KIND_MOVES && !o->screen_reader;
    s->color = o->color == COLOR_AUTO ? s->moves && (no_color == NULL || *no_color == '\0')
                                      : o->color == COLOR_ALWAYS && s->terminal;
    fold_init(&s->fold);
    buf_init(&s->clean, CLEAN_MOST);
}

void show_free(struct show *s)
{
    fold_free(&s->fold);
    buf_free(&s->clean);
}

static void erase_status(struct show *s)
{
    if (s->status)
        fputs("\r\033[K", s->out);
    s->status = false;
}

/* Cleans and writes the next piece. A carriage return waits until it is known whether a newline follows. */
static void write_piece(struct show *s, const char *text, size_t size)
{
    if (size == 0)
        return;
    if (s->exact && !s->terminal) {
        fwrite(text, 1, size, s->out);
        s->midline = text[size - 1] != '\n';
        return;
    }
    erase_status(s);
    buf_clear(&s->clean);
    if (s->cr && text[0] != '\n')
        utf8_clean_after(&s->clean, "\r", 1, &s->last);
    s->cr = text[size - 1] == '\r';
    utf8_clean_after(&s->clean, text, size - s->cr, &s->last);
    if (s->clean.size > 0) {
        fwrite(s->clean.data, 1, s->clean.size, s->out);
        s->midline = s->clean.data[s->clean.size - 1] != '\n';
    }
}

void show_part(struct show *s, char part)
{
    if (!s->moves)
        return;
    fprintf(s->out, "\033]133;%c\033\\", part);
    fflush(s->out);
}

void show_text(struct show *s, const char *text, size_t size)
{
    struct buf *shown = fold_feed(&s->fold, text, size);
    write_piece(s, buf_text(shown), shown->size);
    fflush(s->out);
}

static void end_line(struct show *s)
{
    erase_status(s);
    if (s->midline)
        fputc('\n', s->out);
    s->midline = false;
}

void show_end(struct show *s)
{
    struct buf *rest = fold_end(&s->fold);
    write_piece(s, buf_text(rest), rest->size);
    s->cr = false;
    s->last = 0;
    end_line(s);
    fflush(s->out);
}

/* Formats, cleans and writes a whole line between two decorations. */
static void write_line(struct show *s, enum show_kind kind, const char *before, const char *after, const char *format,
                       va_list arguments)
{
    char *text = NULL;
    int size = vasprintf(&text, format, arguments);
    if (size < 0)
        return;
    if (s->tell != NULL) {
        s->tell(s->context, kind, text);
        free(text);
        return;
    }
    end_line(s);
    buf_clear(&s->clean);
    utf8_clean(&s->clean, text, (size_t)size);
    fprintf(s->side, "%s%s%s\n", before, buf_text(&s->clean), after);
    fflush(s->side);
    free(text);
}

void show_line(struct show *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(s, SHOW_LINE, "", "", format, arguments);
    va_end(arguments);
}

void show_note(struct show *s, const char *format, ...)
{
    if (s->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(s, SHOW_NOTE, s->color ? DIM "[" : "[", s->color ? "]" PLAIN : "]", format, arguments);
    va_end(arguments);
}

void show_error(struct show *s, const struct error *err)
{
    if (s->tell != NULL) {
        s->tell(s->context, SHOW_ERROR, err->message);
        return;
    }
    end_line(s);
    fflush(s->out);
    fprintf(stderr, "palaver: %s\n", err->message);
    fflush(stderr);
}

void show_label(struct show *s, const char *label)
{
    if (!s->labels || !s->terminal)
        return;
    end_line(s);
    fprintf(s->out, "%s: ", label);
    fflush(s->out);
    s->midline = true;
}

void show_status(struct show *s, const char *format, ...)
{
    if (!s->moves || s->quiet || s->midline)
        return;
    va_list arguments;
    va_start(arguments, format);
    fputs(s->color ? "\r\033[K" DIM : "\r\033[K", s->out);
    vfprintf(s->out, format, arguments);
    fputs(s->color ? PLAIN : "", s->out);
    va_end(arguments);
    s->status = true;
    fflush(s->out);
}

void show_no_status(struct show *s)
{
    erase_status(s);
    fflush(s->out);
}
