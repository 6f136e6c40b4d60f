/* Compare: what /compare names becomes sides of the chat's comparison, and their answers columns of ui. */
#include <config.h>

#include "app/screen/compare.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/models.h"
#include "app/chat/preset.h"
#include "app/options/endpoints.h"
#include "app/screen/said.h"
#include "app/screen/status.h"
#include "app/screen/view.h"
#include "app/text/plural.h"
#include "base/clock.h"
#include "base/count.h"
#include "engine/engine.h"

struct screen_compare {
    bool changed; /* since it was drawn */
    size_t keeps; /* side + 1 that is kept once all have stopped; 0: none */
};

struct screen_compare *screen_compare_new(void)
{
    return calloc(1, sizeof(struct screen_compare));
}

void screen_compare_free(struct screen_compare *compare)
{
    free(compare);
}

/* ---- what is compared ------------------------------------------------------------------------------------------- */

/* "temperature=0.2,top_k=5" over the present settings. */
static enum error_code read_settings(const char *text, struct sampling *out, struct error *err)
{
    char *copy = strdup(text), *rest = copy;
    if (copy == NULL)
        return error_memory(err);
    for (char *part; err->code == ERR_NONE && (part = strsep(&rest, ",")) != NULL;) {
        char *value = strchr(part, '=');
        if (value == NULL)
            error_set(err, ERR_ARGUMENT, "%s has no value; settings are written as temperature=0.2,top_k=5", part);
        else
            *value++ = '\0', sampling_set(out, part, value, err);
    }
    free(copy);
    return err->code;
}

/* A side by its name: settings, a preset, a model. */
static enum error_code read_side(struct screen *s, const char *name, uint64_t seed, struct chat_side *out,
                                 struct error *err)
{
    struct chat *c = s->repl.chat;
    struct error ignored = {0}; /* a name that is no model is reported below */
    *out = (struct chat_side){.label = name, .sampling = *chat_sampling(c)};
    out->sampling.seed = seed;
    if (strcmp(name, "now") == 0)
        return ERR_NONE;
    if (strchr(name, '=') != NULL)
        return read_settings(name, &out->sampling, err);
    const char *endpoint;
    const bool distant = endpoints_is_name(name, &endpoint);
    char *settings = preset_settings(c, name);
    char *path = settings == NULL && !distant ? models_find_name(s->options, name, &ignored) : NULL;
    if (settings != NULL) {
        out->sampling = chat_base_sampling(c, NULL); /* as /preset does */
        out->sampling.seed = seed;
        chat_read_settings(&out->sampling, settings);
    } else if (path != NULL || distant) {
        out->model = name;
    } else {
        error_set(err, ERR_NOT_FOUND, "there is no preset and no model %s; /preset and /model list them", name);
    }
    free(settings);
    free(path);
    return err->code;
}

/* All sides have one seed, so that they differ in nothing but what is compared. */
static uint64_t common_seed(const struct screen *s)
{
    uint64_t seed = chat_sampling(s->repl.chat)->seed;
    return chat_seed_is_fixed(s->repl.chat) ? seed : (uint64_t)(clock_seconds() * 1e3) & UINT32_MAX;
}

/* Cuts names into words; the sides' labels point into it. Returns how many sides there are. */
static size_t read_sides(struct screen *s, char *names, struct chat_side *sides, struct error *err)
{
    uint64_t seed = common_seed(s);
    size_t n = 0;
    for (char *name; err->code == ERR_NONE && (name = strsep(&names, " ")) != NULL;) {
        if (*name == '\0')
            continue;
        if (n == CHAT_SIDES)
            error_set(err, ERR_ARGUMENT, "at most %d can be compared", CHAT_SIDES);
        else if (read_side(s, name, seed, &sides[n], err) == ERR_NONE)
            n++;
    }
    if (n == 1 && err->code == ERR_NONE) { /* one is compared with the present settings */
        sides[1] = sides[0];
        read_side(s, "now", seed, &sides[0], err);
        n = 2;
    }
    if (n == 0 && err->code == ERR_NONE)
        error_set(err, ERR_ARGUMENT,
                  "compare with what? Presets, settings or models: /compare precise creative, or "
                  "/compare temperature=0");
    return n;
}

