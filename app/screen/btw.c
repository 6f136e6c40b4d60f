/* By the way: the answer goes to the overlay as it comes. */
#include <config.h>

#include "app/screen/btw.h"

#include <stdio.h>

#include "app/chat/btw.h"
#include "app/slash/commands.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/count.h"
#include "engine/engine.h"
#include "ui/ui.h"

/* "41 tokens · 147 t/s", and what is to be said of its end. */
static void write_about(const struct screen *s, char *out, size_t size)
{
    const struct timings *t = &btw_end(s->repl.btw)->timings;
    const char *note = repl_btw_note(&s->repl);
    char count[COUNT_TEXT];
    int at = snprintf(out, size, "%s token%s", count_write(t->answer_tokens, count), plural(t->answer_tokens));
    if (t->decode_seconds > 0)
        at += snprintf(out + at, size - (size_t)at, " · %.0f t/s", (double)t->answer_tokens / t->decode_seconds);
    if (*note != '\0')
        snprintf(out + at, size - (size_t)at, " · %s", note);
}

/* Shows what was said since `before`, and the end. */
static void show_answer(struct screen *s, size_t before)
{
    const struct buf *answer = btw_answer(s->repl.btw);
    char about[sizeof((struct error *)0)->message + 80];
    if (answer->size > before)
        ui_beside_grow(s->ui, buf_text(answer) + before, answer->size - before);
    ui_beside_read(s->ui, btw_reading(s->repl.btw));
    if (btw_runs(s->repl.btw))
        return;
    write_about(s, about, sizeof about);
    ui_beside_end(s->ui, about);
}

void screen_btw_ask(struct screen *s, const char *question, struct error *err)
{
    if (slash_btw(&s->repl, question, err) == ERR_NONE)
        ui_beside_ask(s->ui, question);
}

void screen_btw_ask_again(struct screen *s, const char *question, struct error *err)
{
    if (btw_ask_again(s->repl.btw, question, err) != ERR_NONE)
        return;
    ui_beside_ask(s->ui, question);
    show_answer(s, 0); /* it may have failed at once */
}

void screen_btw_take(struct screen *s)
{
    const size_t before = btw_answer(s->repl.btw)->size;
    const bool ran = btw_runs(s->repl.btw);
    btw_handle(s->repl.btw);
    if (ran)
        show_answer(s, before);
}

void screen_btw_leave(struct screen *s)
{
    if (!btw_runs(s->repl.btw)) {
        ui_beside_close(s->ui);
        btw_free(s->repl.btw);
        s->repl.btw = NULL;
        return;
    }
    btw_stop(s->repl.btw);
    show_answer(s, btw_answer(s->repl.btw)->size); /* it may have ended with it */
}
