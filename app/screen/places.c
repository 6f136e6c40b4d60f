/* Places: a message is gone to by its id, whichever branch it is in. */
#include <config.h>

#include "app/screen/places.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/screen/acts.h"
#include "app/screen/bookmarks.h"
#include "app/screen/items.h"
#include "app/screen/view.h"
#include "base/clock.h"
#include "history/history.h"

/* Bytes of a message that are shown. */
enum { LABEL = 200 };

struct place {
    int64_t conversation, message;
    int64_t last; /* message of the branch that was shown */
    bool end;     /* the view follows the end */
};

struct screen_places {
    struct place back; /* message 0: nowhere */
};

struct screen_places *screen_places_new(void)
{
    return calloc(1, sizeof(struct screen_places));
}

void screen_places_free(struct screen_places *places)
{
    free(places);
}

/* ---- going ------------------------------------------------------------------------------------------------------ */

/* Where the view is; message 0 before anything is stored. */
static struct place present_place(const struct screen *s)
{
    const struct chat *c = s->repl.chat;
    size_t index = ui_message_in_view(s->ui);
    return (struct place){.conversation = home_conversation(chat_home(c)),
                          .message = index < chat_count(c) ? chat_message(c, index)->id : 0,
                          .last = chat_count(c) > 0 ? chat_message(c, chat_count(c) - 1)->id : 0,
                          .end = ui_follows_end(s->ui)};
}

void screen_places_leave(struct screen *s)
{
    struct place now = present_place(s);
    if (now.message != 0 && now.last != 0)
        s->places->back = now;
}

static size_t find_message(const struct chat *c, int64_t message)
{
    size_t index = 0;
    while (index < chat_count(c) && chat_message(c, index)->id != message)
        index++;
    return index;
}

/* Makes the branch with the message the one that is shown; *index is its place there. */
static enum error_code reach_message(struct screen *s, int64_t message, size_t *index, struct error *err)
{
    struct chat *c = s->repl.chat;
    if (find_message(c, message) == chat_count(c) && chat_select(c, message, err) != ERR_NONE)
        return err->code;
    screen_view_sync(s);
    *index = find_message(c, message);
    return *index < chat_count(c) ? ERR_NONE : error_set(err, ERR_NOT_FOUND, "that message is gone");
}

void screen_places_go(struct screen *s, int64_t message, struct error *err)
{
    struct place before = present_place(s);
    size_t index;
    if (reach_message(s, message, &index, err) != ERR_NONE)
        return;
    if (before.message != 0 && before.last != 0)
        s->places->back = before;
    ui_command(s->ui, "transcript"); /* before the message is selected: to enter selects what is in view */
    ui_show_message(s->ui, index);
}

void screen_places_back(struct screen *s, struct error *err)
{
    struct place to = s->places->back;
    if (to.message == 0) {
        error_set(err, ERR_NOT_FOUND, "there is no place to go back to; jumps and searches leave one");
        return;
    }
    struct place before = present_place(s);
    if (to.conversation != before.conversation &&
        chat_open_conversation(s->repl.chat, to.conversation, err) != ERR_NONE)
        return;
    size_t index;
    if (reach_message(s, to.last, &index, err) != ERR_NONE || reach_message(s, to.message, &index, err) != ERR_NONE)
        return;
    if (before.message != 0 && before.last != 0)
        s->places->back = before;
    if (to.end)
        ui_show_end(s->ui);
    else
        ui_show_message(s->ui, index);
}

void screen_places_mark(struct screen *s, size_t index, struct error *err)
{
    bool on;
    if (screen_bookmarks_flip(s, chat_message(s->repl.chat, index)->id, &on, err) == ERR_NONE)
        ui_notice(s->ui, false, on ? "bookmark set; Alt-g goes to it" : "bookmark removed");
    screen_view_refresh(s, index);
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void add_message(struct screen *s, struct items *items, size_t index, bool marked)
{
    const struct chat_message *m = chat_message(s->repl.chat, index);
    char label[LABEL + 32], when[LIBRARY_TIME_SIZE];
    size_t size = m->text.size < LABEL ? m->text.size : LABEL;
    snprintf(label, sizeof label, "%.*s", (int)size, buf_text(&m->text));
    library_age(m->created, clock_wall(), when);
    items_add(items, &(struct ui_item){.label = label,
                                       .detail = when,
                                       .act = ACT_GO,
                                       .a = m->id,
                                       .group = marked ? "Bookmarks" : "Your questions"});
}

void screen_places_pick(struct screen *s, struct error *err)
{
    const struct chat *c = s->repl.chat;
    struct items items = {0};
    for (size_t i = 0; i < chat_count(c); i++)
        if (screen_bookmarks_has(s, chat_message(c, i)->id))
            add_message(s, &items, i, true);
    for (size_t i = chat_count(c); i-- > 0;)
        if (chat_message(c, i)->role == ROLE_USER && chat_message(c, i)->id != 0)
            add_message(s, &items, i, false);
    if (items.n == 0)
        error_set(err, ERR_NOT_FOUND, "there is no question to go to yet");
    else
        ui_pick(s->ui, "Bookmarks and your questions", items.at, items.n, UI_PICK_FILTERS);
    items_free(&items);
}
