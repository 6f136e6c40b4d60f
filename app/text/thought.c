/* Thought: by the two marks. */
#include <config.h>

#include "app/text/thought.h"

#include <string.h>

static const char begin_mark[] = "<think>", end_mark[] = "</think>";

const char *thought_skip(const char *text)
{
    if (strncmp(text, begin_mark, sizeof begin_mark - 1) != 0)
        return text;
    const char *after = strstr(text, end_mark);
    return after == NULL ? text : after + sizeof end_mark - 1 + strspn(after + sizeof end_mark - 1, "\n");
}

bool thought_is_all(const char *text)
{
    return strncmp(text, begin_mark, sizeof begin_mark - 1) == 0 && strstr(text, end_mark) == NULL;
}
