/* Undone: where the path ended before each undo, so that redo can return there. Forgotten by whatever changes the path
 * otherwise. */
#ifndef PALAVER_APP_CHAT_UNDONE_H
#define PALAVER_APP_CHAT_UNDONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct undone;

/* NULL when out of memory. */
struct undone *undone_new(void);
void undone_free(struct undone *u);
/* Adds the leaf that was left, and the question that was taken back with it (copied). False when out of memory. */
bool undone_push(struct undone *u, int64_t leaf, const char *question, size_t size);
/* The leaf left last; 0 when there is none. */
int64_t undone_last(const struct undone *u);
/* The question taken back last, valid until the next push. */
const char *undone_question(const struct undone *u);
void undone_drop_last(struct undone *u);
void undone_clear(struct undone *u);

#endif
