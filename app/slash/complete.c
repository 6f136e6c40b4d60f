/* Completion of slash commands and their arguments: all that may stand somewhere, which the line mode filters by how it
 * begins and the screen's menu by what it is like. */
#include <config.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/options/endpoints.h"
#include "app/slash/commands.h"
#include "app/slash/prompts.h"
#include "app/slash/slash.h"
#include "app/text/choices.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "engine/engine.h"

/* Other names with their slashes. */
static void write_aliases(const struct slash_command *c, const char *slash, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (const char *name = c->aliases; *name != '\0' && at < size; name += strspn(name, " ")) {
        int length = (int)strcspn(name, " ");
        at += (size_t)snprintf(out + at, size - at, "%s%s%.*s", at > 0 ? " " : "", slash, length, name);
        name += length;
    }
}

static void offer_names(const struct repl *t, struct choices *choices, const char *slash)
{
    for (const struct slash_command *c = t->commands; c->name != NULL; c++) {
        char name[32], aliases[80];
        snprintf(name, sizeof name, "%s%s", slash, c->name);
        write_aliases(c, slash, aliases, sizeof aliases);
        choices_add(choices, &(struct choice){.word = name,
                                              .detail = (char *)c->help,
                                              .also = aliases,
                                              .needs = *c->usage != '\0' && *c->usage != '['});
    }
    prompts_offer(t->options, t->commands, choices, slash);
}

static void offer_settings(const struct repl *t, struct choices *choices)
{
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++) {
        char value[64] = "", detail[200];
        if (t->chat != NULL)
            sampling_get(chat_sampling(t->chat), field, value, sizeof value);
        snprintf(detail, sizeof detail, "%s%s%s", value, *value != '\0' ? " · " : "", field->help);
        choices_add(choices, &(struct choice){.word = (char *)field->name, .detail = detail, .needs = true});
    }
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        choices_add(choices, &(struct choice){.word = (char *)sampling_list_name(list), .needs = true});
    choices_add(choices, &(struct choice){.word = (char *)"system", .detail = (char *)"the system message"});
}

