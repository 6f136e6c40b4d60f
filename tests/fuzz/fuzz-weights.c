/* Fuzz target: any bytes as a checkpoint of torch or safetensors. What is found lies in the file or is owned. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Half of the names, so that both ways of tensors of other types are gone. */
static bool needs(const char *name)
{
    return name[0] % 2 != 0;
}

static void check(const struct weights *all, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct weight *w = &all->at[i];
        float value;
        if (w->owned == NULL && (w->data < data || weight_bytes(w) > (uint64_t)(data + size - w->data)))
            abort();
        tensor_traits(w->type)->unpack(w->data, &value, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int form = 0; form < 2; form++) {
        struct weights all = {.needs = needs};
        struct error err = {0};
        const enum error_code code = form == 0 ? safetensors_read(&all, "fuzz", data, size, &err)
                                               : torch_read(&all, "fuzz", data, size, &err);
        if (code != ERR_NONE && code != ERR_MEMORY && strncmp(err.message, "fuzz:", 5) != 0)
            abort();
        check(&all, data, size);
        weights_free(&all);
    }
    return 0;
}
