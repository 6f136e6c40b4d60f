/* Welcome: its text. */
#include <config.h>

#include "app/screen/welcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/footprint.h"
#include "app/chat/models.h"
#include "app/library/home.h"
#include "app/screen/composer.h"
#include "app/text/bytes.h"
#include "base/buf.h"
#include "engine/engine.h"

enum { TEXT_MOST = 8192, SAMPLES = 3 };

/* What small models can do too. */
static const char *const questions[SAMPLES] = {
    "Why is the sky blue?",
    "Write a short poem about the sea in autumn.",
    "Explain to a child what a library is.",
};
static const char *const beginnings[SAMPLES] = {
    "Once upon a time, in a village by the sea,",
    "The three most important inventions of mankind are",
    "Dear Anna,\n\nthank you for your letter. Here in the mountains",
};

struct screen_welcome {
    int next;         /* the thing to try that Tab writes next */
    const char *last; /* the one that it wrote last; NULL: none */
};

struct screen_welcome *screen_welcome_new(void)
{
    return calloc(1, sizeof(struct screen_welcome));
}

void screen_welcome_free(struct screen_welcome *welcome)
{
    free(welcome);
}

static const char *const *samples(const struct screen *s)
{
    return chat_continues_text(s->repl.chat) ? beginnings : questions;
}

/* ---- the model, in words ---------------------------------------------------------------------------------------- */

/* What to expect of so many parameters: the names of the sizes in which models are published differ by family, the
 * borders here lie between them. */
static const char *character(uint64_t parameters)
{
    static const struct {
        double most;
        const char *words;
    } sizes[] = {
        {0.6e9, "quick, and no great thinker"},
        {2.2e9, "quick, and good for short everyday questions"},
        {5e9, "knows a good deal, and follows what you ask for"},
        {10e9, "a good partner for most conversations"},
        {25e9, "thorough, and not in a hurry"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if ((double)parameters < sizes[i].most)
            return sizes[i].words;
    return "as good as it gets on one machine, and slow";
}

static void write_model(const struct screen *s, struct buf *out)
{
    const struct chat *c = s->repl.chat;
    const struct model_info *info = model_info(chat_model(c));
    char name[140], size[BYTES_TEXT], parameters[32];
    models_label(chat_model_path(c), name, sizeof name);
    buf_printf(out, "## %s\n%s parameters, %s in %s: %s.", name, footprint_parameters(info->parameters, parameters),
               bytes_text(info->file_bytes, size), info->type, character(info->parameters));
    if (chat_continues_text(c))
        buf_puts(out, " It was not trained for dialogue: it continues the text that you begin.");
    buf_puts(out, "\n\n`/model` chooses another.\n");
}

static void write_samples(const struct screen *s, struct buf *out)
{
    buf_puts(out,
             chat_continues_text(s->repl.chat) ? "\n**Begin with** (Tab writes it)\n" : "\n**Ask** (Tab writes it)\n");
    for (int i = 0; i < SAMPLES; i++)
        buf_printf(out, "- %.*s\n", (int)strcspn(samples(s)[i], "\n"), samples(s)[i]);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static void write_keys(const struct screen *s, struct buf *out)
{
    static const struct {
        const char *name, *words;
    } keys[] = {
        {"palette", "every command, conversation and model"},
        {"settings", "temperature and the other settings, live"},
        {"lens", "why it said that: each word's alternatives"},
        {"list", "your conversations"},
        {"keys", "all keys"},
    };
    buf_puts(out, "\n**Keys**\n");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *key = ui_key_of(s->ui, keys[i].name);
        if (key != NULL)
            buf_printf(out, "- `%s` %s\n", key, keys[i].words);
    }
}

/* ---- showing ---------------------------------------------------------------------------------------------------- */

void screen_welcome_show(struct screen *s)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    if (chat_model(s->repl.chat) != NULL) {
        write_model(s, &text);
        write_samples(s, &text);
        if (home_is_temporary(chat_home(s->repl.chat)))
            buf_puts(&text, "\nThis conversation is temporary: nothing of it is kept.\n");
        write_keys(s, &text);
    }
    if (chat_state(s->repl.chat) == CHAT_NO_MODEL)
        buf_puts(
            &text,
            "## Palaver\nThere is no model here yet. `/model` lists those that can be fetched, with what they need and "
            "how fast they will be on this machine; a file of your own goes into ~/.local/share/palaver/models, or "
            "is named by -m.\n");
    ui_set_welcome(s->ui, buf_text(&text));
    buf_free(&text);
}

bool screen_welcome_complete(struct screen *s)
{
    struct screen_welcome *w = s->welcome;
    size_t size;
    const char *typed = ui_typed(s->ui, &size, NULL);
    const bool own = w->last != NULL && strcmp(typed, w->last) == 0;
    if (chat_count(s->repl.chat) > 0 || chat_model(s->repl.chat) == NULL || (size > 0 && !own))
        return false;
    w->last = samples(s)[w->next];
    w->next = (w->next + 1) % SAMPLES;
    ui_set_typed(s->ui, w->last, strlen(w->last));
    screen_composer_changed(s);
    return true;
}
