/* Fuzz target: a saved session with bytes changed or cut off, or any bytes as one. What is read is a beginning of what was
 * saved, whatever the file says. */
#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/run/kv.h"
#include "engine/run/pool.h"
#include "engine/run/saved.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOKENS = 4 * KV_BLOCK };

/* The ids of the seed: 0, 1, 2, ... */
static const int32_t *make_ids(void)
{
    static int32_t ids[TOKENS];
    for (int32_t i = 0; i < TOKENS; i++)
        ids[i] = i;
    return ids;
}

static struct pool *make_pool(void)
{
    static struct pool *pool;
    struct error err = {0};
    if (pool == NULL && (pool = pool_new(1, &err)) == NULL)
        abort();
    return pool;
}

/* A whole file, in which the input changes bytes: two of an offset and one to add, the last one where it ends. */
static void write_changed(const struct kv *kv, const uint8_t *data, size_t size)
{
    struct error err = {0};
    const struct saved_session s = {.origin = 1, .kv = kv, .ids = make_ids(), .n = TOKENS - 5};
    char path[160];
    snprintf(path, sizeof path, "%s/fuzz" SAVED_SUFFIX, scratch_folder());
    if (saved_write(scratch_folder(), "fuzz", &s, 1 << 20, NULL, NULL, &err) != ERR_NONE)
        abort();
    const int fd = open(path, O_RDWR);
    for (size_t i = 0; fd >= 0 && i + 3 <= size; i += 3) {
        const off_t at = data[i] | data[i + 1] << 8;
        uint8_t byte = 0;
        if (pread(fd, &byte, 1, at) == 1)
            byte = (uint8_t)(byte + data[i + 2]);
        if (pwrite(fd, &byte, 1, at) != 1 || (i + 6 > size && size % 3 == 1 && ftruncate(fd, at) != 0))
            abort();
    }
    close(fd);
}

static void check_read(const struct saved_file *file, const struct kv *kv, bool changed)
{
    struct kv empty;
    struct error err = {0};
    if (!kv_init(&empty, 1, 1, 16, TOKENS, true, &err))
        return;
    const size_t n = saved_read(file, &empty, make_pool());
    if (file->common > TOKENS || n > file->common)
        abort();
    for (size_t i = 0; changed && i * KV_BLOCK < n; i++)
        if (memcmp(empty.blocks[i], kv->blocks[i], kv->block_size) != 0)
            abort();
    kv_free(&empty);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct kv kv;
    uint64_t origin = 1;
    const bool changed = size < 8 || data[0] != 'P';
    if (!kv_init(&kv, 1, 1, 16, TOKENS, true, &err) || !kv_reserve(&kv, 0, TOKENS, &err))
        abort();
    session_forget_saved(scratch_folder(), "fuzz");
    if (changed)
        write_changed(&kv, data, size);
    else
        scratch_file("fuzz" SAVED_SUFFIX, data, size);
    if (!changed && size >= 16)
        memcpy(&origin, data + 8, sizeof origin); /* as if this program had written it */
    struct saved_file file = saved_find(scratch_folder(), origin, &kv, make_ids(), TOKENS, 1);
    if (file.fd >= 0)
        check_read(&file, &kv, changed);
    saved_close(&file);
    if (session_check_saved(scratch_folder()).files != 1)
        abort();
    kv_free(&kv);
    return 0;
}
