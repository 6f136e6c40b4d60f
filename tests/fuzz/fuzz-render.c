/* Fuzz target: any bytes as a message. The first says how it is rendered; every rendering must be fit to draw. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/rendered.h"
#include "ui/text/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int widths[] = {2, 3, 5, 13, 33, 80, 200, 1000};
    if (size == 0)
        return 0;
    struct rendering r = {0};
    struct render_options o = {.width = widths[data[0] & 7],
                               .growing = data[0] & 8,
                               .fold_think = data[0] & 16,
                               .ascii = data[0] & 32,
                               .raw = data[0] & 64};
    const char *text = (const char *)data + 1;
    if (!render(text, size - 1, &o, &r))
        abort();
    const char *fault = rendered_fault(&r, size - 1, o.width);
    if (fault != NULL) {
        fprintf(stderr, "%s\n", fault);
        abort();
    }
    for (size_t i = 0; i < r.n_blocks; i++) {
        struct buf code;
        buf_init(&code, size);
        if (!rendering_copy_block(&r, i, text, &code))
            abort();
        buf_free(&code);
    }
    rendering_free(&r);
    return 0;
}
