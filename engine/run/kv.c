/* The key/value cache: anonymous memory that the system fills with zeros page by page as it is touched. */
#include <config.h>

#include "engine/run/kv.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

static void measure(struct kv *kv, int32_t layers, int32_t kv_heads, int32_t head_width, int32_t capacity, bool half)
{
    kv->head_width = head_width;
    kv->padded = (head_width + KV_LANES - 1) / KV_LANES * KV_LANES;
    kv->capacity = (capacity + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
    kv->element = half ? sizeof(uint16_t) : sizeof(float);
    kv->keys_size = (size_t)head_width * KV_BLOCK * kv->element;
    kv->head_size = kv->keys_size + (size_t)kv->padded * KV_BLOCK * kv->element;
    kv->head_size = (kv->head_size + 63) / 64 * 64;
    kv->layer_size = kv->head_size * (size_t)kv_heads;
    kv->block_size = kv->layer_size * (size_t)layers;
    size_t blocks = (size_t)(kv->capacity / KV_BLOCK);
    kv->size = kv->block_size > SIZE_MAX / 2 / blocks ? SIZE_MAX : kv->block_size * blocks;
}

/* Bytes of memory in this machine; SIZE_MAX when the system does not say. */
static size_t machine_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;
}

bool kv_init(struct kv *kv, int32_t layers, int32_t kv_heads, int32_t head_width, int32_t capacity, bool half,
             struct error *err)
{
    measure(kv, layers, kv_heads, head_width, capacity, half);
    kv->bytes = NULL;
    if (kv->size > machine_memory()) {
        error_set(err, ERR_MEMORY, "a context of %d tokens needs %.1f GB, this machine has %.1f GB; ask for a shorter one "
                  "with --ctx", (int)capacity, (double)kv->size / 1e9, (double)machine_memory() / 1e9);
        return false;
    }
    void *bytes = mmap(NULL, kv->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED) {
        error_system(err, ERR_MEMORY, errno, "no memory for a context of %d tokens, which needs %.1f GB; "
                     "ask for a shorter one with --ctx", (int)capacity, (double)kv->size / 1e9);
        return false;
    }
    kv->bytes = bytes;
    return true;
}

void kv_free(struct kv *kv)
{
    if (kv->bytes != NULL)
        munmap(kv->bytes, kv->size);
    kv->bytes = NULL;
}

void *kv_keys(const struct kv *kv, int32_t layer, int32_t head, int32_t position)
{
    return kv->bytes + (size_t)(position / KV_BLOCK) * kv->block_size + (size_t)layer * kv->layer_size +
           (size_t)head * kv->head_size;
}

void *kv_values(const struct kv *kv, int32_t layer, int32_t head, int32_t position)
{
    return (char *)kv_keys(kv, layer, head, position) + kv->keys_size;
}
