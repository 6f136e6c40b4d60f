/* Home: the two stores, and which conversation is the present one. */
#include <config.h>

#include "app/library/home.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/options/options.h"
#include "app/options/paths.h"
#include "base/error.h"
#include "history/history.h"

struct home {
    char *path;            /* of the database */
    bool no_save;          /* no database is made */
    struct store *library; /* NULL: not open */
    bool borrows;          /* the library is that of another home */
    struct store *memory;  /* NULL: the present conversation is saved */
    int64_t conversation;
    enum home_patience patience;
    struct error problem;
};

struct store *home_library(struct home *h, struct error *err)
{
    const struct store_options options = {.busy_ms = h->patience > 0 ? (int)h->patience : -1};
    if (h->library != NULL)
        return h->library;
    if (h->no_save && access(h->path, F_OK) != 0) {
        error_set(err, ERR_NOT_FOUND, "no conversation is saved yet");
        return NULL;
    }
    h->library = store_open(h->path, &options, err);
    return h->library;
}

static enum error_code begin_in_memory(struct home *h, struct error *err)
{
    struct store *memory = store_open(NULL, NULL, err);
    if (memory == NULL)
        return err->code;
    store_close(h->memory);
    h->memory = memory;
    h->conversation = 0;
    return ERR_NONE;
}

struct home *home_open(const struct options *o, struct error *err)
{
    struct home *h = calloc(1, sizeof *h);
    if (h == NULL || (h->path = paths_join(o->paths.data_dir, "history.db")) == NULL) {
        error_memory(err);
        free(h);
        return NULL;
    }
    h->no_save = o->no_save;
    h->patience = HOME_LONG_WAIT;
    if ((!h->no_save && home_library(h, &h->problem) != NULL) || begin_in_memory(h, err) == ERR_NONE)
        return h;
    home_free(h);
    return NULL;
}

struct home *home_beside(const struct home *h, struct error *err)
{
    struct home *beside = calloc(1, sizeof *beside);
    if (beside == NULL || (beside->path = strdup(h->path)) == NULL) {
        error_memory(err);
        free(beside);
        return NULL;
    }
    beside->library = h->library;
    beside->borrows = true;
    beside->conversation = h->conversation;
    beside->patience = HOME_NO_WAIT; /* its calls are made while a loop runs */
    return beside;
}

void home_free(struct home *h)
{
    if (h == NULL)
        return;
    store_close(h->memory);
    if (!h->borrows)
        store_close(h->library);
    free(h->path);
    free(h);
}

struct store *home_store(const struct home *h)
{
    return h->memory != NULL ? h->memory : h->library;
}

int64_t home_conversation(const struct home *h)
{
    return h->conversation;
}

bool home_is_temporary(const struct home *h)
{
    return h->memory != NULL;
}

enum home_patience home_set_patience(struct home *h, enum home_patience patience)
{
    enum home_patience before = h->patience;
    h->patience = patience;
    if (h->library != NULL)
        store_set_patience(h->library, (int)patience);
    return before;
}

const struct error *home_problem(const struct home *h)
{
    return h->problem.code != ERR_NONE ? &h->problem : NULL;
}

enum error_code home_begin(struct home *h, bool temporary, struct error *err)
{
    if (temporary)
        return begin_in_memory(h, err);
    h->no_save = false; /* the user asks for it now */
    if (home_library(h, err) == NULL)
        return err->code;
    store_close(h->memory);
    h->memory = NULL;
    h->conversation = 0;
    return ERR_NONE;
}

void home_enter(struct home *h, int64_t conversation)
{
    h->conversation = conversation;
}

enum error_code home_ensure(struct home *h, struct error *err)
{
    return h->conversation != 0 ? ERR_NONE : store_new(home_store(h), &h->conversation, err);
}
