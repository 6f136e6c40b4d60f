/* Slash commands: settings of sampling. Names are the engine's; those of the flags and of other programs are known
 * too. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/chat/chat.h"
#include "app/options/options.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/nearest.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

/* What is to be said of a setting that the model's server does not take; "" of any other. */
static void write_unsent(const struct repl *t, const char *name, char *out, size_t size)
{
    *out = '\0';
    if (!chat_takes(t->chat, name))
        snprintf(out, size, " · not sent: %.60s does not take it", chat_host(t->chat));
}

static void show_field(struct repl *t, const struct sampling_field *field)
{
    char value[64], unsent[100];
    write_unsent(t, field->name, unsent, sizeof unsent);
    sampling_get(chat_sampling(t->chat), field, value, sizeof value);
    if (field->kind == FIELD_SEED && !chat_seed_is_fixed(t->chat))
        strcpy(value, "random");
    show_line(t->show, "  %-20s %-10s %s%s", field->name, value, field->help, unsent);
}

static const struct tokenizer *tokenizer_of(const struct repl *t)
{
    const struct model *model = chat_model(t->chat);
    return model != NULL ? model_tokenizer(model) : NULL;
}

static void show_list(struct repl *t, const struct sampling *s, enum sampling_list list)
{
    struct buf text;
    char unsent[100];
    buf_init(&text, 1 << 16);
    sampling_list_write(s, list, tokenizer_of(t), &text);
    write_unsent(t, sampling_list_name(list), unsent, sizeof unsent);
    show_line(t->show, "  %-20s %s%s", sampling_list_name(list), text.size > 0 ? buf_text(&text) : "Off", unsent);
    buf_free(&text);
}

enum error_code slash_settings(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    (void)err;
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++)
        show_field(t, field);
    const struct sampling *s = chat_sampling(t->chat);
    for (enum sampling_list list = LIST_STOP; list != SAMPLING_LISTS; list++)
        if (list != LIST_DRY_SEQUENCE_BREAKERS || s->dry_multiplier != 0.0f)
            show_list(t, s, list);
    if (*chat_system(t->chat) != '\0')
        show_line(t->show, "  %-20s %s", "system", chat_system(t->chat));
    return ERR_NONE;
}

/* The engine's name of a setting that the user calls by a flag's name, an alias, or its name in other programs. */
static const char *setting_name(const char *name)
{
    static const struct {
        const char *theirs, *ours;
    } habits[] = {{"num_predict", "max_new_tokens"},
                  {"repeat_penalty", "repetition_penalty"},
                  {"repeat_last_n", "repetition_window"},
                  {"temp", "temperature"},
                  {"n", "max_new_tokens"}};
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
        if (strcasecmp(name, habits[i].theirs) == 0)
            return habits[i].ours;
    const struct option_spec *spec = option_find(name, FOR_CHAT);
    return spec != NULL && spec->kind == OPTION_SAMPLING ? spec->name : name;
}

static enum error_code report_setting(const char *name, struct error *err)
{
    if (strcmp(name, "num_ctx") == 0 || strcmp(name, "ctx") == 0 || strcmp(name, "context") == 0)
        return error_set(err, ERR_ARGUMENT, "the context is chosen at the start: palaver -c N");
    struct nearest near = nearest_to(name);
    for (const struct sampling_field *field = sampling_fields; field->name != NULL; field++)
        nearest_try(&near, field->name);
    if (near.best != NULL)
        return error_set(err, ERR_NOT_FOUND, "there is no setting '%s'; did you mean %s?", name, near.best);
    return error_set(err, ERR_NOT_FOUND, "there is no setting '%s'; /settings lists them", name);
}

static enum error_code change_setting(struct repl *t, const char *name, const char *value, struct error *err)
{
    const char *known = setting_name(name);
    const struct sampling_field *field = sampling_field(known);
    struct sampling s = *chat_sampling(t->chat);
    enum sampling_list list = sampling_list(known);
    if (field == NULL && list == SAMPLING_LISTS)
        return report_setting(name, err);
    if (field != NULL && field->kind == FIELD_SEED)
        return slash_seed(t, value, err);
    if (field == NULL && strcasecmp(value, "off") == 0)
        sampling_list_clear(&s, list);
    else if (field != NULL ? sampling_set(&s, known, value, err)
                           : sampling_list_read(&s, list, value, tokenizer_of(t), err))
        return err->code;
    chat_set_sampling(t->chat, &s);
    if (field != NULL)
        show_field(t, field);
    else
        show_list(t, &s, list);
    return ERR_NONE;
}

/* Removes quotes around a value, in place. */
static void unquote(char *value)
{
    size_t size = strlen(value);
    if (size >= 2 && (*value == '"' || *value == '\'') && value[size - 1] == *value) {
        memmove(value, value + 1, size - 2);
        value[size - 2] = '\0';
    }
}

static enum error_code set_or_show(struct repl *t, const char *name, char *value, struct error *err)
{
    enum sampling_list list = sampling_list(setting_name(name));
    if (list == SAMPLING_LISTS)
        unquote(value);
    if (strcmp(name, "system") == 0)
        return slash_system(t, value, err);
    if (strcmp(name, "template") == 0)
        return slash_template(t, value, err);
    const struct sampling_field *field = sampling_field(setting_name(name));
    if (*value != '\0')
        return change_setting(t, name, value, err);
    if (field == NULL && list == SAMPLING_LISTS)
        return report_setting(name, err);
    if (field != NULL)
        show_field(t, field);
    else
        show_list(t, chat_sampling(t->chat), list);
    return ERR_NONE;
}

enum error_code slash_set(struct repl *t, const char *arguments, struct error *err)
{
    char *copy = strdup(arguments);
    if (copy == NULL)
        return error_memory(err);
    char *name = copy;
    if (strncmp(name, "parameter", 9) == 0 && (name[9] == ' ' || name[9] == '\0'))
        name += 9 + strspn(name + 9, " ");
    char *value = name + strcspn(name, " =\t");
    if (*value != '\0') {
        *value++ = '\0';
        value += strspn(value, " =\t");
    }
    enum error_code code = *name == '\0' ? slash_settings(t, "", err) : set_or_show(t, name, value, err);
    free(copy);
    return code;
}

enum error_code slash_seed(struct repl *t, const char *arguments, struct error *err)
{
    struct sampling s = *chat_sampling(t->chat);
    if (strcasecmp(arguments, "random") == 0 || strcmp(arguments, "-1") == 0 || strcasecmp(arguments, "off") == 0) {
        chat_fix_seed(t->chat, false);
    } else if (*arguments != '\0') {
        if (sampling_set(&s, "seed", arguments, err) != ERR_NONE)
            return err->code;
        chat_set_sampling(t->chat, &s);
        chat_fix_seed(t->chat, true);
    }
    size_t n = chat_count(t->chat);
    if (chat_seed_is_fixed(t->chat))
        show_note(t->show, "seed %llu", (unsigned long long)s.seed);
    else if (n > 0 && chat_message(t->chat, n - 1)->role == ROLE_ASSISTANT)
        show_note(t->show, "a random seed for each answer; that of the last one was %llu",
                  (unsigned long long)chat_message(t->chat, n - 1)->seed);
    else
        show_note(t->show, "a random seed for each answer");
    return ERR_NONE;
}
