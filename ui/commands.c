/* Commands: the screen's own, which keys and the palette call by name. */
#include <config.h>

#include "ui/commands.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "ui/internal.h"

#define CODE_MOST ((size_t)64 << 20) /* bytes of a code block to copy */

static void show_notice(struct ui *ui, const char *text)
{
    status_notice(ui->status, false, text);
}

void ui_take_focus(struct ui *ui, enum pane_number pane)
{
    const struct pane *row = state_row(ui->state, pane);
    if (row->enter != NULL && state_focus(ui->state) != pane)
        row->enter(ui->panes[pane]);
    state_set_focus(ui->state, pane);
    status_set_hints(ui->status, row->hints);
}

/* ---- scrolling -------------------------------------------------------------------------------------------------- */

static void page_up(struct ui *ui)
{
    view_page(transcript_view(ui->transcript), -2);
}

static void page_down(struct ui *ui)
{
    view_page(transcript_view(ui->transcript), 2);
}

static void half_page_up(struct ui *ui)
{
    view_page(transcript_view(ui->transcript), -1);
}

static void half_page_down(struct ui *ui)
{
    view_page(transcript_view(ui->transcript), 1);
}

static void line_up(struct ui *ui)
{
    view_scroll(transcript_view(ui->transcript), -1);
}

static void line_down(struct ui *ui)
{
    view_scroll(transcript_view(ui->transcript), 1);
}

static void show_beginning(struct ui *ui)
{
    view_home(transcript_view(ui->transcript));
}

static void show_end(struct ui *ui)
{
    view_end(transcript_view(ui->transcript));
}

static void next_message(struct ui *ui)
{
    transcript_select(ui->transcript, 1);
}

static void previous_message(struct ui *ui)
{
    transcript_select(ui->transcript, -1);
}

static void walk_matches(struct ui *ui, int direction)
{
    if (!transcript_step_match(ui->transcript, direction))
        show_notice(ui, "no search yet; / finds in this conversation");
}

static void next_match(struct ui *ui)
{
    walk_matches(ui, 1);
}

static void previous_match(struct ui *ui)
{
    walk_matches(ui, -1);
}

static void begin_find(struct ui *ui)
{
    entry_borrow(ui->entry, "/find ", 6);
    ui_take_focus(ui, PANE_COMPOSER);
}

static void fold_message(struct ui *ui)
{
    transcript_fold(ui->transcript);
}

/* To the user's next message (1) or the one before (-1), as seen from the selected one or the top of the view. */
static void walk_questions(struct ui *ui, int step)
{
    const struct messages *messages = transcript_messages(ui->transcript);
    struct view *view = transcript_view(ui->transcript);
    size_t n = messages_count(messages), at = view_selected(view);
    if (at >= n || state_focus(ui->state) != PANE_TRANSCRIPT)
        at = view_follows(view) ? n : view_top(view)->message;
    do
        at += (size_t)step; /* past either end it is no message */
    while (at < n && messages_at(messages, at)->speaker != UI_YOU);
    if (at >= n) {
        show_notice(ui, step < 0 ? "this is your first message" : "this is your last message");
        return;
    }
    state_tell_kind(ui->state, UI_LEAVES_PLACE);
    ui_take_focus(ui, PANE_TRANSCRIPT);
    view_show(view, at, 0);
}

static void previous_question(struct ui *ui)
{
    walk_questions(ui, -1);
}

static void next_question(struct ui *ui)
{
    walk_questions(ui, 1);
}

/* ---- copying ---------------------------------------------------------------------------------------------------- */

static void tell_copy(struct ui *ui, const char *text, size_t size, const char *what)
{
    state_tell(ui->state, &(struct ui_action){.kind = UI_COPY, .text = text, .size = size, .what = what});
}

/* The selected text, if there is some, else the selected message. */
static void copy_message(struct ui *ui)
{
    const struct messages *messages = transcript_messages(ui->transcript);
    size_t index = view_selected(transcript_view(ui->transcript));
    char *selected = selection_text(transcript_selection(ui->transcript));
    if (selected != NULL) {
        tell_copy(ui, selected, strlen(selected), "selection");
        selection_clear(transcript_selection(ui->transcript));
        free(selected);
        return;
    }
    const struct buf *text = index < messages_count(messages) ? &messages_at(messages, index)->text : NULL;
    tell_copy(ui, text != NULL ? buf_text(text) : "", text != NULL ? text->size : 0, "message");
}

