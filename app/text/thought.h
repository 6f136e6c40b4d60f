/* Thought: what a model writes before it answers, between <think> and </think> at the beginning of its text. */
#ifndef PALAVER_APP_TEXT_THOUGHT_H
#define PALAVER_APP_TEXT_THOUGHT_H

#include <stdbool.h>

/* The text behind the thoughts and the empty lines that end them: all of it when it begins with none, or they do not
 * end. */
const char *thought_skip(const char *text);
/* Whether the text is nothing but thoughts that do not end. */
bool thought_is_all(const char *text);

#endif
