/* palaver export: conversations as Markdown, plain text, HTML, or the JSON that palaver import reads. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands/commands.h"
#include "app/library/conversations.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/terminal/show.h"
#include "app/text/safe.h"
#include "base/error.h"
#include "history/history.h"

static bool write_text(void *context, const char *bytes, size_t size)
{
    struct show *show = context;
    show_text(show, bytes, size);
    return !ferror(show->out);
}

static bool write_json(void *context, const char *bytes, size_t size)
{
    struct show *show = context;
    safe_json(show->out, bytes, size);
    return !ferror(show->out);
}

/* By --format, --json or the name of the file; else Markdown. */
static enum error_code choose_format(const struct options *o, enum store_format *format, struct error *err)
{
    const char *name = o->history.format;
    *format = o->json ? STORE_JSON : STORE_MARKDOWN;
    if (name != NULL && !store_format_parse(name, format))
        return error_set(err, ERR_ARGUMENT, "--format takes markdown, text, html or json, not '%s'", name);
    if (name != NULL && o->json && *format != STORE_JSON)
        return error_set(err, ERR_ARGUMENT, "--json and --format %s contradict each other; give only one of them",
                         name);
    if (name == NULL && !o->json && o->history.output != NULL)
        store_format_parse(o->history.output, format);
    return ERR_NONE;
}

static enum error_code find_all(const struct options *o, struct store *s, int64_t *ids, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (int i = 0; i < o->n_words && code == ERR_NONE; i++)
        code = library_find(s, o->words[i], "palaver list", &ids[i], err);
    return code;
}

/* True if all conversations are to be exported and there are none. */
static bool is_empty(const struct options *o, struct store *s, struct error *err)
{
    struct store_conversations all = {0};
    const struct store_list_query query = {.view = STORE_VIEW_ALL, .limit = 1};
    bool empty = o->n_words == 0 && store_list(s, &query, &all, err) == ERR_NONE && all.n == 0;
    store_conversations_free(&all);
    return empty;
}

/* On a terminal the text is made safe; a pipe or a file gets it unchanged. */
static enum error_code write_stdout(const struct options *o, struct store *s, enum store_format format,
                                    const int64_t *ids, struct error *err)
{
    struct show show;
    show_init(&show, o, stdout);
    if (show.terminal)
        store_export(s, format, ids, (size_t)o->n_words, format == STORE_JSON ? write_json : write_text, &show, err);
    else
        library_export_stream(s, format, ids, (size_t)o->n_words, stdout, "standard output", err);
    show_free(&show);
    return err->code;
}

int export_run(const struct options *o)
{
    struct error err = {0};
    enum store_format format;
    const char *output = o->history.output;
    int64_t *ids = calloc((size_t)o->n_words + 1, sizeof *ids);
    struct store *s = NULL;
    if (ids == NULL)
        error_memory(&err);
    else if (choose_format(o, &format, &err) == ERR_NONE)
        s = library_open(o, LIBRARY_READ, &err);
    if (s != NULL && format != STORE_JSON && is_empty(o, s, &err))
        fputs("palaver: no conversations yet, so nothing is exported\n", stderr);
    if (s != NULL && find_all(o, s, ids, &err) == ERR_NONE) {
        if (output != NULL && strcmp(output, "-") != 0)
            library_export(s, format, ids, (size_t)o->n_words, output, &err);
        else
            write_stdout(o, s, format, ids, &err);
    }
    store_close(s);
    free(ids);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
