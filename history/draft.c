/* Drafts: what is typed and not yet sent, of a conversation or of one that has not begun. */
#include <config.h>

#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/store.h"
#include "history/text.h"

static enum error_code set_new_draft(struct store *s, const char *text, size_t size, size_t cursor, struct error *err)
{
    enum error_code code = db_run(s, err, "DELETE FROM value WHERE key IN ('draft', 'draft cursor')", "");
    if (code == ERR_NONE && size > 0)
        code = db_run(s, err, "INSERT INTO value (key, value) VALUES ('draft', ?), ('draft cursor', ?)", "ti", text,
                      size, (int64_t)cursor);
    return code;
}

enum error_code store_set_draft(struct store *s, int64_t conversation, const char *text, size_t size, size_t cursor,
                                struct error *err)
{
    struct buf clean;
    enum error_code code = text_check(text, size, &clean, err);
    if (code != ERR_NONE)
        return code;
    for (size_t i = 0; i < clean.size; i++) /* drafts are C strings */
        if (clean.data[i] == '\0')
            clean.data[i] = ' ';
    if (cursor > clean.size)
        cursor = clean.size;
    code = txn_write(s, err);
    if (code == ERR_NONE) {
        if (conversation == 0)
            code = set_new_draft(s, buf_text(&clean), clean.size, cursor, err);
        else if ((code = db_run(s, err, "UPDATE conversation SET draft = ?, cursor = ? WHERE id = ?", "tii",
                                buf_text(&clean), clean.size, (int64_t)cursor, conversation)) == ERR_NONE)
            code = conversation_updated(s, err);
        code = txn_end(s, code, err);
    }
    buf_free(&clean);
    return code;
}

enum error_code store_new_draft(struct store *s, char **text, size_t *cursor, struct error *err)
{
    char *draft = NULL, *at = NULL;
    enum error_code code = store_recall(s, "draft", &draft, err);
    if (code == ERR_NONE)
        code = store_recall(s, "draft cursor", &at, err);
    if (code == ERR_NONE && draft == NULL && (draft = calloc(1, 1)) == NULL)
        code = db_memory(s, err);
    if (code == ERR_NONE) {
        *text = draft;
        *cursor = at != NULL ? strtoull(at, NULL, 10) : 0;
        draft = NULL;
    }
    free(draft);
    free(at);
    return code;
}
