/* Whether the sanitizers watch the test.
 *
 * They see what a line of code does wrong the first time it does it, and make that line ten to a hundred times as slow. So
 * what a test repeats for the sake of numbers (more tokens, more answers, a larger model), it repeats less often under them:
 * the numbers themselves are the plain build's to prove. A test that is about numbers alone is left out:
 *
 *     if (SANITIZED)
 *         cmocka_set_skip_filter("predictions_stay_near_the_exact_ones");
 */
#ifndef PALAVER_TESTS_SANITIZED_H
#define PALAVER_TESTS_SANITIZED_H

#include <stdbool.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { SANITIZED = true };
#elif defined __has_feature /* clang */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif
#else
enum { SANITIZED = false };
#endif

#endif
