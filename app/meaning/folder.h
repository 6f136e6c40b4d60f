/* Folder: the passages of text files that are nearest to a question, found by a thread of its own. */
#ifndef PALAVER_APP_MEANING_FOLDER_H
#define PALAVER_APP_MEANING_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "app/options/options.h"
#include "app/text/words.h"
#include "base/error.h"

enum { FOLDER_PASSAGES_MOST = 64 };

struct folder_passage {
    char *path; /* as the folder was named */
    char *text;
    size_t size;
    size_t file, number;    /* of the file among all, of the passage in it */
    size_t line, last_line; /* from 1 */
    float likeness;         /* cosine of the passage's vector and the question's */
};

struct folder_answer {
    struct folder_passage *at; /* likest first, FOLDER_PASSAGES_MOST at most */
    size_t n;
    size_t files, passages;   /* that were read */
    size_t binary, large;     /* files left out: no text, too large */
    size_t unreadable, links; /* files and folders that can't be read; links to folders */
    bool full;                /* there were more files than are read */
};

/* A search. Belongs to the thread that began it. */
struct folder;

/* Begins to look for a question in folders (or files; patterns as a shell has them). o must outlive it. NULL on failure. */
struct folder *folder_ask(const struct options *o, const char *question, const struct words *folders,
                          struct error *err);
/* Ends the search, which takes some tenths of a second. NULL is nothing. */
void folder_free(struct folder *f);

/* How much is read, in percent; -1 while that is not known. */
int folder_percent(const struct folder *f);
/* Seconds that are left, as far as one can tell; 0: that is not known. */
int folder_seconds_left(const struct folder *f);
bool folder_has_ended(const struct folder *f);
/* Asks it to end; what it then says is ERR_STOPPED. */
void folder_stop(struct folder *f);
bool folder_is_stopped(const struct folder *f);
/* What was found, once it has ended; owned by f. NULL with err filled: ERR_NOT_FOUND when there is no encoder, or no text. */
const struct folder_answer *folder_result(const struct folder *f, struct error *err);

#endif
