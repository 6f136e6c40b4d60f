/* Nearest: which known name a mistyped one may stand for. */
#ifndef PALAVER_APP_TEXT_NEAREST_H
#define PALAVER_APP_TEXT_NEAREST_H

/* Compares known names, one after another, with a typed one. */
struct nearest {
    const char *typed;
    const char *best; /* NULL while none is near enough */
    int distance;
};

/* Edits between two names: insertions, deletions, replacements and swapped neighbours. INT_MAX past 63 bytes. */
int nearest_distance(const char *a, const char *b);
/* typed must outlive the result. */
struct nearest nearest_to(const char *typed);
/* Keeps name as the best if it is nearer than all before and near enough: at most 1 + a third of its length in edits,
 * or beginning with what was typed. */
void nearest_try(struct nearest *n, const char *name);

#endif
