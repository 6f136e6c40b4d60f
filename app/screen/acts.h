/* Acts: what keys and popups ask for beside slash commands, in one table of what each needs and does. */
#ifndef PALAVER_APP_SCREEN_ACTS_H
#define PALAVER_APP_SCREEN_ACTS_H

#include "app/screen/parts.h"

/* What an item of a popup does, in ui_item.act. */
enum screen_act_number {
    ACT_COMMAND,       /* runs the item's command, as a key would */
    ACT_OPEN,          /* opens conversation a */
    ACT_SHOW_HIT,      /* opens conversation a at message b, 0: at no certain one */
    ACT_SAVE_EDIT,     /* stores the edited answer */
    ACT_CONTINUE_EDIT, /* and continues it */
    ACT_TAKE_SETTINGS, /* of the token under the lens */
    ACT_UNDELETE,
    ACT_SAVE_AND_LEAVE,
    ACT_EXPORT,      /* has the user type the name of a file */
    ACT_LEAVE,       /* without saving */
    ACT_TAKE_MODEL,  /* the model that the item's command names */
    ACT_OPEN_SERVER, /* the server that it names is asked for its models */
    ACT_FETCH,       /* and fetches it first */
    ACT_STOP_FETCH,
    ACT_ATTACH,           /* attaches the file that a word names */
    ACT_GO,               /* to message a of the open conversation */
    ACT_COMPARE_BRANCHES, /* those that end with messages a and b */
    ACT_WRITE,            /* writes the item's command into the composer */
    ACT_BOOKMARK,
    ACT_EDIT, /* from here on acts of keys */
    ACT_DELETE_MESSAGE,
    ACT_PREVIOUS,
    ACT_NEXT,
    ACT_BRANCH,
    ACT_VERIFY,
    ACT_DELETE_CONVERSATION,
    ACT_RENAME,
    ACT_PIN,
    ACT_ARCHIVE,
    ACTS,
};

/* Does what a key's command (UI_COMMAND) or a chosen item (UI_CHOICE) asks for. A command that is none of the acts
 * runs as a slash command. What cannot be done says why. */
void screen_acts_run(struct screen *s, const struct ui_action *action);

#endif
