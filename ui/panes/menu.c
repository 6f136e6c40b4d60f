/* Menu: choices, the best fitting first. There are some hundred. */
#include <config.h>

#include "ui/panes/menu.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "ui/panes/marked.h"
#include "ui/text/fuzzy.h"
#include "ui/text/text.h"

/* Rows of choices at most; columns of words at most, and at least. */
enum { ROWS_MOST = 8, WORDS_MOST = 40, WORDS_LEAST = 12 };

struct choice {
    char *word, *label, *detail, *also;
    bool named, runs; /* these as in struct ui_choice */
    int act;
    int columns; /* of the label */
    int score;   /* -1: filtered out */
};

struct menu {
    bool open;
    size_t start;     /* byte of the composer where the word begins */
    size_t dismissed; /* the start for which the user closed it; SIZE_MAX: none */
    char *title;
    struct choice *choices;
    size_t n;
    size_t *shown; /* choices by their score */
    size_t n_shown, selected, top;
    bool moved; /* the user moved to the selected one */
    char *told; /* by menu_take_moved; NULL: none */
    struct buf typed;
    int rows; /* of choices, when drawn last */
};

/* ---- making ----------------------------------------------------------------------------------------------------- */

struct menu *menu_new(void)
{
    struct menu *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->dismissed = SIZE_MAX;
    buf_init(&m->typed, 65536);
    return m;
}

static void free_choices(struct menu *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->choices[i].word);
        free(m->choices[i].label);
        free(m->choices[i].detail);
        free(m->choices[i].also);
    }
    free(m->choices);
    free(m->shown);
    free(m->title);
    m->choices = NULL;
    m->shown = NULL;
    m->title = NULL;
    m->n = m->n_shown = 0;
}

void menu_free(struct menu *m)
{
    if (m == NULL)
        return;
    free_choices(m);
    buf_free(&m->typed);
    free(m->told);
    free(m);
}

/* False when out of memory. */
static bool copy_choice(const struct ui_choice *from, struct choice *out)
{
    *out = (struct choice){.named = from->named, .runs = from->runs, .act = from->act};
    out->word = strdup(from->word);
    out->label = text_clean_line(from->word);
    out->detail = text_clean_line(from->detail != NULL ? from->detail : "");
    out->also = strdup(from->also != NULL ? from->also : "");
    if (out->label != NULL)
        out->columns = text_columns(out->label, strlen(out->label), 0);
    return out->word != NULL && out->label != NULL && out->detail != NULL && out->also != NULL;
}

void menu_set(struct menu *m, size_t start, const char *title, const struct ui_choice *choices, size_t n)
{
    menu_close(m, false);
    m->choices = calloc(n + 1, sizeof *m->choices);
    m->shown = calloc(n + 1, sizeof *m->shown);
    bool ok = m->choices != NULL && m->shown != NULL;
    for (size_t i = 0; ok && i < n; i++)
        ok = copy_choice(&choices[i], &m->choices[m->n++]);
    if (!ok) {
        free_choices(m); /* out of memory: there is no menu, and typing goes on */
        return;
    }
    m->title = text_clean_line(title);
    m->start = start;
    m->open = true;
}

void menu_close(struct menu *m, bool dismiss)
{
    if (dismiss && m->open)
        m->dismissed = m->start;
    free_choices(m);
    m->open = false;
}

bool menu_take_moved(struct menu *m, const char **word)
{
    *word = m->open && m->moved && m->n_shown > 0 ? m->choices[m->shown[m->selected]].word : NULL;
    if (*word == NULL ? m->told == NULL : m->told != NULL && strcmp(m->told, *word) == 0)
        return false;
    free(m->told);
    m->told = *word != NULL ? strdup(*word) : NULL;
    return true;
}

bool menu_is_open(const struct menu *m)
{
    return m->open;
}

bool menu_is_dismissed(const struct menu *m, size_t start)
{
    return m->dismissed == start;
}

void menu_forget(struct menu *m)
{
    m->dismissed = SIZE_MAX;
}

size_t menu_start(const struct menu *m)
{
    return m->start;
}

/* ---- filtering -------------------------------------------------------------------------------------------------- */

/* The name among the others of a choice that begins with what is typed, its bytes in *size; NULL: none does. */
static const char *other_name(const struct choice *c, const char *typed, size_t typed_size, size_t *size)
{
    for (const char *name = c->also; *name != '\0'; name += *size, name += strspn(name, " ")) {
        *size = strcspn(name, " ");
        if (typed_size > 0 && *size >= typed_size && strncasecmp(name, typed, typed_size) == 0)
            return name;
    }
    return NULL;
}

