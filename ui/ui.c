/* The screen: focus, keys to panes, drawing. */
#include <config.h>

#include "ui/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ui/commands.h"
#include "ui/internal.h"
#include "ui/text/text.h"

/* Milliseconds in which the rest of a key follows an escape, and of pasted text. */
enum { KEY_WAIT = 30, PASTE_WAIT = 3000 };

double ui_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool open_parts(struct ui *ui, const struct ui_options *o, struct error *err)
{
    keys_init(&ui->keys);
    ui->transcript = transcript_new();
    ui->list = list_new();
    ui->settings = settings_new();
    ui->lens = lens_new();
    if (ui->transcript == NULL || ui->list == NULL || ui->settings == NULL || ui->lens == NULL) {
        error_set(err, ERR_MEMORY, "no memory for the screen");
        return false;
    }
    ui->bindings = bindings_open(o->keys_file, err);
    if (ui->bindings == NULL)
        return false;
    ui->composer = composer_open("palaver", err);
    if (ui->composer == NULL)
        return false;
    ui->theme = theme_load(o->theme, o->theme_folders, err);
    return ui->theme != NULL;
}

struct ui *ui_open(const struct ui_options *o, struct error *err)
{
    struct ui *ui = calloc(1, sizeof *ui);
    if (ui == NULL) {
        error_set(err, ERR_MEMORY, "no memory for the screen");
        return NULL;
    }
    ui->theme_folders = o->theme_folders;
    ui->no_color = o->no_color;
    ui->focused = true;
    if (open_parts(ui, o, err))
        ui->screen = canvas_open(o->term, ui->theme, o->no_color, err);
    if (ui->screen == NULL) {
        ui_free(ui);
        return NULL;
    }
    ui_set_mouse(ui, o->mouse);
    ui->list_shown = true;
    ui_lay_out(ui);
    return ui;
}

void ui_free(struct ui *ui)
{
    if (ui == NULL)
        return;
    canvas_free(ui->screen);
    popup_free(ui->popup);
    compare_free(ui->compare);
    composer_free(ui->composer);
    transcript_free(ui->transcript);
    list_free(ui->list);
    settings_free(ui->settings);
    lens_free(ui->lens);
    theme_free(ui->theme);
    bindings_free(ui->bindings);
    keys_free(&ui->keys);
    char *const strings[] = {ui->head_title, ui->head_model, ui->label, ui->mode, ui->status_text, ui->status_speed,
                             ui->notice};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        free(strings[i]);
    free(ui);
}

const char *ui_last_words(void)
{
    return canvas_last_words();
}

/* ---- telling ---------------------------------------------------------------------------------------------------- */

void ui_tell(struct ui *ui, const struct ui_action *action)
{
    if (ui->act != NULL)
        ui->act(ui->context, action);
}

void ui_tell_text(struct ui *ui, enum ui_action_kind kind, const char *text)
{
    ui_tell(ui, &(struct ui_action){.kind = kind, .text = text, .size = text != NULL ? strlen(text) : 0});
}

void ui_tell_command(struct ui *ui, const char *command)
{
    struct ui_action action = {.kind = UI_COMMAND, .text = command, .size = strlen(command)};
    if (ui->focus == FOCUS_TRANSCRIPT) {
        action.about = UI_ABOUT_MESSAGE;
        action.index = transcript_count(ui->transcript) > 0 ? transcript_selected(ui->transcript) : SIZE_MAX;
        action.id = transcript_id(ui->transcript, transcript_selected(ui->transcript));
    } else if (ui->focus == FOCUS_LIST) {
        action.about = UI_ABOUT_CONVERSATION;
        action.id = list_selected(ui->list);
    }
    ui_tell(ui, &action);
}

/* ---- focus and place -------------------------------------------------------------------------------------------- */

void ui_lay_out(struct ui *ui)
{
    int rows = canvas_rows(ui->screen), columns = canvas_columns(ui->screen);
    /* what lies over the transcript is there only while it is used */
    bool wide = columns >= LAYOUT_WIDE;
    bool list = ui->list_shown && (wide || ui->focus == FOCUS_LIST);
    bool lens = ui->lens_shown && (wide || ui->focus == FOCUS_LENS);
    bool settings = lens || (ui->settings_shown && (wide || ui->focus == FOCUS_SETTINGS));
    ui->small = rows < UI_LEAST_ROWS || columns < UI_LEAST_COLUMNS;
    layout_make(&ui->layout, rows, columns, list, settings, 1);
    int width = ui->layout.composer.columns - 2;
    int lines = ui->small ? 1 : composer_lines(ui->composer, width);
    layout_make(&ui->layout, rows, columns, list, settings, lines);
    ui->dirty = true;
}

