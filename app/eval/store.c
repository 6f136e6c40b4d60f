/* The files of results. To expect: from a dozen to ten thousand lines of a kilobyte. */
#include <config.h>

#include "app/eval/store.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <jansson.h>

#include "app/options/paths.h"
#include "app/text/input.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "engine/engine.h"

enum { FILE_MOST = 1 << 30, NAME_MOST = 192, FORM = 1 };

struct eval_store {
    char *path;
    int fd;
    json_t *head, *entries;
};

void eval_store_free(struct eval_store *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    json_decref(s->head);
    json_decref(s->entries);
    free(s->path);
    free(s);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* Takes an entry over in any case. What is skipped on the way to its place becomes null. False when it has none. */
static bool take_entry(json_t *value, json_t *entries)
{
    const json_t *index = json_object_get(value, "index");
    const size_t n = json_array_size(entries), at = (size_t)json_integer_value(index);
    bool ok = json_is_integer(index) && json_integer_value(index) >= 0 && at <= n + EVAL_STORE_AHEAD;
    for (size_t i = n; ok && i < at; i++)
        ok = json_array_append_new(entries, json_null()) == 0;
    if (!ok) {
        json_decref(value);
        return false;
    }
    return (at < n ? json_array_set_new(entries, at, value) : json_array_append_new(entries, value)) == 0;
}

/* Takes a line's value over in any case: the first is the head, others go into entries. False when it is neither. */
static bool take_line(json_t *value, json_t **head, json_t *entries)
{
    if (*head != NULL)
        return take_entry(value, entries);
    *head = value;
    return json_integer_value(json_object_get(value, "palaver_eval")) == FORM;
}

/* Reads the lines of a text; *whole is the size of those that end with a newline. */
static enum error_code read_lines(const char *path, const struct buf *text, json_t **head, json_t *entries,
                                  size_t *whole, struct error *err)
{
    const char *at = buf_text(text), *end = at + text->size;
    *whole = 0;
    for (size_t line = 1; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            break; /* cut off while it was written */
        json_t *value = json_loadb(at, (size_t)(stop - at), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
        const bool object = json_is_object(value);
        if (!object)
            json_decref(value);
        if (!object || !take_line(value, head, entries))
            return error_set(err, ERR_CORRUPT, "%s:%zu: not a line of results; move the file away to begin afresh",
                             path, line);
        at = stop + 1;
        *whole = (size_t)(at - buf_text(text));
    }
    return ERR_NONE;
}

static enum error_code read_store(const char *path, json_t **head, json_t *entries, size_t *whole, struct error *err)
{
    struct buf text;
    buf_init(&text, FILE_MOST);
    if (input_read_file(path, &text, err) == ERR_NONE)
        read_lines(path, &text, head, entries, whole, err);
    buf_free(&text);
    return err->code;
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static enum error_code write_line(struct eval_store *s, const json_t *value, struct error *err)
{
    struct buf line;
    buf_init(&line, FILE_MOST);
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (text == NULL || !buf_puts(&line, text) || !buf_putc(&line, '\n'))
        error_memory(err);
    for (size_t done = 0; err->code == ERR_NONE && done < line.size;) {
        const ssize_t n = write(s->fd, line.data + done, line.size - done);
        if (n < 0 && errno != EINTR)
            error_system(err, ERR_IO, errno, "%s can't be written", s->path);
        done += n > 0 ? (size_t)n : 0;
    }
    buf_free(&line);
    free(text);
    return err->code;
}

static char *store_path(const char *folder, const struct eval_key *key, struct error *err)
{
    char name[NAME_MOST];
    snprintf(name, sizeof name, "evaluations/%s-%016" PRIx64 "-%016" PRIx64 "-%d-%" PRId32 "%s%s.jsonl", key->task,
             key->fingerprint, key->checksum, key->shots, key->context, key->exact ? "-exact" : "",
             key->cache == CACHE_Q8_0 ? "-q8_0" : "");
    char *path = paths_join(folder, name);
    if (path == NULL)
        error_memory(err);
    return path;
}

static const char *cache_name(const struct eval_key *key)
{
    return key->exact ? "f32" : key->cache == CACHE_Q8_0 ? "q8_0" : "f16";
}

static enum error_code write_head(struct eval_store *s, const struct eval_key *key, const char *model, const char *data,
                                  size_t total, struct error *err)
{
    char fingerprint[24], checksum[24];
    snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64, key->fingerprint);
    snprintf(checksum, sizeof checksum, "%016" PRIx64, key->checksum);
    s->head = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:b, s:s, s:I}", "palaver_eval", FORM, "task",
                        key->task, "model", model, "fingerprint", fingerprint, "data", data, "checksum", checksum,
                        "total", (json_int_t)total, "shots", key->shots, "context", (int)key->context, "exact",
                        (int)key->exact, "cache", cache_name(key), "started", (json_int_t)clock_wall());
    return s->head != NULL ? write_line(s, s->head, err) : error_memory(err);
}

