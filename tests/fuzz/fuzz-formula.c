/* Fuzz target: any bytes as a formula. The first says how it is shown; what is shown is text that a terminal may have,
 * of bounded size, and every byte of it comes from the formula. */
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "ui/text/formula.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PLACE = 7, MOST = 8 << 20 };

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check(const struct stretch *out, size_t size)
{
    require(utf8_check(out->text, out->n) == out->n && out->n <= MOST);
    for (size_t i = 0; i < out->n; i++) {
        require(out->source[i] >= PLACE && out->source[i] < PLACE + size);
        require((out->style[i] & STYLE_FORMULA) != 0);
    }
    for (size_t at = 0, used; at < out->n; at += used) {
        uint32_t code = utf8_decode(out->text + at, out->n - at, &used);
        require(code == '\n' || (code >= ' ' && !utf8_is_unsafe(code)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 20000 || setlocale(LC_CTYPE, "C.UTF-8") == NULL)
        return 0;
    struct formula_place place = {.shape = data[0] & 1 ? FORMULA_BLOCK : FORMULA_LINE,
                                  .strict = data[0] & 2,
                                  .whole = PLACE};
    struct stretch out = {0};
    uint32_t *source = malloc(size * sizeof *source);
    require(source != NULL);
    for (size_t i = 0; i < size; i++)
        source[i] = (uint32_t)(PLACE + i);
    bool shown = formula_write((const char *)data + 1, size - 1, source, &place, &out);
    require(shown == (out.n > 0));
    check(&out, size);
    formula_is_plausible((const char *)data + 1, size - 1);
    stretch_free(&out);
    free(source);
    return 0;
}
