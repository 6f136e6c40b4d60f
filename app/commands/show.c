/* palaver show: a conversation as text, all of it as JSON, or its token records. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>

#include "app/commands/commands.h"
#include "app/library/conversations.h"
#include "app/library/records.h"
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
    (void)context;
    safe_json(stdout, bytes, size);
    return !ferror(stdout);
}

/* The conversation that the words mean; without words the last one. */
static enum error_code find_conversation(const struct options *o, struct store *s, int64_t *id, struct error *err)
{
    struct error none = {0};
    if (o->n_words == 0) {
        enum error_code code = store_last(s, NULL, id, &none);
        return code == ERR_NOT_FOUND ? error_set(err, code, "no conversations yet; palaver begins one")
               : code != ERR_NONE    ? error_set(err, code, "%s", none.message)
                                     : code;
    }
    char *name = library_words(o->words, o->n_words, err);
    if (name != NULL)
        library_find(s, name, "palaver list", id, err);
    free(name);
    return err->code;
}

static enum error_code print_conversation(const struct options *o, struct store *s, int64_t id, struct error *err)
{
    struct show show;
    show_init(&show, o, stdout);
    if (o->history.tokens)
        records_print(&show, s, id, o->json, err);
    else if (o->json)
        store_export(s, STORE_JSON, &id, 1, write_json, NULL, err);
    else
        store_export(s, STORE_PLAIN, &id, 1, write_text, &show, err);
    show_free(&show);
    return err->code;
}

int show_run(const struct options *o)
{
    struct error err = {0};
    int64_t id = 0;
    struct store *s = library_open(o, LIBRARY_READ, &err);
    if (s != NULL && find_conversation(o, s, &id, &err) == ERR_NONE)
        print_conversation(o, s, id, &err);
    store_close(s);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
