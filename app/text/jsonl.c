/* JSON lines; jansson parses them. */
#include <config.h>

#include "app/text/jsonl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static json_t *refusal(const struct error *why, json_int_t line)
{
    return json_pack("{s:o, s:I}", "error", json_text(why->message, strlen(why->message)), "line", line);
}

static void tell_unread(int problem, struct error *err)
{
    if (problem == EBADF)
        error_set(err, ERR_IO, "standard input is closed");
    else
        error_system(err, ERR_IO, problem, "standard input");
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
            result = refusal(&why, number);
            good = false;
        }
        json_print(out, result);
        fflush(out);
    }
    if (ferror(in))
        tell_unread(errno, err);
    free(line);
    return good && !ferror(in);
}

/* ---- several lines at once -------------------------------------------------------------------------------------- */

enum { BYTES_TOGETHER = 1 << 20, LINE_MOST = 64 << 20 };

/* Lines out of a descriptor, with what is read ahead of them. */
struct lines_ahead {
    int fd;
    struct buf bytes;
    size_t at; /* the next line */
    bool ended;
    json_int_t number; /* of the line before */
};

/* What is gathered. */
struct together {
    json_t *in[JSONL_TOGETHER], *out[JSONL_TOGETHER];
    struct error errs[JSONL_TOGETHER];
    json_int_t numbers[JSONL_TOGETHER];
    size_t n, bytes;
};

/* Reads some bytes more, waiting for them. */
static bool read_ahead(struct lines_ahead *l, struct error *err)
{
    char block[65536];
    if (l->at > 0) {
        memmove(l->bytes.data, l->bytes.data + l->at, l->bytes.size - l->at);
        buf_truncate(&l->bytes, l->bytes.size - l->at);
        l->at = 0;
    }
    const ssize_t size = read(l->fd, block, sizeof block);
    if (size < 0 && errno == EINTR)
        return true;
    if (size < 0)
        tell_unread(errno, err);
    else if (size > 0 && !buf_append(&l->bytes, block, (size_t)size))
        error_set(err, ERR_CONTEXT, "standard input: line %lld is longer than %d MiB", (long long)l->number + 1,
                  LINE_MOST >> 20);
    l->ended = size == 0;
    return err->code == ERR_NONE;
}

/* Whether a read would not wait. */
static bool has_come(const struct lines_ahead *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    return poll(&p, 1, 0) != 0;
}

/* The next line, without waiting unless `wait`; NULL where none has come, at the end and on failure. */
static const char *next_line(struct lines_ahead *l, bool wait, size_t *size, struct error *err)
{
    for (size_t seen = 0;;) {
        const char *from = buf_text(&l->bytes) + l->at;
        const size_t left = l->bytes.size - l->at;
        const char *end = left > seen ? memchr(from + seen, '\n', left - seen) : NULL;
        if (end != NULL || (l->ended && left > 0)) {
            *size = end != NULL ? (size_t)(end - from) + 1 : left;
            l->at += *size;
            l->number++;
            return from;
        }
        seen = left;
        if (l->ended || (!wait && !has_come(l)) || !read_ahead(l, err))
            return NULL;
    }
}

/* Gathers lines, at least one unless input is at its end. */
static void gather_lines(struct lines_ahead *l, struct together *t, struct error *err)
{
    const char *line;
    size_t size;
    while (t->n < JSONL_TOGETHER && t->bytes < BYTES_TOGETHER && (line = next_line(l, t->n == 0, &size, err)) != NULL) {
        if (strspn(line, " \t\r\n") >= size)
            continue;
        t->numbers[t->n] = l->number;
        t->errs[t->n] = (struct error){0};
        t->out[t->n] = NULL;
        t->in[t->n] = parse_line(line, size, &t->errs[t->n]);
        t->bytes += size;
        t->n++;
    }
}

/* Prints the answers and forgets them; false if one is an error. */
static bool tell_answers(struct together *t, FILE *out)
{
    bool good = true;
    for (size_t i = 0; i < t->n; i++) {
        good = good && t->out[i] != NULL;
        json_print(out, t->out[i] != NULL ? t->out[i] : refusal(&t->errs[i], t->numbers[i]));
        json_decref(t->in[i]);
    }
    fflush(out);
    t->n = t->bytes = 0;
    return good;
}

bool jsonl_run_all(int in, FILE *out, jsonl_answer_all *answer, void *context, struct error *err)
{
    struct lines_ahead lines = {.fd = in};
    struct together *t = calloc(1, sizeof *t);
    bool good = true;
    if (t == NULL) {
        error_memory(err);
        return false;
    }
    buf_init(&lines.bytes, LINE_MOST);
    do {
        gather_lines(&lines, t, err);
        answer(context, t->in, t->out, t->errs, t->n);
        good = tell_answers(t, out) && good;
    } while (err->code == ERR_NONE && !(lines.ended && lines.at == lines.bytes.size));
    buf_free(&lines.bytes);
    free(t);
    return good && err->code == ERR_NONE;
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
