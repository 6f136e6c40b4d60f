/* Slash commands: title, pin, archive and tags of the open conversation. */
#include <config.h>

#include <string.h>
#include <strings.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/plural.h"
#include "app/text/words.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

enum error_code slash_rename(struct repl *t, const char *arguments, struct error *err)
{
    struct store *s;
    int64_t id;
    struct store_conversation c = {0};
    if (slash_present(t, &s, &id, err) != ERR_NONE)
        return err->code;
    if (*arguments != '\0' && store_rename(s, id, arguments, STORE_TITLED_BY_HAND, err) != ERR_NONE)
        return err->code;
    if (store_conversation_get(s, id, &c, err) == ERR_NONE)
        show_note(t->show, "%s%s", *arguments != '\0' ? "renamed: " : "", c.title[0] != '\0' ? c.title : "untitled");
    store_conversation_free(&c);
    return err->code;
}

/* Sets a flag, or clears it if arguments are "off". told: what is shown for each. */
static enum error_code change_flag(struct repl *t, const char *arguments, enum store_flag flag, const char *name,
                                   const char *told[2], struct error *err)
{
    struct store *s;
    int64_t id;
    bool off = strcasecmp(arguments, "off") == 0;
    if (*arguments != '\0' && !off && strcasecmp(arguments, "on") != 0)
        return slash_usage(t, name, err);
    if (slash_present(t, &s, &id, err) != ERR_NONE || store_flag(s, id, flag, !off, err) != ERR_NONE)
        return err->code;
    show_note(t->show, "%s", told[off]);
    return ERR_NONE;
}

enum error_code slash_pin(struct repl *t, const char *arguments, struct error *err)
{
    const char *told[2] = {"pinned: first in /list", "no longer pinned"};
    return change_flag(t, arguments, STORE_PINNED, "pin", told, err);
}

enum error_code slash_archive(struct repl *t, const char *arguments, struct error *err)
{
    const char *told[2] = {"archived: /list archive shows it, /search finds it", "no longer archived"};
    return change_flag(t, arguments, STORE_ARCHIVED, "archive", told, err);
}

/* ---- tags ------------------------------------------------------------------------------------------------------- */

static enum error_code show_tags_in_use(struct repl *t, struct error *err)
{
    struct store_tags tags = {0};
    struct store *s = home_library(chat_home(t->chat), err);
    if (s == NULL || store_tags(s, &tags, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < tags.n; i++)
        show_line(t->show, "  #%-20s %zu conversation%s", tags.at[i].name, tags.at[i].conversations,
                  plural(tags.at[i].conversations));
    if (tags.n == 0)
        show_note(t->show, "no tags yet; /tag NAME gives this conversation one");
    store_tags_free(&tags);
    return ERR_NONE;
}

/* Shows the tags of a conversation: "#work #home". */
static void show_own_tags(struct repl *t, struct store *s, int64_t id)
{
    struct store_conversation c = {0};
    struct buf names;
    buf_init(&names, 1 << 16);
    if (store_conversation_get(s, id, &c, NULL) == ERR_NONE)
        for (char **tag = c.tags; *tag != NULL; tag++)
            buf_printf(&names, "%s#%s", tag == c.tags ? "" : " ", *tag);
    show_note(t->show, "%s", names.size > 0 ? buf_text(&names) : "no tags");
    buf_free(&names);
    store_conversation_free(&c);
}

enum error_code slash_change_tags(struct store *s, int64_t id, const struct words *words, struct error *err)
{
    if (store_begin(s, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < words->n && err->code == ERR_NONE; i++) {
        const char *word = words->at[i];
        bool off = word[0] == '-';
        word += off || word[0] == '+';
        word += word[0] == '#';
        store_tag(s, id, word, !off, err);
    }
    struct error ignored = {0};
    store_end(s, err->code == ERR_NONE, err->code == ERR_NONE ? err : &ignored);
    return err->code;
}

enum error_code slash_tag(struct repl *t, const char *arguments, struct error *err)
{
    struct store *s;
    int64_t id;
    struct words words = {0};
    if (*arguments == '\0')
        return show_tags_in_use(t, err);
    if (slash_present(t, &s, &id, err) != ERR_NONE)
        return err->code;
    if (!words_split(&words, arguments))
        error_memory(err);
    else if (slash_change_tags(s, id, &words, err) == ERR_NONE)
        show_own_tags(t, s, id);
    words_free(&words);
    return err->code;
}
