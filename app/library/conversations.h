/* Library: the conversations that are kept, as people name, list and read them.
 *
 * Shared by the commands (`palaver list` and its kin) and by the chat's own (/list and its kin). A history is thousands
 * of conversations at most; finding one reads titles only. */
#ifndef PALAVER_APP_LIBRARY_CONVERSATIONS_H
#define PALAVER_APP_LIBRARY_CONVERSATIONS_H

#include <jansson.h>

#include "app/options/options.h"
#include "app/terminal/show.h"
#include "history/history.h"

/* The database's path, malloc'ed. NULL with err filled when there is no memory. */
char *library_path(const struct options *o, struct error *err);
enum library_use {
    LIBRARY_READ,   /* for writing where that can be (unfinished answers are mended then), else for reading */
    LIBRARY_CHANGE, /* for writing */
    LIBRARY_ADD,    /* for writing, and made when there is none */
};
/* Opens the history. Where there is none and none is made, an empty one in memory stands for it. NULL on failure. */
struct store *library_open(const struct options *o, enum library_use use, struct error *err);

/* The conversation that a person means: by id, title, or a part of either that fits only one. ERR_NOT_FOUND with the
 * nearest title, ERR_ARGUMENT with the choices when several fit. */
enum error_code library_find(struct store *s, const char *name, int64_t *conversation, struct error *err);
/* The same among those in the trash, by id or whole title (the last deleted one of it). */
enum error_code library_find_deleted(struct store *s, const char *name, int64_t *conversation, struct error *err);
/* words[0..n) with a blank between: a title typed without quotes. Malloc'ed. */
char *library_words(char *const *words, int n, struct error *err);

enum { LIBRARY_TIME_SIZE = 24 };
/* Local time: "2026-11-23 14:43". */
void library_time(int64_t when, char out[LIBRARY_TIME_SIZE]);
/* The same as seen from now: "today 14:43", "yesterday", "2026-11-20". */
void library_age(int64_t when, int64_t now, char out[LIBRARY_TIME_SIZE]);
/* "Sky colours [pinned] #work": title, marks and tags. */
void library_title(const struct store_conversation *c, struct buf *out);
/* What lists say of a conversation. A new reference. */
json_t *library_json(const struct store_conversation *c);

/* Makes a row of a table one line that is safe to show, cut to the terminal's width where s shows on one. */
void library_fit(const struct show *s, const struct buf *row, struct buf *line);
/* The same, and prints it on s->out. */
void library_print(struct show *s, const struct buf *row);

/* library-files.c */
/* Writes conversations ids[0..n) (n 0: all) to a stream; name stands in messages. */
enum error_code library_export_stream(struct store *s, enum store_format format, const int64_t *ids, size_t n,
                                      FILE *out, const char *name, struct error *err);
/* The same into a file, whole or not at all. */
enum error_code library_export(struct store *s, enum store_format format, const int64_t *ids, size_t n,
                               const char *path, struct error *err);
/* Takes all of the files or nothing; "-" is standard input. */
enum error_code library_import(struct store *s, char *const *paths, size_t n, struct store_import_report *sum,
                               struct error *err);
/* "3 conversations with 25 messages came in, 1 was there already" */
void library_import_tell(const struct store_import_report *sum, struct buf *out);

#endif
