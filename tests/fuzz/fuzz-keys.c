/* Fuzz target: the first half of the input as a file of key bindings, the second as what a terminal sends. Every binding
 * has a command of the screen that exists, or a slash command; every byte becomes part of some key or text. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/scratch.h"
#include "ui/commands.h"
#include "ui/keys/bindings.h"
#include "ui/keys/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_bindings(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct bindings *b = bindings_open(scratch_file("keys", data, size), ui_is_command, &err);
    if (b == NULL && strstr(err.message, "keys") == NULL)
        abort();
    for (size_t i = 0; b != NULL && i < bindings_count(b); i++) {
        const char *command = bindings_at(b, i)->command;
        if (command[0] != '/' && !ui_is_command(command))
            abort();
    }
    bindings_free(b);
}

static void read_keys(const uint8_t *data, size_t size)
{
    struct keys keys;
    struct key key;
    enum keys_state state;
    keys_init(&keys);
    for (size_t at = 0; at < size; at += 3) { /* as they arrive, cut anywhere */
        if (!keys_add(&keys, (const char *)data + at, size - at < 3 ? size - at : 3))
            abort();
        while ((state = keys_next(&keys, at % 2 == 0, &key)) == KEYS_KEY)
            continue;
        if (state == KEYS_WAIT && at % 2 == 0 && !keys.pasting)
            abort(); /* nothing may wait for ever */
    }
    keys_free(&keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_bindings(data, size / 2);
    read_keys(data + size / 2, size - size / 2);
    return 0;
}