/* Those in the folder path[0..size), which may end in the dot of hidden ones. */
static void offer_files(struct choices *choices, const char *path, size_t size)
{
    glob_t found = {0};
    struct buf pattern;
    buf_init(&pattern, 8192);
    for (const char *p = path; p < path + size; p++)
        buf_printf(&pattern, strchr("*?[\\", *p) != NULL ? "\\%c" : "%c", *p);
    buf_puts(&pattern, "*");
    if (glob(buf_text(&pattern), GLOB_MARK, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            choices_offer(choices, found.gl_pathv[i], NULL);
    globfree(&found);
    buf_free(&pattern);
}

static void offer_list(struct choices *choices, char **names)
{
    for (char **name = names; name != NULL && *name != NULL; name++)
        choices_offer(choices, *name, NULL);
}

/* Those of the program and of the user, and those in the model's file. */
static void offer_templates(const struct repl *t, struct choices *choices)
{
    char **names = models_templates(t->options), name[64];
    const struct model *model = t->chat != NULL ? chat_model(t->chat) : NULL;
    offer_list(choices, names);
    free(names);
    choices_offer(choices, "auto", "the one that suits the model");
    if (model != NULL && *model_info(model)->chat_template != '\0')
        choices_offer(choices, "own", "the one in the model's file");
    for (uint64_t i = 0; model != NULL && model_template_at(model, i, name, sizeof name); i++)
        choices_offer(choices, name, "in the model's file");
}

static void offer_endpoint(void *choices, const char *name)
{
    choices_offer(choices, name, "a server of models");
}

static void offer_endpoints(const struct repl *t, struct choices *choices)
{
    const char *model;
    int32_t context;
    for (size_t i = 0; t->chat != NULL && (model = chat_host_model(t->chat, i, &context)) != NULL; i++)
        choices_offer(choices, model, "of the server in use");
    endpoints_offer(t->options, offer_endpoint, choices);
}

static void offer_models(const struct repl *t, struct choices *choices)
{
    char **names = models_list(t->options);
    offer_list(choices, names);
    models_free_list(names);
    offer_endpoints(t, choices);
}

static void offer_words(const struct repl *t, enum slash_words words, struct choices *choices)
{
    switch (words) {
    case SLASH_NO_WORDS:
    case SLASH_FILES: break;
    case SLASH_TEMPLATES: offer_templates(t, choices); break;
    case SLASH_MODELS: offer_models(t, choices); break;
    case SLASH_SETTINGS: offer_settings(t, choices); break;
    case SLASH_THINK:
        choices_offer(choices, "show", NULL);
        choices_offer(choices, "hide", NULL);
        break;
    case SLASH_RAW:
        choices_offer(choices, "on", NULL);
        choices_offer(choices, "off", NULL);
        break;
    case SLASH_NAMES: offer_names(t, choices, ""); break;
    case SLASH_PRESETS: slash_offer_presets(t, choices); break;
    case SLASH_CONVERSATIONS:
    case SLASH_DELETED:
    case SLASH_TAGS:
    case SLASH_PERSONAS: slash_offer(t, words, choices); break;
    }
}

/* ---- where ------------------------------------------------------------------------------------------------------ */

/* Titles may hold blanks: the word is all that follows the name. */
static bool is_whole(const struct slash_command *command)
{
    return command->words == SLASH_CONVERSATIONS || command->words == SLASH_DELETED;
}

size_t slash_known_path(const char *line, size_t start)
{
    const char *slash = strrchr(line + start, '/');
    size_t known = slash != NULL ? (size_t)(slash + 1 - line) : start;
    return known + (line[known] == '.');
}

struct slash_place slash_place(const struct repl *t, const char *line)
{
    struct slash_place place = {.start = strlen(line), .known = strlen(line)};
    if (line[0] != '/')
        return place;
    size_t name = 1 + slash_name_size(line);
    if (line[name] == '\0') {
        place.start = place.known = 0;
        place.names = true;
        return place;
    }
    size_t arguments = name + strspn(line + name, " \t\n");
    place.arguments = arguments < place.start ? arguments : place.start;
    place.command = slash_find(t->commands, line + 1, name - 1);
    bool whole = place.command != NULL && is_whole(place.command);
    while (place.start > arguments && (whole || strchr(" \t\n", line[place.start - 1]) == NULL))
        --place.start;
    place.files = place.command != NULL && place.command->words == SLASH_FILES;
    place.known = place.files ? slash_known_path(line, place.start) : place.start;
    return place;
}

/* Whether another word may follow those in arguments[0..size): where there may be several, or after save and delete. */
static bool goes_on(const struct slash_command *command, const char *arguments, size_t size)
{
    static const char *const verbs[] = {"save ", "delete "};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (size == strlen(verbs[i]) && memcmp(arguments, verbs[i], size) == 0)
            return true;
    return size == 0 || strstr(command->usage, "...") != NULL;
}

void slash_choices(const struct repl *t, const char *line, const struct slash_place *place, struct choices *choices)
{
    if (place->names)
        offer_names(t, choices, "/");
    else if (place->files)
        offer_files(choices, line + place->start, place->known - place->start);
    else if (place->command != NULL &&
             goes_on(place->command, line + place->arguments, place->start - place->arguments))
        offer_words(t, place->command->words, choices);
}

void slash_complete(const struct repl *t, const char *line, struct words *candidates, size_t *start)
{
    const struct slash_place place = slash_place(t, line);
    struct choices choices = {0};
    const char *prefix = line + place.start;
    *start = place.start;
    slash_choices(t, line, &place, &choices);
    for (size_t i = 0; i < choices.n; i++)
        if (strncmp(choices.at[i].word, prefix, strlen(prefix)) == 0)
            words_add(candidates, choices.at[i].word, strlen(choices.at[i].word));
    choices_free(&choices);
}
