/* The parts of the screen, as the files of this room pass them to each other.
 *
 * struct screen is filled once, when the screen opens, and then stays as it is. Each part's struct is opaque and
 * written by the one file that defines it; the others ask that file. All of it belongs to the thread that runs the
 * loop. */
#ifndef PALAVER_APP_SCREEN_PARTS_H
#define PALAVER_APP_SCREEN_PARTS_H

#include "app/options/options.h"
#include "app/slash/slash.h"
#include "app/terminal/show.h"
#include "ui/ui.h"

struct screen {
    const struct options *options;
    struct show show;
    struct repl repl; /* the chat is repl.chat */
    struct ui *ui;    /* NULL until the terminal is taken */
    struct screen_bookmarks *bookmarks;
    struct screen_browse *browse;
    struct screen_changes *changes;
    struct screen_compare *compare;
    struct screen_composer *composer;
    struct screen_draft *draft;
    struct screen_fetch *fetch;
    struct screen_frame *frame;
    struct screen_lens *lens;
    struct screen_list *list;
    struct screen_loop *loop;
    struct screen_menu *menu;
    struct screen_places *places;
    struct screen_queue *queue;
    struct screen_records *records;
    struct screen_roads *roads;
    struct screen_said *said;
    struct screen_search *search;
    struct screen_send *send;
    struct screen_servers *servers;
    struct screen_settings *settings;
    struct screen_status *status;
    struct screen_step *step;
    struct screen_theme *theme;
    struct screen_trash *trash;
    struct screen_tree *tree;
    struct screen_view *view;
    struct screen_welcome *welcome;
};

#endif