static void copy_code(struct ui *ui)
{
    struct buf code;
    size_t number, of;
    char what[64];
    buf_init(&code, CODE_MOST);
    if (!transcript_code(ui->transcript, &code, &number, &of)) {
        show_notice(ui, "this message has no code block");
    } else {
        snprintf(what, sizeof what, of > 1 ? "code block %zu of %zu" : "code block", number, of);
        tell_copy(ui, buf_text(&code), code.size, what);
    }
    buf_free(&code);
}

/* ---- panes ------------------------------------------------------------------------------------------------------ */

/* Goes to a pane that folds; folds it when it has the focus already. Returns whether it folded. */
static bool toggle_pane(struct ui *ui, enum pane_number pane)
{
    bool fold = state_is_shown(ui->state, pane) && state_focus(ui->state) == pane;
    ui_take_focus(ui, fold ? PANE_COMPOSER : pane);
    state_show(ui->state, pane, !fold);
    return fold;
}

/* A list that only goes for lack of room comes back when there is room. */
static void toggle_list(struct ui *ui)
{
    bool folded = toggle_pane(ui, PANE_LIST);
    if (folded && canvas_columns(ui->canvas) < LAYOUT_WIDE)
        state_show(ui->state, PANE_LIST, true);
}

static void toggle_settings(struct ui *ui)
{
    toggle_pane(ui, PANE_SETTINGS);
}

static void toggle_lens(struct ui *ui)
{
    enum pane_number focus = state_focus(ui->state);
    if (focus != PANE_TRANSCRIPT && focus != PANE_LENS)
        transcript_select_visible(ui->transcript);
    bool folded = toggle_pane(ui, PANE_LENS);
    transcript_set_lens(ui->transcript, !folded);
    ui_ask_tokens(ui);
}

static void focus_composer(struct ui *ui)
{
    ui_take_focus(ui, PANE_COMPOSER);
}

static void focus_transcript(struct ui *ui)
{
    ui_take_focus(ui, PANE_TRANSCRIPT);
}

/* ---- the lens --------------------------------------------------------------------------------------------------- */

void ui_ask_tokens(struct ui *ui)
{
    enum { ASKED_MOST = 50 }; /* answers at a time */
    struct ui_action action = {.kind = UI_TOKENS};
    size_t n = messages_count(transcript_messages(ui->transcript));
    if (!state_is_shown(ui->state, PANE_LENS))
        return;
    for (int i = 0; i < ASKED_MOST && (action.index = transcript_wants_tokens(ui->transcript)) < n; i++)
        state_tell(ui->state, &action);
    action.kind = UI_TOKEN;
    if (lens_cursor_at(transcript_lens(ui->transcript), &action.index, &action.token))
        state_tell(ui->state, &action);
    else
        lens_set(ui->lens, NULL);
}

void ui_ask_marks(struct ui *ui)
{
    struct ui_action action = {.kind = UI_MARKS};
    struct messages *messages = transcript_messages(ui->transcript);
    while ((action.index = transcript_wants_marks(ui->transcript)) < messages_count(messages)) {
        state_tell(ui->state, &action);
        if (!messages_at(messages, action.index)->knows_marks)
            messages_set_marks(messages, action.index, NULL, 0); /* nobody knows of any */
    }
}

static void walk_tokens(struct ui *ui, int step, int times)
{
    for (int i = 0; i < times; i++)
        transcript_move_lens(ui->transcript, step);
    ui_ask_tokens(ui);
}

/* The waiting answer continues: with a candidate, or (-1) with what is drawn. */
static void tell_step(struct ui *ui, int candidate)
{
    state_tell(ui->state, &(struct ui_action){.kind = UI_STEP, .step = candidate});
}

static void lens_right(struct ui *ui)
{
    if (lens_is_next(ui->lens))
        tell_step(ui, -1);
    else if (lens_has_next(ui->lens) && lens_cursor_is_at_end(transcript_lens(ui->transcript)))
        lens_go_next(ui->lens, true);
    else
        walk_tokens(ui, 1, 1);
}

static void lens_left(struct ui *ui)
{
    if (lens_is_next(ui->lens)) {
        lens_go_next(ui->lens, false);
        lens_cursor_end(transcript_lens(ui->transcript));
        ui_ask_tokens(ui);
    } else {
        walk_tokens(ui, -1, 1);
    }
}

static void lens_far_right(struct ui *ui)
{
    walk_tokens(ui, 1, 10);
}

