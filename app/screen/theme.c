/* Theme: STATE_DIR/theme holds the name of the one that was chosen last. */
#include <config.h>

#include "app/screen/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options/options.h"
#include "app/options/paths.h"
#include "app/text/replace.h"
#include "base/lines.h"
#include "ui/ui.h"

char *screen_theme_chosen(const struct options *o)
{
    if (options_source(o, "theme") >= SOURCE_VARIABLE)
        return NULL;
    struct lines l;
    struct error ignored = {0}; /* without it the screen has other colours, and no less */
    char *name = NULL, *path = paths_join(o->paths.state_dir, "theme");
    if (path != NULL && lines_open(&l, path, &ignored) == ERR_NONE) {
        const char *line = lines_next(&l);
        name = line != NULL && *line != '\0' ? strdup(line) : NULL;
        lines_close(&l);
    }
    free(path);
    return name;
}

static enum error_code write_choice(const struct options *o, const char *name, struct error *err)
{
    struct replace file;
    char *path = paths_join(o->paths.state_dir, "theme");
    if (path == NULL)
        return error_memory(err);
    if (paths_make(o->paths.state_dir, err) == ERR_NONE && replace_begin(&file, path, err) == ERR_NONE) {
        fprintf(file.file, "%s\n", name);
        replace_end(&file, true, err);
    }
    free(path);
    return err->code;
}

struct ui *screen_theme_open(const struct screen *s, struct ui_options options, struct error *err)
{
    const struct options *o = s->options;
    struct error why = {0};
    struct ui *ui = NULL;
    char *chosen = screen_theme_chosen(o);
    options.theme = chosen;
    if (chosen != NULL)
        ui = ui_open(&options, &why);
    options.theme = o->theme != NULL ? o->theme : "default";
    if (ui == NULL) {
        ui = ui_open(&options, err);
        if (ui != NULL && why.code != ERR_NONE)
            ui_notice(ui, true, why.message);
    }
    free(chosen);
    return ui;
}

void screen_theme_choose(struct screen *s, const char *name, struct error *err)
{
    struct error why = {0};
    if (ui_set_theme(s->ui, name, err) == ERR_NONE && write_choice(s->options, name, &why) != ERR_NONE)
        error_set(err, why.code, "the theme is not kept for the next start: %s", why.message);
}
