/* The screen: its parts, keys and the mouse on their way to panes, what panes want done, drawing. */
#include <config.h>

#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ui/commands.h"
#include "ui/draw/theme.h"
#include "ui/internal.h"
#include "ui/keys/keys.h"

/* Seconds in which a key counts as pressed twice. */
#define TWICE 0.4

struct input {
    struct keys keys;
    double escaped;           /* when Esc was pressed in the composer, clock_seconds; 0: another key followed */
    bool typing;              /* the key is one by which words are typed */
    bool focused;             /* the terminal's window */
    enum pane_number pressed; /* where the mouse was pressed last */
};

/* By enum pane_number. */
static const struct pane *const pane_rows[PANES] = {
    [PANE_HEAD] = &head_pane,         [PANE_TRANSCRIPT] = &transcript_pane,
    [PANE_COMPOSER] = &entry_pane,    [PANE_LIST] = &list_pane,
    [PANE_SETTINGS] = &settings_pane, [PANE_LENS] = &lens_pane,
    [PANE_STATUS] = &status_pane,     [PANE_NOTICE] = &notice_pane,
    [PANE_COMPARE] = &compare_pane,   [PANE_POPUP] = &popup_pane,
    [PANE_MENU] = &menu_pane,         [PANE_TREE] = &tree_pane,
    [PANE_BESIDE] = &beside_pane,
};

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static struct input *input_new(void)
{
    struct input *in = calloc(1, sizeof *in);
    if (in == NULL)
        return NULL;
    keys_init(&in->keys);
    in->focused = true;
    in->pressed = PANE_COMPOSER;
    return in;
}

static void input_free(struct input *in)
{
    if (in != NULL)
        keys_free(&in->keys);
    free(in);
}

static bool open_panes(struct ui *ui, struct error *err)
{
    ui->state = state_new(pane_rows);
    ui->input = input_new();
    ui->entry = entry_open(err);
    if (ui->entry == NULL)
        return false;
    ui->panes[PANE_HEAD] = ui->head = head_new();
    ui->panes[PANE_TRANSCRIPT] = ui->transcript = transcript_new();
    ui->panes[PANE_COMPOSER] = ui->entry;
    ui->panes[PANE_LIST] = ui->list = list_new();
    ui->panes[PANE_SETTINGS] = ui->settings = settings_new();
    ui->panes[PANE_LENS] = ui->lens = lens_new();
    ui->panes[PANE_STATUS] = ui->panes[PANE_NOTICE] = ui->status = status_new(ui->bindings);
    ui->panes[PANE_COMPARE] = ui->compare = compare_new();
    ui->panes[PANE_BESIDE] = ui->beside = beside_new();
    ui->panes[PANE_POPUP] = ui->popup = popup_new();
    ui->panes[PANE_MENU] = ui->menu = menu_new();
    ui->panes[PANE_TREE] = ui->tree = tree_new();
    bool ok = ui->state != NULL && ui->input != NULL;
    for (int i = 0; i < PANES; i++)
        ok = ok && ui->panes[i] != NULL;
    if (!ok)
        error_memory(err);
    return ok;
}

static bool open_parts(struct ui *ui, const struct ui_options *o, struct error *err)
{
    ui->theme_folders = o->theme_folders;
    ui->bindings = bindings_open(o->keys_file, ui_is_command, err);
    if (ui->bindings == NULL || !open_panes(ui, err))
        return false;
    struct theme *theme = theme_load(o->theme, o->theme_folders, err);
    if (theme == NULL)
        return false;
    ui->canvas = canvas_open(o->term, theme, o->no_color, err);
    return ui->canvas != NULL;
}

/* Places the panes; the composer is as tall as its text takes at the width that it gets. */
static void lay_out(struct ui *ui)
{
    int rows = canvas_rows(ui->canvas), columns = canvas_columns(ui->canvas);
    struct layout_needs needs = {.lines = 1};
    state_lay_out(ui->state, rows, columns, needs);
    const struct area *composer = state_area(ui->state, PANE_COMPOSER);
    if (composer == NULL || state_is_small(ui->state))
        return;
    needs.lines = entry_lines(ui->entry, composer->columns - 2);
    needs.menu_rows = state_active(ui->state) == PANE_COMPOSER ? menu_rows(ui->menu) : 0;
    state_lay_out(ui->state, rows, columns, needs);
}

