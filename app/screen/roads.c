/* Roads: with another candidate, a token drawn again, or the user's own words. */
#include <config.h>

#include "app/screen/roads.h"

#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/screen/composer.h"
#include "app/screen/records.h"
#include "app/screen/view.h"

struct road {
    size_t index, token;
    int32_t id;  /* -1: what is drawn */
    char *words; /* in place of id; NULL: none */
};

struct screen_roads {
    bool waiting; /* for the end of the answer that waits: */
    struct road next;
};

struct screen_roads *screen_roads_new(void)
{
    return calloc(1, sizeof(struct screen_roads));
}

void screen_roads_free(struct screen_roads *roads)
{
    if (roads != NULL)
        free(roads->next.words);
    free(roads);
}

/* ---- taking one ------------------------------------------------------------------------------------------------- */

/* Words that could not be used are typed again. */
static void fork_answer(struct screen *s, const struct road *road, struct error *err)
{
    struct chat *c = s->repl.chat;
    if (road->words != NULL)
        chat_fork_words(c, road->index, road->token, road->words, err);
    else
        chat_fork(c, road->index, road->token, road->id, err);
    if (err->code == ERR_NONE) {
        screen_view_sync(s);
        ui_show_end(s->ui);
    } else if (road->words != NULL) {
        ui_set_typed(s->ui, road->words, strlen(road->words));
    }
}

/* Takes over road.words. */
static void take_or_wait(struct screen *s, struct road road, struct error *err)
{
    struct screen_roads *roads = s->roads;
    free(roads->next.words);
    roads->next = (struct road){0};
    if (chat_waits(s->repl.chat)) {
        roads->next = road;
        roads->waiting = true;
        chat_stop(s->repl.chat);
    } else {
        fork_answer(s, &road, err);
        free(road.words);
    }
}

void screen_roads_take(struct screen *s, size_t index, size_t token, int32_t id, struct error *err)
{
    take_or_wait(s, (struct road){.index = index, .token = token, .id = id}, err);
}

bool screen_roads_wait(const struct screen *s)
{
    return s->roads->waiting;
}

void screen_roads_resume(struct screen *s, struct error *err)
{
    struct road road = s->roads->next;
    if (!s->roads->waiting)
        return;
    s->roads->next = (struct road){0};
    s->roads->waiting = false;
    take_or_wait(s, road, err);
}

/* ---- own words -------------------------------------------------------------------------------------------------- */

void screen_roads_begin_words(struct screen *s, size_t index, size_t token, struct error *err)
{
    const char *text;
    if (index >= chat_count(s->repl.chat)) {
        error_set(err, ERR_NOT_FOUND, "there is no message to continue");
        return;
    }
    size_t n = screen_records_count(s, index, err), place = token < n ? token : n;
    size_t size = screen_records_before(s, index, place, &text, err);
    if (err->code == ERR_NONE)
        screen_composer_begin_words(s, index, place, text, size);
}

void screen_roads_send_words(struct screen *s, const char *text, size_t size, struct error *err)
{
    struct road road = {.words = strndup(text, size)};
    if (road.words == NULL) {
        ui_set_typed(s->ui, text, size);
        error_memory(err);
        return;
    }
    screen_composer_use(s, &road.index, &road.token);
    screen_composer_end(s);
    take_or_wait(s, road, err);
}
