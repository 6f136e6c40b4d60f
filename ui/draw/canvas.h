/* Screen: the terminal as rows of styled text, by ncurses.
 *
 * ncurses compares what is drawn with what stands there and sends the difference. Keys do not come through ncurses (see
 * keys.h), and its signal handlers are not used. What is written here is safe to write: characters that are not printable
 * are replaced, whatever the text came from. One screen a process, as ncurses has it. */
#ifndef PALAVER_UI_DRAW_CANVAS_H
#define PALAVER_UI_DRAW_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/text/style.h"
#include "ui/draw/theme.h"

struct canvas;

struct area { int y, x, rows, columns; };

/* Takes the terminal on standard output. term: as $TERM says; the theme stays the caller's and must outlive the screen.
 * NULL when the terminal can't place its cursor or is unknown. */
struct canvas *canvas_open(const char *term, const struct theme *theme, bool no_color, struct error *err);
/* Gives the terminal back as it was. */
void canvas_free(struct canvas *s);
/* Bytes that give the terminal back, for a handler of crashes; static. */
const char *canvas_last_words(void);

/* Another theme from the next drawing on. */
void canvas_set_theme(struct canvas *s, const struct theme *theme);
bool canvas_is_ascii(const struct canvas *s); /* neither Unicode nor line drawing characters */
int canvas_colors(const struct canvas *s);    /* 0: none */
void canvas_mouse(struct canvas *s, bool on);

/* The terminal has another size now. */
void canvas_resize(struct canvas *s);
int canvas_rows(const struct canvas *s);
int canvas_columns(const struct canvas *s);
/* Leaves the terminal to another program, and takes it again. */
void canvas_leave(struct canvas *s);
void canvas_return(struct canvas *s);

void canvas_clear(struct canvas *s);
/* Draws all from scratch at the next flush, for a screen that another program wrote into. */
void canvas_redraw(struct canvas *s);
/* Sends what was drawn, the cursor at y, x; y < 0: hidden. */
void canvas_flush(struct canvas *s, int y, int x);

/* Writes text at a row and column of the area and returns the column after it; what does not fit is cut between clusters.
 * Tabs are drawn to their stops, other controls as '?'. */
int canvas_text(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text, size_t size);
int canvas_puts(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text);
int canvas_printf(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Blanks n columns. */
void canvas_blank(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style);
/* Horizontal and vertical lines, and a box around the area's edge. */
void canvas_hline(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style);
void canvas_vline(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style);
void canvas_box(struct canvas *s, const struct area *a, unsigned style, const char *title);
void canvas_bell(struct canvas *s);
/* Sends bytes to the terminal as they are (OSC 52). */
void canvas_send(struct canvas *s, const char *bytes, size_t size);

#endif
