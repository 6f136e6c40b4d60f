/* Fuzz target: any bytes as a file to import. A refused one must leave the store empty, an accepted one must export and
 * come back equal. */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "history/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool keep(void *context, const char *bytes, size_t size)
{
    return buf_append(context, bytes, size);
}

static struct store *open_empty(void)
{
    struct error err = {0};
    struct store *s = store_open(NULL, NULL, &err);
    if (s == NULL)
        abort();
    return s;
}

static void export_all(struct store *s, struct buf *out)
{
    struct error err = {0};
    buf_init(out, SIZE_MAX / 2);
    if (store_export(s, STORE_JSON, NULL, 0, keep, out, &err) != ERR_NONE)
        abort();
}

static void there_and_back(struct store *s)
{
    struct error err = {0};
    struct buf first, second;
    struct store *other = open_empty();
    export_all(s, &first);
    if (store_import(other, "again", buf_text(&first), first.size, NULL, &err) != ERR_NONE)
        abort();
    export_all(other, &second);
    if (first.size != second.size || memcmp(buf_text(&first), buf_text(&second), first.size) != 0)
        abort();
    buf_free(&first);
    buf_free(&second);
    store_close(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct store_conversations list = {0};
    struct store *s = open_empty();
    enum error_code code = store_import(s, "fuzz", (const char *)data, size, NULL, &err);
    if (store_list(s, &(struct store_list_query){.view = STORE_VIEW_ALL}, &list, &(struct error){0}) != ERR_NONE)
        abort();
    if (code != ERR_NONE && list.n > 0)
        abort();
    if (code == ERR_NONE)
        there_and_back(s);
    store_conversations_free(&list);
    store_close(s);
    return 0;
}
