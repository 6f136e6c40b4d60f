/* Theme: STATE_DIR/theme holds the name of the one that was chosen last, STATE_DIR/ground the one for the background that
 * the terminal had last. */
#include <config.h>

#include "app/screen/theme.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/options/options.h"
#include "app/options/paths.h"
#include "app/text/replace.h"
#include "base/folder.h"
#include "base/lines.h"
#include "ui/ui.h"

/* The theme that is light or dark as the terminal's background, and the colours below which it is the default one. */
#define AUTO "auto"
enum { COLORS_LEAST = 256 };

/* The line of a file of the state folder, malloc'ed; NULL: there is none, or it can't be read. */
static char *read_state(const struct options *o, const char *file)
{
    struct lines l;
    struct error ignored = {0}; /* without it the screen has other colours, and no less */
    char *name = NULL, *path = paths_join(o->paths.state_dir, file);
    if (path != NULL && lines_open(&l, path, &ignored) == ERR_NONE) {
        const char *line = lines_next(&l);
        name = line != NULL && *line != '\0' ? strdup(line) : NULL;
        lines_close(&l);
    }
    free(path);
    return name;
}

static enum error_code write_state(const struct options *o, const char *name, const char *text, struct error *err)
{
    struct replace file;
    char *path = paths_join(o->paths.state_dir, name);
    if (path == NULL)
        return error_memory(err);
    if (folder_make(o->paths.state_dir, err) == ERR_NONE && replace_begin(&file, path, err) == ERR_NONE) {
        fprintf(file.file, "%s\n", text);
        replace_end(&file, true, err);
    }
    free(path);
    return err->code;
}

/* The theme that was chosen last, if no flag or variable overrides it; as read_state. */
static char *read_choice(const struct options *o)
{
    return options_source(o, "theme") < SOURCE_VARIABLE ? read_state(o, "theme") : NULL;
}

char *screen_theme_chosen(const struct options *o)
{
    char *name = read_choice(o);
    if (name == NULL && o->theme != NULL)
        name = strdup(o->theme);
    if (name != NULL && strcmp(name, AUTO) != 0)
        return name;
    free(name);
    return read_state(o, "ground");
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

struct screen_theme {
    bool automatic;
    char *before; /* the theme in use while others are looked at; NULL: none are */
    char *ground; /* the theme for the background that the terminal told last; NULL: it never did */
};

struct screen_theme *screen_theme_new(void)
{
    return calloc(1, sizeof(struct screen_theme));
}

void screen_theme_free(struct screen_theme *t)
{
    if (t == NULL)
        return;
    free(t->before);
    free(t->ground);
    free(t);
}

static void forget_preview(struct screen_theme *t)
{
    free(t->before);
    t->before = NULL;
}

/* Follows the background from now on. What it was at the last start is likely still right: so the first picture has its
 * colours. */
static void follow_ground(struct screen *s, struct ui *ui)
{
    struct error ignored = {0}; /* the default theme stays */
    if (ui_colors(ui) < COLORS_LEAST)
        return;
    if (s->theme->ground == NULL)
        s->theme->ground = read_state(s->options, "ground");
    if (s->theme->ground != NULL)
        ui_set_theme(ui, s->theme->ground, &ignored);
    ui_watch_ground(ui, true);
}

static const char *file_of(const char *theme)
{
    return strcmp(theme, AUTO) == 0 ? "default" : theme;
}

struct ui *screen_theme_open(struct screen *s, struct ui_options options, struct error *err)
{
    const struct options *o = s->options;
    const char *usual = o->theme != NULL ? o->theme : AUTO;
    struct error why = {0};
    struct ui *ui = NULL;
    char *chosen = read_choice(o);
    if (chosen != NULL) {
        options.theme = file_of(chosen);
        ui = ui_open(&options, &why);
    }
    s->theme->automatic = strcmp(ui != NULL ? chosen : usual, AUTO) == 0;
    if (ui == NULL) {
        options.theme = file_of(usual);
        ui = ui_open(&options, err);
        if (ui != NULL && why.code != ERR_NONE)
            ui_notice(ui, true, why.message);
    }
    if (ui != NULL && s->theme->automatic)
        follow_ground(s, ui);
    free(chosen);
    return ui;
}

/* ---- changing --------------------------------------------------------------------------------------------------- */

bool screen_theme_is_automatic(const struct screen *s)
{
    return s->theme->automatic;
}

/* The file for a name, which "auto" is not one of. */
static const char *shown_for(const struct screen *s, const char *name)
{
    const bool follows = strcmp(name, AUTO) == 0 && s->theme->ground != NULL && ui_colors(s->ui) >= COLORS_LEAST;
    return follows ? s->theme->ground : file_of(name);
}

void screen_theme_preview(struct screen *s, const char *command)
{
    static const char begin[] = "/theme ";
    struct screen_theme *t = s->theme;
    struct error ignored = {0}; /* whoever chooses it is told */
    const bool is_theme = strncmp(command, begin, sizeof begin - 1) == 0;
    if (t->before == NULL && is_theme)
        t->before = strdup(ui_theme(s->ui));
    if (is_theme)
        ui_set_theme(s->ui, shown_for(s, command + sizeof begin - 1), &ignored);
    else if (t->before != NULL)
        ui_set_theme(s->ui, t->before, &ignored);
    if (!is_theme)
        forget_preview(t);
}

void screen_theme_choose(struct screen *s, const char *name, struct error *err)
{
    struct error why = {0};
    const bool automatic = strcmp(name, AUTO) == 0;
    forget_preview(s->theme);
    if (ui_set_theme(s->ui, file_of(name), err) != ERR_NONE)
        return;
    if (s->theme->automatic && !automatic)
        ui_watch_ground(s->ui, false);
    s->theme->automatic = automatic;
    if (automatic)
        follow_ground(s, s->ui);
    if (write_state(s->options, "theme", name, &why) != ERR_NONE)
        error_set(err, why.code, "the theme is not kept for the next start: %s", why.message);
}

void screen_theme_ground(struct screen *s, bool light)
{
    struct error ignored = {0}; /* the next start asks again */
    const char *name = light ? "light" : "dark";
    if (!s->theme->automatic || ui_colors(s->ui) < COLORS_LEAST ||
        (s->theme->ground != NULL && strcmp(s->theme->ground, name) == 0))
        return;
    free(s->theme->ground);
    s->theme->ground = strdup(name);
    ui_set_theme(s->ui, name, &ignored);
    write_state(s->options, "ground", name, &ignored);
}
