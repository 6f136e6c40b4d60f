/* Report: how a command tells that it failed. */
#ifndef PALAVER_APP_TERMINAL_REPORT_H
#define PALAVER_APP_TERMINAL_REPORT_H

#include "base/error.h"

/* Prints "palaver: MESSAGE" on standard error. Returns the exit code: EXIT_USAGE for ERR_ARGUMENT, else EXIT_ERROR. */
int report(const struct error *err);

#endif
