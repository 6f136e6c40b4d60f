/* Bindings: the built-in table, and the file that changes it. */
#include <config.h>

#include "ui/keys/bindings.h"

#include <stdlib.h>
#include <string.h>

#include "base/lines.h"

#define ANY PLACE_ANYWHERE
#define TXT PLACE_TRANSCRIPT
#define LST PLACE_LIST
#define SET PLACE_SETTINGS
#define LNS PLACE_LENS

/* Editing keys belong to libedit, so these are Alt and F keys, without the letters of libedit's emacs mode, and plain
 * letters only where nothing is typed. F1, F10 and F11 never arrive in some terminals: Alt-1 is F1, and so on. */
const struct binding bindings_default[] = {
    {ANY, "f1", "keys", "all keys"},
    {ANY, "alt-1", "keys", NULL},
    {ANY, "alt-x", "palette", "find any command, conversation, model or theme"},
    {ANY, "f2", "palette", NULL},
    {ANY, "alt-2", "palette", NULL},
    {ANY, "f3", "settings", "sampling settings"},
    {ANY, "alt-3", "settings", NULL},
    {ANY, "f4", "lens", "how each token came about, and other ways from there"},
    {ANY, "alt-4", "lens", NULL},
    {ANY, "f5", "list", "conversations: to the list, or fold it away"},
    {ANY, "alt-5", "list", NULL},
    {ANY, "f6", "mouse", "mouse on or off (off: the terminal's own selection)"},
    {ANY, "alt-6", "mouse", NULL},
    {ANY, "f7", "raw", "Markdown or the text as it is"},
    {ANY, "alt-7", "raw", NULL},
    {ANY, "alt-o", "/open", "open a conversation"},
    {ANY, "alt-s", "/search", "search all conversations"},
    {ANY, "alt-a", "/new", "new conversation"},
    {ANY, "alt-up", "previous-conversation", "previous conversation in the list"},
    {ANY, "alt-down", "next-conversation", "next conversation in the list"},
    {ANY, "alt-left", "/prev", "previous alternative of an answer"},
    {ANY, "alt-right", "/next", "next alternative"},
    {ANY, "alt-r", "/regenerate", "another answer"},
    {ANY, "alt-e", "/edit", "edit the last message"},
    {ANY, "alt-y", "/copy", "copy the last answer"},
    {ANY, "alt-k", "previous-question", "your message before"},
    {ANY, "alt-j", "next-question", "your next message"},
    {ANY, "alt-g", "/jump", "go to a bookmark or one of your questions"},
    {ANY, "alt-,", "/back", "back to where you were before a jump"},
    {ANY, "page-up", "page-up", "scroll"},
    {ANY, "page-down", "page-down", NULL},
    {ANY, "shift-up", "line-up", "scroll by a line"},
    {ANY, "shift-down", "line-down", NULL},
    {ANY, "alt-end", "end", "to the end; the view follows new text again"},
    {ANY, "ctrl-end", "end", NULL},
    {ANY, "ctrl-home", "home", "to the beginning"},
    {ANY, "alt-home", "home", NULL},
    {ANY, "ctrl-l", "redraw", "draw the screen again"},
    {ANY, "ctrl-z", "suspend", "suspend; fg comes back"},

    {TXT, "j", "next-message", "next message"},
    {TXT, "down", "next-message", NULL},
    {TXT, "k", "previous-message", "previous message"},
    {TXT, "up", "previous-message", NULL},
    {TXT, "g", "home", "to the beginning"},
    {TXT, "home", "home", NULL},
    {TXT, "G", "end", "to the end"},
    {TXT, "end", "end", NULL},
    {TXT, "ctrl-d", "half-down", "half a page down"},
    {TXT, "space", "page-down", NULL},
    {TXT, "ctrl-u", "half-up", "half a page up"},
    {TXT, "/", "find", "find in this conversation"},
    {TXT, "n", "next-match", "next match"},
    {TXT, "N", "previous-match", "previous match"},
    {TXT, "*", "/bookmark", "set or remove a bookmark"},
    {TXT, "o", "/tree", "the conversation as a map of its branches (also Esc twice)"},
    {TXT, "y", "copy-message", "copy the message"},
    {TXT, "c", "copy-code", "copy a code block; again: the next"},
    {TXT, "e", "/edit", "edit the message; the old text is kept"},
    {TXT, "r", "/regenerate", "another answer"},
    {TXT, "b", "/branch", "a new conversation from here"},
    {TXT, "d", "/delete message", "delete the message (u brings it back)"},
    {TXT, "u", "/undelete", "bring back what was deleted"},
    {TXT, "p", "/verify", "make the answer again: is it the same?"},
    {TXT, "left", "/prev", "previous alternative"},
    {TXT, "right", "/next", "next alternative"},
    {TXT, "m", "raw", "Markdown or the text as it is"},
    {TXT, "t", "think", "show or fold what the model thinks"},
    {TXT, "?", "keys", "all keys"},
    {TXT, "i", "composer", "back to the composer"},
    {TXT, "enter", "composer", NULL},
    {TXT, "tab", "list", "to the list"},

    {LST, "down", "list-down", "next"},
    {LST, "j", "list-down", NULL},
    {LST, "up", "list-up", "previous"},
    {LST, "k", "list-up", NULL},
    {LST, "g", "list-home", "first"},
    {LST, "home", "list-home", NULL},
    {LST, "G", "list-end", "last"},
    {LST, "end", "list-end", NULL},
    {LST, "enter", "list-open", "open"},
    {LST, "right", "list-open", NULL},
    {LST, "d", "/delete", "delete (u brings it back)"},
    {LST, "u", "/undelete", "bring back what was deleted"},
    {LST, "r", "/rename", "rename"},
    {LST, "p", "/pin", "pin or unpin"},
    {LST, "a", "/archive", "archive or unarchive"},
    {LST, "n", "/new", "new conversation"},
    {LST, "/", "/search", "search all conversations"},
    {LST, "?", "keys", "all keys"},
    {LST, "tab", "composer", "to the composer"},
    {LST, "i", "composer", NULL},

    {SET, "down", "setting-down", "next setting"},
    {SET, "j", "setting-down", NULL},
    {SET, "up", "setting-up", "previous setting"},
    {SET, "k", "setting-up", NULL},
    {SET, "right", "setting-more", "more"},
    {SET, "left", "setting-less", "less"},
    {SET, "shift-right", "setting-much-more", "much more"},
    {SET, "shift-left", "setting-much-less", "much less"},
    {SET, "backspace", "setting-default", "back to the default"},
    {SET, "enter", "setting-type", "type a value"},
    {SET, "tab", "composer", "to the composer"},
    {SET, "?", "keys", "all keys"},

    {LNS, "right", "lens-right", "next token"},
    {LNS, "l", "lens-right", NULL},
    {LNS, "left", "lens-left", "token before"},
    {LNS, "h", "lens-left", NULL},
    {LNS, "ctrl-right", "lens-far-right", "ten tokens on"},
    {LNS, "ctrl-left", "lens-far-left", "ten tokens back"},
    {LNS, "home", "lens-home", "first token of the answer"},
    {LNS, "end", "lens-end", "last token of the answer"},
    {LNS, "down", "lens-down", "next alternative"},
    {LNS, "j", "lens-down", NULL},
    {LNS, "up", "lens-up", "previous alternative"},
    {LNS, "k", "lens-up", NULL},
    {LNS, "enter", "lens-fork", "continue with the alternative; the old answer stays"},
    {LNS, "space", "lens-draw", "continue with a token drawn again; the old answer stays"},
    {LNS, "w", "lens-words", "continue with your own words from here"},
    {LNS, "t", "/step", "token by token: on or off"},
    {LNS, "g", "/step off", "continue without steps"},
    {LNS, "s", "/settings-of-token", "take the settings that were in force here"},
    {LNS, "tab", "composer", "to the composer"},
    {LNS, "?", "keys", "all keys"},
    {0},
};

