/* Slash commands: the table and its functions, internal to the room.
 *
 * arguments is what follows the name, without white space at either end, "" for nothing. The functions show what they
 * have to say through t->show; they return a code and fill err if the command can't be carried out. */
#ifndef PALAVER_APP_SLASH_COMMANDS_H
#define PALAVER_APP_SLASH_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/slash/slash.h"
#include "app/text/choices.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

typedef enum error_code slash_function(struct repl *t, const char *arguments, struct error *err);

enum slash_words {
    SLASH_NO_WORDS,
    SLASH_FILES,
    SLASH_TEMPLATES,
    SLASH_MODELS,
    SLASH_SETTINGS,
    SLASH_THINK,
    SLASH_RAW,
    SLASH_NAMES,
    /* titles, which may hold spaces and are completed from the beginning of the arguments */
    SLASH_CONVERSATIONS,
    SLASH_DELETED,
    SLASH_TAGS,
    SLASH_PERSONAS,
    SLASH_PRESETS,
};

struct slash_command {
    const char *name;
    const char *aliases;    /* separated by spaces, "" for none */
    const char *usage;      /* what follows the name */
    const char *help;       /* one line */
    enum slash_words words; /* what completion offers after the name */
    bool arguments;         /* false: nothing may follow */
    slash_function *run;    /* NULL: only the screen has it */
};
extern const struct slash_command slash_commands[]; /* ends with name == NULL */
/* The row of a name or alias, size bytes without the slash; NULL if there is none. */
const struct slash_command *slash_find(const struct slash_command *commands, const char *name, size_t size);
/* The length of the name in a line that begins with a slash. */
size_t slash_name_size(const char *line);
/* What follows a word and spaces; NULL if arguments do not begin with that word. */
const char *slash_after(const char *arguments, const char *word);
/* ERR_ARGUMENT with the usage of a command of the table, by its name. */
enum error_code slash_usage(const struct repl *t, const char *name, struct error *err);

/* edit.c */
slash_function slash_edit;
/* Lets the user edit the whole of a text that is continued. */
enum error_code slash_edit_whole(struct repl *t, struct error *err);
/* Removes the newlines at the end of a message; in a text that is continued they are a part of it. */
void slash_trim_message(const struct repl *t, struct buf *text);
/* The index of the user's last message; 0 if there is none. */
size_t slash_last_question(const struct repl *t);

/* raw.c */
slash_function slash_raw;

/* chat.c */
slash_function slash_new, slash_temp, slash_branch, slash_compact, slash_verify, slash_undo, slash_redo,
    slash_regenerate, slash_continue, slash_previous, slash_next, slash_system, slash_template, slash_model, slash_copy,
    slash_think, slash_quit;
/* The index of the message that a number, from 1, names; fallback, an index, for "". command is for messages. */
enum error_code slash_find_message(const struct repl *t, const char *command, const char *number, size_t fallback,
                                   size_t *index, struct error *err);
/* btw.c */
slash_function slash_btw;
/* inspect.c */
slash_function slash_help, slash_prompt, slash_context, slash_stats;
/* set.c */
slash_function slash_set, slash_settings, slash_seed;
/* attach.c */
slash_function slash_read;
/* about.c: /read --about with its words, one of which is --about. */
enum error_code slash_read_about(struct repl *t, const struct words *words, struct error *err);
/* Attaches one file. */
enum error_code slash_attach(struct repl *t, const char *path, struct error *err);
/* history.c */
slash_function slash_list, slash_open, slash_trash, slash_delete, slash_restore;
/* search.c */
slash_function slash_search, slash_find_words;
/* flags.c */
slash_function slash_rename, slash_pin, slash_archive, slash_tag;
/* Gives a conversation tags, and takes those that begin with - from it. */
enum error_code slash_change_tags(struct store *s, int64_t id, const struct words *words, struct error *err);
/* file.c */
slash_function slash_export, slash_import;
/* Exports conversations of the history to one file. */
enum error_code slash_export_all(struct repl *t, const int64_t *ids, size_t n, const char *file, struct error *err);
/* preset.c */
slash_function slash_preset, slash_save;
void slash_offer_presets(const struct repl *t, struct choices *choices);
/* persona.c */
slash_function slash_persona;

/* numbering.c: numbers for the rows of a list. first is the number of the first row. */
void slash_listed_begin(struct repl *t, size_t first, bool temporary);
/* Shows a row under the next number, which mark follows, e.g. '*' for the open conversation. False when out of
 * memory. */
bool slash_listed_add(struct repl *t, struct listed_row row, char mark, const struct buf *text);
/* How many rows fit on the terminal at once. */
size_t slash_listed_page(const struct repl *t);
/* The row of the last list with the number that text holds; false if there is none. */
bool slash_listed_number(const struct repl *t, const char *text, struct listed_row *row);
/* What arguments mean: a number of the last list, an id or a title. */
enum error_code slash_listed_find(struct repl *t, const char *arguments, struct listed_row *row, struct error *err);
/* The open conversation and its store; ERR_NOT_FOUND while it has no message. */
enum error_code slash_present(struct repl *t, struct store **store, int64_t *id, struct error *err);
/* Adds words for completion: titles, tags or personas. */
void slash_offer(const struct repl *t, enum slash_words words, struct choices *choices);

#endif
