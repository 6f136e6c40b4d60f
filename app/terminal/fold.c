/* Fold: a mark may be cut anywhere between two pieces, so what may be the beginning of one is held back. */
#include <config.h>

#include "app/terminal/fold.h"

#include <string.h>

#include "base/buf.h"

#define OUT_MOST ((size_t)64 << 20)

void fold_init(struct fold *f)
{
    *f = (struct fold){0};
    buf_init(&f->held, 16);
    buf_init(&f->out, OUT_MOST);
}

void fold_free(struct fold *f)
{
    buf_free(&f->held);
    buf_free(&f->out);
}

static const char *next_mark(const struct fold *f)
{
    return f->inside ? "</think>" : "<think>";
}

static void show_byte(struct fold *f, char c)
{
    if (f->inside || (f->skip_gap && c == '\n'))
        return;
    f->skip_gap = false;
    buf_putc(&f->out, c);
}

/* Shows what was held back: it is not a mark. */
static void show_held(struct fold *f)
{
    for (size_t i = 0; i < f->held.size; i++)
        show_byte(f, f->held.data[i]);
    buf_clear(&f->held);
}

static void pass_mark(struct fold *f)
{
    buf_clear(&f->held);
    f->inside = !f->inside;
    f->skip_gap = !f->inside;
    if (f->inside)
        buf_puts(&f->out, "(thinking; /think show shows it)\n");
}

static void fold_byte(struct fold *f, char c)
{
    if (c != next_mark(f)[f->held.size])
        show_held(f);
    if (c != next_mark(f)[f->held.size]) {
        show_byte(f, c);
        return;
    }
    buf_putc(&f->held, c);
    if (f->held.size == strlen(next_mark(f)))
        pass_mark(f);
}

struct buf *fold_feed(struct fold *f, const char *text, size_t size)
{
    buf_clear(&f->out);
    if (!f->hide)
        buf_append(&f->out, text, size);
    for (size_t i = 0; f->hide && i < size; i++)
        fold_byte(f, text[i]);
    return &f->out;
}

struct buf *fold_end(struct fold *f)
{
    buf_clear(&f->out);
    show_held(f);
    f->inside = f->skip_gap = false;
    return &f->out;
}