struct bindings {
    struct binding *at;
    struct key *keys;
    size_t n, capacity;
    bindings_is_command *is_command;
    struct lines file; /* the strings of bindings that it changes */
};

const char *place_name(enum place place)
{
    static const char *const names[] = {"anywhere", "transcript", "list", "settings", "lens", "composer"};
    return (unsigned)place < PLACES ? names[place] : NULL;
}

static bool add_binding(struct bindings *b, const struct binding *binding)
{
    struct key key;
    if (!key_parse(binding->key, &key))
        return false;
    if (b->n == b->capacity) {
        size_t capacity = 2 * b->capacity + 128;
        struct binding *at = realloc(b->at, capacity * sizeof *at);
        if (at == NULL)
            return false;
        b->at = at;
        struct key *keys = realloc(b->keys, capacity * sizeof *keys);
        if (keys == NULL)
            return false;
        b->keys = keys;
        b->capacity = capacity;
    }
    b->at[b->n] = *binding;
    b->keys[b->n++] = key;
    return true;
}

static void drop_binding(struct bindings *b, enum place place, const struct key *key)
{
    for (size_t i = 0; i < b->n; i++) {
        if (b->at[i].place != place || !key_equal(&b->keys[i], key))
            continue;
        if (b->at[i].help != NULL && i + 1 < b->n && b->at[i + 1].help == NULL)
            b->at[i + 1].help = b->at[i].help;
        memmove(b->at + i, b->at + i + 1, (b->n - i - 1) * sizeof *b->at);
        memmove(b->keys + i, b->keys + i + 1, (b->n - i - 1) * sizeof *b->keys);
        b->n--;
        return;
    }
}

