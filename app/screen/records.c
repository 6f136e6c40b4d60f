/* Records: those of one message are kept in memory. While an answer streams the history is up to a quarter of a second
 * late. */
#include <config.h>

#include "app/screen/records.h"

#include <stdint.h>
#include <stdlib.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "history/history.h"

struct screen_records {
    struct store_records at;
    int64_t message; /* that they are of; 0: of none */
    size_t size;     /* bytes of its text when they were read */
};

struct screen_records *screen_records_new(void)
{
    return calloc(1, sizeof(struct screen_records));
}

void screen_records_free(struct screen_records *records)
{
    if (records != NULL)
        store_records_free(&records->at);
    free(records);
}

static enum error_code read_records(struct screen *s, const struct chat_message *m, struct error *err)
{
    struct screen_records *records = s->records;
    store_records_free(&records->at);
    records->at = (struct store_records){0};
    records->message = 0;
    if (store_records(home_store(chat_home(s->repl.chat)), m->id, &records->at, err) != ERR_NONE)
        return err->code;
    records->message = m->id;
    records->size = m->text.size;
    return ERR_NONE;
}

const struct store_records *screen_records_of(struct screen *s, size_t index, struct error *err)
{
    struct screen_records *records = s->records;
    if (index >= chat_count(s->repl.chat))
        return NULL;
    const struct chat_message *m = chat_message(s->repl.chat, index);
    if (m->id == 0)
        return NULL;
    bool fresh = records->message == m->id && records->size == m->text.size;
    if (!fresh && read_records(s, m, err) != ERR_NONE)
        return NULL;
    return records->at.n > 0 ? &records->at : NULL;
}

size_t screen_records_count(struct screen *s, size_t index, struct error *err)
{
    const struct store_records *r = screen_records_of(s, index, err);
    return r != NULL ? r->n : 0;
}

size_t screen_records_before(struct screen *s, size_t index, size_t token, const char **text, struct error *err)
{
    const struct store_records *r = screen_records_of(s, index, err);
    const struct buf *whole = &chat_message(s->repl.chat, index)->text;
    size_t size = 0;
    for (size_t i = 0; r != NULL && i < token && i < r->n; i++)
        size += r->at[i].bytes;
    *text = buf_text(whole);
    return size < whole->size ? size : whole->size;
}

void screen_records_forget(struct screen *s)
{
    s->records->message = 0;
}
