/* Report. Below every command, so that none of them needs the table of commands. */
#include <config.h>

#include "app/terminal/report.h"

#include <stdio.h>

#include "app/options/options.h"
#include "base/error.h"

int report(const struct error *err)
{
    fprintf(stderr, "palaver: %s\n", err->message);
    return err->code == ERR_ARGUMENT ? EXIT_USAGE : EXIT_ERROR;
}