/* Where what is typed matches in a description; -1: nowhere. Two letters would match in most of them. */
static int score_detail(const struct choice *c, const char *typed, size_t size, struct fuzzy_marks *marks)
{
    size_t slash = size > 0 && *typed == '/';
    return size - slash > 2 ? fuzzy_find(c->detail, typed + slash, size - slash, marks) : -1;
}

/* Words before other names, and these before descriptions, in which what is typed must stand as it is. */
static int score_choice(const struct choice *c, const char *typed, size_t size)
{
    enum { OF_WORDS = 1 << 20, OF_NAMES = 1 << 19 };
    size_t name;
    int score = fuzzy_match(c->label, typed, size, NULL);
    if (score >= 0)
        return OF_WORDS + (strcasecmp(c->word, typed) == 0 ? OF_NAMES : score);
    if (other_name(c, typed, size, &name) != NULL)
        return OF_NAMES;
    return score_detail(c, typed, size, NULL);
}

/* The best first; equal ones keep their order. */
static int by_score(const void *a, const void *b, void *context)
{
    const struct choice *choices = context;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int x = choices[i].score, y = choices[j].score;
    return x != y ? (x < y) - (x > y) : (i > j) - (i < j);
}

void menu_filter(struct menu *m, const char *word, size_t size)
{
    buf_clear(&m->typed);
    buf_append(&m->typed, word, size);
    m->n_shown = m->selected = m->top = 0;
    m->moved = false;
    for (size_t i = 0; i < m->n; i++) {
        m->choices[i].score = score_choice(&m->choices[i], buf_text(&m->typed), m->typed.size);
        if (m->choices[i].score >= 0)
            m->shown[m->n_shown++] = i;
    }
    if (m->n_shown > 1 && size > 0)
        qsort_r(m->shown, m->n_shown, sizeof *m->shown, by_score, m->choices);
}

const char *menu_only(const struct menu *m)
{
    const char *only = NULL;
    for (size_t i = 0; i < m->n_shown; i++) {
        const char *word = m->choices[m->shown[i]].word;
        if (strncasecmp(word, buf_text(&m->typed), m->typed.size) != 0)
            continue;
        if (only != NULL)
            return NULL;
        only = word;
    }
    return only;
}

