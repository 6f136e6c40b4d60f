/* Screen: the terminal as rows of styled text, by ncurses.
 *
 * ncurses compares what is drawn with what stands there and sends the difference. Keys do not come through ncurses (see
 * keys.h), and its signal handlers are not used. What is written here is safe to write: characters that are not printable
 * are replaced, whatever the text came from. One screen a process, as ncurses has it. */
#ifndef PALAVER_UI_SCREEN_H
#define PALAVER_UI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/text/style.h"
#include "ui/theme.h"

struct screen;

struct area { int y, x, rows, columns; };

/* Takes the terminal on standard output. term: as $TERM says; the theme stays the caller's and must outlive the screen.
 * NULL when the terminal can't place its cursor or is unknown. */
struct screen *screen_open(const char *term, const struct theme *theme, bool no_color, struct error *err);
/* Gives the terminal back as it was. */
void screen_free(struct screen *s);
/* Bytes that give the terminal back, for a handler of crashes; static. */
const char *screen_last_words(void);

/* Another theme from the next drawing on. */
void screen_set_theme(struct screen *s, const struct theme *theme);
bool screen_is_ascii(const struct screen *s); /* neither Unicode nor line drawing characters */
int screen_colors(const struct screen *s);    /* 0: none */
void screen_mouse(struct screen *s, bool on);

/* The terminal has another size now. */
void screen_resize(struct screen *s);
int screen_rows(const struct screen *s);
int screen_columns(const struct screen *s);
/* Leaves the terminal to another program, and takes it again. */
void screen_leave(struct screen *s);
void screen_return(struct screen *s);

void screen_clear(struct screen *s);
/* Draws all from scratch at the next flush, for a screen that another program wrote into. */
void screen_redraw(struct screen *s);
/* Sends what was drawn, the cursor at y, x; y < 0: hidden. */
void screen_flush(struct screen *s, int y, int x);

/* Writes text at a row and column of the area and returns the column after it; what does not fit is cut between clusters.
 * Tabs are drawn to their stops, other controls as '?'. */
int screen_text(struct screen *s, const struct area *a, int row, int column, unsigned style, const char *text, size_t size);
int screen_puts(struct screen *s, const struct area *a, int row, int column, unsigned style, const char *text);
int screen_printf(struct screen *s, const struct area *a, int row, int column, unsigned style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* Blanks n columns. */
void screen_blank(struct screen *s, const struct area *a, int row, int column, int n, unsigned style);
/* Horizontal and vertical lines, and a box around the area's edge. */
void screen_hline(struct screen *s, const struct area *a, int row, int column, int n, unsigned style);
void screen_vline(struct screen *s, const struct area *a, int row, int column, int n, unsigned style);
void screen_box(struct screen *s, const struct area *a, unsigned style, const char *title);
void screen_bell(struct screen *s);
/* Sends bytes to the terminal as they are (OSC 52). */
void screen_send(struct screen *s, const char *bytes, size_t size);

#endif
