/* Field: a line that is typed inside a pane, such as the value of a setting. */
#ifndef PALAVER_UI_PANES_FIELD_H
#define PALAVER_UI_PANES_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/draw/canvas.h"
#include "ui/keys/key.h"

enum { FIELD_BYTES = 4096 };

struct field {
    bool open;
    char text[FIELD_BYTES]; /* UTF-8, clean, one line */
    size_t size, cursor;
};

/* Opens it with this text and the cursor at its end. */
void field_open(struct field *f, const char *text);

enum field_result {
    FIELD_UNUSED, /* not a key of the field */
    FIELD_EDITED,
    FIELD_DONE, /* Enter: the text stands */
    FIELD_LEFT, /* Esc */
};
/* Takes a key while the field is open. The caller acts on FIELD_DONE and FIELD_LEFT; the field stays open. */
enum field_result field_key(struct field *f, const struct key *key);
/* Draws the part around the cursor, from a column of a row to the area's right edge. */
void field_draw(const struct field *f, struct canvas *s, const struct area *a, int row, int column);
/* The cursor's column in the area when the field is drawn from this column. */
int field_cursor(const struct field *f, const struct area *a, int column);

#endif