/* Opens and locks the file. */
static enum error_code lock_file(struct eval_store *s, const char *folder, struct error *err)
{
    char *inner = paths_join(folder, "evaluations");
    if (inner == NULL)
        error_memory(err);
    else
        folder_make(inner, err);
    free(inner);
    if (err->code != ERR_NONE)
        return err->code;
    s->fd = open(s->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (s->fd < 0)
        return error_system(err, ERR_IO, errno, "%s can't be written", s->path);
    if (flock(s->fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, ERR_BUSY, "another palaver asks this model the same questions just now (%s)", s->path);
    return ERR_NONE;
}

struct eval_store *eval_store_open(const char *folder, const struct eval_key *key, const char *model, const char *data,
                                   size_t total, struct error *err)
{
    size_t whole = 0;
    struct eval_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_memory(err);
        return NULL;
    }
    s->fd = -1;
    s->entries = json_array();
    s->path = store_path(folder, key, err);
    if (s->path != NULL && lock_file(s, folder, err) == ERR_NONE &&
        read_store(s->path, &s->head, s->entries, &whole, err) == ERR_NONE) {
        if (ftruncate(s->fd, (off_t)whole) != 0)
            error_system(err, ERR_IO, errno, "%s can't be written", s->path);
        else if (s->head == NULL)
            write_head(s, key, model, data, total, err);
    }
    if (err->code == ERR_NONE)
        return s;
    eval_store_free(s);
    return NULL;
}

size_t eval_store_size(const struct eval_store *s)
{
    return json_array_size(s->entries);
}

json_t *eval_store_entry(const struct eval_store *s, size_t i)
{
    json_t *entry = json_array_get(s->entries, i);
    return json_is_object(entry) ? entry : NULL;
}

enum error_code eval_store_put(struct eval_store *s, size_t index, json_t *entry, struct error *err)
{
    if (entry == NULL)
        return error_memory(err);
    assert(index <= json_array_size(s->entries) + EVAL_STORE_AHEAD);
    if (write_line(s, entry, err) != ERR_NONE)
        json_decref(entry);
    else if (!take_entry(entry, s->entries))
        error_memory(err);
    return err->code;
}

enum error_code eval_store_sync(struct eval_store *s, struct error *err)
{
    return fsync(s->fd) == 0 ? ERR_NONE : error_system(err, ERR_IO, errno, "%s can't be written", s->path);
}

/* ---- listing ---------------------------------------------------------------------------------------------------- */

/* A file of results while it is listed. */
struct listed {
    json_t *head, *entries;
};

static int compare_listed(const void *a, const void *b)
{
    const json_int_t x = json_integer_value(json_object_get(((const struct listed *)a)->head, "started"));
    const json_int_t y = json_integer_value(json_object_get(((const struct listed *)b)->head, "started"));
    return (x > y) - (x < y);
}

/* Reads one file into *out; an empty one, and what is no file of results, gives false. */
static bool read_listed(const char *folder, const char *name, struct listed *out, eval_store_broken *broken,
                        void *context)
{
    const char *end = strrchr(name, '.');
    struct error why = {0};
    size_t whole;
    if (end == NULL || strcmp(end, ".jsonl") != 0)
        return false;
    *out = (struct listed){.entries = json_array()};
    char *path = paths_join(folder, name);
    if (path == NULL)
        error_memory(&why);
    else
        read_store(path, &out->head, out->entries, &whole, &why);
    free(path);
    if (why.code != ERR_NONE)
        broken(context, &why);
    if (why.code == ERR_NONE && out->head != NULL)
        return true;
    json_decref(out->head);
    json_decref(out->entries);
    return false;
}

enum error_code eval_store_list(const char *folder, eval_store_each *each, eval_store_broken *broken, void *context,
                                struct error *err)
{
    char *inner = paths_join(folder, "evaluations");
    DIR *dir = inner != NULL ? opendir(inner) : NULL;
    struct listed *all = NULL;
    size_t n = 0;
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL && err->code == ERR_NONE;) {
        struct listed *more = realloc(all, (n + 1) * sizeof *all);
        if (more == NULL)
            error_memory(err);
        else
            all = more;
        n += more != NULL && read_listed(inner, e->d_name, &all[n], broken, context);
    }
    if (n > 0)
        qsort(all, n, sizeof *all, compare_listed);
    for (size_t i = 0; i < n; i++) {
        if (err->code == ERR_NONE)
            each(context, all[i].head, all[i].entries);
        json_decref(all[i].head);
        json_decref(all[i].entries);
    }
    free(all);
    if (dir != NULL)
        closedir(dir);
    free(inner);
    return err->code;
}
