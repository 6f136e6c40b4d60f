/* Screen: slash commands that the screen answers itself, where there is more to show than lines. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/terminal/clipboard.h"
#include "app/chat/models.h"
#include "app/chat/preset.h"
#include "app/screen/screen.h"
#include "app/slash/commands.h"

enum { HITS = 60, ITEMS_MOST = 4000 };

/* Items of a popup, with their strings. */
struct items {
    struct ui_item at[ITEMS_MOST];
    char *strings[3 * ITEMS_MOST];
    size_t n, n_strings;
};

static const char *keep_string(struct items *items, const char *text)
{
    char *copy = text != NULL ? strdup(text) : NULL;
    if (copy != NULL)
        items->strings[items->n_strings++] = copy;
    return copy;
}

static void add(struct items *items, const char *label, const char *detail, const char *command)
{
    if (items->n == ITEMS_MOST)
        return;
    const char *kept = keep_string(items, label);
    if (kept != NULL)
        items->at[items->n++] = (struct ui_item){kept, keep_string(items, detail), keep_string(items, command)};
}

static void free_items(struct items *items)
{
    for (size_t i = 0; i < items->n_strings; i++)
        free(items->strings[i]);
    free(items);
}

/* ---- palette ---------------------------------------------------------------------------------------------------- */

static void add_commands(struct screen *f, struct items *items)
{
    struct ui_binding b;
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++) {
        char label[160], command[48];
        const char *key = NULL;
        snprintf(command, sizeof command, "/%s", c->name);
        snprintf(label, sizeof label, "/%s %s", c->name, c->help);
        for (size_t i = 0; key == NULL && ui_binding(f->ui, i, &b); i++)
            if (strcmp(b.command, command) == 0 || strcmp(b.command, c->name) == 0)
                key = b.key;
        if (strcmp(c->name, "palette") != 0)
            add(items, label, key, command);
    }
}

static void add_models(struct screen *f, struct items *items)
{
    char **names = models_list(f->options);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        char label[300], command[300];
        snprintf(label, sizeof label, "model %s", *name);
        snprintf(command, sizeof command, "/model %s", *name);
        add(items, label, NULL, command);
    }
    models_free_list(names);
}

static void add_themes(struct screen *f, struct items *items)
{
    char **names = ui_themes(f->ui);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        char label[120], command[120];
        snprintf(label, sizeof label, "theme %s", *name);
        snprintf(command, sizeof command, "/theme %s", *name);
        add(items, label, strcmp(*name, ui_theme(f->ui)) == 0 ? "in use" : NULL, command);
    }
    free(names);
}

static void add_presets(struct screen *f, struct items *items)
{
    struct words names = {0}, lines = {0};
    preset_list(f->repl.chat, &names, &lines);
    for (size_t i = 0; i < names.n && i < lines.n; i++) {
        char label[120], command[120];
        snprintf(label, sizeof label, "preset %s", names.at[i]);
        snprintf(command, sizeof command, "/preset %s", names.at[i]);
        add(items, label, lines.at[i], command);
    }
    words_free(&names);
    words_free(&lines);
}

static void add_conversations(struct screen *f, struct items *items)
{
    struct store_conversations list = {0};
    struct store_list_query query = {.view = STORE_VIEW_ALL, .limit = ITEMS_MOST - items->n};
    struct error ignored = {0};
    if (f->browse == NULL || store_list(f->browse, &query, &list, &ignored) != ERR_NONE)
        return;
    for (size_t i = 0; i < list.n; i++) {
        char command[40];
        snprintf(command, sizeof command, "/open %s", list.at[i].public_id);
        add(items, *list.at[i].title != '\0' ? list.at[i].title : "Untitled", list.at[i].archived ? "archived" : NULL,
            command);
    }
    store_conversations_free(&list);
}

enum { PICK_COMMANDS = 1, PICK_MODELS = 2, PICK_THEMES = 4, PICK_CONVERSATIONS = 8, PICK_PRESETS = 16 };

static void pick(struct screen *f, const char *title, unsigned what)
{
    struct items *items = calloc(1, sizeof *items);
    if (items == NULL)
        return;
    if (what & PICK_COMMANDS)
        add_commands(f, items);
    if (what & PICK_MODELS)
        add_models(f, items);
    if (what & PICK_THEMES)
        add_themes(f, items);
    if (what & PICK_PRESETS)
        add_presets(f, items);
    if (what & PICK_CONVERSATIONS)
        add_conversations(f, items);
    ui_pick(f->ui, title, items->at, items->n, false);
    free_items(items);
}

/* ---- search ----------------------------------------------------------------------------------------------------- */

