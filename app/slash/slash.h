/* Slash: the commands of the chat, /help and so on.
 *
 * One const table holds their names, aliases, usage and help; it serves lookup, completion, /help, the man page and the
 * hint for a mistyped name. Settings have the same names as in the config file and on the command line.
 *
 *   table      the commands
 *   slash      running a line, sending a message
 *   find       commands by name
 *   complete   completion
 *   prompts    messages of the user's own as commands
 *   numbering  the numbers of lists
 *   about, btw, chat, edit, raw, history, flags, search, file, attach, inspect, set, preset, persona   the commands themselves */
#ifndef PALAVER_APP_SLASH_SLASH_H
#define PALAVER_APP_SLASH_SLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/btw.h"
#include "app/chat/chat.h"
#include "app/meaning/meaning.h"
#include "app/options/options.h"
#include "app/terminal/show.h"
#include "app/text/choices.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"

/* The rows of the last list, by their numbers: conversations, or places that a search found. */
struct listed {
    struct listed_row {
        int64_t conversation;
        int64_t message; /* 0: the conversation */
    } * at;
    size_t n, capacity;
    size_t first;   /* the number of the first row */
    bool temporary; /* they belong to a temporary conversation */
};

struct slash_command;

/* The chat with its front end, as commands see it. Owned by the front end, which fills in the pointers. */
struct repl {
    const struct slash_command *commands; /* the table, see commands.h */
    struct chat *chat;                    /* chat_home(chat) is where it is stored */
    struct meaning *meaning;              /* search by meaning; NULL before repl_begin */
    struct folder *folder;                /* about.c: what /read --about is reading; NULL: nothing */
    struct btw *btw;                      /* the last question of /btw; NULL: none */
    const struct options *options;
    struct show *show;
    struct buf attached;       /* text of files, sent with the next message */
    struct buf attached_names; /* of these files, "a.txt, b.c" */
    struct buf draft;          /* put into the line that is edited next */
    struct buf sent;           /* the last message, in case it is refused */
    struct listed listed;
    bool quit;
    size_t refused; /* leave.c: messages that were not saved when leaving was refused, + 1; 0: it was not */
    /* Lets the user edit text in an editor, see editor_run; NULL if there is none. */
    enum error_code (*edit)(void *context, struct buf *text, struct error *err);
    /* Brings a message of the chat into view; NULL if nothing scrolls: it is printed then. */
    void (*jump)(void *context, size_t index);
    /* Runs a command that the front end has its own way for, by its name in the table; true if it did, with err filled
     * on failure. NULL in line mode. */
    bool (*front)(void *context, const char *name, const char *arguments, struct error *err);
    void *context;
};

/* o and show must outlive t. */
void repl_init(struct repl *t, const struct options *o, struct show *show);
void repl_free(struct repl *t); /* but not the chat */
/* Begins to encode what is stored, beside the chat; to be called when the chat is open. repl_end before it is freed, which
 * ends what runs beside it. */
void repl_begin(struct repl *t);
void repl_end(struct repl *t);
/* Tells, in each turn of a loop, whether the engine is busy with the chat. */
void repl_pace(struct repl *t);

/* True for a line that begins like a command: with a slash and a name. */
bool slash_is_command(const char *line);
/* True for a command of which nothing is remembered: neither the line nor a draft of it is stored. */
bool slash_is_untraced(const struct repl *t, const char *line);
/* Runs it; false when it could not be. Errors are reported through t->show; a line that may be mistyped becomes the
 * draft. */
bool slash_run(struct repl *t, const char *line);
/* The word at the end of a line that begins like a command. */
struct slash_place {
    size_t start;                        /* its offset */
    size_t known;                        /* the first bytes of the line, on which alone depends what may stand there */
    size_t arguments;                    /* where those of the command begin */
    bool names;                          /* it is the name of a command */
    bool files;                          /* it is a path */
    const struct slash_command *command; /* of which it is an argument; NULL: of none */
};
struct slash_place slash_place(const struct repl *t, const char *line);
/* All that may stand at such a place. */
void slash_choices(const struct repl *t, const char *line, const struct slash_place *place, struct choices *choices);
/* slash_place's known for a path that begins at start: its folder, and the dot of a file that is hidden. */
size_t slash_known_path(const char *line, size_t start);
/* Candidates for the word at the end of line, which they begin with; *start is its offset. None unless line begins like
 * a command. */
void slash_complete(const struct repl *t, const char *line, struct words *candidates, size_t *start);
/* Forgets the files that are attached. */
void repl_detach(struct repl *t);
/* Stops the answer to /btw, else what /read --about is reading, else the answer. */
void repl_stop(struct repl *t);
/* btw.c: what is to be said when the answer to /btw has ended; "": nothing. */
const char *repl_btw_note(const struct repl *t);
/* about.c: whether /read --about is reading, and what to show of it. */
bool repl_reads(const struct repl *t);
void repl_reading(const struct repl *t, char *out, size_t size);
/* Milliseconds until repl_tick is to be called, -1: never. */
int repl_due(const struct repl *t);
/* Attaches what /read --about has found, and tells of it; false while there is nothing to do. */
bool repl_tick(struct repl *t);

/* Sends text and what is attached, or has it wait while an answer is under way; on failure the error is shown and text becomes the draft. */
void repl_send(struct repl *t, const char *text);

#endif
