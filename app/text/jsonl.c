/* JSON lines; jansson parses them. */
#include <config.h>

#include "app/text/jsonl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/text/safe.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"

static json_t *parse_line(const char *text, size_t size, struct error *err)
{
    json_error_t why;
    json_t *value = json_loadb(text, size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);
    if (value == NULL)
        error_set(err, ERR_FORMAT, "not JSON at byte %d: %s", why.position, why.text);
    else if (!json_is_object(value))
        error_set(err, ERR_FORMAT, "not a JSON object");
    else
        return value;
    json_decref(value);
    return NULL;
}

static json_t *answer_line(const char *text, size_t size, jsonl_answer *answer, void *context, struct error *err)
{
    json_t *in = parse_line(text, size, err);
    json_t *result = in != NULL ? answer(context, in, err) : NULL;
    json_decref(in);
    return result;
}

bool jsonl_run(FILE *in, FILE *out, jsonl_answer *answer, void *context, struct error *err)
{
    bool good = true;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    for (json_int_t number = 1; (size = getline(&line, &capacity, in)) >= 0; number++) {
        if (strspn(line, " \t\r\n") == (size_t)size)
            continue;
        struct error why = {0};
        json_t *result = answer_line(line, (size_t)size, answer, context, &why);
        if (result == NULL) {
            result = json_pack("{s:o, s:I}", "error", json_text(why.message, strlen(why.message)), "line", number);
            good = false;
        }
        json_print(out, result);
        fflush(out);
    }
    if (ferror(in) && errno == EBADF)
        error_set(err, ERR_IO, "standard input is closed");
    else if (ferror(in))
        error_system(err, ERR_IO, errno, "standard input");
    free(line);
    return good && !ferror(in);
}

void json_print(FILE *out, json_t *value)
{
    if (value == NULL)
        return;
    char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (text != NULL)
        safe_json(out, text, strlen(text));
    fputc('\n', out);
    free(text);
    json_decref(value);
}

json_t *json_text(const char *text, size_t size)
{
    struct buf clean;
    buf_init(&clean, 3 * size + 1);
    for (size_t at = 0, used; at < size; at += used) {
        if (utf8_decode(text + at, size - at, &used) == UTF8_INVALID)
            buf_puts(&clean, "\xEF\xBF\xBD");
        else
            buf_append(&clean, text + at, used);
    }
    json_t *value = buf_failed(&clean) ? NULL : json_stringn(buf_text(&clean), clean.size);
    buf_free(&clean);
    return value;
}

json_t *json_ids(const int32_t *ids, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < n; i++)
        json_array_append_new(array, json_integer(ids[i]));
    return array;
}

enum error_code json_read_ids(const json_t *array, int32_t vocab, struct ids *out, struct error *err)
{
    if (!json_is_array(array))
        return error_set(err, ERR_FORMAT, "ids is not an array");
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        json_int_t id = json_integer_value(item);
        if (!json_is_integer(item) || id < 0 || id >= vocab)
            return error_set(err, ERR_FORMAT, "ids[%zu] is not a token of this model (0 to %d)", i, vocab - 1);
        int32_t narrow = (int32_t)id;
        if (!ids_append(out, &narrow, 1))
            return error_memory(err);
    }
    return ERR_NONE;
}
