/* Canvas: ncurses, reached by a few calls. Colour pairs are made when a style is first drawn. */
#include <config.h>

#include "ui/draw/canvas.h"

#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/utf8.h"
#include "ui/draw/links.h"
#include "ui/draw/modes.h"
#include "ui/text/text.h"

enum { PAIRS_MOST = 256, WINDOW_NAME = 512 };

struct pair {
    int foreground, background;
};

struct canvas {
    SCREEN *curses;
    FILE *out; /* the terminal, by a descriptor of our own */
    char *term;
    struct theme *theme;
    bool no_color, ascii, mouse, ground, away;
    bool entered; /* the modes are sent */
    struct modes modes;
    char title[WINDOW_NAME]; /* of the window; "": not ours */
    struct links *links;
    attr_t link;                   /* of what is drawn now; A_NORMAL: none */
    struct pair pairs[PAIRS_MOST]; /* pair i + 1 */
    int n_pairs;
    int colors;
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* Whether a theme has colours beyond the terminal's own sixteen. */
static bool has_rgb(const struct theme *theme)
{
    for (int role = 0; role < STYLE_ROLES; role++) {
        const struct theme_style *style = theme_style(theme, (enum style_role)role);
        if (style->foreground.kind == THEME_RGB || style->background.kind == THEME_RGB)
            return true;
    }
    return false;
}

/* The terminal's entry with direct colours, where the terminal has them and ncurses knows it. */
static SCREEN *open_direct(const struct canvas *s)
{
    const char *says = getenv("COLORTERM");
    char name[64];
    int size = (int)strcspn(s->term, "-");
    if (says == NULL || (strcmp(says, "truecolor") != 0 && strcmp(says, "24bit") != 0))
        return NULL;
    snprintf(name, sizeof name, "%.*s-direct", size, s->term);
    return newterm(name, s->out, stdin);
}

static void set_up_curses(struct canvas *s)
{
    raw();
    noecho();
    nonl();
    keypad(stdscr, FALSE);
    leaveok(stdscr, FALSE);
    typeahead(-1); /* a drawing is always sent whole */
    if (has_colors() && !s->no_color) {
        start_color();
        use_default_colors();
        s->colors = COLORS;
    }
    s->n_pairs = 0;
}

/* After a refresh, see modes.h. */
static void enter_modes(struct canvas *s)
{
    modes_enter(&s->modes, s->mouse);
    if (s->ground)
        modes_ground(&s->modes, true);
    if (*s->title != '\0')
        modes_name(&s->modes, s->title);
    s->entered = true;
}

static void leave_modes(struct canvas *s)
{
    if (s->entered)
        modes_leave(&s->modes);
    s->entered = false;
}

/* Until a screen has been left once, ncurses (6.4) takes it for one that is used by terminfo's calls alone, and writes what
 * it has at every movement of the cursor: 70 pieces of the first picture. */
static void begin_buffering(void)
{
    endwin();
    refresh();
}

static bool start_curses(struct canvas *s)
{
    s->curses = has_rgb(s->theme) && !s->no_color ? open_direct(s) : NULL;
    if (s->curses == NULL)
        s->curses = newterm(s->term, s->out, stdin);
    if (s->curses == NULL)
        return false;
    set_term(s->curses);
    set_up_curses(s);
    begin_buffering();
    s->entered = false;
    return true;
}

static void stop_curses(struct canvas *s)
{
    if (!s->away) {
        leave_modes(s);
        endwin();
    }
    delscreen(s->curses);
    s->curses = NULL;
}

/* Releases what does not belong to ncurses. */
static void canvas_release(struct canvas *s)
{
    links_free(s->links);
    theme_free(s->theme);
    if (s->out != NULL)
        fclose(s->out);
    free(s->term);
    free(s);
}

static FILE *open_terminal(void)
{
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (fd >= 0 && out == NULL)
        close(fd);
    return out;
}

struct canvas *canvas_open(const char *term, struct theme *theme, bool no_color, struct error *err)
{
    struct canvas *s = calloc(1, sizeof *s);
    if (s == NULL) {
        theme_free(theme);
        error_memory(err);
        return NULL;
    }
    s->theme = theme;
    s->no_color = no_color;
    s->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    s->term = strdup(term);
    s->out = open_terminal();
    s->modes = modes_of(term, s->out);
    if (s->term == NULL || s->out == NULL)
        error_memory(err);
    else if (!start_curses(s))
        error_set(err, ERR_UNSUPPORTED, "the terminal type '%s' is not known here; set TERM, e.g. to xterm", term);
    else if ((s->links = links_new(s->out, s->modes.links)) != NULL)
        return s;
    else
        error_memory(err);
    if (s->curses != NULL)
        stop_curses(s);
    canvas_release(s);
    return NULL;
}

void canvas_free(struct canvas *s)
{
    if (s == NULL)
        return;
    modes_end(&s->modes);
    stop_curses(s);
    canvas_release(s);
}

const char *canvas_last_words(void)
{
    return modes_last_words();
}

void canvas_set_theme(struct canvas *s, struct theme *theme)
{
    bool reopen = has_rgb(theme) != has_rgb(s->theme) && !s->no_color && getenv("COLORTERM") != NULL;
    theme_free(s->theme);
    s->theme = theme;
    if (reopen) {
        stop_curses(s);
        start_curses(s);
        links_renew(s->links);
    }
    s->n_pairs = 0;
    canvas_redraw(s);
}

const struct theme *canvas_theme(const struct canvas *s)
{
    return s->theme;
}

bool canvas_is_ascii(const struct canvas *s)
{
    return s->ascii;
}

int canvas_colors(const struct canvas *s)
{
    return s->colors;
}

void canvas_watch_ground(struct canvas *s, bool on)
{
    if (s->ground != on && s->entered && !s->away)
        modes_ground(&s->modes, on);
    s->ground = on;
}

void canvas_set_mouse(struct canvas *s, bool on)
{
    if (s->mouse != on && s->entered && !s->away)
        modes_mouse(&s->modes, on);
    s->mouse = on;
}

void canvas_name_window(struct canvas *s, const char *title)
{
    enum { COLUMNS = 60 };
    char *clean = text_clean_line(title), name[WINDOW_NAME];
    if (clean == NULL)
        return;
    size_t size = strlen(clean), shown = text_fit(clean, size, COLUMNS);
    snprintf(name, sizeof name, "%.*s%s · Palaver", (int)shown, clean, shown < size ? "…" : "");
    free(clean);
    if (strcmp(name, s->title) == 0)
        return;
    strcpy(s->title, name);
    if (s->entered)
        modes_name(&s->modes, name);
}

bool canvas_has_mouse(const struct canvas *s)
{
    return s->mouse;
}

void canvas_resize(struct canvas *s)
{
    struct winsize size;
    if (ioctl(fileno(s->out), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    canvas_redraw(s);
}

int canvas_rows(const struct canvas *s)
{
    (void)s;
    return LINES;
}

int canvas_columns(const struct canvas *s)
{
    (void)s;
    return COLS;
}

void canvas_leave(struct canvas *s)
{
    if (s->away)
        return;
    leave_modes(s);
    def_prog_mode();
    endwin();
    s->away = true;
}

void canvas_return(struct canvas *s)
{
    if (!s->away)
        return;
    s->away = false;
    reset_prog_mode();
    canvas_resize(s);
    refresh();
    enter_modes(s);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

void canvas_redraw(struct canvas *s)
{
    links_forget(s->links);
    clearok(stdscr, TRUE);
}

void canvas_flush(struct canvas *s, int y, int x)
{
    if (s->away)
        return;
    curs_set(y >= 0);
    if (y >= 0)
        move(y, x);
    refresh();
    links_send(s->links);
    if (!s->entered)
        enter_modes(s);
}

static int pair_of(struct canvas *s, int foreground, int background)
{
    for (int i = 0; i < s->n_pairs; i++)
        if (s->pairs[i].foreground == foreground && s->pairs[i].background == background)
            return i + 1;
    if (s->n_pairs == PAIRS_MOST || s->n_pairs + 1 >= COLOR_PAIRS)
        return 0;
    s->pairs[s->n_pairs++] = (struct pair){foreground, background};
    init_extended_pair(s->n_pairs, foreground, background);
    return s->n_pairs;
}

static attr_t attributes(unsigned style)
{
    attr_t a = A_NORMAL;
    if (style & STYLE_BOLD)
        a |= A_BOLD;
    if (style & STYLE_ITALIC)
        a |= A_ITALIC;
    if (style & STYLE_UNDERLINE)
        a |= A_UNDERLINE;
    if (style & STYLE_REVERSE)
        a |= A_REVERSE;
    if (style & STYLE_FAINT)
        a |= A_DIM;
    return a;
}

/* With direct colours only the first eight numbers are the terminal's own: bright ones are these in bold. */
static int color_number(const struct canvas *s, const struct theme_color *color, unsigned *extra)
{
    int number = theme_color_number(color, s->colors);
    if (s->colors > 256 && color->kind == THEME_NAMED && color->named >= 8) {
        *extra |= STYLE_BOLD;
        return color->named - 8;
    }
    return number;
}

static void set_style(struct canvas *s, unsigned style)
{
    const struct theme_style *look = theme_style(s->theme, (enum style_role)(style & STYLE_ROLE));
    unsigned all = look->attributes | (style & ~(unsigned)STYLE_ROLE), ignored = 0;
    int pair = 0;
    if (s->colors > 0) {
        int foreground = color_number(s, &look->foreground, &all);
        pair = pair_of(s, foreground, color_number(s, &look->background, &ignored));
    }
    attr_set(attributes(all) | s->link, 0, s->colors > 0 ? &pair : NULL);
}

void canvas_set_link(struct canvas *s, const char *address)
{
    s->link = address != NULL ? links_mark(s->links, address) : A_NORMAL;
}

/* All cells that nothing is drawn on get the theme's ground. */
void canvas_clear(struct canvas *s)
{
    const struct theme_style *look = theme_style(s->theme, STYLE_TEXT);
    unsigned ignored = 0;
    cchar_t blank;
    int pair = 0;
    if (s->colors > 0 && look->background.kind != THEME_DEFAULT)
        pair = pair_of(s, color_number(s, &look->foreground, &ignored), color_number(s, &look->background, &ignored));
    if (setcchar(&blank, L" ", A_NORMAL, 0, &pair) == OK)
        bkgrndset(&blank);
    erase();
}

/* Draws one cluster as the characters that it is made of. */
static void put_cluster(const char *text, size_t size, int columns)
{
    wchar_t wide[32];
    int n = 0, drawn = 0;
    for (size_t at = 0, used; at < size && n < 31; at += used) {
        uint32_t code = utf8_decode(text + at, size - at, &used);
        int width = code == UTF8_INVALID ? -1 : wcwidth((wchar_t)code);
        wide[n++] = width < 0 ? L'?' : (wchar_t)code;
        drawn += width < 0 ? 1 : width;
    }
    addnwstr(wide, n);
    for (; drawn < columns; drawn++)
        addch(' ');
}

/* How many bytes of text are clusters of one column each that need no looking at: of ASCII, and nothing combines with it. */
static size_t plain_size(const char *text, size_t size)
{
    size_t n = 0;
    while (n < size && text[n] >= ' ' && text[n] < 0x7F)
        n++;
    return n > 0 && n < size && (unsigned char)text[n] >= 0x80 ? n - 1 : n;
}

/* Most of a screen: given to ncurses at once, as each call of it costs more than the cells do. */
static void put_plain(int y, int x, const char *text, size_t size)
{
    enum { CELLS = 128 };
    cchar_t cells[CELLS];
    for (size_t n; size > 0; text += n, x += (int)n, size -= n) {
        n = size < CELLS ? size : CELLS;
        for (size_t i = 0; i < n; i++)
            setcchar(&cells[i], (const wchar_t[]){(wchar_t)text[i], L'\0'}, A_NORMAL, 0, NULL);
        mvadd_wchnstr(y, x, cells, (int)n);
    }
    move(y, x < COLS ? x : COLS - 1);
}

int canvas_text(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text,
                size_t size)
{
    if (row < 0 || row >= a->rows || column >= a->columns)
        return column;
    set_style(s, style);
    if (s->link != A_NORMAL)
        links_touch(s->links, a->y + row);
    move(a->y + row, a->x + column);
    for (size_t at = 0, used; at < size; at += used) {
        const size_t room = (size_t)(a->columns - column), plain = plain_size(text + at, size - at);
        int columns = (int)(plain < room ? plain : room);
        used = (size_t)columns;
        if (columns > 0) {
            put_plain(a->y + row, a->x + column, text + at, used);
            column += columns;
            continue;
        }
        used = text_cluster(text + at, size - at, &columns);
        bool tab = text[at] == '\t';
        if (tab)
            columns = TEXT_TAB - column % TEXT_TAB;
        if (column + columns > a->columns)
            break;
        if (tab)
            put_cluster("", 0, columns);
        else if (columns > 0)
            put_cluster(text + at, used, columns);
        column += columns;
    }
    return column;
}

int canvas_puts(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text)
{
    return canvas_text(s, a, row, column, style, text, strlen(text));
}

int canvas_fit(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *text)
{
    const char *more = canvas_is_ascii(s) ? "..." : "…";
    size_t size = strlen(text);
    int room = a->columns - column;
    if (text_columns(text, size, 0) <= room)
        return canvas_text(s, a, row, column, style, text, size);
    size = text_fit(text, size, room - text_columns(more, strlen(more), 0));
    return canvas_puts(s, a, row, canvas_text(s, a, row, column, style, text, size), style, more);
}

int canvas_printf(struct canvas *s, const struct area *a, int row, int column, unsigned style, const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return canvas_text(s, a, row, column, style, text, strlen(text));
}

/* Draws a cell n times. The ends by themselves: what is left of a wide character there goes only so. */
static void put_row(int y, int x, int n, const cchar_t *cell)
{
    if (n > 2)
        mvhline_set(y, x + 1, cell, n - 2);
    if (n > 1)
        mvadd_wch(y, x + n - 1, cell);
    if (n > 0)
        mvadd_wch(y, x, cell);
}

void canvas_blank(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style)
{
    if (row < 0 || row >= a->rows)
        return;
    cchar_t blank;
    set_style(s, style);
    if (setcchar(&blank, L" ", A_NORMAL, 0, NULL) == OK)
        put_row(a->y + row, a->x + column, n < a->columns - column ? n : a->columns - column, &blank);
}

enum box_piece { BOX_HORIZONTAL, BOX_VERTICAL, BOX_UPPER_LEFT, BOX_UPPER_RIGHT, BOX_LOWER_RIGHT, BOX_LOWER_LEFT };

/* A piece of a box in the style that is set; false when there is none. */
static bool make_piece(enum box_piece which, cchar_t *cell)
{
    const cchar_t *const pieces[] = {WACS_HLINE,    WACS_VLINE,    WACS_ULCORNER,
                                     WACS_URCORNER, WACS_LRCORNER, WACS_LLCORNER};
    wchar_t wide[CCHARW_MAX + 1];
    attr_t a, now;
    short pair_short;
    int pair = 0;
    if (getcchar(pieces[which], wide, &a, &pair_short, NULL) == ERR)
        return false;
    attr_get(&now, &pair_short, &pair);
    return setcchar(cell, wide, now | (a & A_ALTCHARSET), 0, &pair) == OK;
}

static void put_piece(int y, int x, enum box_piece which)
{
    cchar_t cell;
    if (make_piece(which, &cell))
        mvadd_wch(y, x, &cell);
}

void canvas_hline(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style)
{
    cchar_t cell;
    set_style(s, style);
    if (row >= 0 && row < a->rows && make_piece(BOX_HORIZONTAL, &cell))
        put_row(a->y + row, a->x + column, n < a->columns - column ? n : a->columns - column, &cell);
}

void canvas_vline(struct canvas *s, const struct area *a, int row, int column, int n, unsigned style)
{
    cchar_t cell;
    set_style(s, style);
    if (column >= a->columns || !make_piece(BOX_VERTICAL, &cell))
        return;
    for (int i = 0; i < n && row + i < a->rows; i++)
        mvadd_wch(a->y + row + i, a->x + column, &cell);
}

void canvas_box(struct canvas *s, const struct area *a, unsigned style, const char *title)
{
    int right = a->columns - 1, bottom = a->rows - 1;
    canvas_hline(s, a, 0, 1, right - 1, style);
    canvas_hline(s, a, bottom, 1, right - 1, style);
    canvas_vline(s, a, 1, 0, bottom - 1, style);
    canvas_vline(s, a, 1, right, bottom - 1, style);
    put_piece(a->y, a->x, BOX_UPPER_LEFT);
    put_piece(a->y, a->x + right, BOX_UPPER_RIGHT);
    put_piece(a->y + bottom, a->x + right, BOX_LOWER_RIGHT);
    put_piece(a->y + bottom, a->x, BOX_LOWER_LEFT);
    if (title == NULL || *title == '\0' || right < 6)
        return;
    struct area inner = {a->y, a->x + 2, 1, right - 4};
    int column = canvas_fit(s, &inner, 0, 1, STYLE_TITLE, title);
    inner.columns++;
    canvas_blank(s, &inner, 0, 0, 1, style);
    canvas_blank(s, &inner, 0, column, 1, style);
}

void canvas_bell(struct canvas *s)
{
    (void)s;
    beep();
}

/* OSC 52 has the text in base64 (RFC 4648). */
void canvas_send_clipboard(struct canvas *s, bool primary, const char *text, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fputs(primary ? "\033]52;p;" : "\033]52;c;", s->out);
    for (size_t i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        unsigned v = 0;
        for (size_t j = 0; j < 3; j++)
            v = v << 8 | (j < n ? (unsigned char)text[i + j] : 0);
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=',
                        n > 2 ? digits[v & 63] : '='};
        fwrite(four, 1, sizeof four, s->out);
    }
    fputs("\a", s->out);
    fflush(s->out);
}
