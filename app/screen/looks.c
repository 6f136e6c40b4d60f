/* Looks: from the environment, the options and the folders of the program. */
#include <config.h>

#include "app/screen/looks.h"

#include <stdlib.h>

#include "app/options/paths.h"

/* The user's, those of the build, the installed ones. */
static void list_theme_folders(struct looks *l)
{
    size_t n = 0;
    if (l->user != NULL)
        l->folders[n++] = l->user;
    if (l->built != NULL)
        l->folders[n++] = l->built;
    l->folders[n] = THEMES_DIR;
}

static char *join_path(const char *folder, const char *name)
{
    return folder != NULL ? paths_join(folder, name) : NULL;
}

void looks_open(struct looks *l, const struct options *o)
{
    const char *no_color = getenv("NO_COLOR");
    *l = (struct looks){.user = join_path(o->paths.config_dir, "themes"),
                        .keys = join_path(o->paths.config_dir, "keys"),
                        .built = paths_beside("themes")};
    list_theme_folders(l);
    l->options = (struct ui_options){
        .term = getenv("TERM"),
        .theme_folders = l->folders,
        .keys_file = l->keys,
        .no_color = o->color == COLOR_NEVER || (o->color == COLOR_AUTO && no_color != NULL && *no_color != '\0'),
        .mouse = !o->no_mouse,
        .text_width = o->text_width,
        .text_centred = o->text_align == TEXT_CENTER,
    };
}

void looks_free(struct looks *l)
{
    free(l->user);
    free(l->built);
    free(l->keys);
}