/* ---- what is shown ---------------------------------------------------------------------------------------------- */

static void write_about(const struct chat_compared *side, char *out, size_t size)
{
    const struct chat_message *m = side->answer;
    const struct timings *t = &m->timings;
    char count[COUNT_TEXT];
    if (side->error != NULL)
        snprintf(out, size, "%s", side->error->message);
    else if (side->loading)
        snprintf(out, size, "loading the model");
    else if (side->reading)
        snprintf(out, size, "reading the prompt");
    else if (side->running)
        snprintf(out, size, "seed %llu", (unsigned long long)m->seed);
    else
        snprintf(out, size, "%s token%s%s · %.0f t/s · seed %llu", count_write(t->answer_tokens, count),
                 plural(t->answer_tokens), m->finish == FINISH_STOPPED ? " · stopped" : "",
                 t->decode_seconds > 0 ? (double)t->answer_tokens / t->decode_seconds : 0.0,
                 (unsigned long long)m->seed);
}

static void show_sides(struct screen *s)
{
    struct chat *c = s->repl.chat;
    struct ui_compared sides[CHAT_SIDES];
    char about[CHAT_SIDES][sizeof((struct error *)0)->message];
    size_t n = chat_compared(c), question = chat_count(c);
    while (question > 0 && chat_message(c, question - 1)->role != ROLE_USER)
        question--;
    for (size_t i = 0; i < n; i++) {
        struct chat_compared side = chat_compared_side(c, i);
        const struct buf *text = &side.answer->text;
        write_about(&side, about[i], sizeof about[i]);
        sides[i] = (struct ui_compared){side.label, buf_text(text), text->size, about[i], side.running};
    }
    ui_compare(s->ui, question > 0 ? buf_text(&chat_message(c, question - 1)->text) : "", sides, n);
    s->compare->changed = false;
    screen_status_show(s);
}

/* ---- beginning and ending ---------------------------------------------------------------------------------------- */

void screen_compare_begin(struct screen *s, const char *arguments, struct error *err)
{
    struct chat_side sides[CHAT_SIDES];
    char *names = strdup(arguments);
    if (names == NULL) {
        error_memory(err);
        return;
    }
    size_t n = read_sides(s, names, sides, err);
    if (err->code == ERR_NONE && chat_compare(s->repl.chat, sides, n, err) == ERR_NONE)
        show_sides(s);
    free(names);
}

static void end_comparison(struct screen *s, size_t side)
{
    struct error err = {0};
    chat_compare_end(s->repl.chat, side, &err);
    screen_said_error(s, &err);
    show_sides(s);
    screen_view_sync(s);
    screen_status_show_head(s);
    ui_show_end(s->ui);
}

void screen_compare_changed(struct screen *s)
{
    s->compare->changed = true;
}

void screen_compare_keep(struct screen *s, size_t side)
{
    s->compare->keeps = side + 1;
    if (chat_compare_runs(s->repl.chat))
        chat_stop(s->repl.chat);
}

void screen_compare_leave(struct screen *s)
{
    if (chat_compare_runs(s->repl.chat))
        chat_stop(s->repl.chat);
    else
        end_comparison(s, SIZE_MAX);
}

void screen_compare_tick(struct screen *s)
{
    struct screen_compare *compare = s->compare;
    if (compare->keeps > 0 && !chat_compare_runs(s->repl.chat)) {
        size_t side = compare->keeps - 1;
        compare->keeps = 0;
        end_comparison(s, side);
    } else if (compare->keeps > 0) { /* it is off the screen already */
        compare->changed = false;
    } else if (compare->changed) {
        show_sides(s);
    }
}

bool screen_compare_due(const struct screen *s)
{
    return s->compare->changed;
}
