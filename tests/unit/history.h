/* What the tests of the history share: a folder of their own, stores in it, texts to append. */
#ifndef PALAVER_TESTS_UNIT_HISTORY_H
#define PALAVER_TESTS_UNIT_HISTORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"
#include "tests/cmocka.h"

/* The test's folder, made at the first call and removed by history_clean; NAME in it as a path (static, overwritten
 * by the 8th next call). */
const char *history_file(const char *name);
int history_clean(void **state);
/* Fails the test with the message when code is not 0. */
void history_ok(enum error_code code, const struct error *err);
/* Opens a store in the folder, or in memory for NULL; fails the test when it can't. */
struct store *history_open(const char *name);
int64_t history_say(struct store *s, int64_t conversation, int64_t parent, enum store_role role, const char *text);
/* The texts of the current path, joined by '|'; malloc'ed. */
char *history_path(struct store *s, int64_t conversation);
/* Fails the test unless the database passes every check of the doctor. */
void history_sound(const char *path);
/* The number that one SQL query gives, asked on a connection of its own. */
int64_t history_count(const char *path, const char *sql);
/* The whole file; malloc'ed. */
char *history_read(const char *path, size_t *size);

#endif
