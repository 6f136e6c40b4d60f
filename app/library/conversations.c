/* Conversations: opening the history, finding and printing what is in it. */
#include <config.h>

#include "app/library/conversations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "app/options/options.h"
#include "app/options/paths.h"
#include "app/terminal/columns.h"
#include "app/terminal/show.h"
#include "app/text/jsonl.h"
#include "app/text/nearest.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/history.h"

enum { WORDS_MOST = 4096 };

/* ---- opening ---------------------------------------------------------------------------------------------------- */

char *library_path(const struct options *o, struct error *err)
{
    char *path = paths_join(o->paths.data_dir, "history.db");
    if (path == NULL)
        error_memory(err);
    return path;
}

struct store *library_open(const struct options *o, enum library_use use, struct error *err)
{
    struct error why = {0};
    char *path = library_path(o, err);
    if (path == NULL)
        return NULL;
    bool there = access(path, F_OK) == 0;
    struct store *s = store_open(there || use == LIBRARY_ADD ? path : NULL, NULL, &why);
    if (s == NULL && why.code == ERR_IO && there && use == LIBRARY_READ)
        s = store_open(path, &(struct store_options){.read_only = true}, NULL);
    if (s == NULL)
        error_set(err, why.code, "%s", why.message);
    free(path);
    return s;
}

/* ---- finding ---------------------------------------------------------------------------------------------------- */

char *library_words(char *const *words, int n, struct error *err)
{
    struct buf text;
    buf_init(&text, WORDS_MOST);
    for (int i = 0; i < n; i++)
        buf_printf(&text, "%s%s", i > 0 ? " " : "", words[i]);
    char *joined = buf_failed(&text) ? NULL : buf_take(&text);
    if (joined == NULL)
        error_set(err, ERR_ARGUMENT, "these words are longer than any title can be");
    buf_free(&text);
    return joined;
}

/* Reports a name that fits no conversation, with the nearest title. */
static void report_missing(struct store *s, const char *name, const char *list, struct error *err)
{
    struct store_conversations all = {0};
    struct nearest near = nearest_to(name);
    store_list(s, &(struct store_list_query){.view = STORE_VIEW_ALL}, &all, NULL);
    for (size_t i = 0; i < all.n; i++) {
        nearest_try(&near, all.at[i].title);
        nearest_try(&near, all.at[i].public_id);
    }
    if (near.best != NULL)
        error_set(err, ERR_NOT_FOUND, "no conversation is called \"%.100s\"; did you mean \"%s\"?", name, near.best);
    else
        error_set(err, ERR_NOT_FOUND, "no conversation has the id or title \"%.100s\"; %s shows them", name, list);
    store_conversations_free(&all);
}

enum error_code library_find(struct store *s, const char *name, const char *list, int64_t *conversation,
                             struct error *err)
{
    struct error why = {0};
    enum error_code code = store_find(s, name, conversation, &why);
    if (code == ERR_NOT_FOUND)
        report_missing(s, name, list, err);
    return code == ERR_NONE ? code : error_set(err, code, "%s", why.message);
}

