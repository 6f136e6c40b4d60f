/* Sandbox: runs a program that a model wrote, in a bubblewrap of its own: no network, no files but the system's, read-only,
 * and limits of time and memory. */
#ifndef PALAVER_APP_EVAL_SANDBOX_H
#define PALAVER_APP_EVAL_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* ERR_UNSUPPORTED when bwrap or python3 is missing, or can't make a sandbox here; nothing is ever run without one. */
enum error_code sandbox_check(struct error *err);
/* Runs program[0..size) by python3; *passed says whether it came to its end within the limits, without an exception. */
enum error_code sandbox_run(const char *program, size_t size, bool *passed, struct error *err);

#endif
