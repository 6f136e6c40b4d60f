/* Completion of slash commands and their arguments. */
#include <config.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/options/endpoints.h"
#include "app/slash/commands.h"
#include "app/slash/slash.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "engine/engine.h"

static void offer_word(struct words *candidates, const char *prefix, const char *word)
{
    if (strncmp(word, prefix, strlen(prefix)) == 0)
        words_add(candidates, word, strlen(word));
}

static void offer_names(const struct repl *t, struct words *candidates, const char *prefix, const char *slash)
{
    for (const struct slash_command *c = t->commands; c->name != NULL; c++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s", slash, c->name);
        offer_word(candidates, prefix, name);
    }
}

static void offer_settings(struct words *candidates, const char *prefix)
{
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++)
        offer_word(candidates, prefix, field->name);
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        offer_word(candidates, prefix, sampling_list_name(list));
    offer_word(candidates, prefix, "system");
}

static void offer_files(struct words *candidates, const char *prefix)
{
    glob_t found = {0};
    struct buf pattern;
    buf_init(&pattern, 4096);
    for (const char *p = prefix; *p != '\0'; p++)
        buf_printf(&pattern, strchr("*?[\\", *p) != NULL ? "\\%c" : "%c", *p);
    buf_putc(&pattern, '*');
    if (glob(buf_text(&pattern), GLOB_MARK, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            words_add(candidates, found.gl_pathv[i], strlen(found.gl_pathv[i]));
    globfree(&found);
    buf_free(&pattern);
}

static void offer_list(struct words *candidates, const char *prefix, char **names)
{
    for (char **name = names; name != NULL && *name != NULL; name++)
        offer_word(candidates, prefix, *name);
}

/* Those of the program and of the user, and those in the model's file. */
static void offer_templates(const struct repl *t, struct words *candidates, const char *prefix)
{
    char **names = models_templates(t->options), name[64];
    const struct model *model = t->chat != NULL ? chat_model(t->chat) : NULL;
    offer_list(candidates, prefix, names);
    free(names);
    offer_word(candidates, prefix, "auto");
    if (model != NULL && *model_info(model)->chat_template != '\0')
        offer_word(candidates, prefix, "own");
    for (uint64_t i = 0; model != NULL && model_template_at(model, i, name, sizeof name); i++)
        offer_word(candidates, prefix, name);
}

static void offer_endpoints(const struct repl *t, struct words *candidates, const char *prefix)
{
    struct endpoints all;
    struct error ignored = {0}; /* a file with a fault is told of when it is used */
    char name[80];
    if (endpoints_read(t->options, &all, &ignored) != ERR_NONE)
        return;
    for (size_t i = 0; i < all.written; i++) {
        snprintf(name, sizeof name, "@%s", all.at[i].name);
        offer_word(candidates, prefix, name);
    }
    endpoints_free(&all);
}

static void offer_words(const struct repl *t, enum slash_words words, struct words *candidates, const char *prefix)
{
    char **names = NULL;
    switch (words) {
    case SLASH_NO_WORDS: break;
    case SLASH_FILES: offer_files(candidates, prefix); break;
    case SLASH_TEMPLATES: offer_templates(t, candidates, prefix); break;
    case SLASH_MODELS:
        names = models_list(t->options);
        offer_list(candidates, prefix, names);
        models_free_list(names);
        offer_endpoints(t, candidates, prefix);
        break;
    case SLASH_SETTINGS: offer_settings(candidates, prefix); break;
    case SLASH_THINK:
        offer_word(candidates, prefix, "show");
        offer_word(candidates, prefix, "hide");
        break;
    case SLASH_RAW:
        offer_word(candidates, prefix, "on");
        offer_word(candidates, prefix, "off");
        break;
    case SLASH_NAMES: offer_names(t, candidates, prefix, ""); break;
    case SLASH_PRESETS: slash_offer_presets(t, prefix, candidates); break;
    case SLASH_CONVERSATIONS:
    case SLASH_DELETED:
    case SLASH_TAGS:
    case SLASH_PERSONAS: slash_offer(t, words, prefix, candidates); break;
    }
}

void slash_complete(const struct repl *t, const char *line, struct words *candidates, size_t *start)
{
    *start = strlen(line);
    if (line[0] != '/')
        return;
    if (line[1 + slash_name_size(line)] == '\0') {
        *start = 0;
        offer_names(t, candidates, line, "/");
        return;
    }
    const struct slash_command *command = slash_find(t->commands, line + 1, slash_name_size(line));
    bool whole = command != NULL && (command->words == SLASH_CONVERSATIONS || command->words == SLASH_DELETED);
    size_t arguments = 1 + slash_name_size(line) + strspn(line + 1 + slash_name_size(line), " \t\n");
    while (*start > arguments && (whole || strchr(" \t\n", line[*start - 1]) == NULL))
        --*start;
    if (command != NULL)
        offer_words(t, command->words, candidates, line + *start);
}
