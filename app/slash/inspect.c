/* Slash commands: /help, and what the model was given. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/chat/chat.h"
#include "app/chat/footprint.h"
#include "app/meaning/meaning.h"
#include "app/slash/commands.h"
#include "app/slash/prompts.h"
#include "app/terminal/show.h"
#include "app/terminal/stats.h"
#include "app/text/plural.h"
#include "base/buf.h"
#include "base/count.h"
#include "base/error.h"
#include "engine/engine.h"

/* ---- /help ------------------------------------------------------------------------------------------------------ */

static void show_help_row(struct repl *t, const struct slash_command *c)
{
    char left[48];
    snprintf(left, sizeof left, "/%s%s%s", c->name, *c->usage != '\0' ? " " : "", c->usage);
    show_line(t->show, "  %-24s %s", left, c->help);
}

/* The user's own, with what is wrong with those that can't be used. */
static void show_prompts(struct repl *t)
{
    struct choices prompts = {0};
    prompts_offer(t->options, t->commands, &prompts, "/");
    for (size_t i = 0; i < prompts.n; i++)
        show_line(t->show, "  %-24s %s", prompts.at[i].word, prompts.at[i].detail);
    choices_free(&prompts);
}

/* Whether the name is that of a prompt, which is shown then. */
static bool show_prompt_of(struct repl *t, const char *name)
{
    struct choices prompts = {0};
    bool found = false;
    prompts_offer(t->options, t->commands, &prompts, "");
    for (size_t i = 0; i < prompts.n && !found; i++)
        if ((found = strcmp(prompts.at[i].word, name) == 0))
            show_line(t->show, "  /%-23s %s", name, prompts.at[i].detail);
    choices_free(&prompts);
    return found;
}

static enum error_code show_help_of(struct repl *t, const char *name, struct error *err)
{
    name += *name == '/';
    const struct slash_command *c = slash_find(t->commands, name, strlen(name));
    if (c == NULL && show_prompt_of(t, name))
        return ERR_NONE;
    if (c == NULL)
        return error_set(err, ERR_NOT_FOUND, "there is no /%s; /help lists the commands", name);
    show_help_row(t, c);
    if (*c->aliases != '\0')
        show_line(t->show, "  also: %s", c->aliases);
    return ERR_NONE;
}

enum error_code slash_help(struct repl *t, const char *arguments, struct error *err)
{
    if (*arguments != '\0')
        return show_help_of(t, arguments, err);
    for (const struct slash_command *c = t->commands; c->name != NULL; c++)
        show_help_row(t, c);
    show_prompts(t);
    show_line(t->show, "%s",
              "Ctrl-C stops an answer or clears the line, Ctrl-D leaves, Tab completes.\n"
              "For a message of several lines: a backslash before Enter, Alt-Enter, or \"\"\"\n"
              "around the text.");
    return ERR_NONE;
}

/* ---- /prompt ---------------------------------------------------------------------------------------------------- */

/* "1:<s>  518:[ ...", each token as the vocabulary spells it. */
static void write_ids(const struct repl *t, const struct prompt *prompt, struct buf *out)
{
    const struct tokenizer *tokenizer = model_tokenizer(chat_model(t->chat));
    for (size_t i = 0; i < prompt->ids.n; i++) {
        const char *spelling = tokenizer_spelling(tokenizer, prompt->ids.at[i]);
        buf_printf(out, "%s%d:%s", i > 0 ? "  " : "", (int)prompt->ids.at[i], spelling != NULL ? spelling : "?");
    }
}

static void show_prompt(struct repl *t, const struct prompt *prompt)
{
    struct buf ids;
    buf_init(&ids, CHAT_TEXT_MOST);
    write_ids(t, prompt, &ids);
    show_note(t->show, "%zu tokens, as text", prompt->ids.n);
    show_line(t->show, "%s", buf_text(&prompt->text));
    show_note(t->show, "and as tokens, id:spelling");
    show_line(t->show, "%s", buf_text(&ids));
    buf_free(&ids);
}

/* Writes the exact text, an empty line, and the ids on one line. */
static enum error_code write_prompt(struct repl *t, const struct prompt *prompt, const char *path, struct error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (out == NULL)
        return error_system(err, ERR_IO, errno, "%s: can't be written", path);
    fwrite(buf_text(&prompt->text), 1, prompt->text.size, out);
    fputs("\n\n", out);
    for (size_t i = 0; i < prompt->ids.n; i++)
        fprintf(out, "%s%d", i > 0 ? " " : "", (int)prompt->ids.at[i]);
    fputc('\n', out);
    bool ok = ferror(out) == 0;
    if (fclose(out) != 0 || !ok)
        return error_system(err, ERR_IO, errno, "%s: can't be written", path);
    show_note(t->show, "%zu tokens written to %s: the text, an empty line, the ids", prompt->ids.n, path);
    return ERR_NONE;
}

enum error_code slash_prompt(struct repl *t, const char *arguments, struct error *err)
{
    const struct prompt *prompt = chat_last_prompt(t->chat);
    if (chat_host(t->chat) != NULL)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s makes the prompt of the messages, by a template of its own; it is not known here",
                         chat_host(t->chat));
    if (prompt == NULL || chat_model(t->chat) == NULL)
        return error_set(err, ERR_NOT_FOUND, "nothing was sent to the model yet; send a message first");
    if (*arguments != '\0')
        return write_prompt(t, prompt, arguments, err);
    show_prompt(t, prompt);
    return ERR_NONE;
}