struct ui *ui_open(const struct ui_options *o, struct error *err)
{
    struct ui *ui = calloc(1, sizeof *ui);
    if (ui == NULL) {
        error_memory(err);
        return NULL;
    }
    if (!open_parts(ui, o, err)) {
        ui_free(ui);
        return NULL;
    }
    canvas_set_mouse(ui->canvas, o->mouse);
    transcript_set_widest(ui->transcript, o->text_width);
    transcript_set_centred(ui->transcript, o->text_centred);
    state_show(ui->state, PANE_LIST, true);
    ui_take_focus(ui, PANE_COMPOSER);
    lay_out(ui);
    return ui;
}

void ui_free(struct ui *ui)
{
    if (ui == NULL)
        return;
    canvas_free(ui->canvas);
    popup_free(ui->popup);
    menu_free(ui->menu);
    tree_free(ui->tree);
    compare_free(ui->compare);
    beside_free(ui->beside);
    status_free(ui->status);
    lens_free(ui->lens);
    settings_free(ui->settings);
    list_free(ui->list);
    entry_free(ui->entry);
    transcript_free(ui->transcript);
    head_free(ui->head);
    input_free(ui->input);
    state_free(ui->state);
    bindings_free(ui->bindings);
    free(ui);
}

const char *ui_last_words(void)
{
    return canvas_last_words();
}

/* ---- reactions -------------------------------------------------------------------------------------------------- */

static void send_typed(struct ui *ui)
{
    struct pane_reaction r = entry_send(ui->entry);
    if (r.does == PANE_TELL)
        state_tell(ui->state, &r.action);
    free(r.text);
}

static void put_word(struct ui *ui, const struct pane_reaction *r)
{
    ui_put_word(ui, r->command, r->does == PANE_PUT);
    menu_close(ui->menu, false);
    ui_tell_choice(ui);       /* before what it runs */
    ui->input->typing = true; /* the next word may have choices */
    if (r->action.act > 0)
        state_tell(ui->state, &r->action);
    if (r->does == PANE_PUT)
        state_tell_kind(ui->state, UI_EDITED);
    else
        send_typed(ui);
}

