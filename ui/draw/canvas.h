/* Canvas: the terminal as rows of styled text, by ncurses.
 *
 * ncurses compares what is drawn with what the terminal shows and sends the difference. Keys do not come through
 * ncurses (see keys.h), and its signal handlers are not used. Nothing written here can command the terminal:
 * unprintable characters are replaced, wherever the text came from. One canvas per process, as ncurses has it. */
#ifndef PALAVER_UI_DRAW_CANVAS_H
#define PALAVER_UI_DRAW_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "ui/text/style.h"
#include "ui/draw/theme.h"

struct canvas;

/* A rectangle of the screen: its top left cell and its size. */
struct area {
    int y, x, rows, columns;
};

/* Takes the terminal on standard output. term: the value of $TERM. theme belongs to the canvas from now on, also when
 * this fails. NULL when the terminal is unknown or cannot move its cursor. */
struct canvas *canvas_open(const char *term, struct theme *theme, bool no_color, struct error *err);
/* Gives the terminal back as it was. */
void canvas_free(struct canvas *s);
/* Bytes that give the terminal back, for a crash handler to write; static. */
const char *canvas_last_words(void);

/* Another theme from the next drawing on; it belongs to the canvas. */
void canvas_set_theme(struct canvas *s, struct theme *theme);
const struct theme *canvas_theme(const struct canvas *s);
bool canvas_is_ascii(const struct canvas *s); /* neither Unicode nor line drawing characters */
int canvas_colors(const struct canvas *s);    /* 0: none */
/* Whether the terminal tells its background: at once, and when it changes (the private mode 2031 of DEC's numbering).
 * Terminals that don't know the question say nothing. */
void canvas_watch_ground(struct canvas *s, bool on);
/* Whether the terminal reports the mouse. */
void canvas_set_mouse(struct canvas *s, bool on);
bool canvas_has_mouse(const struct canvas *s);
/* Names the terminal's window by a title of any text; the one that it had comes back at the end. */
void canvas_name_window(struct canvas *s, const char *title);

/* Reads the terminal's size, which has changed. */
void canvas_resize(struct canvas *s);
int canvas_rows(const struct canvas *s);
int canvas_columns(const struct canvas *s);
/* Leaves the terminal to another program, and takes it again. */
void canvas_leave(struct canvas *s);
void canvas_return(struct canvas *s);

/* Begins a drawing with nothing on it. */
void canvas_clear(struct canvas *s);
/* Sends everything at the next flush, for a screen that another program wrote into. */
void canvas_redraw(struct canvas *s);
/* Sends what was drawn, with the cursor at y, x; y < 0 hides it. */
void canvas_flush(struct canvas *s, int y, int x);

/* Writes text at a row and column of the area and returns the column after it. What does not fit is cut off between
 * clusters. Tabs are drawn to their stops, other controls as '?'. */
int canvas_text(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text,
                size_t size);
int canvas_puts(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text);
/* The same for a text that may be too long: what does not fit is "…" then. */
int canvas_fit(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text);
int canvas_printf(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* What is drawn from now on belongs to the address of a page, as link_clean makes them, for terminals that know links;
 * NULL: to none. */
void canvas_set_link(struct canvas *s, const char *address);
/* Blanks n columns. */
void canvas_blank(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style);
/* Horizontal and vertical lines, and a box around the area's edge. */
void canvas_hline(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style);
void canvas_vline(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style);
void canvas_box(struct canvas *s, const struct area *a, unsigned style, const char *title);
void canvas_bell(struct canvas *s);
/* Offers text[0..size) to the terminal's clipboard, or to its primary selection (OSC 52). The terminal does not say
 * whether it took it. */
void canvas_send_clipboard(struct canvas *s, bool primary, const char *text, size_t size);

#endif
