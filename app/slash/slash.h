/* Slash: the commands of the chat, /help and the like.
 *
 * One const table holds their names, aliases, usage and help; looking up, completing, /help and the nearest name for a
 * mistyped one all go by it. Settings that the config file and the flags know are found by the same names. */
#ifndef PALAVER_APP_SLASH_SLASH_H
#define PALAVER_APP_SLASH_SLASH_H

#include "app/chat/chat.h"
#include "app/terminal/show.h"
#include "app/text/words.h"

/* What the last list numbered: conversations, or places that a search found. */
struct listed {
    struct listed_row {
        int64_t conversation;
        int64_t message; /* 0: the conversation */
    } *at;
    size_t n, capacity;
    size_t first;        /* the number of the first row */
    bool temporary;      /* they are of a temporary conversation */
};

struct slash_command;

/* What commands act on. */
struct repl {
    const struct slash_command *commands; /* the table, see commands.h */
    struct chat *chat;   /* and the history behind it: chat_home(chat) */
    const struct options *options;
    struct show *show;
    struct buf attached; /* text of files that goes with the next message */
    struct buf draft;    /* stands in the line that is edited next */
    struct buf sent;     /* the last message, for when it is refused */
    struct listed listed;
    bool quit;
    /* Lets the user edit text in an editor of theirs; NULL where there is none. */
    enum error_code (*edit)(void *context, struct buf *text, struct error *err);
    /* Brings a message of the chat into view; NULL where nothing scrolls: it is printed then. */
    void (*jump)(void *context, size_t index);
    /* A front end that has more to show than lines may run a command itself: true when it did (err tells a failure).
     * name as in the table. NULL in the line mode. */
    bool (*front)(void *context, const char *name, const char *arguments, struct error *err);
    void *context;
};

void repl_init(struct repl *t, const struct options *o, struct show *show);
void repl_free(struct repl *t); /* not the chat */

/* True for a line that begins as commands do: a slash and a name. */
bool slash_is_command(const char *line);
/* Runs it. What goes wrong is told on the show; a line that may be mistyped stays as the draft. */
void slash_run(struct repl *t, const char *line);
/* Candidates for the word at the end of line; *start is its offset. None unless line begins a command. */
void slash_complete(const struct repl *t, const char *line, struct words *candidates, size_t *start);
/* Sends text with what is attached; an error is told and the text kept as the draft. */
void repl_send(struct repl *t, const char *text);

#endif
