/* Slash commands: the saved conversations: listing, opening, deleting and restoring. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "app/chat/chat.h"
#include "app/library/caches.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

static int64_t milliseconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- lists ------------------------------------------------------------------------------------------------------ */

/* Shows a row: when and what. */
static bool show_row(struct repl *t, const struct store_conversation *c)
{
    char age[LIBRARY_TIME_SIZE];
    struct buf row;
    const struct home *k = chat_home(t->chat);
    bool open = !home_is_temporary(k) && home_conversation(k) == c->id;
    buf_init(&row, 1 << 16);
    library_age(c->trashed != 0 ? c->trashed : c->changed, milliseconds_now(), age);
    buf_printf(&row, "%-12s ", age);
    library_title(c, &row);
    bool good = slash_listed_add(t, (struct listed_row){.conversation = c->id}, open ? '*' : ' ', &row);
    buf_free(&row);
    return good;
}

/* Shows one page of a list; false if it is empty. */
static bool show_page(struct repl *t, const struct store_list_query *query, size_t *total, struct error *err)
{
    struct store_conversations list = {0};
    struct store *s = home_library(chat_home(t->chat), err);
    if (s == NULL || store_list(s, query, &list, err) != ERR_NONE)
        return false;
    slash_listed_begin(t, query->first + 1, false);
    for (size_t i = 0; i < list.n; i++)
        if (!show_row(t, &list.at[i]))
            error_memory(err);
    *total = list.total;
    bool any = list.n > 0;
    store_conversations_free(&list);
    return any;
}

/* Reads a page number, from 1, which may be missing; false if arguments are not one. */
static bool read_page(const char *arguments, size_t *page)
{
    char *end;
    unsigned long n = strtoul(arguments, &end, 10);
    *page = 1;
    if (arguments[0] < '0' || arguments[0] > '9' || *end != '\0' || n < 1 || n > 1000000)
        return *arguments == '\0';
    *page = n;
    return true;
}

/* Tells how many more there are, and how to see them. */
static void show_rest(struct repl *t, const char *command, size_t page, size_t total)
{
    size_t shown = t->listed.first - 1 + t->listed.n;
    if (shown < total)
        show_note(t->show, "%zu more: /%s %zu", total - shown, command, page + 1);
}

enum error_code slash_list(struct repl *t, const char *arguments, struct error *err)
{
    size_t page, total = 0;
    bool paged = read_page(arguments, &page), archive = strncasecmp(arguments, "archive", 7) == 0;
    const char *tag = paged || archive ? NULL : arguments + (*arguments == '#');
    const struct store_list_query query = {
        .view = archive ? STORE_VIEW_ARCHIVED : STORE_VIEW_CURRENT,
        .tag = tag,
        .first = (page - 1) * slash_listed_page(t),
        .limit = paged ? slash_listed_page(t) : 0,
    };
    bool any = show_page(t, &query, &total, err);
    if (err->code == ERR_NOT_FOUND) /* --no-save, and no history exists */
        *err = (struct error){0};
    if (err->code != ERR_NONE)
        return err->code;
    if (any)
        show_rest(t, "list", page, total);
    else if (tag != NULL)
        return error_set(err, ERR_NOT_FOUND, "no conversation has the tag %s; /tag shows those in use", tag);
    else
        show_note(t->show, archive    ? "no conversation is archived"
                           : page > 1 ? "there is no such page"
                                      : "no conversations yet");
    return ERR_NONE;
}