/* ---- the file --------------------------------------------------------------------------------------------------- */

static bool place_parse(const char *name, enum place *place)
{
    for (int i = 0; i < PLACES; i++)
        if (strcmp(name, place_name((enum place)i)) == 0) {
            *place = (enum place)i;
            return true;
        }
    return false;
}

/* The help of another binding of the command, else a general one. */
static const char *help_of(const char *command)
{
    for (const struct binding *b = bindings_default; b->key != NULL; b++)
        if (b->help != NULL && strcmp(b->command, command) == 0)
            return b->help;
    return command[0] == '/' ? "run this command" : "";
}

/* Reads `place key = command`. The binding keeps pointers into the line. */
static enum error_code read_binding(struct bindings *b, char *line, struct error *err)
{
    const struct lines *l = &b->file;
    char *equals = strstr(line, " = "), *command = equals != NULL ? lines_trim(equals + 3) : NULL;
    char *key = line + strcspn(line, " \t");
    struct key parsed;
    struct binding binding = {0};
    if (equals == NULL || *key == '\0' || key >= equals)
        return lines_fail(l, ERR_FORMAT, err, "a line reads `place key = command`");
    *equals = '\0';
    *key++ = '\0';
    key = lines_trim(key);
    if (!place_parse(line, &binding.place))
        return lines_fail(l, ERR_FORMAT, err,
                          "'%s' is no place; there are anywhere, transcript, list, settings, lens, composer", line);
    if (!key_parse(key, &parsed))
        return lines_fail(l, ERR_FORMAT, err, "'%s' is no key; keys are written like ctrl-x, alt-enter, f3, g", key);
    drop_binding(b, binding.place, &parsed);
    if (strcmp(command, "none") == 0)
        return ERR_NONE;
    if (command[0] != '/' && !b->is_command(command))
        return lines_fail(l, ERR_FORMAT, err,
                          "there is no command '%s'; F1 lists them, and slash commands begin with a slash", command);
    binding.key = key;
    binding.command = command;
    binding.help = help_of(command);
    return add_binding(b, &binding) ? ERR_NONE : error_memory(err);
}

static enum error_code read_bindings(struct bindings *b, const char *path, struct error *err)
{
    struct error why = {0};
    enum error_code code = lines_open(&b->file, path, &why);
    if (code != ERR_NONE)
        return code == ERR_NOT_FOUND ? ERR_NONE : error_set(err, code, "%s", why.message);
    for (char *line; code == ERR_NONE && (line = lines_next_entry(&b->file)) != NULL;)
        code = read_binding(b, line, err);
    return code;
}

struct bindings *bindings_open(const char *file, bindings_is_command *is_command, struct error *err)
{
    struct bindings *b = calloc(1, sizeof *b);
    if (b == NULL) {
        error_memory(err);
        return NULL;
    }
    b->is_command = is_command;
    for (const struct binding *binding = bindings_default; binding->key != NULL; binding++)
        if (!add_binding(b, binding)) {
            error_memory(err);
            bindings_free(b);
            return NULL;
        }
    if (file != NULL && read_bindings(b, file, err) != ERR_NONE) {
        bindings_free(b);
        return NULL;
    }
    return b;
}

void bindings_free(struct bindings *b)
{
    if (b == NULL)
        return;
    free(b->at);
    free(b->keys);
    lines_close(&b->file);
    free(b);
}

/* ---- looking up ------------------------------------------------------------------------------------------------- */

size_t bindings_count(const struct bindings *b)
{
    return b->n;
}

const struct binding *bindings_at(const struct bindings *b, size_t index)
{
    return index < b->n ? &b->at[index] : NULL;
}

static const char *find_in_place(const struct bindings *b, enum place place, const struct key *key)
{
    for (size_t i = b->n; i-- > 0;)
        if (b->at[i].place == place && key_equal(&b->keys[i], key))
            return b->at[i].command;
    return NULL;
}

const char *bindings_find(const struct bindings *b, enum place place, const struct key *key)
{
    const char *command = find_in_place(b, place, key);
    return command != NULL ? command : find_in_place(b, PLACE_ANYWHERE, key);
}

const char *bindings_key(const struct bindings *b, const char *command)
{
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->at[i].command, command) == 0)
            return b->at[i].key;
    return NULL;
}
