/* Step: the event that a waiting answer sent, and the choice made from it. */
#include <config.h>

#include "app/screen/step.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen/records.h"
#include "app/screen/said.h"
#include "app/screen/status.h"
#include "app/screen/token.h"
#include "engine/engine.h"

struct screen_step {
    struct event next; /* what the waiting answer may continue with */
};

struct screen_step *screen_step_new(void)
{
    return calloc(1, sizeof(struct screen_step));
}

void screen_step_free(struct screen_step *step)
{
    free(step);
}

void screen_step_begin(struct screen *s, const struct event *event)
{
    struct ui_candidate rows[SAMPLING_CANDIDATES];
    char words[SAMPLING_CANDIDATES][TOKEN_TEXT], title[64], facts[128], settings[512];
    struct error err = {0};
    size_t n = screen_token_rows(s, event, rows, words);
    chat_flush(s->repl.chat);
    screen_records_forget(s);
    size_t number = screen_records_count(s, chat_count(s->repl.chat) - 1, &err) + 1;
    screen_said_error(s, &err);
    snprintf(title, sizeof title, "token %zu", number);
    snprintf(facts, sizeof facts, "entropy %.2f bits\n%d token%s left to draw from", (double)event->entropy / M_LN2,
             (int)event->survivors, event->survivors == 1 ? "" : "s");
    screen_token_write_settings(chat_sampling(s->repl.chat), settings, sizeof settings);
    ui_set_next(s->ui, &(struct ui_token_details){title, facts, settings, rows, n});
    s->step->next = *event;
    screen_status_wait_at(s, number);
    screen_status_show(s);
}

void screen_step_end(struct screen *s)
{
    ui_set_next(s->ui, NULL);
}

void screen_step_choose(struct screen *s, int candidate, struct error *err)
{
    const struct event *next = &s->step->next;
    bool waits = chat_waits(s->repl.chat);
    if (!waits && chat_is_busy(s->repl.chat))
        return; /* a key that repeats: the token that the last press asked for is being made */
    if (!waits)
        error_set(err, ERR_NOT_FOUND, "no answer waits for a token");
    else if (candidate >= next->n_best)
        error_set(err, ERR_NOT_FOUND, "there is no such candidate");
    else
        chat_step(s->repl.chat, candidate < 0 ? -1 : next->best[candidate].id);
}

void screen_step_set(struct screen *s, const char *arguments, struct error *err)
{
    struct chat *c = s->repl.chat;
    bool on = *arguments == '\0' ? !chat_is_stepping(c) : strcmp(arguments, "on") == 0;
    if (*arguments != '\0' && !on && strcmp(arguments, "off") != 0) {
        error_set(err, ERR_ARGUMENT, "/step takes on or off, not '%s'", arguments);
        return;
    }
    if (on && chat_host(c) != NULL) {
        error_set(err, ERR_UNSUPPORTED, "%s waits for nobody between two tokens: /step needs a model on this machine",
                  chat_host(c));
        return;
    }
    chat_set_stepping(c, on);
    if (!on)
        screen_step_end(s);
    ui_notice(s->ui, false,
              on ? "token by token: the next answer waits before each; /step off ends that"
                 : "answers are no longer made token by token");
}
