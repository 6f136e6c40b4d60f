/* Meaning: conversations found by what they were about.
 *
 * An encoder (engine.h) makes a vector of each passage of each message that is stored; a query finds those of like
 * direction. Two threads work beside the front end: one, of low priority, brings the vectors up to the history while the
 * user does nothing, the other answers queries. Nothing here is needed to run: without an encoder search has words alone.
 *
 *   meaning  the threads, and what the front ends ask
 *   once     the same without threads
 *   find     which encoder, which file
 *   fill     messages to vectors; known is what the history has
 *   seek     queries to hits; hits joins them with those of words
 *   coder    texts to vectors of bytes
 *   folder   passages of files near a question; walk is which files
 *   vectors  the file; vectors-file.h its form, vectors-table where messages are in it, vectors-search the pass over all */
#ifndef PALAVER_APP_MEANING_MEANING_H
#define PALAVER_APP_MEANING_MEANING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/meaning/hits.h"
#include "app/options/options.h"
#include "base/error.h"

/* Belongs to the thread that opened it. */
struct meaning;

/* Starts with the options' encoder and history, which need not exist yet; NULL when out of memory. Never fails otherwise:
 * what is missing is told by meaning_state. Nothing is encoded where the user wants nothing saved. */
struct meaning *meaning_open(const struct options *o, struct error *err);
/* Ends both threads, which takes some 50 milliseconds of their work. */
void meaning_free(struct meaning *m);

/* Tells whether the engine is busy; to be called in each turn of a loop. Encoding rests while it is. */
void meaning_pace(struct meaning *m, bool busy);
/* The user typed: encoding rests for a moment. */
void meaning_rest(struct meaning *m);

/* Asks what a query means, in the place of what was asked before; "" only makes ready for the next. Returns the number that
 * the answers have. */
unsigned meaning_ask(struct meaning *m, const char *query);
/* Readable while an answer waits. */
int meaning_fd(const struct meaning *m);
/* The newest answer, if there is one that was not taken: hits and the number of their question. Several may come for one
 * question: at first hits show passages, a moment later their likest sentences. */
bool meaning_take(struct meaning *m, struct meaning_hits *out, unsigned *number);
/* Asks and waits for the last answer, at most so many milliseconds; false when none came. */
bool meaning_wait(struct meaning *m, const char *query, int milliseconds, struct meaning_hits *out);
/* Whether a query has a meaning to search for: some letters, and no phrase in quotes, which wants these words alone. */
bool meaning_is_asked(const char *query);

/* Called with messages done and to do. */
typedef void meaning_progress(void *context, size_t done, size_t total);
/* Without threads, for commands: encodes what is missing and answers: the likest messages with their likest sentences, at
 * most `most`. *partly: another program is encoding, so that what it has not done yet was not searched. ERR_NOT_FOUND without
 * an encoder; ERR_ARGUMENT when it is switched off. */
enum error_code meaning_search(const struct options *o, const char *query, bool archived, size_t most,
                               meaning_progress *progress, void *context, struct meaning_hits *out, bool *partly,
                               struct error *err);

enum meaning_kind {
    MEANING_OFF,       /* the user's choice */
    MEANING_STARTING,  /* it is not known yet */
    MEANING_NO_MODEL,  /* there is no encoder */
    MEANING_FILLING,   /* some messages are not encoded yet */
    MEANING_COMPLETE,  /* all are */
    MEANING_ELSEWHERE, /* another program does it */
    MEANING_TROUBLE,   /* see problem; tried again in a minute */
};
struct meaning_state {
    enum meaning_kind kind;
    size_t done, total; /* messages */
    uint64_t bytes;     /* of the file */
    char encoder[128];
    char problem[512];
};
void meaning_state(struct meaning *m, struct meaning_state *out);
/* The same of the files as they lie there, for palaver doctor: opens what it asks. */
void meaning_state_of(const struct options *o, struct meaning_state *out);
/* One line: "1,234 of 2,000 messages are encoded by all-MiniLM-L6-v2 (0.8 MB)". */
void meaning_describe(const struct meaning_state *state, char *out, size_t size);

#endif
