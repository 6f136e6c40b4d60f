/* Places: bookmarks are a list of ids that the history remembers for each conversation. */
#include <config.h>

#include "app/screen/places.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/screen/acts.h"
#include "app/screen/items.h"
#include "app/screen/view.h"
#include "base/clock.h"
#include "history/history.h"

/* Messages with a bookmark in one conversation; bytes of a message that are shown. */
enum { MARKS_MOST = 1000, LABEL = 200 };

struct place {
    int64_t conversation, message;
    bool end; /* the view follows the end */
};

struct screen_places {
    struct place back; /* message 0: nowhere */
    int64_t conversation;
    bool temporary;
    int64_t marks[MARKS_MOST]; /* of that conversation */
    size_t n_marks;
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
                          .end = ui_follows_end(s->ui)};
}

void screen_places_leave(struct screen *s)
{
    struct place now = present_place(s);
    if (now.message != 0)
        s->places->back = now;
}

static size_t find_message(const struct chat *c, int64_t message)
{
    size_t index = 0;
    while (index < chat_count(c) && chat_message(c, index)->id != message)
        index++;
    return index;
}

static void show_message(struct screen *s, int64_t message, struct error *err)
{
    struct chat *c = s->repl.chat;
    if (find_message(c, message) == chat_count(c) && chat_select(c, message, err) != ERR_NONE)
        return;
    screen_view_sync(s);
    size_t index = find_message(c, message);
    if (index < chat_count(c))
        ui_show_message(s->ui, index);
    else
        error_set(err, ERR_NOT_FOUND, "that message is gone");
}

void screen_places_go(struct screen *s, int64_t message, struct error *err)
{
    struct place before = present_place(s);
    show_message(s, message, err);
    if (err->code != ERR_NONE)
        return;
    if (before.message != 0)
        s->places->back = before;
    ui_command(s->ui, "transcript");
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
    show_message(s, to.message, err);
    if (err->code == ERR_NONE && before.message != 0)
        s->places->back = before;
    if (err->code == ERR_NONE && to.end)
        ui_show_end(s->ui);
}

/* ---- bookmarks -------------------------------------------------------------------------------------------------- */

static void write_key(int64_t conversation, char *out, size_t size)
{
    snprintf(out, size, "bookmarks.%" PRId64, conversation);
}

/* Reads those of the open conversation, once. */
static void read_marks(struct screen *s)
{
    struct screen_places *places = s->places;
    const struct home *home = chat_home(s->repl.chat);
    struct error ignored = {0}; /* without its bookmarks a conversation can be read as well */
    char key[48], *value = NULL;
    if (places->conversation == home_conversation(home) && places->temporary == home_is_temporary(home))
        return;
    places->conversation = home_conversation(home);
    places->temporary = home_is_temporary(home);
    places->n_marks = 0;
    write_key(places->conversation, key, sizeof key);
    if (places->conversation == 0 || store_recall(home_store(home), key, &value, &ignored) != ERR_NONE)
        return;
    for (char *at = value, *end; at != NULL && places->n_marks < MARKS_MOST; at = end) {
        int64_t id = strtoll(at, &end, 10);
        if (end == at)
            break;
        places->marks[places->n_marks++] = id;
    }
    free(value);
}

static size_t find_mark(const struct screen_places *places, int64_t message)
{
    size_t i = 0;
    while (i < places->n_marks && places->marks[i] != message)
        i++;
    return i;
}

bool screen_places_is_marked(const struct screen *s, int64_t message)
{
    read_marks((struct screen *)s);
    return message != 0 && find_mark(s->places, message) < s->places->n_marks;
}

static enum error_code store_marks(struct screen *s, struct error *err)
{
    const struct screen_places *places = s->places;
    struct buf value;
    char key[48];
    buf_init(&value, 1 << 20);
    for (size_t i = 0; i < places->n_marks; i++)
        buf_printf(&value, "%" PRId64 " ", places->marks[i]);
    write_key(places->conversation, key, sizeof key);
    store_remember(home_store(chat_home(s->repl.chat)), key, places->n_marks > 0 ? buf_text(&value) : NULL, err);
    buf_free(&value);
    return err->code;
}

void screen_places_mark(struct screen *s, size_t index, struct error *err)
{
    struct screen_places *places = s->places;
    int64_t message = chat_message(s->repl.chat, index)->id;
    read_marks(s);
    size_t at = find_mark(places, message);
    if (message == 0) {
        error_set(err, ERR_NOT_FOUND, "this message is not saved yet");
        return;
    }
    if (at == MARKS_MOST) {
        error_set(err, ERR_ARGUMENT, "a conversation has room for %d bookmarks", MARKS_MOST);
        return;
    }
    bool on = at == places->n_marks;
    if (on)
        places->marks[places->n_marks++] = message;
    else
        memmove(places->marks + at, places->marks + at + 1, (--places->n_marks - at) * sizeof places->marks[0]);
    if (store_marks(s, err) != ERR_NONE)
        places->conversation = -1; /* they are read again */
    else
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
        if (screen_places_is_marked(s, chat_message(c, i)->id))
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
