/* Nearest: which known name somebody may have meant. */
#ifndef PALAVER_APP_TEXT_NEAREST_H
#define PALAVER_APP_TEXT_NEAREST_H

/* Compares names one after another with a typed one. */
struct nearest {
    const char *typed;
    const char *best; /* NULL while none is near enough */
    int distance;
};

struct nearest nearest_to(const char *typed);
/* Keeps name as the best when it is nearer than all before: edits at most a third of its length, or typed begins it. */
void nearest_try(struct nearest *n, const char *name);

#endif
