/* Prompt: each stretch is coloured by where it comes from; the ids follow. */
#include <config.h>

#include "app/screen/prompt.h"

#include <stddef.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "base/buf.h"
#include "engine/engine.h"

/* Writes the text of the tokens; returns the stretches, malloc'ed. */
static struct ui_stretch *write_spans(const struct tokenizer *t, const struct prompt *p, struct buf *text, size_t *n)
{
    static const char *const roles[] = {"origin_template", "origin_system", "origin_user", "origin_assistant"};
    struct ui_stretch *stretches = calloc(p->n_spans + 1, sizeof *stretches);
    size_t id = 0;
    for (*n = 0; stretches != NULL && *n < p->n_spans; ++*n) {
        for (; id < p->spans[*n].end && id < p->ids.n; id++)
            if (tokenizer_is_control(t, p->ids.at[id]))
                buf_puts(text, tokenizer_spelling(t, p->ids.at[id]));
            else
                tokenizer_piece(t, p->ids.at[id], text);
        stretches[*n] = (struct ui_stretch){text->size, roles[p->spans[*n].origin]};
    }
    return stretches;
}

static void show_prompt(struct screen *s, const struct model *model, const struct prompt *p)
{
    struct buf text;
    size_t n;
    buf_init(&text, CHAT_TEXT_MOST);
    struct ui_stretch *stretches = write_spans(model_tokenizer(model), p, &text, &n);
    buf_printf(&text, "\n\n%zu tokens:", p->ids.n);
    for (size_t i = 0; i < p->ids.n; i++)
        buf_printf(&text, " %d", p->ids.at[i]);
    ui_view(s->ui, "What the model was given", buf_text(&text), text.size, stretches, n);
    free(stretches);
    buf_free(&text);
}

void screen_prompt_show(struct screen *s, struct error *err)
{
    const struct prompt *last = chat_last_prompt(s->repl.chat);
    struct prompt now = {0};
    const struct model *model = chat_model(s->repl.chat);
    if (chat_host(s->repl.chat) != NULL) {
        error_set(err, ERR_UNSUPPORTED,
                  "%s makes the prompt of the messages, by a template of its own; it is not known here",
                  chat_host(s->repl.chat));
        return;
    }
    if (model == NULL || (last == NULL && chat_render(s->repl.chat, &now, err) != ERR_NONE)) {
        error_set(err, ERR_NOT_FOUND, "the model has been given nothing yet; send a message first");
        return;
    }
    show_prompt(s, model, last != NULL ? last : &now);
    prompt_free(&now);
}