enum error_code slash_trash(struct repl *t, const char *arguments, struct error *err)
{
    size_t page, total = 0;
    if (!read_page(arguments, &page))
        return slash_usage(t, "trash", err);
    const struct store_list_query query = {.view = STORE_VIEW_TRASH,
                                           .first = (page - 1) * slash_listed_page(t),
                                           .limit = slash_listed_page(t)};
    bool any = show_page(t, &query, &total, err);
    if (err->code != ERR_NONE && err->code != ERR_NOT_FOUND)
        return err->code;
    *err = (struct error){0};
    if (any) {
        show_rest(t, "trash", page, total);
        show_note(t->show, "/restore N brings one back");
    } else {
        show_note(t->show, page > 1 ? "there is no such page" : "the trash is empty");
    }
    return ERR_NONE;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* The index of a message on the current path; chat_count() if it is not there. */
static size_t index_of(const struct chat *c, int64_t message)
{
    size_t i = 0;
    while (i < chat_count(c) && chat_message(c, i)->id != message)
        i++;
    return i;
}

static void show_place(struct repl *t, size_t index)
{
    if (t->jump != NULL) {
        t->jump(t->context, index);
        return;
    }
    const struct chat_message *m = chat_message(t->chat, index);
    show_note(t->show, "message %zu of %zu:", index + 1, chat_count(t->chat));
    show_line(t->show, "%s", buf_text(&m->text));
}

/* Opens a place that a search found, on another branch if necessary. */
static enum error_code open_place(struct repl *t, const struct listed_row *row, struct error *err)
{
    struct home *k = chat_home(t->chat);
    bool there = home_conversation(k) == row->conversation && home_is_temporary(k) == t->listed.temporary;
    if (t->listed.temporary && (!there || index_of(t->chat, row->message) == chat_count(t->chat)))
        return error_set(err, ERR_NOT_FOUND,
                         "that place is not on this branch of the conversation; /prev and /next show the others");
    if (!there && chat_open_conversation(t->chat, row->conversation, err) != ERR_NONE)
        return err->code;
    if (index_of(t->chat, row->message) == chat_count(t->chat) &&
        (chat_is_busy(t->chat) ? error_set(err, ERR_BUSY, "an answer is being written; stop it first")
                               : store_select(home_store(k), row->message, err)) != ERR_NONE)
        return err->code;
    if (index_of(t->chat, row->message) == chat_count(t->chat) &&
        chat_open_conversation(t->chat, row->conversation, err) != ERR_NONE)
        return err->code;
    size_t index = index_of(t->chat, row->message);
    if (index == chat_count(t->chat))
        return error_set(err, ERR_NOT_FOUND, "that message no longer exists");
    show_place(t, index);
    return ERR_NONE;
}

/* A conversation in the trash is not opened until the user restores it. */
static enum error_code check_not_deleted(struct store *s, int64_t id, struct error *err)
{
    struct store_conversation c = {0};
    if (store_conversation_get(s, id, &c, err) == ERR_NONE && c.trashed != 0)
        error_set(err, ERR_ARGUMENT, "%s is in the trash; /restore %s brings it back", c.public_id, c.public_id);
    store_conversation_free(&c);
    return err->code;
}

enum error_code slash_open(struct repl *t, const char *arguments, struct error *err)
{
    struct listed_row row;
    struct home *k = chat_home(t->chat);
    if (*arguments == '\0')
        return slash_list(t, "", err);
    if (slash_listed_find(t, arguments, &row, err) != ERR_NONE)
        return err->code;
    if (row.message != 0)
        return open_place(t, &row, err);
    struct store *s = home_library(k, err);
    if (s == NULL || check_not_deleted(s, row.conversation, err) != ERR_NONE)
        return err->code;
    if (!home_is_temporary(k) && home_conversation(k) == row.conversation)
        show_note(t->show, "that conversation is open already");
    else
        chat_open_conversation(t->chat, row.conversation, err);
    return err->code;
}

/* ---- the trash -------------------------------------------------------------------------------------------------- */

static void show_deleted(struct repl *t, struct store *s, int64_t id)
{
    struct store_conversation c = {0};
    if (store_conversation_get(s, id, &c, NULL) == ERR_NONE)
        show_note(t->show, "deleted: %s; /restore brings it back", c.title[0] != '\0' ? c.title : c.public_id);
    store_conversation_free(&c);
}

/* Deletes the open conversation: the chat begins a new one. */
static enum error_code delete_present(struct repl *t, struct error *err)
{
    struct store *s;
    int64_t id;
    if (slash_present(t, &s, &id, err) != ERR_NONE)
        return err->code;
    if (home_is_temporary(chat_home(t->chat)))
        return error_set(err, ERR_ARGUMENT,
                         "a temporary conversation is not saved, so it can't be deleted; /new begins another");
    if (chat_check_still(t->chat, id, err) != ERR_NONE || chat_new(t->chat, false, err) != ERR_NONE)
        return err->code;
    if (caches_delete(t->options, s, id, err) != ERR_NONE) {
        struct error ignored = {0};
        chat_open_conversation(t->chat, id, &ignored);
        return err->code;
    }
    repl_detach(t);
    show_deleted(t, s, id);
    return ERR_NONE;
}

enum error_code slash_delete(struct repl *t, const char *arguments, struct error *err)
{
    struct listed_row row;
    struct home *k = chat_home(t->chat);
    if (*arguments == '\0')
        return delete_present(t, err);
    if (slash_listed_find(t, arguments, &row, err) != ERR_NONE)
        return err->code;
    if (row.message != 0)
        return error_set(err, ERR_ARGUMENT,
                         "that number is a place in a conversation; /delete takes a number from /list");
    if (!home_is_temporary(k) && home_conversation(k) == row.conversation)
        return delete_present(t, err);
    struct store *s = home_library(k, err);
    if (s != NULL && chat_check_still(t->chat, row.conversation, err) == ERR_NONE &&
        caches_delete(t->options, s, row.conversation, err) == ERR_NONE)
        show_deleted(t, s, row.conversation);
    return err->code;
}

static enum error_code find_last_deleted(struct store *s, int64_t *id, struct error *err)
{
    struct store_conversations list = {0};
    if (store_list(s, &(struct store_list_query){.view = STORE_VIEW_TRASH, .limit = 1}, &list, err) == ERR_NONE) {
        if (list.n > 0)
            *id = list.at[0].id;
        else
            error_set(err, ERR_NOT_FOUND, "the trash is empty");
    }
    store_conversations_free(&list);
    return err->code;
}

enum error_code slash_restore(struct repl *t, const char *arguments, struct error *err)
{
    struct listed_row row = {0};
    struct store_conversation c = {0};
    struct store *s = home_library(chat_home(t->chat), err);
    if (s == NULL)
        return err->code;
    if (*arguments == '\0')
        find_last_deleted(s, &row.conversation, err);
    else if (!slash_listed_number(t, arguments, &row))
        library_find_deleted(s, arguments, &row.conversation, err);
    if (err->code != ERR_NONE || store_conversation_get(s, row.conversation, &c, err) != ERR_NONE)
        return err->code;
    if (c.trashed == 0)
        error_set(err, ERR_NOT_FOUND, "%s is not in the trash; /trash lists what is", c.public_id);
    else if (store_restore(s, row.conversation, err) == ERR_NONE)
        show_note(t->show, "restored: %s; /open %s opens it", c.title[0] != '\0' ? c.title : c.public_id, c.public_id);
    store_conversation_free(&c);
    return err->code;
}
