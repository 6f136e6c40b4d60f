/* Fold: a mark may be cut anywhere by the pieces of the stream, so its possible beginning is held back. */
#include <config.h>

#include "app/terminal/fold.h"

#include <string.h>

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

static const char *mark(const struct fold *f)
{
    return f->inside ? "</think>" : "<think>";
}

static void pass(struct fold *f, char c)
{
    if (f->inside || (f->skip_gap && c == '\n'))
        return;
    f->skip_gap = false;
    buf_putc(&f->out, c);
}

/* Lets go of what was held: it is no mark. */
static void release(struct fold *f)
{
    for (size_t i = 0; i < f->held.size; i++)
        pass(f, f->held.data[i]);
    buf_clear(&f->held);
}

static void take_mark(struct fold *f)
{
    buf_clear(&f->held);
    f->inside = !f->inside;
    f->skip_gap = !f->inside;
    if (f->inside)
        buf_puts(&f->out, "(thinking; /think show shows it)\n");
}

static void feed(struct fold *f, char c)
{
    if (c != mark(f)[f->held.size])
        release(f);
    if (c != mark(f)[f->held.size]) {
        pass(f, c);
        return;
    }
    buf_putc(&f->held, c);
    if (f->held.size == strlen(mark(f)))
        take_mark(f);
}

struct buf *fold_feed(struct fold *f, const char *text, size_t size)
{
    buf_clear(&f->out);
    if (!f->hide)
        buf_append(&f->out, text, size);
    for (size_t i = 0; f->hide && i < size; i++)
        feed(f, text[i]);
    return &f->out;
}

struct buf *fold_end(struct fold *f)
{
    buf_clear(&f->out);
    release(f);
    f->inside = f->skip_gap = false;
    return &f->out;
}