/* Does what a pane wants done; false when it had no use for the key or the mouse. */
static bool react(struct ui *ui, enum pane_number pane, const struct pane_reaction *r)
{
    if (r->closes)
        state_show(ui->state, pane, false);
    if (r->takes_focus)
        ui_take_focus(ui, pane);
    if (r->does == PANE_TELL)
        state_tell(ui->state, &r->action);
    else if (r->does == PANE_RUN)
        ui_run(ui, r->command);
    else if (r->does == PANE_PUT || r->does == PANE_PUT_AND_SEND)
        put_word(ui, r);
    free(r->text);
    return r->does != PANE_UNUSED;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

static bool give_key(struct ui *ui, enum pane_number pane, const struct key *key)
{
    const struct pane *row = state_row(ui->state, pane);
    if (row->key == NULL)
        return false;
    struct pane_reaction r = row->key(ui->panes[pane], key, status_is_busy(ui->status));
    return react(ui, pane, &r);
}

/* A key that a modal pane has no use for: typed into the composer, which the pane covers and speaks for. */
static void type_below(struct ui *ui, enum pane_number pane, const struct key *key)
{
    const struct pane *row = state_row(ui->state, pane);
    size_t size;
    if (row->typed == NULL)
        return;
    give_key(ui, PANE_COMPOSER, key);
    const char *text = entry_text(ui->entry, &size, NULL);
    row->typed(ui->panes[pane], text, size);
}

static bool give_first_key(struct ui *ui, enum pane_number pane, const struct key *key)
{
    const struct pane *row = state_row(ui->state, pane);
    if (row->first_key == NULL)
        return row->modal;
    struct pane_reaction r = row->first_key(ui->panes[pane], key);
    bool used = react(ui, pane, &r);
    if (row->modal && !used)
        type_below(ui, pane, key);
    return row->modal || used;
}

/* The command of a key; y copies selected text wherever the focus is. */
static const char *find_command(struct ui *ui, enum pane_number pane, const struct key *key)
{
    struct selection *selection = transcript_selection(ui->transcript);
    if (selection_exists(selection) && pane_key_is_letter(key, L'y'))
        return "copy-message";
    status_notice(ui->status, false, NULL);
    selection_clear(selection);
    return bindings_find(ui->bindings, state_row(ui->state, pane)->place, key);
}

/* Text that the pane in focus has no use for is meant to be sent. */
static bool is_text(const struct key *key)
{
    return key->code == KEYS_PASTE || (key->code == KEYS_CHARACTER && key->modifiers == 0 && key->character > L' ');
}

/* Keys by which words are typed, unlike those that bring another text or move in it. */
static bool is_typing(const struct key *key)
{
    return (key->code == KEYS_CHARACTER && (key->modifiers & KEY_ALT) == 0) || key->code == KEYS_BACKSPACE ||
           key->code == KEYS_DELETE || key->code == KEYS_TAB;
}

static void give_composer_key(struct ui *ui, const struct key *key)
{
    give_key(ui, PANE_COMPOSER, key);
    ui_follow_typed(ui, ui->input->typing);
}

/* Esc goes from the composer to the transcript; twice in a moment it shows the map. */
static bool is_double_escape(struct ui *ui, enum pane_number pane, const struct key *key)
{
    struct input *in = ui->input;
    bool escape = key->code == KEYS_ESCAPE && key->modifiers == 0;
    bool twice = escape && pane == PANE_TRANSCRIPT && in->escaped > 0 && clock_seconds() - in->escaped < TWICE;
    in->escaped = escape && pane == PANE_COMPOSER ? clock_seconds() : 0;
    return twice;
}

static void take_key(struct ui *ui, const struct key *key)
{
    enum pane_number pane = state_active(ui->state);
    ui->input->typing = is_typing(key);
    if (is_double_escape(ui, pane, key)) {
        ui_take_focus(ui, PANE_COMPOSER);
        ui_run(ui, "/tree");
        return;
    }
    if (give_first_key(ui, pane == PANE_COMPOSER ? PANE_MENU : pane, key))
        return;
    const char *command = find_command(ui, pane, key);
    if (command != NULL) {
        ui_run(ui, command);
    } else if (pane == PANE_COMPOSER) {
        give_composer_key(ui, key);
    } else if (!give_key(ui, pane, key) && is_text(key)) {
        ui_take_focus(ui, PANE_COMPOSER);
        give_composer_key(ui, key);
    }
}

/* ---- the mouse -------------------------------------------------------------------------------------------------- */

static bool is_inside(const struct area *a, const struct key *key)
{
    int row = key->mouse.y - a->y, column = key->mouse.x - a->x;
    return row >= 0 && row < a->rows && column >= 0 && column < a->columns;
}

/* The pane that takes the mouse where it is; PANES: none does. A modal pane takes it everywhere, and a button is
 * released for the pane on which it was pressed. */
static enum pane_number find_pane(const struct ui *ui, const struct key *key)
{
    enum pane_number active = state_active(ui->state);
    if (state_row(ui->state, active)->modal)
        return active;
    if (key->mouse.kind == MOUSE_RELEASE)
        return ui->input->pressed;
    for (int i = PANES; i-- > 0;) {
        const struct area *a = state_area(ui->state, (enum pane_number)i);
        if (a != NULL && state_row(ui->state, (enum pane_number)i)->mouse != NULL && is_inside(a, key))
            return (enum pane_number)i;
    }
    return PANES;
}

static bool give_mouse(struct ui *ui, enum pane_number pane, const struct key *key)
{
    const struct area *a = pane < PANES ? state_area(ui->state, pane) : NULL;
    if (a == NULL)
        return false;
    struct pane_reaction r = state_row(ui->state, pane)->mouse(ui->panes[pane], a, key);
    return react(ui, pane, &r);
}

/* The wheel scrolls the transcript wherever no pane has a use for it. */
static void take_mouse(struct ui *ui, const struct key *key)
{
    enum pane_number pane = find_pane(ui, key);
    if (key->mouse.kind == MOUSE_PRESS && pane < PANES)
        ui->input->pressed = pane;
    if (!give_mouse(ui, pane, key) && pane_key_is_wheel(key))
        give_mouse(ui, PANE_TRANSCRIPT, key);
}

static void tell_ground(struct ui *ui, bool light)
{
    state_tell(ui->state, &(struct ui_action){.kind = UI_GROUND, .step = light});
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static void take_keys(struct ui *ui, bool final, ui_act *act, void *context)
{
    struct input *in = ui->input;
    struct key key;
    state_listen(ui->state, act, context);
    while (keys_next(&in->keys, final, &key) == KEYS_KEY) {
        state_touch(ui->state);
        if (key.code == KEYS_FOCUS || key.code == KEYS_UNFOCUS)
            in->focused = key.code == KEYS_FOCUS;
        else if (key.code == KEYS_GROUND)
            tell_ground(ui, key.light);
        else if (key.code == KEYS_MOUSE)
            take_mouse(ui, &key);
        else
            take_key(ui, &key);
        ui_tell_choice(ui);
    }
    state_listen(ui->state, NULL, NULL);
}

void ui_type(struct ui *ui, const char *bytes, size_t size, ui_act *act, void *context)
{
    if (size > 0 && !keys_add(&ui->input->keys, bytes, size)) {
        status_notice(ui->status, true, "the pasted text is too large");
        state_touch(ui->state);
    }
    take_keys(ui, false, act, context);
}

static bool wants_marks(const struct ui *ui)
{
    return transcript_wants_marks(ui->transcript) < messages_count(transcript_messages(ui->transcript));
}

int ui_timeout(const struct ui *ui)
{
    if (state_is_touched(ui->state) || wants_marks(ui))
        return 0;
    int keys = keys_timeout(&ui->input->keys), status = status_timeout(ui->status);
    return keys >= 0 && (status < 0 || keys < status) ? keys : status;
}

/* Asks for what the lens shows when that is not known any more. */
static void tick_lens(struct ui *ui, ui_act *act, void *context)
{
    if (!state_is_shown(ui->state, PANE_LENS))
        return;
    bool wants = transcript_wants_tokens(ui->transcript) < messages_count(transcript_messages(ui->transcript));
    if (!lens_take_stale(ui->lens) && !wants)
        return;
    state_touch(ui->state);
    state_listen(ui->state, act, context);
    ui_ask_tokens(ui);
    state_listen(ui->state, NULL, NULL);
}

static void tick_marks(struct ui *ui, ui_act *act, void *context)
{
    if (!wants_marks(ui))
        return;
    state_listen(ui->state, act, context);
    ui_ask_marks(ui);
    state_listen(ui->state, NULL, NULL);
}

void ui_tick(struct ui *ui, ui_act *act, void *context)
{
    if (keys_timeout(&ui->input->keys) == 0)
        take_keys(ui, true, act, context);
    tick_lens(ui, act, context);
    tick_marks(ui, act, context);
    if (status_tick(ui->status))
        state_touch(ui->state);
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_small(struct ui *ui)
{
    struct area a = {0, 0, canvas_rows(ui->canvas), canvas_columns(ui->canvas)};
    canvas_printf(ui->canvas, &a, 0, 0, STYLE_TEXT, "Palaver needs %d x %d;", UI_LEAST_COLUMNS, UI_LEAST_ROWS);
    canvas_printf(ui->canvas, &a, 1, 0, STYLE_TEXT, "this is %d x %d.", a.columns, a.rows);
}

/* A pane that is drawn later has the last word on the cursor. */
static void draw_panes(struct ui *ui, int *y, int *x)
{
    enum pane_number active = state_active(ui->state);
    for (int i = 0; i < PANES; i++) {
        const struct area *a = state_area(ui->state, (enum pane_number)i);
        const struct pane *row = state_row(ui->state, (enum pane_number)i);
        if (a == NULL)
            continue;
        row->draw(ui->panes[i], ui->canvas, a, i == (int)active);
        if (row->cursor != NULL)
            row->cursor(ui->panes[i], a, i == (int)active, y, x);
    }
}

void ui_draw(struct ui *ui)
{
    int y = -1, x = 0;
    if (!state_take_touched(ui->state))
        return;
    lay_out(ui);
    canvas_clear(ui->canvas);
    if (state_is_small(ui->state))
        draw_small(ui);
    else
        draw_panes(ui, &y, &x);
    canvas_flush(ui->canvas, y, x);
}

void ui_resize(struct ui *ui)
{
    canvas_resize(ui->canvas);
    state_touch(ui->state);
}

void ui_leave(struct ui *ui)
{
    canvas_leave(ui->canvas);
}

void ui_return(struct ui *ui)
{
    canvas_return(ui->canvas);
    state_touch(ui->state);
}

bool ui_wants_menu(const struct ui *ui, size_t start)
{
    return ui->input->typing && !menu_is_dismissed(ui->menu, start);
}

bool ui_has_focus(const struct ui *ui)
{
    return ui->input->focused;
}
