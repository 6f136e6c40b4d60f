/* Pace: how fast models write on this machine: as they did when they last ran, and those that never did, as its memory
 * lets expect, since each token reads all weights once. Small models reach less of what memory gives than large ones, so
 * that what is expected of one follows the model nearest in size that did run. */
#ifndef PALAVER_APP_CHAT_PACE_H
#define PALAVER_APP_CHAT_PACE_H

#include <stddef.h>
#include <stdint.h>

enum { PACE_RUNS = 64, PACE_TEXT = 40 };

struct pace {
    double memory; /* bytes a second that all cores together read; 0: not measured */
    struct pace_run {
        double weights; /* bytes */
        double share;   /* of memory's speed that was reached */
    } runs[PACE_RUNS];
    size_t n;
};

struct pace_rate {
    enum pace_kind { PACE_UNKNOWN, PACE_EXPECTED, PACE_MEASURED } kind;
    double tokens; /* a second */
};

/* Measures the memory in some hundredths of a second, unless that was done. */
void pace_measure(struct pace *p);
/* A model with so many bytes of weights wrote so many tokens a second. Memory must have been measured; past PACE_RUNS
 * nothing more is learned. */
void pace_learn(struct pace *p, uint64_t weights, double tokens);
/* Of a model with so many bytes of weights. measured: tokens a second when it last ran; 0: it never did. */
struct pace_rate pace_rate(const struct pace *p, uint64_t weights, double measured);
/* "measured", "expected" */
const char *pace_kind_text(enum pace_kind kind);
/* "111 t/s measured", "~12 t/s expected"; "" for an unknown one. Returns out. */
const char *pace_text(struct pace_rate rate, char out[PACE_TEXT]);

#endif
