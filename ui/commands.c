/* Commands: the screen's own, which keys and the palette call by name. */
#include <config.h>

#include "ui/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/internal.h"

#define CODE_MOST ((size_t)64 << 20) /* bytes of a code block to copy */

/* ---- scrolling -------------------------------------------------------------------------------------------------- */

#define SCROLL(name, call) \
    static void name(struct ui *ui) \
    { \
        transcript_##call; \
    }
SCROLL(page_up, page(ui->transcript, -2))
SCROLL(page_down, page(ui->transcript, 2))
SCROLL(half_up, page(ui->transcript, -1))
SCROLL(half_down, page(ui->transcript, 1))
SCROLL(line_up, scroll(ui->transcript, -1))
SCROLL(line_down, scroll(ui->transcript, 1))
SCROLL(home, home(ui->transcript))
SCROLL(end, end(ui->transcript))
SCROLL(next_message, select(ui->transcript, 1))
SCROLL(previous_message, select(ui->transcript, -1))

static void walk_matches(struct ui *ui, int direction)
{
    if (!transcript_match(ui->transcript, direction))
        ui_notice(ui, false, "nothing is searched for; / finds in this conversation");
}

static void next_match(struct ui *ui)
{
    walk_matches(ui, 1);
}

static void previous_match(struct ui *ui)
{
    walk_matches(ui, -1);
}

static void find(struct ui *ui)
{
    ui_set_typed(ui, "/find ", 6);
    ui_compose(ui);
}

/* ---- copying ---------------------------------------------------------------------------------------------------- */

static void copy_message(struct ui *ui)
{
    size_t size;
    char *dragged = transcript_drag_text(ui->transcript);
    if (dragged != NULL) {
        ui_tell(ui, &(struct ui_action){.kind = UI_COPY, .text = dragged, .size = strlen(dragged), .what = "selection"});
        transcript_drag_clear(ui->transcript);
        free(dragged);
        return;
    }
    const char *text = transcript_text(ui->transcript, transcript_selected(ui->transcript), &size);
    ui_tell(ui, &(struct ui_action){.kind = UI_COPY, .text = text, .size = size, .what = "message"});
}

static void copy_code(struct ui *ui)
{
    struct buf code;
    size_t number, of;
    char what[64];
    buf_init(&code, CODE_MOST);
    if (!transcript_code(ui->transcript, &code, &number, &of)) {
        ui_notice(ui, false, "this message has no code block");
    } else {
        snprintf(what, sizeof what, of > 1 ? "code block %zu of %zu" : "code block", number, of);
        ui_tell(ui, &(struct ui_action){.kind = UI_COPY, .text = buf_text(&code), .size = code.size, .what = what});
    }
    buf_free(&code);
}

/* ---- panes ------------------------------------------------------------------------------------------------------ */

static void list(struct ui *ui)
{
    bool fold = ui->list_shown && ui->focus == FOCUS_LIST;
    ui->list_shown = !fold || canvas_columns(ui->screen) < LAYOUT_WIDE;
    ui_take_focus(ui, fold ? FOCUS_COMPOSER : FOCUS_LIST);
}

static void settings(struct ui *ui)
{
    bool fold = ui->settings_shown && ui->focus == FOCUS_SETTINGS;
    ui->settings_shown = !fold;
    ui_take_focus(ui, fold ? FOCUS_COMPOSER : FOCUS_SETTINGS);
}

static void lens(struct ui *ui)
{
    bool fold = ui->lens_shown && ui->focus == FOCUS_LENS;
    if (!fold && ui->focus != FOCUS_TRANSCRIPT)
        transcript_focus(ui->transcript); /* what is in view */
    ui->lens_shown = !fold;
    transcript_set_lens(ui->transcript, ui->lens_shown);
    ui_take_focus(ui, fold ? FOCUS_COMPOSER : FOCUS_LENS);
    ui_ask_tokens(ui);
}

static void lens_walk(struct ui *ui, int step, int times)
{
    for (int i = 0; i < times; i++)
        transcript_lens_move(ui->transcript, step);
    ui_ask_tokens(ui);
}

/* The answer that waits goes on: with a candidate, or (-1) with what is drawn. */
static void tell_step(struct ui *ui, int candidate)
{
    ui_tell(ui, &(struct ui_action){.kind = UI_STEP, .step = candidate});
}

static void lens_right(struct ui *ui)
{
    if (lens_is_next(ui->lens))
        tell_step(ui, -1);
    else if (lens_has_next(ui->lens) && transcript_lens_at_end(ui->transcript))
        lens_go_next(ui->lens, true);
    else
        lens_walk(ui, 1, 1);
}

static void lens_left(struct ui *ui)
{
    if (lens_is_next(ui->lens)) {
        lens_go_next(ui->lens, false);
        transcript_lens_end(ui->transcript);
        lens_walk(ui, 0, 0);
    } else {
        lens_walk(ui, -1, 1);
    }
}

