/* Keep: the two stores, and which conversation is the present one. */
#include <config.h>

#include "app/library/home.h"

#include <stdlib.h>
#include <unistd.h>

/* Milliseconds that a call waits for another program: a person waits too, and the chat tries again. */
enum { BUSY_WAIT = 500 };

struct keep {
    char *path;            /* of the database */
    bool no_save;          /* make no database */
    struct store *library; /* NULL: not open */
    struct store *memory;  /* NULL: the present conversation is kept */
    int64_t conversation;
    struct error problem;
};

struct store *keep_library(struct keep *k, struct error *err)
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

static enum error_code begin_in_memory(struct keep *k, struct error *err)
{
    struct store *memory = store_open(NULL, NULL, err);
    if (memory == NULL)
        return err->code;
    store_close(k->memory);
    k->memory = memory;
    k->conversation = 0;
    return ERR_NONE;
}

struct keep *keep_open(const struct options *o, struct error *err)
{
    struct keep *k = calloc(1, sizeof *k);
    if (k == NULL || (k->path = paths_join(o->paths.data_dir, "history.db")) == NULL) {
        error_set(err, ERR_MEMORY, "no memory for the history");
        free(k);
        return NULL;
    }
    k->no_save = o->no_save;
    if ((!k->no_save && keep_library(k, &k->problem) != NULL) || begin_in_memory(k, err) == ERR_NONE)
        return k;
    keep_free(k);
    return NULL;
}

void keep_free(struct keep *k)
{
    if (k == NULL)
        return;
    store_close(k->memory);
    store_close(k->library);
    free(k->path);
    free(k);
}

struct store *keep_store(const struct keep *k)
{
    return k->memory != NULL ? k->memory : k->library;
}

int64_t keep_conversation(const struct keep *k)
{
    return k->conversation;
}

bool keep_is_temporary(const struct keep *k)
{
    return k->memory != NULL;
}

const struct error *keep_problem(const struct keep *k)
{
    return k->problem.code != ERR_NONE ? &k->problem : NULL;
}

enum error_code keep_begin(struct keep *k, bool temporary, struct error *err)
{
    if (temporary)
        return begin_in_memory(k, err);
    k->no_save = false; /* somebody asks for it now */
    if (keep_library(k, err) == NULL)
        return err->code;
    store_close(k->memory);
    k->memory = NULL;
    k->conversation = 0;
    return ERR_NONE;
}

void keep_enter(struct keep *k, int64_t conversation)
{
    k->conversation = conversation;
}

enum error_code keep_ensure(struct keep *k, struct error *err)
{
    return k->conversation != 0 ? ERR_NONE : store_new(keep_store(k), &k->conversation, err);
}
