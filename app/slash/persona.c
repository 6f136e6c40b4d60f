/* Slash commands: personas: a system message, settings, a template and a model under one name. */
#include <config.h>

#include <string.h>

#include "app/chat/chat.h"
#include "app/library/conversations.h"
#include "app/library/home.h"
#include "app/slash/commands.h"
#include "app/terminal/show.h"
#include "app/text/nearest.h"
#include "base/buf.h"
#include "base/error.h"
#include "history/history.h"

/* A row shows the model and the first line of the system message. */
static enum error_code show_personas(struct repl *t, struct store *s, struct error *err)
{
    struct store_personas all = {0};
    if (store_personas(s, &all, err) != ERR_NONE)
        return err->code;
    for (size_t i = 0; i < all.n; i++) {
        const struct store_persona *p = &all.at[i];
        const char *system = p->system != NULL ? p->system : "";
        struct buf row, line;
        buf_init(&row, 1 << 20);
        buf_printf(&row, "  %-16s %s%s%.*s", p->name, p->model != NULL ? p->model : "", *system != '\0' ? " · " : "",
                   (int)strcspn(system, "\n"), system);
        library_fit(t->show, &row, &line);
        show_line(t->show, "%s", buf_text(&line));
        buf_free(&line);
        buf_free(&row);
    }
    if (all.n == 0)
        show_note(t->show, "no personas yet; /persona save NAME keeps the present system message, settings and model");
    store_personas_free(&all);
    return ERR_NONE;
}

static enum error_code save_persona(struct repl *t, struct store *s, const char *name, struct error *err)
{
    struct store_persona p = {0};
    if (chat_as_persona(t->chat, name, &p, err) == ERR_NONE && store_persona_put(s, &p, err) == ERR_NONE)
        show_note(t->show, "saved; /persona %s uses it", name);
    store_persona_free(&p);
    return err->code;
}

static enum error_code report_persona(struct store *s, const char *name, struct error *err)
{
    struct store_personas all = {0};
    struct nearest near = nearest_to(name);
    store_personas(s, &all, NULL);
    for (size_t i = 0; i < all.n; i++)
        nearest_try(&near, all.at[i].name);
    if (near.best != NULL)
        error_set(err, ERR_NOT_FOUND, "there is no persona %s; did you mean %s?", name, near.best);
    else
        error_set(err, ERR_NOT_FOUND, "there is no persona %s; /persona lists them, /persona save NAME makes one",
                  name);
    store_personas_free(&all);
    return err->code;
}

static enum error_code use_persona(struct repl *t, struct store *s, const char *name, struct error *err)
{
    struct store_persona p = {0};
    struct error why = {0};
    enum error_code code = store_persona_get(s, name, &p, &why);
    if (code == ERR_NOT_FOUND)
        return report_persona(s, name, err);
    if (code != ERR_NONE)
        return error_set(err, code, "%s", why.message);
    if (chat_use_persona(t->chat, &p, err) == ERR_NONE)
        show_note(t->show, "persona %s, from the next answer on", p.name);
    store_persona_free(&p);
    return err->code;
}

static enum error_code delete_persona(struct repl *t, struct store *s, const char *name, struct error *err)
{
    struct store_persona p = {0};
    struct error why = {0};
    enum error_code code = store_persona_get(s, name, &p, &why);
    store_persona_free(&p);
    if (code == ERR_NOT_FOUND)
        return report_persona(s, name, err);
    if (code != ERR_NONE)
        return error_set(err, code, "%s", why.message);
    if (store_persona_delete(s, name, err) == ERR_NONE)
        show_note(t->show, "persona %s deleted", name);
    return err->code;
}

enum error_code slash_persona(struct repl *t, const char *arguments, struct error *err)
{
    static const struct {
        const char *verb;
        enum error_code (*run)(struct repl *t, struct store *s, const char *name, struct error *err);
    } verbs[] = {{"save", save_persona}, {"use", use_persona}, {"delete", delete_persona}};
    struct store *s = home_library(chat_home(t->chat), err);
    if (s == NULL)
        return err->code;
    if (*arguments == '\0')
        return show_personas(t, s, err);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const char *name = slash_after(arguments, verbs[i].verb);
        if (name != NULL && *name == '\0')
            return slash_usage(t, "persona", err);
        if (name != NULL)
            return verbs[i].run(t, s, name, err);
    }
    return use_persona(t, s, arguments, err);
}
