/* Screen: token by token. An answer that waits shows what its next token may be under the lens; one goes on with what is
 * drawn, with another candidate, with words of one's own, or looks back and takes another road from there. */
#include <config.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/screen/screen.h"

enum { WORDS_LABEL = 40 };

/* ---- waiting ---------------------------------------------------------------------------------------------------- */

void screen_waits(struct screen *f, const struct event *event)
{
    struct ui_candidate rows[SAMPLING_CANDIDATES];
    char words[SAMPLING_CANDIDATES][48], title[64], facts[128], settings[512];
    size_t n = screen_candidate_rows(f, event, rows, words);
    chat_flush(f->repl.chat);
    screen_forget_records(f);
    f->next_number = screen_token_count(f, chat_count(f->repl.chat) - 1) + 1;
    snprintf(title, sizeof title, "token %zu", f->next_number);
    snprintf(facts, sizeof facts, "entropy %.2f bits\n%d token%s left to draw from", (double)event->entropy / M_LN2,
             (int)event->survivors, event->survivors == 1 ? "" : "s");
    screen_write_settings(chat_sampling(f->repl.chat), settings, sizeof settings);
    ui_set_next(f->ui, &(struct ui_token_details){title, facts, settings, rows, n});
    f->next = *event;
    screen_status(f);
}

void screen_waits_no_more(struct screen *f)
{
    ui_set_next(f->ui, NULL);
}

/* ---- going on --------------------------------------------------------------------------------------------------- */

void screen_go_on(struct screen *f, int candidate)
{
    if (chat_waits(f->repl.chat) && candidate < f->next.n_best)
        chat_step(f->repl.chat, candidate < 0 ? -1 : f->next.best[candidate].id);
}

void screen_set_stepping(struct screen *f, const char *arguments, struct error *err)
{
    struct chat *c = f->repl.chat;
    bool on = *arguments == '\0' ? !chat_is_stepping(c) : strcmp(arguments, "on") == 0;
    if (*arguments != '\0' && !on && strcmp(arguments, "off") != 0) {
        error_set(err, ERR_ARGUMENT, "/step on or /step off");
        return;
    }
    chat_set_stepping(c, on);
    if (!on)
        screen_waits_no_more(f);
    ui_notice(f->ui, false, on ? "token by token: the next answer waits before each; /step off ends that"
                               : "answers go on without steps");
}

/* ---- other roads ------------------------------------------------------------------------------------------------ */

/* Goes another road; false when that failed. */
static bool take_road(struct screen *f, const struct screen_road *road, struct error *err)
{
    struct chat *c = f->repl.chat;
    enum error_code code = road->words != NULL ? chat_fork_words(c, road->index, road->token, road->words, err)
                                               : chat_fork(c, road->index, road->token, road->id, err);
    if (code != ERR_NONE)
        return false;
    screen_sync(f);
    ui_show_end(f->ui);
    return true;
}

/* An answer that waits is stopped first; its end goes on with this. */
void screen_go_road(struct screen *f, struct screen_road road)
{
    struct error err = {0};
    free(f->road.words);
    f->road = (struct screen_road){0};
    if (chat_waits(f->repl.chat)) {
        f->road = road;
        f->has_road = true;
        chat_stop(f->repl.chat);
        return;
    }
    if (!take_road(f, &road, &err)) {
        ui_notice(f->ui, true, err.message);
        if (road.words != NULL)
            ui_set_typed(f->ui, road.words, strlen(road.words));
    }
    free(road.words);
}

void screen_ended_for_road(struct screen *f)
{
    struct screen_road road = f->road;
    if (!f->has_road)
        return;
    f->road = (struct screen_road){0};
    f->has_road = false;
    screen_go_road(f, road);
}

/* ---- own words -------------------------------------------------------------------------------------------------- */

void screen_begin_words(struct screen *f, size_t index, size_t token)
{
    const char *before;
    if (token == SIZE_MAX)
        token = screen_token_count(f, index);
    size_t size = screen_text_before(f, index, token, &before), typed;
    if (f->editing == 0 && f->words.at == 0) {
        free(f->edited_text);
        f->edited_text = strdup(ui_typed(f->ui, &typed, NULL));
    }
    const char *shown = before + (size > WORDS_LABEL ? size - WORDS_LABEL : 0);
    while ((*shown & 0xC0) == 0x80 || *shown == ' ')
        shown++;
    snprintf(f->words.behind, sizeof f->words.behind, "%.*s", (int)(before + size - shown), shown);
    for (char *p = f->words.behind; *p != '\0'; p++)
        if (*p == '\n')
            *p = ' ';
    f->words.at = token + 1;
    f->words.index = index;
    /* a word that stood here was parted from the one before */
    bool space = before[size] == ' ' || (before[size] == '\0' && size > 0 && strchr(" \n", before[size - 1]) == NULL);
    ui_set_typed(f->ui, space ? " " : "", space);
    ui_compose(f->ui);
    screen_label(f);
}

void screen_send_words(struct screen *f, const char *text, size_t size)
{
    struct screen_road road = {.index = f->words.index, .token = f->words.at - 1, .words = strndup(text, size)};
    screen_end_edit(f);
    if (road.words != NULL)
        screen_go_road(f, road);
}