static void lens_far_left(struct ui *ui)
{
    walk_tokens(ui, -1, 10);
}

/* In the answer that the lens is in. */
static void put_lens(struct ui *ui, size_t token)
{
    if (lens_is_next(ui->lens)) {
        lens_go_next(ui->lens, false);
        lens_cursor_end(transcript_lens(ui->transcript));
    }
    transcript_put_lens(ui->transcript, token);
    ui_ask_tokens(ui);
}

static void lens_home(struct ui *ui)
{
    put_lens(ui, 0);
}

static void lens_end(struct ui *ui)
{
    put_lens(ui, SIZE_MAX);
}

static void lens_down(struct ui *ui)
{
    lens_choose(ui->lens, 1);
}

static void lens_up(struct ui *ui)
{
    lens_choose(ui->lens, -1);
}

/* Another way from the token under the lens; token SIZE_MAX is the one to come. */
static void tell_other_way(struct ui *ui, enum ui_action_kind kind, int alternative)
{
    struct ui_action action = {.kind = kind, .step = alternative};
    bool token = lens_cursor_at(transcript_lens(ui->transcript), &action.index, &action.token);
    if (lens_is_next(ui->lens))
        action.token = SIZE_MAX;
    if (token || lens_is_next(ui->lens))
        state_tell(ui->state, &action);
}

static void lens_fork(struct ui *ui)
{
    if (lens_is_next(ui->lens))
        tell_step(ui, (int)lens_chosen(ui->lens));
    else
        tell_other_way(ui, UI_FORK, (int)lens_chosen(ui->lens));
}

static void lens_draw_again(struct ui *ui)
{
    if (lens_is_next(ui->lens))
        tell_step(ui, -1);
    else
        tell_other_way(ui, UI_FORK, -1);
}

static void lens_words(struct ui *ui)
{
    tell_other_way(ui, UI_WORDS, 0);
}

/* ---- looks ------------------------------------------------------------------------------------------------------ */

static void toggle_mouse(struct ui *ui)
{
    bool on = !canvas_has_mouse(ui->canvas);
    canvas_set_mouse(ui->canvas, on);
    show_notice(ui, on ? "mouse on" : "mouse off: the terminal's own selection works");
}

static void toggle_raw(struct ui *ui)
{
    bool raw = !transcript_is_raw(ui->transcript);
    transcript_set_raw(ui->transcript, raw);
    show_notice(ui, raw ? "the text as it is" : "Markdown");
}

static void toggle_think(struct ui *ui)
{
    transcript_set_think(ui->transcript, !transcript_shows_think(ui->transcript));
}

static void redraw_screen(struct ui *ui)
{
    canvas_redraw(ui->canvas);
}

static void suspend_program(struct ui *ui)
{
    state_tell_kind(ui->state, UI_SUSPEND);
}

