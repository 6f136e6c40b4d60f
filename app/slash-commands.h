/* Slash commands: the functions behind the table. arguments: what stands behind the name, without blanks around, "" for
 * nothing. They return a code and fill err when the line can't be run. */
#ifndef PALAVER_APP_SLASH_COMMANDS_H
#define PALAVER_APP_SLASH_COMMANDS_H

#include "app/slash.h"

typedef enum error_code slash_function(struct talk *t, const char *arguments, struct error *err);

enum slash_words { SLASH_NO_WORDS, SLASH_FILES, SLASH_TEMPLATES, SLASH_MODELS, SLASH_SETTINGS, SLASH_THINK, SLASH_NAMES };

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
slash_function slash_new, slash_temp, slash_branch, slash_undo, slash_redo, slash_regenerate, slash_continue,
    slash_edit, slash_previous, slash_next, slash_system, slash_template, slash_model, slash_copy, slash_think,
    slash_quit;
/* slash-look.c: looking inside */
slash_function slash_help, slash_prompt, slash_context, slash_stats;
/* slash-set.c: settings */
slash_function slash_set, slash_settings, slash_seed;
/* slash-read.c: files */
slash_function slash_read;

#endif
