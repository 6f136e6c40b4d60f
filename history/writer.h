/* Which program writes an answer, and whether it is still alive. */
#ifndef PALAVER_HISTORY_WRITER_H
#define PALAVER_HISTORY_WRITER_H

#include "history/store.h"

/* Gives the store a row in table writer unless it has one; needs a write transaction. */
enum error_code writer_register(struct store *s, struct error *err);
/* Removes that row unless a message still refers to it. */
enum error_code writer_forget(struct store *s, struct error *err);
/* Marks the streaming messages of dead programs as interrupted. */
enum error_code writer_sweep(struct store *s, struct error *err);

#endif
