/* Links: which cells of the screen belong to the address of a page (OSC 8), for terminals that open it on a click.
 *
 * A terminal gives each cell the link that is open while the cell is written, and ncurses, which knows of no links, writes
 * only what changed. So every link on the screen has a mark in its cells: attributes that these terminals have no use for
 * (protect, and those of ruled lines), which ncurses compares and does not show. Where a link comes, goes or gives way to
 * another, ncurses sees other attributes and writes the cells again, without a link; a cell with the mark has its link or
 * none, and all others have none, whatever ncurses moves or erases. What then lacks its link is written once more after
 * the refresh, in the attributes that ncurses gave it: from the first change in a row on, as
 * ncurses leaves alone what is left of it.
 *
 * This is the one thing on the screen that is not drawn by ncurses. */
#ifndef PALAVER_UI_DRAW_LINKS_H
#define PALAVER_UI_DRAW_LINKS_H

#include <ncurses.h>
#include <stdbool.h>
#include <stdio.h>

struct links;

/* out: what ncurses writes to, and stays the caller's. takes: whether the terminal knows links, or leaves out what it does
 * not know. NULL when out of memory. */
struct links *links_new(FILE *out, bool takes);
void links_free(struct links *l);
/* ncurses has another description of the terminal. */
void links_renew(struct links *l);
/* All of the screen will be written again. */
void links_forget(struct links *l);

/* The attributes that mark the cells of a link in this drawing. A_NORMAL when the terminal takes none, for an address that
 * is not as link_clean makes them, and when the screen has too many. */
attr_t links_mark(struct links *l, const char *address);
/* The next refresh shows such cells on this row. */
void links_touch(struct links *l, int row);
/* After a refresh: sends the links of what was written. */
void links_send(struct links *l);

#endif
