/* Said: lines are gathered while a command runs, so that a long text comes as one popup. */
#include <config.h>

#include "app/screen/said.h"

#include <stddef.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "base/buf.h"

/* Bytes of a line that still fits into the line at the bottom. */
enum { PASSING_MOST = 200 };

struct screen_said {
    struct buf lines;
    size_t n; /* lines */
};

struct screen_said *screen_said_new(void)
{
    struct screen_said *said = calloc(1, sizeof *said);
    if (said != NULL)
        buf_init(&said->lines, CHAT_TEXT_MOST);
    return said;
}

void screen_said_free(struct screen_said *said)
{
    if (said != NULL)
        buf_free(&said->lines);
    free(said);
}

void screen_said_error(struct screen *s, const struct error *err)
{
    if (err->code != ERR_NONE)
        ui_notice(s->ui, true, err->message);
}

void screen_said_trouble(struct screen *s, const struct error *err)
{
    if (err->code != ERR_NONE)
        ui_remark(s->ui, true, err->message);
}

void screen_said_take(void *context, enum show_kind kind, const char *text)
{
    struct screen *s = context;
    if (kind == SHOW_ERROR) {
        ui_notice(s->ui, true, text);
        return;
    }
    buf_puts(&s->said->lines, text);
    buf_putc(&s->said->lines, '\n');
    s->said->n++;
}

void screen_said_show(struct screen *s, const char *title)
{
    struct buf *lines = &s->said->lines;
    if (s->said->n == 1 && lines->size < PASSING_MOST) {
        buf_truncate(lines, lines->size - 1);
        ui_notice(s->ui, false, buf_text(lines));
    } else if (s->said->n > 0) {
        ui_view(s->ui, title, buf_text(lines), lines->size, NULL, 0);
    }
    buf_clear(lines);
    s->said->n = 0;
}
