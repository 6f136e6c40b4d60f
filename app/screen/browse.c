/* Browse: a thread looks into the files and measures the memory, while names are there at once. */
#include <config.h>

#include "app/screen/browse.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/models.h"
#include "app/chat/pace.h"
#include "app/chat/shelf.h"
#include "app/screen/acts.h"
#include "app/screen/fetch.h"
#include "app/screen/items.h"
#include "app/screen/servers.h"
#include "app/text/bytes.h"
#include "remote/remote.h"

enum { TICK = 50, DETAIL = 120, NUMBER = 4 /* columns of a speed */ };
#define TO_FETCH "To fetch"

struct screen_browse {
    const struct options *options; /* NULL: no thread looks */
    pthread_t thread;
    _Atomic bool ended;
    bool open;
    /* the thread's until it has ended: */
    struct shelf shelf;
};

struct screen_browse *screen_browse_new(void)
{
    struct screen_browse *b = calloc(1, sizeof *b);
    if (b != NULL)
        shelf_init(&b->shelf);
    return b;
}

static void end_thread(struct screen_browse *b)
{
    if (b->options != NULL)
        pthread_join(b->thread, NULL);
    b->options = NULL;
}

void screen_browse_free(struct screen_browse *browse)
{
    if (browse == NULL)
        return;
    end_thread(browse);
    shelf_free(&browse->shelf);
    free(browse);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static void *look_thread(void *context)
{
    struct screen_browse *b = context;
    struct error ignored = {0}; /* a row says what is wrong with its file */
    shelf_add_all(&b->shelf, b->options, &ignored);
    shelf_recall(&b->shelf, b->options);
    b->ended = true;
    return NULL;
}

/* ---- rows ------------------------------------------------------------------------------------------------------- */

static const char *fit_words(enum shelf_fit fit)
{
    static const char *const words[] = {[SHELF_FITS] = "fits", [SHELF_TIGHT] = "tight", [SHELF_LARGER] = "too large"};
    return words[fit];
}

/* "4.1 GB Q4_K_M     fits        ~5 t/s expected": in 80 columns the number still has room. */
static void write_detail(const struct shelf_row *row, struct pace_rate rate, char out[DETAIL])
{
    char size[BYTES_TEXT], speed[PACE_TEXT];
    const int number = (int)strcspn(pace_text(rate, speed), " ");
    snprintf(out, DETAIL, "%8s %-10s %-9s %*s%s", bytes_text(row->bytes, size), row->type, fit_words(row->fit),
             number < NUMBER ? NUMBER - number : 0, "", speed);
}

static void add_row(struct items *items, const char *group, struct ui_item item)
{
    item.group = group;
    items_add(items, &item);
}

static void add_there(const struct screen *s, struct items *items)
{
    const struct screen_browse *b = s->browse;
    const char *in_use = chat_model_path(s->repl.chat);
    for (size_t i = 0; i < b->shelf.n; i++) {
        const struct shelf_row *r = &b->shelf.at[i];
        char detail[DETAIL], label[280];
        if (r->encoder)
            continue;
        if (r->problem == NULL)
            write_detail(r, shelf_rate(&b->shelf, r), detail);
        const char *name = strrchr(r->name, '/') != NULL ? strrchr(r->name, '/') + 1 : r->name;
        snprintf(label, sizeof label, "%s%s", strcmp(r->path, in_use) == 0 ? "▸ " : "", name);
        add_row(items, "Here",
                (struct ui_item){.label = label,
                                 .detail = r->problem != NULL ? r->problem : detail,
                                 .command = r->name,
                                 .act = ACT_TAKE_MODEL,
                                 .a = (int64_t)i + 1});
    }
}

/* What is there, by name alone. */
static void add_names(const struct screen *s, struct items *items)
{
    char **names = models_list(s->options);
    int64_t i = 1;
    for (char **name = names; name != NULL && *name != NULL; name++, i++)
        add_row(items, "Here", (struct ui_item){.label = *name, .command = *name, .act = ACT_TAKE_MODEL, .a = i});
    models_free_list(names);
}

static void add_fetchable(const struct screen *s, struct items *items)
{
    const char *name, *title, *licence, *fetching = screen_fetch_name(s);
    int64_t bytes;
    const struct shelf *shelf = &s->browse->shelf;
    if (fetching != NULL)
        add_row(items, TO_FETCH, (struct ui_item){.label = "stop", .detail = fetching, .act = ACT_STOP_FETCH});
    for (size_t i = 0; fetching == NULL && remote_known(i, &name, &title, &licence, &bytes); i++) {
        char label[160], detail[DETAIL];
        struct shelf_row row = {.bytes = (uint64_t)bytes,
                                .weights = (uint64_t)bytes,
                                .fit = shelf_fit((uint64_t)bytes, shelf->memory)};
        if (strstr(title, "encoder") != NULL)
            continue;
        snprintf(row.type, sizeof row.type, "%s", licence);
        write_detail(&row, shelf_rate(shelf, &row), detail);
        snprintf(label, sizeof label, "%s", title);
        add_row(items, TO_FETCH,
                (struct ui_item){.label = label, .detail = detail, .command = name, .act = ACT_FETCH, .a = (int64_t)i});
    }
}

/* ---- the list --------------------------------------------------------------------------------------------------- */

static void show_items(struct screen *s, bool known)
{
    struct items items = {0};
    if (known)
        add_there(s, &items);
    else
        add_names(s, &items);
    screen_servers_add(s, &items);
    add_fetchable(s, &items);
    if (known) {
        ui_add_items(s->ui, items.at, items.n);
    } else {
        ui_pick(s->ui, "Models", items.at, items.n, UI_PICK_FILTERS);
        ui_tell_selected(s->ui);
    }
    items_free(&items);
}

void screen_browse_open(struct screen *s, struct error *err)
{
    struct screen_browse *b = s->browse;
    end_thread(b);
    const double memory = b->shelf.pace.memory; /* it stays as fast as it is */
    shelf_free(&b->shelf);
    shelf_init(&b->shelf);
    b->shelf.pace.memory = memory;
    b->ended = false;
    b->open = true;
    b->options = s->options;
    const int code = pthread_create(&b->thread, NULL, look_thread, b);
    if (code != 0) {
        b->options = NULL;
        error_system(err, ERR_MEMORY, code, "no thread to look into the models");
    }
    show_items(s, false);
}

void screen_browse_tick(struct screen *s)
{
    struct screen_browse *b = s->browse;
    if (b->options == NULL || !b->ended)
        return;
    end_thread(b);
    if (b->open && ui_has_popup(s->ui))
        show_items(s, true);
}

int screen_browse_due(const struct screen *s)
{
    return s->browse->options != NULL ? TICK : -1;
}

void screen_browse_left(struct screen *s)
{
    s->browse->open = false;
}
