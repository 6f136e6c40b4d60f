/* Commands: what keys do inside the screen, by name. The rest are slash commands, which the program runs. */
#ifndef PALAVER_UI_COMMANDS_H
#define PALAVER_UI_COMMANDS_H

#include "ui/ui.h"

struct ui_command {
    const char *name;
    void (*run)(struct ui *ui);
};
/* NULL when there is none of that name. */
const struct ui_command *ui_command_find(const char *name);

#endif
