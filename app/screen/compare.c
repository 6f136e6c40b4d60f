/* Screen: answers side by side. What /compare names becomes sides of the chat's comparison, and what comes of them columns
 * of the screen. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/chat/preset.h"
#include "app/terminal/progress.h"
#include "app/screen/screen.h"

/* ---- what is to be compared ------------------------------------------------------------------------------------- */

/* "temperature=0.2,top_k=5" over the present settings. */
static enum error_code read_settings(const char *text, struct sampling *out, struct error *err)
{
    char *copy = strdup(text), *rest = copy;
    for (char *part; copy != NULL && err->code == ERR_NONE && (part = strsep(&rest, ",")) != NULL;) {
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
static enum error_code read_side(struct screen *f, const char *name, uint64_t seed, struct chat_side *out, struct error *err)
{
    struct error ignored = {0};
    *out = (struct chat_side){.label = name, .sampling = *chat_sampling(f->repl.chat)};
    out->sampling.seed = seed;
    if (strcmp(name, "now") == 0)
        return ERR_NONE;
    if (strchr(name, '=') != NULL)
        return read_settings(name, &out->sampling, err);
    char *settings = preset_settings(f->repl.chat, name);
    char *path = settings == NULL ? models_find_name(f->options, name, &ignored) : NULL;
    if (settings != NULL) {
        out->sampling = chat_base_sampling(f->repl.chat, NULL); /* as /preset does */
        out->sampling.seed = seed;
        chat_read_settings(&out->sampling, settings);
    } else if (path != NULL) {
        out->model = name;
    } else {
        error_set(err, ERR_NOT_FOUND, "there is no preset and no model %s; /preset and /model list them", name);
    }
    free(settings);
    free(path);
    return err->code;
}

/* All sides have one seed, so that nothing but what is compared differs. */
static uint64_t common_seed(const struct screen *f)
{
    uint64_t seed = chat_sampling(f->repl.chat)->seed;
    return chat_seed_is_fixed(f->repl.chat) ? seed : (uint64_t)(clock_seconds() * 1e3) & UINT32_MAX;
}

void screen_compare(struct screen *f, const char *arguments, struct error *err)
{
    struct chat_side sides[CHAT_SIDES];
    char *copy = strdup(arguments), *rest = copy;
    uint64_t seed = common_seed(f);
    size_t n = 0;
    for (char *name; copy != NULL && err->code == ERR_NONE && (name = strsep(&rest, " ")) != NULL;) {
        if (*name == '\0')
            continue;
        if (n == CHAT_SIDES)
            error_set(err, ERR_ARGUMENT, "at most %d can be compared", CHAT_SIDES);
        else if (read_side(f, name, seed, &sides[n], err) == ERR_NONE)
            n++;
    }
    if (n == 1 && err->code == ERR_NONE) { /* with what is set now */
        sides[1] = sides[0];
        read_side(f, "now", seed, &sides[0], err);
        n = 2;
    }
    if (n == 0 && err->code == ERR_NONE)
        error_set(err, ERR_ARGUMENT,
                  "what with? Presets, settings or models: /compare precise creative, or /compare temperature=0");
    if (err->code == ERR_NONE && chat_compare(f->repl.chat, sides, n, err) == ERR_NONE)
        screen_show_compared(f);
    free(copy);
}

/* ---- what comes of it ------------------------------------------------------------------------------------------- */

static void write_about(const struct chat_compared *side, char *out, size_t size)
{
    const struct chat_message *m = side->answer;
    const struct timings *t = &m->timings;
    if (side->error != NULL)
        snprintf(out, size, "%s", side->error->message);
    else if (side->loading)
        snprintf(out, size, "loading the model");
    else if (side->reading)
        snprintf(out, size, "reading the prompt");
    else if (side->running)
        snprintf(out, size, "seed %llu", (unsigned long long)m->sampling.seed);
    else
        snprintf(out, size, "%zu token%s%s · %.0f t/s · seed %llu", t->answer_tokens, t->answer_tokens == 1 ? "" : "s",
                 m->finish == FINISH_STOPPED ? " · stopped" : "",
                 t->decode_seconds > 0 ? (double)t->answer_tokens / t->decode_seconds : 0.0,
                 (unsigned long long)m->sampling.seed);
}

void screen_show_compared(struct screen *f)
{
    struct chat *c = f->repl.chat;
    struct ui_compared sides[CHAT_SIDES];
    char about[CHAT_SIDES][sizeof ((struct error *)0)->message];
    size_t n = chat_compared(c), question = chat_count(c);
    while (question > 0 && chat_message(c, question - 1)->role != ROLE_USER)
        question--;
    for (size_t i = 0; i < n; i++) {
        struct chat_compared side = chat_compared_side(c, i);
        write_about(&side, about[i], sizeof about[i]);
        const struct buf *text = &side.answer->text;
        sides[i] = (struct ui_compared){side.label, buf_text(text), text->size, about[i], side.running};
    }
    ui_compare(f->ui, question > 0 ? buf_text(&chat_message(c, question - 1)->text) : "", sides, n);
    f->compared = false;
    screen_status(f);
}

void screen_compared(void *context, size_t side)
{
    struct screen *f = context;
    (void)side;
    f->compared = true; /* drawn with the next frame */
}

static void end(struct screen *f, size_t side)
{
    struct error err = {0};
    if (chat_compare_end(f->repl.chat, side, &err) != ERR_NONE)
        ui_notice(f->ui, true, err.message);
    screen_show_compared(f);
    screen_sync(f);
    screen_head(f);
    ui_show_end(f->ui);
}

/* Keeps one; what is under way is stopped first. */
void screen_keep(struct screen *f, size_t side)
{
    f->keeps = side + 1;
    if (chat_compare_runs(f->repl.chat))
        chat_stop(f->repl.chat);
}

void screen_leave_compared(struct screen *f)
{
    if (chat_compare_runs(f->repl.chat))
        chat_stop(f->repl.chat);
    else
        end(f, SIZE_MAX);
}

void screen_draw_compared(struct screen *f)
{
    if (f->keeps > 0 && !chat_compare_runs(f->repl.chat)) {
        size_t side = f->keeps - 1;
        f->keeps = 0;
        end(f, side);
    } else if (f->compared) {
        screen_show_compared(f);
    }
}
