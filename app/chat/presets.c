/* Presets: those built in, and the user's own, which are in the history. */
#include <config.h>

#include "app/chat/preset.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

static const struct built_in {
    const char *name, *settings;
    const char *template; /* NULL: it leaves that alone */
} built_in[] = {
    {"precise", "{\"temperature\":0.3,\"top_k\":40,\"top_p\":0.9,\"min_p\":0.05}", NULL},
    {"balanced", "{\"temperature\":0.7,\"top_k\":40,\"top_p\":0.95,\"min_p\":0.05}", NULL},
    {"creative", "{\"temperature\":1.1,\"top_k\":0,\"top_p\":0.98,\"min_p\":0.03}", NULL},
    {"deterministic", "{\"temperature\":0}", NULL},
    /* the generation settings of Stanford Alpaca's demonstration; models tuned on its instructions are asked in its form,
     * and their files seldom have a chat template */
    {"alpaca",
     "{\"temperature\":0.1,\"top_k\":80,\"top_p\":0.75,\"min_p\":0,\"repetition_penalty\":1.5,\"max_new_tokens\":128}",
     "alpaca"},
};
enum { BUILT_IN = sizeof built_in / sizeof built_in[0] };

static const struct built_in *find_built_in(const char *name)
{
    for (int i = 0; i < BUILT_IN; i++)
        if (strcmp(built_in[i].name, name) == 0)
            return &built_in[i];
    return NULL;
}

/* The store with the user's own; NULL without a history. */
static struct store *own_presets(const struct chat *c)
{
    struct error ignored = {0};
    return home_library(chat_home(c), &ignored);
}

bool preset_is_built_in(const char *name)
{
    return find_built_in(name) != NULL;
}

/* The user's own of that name, malloc'ed; NULL when there is none. */
static char *own_settings(const struct chat *c, const char *name)
{
    char *own = NULL;
    struct error ignored = {0};
    struct store *s = own_presets(c);
    return s != NULL && store_preset_get(s, name, &own, &ignored) == ERR_NONE ? own : NULL;
}

char *preset_settings(const struct chat *c, const char *name)
{
    char *own = own_settings(c, name);
    const struct built_in *found = own == NULL ? find_built_in(name) : NULL;
    return found != NULL ? strdup(found->settings) : own;
}

const char *preset_template(const struct chat *c, const char *name)
{
    char *own = own_settings(c, name);
    const struct built_in *found = own == NULL ? find_built_in(name) : NULL;
    free(own);
    return found != NULL ? found->template : NULL;
}

/* Adds a line with the settings that have an effect. */
static void add_description(const char *settings, struct words *lines)
{
    struct sampling s = sampling_defaults();
    struct buf line;
    buf_init(&line, 4096);
    chat_read_settings(&s, settings);
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char value[32];
        sampling_get(&s, field, value, sizeof value);
        bool acts = sampling_in_use(&s, field) && sampling_idle(&s, field) == NULL && strcmp(value, "Off") != 0;
        if (acts && field->kind != FIELD_SEED)
            buf_printf(&line, "%s%s %s", line.size > 0 ? " · " : "", field->name, value);
    }
    words_add(lines, buf_text(&line), line.size);
    buf_free(&line);
}

/* The user's own presets hide built-in ones of the same name. */
static void add_preset(struct words *names, struct words *lines, const char *name, const char *settings)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->at[i], name) == 0)
            return;
    words_add(names, name, strlen(name));
    add_description(settings, lines);
}

void preset_list(struct chat *c, struct words *names, struct words *lines)
{
    struct store_presets own = {0};
    struct error ignored = {0};
    struct store *s = own_presets(c);
    if (s != NULL && store_presets(s, &own, &ignored) == ERR_NONE)
        for (size_t i = 0; i < own.n; i++)
            add_preset(names, lines, own.at[i].name, own.at[i].settings);
    store_presets_free(&own);
    for (int i = 0; i < BUILT_IN; i++)
        add_preset(names, lines, built_in[i].name, built_in[i].settings);
}
