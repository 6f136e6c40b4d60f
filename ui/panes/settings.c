/* Settings: drawing, selecting and typing. */
#include <config.h>

#include "ui/panes/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "ui/draw/bar.h"
#include "ui/panes/candidates.h"
#include "ui/panes/field.h"
#include "ui/text/text.h"

enum { NAME = 20, VALUE = 9 }; /* columns; a slider has the rest */
/* So many candidates and settings are shown before the others have to give way; a heading takes two rows. */
enum { LEAST_CANDIDATES = 5, LEAST_ROWS = 3, HEADING = 2, LOW = 12 };

struct setting {
    char *name, *value, *help, *source, *typed;
    double position;
    bool number;
};

struct settings {
    struct setting *at;
    size_t n, focus, first; /* focus: the selected one; first: the one at the top */
    struct candidates candidates;
    char *summary;
    struct field field; /* of the selected one */
    char *trouble;      /* with what is typed; NULL: none */
};

struct settings *settings_new(void)
{
    return calloc(1, sizeof(struct settings));
}

static void clear_settings(struct settings *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->at[i].name);
        free(p->at[i].value);
        free(p->at[i].help);
        free(p->at[i].source);
        free(p->at[i].typed);
    }
    free(p->at);
    p->at = NULL;
    p->n = 0;
}

void settings_free(struct settings *p)
{
    if (p == NULL)
        return;
    clear_settings(p);
    candidates_free(&p->candidates);
    free(p->summary);
    free(p->trouble);
    free(p);
}

static struct setting copy_setting(const struct ui_setting *from)
{
    return (struct setting){.name = text_clean_line(from->name),
                            .value = text_clean_line(from->value),
                            .help = text_clean_line(from->help),
                            .source = text_clean_line(from->source),
                            .typed = text_clean_line(from->typed),
                            .position = from->position,
                            .number = from->number};
}

static bool is_off(const struct setting *s)
{
    return s->value != NULL && strcmp(s->value, "Off") == 0;
}

/* The first that does something and has a slider: it is the one that people come for. */
static size_t find_first(const struct settings *p)
{
    size_t i = 0;
    while (i < p->n && (p->at[i].position < 0 || is_off(&p->at[i])))
        i++;
    return i < p->n ? i : 0;
}

/* Selects the setting of that name again. If it is gone, its field closes. */
static void find_focus(struct settings *p, const char *name)
{
    size_t i = 0;
    while (i < p->n && (p->at[i].name == NULL || strcmp(p->at[i].name, name) != 0))
        i++;
    if (i == p->n)
        settings_typed(p, NULL);
    p->focus = i < p->n ? i : p->focus < p->n ? p->focus : 0;
}

bool settings_set(struct settings *p, const struct ui_setting *list, size_t n)
{
    char *focus = p->n > 0 ? text_clean_line(p->at[p->focus].name) : NULL;
    clear_settings(p);
    p->at = calloc(n + 1, sizeof *p->at);
    for (; p->at != NULL && p->n < n; p->n++)
        p->at[p->n] = copy_setting(&list[p->n]);
    if (focus != NULL)
        find_focus(p, focus);
    else
        p->focus = find_first(p);
    free(focus);
    return p->at != NULL;
}