/* ---- /context --------------------------------------------------------------------------------------------------- */

/* number: "" for the system message, which is not counted. */
static void show_context_row(struct repl *t, const char *mark, const char *number, const char *role, const char *text,
                             size_t size)
{
    size_t shown = strcspn(text, "\n");
    char count[COUNT_TEXT], tokens[COUNT_TEXT + 4];
    if (shown > 50)
        for (shown = 50; ((unsigned char)text[shown] & 0xC0) == 0x80; shown--)
            ;
    snprintf(tokens, sizeof tokens, "%s%s", chat_count_sign(t->chat),
             count_write(chat_count_tokens(t->chat, text, size), count));
    show_line(t->show, "%4s %s %-10s %7s tokens  %.*s%s", number, mark, role, tokens, (int)shown, text,
              text[shown] != '\0' ? "…" : "");
}

/* Tokens of what the model sees; of a server's about. */
static enum error_code count_used(struct repl *t, size_t *used, struct error *err)
{
    struct prompt prompt;
    if (chat_host(t->chat) != NULL) {
        *used = chat_estimate_used(t->chat);
        return ERR_NONE;
    }
    if (chat_render(t->chat, &prompt, err) != ERR_NONE)
        return err->code;
    *used = prompt.ids.n;
    prompt_free(&prompt);
    return ERR_NONE;
}

static void show_fill(struct repl *t, size_t used)
{
    const size_t capacity = chat_capacity(t->chat);
    char count[COUNT_TEXT], most[COUNT_TEXT];
    count_write(used, count);
    if (capacity > 0)
        show_line(t->show, "%s%s of %s tokens are used.", chat_count_sign(t->chat), count, count_write(capacity, most));
    else
        show_line(t->show, "~%s tokens are used; %s does not tell how many its context has.", count,
                  chat_host(t->chat));
    if (chat_host(t->chat) != NULL && chat_last_used(t->chat) > 0 && !chat_last_used_is_estimated(t->chat))
        show_line(t->show, "~: estimated, as %s has the tokenizer; with the last answer it counted %s.",
                  chat_host(t->chat), count_write(chat_last_used(t->chat), count));
    else if (chat_host(t->chat) != NULL)
        show_line(t->show, "~: estimated, as %s has the tokenizer.", chat_host(t->chat));
}

enum error_code slash_context(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    size_t n = chat_count(t->chat), window = chat_first_visible(t->chat), used = 0;
    if (!chat_is_ready(t->chat))
        return error_set(err, ERR_BUSY, "the model is still loading");
    if (n > 0 && count_used(t, &used, err) != ERR_NONE)
        return err->code;
    if (*chat_system(t->chat) != '\0')
        show_context_row(t, " ", "", "system", chat_system(t->chat), strlen(chat_system(t->chat)));
    for (size_t i = 0; i < n; i++) {
        const struct chat_message *m = chat_message(t->chat, i);
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        bool part = i == window && chat_first_byte(t->chat) > 0;
        show_context_row(t,
                         i < window ? "-"
                         : part     ? "~"
                                    : " ",
                         number, role_name(m->role), buf_text(&m->text), m->text.size);
    }
    if (window > 0)
        show_line(t->show, "The model no longer sees the %zu message%s marked with -.", window, plural(window));
    if (chat_first_byte(t->chat) > 0)
        show_line(t->show, "The model no longer sees the beginning of the piece marked with ~.");
    show_fill(t, used);
    return ERR_NONE;
}

/* ---- /stats ----------------------------------------------------------------------------------------------------- */

static void show_memory(struct repl *t)
{
    char text[400];
    const struct footprint taken = footprint_now(chat_model(t->chat));
    footprint_write_taken(&taken, text, sizeof text);
    show_line(t->show, "memory: %s", text);
    if (footprint_write_loading(chat_model(t->chat), model_info(chat_model(t->chat))->load, text, sizeof text))
        show_line(t->show, "%s", text);
    if (chat_plan(t->chat)->verdict == PLAN_FITS)
        return;
    footprint_write_verdict(chat_plan(t->chat), text, sizeof text);
    show_line(t->show, "when it was loaded: %s", text);
}

static void show_meaning(struct repl *t)
{
    struct meaning_state state;
    char text[700];
    meaning_state(t->meaning, &state);
    meaning_describe(&state, text, sizeof text);
    show_line(t->show, "search by meaning: %s", text);
}

static void show_timings(struct repl *t)
{
    char line[STATS_LINE];
    size_t n = chat_count(t->chat);
    if (n == 0 || chat_message(t->chat, n - 1)->role != ROLE_ASSISTANT) {
        show_line(t->show, "answer: there is none yet");
        return;
    }
    const struct chat_message *answer = chat_message(t->chat, n - 1);
    if (answer->timings.prompt_tokens == 0) {
        show_line(t->show, "answer: it was edited or imported, and took no time here");
        return;
    }
    stats_write_prompt(&answer->timings, line, sizeof line);
    show_line(t->show, "%s", line);
    stats_write_answer(&answer->timings, answer->seed, line, sizeof line);
    show_line(t->show, "%s", line);
}

enum error_code slash_stats(struct repl *t, const char *arguments, struct error *err)
{
    (void)arguments;
    (void)err;
    show_timings(t);
    if (chat_model(t->chat) != NULL)
        show_memory(t);
    show_meaning(t);
    return ERR_NONE;
}
