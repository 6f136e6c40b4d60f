/* Style: the names of the roles. */
#include <config.h>

#include "ui/text/style.h"

#include <stddef.h>
#include <string.h>

static const char *const names[STYLE_ROLES] = {
    [STYLE_TEXT] = "text",
    [STYLE_DIM] = "dim",
    [STYLE_BORDER] = "border",
    [STYLE_BORDER_FOCUS] = "border_focus",
    [STYLE_TITLE] = "title",
    [STYLE_SELECTED] = "selected",
    [STYLE_ANSWERING] = "answering",
    [STYLE_UNREAD] = "unread",
    [STYLE_DAY] = "day",
    [STYLE_USER] = "user",
    [STYLE_ASSISTANT] = "assistant",
    [STYLE_NOTE] = "note",
    [STYLE_ERROR] = "error",
    [STYLE_MARK] = "mark",
    [STYLE_WINDOW] = "window",
    [STYLE_THINK] = "think",
    [STYLE_CONTROL] = "control",
    [STYLE_MATCH] = "match",
    [STYLE_HEADING] = "heading",
    [STYLE_EMPHASIS] = "emphasis",
    [STYLE_STRONG] = "strong",
    [STYLE_STRUCK] = "struck",
    [STYLE_CODE] = "code",
    [STYLE_BLOCK] = "block",
    [STYLE_BLOCK_LABEL] = "block_label",
    [STYLE_QUOTE] = "quote",
    [STYLE_LINK] = "link",
    [STYLE_BULLET] = "bullet",
    [STYLE_RULE] = "rule",
    [STYLE_TABLE] = "table",
    [STYLE_KEYWORD] = "keyword",
    [STYLE_TYPE] = "type",
    [STYLE_STRING] = "string",
    [STYLE_NUMBER] = "number",
    [STYLE_COMMENT] = "comment",
    [STYLE_FUNCTION] = "function",
    [STYLE_DIRECTIVE] = "directive",
    [STYLE_COMPOSER] = "composer",
    [STYLE_HINT] = "hint",
    [STYLE_STATUS] = "status",
    [STYLE_STATUS_BUSY] = "status_busy",
    [STYLE_STATUS_ERROR] = "status_error",
    [STYLE_KEY] = "key",
    [STYLE_BAR] = "bar",
    [STYLE_BAR_EMPTY] = "bar_empty",
    [STYLE_REMOVED] = "removed",
    [STYLE_CHOSEN] = "chosen",
    [STYLE_ORIGIN_TEMPLATE] = "origin_template",
    [STYLE_ORIGIN_SYSTEM] = "origin_system",
    [STYLE_ORIGIN_USER] = "origin_user",
    [STYLE_ORIGIN_ASSISTANT] = "origin_assistant",
    [STYLE_LENS_0] = "lens_0",
    [STYLE_LENS_0 + 1] = "lens_1",
    [STYLE_LENS_0 + 2] = "lens_2",
    [STYLE_LENS_0 + 3] = "lens_3",
    [STYLE_LENS_0 + 4] = "lens_4",
    [STYLE_LENS_0 + 5] = "lens_5",
    [STYLE_LENS_0 + 6] = "lens_6",
    [STYLE_LENS_0 + 7] = "lens_7",
};

const char *style_name(enum style_role role)
{
    return (size_t)role < STYLE_ROLES ? names[role] : NULL;
}

int style_find(const char *name)
{
    for (int role = 0; role < STYLE_ROLES; role++)
        if (strcmp(name, names[role]) == 0)
            return role;
    return -1;
}