enum error_code library_find_deleted(struct store *s, const char *name, int64_t *conversation, struct error *err)
{
    struct store_conversations trash = {0};
    enum error_code code = store_list(s, &(struct store_list_query){.view = STORE_VIEW_TRASH}, &trash, err);
    const struct store_conversation *found = NULL;
    for (size_t i = 0; i < trash.n && found == NULL; i++)
        if (strcasecmp(trash.at[i].public_id, name) == 0 || strcasecmp(trash.at[i].title, name) == 0)
            found = &trash.at[i];
    if (found != NULL)
        *conversation = found->id;
    else if (code == ERR_NONE)
        code = error_set(err, ERR_NOT_FOUND, "nothing in the trash has the id or title \"%.100s\"; it holds %zu", name,
                         trash.n);
    store_conversations_free(&trash);
    return code;
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

static bool to_local_time(int64_t when, struct tm *out)
{
    time_t seconds = (time_t)(when / 1000);
    return localtime_r(&seconds, out) != NULL;
}

void library_time(int64_t when, char out[LIBRARY_TIME_SIZE])
{
    struct tm tm;
    if (!to_local_time(when, &tm) || strftime(out, LIBRARY_TIME_SIZE, "%Y-%m-%d %H:%M", &tm) == 0)
        snprintf(out, LIBRARY_TIME_SIZE, "unknown");
}

void library_age(int64_t when, int64_t now, char out[LIBRARY_TIME_SIZE])
{
    struct tm then, today, yesterday;
    if (!to_local_time(when, &then) || !to_local_time(now, &today)) {
        snprintf(out, LIBRARY_TIME_SIZE, "unknown");
        return;
    }
    struct tm noon = today;
    noon.tm_mday--;
    noon.tm_hour = 12;
    noon.tm_isdst = -1;
    time_t before = mktime(&noon);
    localtime_r(&before, &yesterday);
    size_t size = 0;
    if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
        size = strftime(out, LIBRARY_TIME_SIZE, "today %H:%M", &then);
    else if (then.tm_year == yesterday.tm_year && then.tm_yday == yesterday.tm_yday)
        size = strftime(out, LIBRARY_TIME_SIZE, "yesterday", &then);
    else
        size = strftime(out, LIBRARY_TIME_SIZE, "%Y-%m-%d", &then);
    if (size == 0)
        snprintf(out, LIBRARY_TIME_SIZE, "unknown");
}

bool library_is_one_shot(const struct store_conversation *c)
{
    for (char **tag = c->tags; tag != NULL && *tag != NULL; tag++)
        if (strcmp(*tag, LIBRARY_ONE_SHOT) == 0)
            return true;
    return false;
}

void library_title(const struct store_conversation *c, struct buf *out)
{
    buf_puts(out, c->title[0] != '\0' ? c->title : "(untitled)");
    buf_puts(out, c->pinned ? " [pinned]" : "");
    buf_puts(out, c->archived ? " [archived]" : "");
    buf_puts(out, c->answering ? " [answering]" : "");
    for (char **tag = c->tags; tag != NULL && *tag != NULL; tag++)
        buf_printf(out, " #%s", *tag);
}

json_t *library_json(const struct store_conversation *c)
{
    json_t *tags = json_array();
    for (char **tag = c->tags; tag != NULL && *tag != NULL; tag++)
        json_array_append_new(tags, json_text(*tag, strlen(*tag)));
    json_t *object = json_pack("{s:s, s:o, s:I, s:I, s:i, s:b, s:b, s:b, s:o}", "id", c->public_id, "title",
                               json_text(c->title, strlen(c->title)), "created", (json_int_t)c->created, "changed",
                               (json_int_t)c->changed, "messages", (int)c->length, "pinned", c->pinned, "archived",
                               c->archived, "answering", c->answering, "tags", tags);
    if (c->model != NULL)
        json_object_set_new(object, "model", json_text(c->model, strlen(c->model)));
    if (c->trashed != 0)
        json_object_set_new(object, "deleted", json_integer((json_int_t)c->trashed));
    return object;
}

void library_fit(const struct show *s, const struct buf *row, struct buf *line)
{
    int columns = columns_of(s->out);
    buf_init(line, row->size * UTF8_CLEAN_GROWTH + 4);
    utf8_clean(line, buf_text(row), row->size);
    for (size_t i = 0; i < line->size; i++)
        line->data[i] = line->data[i] == '\n' || line->data[i] == '\t' ? ' ' : line->data[i];
    if (s->terminal && columns_fit(buf_text(line), line->size, columns) < line->size) {
        buf_truncate(line, columns_fit(buf_text(line), line->size, columns - 1));
        buf_puts(line, "\xE2\x80\xA6");
    }
}

void library_print(struct show *s, const struct buf *row)
{
    struct buf line;
    library_fit(s, row, &line);
    show_text(s, buf_text(&line), line.size);
    show_text(s, "\n", 1);
    buf_free(&line);
}
