/* Keep: the two stores, and which conversation is the present one. */
#include <config.h>

#include "app/library/home.h"

#include <stdlib.h>
#include <unistd.h>

/* Milliseconds that a call waits for another program: a person waits too, and the chat tries again. */
enum { BUSY_WAIT = 500 };

struct home {
    char *path;            /* of the database */
    bool no_save;          /* make no database */
    struct store *library; /* NULL: not open */
    struct store *memory;  /* NULL: the present conversation is kept */
    int64_t conversation;
    struct error problem;
};

struct store *home_library(struct home *k, struct error *err)
{
    static const struct store_options options = {.busy_ms = BUSY_WAIT};
    if (k->library != NULL)
        return k->library;
    if (k->no_save && access(k->path, F_OK) != 0) {
        error_set(err, ERR_NOT_FOUND, "no conversation is kept yet");
        return NULL;
    }
    k->library = store_open(k->path, &options, err);
    return k->library;
}

static enum error_code begin_in_memory(struct home *k, struct error *err)
{
    struct store *memory = store_open(NULL, NULL, err);
    if (memory == NULL)
        return err->code;
    store_close(k->memory);
    k->memory = memory;
    k->conversation = 0;
    return ERR_NONE;
}

struct home *home_open(const struct options *o, struct error *err)
{
    struct home *k = calloc(1, sizeof *k);
    if (k == NULL || (k->path = paths_join(o->paths.data_dir, "history.db")) == NULL) {
        error_set(err, ERR_MEMORY, "no memory for the history");
        free(k);
        return NULL;
    }
    k->no_save = o->no_save;
    if ((!k->no_save && home_library(k, &k->problem) != NULL) || begin_in_memory(k, err) == ERR_NONE)
        return k;
    home_free(k);
    return NULL;
}

void home_free(struct home *k)
{
    if (k == NULL)
        return;
    store_close(k->memory);
    store_close(k->library);
    free(k->path);
    free(k);
}

struct store *home_store(const struct home *k)
{
    return k->memory != NULL ? k->memory : k->library;
}

int64_t home_conversation(const struct home *k)
{
    return k->conversation;
}

bool home_is_temporary(const struct home *k)
{
    return k->memory != NULL;
}

const struct error *home_problem(const struct home *k)
{
    return k->problem.code != ERR_NONE ? &k->problem : NULL;
}

enum error_code home_begin(struct home *k, bool temporary, struct error *err)
{
    if (temporary)
        return begin_in_memory(k, err);
    k->no_save = false; /* somebody asks for it now */
    if (home_library(k, err) == NULL)
        return err->code;
    store_close(k->memory);
    k->memory = NULL;
    k->conversation = 0;
    return ERR_NONE;
}

void home_enter(struct home *k, int64_t conversation)
{
    k->conversation = conversation;
}

enum error_code home_ensure(struct home *k, struct error *err)
{
    return k->conversation != 0 ? ERR_NONE : store_new(home_store(k), &k->conversation, err);
}