void settings_set_candidates(struct settings *p, const struct ui_candidate *list, size_t n, const char *summary)
{
    candidates_set(&p->candidates, list, n);
    free(p->summary);
    p->summary = text_clean_line(summary);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

/* The column of a value: a long one takes all that its name leaves. */
static int value_column(const struct setting *from, int columns)
{
    int name = from->name != NULL ? (int)strlen(from->name) + 1 : 0;
    int value = from->value != NULL ? text_columns(from->value, strlen(from->value), 0) : 0;
    return name <= NAME && NAME + value <= columns ? NAME : name;
}

static void draw_setting(const struct settings *p, struct canvas *s, const struct area *a, int row, size_t i,
                         bool focus)
{
    const struct setting *from = &p->at[i];
    bool selected = focus && i == p->focus;
    unsigned style = selected ? STYLE_SELECTED : STYLE_TEXT;
    struct area name = {a->y, a->x, a->rows, from->number && a->columns >= NAME ? NAME - 1 : a->columns};
    canvas_blank(s, a, row, 0, a->columns, style);
    canvas_puts(s, &name, row, 0, style, from->name);
    bool off = is_off(from);
    canvas_puts(s, a, row, value_column(from, a->columns), off && !selected ? STYLE_DIM : style,
                from->value != NULL ? from->value : "");
    int width = a->columns - NAME - VALUE;
    if (from->position >= 0 && width > 2 && !off)
        bar_draw(s, a, row, NAME + VALUE, width, from->position);
}

/* How many rows each part of the pane takes, from above. */
struct parts {
    int settings, help, candidates;
    bool gap_before_help, gap_before_candidates;
};

/* What the selected setting does, or what is wrong with the value typed. */
static const char *help_of(const struct settings *p)
{
    const char *help = p->trouble != NULL ? p->trouble : p->at[p->focus].help;
    return help != NULL ? help : "";
}

/* In a low terminal the help is one line, but what is wrong is told in full. */
static bool is_short(const struct settings *p, const struct area *a)
{
    return a->rows < LOW && p->trouble == NULL;
}

static int help_lines(const struct settings *p, const struct area *a)
{
    if (is_short(p, a))
        return 1;
    const char *text = help_of(p);
    size_t size = strlen(text), end;
    int lines = p->at[p->focus].source != NULL;
    for (size_t at = 0; at < size; lines++)
        at += text_wrap(text + at, size - at, a->columns, &end);
    return lines;
}

/* The candidates give way to the settings down to LEAST_CANDIDATES, then the settings to them. */
static struct parts divide_rows(const struct settings *p, const struct area *a)
{
    struct parts parts = {.settings = (int)p->n, .help = p->n > 0 ? help_lines(p, a) : 0};
    int wanted = p->candidates.n > 0 ? (int)p->candidates.n + HEADING : p->summary != NULL;
    int least = wanted < LEAST_CANDIDATES + HEADING ? wanted : LEAST_CANDIDATES + HEADING;
    int rest = a->rows - parts.help;
    if (parts.settings + least > rest)
        parts.settings = rest - least > LEAST_ROWS ? rest - least : LEAST_ROWS;
    parts.settings = parts.settings < (int)p->n ? parts.settings : (int)p->n;
    rest -= parts.settings;
    parts.candidates = rest < wanted ? rest : wanted;
    parts.gap_before_help = rest > wanted;
    parts.gap_before_candidates = rest > wanted + 1;
    return parts;
}

static int draw_help(const struct settings *p, struct canvas *s, const struct area *a, int row)
{
    const char *text = help_of(p), *source = p->at[p->focus].source;
    size_t size = strlen(text), end;
    if (is_short(p, a)) {
        canvas_fit(s, a, row, 0, STYLE_DIM, text);
        return row + 1;
    }
    for (size_t at = 0; at < size && row < a->rows; row++) {
        size_t next = text_wrap(text + at, size - at, a->columns, &end);
        canvas_text(s, a, row, 0, p->trouble != NULL ? STYLE_ERROR : STYLE_DIM, text + at, end);
        at += next;
    }
    if (source != NULL && row < a->rows)
        canvas_printf(s, a, row++, 0, STYLE_DIM, "from: %s", source);
    return row;
}

static void draw_settings(struct settings *p, struct canvas *s, const struct area *a, int rows, bool focus)
{
    size_t shown = rows > 0 ? (size_t)rows : 0;
    bool ascii = canvas_is_ascii(s);
    if (p->focus < p->first)
        p->first = p->focus;
    if (p->focus >= p->first + shown)
        p->first = p->focus - shown + 1;
    if (p->first + shown > p->n)
        p->first = p->n - shown;
    for (size_t i = 0; i < shown; i++)
        draw_setting(p, s, a, (int)i, p->first + i, focus);
    if (p->first > 0)
        canvas_puts(s, a, 0, a->columns - 1, STYLE_DIM, ascii ? "^" : "▲");
    if (p->first + shown < p->n)
        canvas_puts(s, a, rows - 1, a->columns - 1, STYLE_DIM, ascii ? "v" : "▼");
}

static void draw_candidates(struct settings *p, struct canvas *s, const struct area *a, int row, int rows)
{
    struct area own = {a->y, a->x, row + rows < a->rows ? row + rows : a->rows, a->columns};
    if (rows <= 0)
        return;
    if (p->candidates.n > 0)
        canvas_puts(s, &own, row++, 0, STYLE_TITLE, "Next token   model after");
    if (p->summary != NULL && row < own.rows)
        canvas_puts(s, &own, row++, 0, STYLE_DIM, p->summary);
    candidates_draw(&p->candidates, s, &own, row, p->candidates.n);
}

static struct area inside(const struct area *a)
{
    return (struct area){a->y + 1, a->x + 1, a->rows - 2, a->columns - 2};
}

static int field_column(const struct settings *p)
{
    return p->at[p->focus].number ? NAME : value_column(&p->at[p->focus], 0);
}

static void draw_pane(void *pane, struct canvas *s, const struct area *a, bool focus)
{
    struct settings *p = pane;
    struct area inner = inside(a);
    struct parts parts = divide_rows(p, &inner);
    for (int i = 0; i < inner.rows; i++)
        canvas_blank(s, &inner, i, 0, inner.columns, STYLE_TEXT);
    canvas_box(s, a, focus ? STYLE_BORDER_FOCUS : STYLE_BORDER, "Settings");
    draw_settings(p, s, &inner, parts.settings, focus);
    int row = parts.settings + parts.gap_before_help;
    if (p->n > 0)
        row = draw_help(p, s, &inner, row) + parts.gap_before_candidates;
    draw_candidates(p, s, &inner, row, parts.candidates);
    if (p->field.open && focus && p->n > 0)
        field_draw(&p->field, s, &inner, (int)(p->focus - p->first), field_column(p));
}

static void put_cursor(const void *pane, const struct area *a, bool focus, int *y, int *x)
{
    const struct settings *p = pane;
    struct area inner = inside(a);
    if (!focus || p->n == 0)
        return;
    *y = inner.y + (int)(p->focus - p->first);
    *x = inner.x + (p->field.open ? field_cursor(&p->field, &inner, field_column(p)) : 0);
}

/* ---- selecting and typing --------------------------------------------------------------------------------------- */

static void open_field(struct settings *p, const char *text)
{
    if (p->n == 0)
        return;
    field_open(&p->field, text);
    free(p->trouble);
    p->trouble = NULL;
}

void settings_open_field(struct settings *p)
{
    const char *present = p->n > 0 ? p->at[p->focus].typed : NULL;
    open_field(p, present != NULL ? present : "");
}

void settings_typed(struct settings *p, const char *trouble)
{
    free(p->trouble);
    p->trouble = text_clean_line(trouble);
    p->field.open = p->field.open && trouble != NULL;
}

void settings_move(struct settings *p, int step)
{
    settings_typed(p, NULL);
    if (p->n > 0)
        p->focus = step > 0 ? (p->focus + 1) % p->n : (p->focus + p->n - 1) % p->n;
}

const char *settings_name(const struct settings *p)
{
    return p->n > 0 ? p->at[p->focus].name : NULL;
}

/* Tells something about the selected setting. Its name is copied, as the answer may replace the settings. */
static struct pane_reaction tell_setting(const struct settings *p, enum ui_action_kind kind)
{
    const char *name = settings_name(p);
    return name != NULL ? pane_tell_text(kind, name, strlen(name)) : pane_taken();
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

/* Gives the value typed to the program, which answers with settings_typed. */
static struct pane_reaction tell_typed(const struct settings *p)
{
    struct pane_reaction r = tell_setting(p, UI_SETTING_TYPED);
    r.action.typed = p->field.text;
    return r;
}

/* Keys of an open field. */
static struct pane_reaction first_key(void *pane, const struct key *key)
{
    struct settings *p = pane;
    if (!p->field.open)
        return (struct pane_reaction){.does = PANE_UNUSED};
    switch (field_key(&p->field, key)) {
    case FIELD_UNUSED: return (struct pane_reaction){.does = PANE_UNUSED};
    case FIELD_EDITED: break;
    case FIELD_LEFT: settings_typed(p, NULL); break;
    case FIELD_DONE: return tell_typed(p);
    }
    return pane_taken();
}

static struct pane_reaction settings_key(void *pane, const struct key *key, bool busy)
{
    struct settings *p = pane;
    bool digit = key->code == KEYS_CHARACTER && key->modifiers == 0 && wcschr(L"0123456789.-", key->character) != NULL;
    if (!digit || p->n == 0 || !p->at[p->focus].number)
        return pane_leave(key, busy, false, "composer");
    open_field(p, (const char[]){(char)key->character, '\0'});
    return pane_taken();
}

/* ---- mouse ------------------------------------------------------------------------------------------------------ */

/* Where in the slider of setting i a column of the screen lies, 0..1; negative: beside it. */
static double slider_position(const struct settings *p, size_t i, const struct area *inner, int screen_x)
{
    int width = inner->columns - NAME - VALUE, x = screen_x - inner->x - NAME - VALUE;
    return width > 0 && x >= 0 && x < width && p->at[i].position >= 0 ? (double)(x + 0.5) / width : -1;
}

static struct pane_reaction settings_mouse(void *pane, const struct area *a, const struct key *key)
{
    struct settings *p = pane;
    struct area inner = inside(a);
    int row = key->mouse.y - inner.y;
    size_t i = p->first + (size_t)row;
    if (pane_key_is_wheel(key) || row < 0 || i >= p->n || row >= divide_rows(p, &inner).settings)
        return pane_taken();
    if (i != p->focus)
        settings_typed(p, NULL);
    p->focus = i;
    struct pane_reaction r = pane_taken();
    double position = slider_position(p, i, &inner, key->mouse.x);
    if (position >= 0)
        r = tell_setting(p, UI_SETTING_DRAG);
    r.action.position = position;
    r.takes_focus = true;
    return r;
}

const struct pane settings_pane = {
    .at = LAYOUT_SIDE,
    .place = PLACE_SETTINGS,
    .folds = true,
    .hints = {{"keys", "keys"}, {"setting-type", "types a value"}, {"setting-default", "takes the default"}},
    .draw = draw_pane,
    .cursor = put_cursor,
    .first_key = first_key,
    .key = settings_key,
    .mouse = settings_mouse,
};