void screen_search(struct screen *f, const char *text)
{
    struct store_hits hits = {0};
    struct store_query query = {.text = text, .archived = true, .limit = HITS};
    struct error ignored = {0};
    struct items *items = calloc(1, sizeof *items);
    if (items == NULL)
        return;
    if (f->browse != NULL && store_search(f->browse, &query, &hits, &ignored) == ERR_NONE)
        for (size_t i = 0; i < hits.n; i++) {
            char command[64];
            snprintf(command, sizeof command, "/show-hit %lld %lld", (long long)hits.at[i].conversation,
                     (long long)hits.at[i].message);
            add(items, hits.at[i].snippet, hits.at[i].message != 0 ? hits.at[i].title : "title", command);
        }
    ui_set_items(f->ui, items->at, items->n);
    store_hits_free(&hits);
    free_items(items);
    free(f->searched);
    f->searched = strdup(text);
}

/* Marks where words stand in the open conversation; shows the first place in message, 0: the last of all. */
static void mark(struct screen *f, const char *words, int64_t message, size_t *found)
{
    struct store_hits hits = {0};
    const struct home *keep = chat_home(f->repl.chat);
    struct store_query query = {.text = words, .conversation = home_conversation(keep), .archived = true, .limit = 1000};
    struct error ignored = {0};
    struct ui_match *matches = NULL;
    size_t n = 0, capacity = 0, count = chat_count(f->repl.chat);
    *found = 0;
    if (query.conversation == 0 || store_search(home_store(keep), &query, &hits, &ignored) != ERR_NONE)
        return;
    for (size_t i = 0; i < hits.n; i++)
        capacity += hits.at[i].n_places;
    matches = calloc(capacity + 1, sizeof *matches);
    for (size_t index = 0; matches != NULL && index < count; index++)
        for (size_t i = 0; i < hits.n; i++)
            if (hits.at[i].message == chat_message(f->repl.chat, index)->id && hits.at[i].message != 0)
                for (size_t j = 0; j < hits.at[i].n_places; j++)
                    matches[n++] = (struct ui_match){index, hits.at[i].places[j].start, hits.at[i].places[j].end};
    ui_set_matches(f->ui, matches, n);
    for (size_t i = 0; message != 0 && i < n; i++)
        if (chat_message(f->repl.chat, matches[i].message)->id == message) {
            ui_show_match(f->ui, i);
            break;
        }
    *found = n;
    free(matches);
    store_hits_free(&hits);
}

/* /show-hit CONVERSATION MESSAGE, which the search popup makes. */
void screen_show_hit(struct screen *f, const char *arguments, struct error *err)
{
    long long conversation = 0, message = 0;
    size_t found;
    if (sscanf(arguments, "%lld %lld", &conversation, &message) != 2)
        return;
    struct store *library = home_library(chat_home(f->repl.chat), err);
    if (library == NULL)
        return;
    if ((message != 0 && store_select(library, message, err) != ERR_NONE) ||
        chat_open_conversation(f->repl.chat, conversation, err) != ERR_NONE)
        return;
    screen_sync(f);
    mark(f, f->searched != NULL ? f->searched : "", message, &found);
}

static void find(struct screen *f, const char *words, struct error *err)
{
    char text[120];
    size_t found;
    if (*words == '\0') {
        ui_set_matches(f->ui, NULL, 0);
        return;
    }
    screen_sync(f);
    mark(f, words, 0, &found);
    if (found == 0)
        error_set(err, ERR_NOT_FOUND, "nothing here holds: %.60s", words);
    snprintf(text, sizeof text, "%zu place%s; Esc, then n and N walk through them", found, found == 1 ? "" : "s");
    if (found > 0)
        ui_notice(f->ui, false, text);
}

/* ---- editing ---------------------------------------------------------------------------------------------------- */

void screen_edit(struct screen *f, size_t index)
{
    size_t size;
    if (index >= chat_count(f->repl.chat) || chat_is_busy(f->repl.chat))
        return;
    const struct chat_message *m = chat_message(f->repl.chat, index);
    if (f->editing == 0 && f->words.at == 0) {
        free(f->edited_text);
        f->edited_text = strdup(ui_typed(f->ui, &size, NULL));
    }
    f->editing = index + 1;
    f->words.at = 0;
    ui_set_typed(f->ui, buf_text(&m->text), m->text.size);
    ui_compose(f->ui);
    screen_label(f);
}

void screen_end_edit(struct screen *f)
{
    f->editing = f->words.at = 0;
    ui_set_typed(f->ui, f->edited_text != NULL ? f->edited_text : "", f->edited_text != NULL ? strlen(f->edited_text) : 0);
    free(f->edited_text);
    f->edited_text = NULL;
    screen_label(f);
}

/* The message that "/edit N" means, from 0; without a number the last one of the user's. */
static size_t edited_index(const struct screen *f, const char *arguments)
{
    size_t n = chat_count(f->repl.chat);
    if (*arguments != '\0')
        return (size_t)strtoul(arguments, NULL, 10) - 1;
    while (n > 0 && chat_message(f->repl.chat, n - 1)->role != ROLE_USER)
        n--;
    return n - 1;
}

/* ---- copying ---------------------------------------------------------------------------------------------------- */

