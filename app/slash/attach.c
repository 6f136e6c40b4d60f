/* Slash commands: /read. */
#include <config.h>

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/text/input.h"
#include "app/slash/commands.h"
#include "base/utf8.h"

/* The first byte that no text has; size when there is none. */
static size_t binary_at(const struct buf *text)
{
    const char *nul = text->size > 0 ? memchr(text->data, '\0', text->size) : NULL;
    size_t bad = utf8_check(buf_text(text), text->size);
    return nul != NULL && (size_t)(nul - text->data) < bad ? (size_t)(nul - text->data) : bad;
}

static enum error_code check_size(const struct repl *t, const char *path, const struct buf *text, size_t *tokens,
                                  struct error *err)
{
    *tokens = chat_count_tokens(t->chat, buf_text(text), text->size);
    if (*tokens > 0 && *tokens >= chat_capacity(t->chat))
        return error_set(err, ERR_CONTEXT,
                         "%s is %zu tokens long, the context holds %zu: give a part of it, or choose a larger one with -c",
                         path, *tokens, chat_capacity(t->chat));
    return ERR_NONE;
}

/* Adds "NAME:\nTEXT\n" to what is attached. */
static enum error_code attach(struct repl *t, const char *path, const struct buf *text, struct error *err)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    if (t->attached.size > 0)
        buf_puts(&t->attached, "\n");
    buf_printf(&t->attached, "%s:\n", name);
    buf_append(&t->attached, buf_text(text), text->size);
    if (text->size > 0 && text->data[text->size - 1] != '\n')
        buf_putc(&t->attached, '\n');
    return buf_failed(&t->attached) ? error_set(err, ERR_CONTEXT, "%s is larger than any context", path) : ERR_NONE;
}

static enum error_code read_one(struct repl *t, const char *path, struct error *err)
{
    struct stat status;
    struct buf text;
    size_t tokens = 0;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        return error_set(err, ERR_ARGUMENT, "%s is not a file of text", path);
    buf_init(&text, INPUT_MOST);
    size_t before = t->attached.size;
    enum error_code code = input_read_file(path, &text, err);
    if (code == ERR_NONE && binary_at(&text) < text.size)
        code = error_set(err, ERR_FORMAT, "%s is not text: byte %zu is not UTF-8 or a zero", path, binary_at(&text));
    if (code == ERR_NONE)
        code = check_size(t, path, &text, &tokens, err);
    if (code == ERR_NONE)
        code = attach(t, path, &text, err);
    if (code != ERR_NONE)
        buf_truncate(&t->attached, before);
    else if (tokens > 0)
        show_note(t->show, "%s: %zu bytes, %zu tokens; goes with your next message", path, text.size, tokens);
    else
        show_note(t->show, "%s: %zu bytes; goes with your next message", path, text.size);
    buf_free(&text);
    return code;
}

/* Reads every file that a pattern means. */
static enum error_code read_pattern(struct repl *t, const char *pattern, struct error *err)
{
    glob_t found = {0};
    struct stat status;
    enum error_code code = ERR_NONE;
    if (stat(pattern, &status) == 0 || glob(pattern, GLOB_TILDE, NULL, &found) != 0)
        code = read_one(t, pattern, err);
    for (size_t i = 0; code == ERR_NONE && i < found.gl_pathc; i++)
        code = read_one(t, found.gl_pathv[i], err);
    globfree(&found);
    return code;
}

enum error_code slash_read(struct repl *t, const char *arguments, struct error *err)
{
    struct words words = {0};
    enum error_code code = words_split(&words, arguments) ? ERR_NONE : error_set(err, ERR_MEMORY, "no memory for a line");
    if (code == ERR_NONE && words.n == 0)
        code = error_set(err, ERR_ARGUMENT, "which file? /read FILE puts a text file into the next message");
    for (size_t i = 0; code == ERR_NONE && i < words.n; i++)
        code = read_pattern(t, words.at[i], err);
    words_free(&words);
    return code;
}