static void open_palette(struct ui *ui)
{
    static const char command[] = "/palette";
    state_tell(ui->state, &(struct ui_action){.kind = UI_COMMAND, .text = command, .size = strlen(command)});
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void list_down(struct ui *ui)
{
    list_move(ui->list, 1);
    if (list_at_end(ui->list))
        state_tell_kind(ui->state, UI_MORE);
}

static void list_up(struct ui *ui)
{
    list_move(ui->list, -1);
}

static void list_home(struct ui *ui)
{
    list_move(ui->list, -1000000);
}

static void list_last(struct ui *ui)
{
    list_move(ui->list, 1000000);
    state_tell_kind(ui->state, UI_MORE);
}

static void list_mark_one(struct ui *ui)
{
    list_mark(ui->list);
    list_down(ui);
}

/* Has the user complete a command about the marked conversations; the selected one, if none is marked. */
static void begin_marked(struct ui *ui, const char *command)
{
    size_t n;
    list_marked(ui->list, &n);
    if (n == 0)
        list_mark(ui->list);
    entry_set_text(ui->entry, command, strlen(command));
    ui_take_focus(ui, PANE_COMPOSER);
}

static void list_tag(struct ui *ui)
{
    begin_marked(ui, "/marked tag ");
}

static void list_export(struct ui *ui)
{
    begin_marked(ui, "/marked export ");
}

static void open_conversation(struct ui *ui, int64_t id)
{
    struct ui_action action = {.kind = UI_COMMAND, .text = "/open", .about = UI_ABOUT_CONVERSATION, .id = id};
    if (id != 0)
        state_tell(ui->state, &action);
}

static void list_open(struct ui *ui)
{
    open_conversation(ui, list_selected(ui->list));
    ui_take_focus(ui, PANE_COMPOSER);
}

static void previous_conversation(struct ui *ui)
{
    open_conversation(ui, list_beside(ui->list, -1));
}

static void next_conversation(struct ui *ui)
{
    open_conversation(ui, list_beside(ui->list, 1));
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

static void tell_setting(struct ui *ui, enum ui_action_kind kind, int step)
{
    const char *name = settings_name(ui->settings);
    char *copy = name != NULL ? strdup(name) : NULL; /* the answer may replace the settings */
    if (copy != NULL)
        state_tell(ui->state, &(struct ui_action){.kind = kind, .text = copy, .step = step});
    free(copy);
}

static void setting_more(struct ui *ui)
{
    tell_setting(ui, UI_SETTING_STEP, 1);
}

static void setting_less(struct ui *ui)
{
    tell_setting(ui, UI_SETTING_STEP, -1);
}

static void setting_much_more(struct ui *ui)
{
    tell_setting(ui, UI_SETTING_STEP, 10);
}

static void setting_much_less(struct ui *ui)
{
    tell_setting(ui, UI_SETTING_STEP, -10);
}

static void setting_default(struct ui *ui)
{
    tell_setting(ui, UI_SETTING_RESET, 0);
}

static void setting_down(struct ui *ui)
{
    settings_move(ui->settings, 1);
}

static void setting_up(struct ui *ui)
{
    settings_move(ui->settings, -1);
}

static void setting_type(struct ui *ui)
{
    settings_open_field(ui->settings);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

struct command {
    const char *name;
    void (*run)(struct ui *ui);
};
static const struct command commands[] = {
    {"composer", focus_composer},
    {"copy-code", copy_code},
    {"copy-message", copy_message},
    {"end", show_end},
    {"find", begin_find},
    {"fold", fold_message},
    {"half-down", half_page_down},
    {"half-up", half_page_up},
    {"home", show_beginning},
    {"keys", ui_show_keys},
    {"lens", toggle_lens},
    {"lens-down", lens_down},
    {"lens-draw", lens_draw_again},
    {"lens-end", lens_end},
    {"lens-far-left", lens_far_left},
    {"lens-far-right", lens_far_right},
    {"lens-fork", lens_fork},
    {"lens-home", lens_home},
    {"lens-left", lens_left},
    {"lens-right", lens_right},
    {"lens-up", lens_up},
    {"lens-words", lens_words},
    {"line-down", line_down},
    {"line-up", line_up},
    {"list", toggle_list},
    {"list-down", list_down},
    {"list-end", list_last},
    {"list-export", list_export},
    {"list-home", list_home},
    {"list-mark", list_mark_one},
    {"list-open", list_open},
    {"list-tag", list_tag},
    {"list-up", list_up},
    {"mouse", toggle_mouse},
    {"next-conversation", next_conversation},
    {"next-match", next_match},
    {"next-message", next_message},
    {"next-question", next_question},
    {"page-down", page_down},
    {"page-up", page_up},
    {"palette", open_palette},
    {"previous-conversation", previous_conversation},
    {"previous-match", previous_match},
    {"previous-message", previous_message},
    {"previous-question", previous_question},
    {"raw", toggle_raw},
    {"redraw", redraw_screen},
    {"setting-default", setting_default},
    {"setting-down", setting_down},
    {"setting-less", setting_less},
    {"setting-more", setting_more},
    {"setting-much-less", setting_much_less},
    {"setting-much-more", setting_much_more},
    {"setting-type", setting_type},
    {"setting-up", setting_up},
    {"settings", toggle_settings},
    {"suspend", suspend_program},
    {"think", toggle_think},
    {"transcript", focus_transcript},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

bool ui_is_command(const char *name)
{
    return find_command(name) != NULL;
}

/* A slash command is about what is selected in the pane in focus. */
static void tell_command(struct ui *ui, const char *command)
{
    struct ui_action action = {.kind = UI_COMMAND, .text = command, .size = strlen(command)};
    enum pane_number focus = state_focus(ui->state);
    const struct pane *row = state_row(ui->state, focus);
    if (row->about != NULL)
        row->about(ui->panes[focus], &action);
    state_tell(ui->state, &action);
}

void ui_run(struct ui *ui, const char *name)
{
    const struct command *found = find_command(name);
    state_touch(ui->state);
    if (found != NULL)
        found->run(ui);
    else
        tell_command(ui, name);
}
