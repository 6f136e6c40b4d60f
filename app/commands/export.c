/* palaver export: conversations as Markdown, plain text, HTML or the JSON that palaver import takes back. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands/commands.h"
#include "app/library/conversations.h"
#include "app/terminal/report.h"

static bool to_show(void *context, const char *bytes, size_t size)
{
    struct show *show = context;
    show_text(show, bytes, size);
    return !ferror(show->out);
}

/* --format, --json, the file's name, else Markdown. */
static enum error_code choose_format(const struct options *o, enum store_format *format, struct error *err)
{
    const char *name = o->history.format;
    *format = o->json ? STORE_JSON : STORE_MARKDOWN;
    if (name != NULL && !store_format_parse(name, format))
        return error_set(err, ERR_ARGUMENT, "--format takes markdown, text, html or json, not '%s'", name);
    if (name != NULL && o->json && *format != STORE_JSON)
        return error_set(err, ERR_ARGUMENT, "--json and --format %s are two forms: give one of them", name);
    if (name == NULL && !o->json && o->history.output != NULL)
        store_format_parse(o->history.output, format);
    return ERR_NONE;
}

static enum error_code find_all(const struct options *o, struct store *s, int64_t *ids, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (int i = 0; i < o->n_words && code == ERR_NONE; i++)
        code = library_find(s, o->words[i], &ids[i], err);
    return code;
}

/* Where somebody looks the text is made safe; a pipe or a file gets it as it is. */
static enum error_code write_stdout(const struct options *o, struct store *s, enum store_format format,
                                    const int64_t *ids, struct error *err)
{
    struct show show;
    show_init(&show, o, stdout);
    if (show.terminal)
        store_export(s, format, ids, (size_t)o->n_words, to_show, &show, err);
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
        error_set(&err, ERR_MEMORY, "no memory for the conversations");
    else if (choose_format(o, &format, &err) == ERR_NONE)
        s = library_open(o, LIBRARY_READ, &err);
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