/* Whether what is typed is a choice already, whole. */
static bool is_typed(const struct menu *m)
{
    size_t size;
    for (size_t i = 0; i < m->n_shown; i++) {
        const struct choice *c = &m->choices[m->shown[i]];
        const char *other = other_name(c, buf_text(&m->typed), m->typed.size, &size);
        if (strcmp(c->word, buf_text(&m->typed)) == 0 || (other != NULL && size == m->typed.size))
            return true;
    }
    return false;
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

int menu_rows(const struct menu *m)
{
    if (!m->open || (m->n_shown == 0 && (m->title == NULL || m->n > 0)))
        return 0;
    return 1 + (m->n_shown < ROWS_MOST ? (int)m->n_shown : ROWS_MOST);
}

/* Columns of the words, so that descriptions stand below each other. */
static int word_columns(const struct menu *m, int columns)
{
    int widest = WORDS_LEAST;
    for (size_t i = 0; i < m->n; i++)
        if (m->choices[i].columns > widest)
            widest = m->choices[i].columns;
    int most = *m->choices[m->shown[m->selected]].detail == '\0' ? columns - 2 : columns / 2;
    most = most < WORDS_MOST || columns < 2 * WORDS_MOST ? most : WORDS_MOST;
    return widest < most ? widest : most;
}

static void draw_choice(const struct menu *m, struct canvas *s, const struct area *a, int row, size_t place, int words)
{
    const struct choice *c = &m->choices[m->shown[place]];
    struct fuzzy_marks marks, found;
    bool selected = place == m->selected;
    unsigned style = selected ? STYLE_SELECTED : STYLE_TEXT;
    const char *typed = buf_text(&m->typed);
    bool named = fuzzy_match(c->label, typed, m->typed.size, &marks) >= 0;
    bool told = !named && score_detail(c, typed, m->typed.size, &found) >= 0;
    canvas_blank(s, a, row, 0, a->columns, style);
    marked_draw(s, a, row, 1, words, style, c->label, named ? &marks : NULL);
    marked_draw(s, a, row, words + 3, a->columns - words - 4, selected ? STYLE_SELECTED : STYLE_DIM, c->detail,
                told ? &found : NULL);
}

static void draw_title(const struct menu *m, struct canvas *s, const struct area *a)
{
    canvas_blank(s, a, 0, 0, a->columns, STYLE_BORDER);
    canvas_hline(s, a, 0, 0, a->columns, STYLE_BORDER);
    struct area inner = {a->y, a->x + 1, 1, a->columns - 2};
    int room = inner.columns;
    if (m->n_shown > (size_t)m->rows && m->rows > 0) {
        room = inner.columns - 14;
        canvas_printf(s, &inner, 0, room, STYLE_DIM, " %zu of %zu ", m->selected + 1, m->n_shown);
    }
    if (m->title == NULL)
        return;
    int end = marked_draw(s, &inner, 0, 1, room - 3, STYLE_DIM, m->title, NULL);
    canvas_puts(s, &inner, 0, 0, STYLE_DIM, " ");
    canvas_puts(s, &inner, 0, end, STYLE_DIM, " ");
}

static void draw_menu(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct menu *m = pane;
    (void)focus;
    m->rows = a->rows - 1;
    draw_title(m, s, a);
    if (m->n_shown == 0 || m->rows < 1)
        return;
    if (m->selected >= m->top + (size_t)m->rows)
        m->top = m->selected - (size_t)m->rows + 1;
    if (m->selected < m->top)
        m->top = m->selected;
    int words = word_columns(m, a->columns);
    for (int row = 0; row < m->rows && m->top + (size_t)row < m->n_shown; row++)
        draw_choice(m, s, a, row + 1, m->top + (size_t)row, words);
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* From the last choice to the first, and back. */
static struct pane_reaction move_by(struct menu *m, long step)
{
    long n = (long)m->n_shown;
    m->selected = (size_t)((((long)m->selected + step) % n + n) % n);
    m->moved = true;
    return pane_taken();
}

static struct pane_reaction put_choice(const struct menu *m, bool enter)
{
    const struct choice *c = &m->choices[m->shown[m->selected]];
    struct pane_reaction r = {.does = enter && c->runs ? PANE_PUT_AND_SEND : PANE_PUT};
    r.text = strdup(c->word);
    if (r.text == NULL)
        return pane_taken();
    r.command = r.text;
    if (c->act > 0)
        r.action = (struct ui_action){.kind = UI_CHOICE, .act = c->act, .text = r.text, .size = strlen(r.text)};
    return r;
}

/* Enter takes a choice that the user moved to, or whose name they began to type. It sends what is a choice already, and
 * what is like none. */
static bool takes_enter(const struct menu *m)
{
    const struct choice *c = &m->choices[m->shown[m->selected]];
    if (m->moved)
        return true;
    return c->named && !is_typed(m) && strncasecmp(c->word, buf_text(&m->typed), m->typed.size) == 0;
}

static struct pane_reaction menu_key(void *pane, const struct key *key)
{
    struct menu *m = pane;
    if (!m->open || m->n_shown == 0)
        return (struct pane_reaction){.does = PANE_UNUSED};
    if (key->code == KEYS_ESCAPE) {
        menu_close(m, true);
        return pane_taken();
    }
    bool plain = key->modifiers == 0;
    if ((key->code == KEYS_DOWN && plain) || pane_key_is_ctrl(key, L'n'))
        return move_by(m, 1);
    if ((key->code == KEYS_UP && plain) || pane_key_is_ctrl(key, L'p') ||
        (key->code == KEYS_TAB && key->modifiers == KEY_SHIFT))
        return move_by(m, -1);
    if (key->code == KEYS_TAB)
        return put_choice(m, false);
    if (key->code == KEYS_ENTER && plain && takes_enter(m))
        return put_choice(m, true);
    return (struct pane_reaction){.does = PANE_UNUSED};
}

static struct pane_reaction menu_mouse(void *pane, const struct area *a, const struct key *key)
{
    struct menu *m = pane;
    int row = key->mouse.y - a->y - 1;
    if (m->n_shown == 0)
        return (struct pane_reaction){.does = PANE_UNUSED};
    if (pane_key_is_wheel(key))
        return move_by(m, key->mouse.kind == MOUSE_WHEEL_UP ? -1 : 1);
    if (key->mouse.kind != MOUSE_PRESS || row < 0 || m->top + (size_t)row >= m->n_shown)
        return pane_taken();
    m->selected = m->top + (size_t)row;
    return put_choice(m, false);
}

const struct pane menu_pane = {
    .at = LAYOUT_MENU,
    .place = PLACE_COMPOSER,
    .draw = draw_menu,
    .first_key = menu_key,
    .mouse = menu_mouse,
};
