/* Records: those of one message are kept in memory. While an answer streams the history is up to a quarter of a second
 * late. */
#include <config.h>

#include "app/screen/records.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "app/chat/chat.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "history/history.h"

struct screen_records {
    struct store_records at;
    int64_t message; /* that they are of; 0: of none */
    size_t size;     /* bytes of its text when they were read */
    json_t *words;   /* texts by id, which a server told; NULL: none */
    char word[64];   /* one of them that is only a part of a character */
};

struct screen_records *screen_records_new(void)
{
    return calloc(1, sizeof(struct screen_records));
}

void screen_records_free(struct screen_records *records)
{
    if (records != NULL) {
        store_records_free(&records->at);
        json_decref(records->words);
    }
    free(records);
}

/* What a server told stands in the epoch that ends the answer; an answer that was continued has several. */
static void read_words(struct screen_records *records)
{
    json_decref(records->words);
    records->words = NULL;
    for (size_t i = 0; i < records->at.n_epochs; i++) {
        json_t *epoch = json_loads(records->at.epochs[i], JSON_ALLOW_NUL, NULL);
        json_t *tokens = json_object_get(json_object_get(epoch, "endpoint"), "tokens");
        if (json_is_object(tokens) && records->words == NULL)
            records->words = json_object();
        if (json_is_object(tokens))
            json_object_update(records->words, tokens);
        json_decref(epoch);
    }
}

const char *screen_records_word(const struct screen *s, int32_t id, size_t *size)
{
    char name[16], *word = s->records->word;
    snprintf(name, sizeof name, "%d", (int)id);
    const json_t *value = json_object_get(s->records->words, name);
    *size = json_string_length(value);
    if (!json_is_array(value))
        return json_string_value(value);
    for (; *size < json_array_size(value) && *size < sizeof s->records->word; (*size)++)
        word[*size] = (char)json_integer_value(json_array_get(value, *size));
    return word;
}

static enum error_code read_records(struct screen *s, const struct chat_message *m, struct error *err)
{
    struct screen_records *records = s->records;
    store_records_free(&records->at);
    records->at = (struct store_records){0};
    records->message = 0;
    if (store_records(home_store(chat_home(s->repl.chat)), m->id, &records->at, err) != ERR_NONE)
        return err->code;
    read_words(records);
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