void screen_copy(struct screen *f, const char *text, size_t size, const char *what)
{
    char note[160];
    if (what == NULL) {
        ui_send_clipboard(f->ui, true, text, size);
        return;
    }
    const char *way = clipboard_copy(text, size);
    if (way == NULL) {
        ui_send_clipboard(f->ui, false, text, size);
        way = "sent to the terminal by OSC 52";
    }
    snprintf(note, sizeof note, "%s: %zu bytes %s", what, size, way);
    ui_notice(f->ui, false, note);
}

/* ---- prompt ----------------------------------------------------------------------------------------------------- */

/* What the model was given, each stretch coloured by where it comes from; then the ids. */
static void view_prompt(struct screen *f, struct error *err)
{
    static const char *const roles[] = {"origin_template", "origin_system", "origin_user", "origin_assistant"};
    const struct prompt *last = chat_last_prompt(f->repl.chat);
    struct prompt now = {0};
    struct buf text;
    const struct model *model = chat_model(f->repl.chat);
    if (model == NULL || (last == NULL && chat_render(f->repl.chat, &now, err) != ERR_NONE)) {
        error_set(err, ERR_NOT_FOUND, "the model was given nothing yet");
        return;
    }
    const struct prompt *p = last != NULL ? last : &now;
    struct ui_stretch *stretches = calloc(p->n_spans + 1, sizeof *stretches);
    buf_init(&text, CHAT_TEXT_MOST);
    size_t n = 0, id = 0;
    for (; stretches != NULL && n < p->n_spans; n++) {
        for (; id < p->spans[n].end && id < p->ids.n; id++)
            if (tokenizer_is_control(model_tokenizer(model), p->ids.at[id]))
                buf_puts(&text, tokenizer_spelling(model_tokenizer(model), p->ids.at[id]));
            else
                tokenizer_piece(model_tokenizer(model), p->ids.at[id], &text);
        stretches[n] = (struct ui_stretch){text.size, roles[p->spans[n].origin]};
    }
    buf_printf(&text, "\n\n%zu tokens:", p->ids.n);
    for (size_t i = 0; i < p->ids.n; i++)
        buf_printf(&text, " %d", p->ids.at[i]);
    ui_view(f->ui, "What the model was given", buf_text(&text), text.size, stretches, n);
    free(stretches);
    buf_free(&text);
    prompt_free(&now);
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

static void set_theme(struct screen *f, const char *name, struct error *err)
{
    if (*name == '\0')
        pick(f, "Theme", PICK_THEMES);
    else
        ui_set_theme(f->ui, name, err);
}

bool screen_command(void *context, const char *name, const char *arguments, struct error *err)
{
    struct screen *f = context;
    bool plain = *arguments == '\0';
    if (strcmp(name, "palette") == 0)
        pick(f, "Commands, models, themes, presets, conversations",
             PICK_COMMANDS | PICK_MODELS | PICK_THEMES | PICK_PRESETS | PICK_CONVERSATIONS);
    else if (strcmp(name, "theme") == 0)
        set_theme(f, arguments, err);
    else if (strcmp(name, "compare") == 0)
        screen_compare(f, arguments, err);
    else if (strcmp(name, "step") == 0)
        screen_set_stepping(f, arguments, err);
    else if (strcmp(name, "keys") == 0)
        ui_command(f->ui, "keys");
    else if (strcmp(name, "settings") == 0)
        ui_command(f->ui, "settings");
    else if ((strcmp(name, "open") == 0 || strcmp(name, "list") == 0) && plain)
        pick(f, "Open a conversation", PICK_CONVERSATIONS);
    else if (strcmp(name, "model") == 0 && plain)
        pick(f, "Models", PICK_MODELS);
    else if (strcmp(name, "preset") == 0 && plain)
        pick(f, "Presets", PICK_PRESETS);
    else if (strcmp(name, "search") == 0) {
        ui_pick(f->ui, "Search all conversations", NULL, 0, true);
        if (!plain)
            ui_set_query(f->ui, arguments), screen_search(f, arguments);
    } else if (strcmp(name, "find") == 0)
        find(f, arguments, err);
    else if (strcmp(name, "edit") == 0 && chat_count(f->repl.chat) > 0)
        screen_edit(f, edited_index(f, arguments));
    else if (strcmp(name, "prompt") == 0 && plain)
        view_prompt(f, err);
    else if (strcmp(name, "think") == 0 && !plain)
        ui_set_think(f->ui, strcmp(arguments, "show") == 0);
    else if (strcmp(name, "copy") == 0 && plain) {
        size_t n = chat_count(f->repl.chat);
        const struct chat_message *m = n > 0 ? chat_message(f->repl.chat, n - 1) : NULL;
        if (m == NULL || m->role != ROLE_ASSISTANT)
            error_set(err, ERR_NOT_FOUND, "there is no answer yet to copy");
        else
            screen_copy(f, buf_text(&m->text), m->text.size, "answer");
    } else {
        return false;
    }
    return true;
}
