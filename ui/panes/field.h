/* Field: a line that is typed inside a pane: a setting's value, for one. */
#ifndef PALAVER_UI_PANES_FIELD_H
#define PALAVER_UI_PANES_FIELD_H

#include "ui/keys/key.h"
#include "ui/draw/canvas.h"

enum { FIELD_BYTES = 4096 };

struct field {
    bool open;
    char text[FIELD_BYTES]; /* UTF-8, clean, one line */
    size_t size, cursor;
};

/* Opens it with this text, the cursor behind it. */
void field_open(struct field *f, const char *text);

enum field_result {
    FIELD_UNUSED, /* the key is for somebody else */
    FIELD_EDITED,
    FIELD_DONE,   /* Enter: the text stands */
    FIELD_LEFT,   /* Esc */
};
/* Takes a key of an open field; what comes of the last two is the caller's. */
enum field_result field_key(struct field *f, const struct key *key);
/* Draws the part around the cursor, and gives the cursor's place on the screen. */
void field_draw(const struct field *f, struct canvas *s, const struct area *a, int row, int column, int *y, int *x);

#endif