void ui_take_focus(struct ui *ui, enum focus focus)
{
    if (focus == FOCUS_TRANSCRIPT && ui->focus != FOCUS_TRANSCRIPT)
        transcript_focus(ui->transcript);
    ui->focus = focus;
    ui_lay_out(ui);
}

static enum place place_of(enum focus focus)
{
    static const enum place places[] = {PLACE_COMPOSER, PLACE_TRANSCRIPT, PLACE_LIST, PLACE_SETTINGS, PLACE_LENS};
    return places[focus];
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

void ui_run(struct ui *ui, const char *command)
{
    const struct ui_command *found = ui_command_find(command);
    ui->dirty = true;
    if (found != NULL)
        found->run(ui);
    else
        ui_tell_command(ui, command);
}

static void popup_choose(struct ui *ui)
{
    struct ui_item item = popup_selected(ui->popup);
    char *command = strdup(item.command);
    ui_close_popup(ui);
    if (item.act > 0)
        ui_tell(ui, &(struct ui_action){.kind = UI_CHOICE, .act = item.act, .a = item.a, .b = item.b});
    else if (command != NULL && item.act == UI_ACT_WORD)
        ui_put_word(ui, command);
    else if (command != NULL)
        ui_run(ui, command);
    free(command);
}

static void popup_take(struct ui *ui, const struct key *key)
{
    const char *text = popup_text(ui->popup);
    switch (popup_key(ui->popup, key)) {
    case POPUP_NOTHING: break;
    case POPUP_CLOSED: ui_close_popup(ui); break;
    case POPUP_CHOSEN: popup_choose(ui); break;
    case POPUP_ASKED: ui_tell_text(ui, UI_QUERY, popup_query(ui->popup)); break;
    case POPUP_COPY:
        ui_tell(ui, &(struct ui_action){.kind = UI_COPY, .text = text, .size = strlen(text), .what = "text"});
        break;
    }
}

static void compare_take(struct ui *ui, const struct key *key)
{
    enum compare_result result = COMPARE_NOTHING;
    bool wheel = key->code == KEYS_MOUSE && (key->mouse.kind == MOUSE_WHEEL_UP || key->mouse.kind == MOUSE_WHEEL_DOWN);
    if (wheel)
        compare_scroll(ui->compare, key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3);
    else
        result = compare_key(ui->compare, key);
    if (result == COMPARE_KEEP)
        ui_tell(ui, &(struct ui_action){.kind = UI_KEEP, .index = compare_chosen(ui->compare)});
    else if (result == COMPARE_STOP)
        ui_tell_text(ui, UI_LEAVE_COMPARISON, NULL);
}

/* Keys that mean the same everywhere but in the composer. */
static bool take_common(struct ui *ui, const struct key *key)
{
    bool ctrl = key->code == KEYS_CHARACTER && key->modifiers == KEY_CTRL;
    if (key->code == KEYS_ESCAPE || (ctrl && key->character == L'c')) {
        bool waits = ui->focus == FOCUS_LENS && lens_has_next(ui->lens);
        if (ui->state == UI_BUSY && (ui->focus == FOCUS_TRANSCRIPT || waits || ctrl))
            ui_tell_text(ui, UI_STOP, NULL);
        else if (ui->focus == FOCUS_LENS)
            ui_run(ui, "lens"); /* closes it */
        else
            ui_take_focus(ui, FOCUS_COMPOSER);
        return true;
    }
    if (key->code == KEYS_PASTE) {
        ui_take_focus(ui, FOCUS_COMPOSER);
        return entry_key(ui, key);
    }
    return false;
}

static void clear_notice(struct ui *ui)
{
    ui_set_string(&ui->notice, NULL);
    transcript_drag_clear(ui->transcript);
}

static bool is_letter(const struct key *key, wchar_t letter)
{
    return key->code == KEYS_CHARACTER && key->modifiers == 0 && key->character == letter;
}

static void take_key(struct ui *ui, const struct key *key)
{
    const char *command;
    ui->dirty = true;
    if (key->code == KEYS_FOCUS || key->code == KEYS_UNFOCUS) {
        ui->focused = key->code == KEYS_FOCUS;
        return;
    }
    if (ui->popup != NULL) {
        popup_take(ui, key);
        return;
    }
    if (ui->compare != NULL) {
        compare_take(ui, key);
        return;
    }
    if (key->code == KEYS_MOUSE) {
        ui_mouse(ui, key);
        return;
    }
    if (ui->focus == FOCUS_SETTINGS && settings_take_key(ui, key))
        return;
    command = bindings_find(ui->bindings, place_of(ui->focus), key);
    if (transcript_has_drag(ui->transcript) && is_letter(key, L'y'))
        command = "copy-message"; /* what was selected, wherever the focus is */
    else
        clear_notice(ui);
    if (command != NULL)
        ui_run(ui, command);
    else if (ui->focus == FOCUS_COMPOSER)
        entry_key(ui, key);
    else
        take_common(ui, key);
}

static void take_keys(struct ui *ui, bool final, ui_act *act, void *context)
{
    struct key key;
    enum keys_state state;
    ui->act = act;
    ui->context = context;
    while ((state = keys_next(&ui->keys, final, &key)) == KEYS_KEY)
        take_key(ui, &key);
    ui->waiting = state == KEYS_WAIT;
    ui->act = NULL;
}

void ui_type(struct ui *ui, const char *bytes, size_t size, ui_act *act, void *context)
{
    if (size > 0 && !keys_add(&ui->keys, bytes, size))
        ui_notice(ui, true, "what was pasted is too large");
    take_keys(ui, false, act, context);
}

int ui_timeout(const struct ui *ui)
{
    if (ui->dirty)
        return 0;
    if (ui->waiting)
        return ui->keys.pasting ? PASTE_WAIT : KEY_WAIT;
    if (ui->notice == NULL)
        return -1;
    double left = ui->notice_until - ui_now();
    return left > 0 ? (int)(left * 1000) + 1 : 0;
}

void ui_ask_tokens(struct ui *ui)
{
    struct ui_action action = {.kind = UI_TOKENS};
    size_t n = transcript_count(ui->transcript);
    if (!ui->lens_shown)
        return;
    for (int i = 0; i < 50 && (action.index = transcript_wants_tokens(ui->transcript)) < n; i++)
        ui_tell(ui, &action);
    action.kind = UI_TOKEN;
    if (transcript_lens_at(ui->transcript, &action.index, &action.token))
        ui_tell(ui, &action);
    else
        lens_set(ui->lens, NULL);
}

void ui_tick(struct ui *ui, ui_act *act, void *context)
{
    if (ui->waiting)
        take_keys(ui, true, act, context);
    bool wants = ui->lens_stale || transcript_wants_tokens(ui->transcript) < transcript_count(ui->transcript);
    if (ui->lens_shown && wants) {
        ui->lens_stale = false;
        ui->dirty = true;
        ui->act = act;
        ui->context = context;
        ui_ask_tokens(ui);
        ui->act = NULL;
    }
    if (ui->notice != NULL && ui_now() >= ui->notice_until) {
        ui_set_string(&ui->notice, NULL);
        ui->dirty = true;
    }
}

/* Both stand in one place: the one in focus, else the lens. */
static bool shows_lens(const struct ui *ui)
{
    return ui->lens_shown && ui->focus != FOCUS_SETTINGS;
}

/* ---- the mouse -------------------------------------------------------------------------------------------------- */

static bool is_inside(const struct area *a, const struct key *key)
{
    return key->mouse.y >= a->y && key->mouse.y < a->y + a->rows && key->mouse.x >= a->x && key->mouse.x < a->x + a->columns;
}

static void drag_setting(struct ui *ui, const struct key *key)
{
    const struct area *a = &ui->layout.settings;
    double position;
    if (!settings_at(ui->settings, key->mouse.y - a->y, key->mouse.x - a->x, &position))
        return;
    ui_take_focus(ui, FOCUS_SETTINGS);
    if (position < 0)
        return;
    ui_tell(ui, &(struct ui_action){.kind = UI_SETTING_DRAG, .text = settings_name(ui->settings), .position = position});
}

static void mouse_transcript(struct ui *ui, const struct key *key)
{
    int row = key->mouse.y - ui->layout.transcript.y, column = key->mouse.x - ui->layout.transcript.x;
    if (key->mouse.kind == MOUSE_PRESS) {
        transcript_drag_begin(ui->transcript, row, column);
        ui->pressed = true;
    } else if (key->mouse.kind == MOUSE_DRAG && ui->pressed) {
        transcript_drag(ui->transcript, row, column);
    }
}

/* What was selected goes to the primary selection, as terminals do it themselves. */
static void mouse_release(struct ui *ui)
{
    char *text = ui->pressed ? transcript_drag_text(ui->transcript) : NULL;
    ui->pressed = false;
    if (text != NULL)
        ui_tell(ui, &(struct ui_action){.kind = UI_SELECT, .text = text, .size = strlen(text)});
    free(text);
}

void ui_mouse(struct ui *ui, const struct key *key)
{
    const struct layout *l = &ui->layout;
    bool wheel = key->mouse.kind == MOUSE_WHEEL_UP || key->mouse.kind == MOUSE_WHEEL_DOWN;
    int step = key->mouse.kind == MOUSE_WHEEL_UP ? -3 : 3;
    if (key->mouse.kind == MOUSE_RELEASE) {
        mouse_release(ui);
    } else if (l->list.rows > 0 && is_inside(&l->list, key)) {
        if (wheel)
            list_move(ui->list, step);
        else if (key->mouse.kind == MOUSE_PRESS && list_select_row(ui->list, key->mouse.y - l->list.y))
            ui_run(ui, "list-open");
    } else if (l->settings.rows > 0 && is_inside(&l->settings, key)) {
        if (!wheel && !shows_lens(ui))
            drag_setting(ui, key);
    } else if (wheel) {
        transcript_scroll(ui->transcript, step);
    } else if (is_inside(&l->transcript, key)) {
        mouse_transcript(ui, key);
    } else if (is_inside(&l->composer, key)) {
        entry_mouse(ui, key, key->mouse.y - l->composer.y, key->mouse.x - l->composer.x);
    }
}

/* ---- drawing ---------------------------------------------------------------------------------------------------- */

static void draw_small(struct ui *ui)
{
    struct area a = {0, 0, canvas_rows(ui->screen), canvas_columns(ui->screen)};
    canvas_clear(ui->screen);
    canvas_printf(ui->screen, &a, 0, 0, STYLE_TEXT, "Palaver needs %d x %d;", UI_LEAST_COLUMNS, UI_LEAST_ROWS);
    canvas_printf(ui->screen, &a, 1, 0, STYLE_TEXT, "this is %d x %d.", a.columns, a.rows);
    canvas_flush(ui->screen, -1, 0);
}

static void draw_panes(struct ui *ui, int *y, int *x)
{
    const struct layout *l = &ui->layout;
    bool alone = ui->popup == NULL && ui->compare == NULL;
    head_draw(ui);
    transcript_draw(ui->transcript, ui->screen, &l->transcript, alone && ui->focus == FOCUS_TRANSCRIPT);
    entry_draw(ui, y, x);
    if (l->list.rows > 0)
        list_draw(ui->list, ui->screen, &l->list, alone && ui->focus == FOCUS_LIST);
    if (l->settings.rows > 0 && shows_lens(ui))
        lens_draw(ui->lens, ui->screen, &l->settings, alone && ui->focus == FOCUS_LENS);
    else if (l->settings.rows > 0)
        settings_draw(ui->settings, ui->screen, &l->settings, alone && ui->focus == FOCUS_SETTINGS, y, x);
    status_draw(ui);
}

void ui_draw(struct ui *ui)
{
    int y = -1, x = 0;
    struct area all = {0, 0, canvas_rows(ui->screen) - 1, canvas_columns(ui->screen)};
    if (!ui->dirty)
        return;
    ui->dirty = false;
    if (ui->small) {
        draw_small(ui);
        return;
    }
    canvas_clear(ui->screen);
    draw_panes(ui, &y, &x);
    if (ui->compare != NULL) {
        compare_draw(ui->compare, ui->screen, &all);
        y = -1;
    }
    if (ui->popup != NULL)
        popup_draw(ui->popup, ui->screen, &all, &y, &x);
    canvas_flush(ui->screen, y, x);
}

void ui_resize(struct ui *ui)
{
    canvas_resize(ui->screen);
    ui_lay_out(ui);
}

void ui_leave(struct ui *ui)
{
    canvas_leave(ui->screen);
}

void ui_return(struct ui *ui)
{
    canvas_return(ui->screen);
    ui_lay_out(ui);
}

bool ui_has_focus(const struct ui *ui)
{
    return ui->focused;
}

void ui_bell(struct ui *ui)
{
    canvas_bell(ui->screen);
}
