/* Marked: all of them or none. */
#include <config.h>

#include "app/screen/marked.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/screen/trash.h"
#include "app/slash/commands.h"
#include "app/text/plural.h"
#include "app/text/words.h"
#include "history/history.h"

static void tell_count(struct screen *s, const char *what, size_t n)
{
    char text[100];
    snprintf(text, sizeof text, "%zu conversation%s %s", n, plural(n), what);
    ui_notice(s->ui, false, text);
    ui_clear_marks(s->ui);
}

static void archive_all(struct screen *s, struct store *library, const int64_t *ids, size_t n, struct error *err)
{
    struct error ignored = {0};
    if (store_begin(library, err) != ERR_NONE)
        return;
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++)
        store_flag(library, ids[i], STORE_ARCHIVED, true, err);
    store_end(library, err->code == ERR_NONE, err->code == ERR_NONE ? err : &ignored);
    if (err->code == ERR_NONE)
        tell_count(s, "archived", n);
}

static void tag_all(struct screen *s, struct store *library, const int64_t *ids, size_t n, const char *tags,
                    struct error *err)
{
    struct words words = {0};
    struct error ignored = {0};
    if (!words_split(&words, tags))
        error_memory(err);
    else if (words.n == 0)
        error_set(err, ERR_ARGUMENT, "which tag? /marked tag NAME, or -NAME to remove it");
    else if (store_begin(library, err) == ERR_NONE) {
        for (size_t i = 0; i < n && err->code == ERR_NONE; i++)
            slash_change_tags(library, ids[i], &words, err);
        store_end(library, err->code == ERR_NONE, err->code == ERR_NONE ? err : &ignored);
    }
    if (err->code == ERR_NONE)
        tell_count(s, "tagged", n);
    words_free(&words);
}

static void delete_all(struct screen *s, const int64_t *ids, size_t n, struct error *err)
{
    if (screen_trash_delete(s, ids, n, err) == ERR_NONE)
        tell_count(s, "deleted; u brings them back", n);
}

void screen_marked_run(struct screen *s, const char *arguments, struct error *err)
{
    size_t n;
    const int64_t *ids = ui_marked(s->ui, &n);
    const char *tags = slash_after(arguments, "tag"), *file = slash_after(arguments, "export");
    struct store *library = home_library(chat_home(s->repl.chat), err);
    if (library == NULL)
        return;
    if (n == 0)
        error_set(err, ERR_NOT_FOUND, "no conversation is marked; F5 goes to the list, where Space marks one");
    else if (strcmp(arguments, "delete") == 0)
        delete_all(s, ids, n, err);
    else if (strcmp(arguments, "archive") == 0)
        archive_all(s, library, ids, n, err);
    else if (tags != NULL)
        tag_all(s, library, ids, n, tags, err);
    else if (file == NULL)
        slash_usage(&s->repl, "marked", err);
    else if (slash_export_all(&s->repl, ids, n, file, err) == ERR_NONE)
        ui_clear_marks(s->ui);
}
