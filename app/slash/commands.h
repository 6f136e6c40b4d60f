/* Slash commands: the functions behind the table. arguments: what stands behind the name, without blanks around, "" for
 * nothing. They return a code and fill err when the line can't be run. */
#ifndef PALAVER_APP_SLASH_COMMANDS_H
#define PALAVER_APP_SLASH_COMMANDS_H

#include "app/slash/slash.h"

typedef enum error_code slash_function(struct repl *t, const char *arguments, struct error *err);

enum slash_words {
    SLASH_NO_WORDS, SLASH_FILES, SLASH_TEMPLATES, SLASH_MODELS, SLASH_SETTINGS, SLASH_THINK, SLASH_NAMES,
    /* titles, which may hold blanks and so are completed from the beginning of the arguments on */
    SLASH_CONVERSATIONS, SLASH_DELETED,
    SLASH_TAGS, SLASH_PERSONAS, SLASH_PRESETS,
};

struct slash_command {
    const char *name;
    const char *aliases;    /* separated by blanks, "" for none */
    const char *usage;      /* what follows the name */
    const char *help;       /* one line */
    enum slash_words words; /* what completion offers behind the name */
    bool arguments;         /* false: nothing may follow */
    slash_function *run;
};
extern const struct slash_command slash_commands[]; /* ends with name == NULL */
/* By name or alias, size bytes without the slash; NULL when there is none. */
const struct slash_command *slash_find(const char *name, size_t size);

/* slash-chat.c: the conversation */
slash_function slash_new, slash_temp, slash_branch, slash_compact, slash_verify, slash_undo, slash_redo,
    slash_regenerate, slash_continue, slash_edit, slash_previous, slash_next, slash_system, slash_template, slash_model,
    slash_copy, slash_think, slash_quit;
/* The index of the message that a number, from 1, names; fallback, an index, for "". */
enum error_code slash_find_message(const struct repl *t, const char *number, size_t fallback, size_t *index,
                                   struct error *err);
/* The index of the user's last message; 0 if there is none. */
size_t slash_last_question(const struct repl *t);
/* slash-look.c: looking inside */
slash_function slash_help, slash_prompt, slash_context, slash_stats;
/* slash-set.c: settings */
slash_function slash_set, slash_settings, slash_seed;
/* slash-read.c: files */
slash_function slash_read;
/* slash-history.c: the conversations that are kept */
slash_function slash_list, slash_open, slash_trash, slash_delete, slash_restore;
/* slash-search.c */
slash_function slash_search, slash_find_words;
/* slash-mark.c: what a conversation is called and where it is filed */
slash_function slash_rename, slash_pin, slash_archive, slash_tag;
/* slash-file.c: to files and from files */
slash_function slash_export, slash_import;
/* slash-preset.c */
slash_function slash_preset, slash_save;
void slash_offer_presets(const struct repl *t, const char *prefix, struct words *candidates);
/* slash-persona.c */
slash_function slash_persona;

/* slash-listed.c: numbers for what a list shows */
void slash_listed_begin(struct repl *t, size_t first, bool temporary);
/* Prints a row under the next number; mark stands behind it, e.g. '*' for the open one. False without memory. */
bool slash_listed_add(struct repl *t, struct listed_row row, char mark, const struct buf *text);
/* Rows that fit onto the screen at once. */
size_t slash_listed_page(const struct repl *t);
/* A number of the last list; false when it is none. */
bool slash_listed_number(const struct repl *t, const char *text, struct listed_row *row);
/* What arguments name: a number of the last list, an id or a title. */
enum error_code slash_listed_find(struct repl *t, const char *arguments, struct listed_row *row, struct error *err);
/* The open conversation, with its store; ERR_NOT_FOUND while it has no message. */
enum error_code slash_present(struct repl *t, struct store **store, int64_t *id, struct error *err);
/* Words for completion that begin with prefix. */
void slash_offer(const struct repl *t, enum slash_words words, const char *prefix, struct words *candidates);

#endif
