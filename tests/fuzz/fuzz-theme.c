/* Fuzz target: any text as a theme file. A refused file has an error that names it; an accepted one has a look for every
 * role and a number for every colour. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/scratch.h"
#include "ui/draw/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int colors[] = {16777216, 256, 16, 8};
    const char *const folders[] = {scratch_folder(), NULL};
    struct error err = {0};
    scratch_file("fuzz.theme", data, size);
    struct theme *t = theme_load("fuzz", folders, &err);
    if (t == NULL && strstr(err.message, "fuzz.theme") == NULL)
        abort();
    for (int role = 0; t != NULL && role < STYLE_ROLES; role++) {
        const struct theme_style *style = theme_style(t, (enum style_role)role);
        for (size_t i = 0; i < sizeof colors / sizeof *colors; i++) {
            const int number = theme_color_number(&style->foreground, colors[i]);
            if (number < -1 || number >= colors[i])
                abort();
        }
    }
    theme_free(t);
    return 0;
}
