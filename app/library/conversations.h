/* Library: finding, listing and printing stored conversations.
 *
 * Shared by the subcommands (`palaver list` and so on) and the slash commands (/list and so on). A history has
 * thousands of conversations at most; finding one reads titles only.
 *
 *   conversations  opening the history, finding one, rows of lists
 *   files          export and import
 *   home           where the chat stores its conversations
 *   records        how tokens were chosen, as CSV or JSON
 *   sent           the messages typed in line mode */
#ifndef PALAVER_APP_LIBRARY_CONVERSATIONS_H
#define PALAVER_APP_LIBRARY_CONVERSATIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "app/options/options.h"
#include "app/terminal/show.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* The tag of a conversation that is one question and its answer, asked by palaver -p or in a pipe. The screen lists them
 * behind all others and never begins with one; the next message typed into one makes it a conversation as any. */
#define LIBRARY_ONE_SHOT "one-shot"
bool library_is_one_shot(const struct store_conversation *c);

/* The path of the database, malloc'ed; NULL with err filled when out of memory. */
char *library_path(const struct options *o, struct error *err);
enum library_use {
    LIBRARY_READ,   /* for writing if possible (so that interrupted answers are repaired), else for reading */
    LIBRARY_CHANGE, /* for writing */
    LIBRARY_ADD,    /* for writing; made if it does not exist */
};
/* Opens the history; an empty one in memory if it does not exist and is not to be made. NULL with err filled on
 * failure. */
struct store *library_open(const struct options *o, enum library_use use, struct error *err);

/* The conversation that a name means: its id, its title, or a part of either that fits only one. ERR_NOT_FOUND with the
 * nearest title, ERR_ARGUMENT with the choices if several fit. list is the command that lists conversations where the
 * user is, "palaver list" or "/list", for the message. */
enum error_code library_find(struct store *s, const char *name, const char *list, int64_t *conversation,
                             struct error *err);
/* The same among those in the trash, by id or whole title; of several with one title the last deleted. */
enum error_code library_find_deleted(struct store *s, const char *name, int64_t *conversation, struct error *err);
/* words[0..n) joined by spaces: a title typed without quotes. Malloc'ed; NULL with err filled if too long. */
char *library_words(char *const *words, int n, struct error *err);

enum { LIBRARY_TIME_SIZE = 24 };
/* when, in milliseconds since 1970, in local time: "2026-11-23 14:43". */
void library_time(int64_t when, char out[LIBRARY_TIME_SIZE]);
/* The same as seen from now: "today 14:43", "yesterday", "2026-11-20". */
void library_age(int64_t when, int64_t now, char out[LIBRARY_TIME_SIZE]);
/* "Sky colours [pinned] #work": title, marks and tags. */
void library_title(const struct store_conversation *c, struct buf *out);
/* What lists tell of a conversation. A new reference. */
json_t *library_json(const struct store_conversation *c);

/* Initialises line with a row of a table made safe and one line long, cut to the width of the terminal if s writes to
 * one. */
void library_fit(const struct show *s, const struct buf *row, struct buf *line);
/* The same, and writes it to s->out. */
void library_print(struct show *s, const struct buf *row);

/* ---- files.c */

/* Writes conversations ids[0..n) (n 0: all) to a stream, which messages call name. */
enum error_code library_export_stream(struct store *s, enum store_format format, const int64_t *ids, size_t n,
                                      FILE *out, const char *name, struct error *err);
/* The same into a file, completely or not at all. */
enum error_code library_export(struct store *s, enum store_format format, const int64_t *ids, size_t n,
                               const char *path, struct error *err);
/* Imports all of the files or nothing, and fills sum with the counts; "-" is standard input. */
enum error_code library_import(struct store *s, char *const *paths, size_t n, struct store_import_report *sum,
                               struct error *err);
/* "3 conversations with 25 messages imported, 1 was there already" */
void library_import_tell(const struct store_import_report *sum, struct buf *out);

#endif
