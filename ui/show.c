/* The screen: what the program tells it. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/internal.h"
#include "ui/text/text.h"

/* For which a remark stays. */
#define NOTICE_SECONDS 6.0

/* Replaces a string by clean text on one line; NULL: none. */
void ui_set_string(char **place, const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    if (text != NULL)
        text_clean(text, strlen(text), &out, NULL);
    for (size_t i = 0; i < out.size; i++)
        if (out.data[i] == '\n' || out.data[i] == '\t')
            out.data[i] = ' ';
    free(*place);
    *place = text != NULL ? buf_take(&out) : NULL;
    buf_free(&out);
}

void ui_set_conversations(struct ui *ui, const struct ui_conversation *conversations, size_t n, int64_t current)
{
    ui->dirty = true;
    list_set(ui->list, conversations, n, current);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

void ui_message_add(struct ui *ui, const struct ui_message *m)
{
    ui->dirty = true;
    transcript_add(ui->transcript, m);
}

void ui_message_grow(struct ui *ui, size_t index, const char *text, size_t size)
{
    ui->dirty = true;
    transcript_grow(ui->transcript, index, text, size);
}

void ui_message_change(struct ui *ui, size_t index, const struct ui_message *m)
{
    ui->dirty = true;
    transcript_change(ui->transcript, index, m);
}

void ui_message_mark(struct ui *ui, size_t index, size_t at, const char *text)
{
    char *clean = NULL;
    ui->dirty = true;
    ui_set_string(&clean, text);
    if (clean != NULL)
        transcript_mark(ui->transcript, index, (uint32_t)at, clean);
    free(clean);
}

void ui_message_tokens(struct ui *ui, size_t index, const struct ui_token *tokens, size_t n)
{
    ui->dirty = true;
    transcript_set_tokens(ui->transcript, index, tokens, n);
}

void ui_messages_cut(struct ui *ui, size_t from)
{
    ui->dirty = true;
    transcript_cut(ui->transcript, from);
}

void ui_set_window(struct ui *ui, size_t index, const char *label)
{
    char *clean = NULL;
    ui->dirty = true;
    ui_set_string(&clean, label);
    transcript_set_window(ui->transcript, index, clean);
    free(clean);
}

void ui_set_base(struct ui *ui, bool base)
{
    ui->dirty = true;
    transcript_set_base(ui->transcript, base);
}

void ui_show_end(struct ui *ui)
{
    ui->dirty = true;
    transcript_end(ui->transcript);
}

void ui_show_message(struct ui *ui, size_t index)
{
    ui->dirty = true;
    transcript_show(ui->transcript, index);
}

void ui_set_matches(struct ui *ui, const struct ui_match *matches, size_t n)
{
    ui->dirty = true;
    transcript_set_matches(ui->transcript, matches, n);
    if (n > 0)
        transcript_match(ui->transcript, -1);
}

void ui_show_match(struct ui *ui, size_t index)
{
    ui->dirty = true;
    transcript_show_match(ui->transcript, index);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

void ui_set_head(struct ui *ui, const char *title, const char *model)
{
    ui->dirty = true;
    ui_set_string(&ui->head_title, title);
    ui_set_string(&ui->head_model, model);
}

void ui_set_status(struct ui *ui, const struct ui_status *status)
{
    ui->dirty = true;
    ui->state = status->state;
    ui->used = status->used;
    ui->available = status->available;
    ui_set_string(&ui->status_text, status->text);
    ui_set_string(&ui->status_speed, status->speed);
}

void ui_notice(struct ui *ui, bool is_error, const char *text)
{
    ui->dirty = true;
    ui->notice_is_error = is_error;
    ui->notice_until = ui_now() + NOTICE_SECONDS * (is_error ? 3 : 1);
    ui_set_string(&ui->notice, text);
}

/* ---- composer --------------------------------------------------------------------------------------------------- */

const char *ui_typed(const struct ui *ui, size_t *size, size_t *cursor)
{
    return composer_text(ui->composer, size, cursor);
}

void ui_set_typed(struct ui *ui, const char *text, size_t size)
{
    composer_set(ui->composer, text, size);
    ui_lay_out(ui);
}

void ui_compose(struct ui *ui)
{
    ui_take_focus(ui, FOCUS_COMPOSER);
}

void ui_set_composer_label(struct ui *ui, const char *label, const char *mode)
{
    ui->dirty = true;
    ui_set_string(&ui->label, label);
    ui_set_string(&ui->mode, mode);
}

void ui_remember(struct ui *ui, const char *text)
{
    composer_remember(ui->composer, text);
}

/* How many bytes all words have in common at their beginning. */
static size_t common_size(const char *const *words, size_t n)
{
    size_t size = strlen(words[0]);
    for (size_t i = 1; i < n; i++) {
        size_t same = 0;
        while (same < size && words[i][same] == words[0][same])
            same++;
        size = same;
    }
    while (size > 0 && ((unsigned char)words[0][size] & 0xC0) == 0x80)
        size--;
    return size;
}

static void put_word(struct ui *ui, const char *word, size_t size, bool whole)
{
    size_t total, cursor;
    composer_text(ui->composer, &total, &cursor);
    composer_insert(ui->composer, word, size, cursor > ui->complete_start ? cursor - ui->complete_start : 0);
    if (whole && (size == 0 || word[size - 1] != '/'))
        composer_insert(ui->composer, " ", 1, 0);
    ui_take_focus(ui, FOCUS_COMPOSER);
    ui_lay_out(ui);
}

void ui_complete(struct ui *ui, size_t start, const char *const *words, size_t n)
{
    size_t total, cursor;
    composer_text(ui->composer, &total, &cursor);
    if (n == 0 || start > cursor)
        return;
    ui->complete_start = start;
    size_t common = common_size(words, n);
    if (n == 1 || common > cursor - start) {
        put_word(ui, words[0], common, n == 1);
        return;
    }
    struct ui_item *items = calloc(n, sizeof *items);
    for (size_t i = 0; items != NULL && i < n; i++)
        items[i] = (struct ui_item){.label = words[i], .command = words[i], .act = UI_ACT_WORD};
    if (items != NULL)
        ui_pick(ui, "Complete", items, n, false);
    free(items);
}

void ui_put_word(struct ui *ui, const char *word)
{
    put_word(ui, word, strlen(word), true);
}

/* ---- popups ----------------------------------------------------------------------------------------------------- */

static void show(struct ui *ui, struct popup *popup)
{
    ui->dirty = true;
    popup_free(ui->popup);
    ui->popup = popup;
}

void ui_pick(struct ui *ui, const char *title, const struct ui_item *items, size_t n, bool asks)
{
    show(ui, popup_pick(title, items, n, asks));
}

void ui_set_items(struct ui *ui, const struct ui_item *items, size_t n)
{
    ui->dirty = true;
    if (ui->popup != NULL)
        popup_set_items(ui->popup, items, n);
}

void ui_set_query(struct ui *ui, const char *text)
{
    ui->dirty = true;
    if (ui->popup != NULL)
        popup_set_query(ui->popup, text);
}

void ui_command(struct ui *ui, const char *name)
{
    ui_run(ui, name);
}

void ui_view(struct ui *ui, const char *title, const char *text, size_t size, const struct ui_stretch *stretches, size_t n)
{
    show(ui, popup_view(title, text, size, stretches, n));
}

bool ui_has_popup(const struct ui *ui)
{
    return ui->popup != NULL;
}

void ui_close_popup(struct ui *ui)
{
    show(ui, NULL);
}

/* ---- settings --------------------------------------------------------------------------------------------------- */

void ui_set_settings(struct ui *ui, const struct ui_setting *list, size_t n)
{
    ui->dirty |= ui->settings_shown;
    settings_set(ui->settings, list, n);
}

void ui_setting_typed(struct ui *ui, const char *trouble)
{
    ui->dirty = true;
    settings_typed(ui->settings, trouble);
}

void ui_set_candidates(struct ui *ui, const struct ui_candidate *list, size_t n, const char *summary)
{
    ui->dirty |= ui->settings_shown;
    settings_set_candidates(ui->settings, list, n, summary);
}

void ui_set_token(struct ui *ui, const struct ui_token_details *details)
{
    ui->dirty = true;
    lens_set(ui->lens, details);
}

void ui_set_next(struct ui *ui, const struct ui_token_details *details)
{
    bool begins = details != NULL && !lens_has_next(ui->lens);
    ui->dirty = true;
    lens_set_next(ui->lens, details);
    ui->lens_stale = details == NULL;
    if (details != NULL)
        transcript_lens_end(ui->transcript);
    if (begins && !ui->lens_shown)
        ui_run(ui, "lens");
    else if (begins)
        ui_take_focus(ui, FOCUS_LENS);
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

void ui_compare(struct ui *ui, const char *title, const struct ui_compared *sides, size_t n)
{
    ui->dirty = true;
    if (n > 0 && ui->compare == NULL)
        ui->compare = compare_new();
    if (n > 0 && ui->compare != NULL) {
        compare_set(ui->compare, title, sides, n);
    } else {
        compare_free(ui->compare);
        ui->compare = NULL;
    }
}

/* ---- looks ------------------------------------------------------------------------------------------------------ */

enum error_code ui_set_theme(struct ui *ui, const char *name, struct error *err)
{
    struct theme *theme = theme_load(name, ui->theme_folders, err);
    if (theme == NULL)
        return err != NULL ? err->code : ERR_NOT_FOUND;
    canvas_set_theme(ui->screen, theme);
    theme_free(ui->theme);
    ui->theme = theme;
    ui->dirty = true;
    return ERR_NONE;
}

const char *ui_theme(const struct ui *ui)
{
    return theme_name(ui->theme);
}

char **ui_themes(const struct ui *ui)
{
    return theme_list(ui->theme_folders);
}

static void fill_binding(const struct binding *from, struct ui_binding *out)
{
    *out = (struct ui_binding){place_name(from->place), from->key, from->command, from->help};
}

bool ui_binding(const struct ui *ui, size_t index, struct ui_binding *out)
{
    const struct binding *binding = bindings_at(ui->bindings, index);
    if (binding != NULL)
        fill_binding(binding, out);
    return binding != NULL;
}

bool ui_default_binding(size_t index, struct ui_binding *out)
{
    for (size_t i = 0; bindings_default[i].key != NULL; i++)
        if (i == index) {
            fill_binding(&bindings_default[i], out);
            return true;
        }
    return false;
}

/* The keys of the editor are libedit's, and these few. */
static const char composer_help[] =
    "composer\n"
    "  enter                     send\n"
    "  alt-enter, ctrl-j         new line (also backslash and enter)\n"
    "  escape                    stop the answer; else to the transcript\n"
    "  ctrl-c                    stop the answer; else clear the line\n"
    "  ctrl-d                    on an empty line: leave\n"
    "  tab                       complete commands, names and files\n"
    "  up, down                  on the first and last line: what was sent before\n"
    "  ctrl-g, ctrl-x ctrl-e     write in $VISUAL or $EDITOR\n"
    "  others                    libedit's, emacs or vi, as your ~/.editrc says\n";

void ui_show_keys(struct ui *ui)
{
    struct buf text;
    const struct binding *b, *next;
    buf_init(&text, 1 << 16);
    buf_puts(&text, composer_help);
    enum place place = PLACE_COMPOSER;
    for (size_t i = 0; (b = bindings_at(ui->bindings, i)) != NULL; i++) {
        char keys[80];
        int size = snprintf(keys, sizeof keys, "%s", b->key);
        if (b->place != place)
            buf_printf(&text, "\n%s\n", place_name(b->place));
        place = b->place;
        for (; (next = bindings_at(ui->bindings, i + 1)) != NULL && next->help == NULL && next->place == place; i++)
            if (strcmp(next->command, b->command) == 0 && size < (int)sizeof keys)
                size += snprintf(keys + size, sizeof keys - (size_t)size, ", %s", next->key);
        buf_printf(&text, "  %-25s %s\n", keys, b->help != NULL ? b->help : b->command);
    }
    ui_view(ui, "Keys", buf_text(&text), text.size, NULL, 0);
    buf_free(&text);
}

void ui_set_raw(struct ui *ui, bool on)
{
    ui->dirty = true;
    transcript_set_raw(ui->transcript, on);
}

bool ui_is_raw(const struct ui *ui)
{
    return transcript_is_raw(ui->transcript);
}

void ui_set_think(struct ui *ui, bool on)
{
    ui->dirty = true;
    transcript_set_think(ui->transcript, on);
}

bool ui_shows_think(const struct ui *ui)
{
    return transcript_shows_think(ui->transcript);
}

void ui_set_mouse(struct ui *ui, bool on)
{
    ui->mouse = on;
    canvas_mouse(ui->screen, on);
}

/* ---- the clipboard ---------------------------------------------------------------------------------------------- */

/* OSC 52 with the text in base64. */
void ui_send_clipboard(struct ui *ui, bool primary, const char *text, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct buf out;
    buf_init(&out, (size_t)128 << 20);
    buf_puts(&out, primary ? "\033]52;p;" : "\033]52;c;");
    for (size_t i = 0; i < size; i += 3) {
        size_t n = size - i < 3 ? size - i : 3;
        unsigned v = 0;
        for (size_t j = 0; j < 3; j++)
            v = v << 8 | (j < n ? (unsigned char)text[i + j] : 0);
        char four[5] = {digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=', n > 2 ? digits[v & 63] : '='};
        buf_append(&out, four, 4);
    }
    buf_puts(&out, "\a");
    if (!buf_failed(&out))
        canvas_send(ui->screen, buf_text(&out), out.size);
    buf_free(&out);
}
