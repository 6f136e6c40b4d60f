/* Slash commands: /read attaches files. */
#include <config.h>

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/chat/chat.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/input.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"

static enum error_code check_size(const struct repl *t, const char *path, const struct buf *text, size_t *tokens,
                                  struct error *err)
{
    *tokens = chat_count_tokens(t->chat, buf_text(text), text->size);
    const size_t capacity = chat_capacity(t->chat);
    if (capacity == 0 || *tokens < capacity)
        return ERR_NONE;
    return error_set(err, ERR_CONTEXT, "%s: %s%zu tokens, and the context holds %zu: attach a part of it%s", path,
                     chat_count_sign(t->chat), *tokens, capacity,
                     chat_host(t->chat) == NULL ? ", or choose a larger context with -c" : "");
}

/* Adds "NAME:\nTEXT\n" to what is attached; TEXT alone where it becomes a part of a text that is continued. */
static enum error_code attach_text(struct repl *t, const char *path, const struct buf *text, struct error *err)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    bool exact = chat_continues_text(t->chat);
    if (t->attached.size > 0 && !exact)
        buf_puts(&t->attached, "\n");
    if (!exact)
        buf_printf(&t->attached, "%s:\n", name);
    buf_append(&t->attached, buf_text(text), text->size);
    if (!exact && text->size > 0 && text->data[text->size - 1] != '\n')
        buf_putc(&t->attached, '\n');
    return buf_failed(&t->attached) ? error_set(err, ERR_CONTEXT, "%s: larger than any context", path) : ERR_NONE;
}

enum error_code slash_attach(struct repl *t, const char *path, struct error *err)
{
    struct buf text;
    size_t tokens = 0;
    buf_init(&text, INPUT_MOST);
    size_t before = t->attached.size;
    enum error_code code = input_read_file(path, &text, err);
    if (code == ERR_NONE && input_binary_at(&text) < text.size)
        code = error_set(err, ERR_FORMAT, "%s: not a text file: byte %zu is not UTF-8 or is zero", path,
                         input_binary_at(&text));
    if (code == ERR_NONE)
        code = check_size(t, path, &text, &tokens, err);
    if (code == ERR_NONE)
        code = attach_text(t, path, &text, err);
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    if (code == ERR_NONE)
        buf_printf(&t->attached_names, "%s%s", t->attached_names.size > 0 ? ", " : "", name);
    if (code != ERR_NONE)
        buf_truncate(&t->attached, before);
    else if (tokens > 0)
        show_note(t->show, "%s: %zu bytes, %s%zu tokens, sent with your next message", path, text.size,
                  chat_count_sign(t->chat), tokens);
    else
        show_note(t->show, "%s: %zu bytes, sent with your next message", path, text.size);
    buf_free(&text);
    return code;
}

/* Attaches every file that matches a pattern. */
static enum error_code attach_pattern(struct repl *t, const char *pattern, struct error *err)
{
    glob_t found = {0};
    struct stat status;
    enum error_code code = ERR_NONE;
    if (stat(pattern, &status) == 0 || glob(pattern, GLOB_TILDE, NULL, &found) != 0)
        code = slash_attach(t, pattern, err);
    for (size_t i = 0; code == ERR_NONE && i < found.gl_pathc; i++)
        code = slash_attach(t, found.gl_pathv[i], err);
    globfree(&found);
    return code;
}

void repl_detach(struct repl *t)
{
    buf_clear(&t->attached);
    buf_clear(&t->attached_names);
}

enum error_code slash_read(struct repl *t, const char *arguments, struct error *err)
{
    struct words words = {0};
    bool about = false;
    enum error_code code = words_split(&words, arguments) ? ERR_NONE : error_memory(err);
    if (code == ERR_NONE && words.n == 0)
        code = error_set(err, ERR_ARGUMENT, "which file? /read FILE attaches a text file to your next message");
    for (size_t i = 0; i < words.n; i++)
        about = about || strcmp(words.at[i], "--about") == 0;
    if (code == ERR_NONE && about)
        code = slash_read_about(t, &words, err);
    for (size_t i = 0; code == ERR_NONE && !about && i < words.n; i++)
        code = attach_pattern(t, words.at[i], err);
    words_free(&words);
    return code;
}
