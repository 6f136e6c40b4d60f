/* cmocka with the headers that it wants before its own. */
#ifndef PALAVER_TESTS_CMOCKA_H
#define PALAVER_TESTS_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
