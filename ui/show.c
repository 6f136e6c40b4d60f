/* Show: what the program tells the screen goes to the pane that shows it. */
#include <config.h>

#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>

#include "ui/draw/theme.h"
#include "ui/internal.h"

void ui_set_conversations(struct ui *ui, const struct ui_conversation *conversations, size_t n, int64_t current)
{
    state_touch(ui->state);
    list_set(ui->list, conversations, n, current);
}

const int64_t *ui_marked(const struct ui *ui, size_t *n)
{
    return list_marked(ui->list, n);
}

void ui_clear_marks(struct ui *ui)
{
    state_touch(ui->state);
    list_clear_marks(ui->list);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

void ui_message_add(struct ui *ui, const struct ui_message *m)
{
    state_touch(ui->state);
    messages_add(transcript_messages(ui->transcript), m);
}

void ui_message_grow(struct ui *ui, size_t index, const char *text, size_t size)
{
    state_touch(ui->state);
    messages_grow(transcript_messages(ui->transcript), index, text, size);
}

void ui_message_change(struct ui *ui, size_t index, const struct ui_message *m)
{
    state_touch(ui->state);
    messages_change(transcript_messages(ui->transcript), index, m);
}

void ui_message_marks(struct ui *ui, size_t index, const struct ui_mark *marks, size_t n)
{
    if (messages_set_marks(transcript_messages(ui->transcript), index, marks, n))
        state_touch(ui->state);
}

void ui_message_tokens(struct ui *ui, size_t index, const struct ui_token *tokens, size_t n)
{
    state_touch(ui->state);
    messages_set_tokens(transcript_messages(ui->transcript), index, tokens, n);
}

void ui_tokens_changed(struct ui *ui)
{
    state_touch(ui->state);
    messages_forget_tokens(transcript_messages(ui->transcript));
}

void ui_messages_cut(struct ui *ui, size_t from)
{
    state_touch(ui->state);
    transcript_cut(ui->transcript, from);
}

void ui_set_window(struct ui *ui, size_t index, size_t byte, const char *label)
{
    state_touch(ui->state);
    transcript_set_window(ui->transcript, index, byte, label);
}

void ui_set_text_width(struct ui *ui, int width)
{
    state_touch(ui->state);
    transcript_set_widest(ui->transcript, width);
}

void ui_set_text_centred(struct ui *ui, bool centred)
{
    state_touch(ui->state);
    transcript_set_centred(ui->transcript, centred);
}

void ui_set_welcome(struct ui *ui, const char *text)
{
    state_touch(ui->state);
    transcript_set_welcome(ui->transcript, text);
}

void ui_set_base(struct ui *ui, bool base)
{
    state_touch(ui->state);
    transcript_set_base(ui->transcript, base);
    entry_set_base(ui->entry, base);
}

void ui_show_end(struct ui *ui)
{
    state_touch(ui->state);
    view_end(transcript_view(ui->transcript));
}

void ui_stay(struct ui *ui)
{
    view_stay(transcript_view(ui->transcript));
}

void ui_show_message(struct ui *ui, size_t index)
{
    state_touch(ui->state);
    view_show(transcript_view(ui->transcript), index, 0);
}

size_t ui_message_in_view(const struct ui *ui)
{
    return view_top(transcript_view(ui->transcript))->message;
}

bool ui_follows_end(const struct ui *ui)
{
    return view_follows(transcript_view(ui->transcript));
}

void ui_set_matches(struct ui *ui, const struct ui_match *matches, size_t n)
{
    state_touch(ui->state);
    transcript_set_matches(ui->transcript, matches, n);
    transcript_step_match(ui->transcript, -1);
}

void ui_show_match(struct ui *ui, size_t index)
{
    state_touch(ui->state);
    transcript_show_match(ui->transcript, index);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

void ui_set_head(struct ui *ui, const char *title, const char *model)
{
    state_touch(ui->state);
    head_set(ui->head, title, model);
    canvas_name_window(ui->canvas, title);
}

void ui_set_status(struct ui *ui, const struct ui_status *status)
{
    state_touch(ui->state);
    status_set(ui->status, status);
}

void ui_notice(struct ui *ui, bool is_error, const char *text)
{
    state_touch(ui->state);
    status_notice(ui->status, is_error, text);
}

void ui_remark(struct ui *ui, bool is_error, const char *text)
{
    state_touch(ui->state);
    status_remark(ui->status, is_error, text);
}

/* ---- composer --------------------------------------------------------------------------------------------------- */

const char *ui_typed(const struct ui *ui, size_t *size, size_t *cursor)
{
    return entry_text(ui->entry, size, cursor);
}

void ui_set_typed(struct ui *ui, const char *text, size_t size)
{
    state_touch(ui->state);
    menu_close(ui->menu, false);
    entry_set_text(ui->entry, text, size);
}

void ui_compose(struct ui *ui)
{
    ui_take_focus(ui, PANE_COMPOSER);
}

const char *ui_unsent(const struct ui *ui, size_t *size, size_t *cursor)
{
    return entry_unsent(ui->entry, size, cursor);
}

void ui_borrow_typed(struct ui *ui, const char *text, size_t size)
{
    state_touch(ui->state);
    menu_close(ui->menu, false);
    entry_borrow(ui->entry, text, size);
}

void ui_set_composer_label(struct ui *ui, const char *label, const char *mode)
{
    state_touch(ui->state);
    entry_set_label(ui->entry, label, mode);
}

void ui_set_queued(struct ui *ui, const struct ui_queued *rows, size_t n)
{
    state_touch(ui->state);
    entry_set_queued(ui->entry, rows, n);
}

void ui_remember(struct ui *ui, const char *text)
{
    entry_remember(ui->entry, text);
}

/* ---- popups ----------------------------------------------------------------------------------------------------- */

void ui_pick(struct ui *ui, const char *title, const struct ui_item *items, size_t n, enum ui_pick kind)
{
    popup_set_pick(ui->popup, title, items, n, kind);
    state_show(ui->state, PANE_POPUP, true);
}

void ui_set_items(struct ui *ui, const struct ui_item *items, size_t n)
{
    state_touch(ui->state);
    if (ui_has_popup(ui))
        popup_set_items(ui->popup, items, n);
}

void ui_add_items(struct ui *ui, const struct ui_item *items, size_t n)
{
    state_touch(ui->state);
    if (ui_has_popup(ui))
        popup_add_items(ui->popup, items, n);
}

bool ui_asks(const struct ui *ui)
{
    return ui_has_popup(ui) && popup_asks(ui->popup);
}

void ui_set_query(struct ui *ui, const char *text)
{
    state_touch(ui->state);
    if (ui_has_popup(ui))
        popup_set_query(ui->popup, text);
}

void ui_view(struct ui *ui, const char *title, const char *text, size_t size, const struct ui_stretch *stretches,
             size_t n)
{
    popup_set_view(ui->popup, title, text, size, stretches, n);
    state_show(ui->state, PANE_POPUP, true);
}

void ui_tell_selected(struct ui *ui)
{
    popup_tell_selected(ui->popup);
}

bool ui_has_popup(const struct ui *ui)
{
    return state_is_shown(ui->state, PANE_POPUP);
}

void ui_command(struct ui *ui, const char *name)
{
    ui_run(ui, name);
}

/* ---- settings and lens ------------------------------------------------------------------------------------------ */

void ui_set_settings(struct ui *ui, const struct ui_setting *list, size_t n)
{
    if (state_is_shown(ui->state, PANE_SETTINGS))
        state_touch(ui->state);
    settings_set(ui->settings, list, n);
}

void ui_setting_typed(struct ui *ui, const char *trouble)
{
    state_touch(ui->state);
    settings_typed(ui->settings, trouble);
}

void ui_set_candidates(struct ui *ui, const struct ui_candidate *list, size_t n, const char *summary)
{
    if (state_is_shown(ui->state, PANE_SETTINGS))
        state_touch(ui->state);
    settings_set_candidates(ui->settings, list, n, summary);
}

void ui_set_token(struct ui *ui, const struct ui_token_details *details)
{
    state_touch(ui->state);
    lens_set(ui->lens, details);
}

void ui_set_next(struct ui *ui, const struct ui_token_details *details)
{
    bool begins = details != NULL && !lens_has_next(ui->lens);
    state_touch(ui->state);
    lens_set_next(ui->lens, details);
    if (details != NULL)
        lens_cursor_end(transcript_lens(ui->transcript));
    if (begins && !state_is_shown(ui->state, PANE_LENS))
        ui_run(ui, "lens");
    else if (begins)
        ui_take_focus(ui, PANE_LENS);
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

void ui_compare(struct ui *ui, const char *title, const struct ui_compared *sides, size_t n)
{
    compare_set(ui->compare, title, sides, n);
    state_show(ui->state, PANE_COMPARE, n > 0);
}

void ui_tree(struct ui *ui, const struct ui_node *nodes, size_t n, const struct ui_tree_acts *acts)
{
    tree_set(ui->tree, nodes, n, acts);
    state_show(ui->state, PANE_TREE, true);
}

/* ---- beside the conversation ------------------------------------------------------------------------------------ */

void ui_beside_ask(struct ui *ui, const char *question)
{
    beside_ask(ui->beside, question, transcript_shows_think(ui->transcript));
    state_show(ui->state, PANE_BESIDE, true);
}

void ui_beside_grow(struct ui *ui, const char *text, size_t size)
{
    state_touch(ui->state);
    beside_grow(ui->beside, text, size);
}

void ui_beside_read(struct ui *ui, int percent)
{
    if (beside_read(ui->beside, percent))
        state_touch(ui->state);
}

void ui_beside_end(struct ui *ui, const char *about)
{
    state_touch(ui->state);
    beside_end(ui->beside, about);
}

void ui_beside_close(struct ui *ui)
{
    beside_clear(ui->beside);
    state_show(ui->state, PANE_BESIDE, false);
}

/* ---- looks ------------------------------------------------------------------------------------------------------ */

enum error_code ui_set_theme(struct ui *ui, const char *name, struct error *err)
{
    struct theme *theme = theme_load(name, ui->theme_folders, err);
    if (theme == NULL)
        return err != NULL ? err->code : ERR_NOT_FOUND;
    canvas_set_theme(ui->canvas, theme);
    state_touch(ui->state);
    return ERR_NONE;
}

void ui_watch_ground(struct ui *ui, bool on)
{
    canvas_watch_ground(ui->canvas, on);
}

int ui_colors(const struct ui *ui)
{
    return canvas_colors(ui->canvas);
}

const char *ui_theme(const struct ui *ui)
{
    return theme_name(canvas_theme(ui->canvas));
}

char **ui_themes(const struct ui *ui)
{
    return theme_list(ui->theme_folders);
}

void ui_set_think(struct ui *ui, bool on)
{
    state_touch(ui->state);
    transcript_set_think(ui->transcript, on);
}

bool ui_shows_think(const struct ui *ui)
{
    return transcript_shows_think(ui->transcript);
}

void ui_bell(struct ui *ui)
{
    canvas_bell(ui->canvas);
}

void ui_send_clipboard(struct ui *ui, bool primary, const char *text, size_t size)
{
    canvas_send_clipboard(ui->canvas, primary, text, size);
}
