/* Beside: an overlay with questions beside the conversation and their answers, which leave no trace. */
#ifndef PALAVER_UI_PANES_BESIDE_H
#define PALAVER_UI_PANES_BESIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/panes/pane.h"

struct beside;
extern const struct pane beside_pane;

/* NULL when out of memory. */
struct beside *beside_new(void);
void beside_free(struct beside *v);
/* Adds a question whose answer is to come. think: what a model thinks first is shown. */
void beside_ask(struct beside *v, const char *question, bool think);
/* Percent of the question that the model has read; -1: it does not read now. Returns whether that is new. */
bool beside_read(struct beside *v, int percent);
/* The last answer grows; any bytes. */
void beside_grow(struct beside *v, const char *text, size_t size);
/* It has ended; about stands beside its name. */
void beside_end(struct beside *v, const char *about);
/* Forgets all of it. */
void beside_clear(struct beside *v);

#endif