static void lens_far_right(struct ui *ui)
{
    lens_walk(ui, 1, 10);
}

static void lens_far_left(struct ui *ui)
{
    lens_walk(ui, -1, 10);
}

static void lens_down(struct ui *ui)
{
    lens_choose(ui->lens, 1);
}

static void lens_up(struct ui *ui)
{
    lens_choose(ui->lens, -1);
}

/* Another road from the token under the lens. */
static void tell_road(struct ui *ui, enum ui_action_kind kind, int alternative)
{
    struct ui_action action = {.kind = kind, .step = alternative};
    bool token = transcript_lens_at(ui->transcript, &action.index, &action.token);
    if (lens_is_next(ui->lens))
        action.token = SIZE_MAX; /* behind the last */
    if (token || lens_is_next(ui->lens))
        ui_tell(ui, &action);
}

static void lens_fork(struct ui *ui)
{
    if (lens_is_next(ui->lens))
        tell_step(ui, (int)lens_chosen(ui->lens));
    else
        tell_road(ui, UI_FORK, (int)lens_chosen(ui->lens));
}

static void lens_draw_anew(struct ui *ui)
{
    if (lens_is_next(ui->lens))
        tell_step(ui, -1);
    else
        tell_road(ui, UI_FORK, -1);
}

static void lens_words(struct ui *ui)
{
    tell_road(ui, UI_WORDS, 0);
}

static void composer(struct ui *ui)
{
    ui_take_focus(ui, FOCUS_COMPOSER);
}

static void mouse(struct ui *ui)
{
    ui_set_mouse(ui, !ui->mouse);
    ui_notice(ui, false, ui->mouse ? "mouse on" : "mouse off: the terminal's own selection works");
}

static void raw(struct ui *ui)
{
    ui_set_raw(ui, !ui_is_raw(ui));
    ui_notice(ui, false, ui_is_raw(ui) ? "the text as it is" : "Markdown");
}

static void think(struct ui *ui)
{
    ui_set_think(ui, !transcript_shows_think(ui->transcript));
}

static void redraw(struct ui *ui)
{
    canvas_redraw(ui->screen);
}

static void suspend(struct ui *ui)
{
    ui_tell_text(ui, UI_SUSPEND, NULL);
}

static void palette(struct ui *ui)
{
    ui_tell_text(ui, UI_COMMAND, "/palette");
}

static void keys(struct ui *ui)
{
    ui_show_keys(ui);
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void list_down(struct ui *ui)
{
    list_move(ui->list, 1);
    if (list_at_end(ui->list))
        ui_tell_text(ui, UI_MORE, NULL);
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
    ui_tell_text(ui, UI_MORE, NULL);
}

static void open_conversation(struct ui *ui, int64_t id)
{
    if (id != 0)
        ui_tell(ui, &(struct ui_action){.kind = UI_COMMAND, .text = "/open", .about = UI_ABOUT_CONVERSATION, .id = id});
}

static void list_open(struct ui *ui)
{
    open_conversation(ui, list_selected(ui->list));
    ui_take_focus(ui, FOCUS_COMPOSER);
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
    if (name != NULL)
        ui_tell(ui, &(struct ui_action){.kind = kind, .text = name, .step = step});
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
    settings_open_field(ui->settings, NULL);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static const struct ui_command commands[] = {
    {"composer", composer},
    {"copy-code", copy_code},
    {"copy-message", copy_message},
    {"end", end},
    {"find", find},
    {"half-down", half_down},
    {"half-up", half_up},
    {"home", home},
    {"keys", keys},
    {"lens", lens},
    {"lens-down", lens_down},
    {"lens-draw", lens_draw_anew},
    {"lens-far-left", lens_far_left},
    {"lens-far-right", lens_far_right},
    {"lens-fork", lens_fork},
    {"lens-left", lens_left},
    {"lens-right", lens_right},
    {"lens-up", lens_up},
    {"lens-words", lens_words},
    {"line-down", line_down},
    {"line-up", line_up},
    {"list", list},
    {"list-down", list_down},
    {"list-end", list_last},
    {"list-home", list_home},
    {"list-open", list_open},
    {"list-up", list_up},
    {"mouse", mouse},
    {"next-conversation", next_conversation},
    {"next-match", next_match},
    {"next-message", next_message},
    {"page-down", page_down},
    {"page-up", page_up},
    {"palette", palette},
    {"previous-conversation", previous_conversation},
    {"previous-match", previous_match},
    {"previous-message", previous_message},
    {"raw", raw},
    {"redraw", redraw},
    {"setting-default", setting_default},
    {"setting-down", setting_down},
    {"setting-less", setting_less},
    {"setting-more", setting_more},
    {"setting-much-less", setting_much_less},
    {"setting-much-more", setting_much_more},
    {"setting-type", setting_type},
    {"setting-up", setting_up},
    {"settings", settings},
    {"suspend", suspend},
    {"think", think},
};

const struct ui_command *ui_command_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}
