/* Act: one row for each kind of action. */
#include <config.h>

#include "app/screen/act.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "app/screen/acts.h"
#include "app/screen/browse.h"
#include "app/screen/btw.h"
#include "app/screen/changes.h"
#include "app/screen/compare.h"
#include "app/screen/composer.h"
#include "app/screen/copy.h"
#include "app/screen/draft.h"
#include "app/screen/lens.h"
#include "app/screen/list.h"
#include "app/screen/menu.h"
#include "app/screen/places.h"
#include "app/screen/roads.h"
#include "app/screen/said.h"
#include "app/screen/search.h"
#include "app/screen/send.h"
#include "app/screen/settings.h"
#include "app/screen/step.h"
#include "app/screen/theme.h"
#include "app/screen/tree.h"
#include "app/screen/welcome.h"
#include "app/slash/commands.h"
#include "base/buf.h"
#include "base/error.h"

/* ---- the composer ----------------------------------------------------------------------------------------------- */

/* Tab. */
static void complete_typed(struct screen *s)
{
    if (!screen_welcome_complete(s))
        screen_menu_ask(s);
}

static void open_editor(struct screen *s, struct error *err)
{
    struct buf text;
    size_t size;
    const char *typed = ui_typed(s->ui, &size, NULL);
    buf_init(&text, CHAT_TEXT_MOST);
    buf_append(&text, typed, size);
    if (s->repl.edit(s, &text, err) == ERR_NONE) {
        slash_trim_message(&s->repl, &text);
        ui_set_typed(s->ui, buf_text(&text), text.size);
    }
    buf_free(&text);
    screen_composer_label(s);
}

static void note_typed(struct screen *s)
{
    screen_draft_changed(s, false);
    screen_composer_changed(s);
    screen_menu_follow(s);
}

/* Ctrl-C with nothing to clear and nothing to stop. */
static void interrupt_nothing(struct screen *s)
{
    if (s->repl.attached.size > 0) {
        repl_detach(&s->repl);
        ui_notice(s->ui, false, "the files are no longer attached");
        screen_composer_label(s);
    } else {
        ui_notice(s->ui, false, "Ctrl-D or /quit leaves");
    }
}

static void note_cleared(struct screen *s)
{
    note_typed(s);
    ui_notice(s->ui, false, "cleared; ↑ brings it back");
}

static void leave_edit(struct screen *s)
{
    if (screen_composer_use(s, NULL, NULL) != USE_MESSAGE)
        screen_composer_end(s);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

/* The name is copied: ui frees it when it is given the settings again. */
static void change_setting(struct screen *s, const struct ui_action *a, struct error *err)
{
    char name[80];
    snprintf(name, sizeof name, "%s", a->text);
    if (a->kind == UI_SETTING_TYPED)
        screen_settings_type(s, name, a->typed);
    else if (a->kind == UI_SETTING_STEP)
        screen_settings_step(s, name, a->step, err);
    else if (a->kind == UI_SETTING_DRAG)
        screen_settings_drag(s, name, a->position, err);
    else
        screen_settings_reset(s, name, err);
}

/* An item of a list is selected, or, with "", the list was left. */
static void preview_item(struct screen *s, const char *command)
{
    if (*command == '\0')
        screen_browse_left(s);
    screen_theme_preview(s, command);
}

static void pass_action(struct screen *s, const struct ui_action *a, struct error *err)
{
    switch (a->kind) {
    case UI_SEND: screen_send_typed(s, a->text, a->size); break;
    case UI_COMMAND:
    case UI_CHOICE: screen_acts_run(s, a); break;
    case UI_STOP: repl_stop(&s->repl); break;
    case UI_INTERRUPT: interrupt_nothing(s); break;
    case UI_CLEARED: note_cleared(s); break;
    case UI_SPARED: ui_notice(s->ui, false, "the answer is stopped; Ctrl-C again clears what is typed"); break;
    case UI_QUIT: s->repl.quit = true; break;
    case UI_SUSPEND: raise(SIGTSTP); break;
    case UI_EDITOR: open_editor(s, err); break;
    case UI_EDITED: note_typed(s); break;
    case UI_COMPLETE: complete_typed(s); break;
    case UI_PREVIEW: preview_item(s, a->text); break;
    case UI_QUERY: screen_search_all(s, a->text, err); break;
    case UI_LEAVE_EDIT: leave_edit(s); break;
    case UI_COPY: screen_copy_text(s, a->text, a->size, a->what); break;
    case UI_SELECT: ui_send_clipboard(s->ui, true, a->text, a->size); break;
    case UI_MORE: screen_list_grow(s); break;
    case UI_TOKENS: screen_lens_show_tokens(s, a->index, err); break;
    case UI_MARKS: screen_changes_show(s, a->index, err); break;
    case UI_TOKEN: screen_lens_show_token(s, a->index, a->token, err); break;
    case UI_FORK: screen_lens_fork(s, a->index, a->token, a->step, err); break;
    case UI_WORDS: screen_roads_begin_words(s, a->index, a->token, err); break;
    case UI_STEP: screen_step_choose(s, a->step, err); break;
    case UI_GROUND: screen_theme_ground(s, a->step > 0); break;
    case UI_KEEP:
        if (screen_tree_compares(s))
            screen_tree_keep(s, a->index, err);
        else
            screen_compare_keep(s, a->index);
        break;
    case UI_LEAVE_COMPARISON:
        if (screen_tree_compares(s))
            screen_tree_leave(s);
        else
            screen_compare_leave(s);
        break;
    case UI_BESIDE_ASK: screen_btw_ask_again(s, a->text, err); break;
    case UI_BESIDE_LEAVE: screen_btw_leave(s); break;
    case UI_LEAVES_PLACE: screen_places_leave(s); break;
    case UI_SETTING_STEP:
    case UI_SETTING_DRAG:
    case UI_SETTING_RESET:
    case UI_SETTING_TYPED: change_setting(s, a, err); break;
    }
}

void screen_act(void *context, const struct ui_action *action)
{
    struct screen *s = context;
    struct error err = {0};
    struct home *home = chat_home(s->repl.chat);
    enum home_patience before = home_set_patience(home, HOME_SHORT_WAIT);
    pass_action(s, action, &err);
    home_set_patience(home, before);
    screen_said_error(s, &err);
}
