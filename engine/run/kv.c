/* The key/value cache: blocks of anonymous memory, from a few kB (test models) to 40 MB (70B), each with a count of its
 * other users in front. The system fills them with zeros page by page as they are touched. */
#include <config.h>

#include "engine/run/kv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "engine/kernels/layer.h"

enum { ROOM_LEFT = 8 << 20 }; /* bytes of memory that are not taken */
enum { HEADER = 64 };         /* bytes in front of a block: an int32_t, and the block stays on a cache line's start */

static void kv_measure(struct kv *kv, int32_t layers, int32_t kv_heads, int32_t head_width, int32_t capacity,
                       enum kv_type type)
{
    kv->type = type;
    kv->head_width = head_width;
    kv->padded = (head_width + KV_LANES - 1) / KV_LANES * KV_LANES;
    kv->capacity = (capacity + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    kv->keys_size = layer_keys_bytes(type, head_width);
    kv->head_size = kv->keys_size + layer_values_bytes(type, head_width);
    kv->head_size = (kv->head_size + 63) / 64 * 64;
    kv->layer_size = kv->head_size * (size_t)kv_heads;
    kv->block_size = kv->layer_size * (size_t)layers;
}

/* Bytes of memory that there are, in use or not; UINT64_MAX when the system does not say. */
static uint64_t machine_memory(void)
{
    struct memory memory;
    return memory_read("", &memory) ? memory.total : UINT64_MAX;
}

bool kv_init(struct kv *kv, int32_t layers, int32_t kv_heads, int32_t head_width, int32_t capacity, enum kv_type type,
             struct error *err)
{
    kv_measure(kv, layers, kv_heads, head_width, capacity, type);
    const size_t blocks = (size_t)(kv->capacity / KV_BLOCK);
    const double size = (double)kv->block_size * (double)blocks;
    kv->blocks = NULL;
    if (size > (double)machine_memory()) {
        error_set(err, ERR_MEMORY,
                  "a context of %d tokens needs %.1f GB, this machine has %.1f GB; ask for a shorter "
                  "one with --ctx",
                  (int)capacity, size / 1e9, (double)machine_memory() / 1e9);
        return false;
    }
    kv->blocks = calloc(blocks > 0 ? blocks : 1, sizeof *kv->blocks);
    if (kv->blocks == NULL)
        error_memory(err);
    return kv->blocks != NULL;
}

/* ---- blocks ----------------------------------------------------------------------------------------------------- */

/* How many use a block beside the first. A new block has zeros there: whoever fills it is the first to touch it, so that
 * the system makes its pages on all threads at once, and not before. */
static int32_t *others_of(char *block)
{
    return (int32_t *)(void *)(block - HEADER);
}

/* A block and its header, as they lie in memory. */
static size_t stride_of(const struct kv *kv)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (HEADER + kv->block_size + page - 1) / page * page;
}

/* Whether the system has room for n more blocks without swapping or ending a program: it promises memory that it has
 * not got, and finds out when it is used. */
static bool is_room_for(const struct kv *kv, int32_t n, struct error *err)
{
    struct memory memory;
    const uint64_t bytes = (uint64_t)n * stride_of(kv);
    if (!memory_read("", &memory) || memory.available > bytes + ROOM_LEFT)
        return true;
    error_set(
        err, ERR_MEMORY,
        "no memory for a longer context: %d more tokens need %.1f MB, and %.1f MB are available; ask for a shorter "
        "one with --ctx, or close other programs",
        (int)(n * KV_BLOCK), (double)bytes / 1e6, (double)memory.available / 1e6);
    return false;
}

/* n blocks of zeros side by side, each with one user and freed by itself. Where they are large the system may give large
 * pages, for a fifth of the time. */
static char *blocks_new(const struct kv *kv, int32_t n, struct error *err)
{
    const size_t size = (size_t)n * stride_of(kv);
    if (!is_room_for(kv, n, err))
        return NULL;
    char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED) {
        error_system(err, ERR_MEMORY, errno,
                     "no memory for a longer context: %d more tokens need %.1f MB; ask for a "
                     "shorter one with --ctx, or close other programs",
                     (int)(n * KV_BLOCK), (double)size / 1e6);
        return NULL;
    }
    madvise(bytes, size, MADV_HUGEPAGE); /* a kernel without them has small ones */
    return bytes + HEADER;
}

static void block_drop(const struct kv *kv, char *block)
{
    if (block != NULL && (*others_of(block))-- == 0)
        munmap(block - HEADER, stride_of(kv));
}

void kv_free(struct kv *kv)
{
    for (int32_t i = 0; kv->blocks != NULL && i < kv->capacity / KV_BLOCK; i++)
        block_drop(kv, kv->blocks[i]);
    free(kv->blocks);
    kv->blocks = NULL;
}

/* Whether block i has to be made before it can be written. */
static bool is_missing(const struct kv *kv, int32_t i)
{
    return kv->blocks[i] == NULL || *others_of(kv->blocks[i]) > 0;
}

bool kv_reserve(struct kv *kv, int32_t begin, int32_t end, struct error *err)
{
    for (int32_t i = begin / KV_BLOCK, n; i * KV_BLOCK<end; i += n> 0 ? n : 1) {
        for (n = 0; (i + n) * KV_BLOCK < end && is_missing(kv, i + n); n++)
            ;
        char *block = n > 0 ? blocks_new(kv, n, err) : NULL;
        if (n > 0 && block == NULL)
            return false;
        for (int32_t k = i; k < i + n; k++, block += stride_of(kv)) {
            if (kv->blocks[k] != NULL && k * KV_BLOCK < begin)
                memcpy(block, kv->blocks[k], kv->block_size);
            block_drop(kv, kv->blocks[k]);
            kv->blocks[k] = block;
        }
    }
    return true;
}

void kv_share(struct kv *kv, const struct kv *from, int32_t n)
{
    for (int32_t i = 0; i * KV_BLOCK < n; i++) {
        if (kv->blocks[i] == from->blocks[i])
            continue;
        block_drop(kv, kv->blocks[i]);
        kv->blocks[i] = from->blocks[i];
        ++*others_of(kv->blocks[i]);
    }
}

void *kv_keys(const struct kv *kv, int32_t layer, int32_t head, int32_t position)
{
    return kv->blocks[position / KV_BLOCK] + (size_t)layer * kv->layer_size + (size_t)head * kv->head_size;
}

void *kv_values(const struct kv *kv, int32_t layer, int32_t head, int32_t position)
{
    return (char *)kv_keys(kv, layer, head, position) + kv->keys_size;
}
