/* Slash commands: /export and /import. */
#include <config.h>

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* ---- export ----------------------------------------------------------------------------------------------------- */

/* The path that the words mean, with ~ expanded; without words a name made from the conversation's id. Malloc'ed. */
static char *export_path(struct store *s, int64_t id, const char *arguments, struct error *err)
{
    struct words words = {0};
    struct store_conversation c = {0};
    struct buf path;
    const char *home = getenv("HOME");
    buf_init(&path, 4096);
    if (!words_split(&words, arguments))
        error_memory(err);
    else if (words.n > 1)
        error_set(err, ERR_ARGUMENT, "/export takes one file; put quotes around a name with spaces");
    else if (words.n == 1 && strncmp(words.at[0], "~/", 2) == 0 && home != NULL)
        buf_printf(&path, "%s%s", home, words.at[0] + 1);
    else if (words.n == 1)
        buf_puts(&path, words.at[0]);
    else if (store_conversation_get(s, id, &c, err) == ERR_NONE)
        buf_printf(&path, "palaver-%s.md", c.public_id);
    char *taken = err->code == ERR_NONE && !buf_failed(&path) ? buf_take(&path) : NULL;
    if (taken == NULL)
        error_set(err, ERR_ARGUMENT, "the name of the file is too long");
    buf_free(&path);
    store_conversation_free(&c);
    words_free(&words);
    return taken;
}

enum { NAMES_MOST = 1000 }; /* of which one is free */

/* The format that the name's ending asks for: Markdown when it has none. */
static enum error_code find_format(const char *path, enum store_format *format, struct error *err)
{
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    const char *ending = strrchr(name, '.');
    *format = STORE_MARKDOWN;
    if (store_format_parse(path, format) || ending == NULL || ending == name)
        return ERR_NONE;
    return error_set(err, ERR_ARGUMENT, "/export can't write %s files; names end in .md, .txt, .html or .json", ending);
}

static bool is_taken(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* "note (2).md" and so on, whichever is free first, in place of the name of a file that exists. */
static enum error_code find_free_name(char **path, struct error *err)
{
    struct buf other;
    const char *slash = strrchr(*path, '/'), *dot = strrchr(*path, '.');
    bool ends = dot != NULL && dot > (slash != NULL ? slash + 1 : *path);
    int stem = (int)(ends ? (size_t)(dot - *path) : strlen(*path));
    buf_init(&other, 4096);
    int n = 2;
    do {
        buf_clear(&other);
        buf_printf(&other, "%.*s (%d)%s", stem, *path, n, ends ? dot : "");
    } while (++n <= NAMES_MOST && is_taken(buf_text(&other)));
    char *taken = !buf_failed(&other) && !is_taken(buf_text(&other)) ? buf_take(&other) : NULL;
    buf_free(&other);
    if (taken == NULL)
        return error_set(err, ERR_ARGUMENT, "%s exists; name another file", *path);
    free(*path);
    *path = taken;
    return ERR_NONE;
}

/* No file is overwritten. */
static enum error_code export_to(struct repl *t, struct store *s, const int64_t *ids, size_t n, const char *arguments,
                                 struct error *err)
{
    enum store_format format;
    char *path = export_path(s, ids[0], arguments, err);
    if (path == NULL)
        return err->code;
    struct stat status;
    bool taken = stat(path, &status) == 0 && S_ISREG(status.st_mode); /* others can't be written at all */
    if (find_format(path, &format, err) == ERR_NONE && (!taken || find_free_name(&path, err) == ERR_NONE) &&
        library_export(s, format, ids, n, path, err) == ERR_NONE)
        show_note(t->show, taken ? "written to %s, as a file of the name given exists" : "written to %s", path);
    free(path);
    return err->code;
}

enum error_code slash_export_all(struct repl *t, const int64_t *ids, size_t n, const char *file, struct error *err)
{
    struct store *s = home_library(chat_home(t->chat), err);
    if (s != NULL && *file == '\0')
        return error_set(err, ERR_ARGUMENT, "which file? The name ends in .md, .txt, .html or .json");
    return s != NULL ? export_to(t, s, ids, n, file, err) : err->code;
}

/* Messages that can't be saved are exported from memory. */
enum error_code slash_export(struct repl *t, const char *arguments, struct error *err)
{
    struct store *s;
    int64_t id;
    size_t unsaved;
    struct error why = {0};
    chat_save_rest(t->chat, &unsaved, &why);
    if (unsaved == 0)
        return slash_present(t, &s, &id, err) == ERR_NONE ? export_to(t, s, &id, 1, arguments, err) : err->code;
    s = chat_copy(t->chat, &id, err);
    if (s != NULL)
        export_to(t, s, &id, 1, arguments, err);
    store_close(s);
    return err->code;
}

/* ---- import ----------------------------------------------------------------------------------------------------- */

/* Adds every file that matches a pattern. */
static void add_files(struct words *files, const char *pattern)
{
    glob_t found = {0};
    struct stat status;
    if (stat(pattern, &status) == 0 || glob(pattern, GLOB_TILDE, NULL, &found) != 0)
        words_add(files, pattern, strlen(pattern));
    for (size_t i = 0; i < found.gl_pathc; i++)
        words_add(files, found.gl_pathv[i], strlen(found.gl_pathv[i]));
    globfree(&found);
}

static void show_imported(struct repl *t, struct store *s, const struct store_import_report *sum)
{
    struct store_conversation c = {0};
    struct buf text;
    buf_init(&text, 4096);
    library_import_tell(sum, &text);
    if (sum->first != 0 && store_conversation_get(s, sum->first, &c, NULL) == ERR_NONE)
        buf_printf(&text, "; /open %s opens %s", c.public_id, sum->conversations == 1 ? "it" : "the first");
    show_note(t->show, "%s", buf_text(&text));
    buf_free(&text);
    store_conversation_free(&c);
}

enum error_code slash_import(struct repl *t, const char *arguments, struct error *err)
{
    struct words words = {0}, files = {0};
    struct store_import_report sum;
    struct store *s = home_library(chat_home(t->chat), err);
    if (s == NULL)
        return err->code;
    if (!words_split(&words, arguments))
        error_memory(err);
    for (size_t i = 0; i < words.n; i++)
        add_files(&files, words.at[i]);
    for (size_t i = 0; i < files.n && err->code == ERR_NONE; i++)
        if (strcmp(files.at[i], "-") == 0)
            error_set(err, ERR_ARGUMENT, "standard input is the keyboard here; name a file");
    if (files.n == 0)
        error_set(err, ERR_ARGUMENT, "which file? /import FILE reads exports of Palaver and of other programs");
    if (err->code == ERR_NONE && library_import(s, files.at, files.n, &sum, err) == ERR_NONE)
        show_imported(t, s, &sum);
    words_free(&files);
    words_free(&words);
    return err->code;
}
