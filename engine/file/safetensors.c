/* safetensors: a length, a JSON object that names the tensors, and their bytes
 * (https://github.com/huggingface/safetensors, "Format").
 *
 * Headers are some hundred kilobytes. Spans must lie in the file, hold what the shape needs, and not overlap. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "engine/file/cursor.h"
#include "engine/file/spans.h"
#include "engine/file/weights.h"

#define HEADER_LONGEST (UINT64_C(100) << 20) /* as the format says */

/* A file being read. */
struct reader {
    struct weights *all;
    const char *file;
    const unsigned char *data; /* what the offsets count from */
    uint64_t size;             /* of data */
    uint64_t needed;           /* bytes of data up to the end of the last span */
    struct error *err;
};

static enum error_code tensor_fault(const struct reader *r, const char *name, const char *what)
{
    return error_set(r->err, ERR_FORMAT, "%s: tensor %s %s; the file is damaged, fetch it again", r->file, name, what);
}

/* Types that a model computes with; *known tells the others of the format. */
static bool float_type(const char *dtype, enum tensor_type *type, bool *known)
{
    static const char *const others[] = {"BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64"};
    static const struct {
        const char *name;
        enum tensor_type type;
    } floats[] = {
        {"F32", TENSOR_F32},
        {"F16", TENSOR_F16},
        {"BF16", TENSOR_BF16},
    };
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        if (strcmp(dtype, floats[i].name) == 0) {
            *type = floats[i].type;
            return true;
        }
    *known = false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        *known |= strcmp(dtype, others[i]) == 0;
    return false;
}

/* False when an entry is not a whole number from 0 on. */
static bool read_number(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

/* False for more dimensions than there may be, or sizes whose product is beyond any file. */
static bool read_shape(const json_t *shape, struct weight *w)
{
    uint64_t n = 1;
    if (!json_is_array(shape) || json_array_size(shape) > WEIGHT_DIMS)
        return false;
    w->n_dims = (int32_t)json_array_size(shape);
    for (int32_t i = 0; i < w->n_dims; i++) {
        if (!read_number(json_array_get(shape, (size_t)i), &w->dims[i]) || w->dims[i] == 0 ||
            w->dims[i] > (UINT64_C(1) << 48) / n)
            return false;
        n *= w->dims[i];
    }
    return true;
}

static enum error_code read_tensor(struct reader *r, const char *name, const json_t *entry, struct span *span)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    struct weight w = {.name = (char *)name};
    bool known;
    span->name = name;
    if (dtype == NULL || json_array_size(offsets) != 2 || !read_number(json_array_get(offsets, 0), &span->begin) ||
        !read_number(json_array_get(offsets, 1), &span->end) || span->begin > span->end)
        return tensor_fault(r, name, "lacks a type or its place");
    r->needed = span->end > r->needed ? span->end : r->needed;
    if (span->end > r->size)
        return ERR_NONE; /* told for the whole file */
    if (!float_type(dtype, &w.type, &known))
        return known && !weights_need(r->all, name)
                   ? ERR_NONE
                   : error_set(r->err, ERR_UNSUPPORTED,
                               "%s: tensor %s has the type %.20s; Palaver reads F32, F16 and BF16", r->file, name,
                               dtype);
    if (!read_shape(json_object_get(entry, "shape"), &w))
        return tensor_fault(r, name, "has an impossible shape");
    if (weight_bytes(&w) != span->end - span->begin)
        return tensor_fault(r, name, "does not have the bytes that its shape needs");
    w.data = r->data + span->begin;
    return weights_add(r->all, r->file, &w, r->err);
}

static enum error_code check_spans(const struct reader *r, struct span *spans, size_t n)
{
    if (r->needed > r->size)
        return error_set(r->err, ERR_FORMAT,
                         "%s: the file is cut off, %" PRIu64 " of its bytes are missing; fetch it again", r->file,
                         r->needed - r->size);
    const struct span *two[2];
    if (spans_overlap(spans, n, two))
        return error_set(r->err, ERR_FORMAT,
                         "%s: tensors %.80s and %.80s lie in the same bytes; the file is damaged, fetch it again",
                         r->file, two[0]->name, two[1]->name);
    return ERR_NONE;
}

static enum error_code read_header(struct reader *r, json_t *header)
{
    struct span *spans = malloc((json_object_size(header) + 1) * sizeof *spans);
    enum error_code code = spans != NULL ? ERR_NONE : error_memory(r->err);
    const char *name;
    json_t *entry;
    size_t n = 0;
    if (spans == NULL)
        return code;
    json_object_foreach(header, name, entry) {
        if (code == ERR_NONE && strcmp(name, "__metadata__") != 0)
            code = read_tensor(r, name, entry, &spans[n++]);
    }
    if (code == ERR_NONE)
        code = check_spans(r, spans, n);
    free(spans);
    return code;
}

enum error_code safetensors_read(struct weights *all, const char *file, const unsigned char *bytes, uint64_t size,
                                 struct error *err)
{
    struct cursor c;
    json_error_t fault;
    cursor_init(&c, bytes, size);
    const uint64_t length = cursor_u64(&c);
    if (c.failed || length > HEADER_LONGEST)
        return error_set(err, ERR_FORMAT, "%s: this is no safetensors file, or it is damaged; fetch it again", file);
    const char *text = cursor_take(&c, length);
    if (text == NULL)
        return error_set(err, ERR_FORMAT,
                         "%s: the file is cut off, more than %" PRIu64 " of its bytes are missing; fetch it "
                         "again",
                         file, length - cursor_left(&c));
    json_t *header = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(header)) {
        json_decref(header);
        return error_set(err, ERR_FORMAT, "%s: the header is damaged at byte %d (%s); fetch the file again", file,
                         fault.position + 8, fault.text);
    }
    struct reader r = {.all = all, .file = file, .data = bytes + c.at, .size = size - c.at, .err = err};
    const enum error_code code = read_header(&r, header);
    json_decref(header);
    return code;
}
