/* Measure: a text whose tokens are predicted window by window, by a model here or by one that a server has, and what came
 * of it. Shared by the files of palaver perplexity. */
#ifndef PALAVER_APP_COMMANDS_MEASURE_H
#define PALAVER_APP_COMMANDS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/commands/corpus.h"
#include "app/commands/divergence.h"
#include "app/commands/reference.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "base/error.h"
#include "engine/engine.h"

struct measure {
    const struct options *options;
    char *name; /* of the model, for print; malloc'ed */
    struct session *session;
    struct corpus corpus;
    int32_t bos; /* -1: windows do not begin with it */
    int32_t window, vocab;
    size_t windows, predicted;
    double sum, squares; /* of -log p */
    double seconds;
    struct progress progress;
    size_t done;                /* tokens of the finished windows */
    float *nll;                 /* (window) */
    struct reference *written;  /* NULL: none */
    struct reference *compared; /* NULL: with none */
    struct divergence divergence;
    int signal;           /* that asked to end; 0: none */
    struct error trouble; /* with a reference, while a window is read */
};

/* The first token of a window: BOS or the last token of the previous one. *from is the first to predict. */
int32_t measure_lead(const struct measure *m, size_t *from);
/* Tokens that a window predicts from there on; 0: none is left. */
size_t measure_length(const struct measure *m, size_t from);
/* Counts what a window predicted. */
void measure_add(struct measure *m, const float *nll, size_t n);
size_t measure_predicted(const struct measure *m);
/* Whether to go on; notes the signal if not. */
bool measure_goes_on(struct measure *m);

/* In perplexity-there: measures by NAME@ENDPOINT all that is printed. */
enum error_code measure_there(struct measure *m, const char *name, struct error *err);

#endif
