/* Servers: asked in the loop of the screen, which looks a few times a second whether the list has come. */
#include <config.h>

#include "app/screen/servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/options/endpoints.h"
#include "app/screen/acts.h"
#include "app/screen/said.h"
#include "remote/remote.h"
#include "ui/ui.h"

enum { TICK = 50, DETAIL = 160, LABEL = 300 };
#define GROUP "Servers"

struct screen_servers {
    struct endpoint *asked; /* NULL: none */
};

struct screen_servers *screen_servers_new(void)
{
    return calloc(1, sizeof(struct screen_servers));
}

void screen_servers_free(struct screen_servers *servers)
{
    if (servers != NULL)
        endpoint_free(servers->asked);
    free(servers);
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

/* context: 0 for one that is not known. */
static void add_model(const struct screen *s, struct items *items, const char *name, int32_t context, size_t i)
{
    const bool in_use = chat_host(s->repl.chat) != NULL && strcmp(name, chat_model_path(s->repl.chat)) == 0;
    char label[LABEL], detail[DETAIL] = "";
    snprintf(label, sizeof label, "%s%s", in_use ? "▸ " : "", name);
    if (context > 0)
        snprintf(detail, sizeof detail, "context of %d tokens", (int)context);
    items_add(items, &(struct ui_item){.label = label,
                                       .detail = detail,
                                       .command = name,
                                       .act = ACT_TAKE_MODEL,
                                       .a = -(int64_t)i - 1,
                                       .group = GROUP});
}

static void add_places(const struct screen *s, struct items *items, const char *group, bool usual)
{
    struct endpoints all;
    struct error ignored = {0}; /* a file with a fault is told of when it is used */
    if (endpoints_read(s->options, &all, &ignored) != ERR_NONE)
        return;
    for (size_t i = usual ? all.written : 0; i < (usual ? all.n : all.written); i++) {
        char name[80], detail[DETAIL];
        snprintf(name, sizeof name, "@%s", all.at[i].name);
        snprintf(detail, sizeof detail, "%.100s; Enter asks it for its models", all.at[i].url);
        items_add(items, &(struct ui_item){.label = name,
                                           .detail = detail,
                                           .command = name,
                                           .act = ACT_OPEN_SERVER,
                                           .a = (int64_t)i,
                                           .group = group});
    }
    endpoints_free(&all);
}

void screen_servers_add(const struct screen *s, struct items *items)
{
    const char *model;
    int32_t context;
    for (size_t i = 0; (model = chat_host_model(s->repl.chat, i, &context)) != NULL; i++)
        add_model(s, items, model, context, i);
    add_places(s, items, GROUP, false);
    if (chat_state(s->repl.chat) == CHAT_NO_MODEL) /* one that can be fetched is what most people want then */
        return;
    items_add(items, &(struct ui_item){.label = "on this machine",
                                       .detail = "llama-server, Ollama, LM Studio or vLLM, if one runs",
                                       .command = "",
                                       .act = ACT_OPEN_SERVER,
                                       .a = -1,
                                       .group = GROUP});
}

/* A list of their own: few users have any of them. */
static void show_usual(struct screen *s)
{
    struct items items = {0};
    add_places(s, &items, "At their usual ports", true);
    ui_pick(s->ui, "Servers on this machine", items.at, items.n, UI_PICK_FILTERS);
    items_free(&items);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

static void end_asking(struct screen_servers *servers)
{
    endpoint_free(servers->asked);
    servers->asked = NULL;
}

enum error_code screen_servers_open(struct screen *s, const char *name, struct error *err)
{
    struct screen_servers *servers = s->servers;
    struct endpoints all;
    char text[LABEL];
    end_asking(servers);
    if (*name == '\0') {
        show_usual(s);
        return ERR_NONE;
    }
    if (endpoints_read(s->options, &all, err) != ERR_NONE)
        return err->code;
    const struct endpoint_place *place = endpoints_find(&all, name + 1, err);
    if (place != NULL && (servers->asked = endpoint_open(place, err)) != NULL) {
        snprintf(text, sizeof text, "asking %s which models it has", name);
        ui_notice(s->ui, false, text);
        if (endpoint_look(servers->asked, err) != ERR_NONE)
            end_asking(servers);
    }
    endpoints_free(&all);
    return err->code;
}

static void show_models(struct screen *s)
{
    struct endpoint *e = s->servers->asked;
    const struct endpoint_about about = endpoint_about(e);
    struct items items = {0};
    char title[LABEL];
    snprintf(title, sizeof title, "Models of @%s", endpoint_place(e)->name);
    for (size_t i = 0; i < about.n_models; i++) {
        char *name = endpoint_model_name(e, i);
        if (name != NULL)
            add_model(s, &items, name, about.loose[i] ? 0 : about.contexts[i], i);
        free(name);
    }
    ui_pick(s->ui, title, items.at, items.n, UI_PICK_FILTERS);
    items_free(&items);
}

static void say_waiting(struct screen *s, const struct endpoint_event *event)
{
    char text[LABEL];
    snprintf(text, sizeof text, "asked again in %d s: %s", event->seconds, event->text);
    ui_remark(s->ui, false, text);
}

void screen_servers_tick(struct screen *s)
{
    struct screen_servers *servers = s->servers;
    struct endpoint_event event;
    if (servers->asked == NULL || !endpoint_next(servers->asked, &event))
        return;
    if (event.kind == ENDPOINT_FAILED)
        screen_said_error(s, &event.error);
    else if (event.kind == ENDPOINT_KNOWN)
        show_models(s);
    else if (event.kind == ENDPOINT_WAITING)
        say_waiting(s, &event);
    if (event.kind == ENDPOINT_FAILED || event.kind == ENDPOINT_KNOWN)
        end_asking(servers);
}

int screen_servers_due(const struct screen *s)
{
    return s->servers->asked != NULL ? TICK : -1;
}
