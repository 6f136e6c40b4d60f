/* Entry: the pane around the composer, with its frame and what the frame says. */
#ifndef PALAVER_UI_PANES_ENTRY_H
#define PALAVER_UI_PANES_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/panes/pane.h"

struct entry;
extern const struct pane entry_pane;

/* NULL on failure. */
struct entry *entry_open(struct error *err);
void entry_free(struct entry *e);
/* What is typed: UTF-8, owned by the entry until the next call. *cursor is a byte offset; cursor may be NULL. */
const char *entry_text(const struct entry *e, size_t *size, size_t *cursor);
/* The same, but what stepped back for it, see entry_borrow, where there is such a text. */
const char *entry_unsent(const struct entry *e, size_t *size, size_t *cursor);
/* Sets a text before which the one being typed steps back; it is there again when this one was sent or cleared. */
void entry_borrow(struct entry *e, const char *text, size_t size);
/* Replaces what is typed; the cursor stands at its end. */
void entry_set_text(struct entry *e, const char *text, size_t size);
/* What the frame says: see ui_set_composer_label. */
void entry_set_label(struct entry *e, const char *label, const char *mode);
/* What stands above the frame: see ui_set_queued. */
void entry_set_queued(struct entry *e, const struct ui_queued *rows, size_t n);
/* What the empty entry asks for: see ui_set_base. */
void entry_set_base(struct entry *e, bool base);
/* Sends what is typed and forgets it; it stays where it is when out of memory. */
struct pane_reaction entry_send(struct entry *e);
/* Remembers a message for Up. */
void entry_remember(struct entry *e, const char *text);
/* Rows that the text takes in so many columns, and what stands above it. */
int entry_lines(const struct entry *e, int columns);

/* Completion: the word from byte start to the cursor is being completed. */
void entry_begin_word(struct entry *e, size_t start);
/* Puts word[0..size) in place of it; whole: no other candidate is left, and a blank follows unless it names a
 * folder. */
void entry_put_word(struct entry *e, const char *word, size_t size, bool whole);

#endif
