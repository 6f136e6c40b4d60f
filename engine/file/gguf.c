/* GGUF, versions 2 and 3, little-endian (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 *
 * A file is a header (magic, version, two counts), metadata entries, tensor descriptions, padding, and the tensors'
 * data. A model may be split into files NAME-00001-of-0000N.gguf, each a GGUF file of its own; the first carries the
 * metadata. Every count is compared with the bytes that are left before anything is allocated or looped over. */
#include <config.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/file/cursor.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/file/spans.h"
#include "engine/kernels/tensor.h"

#define KEY_BYTES 1024  /* longest key that is read; those in use have less than 100 */
#define NAME_BYTES 64   /* longest tensor name, by the format */
#define ARRAY_DEPTH 4   /* arrays within arrays */
#define VALUE_LEAST 13  /* bytes of the shortest metadata entry: length, type, one byte */
#define TENSOR_LEAST 32 /* bytes of the shortest tensor description */
#define SPLIT_SUFFIX 20 /* characters of "-00001-of-00003.gguf" */

/* One file while it is read. */
struct part {
    struct source *s;    /* where its tensors go */
    struct source *meta; /* where its metadata goes */
    const char *path;
    struct cursor c;
    uint32_t version;
    uint64_t n_values, n_tensors;
    uint64_t alignment; /* of the tensors' data */
    uint64_t data;      /* offset at which the data begin */
    uint64_t split_no, split_count, split_tensors;
    struct span *spans; /* (n_spans) of the tensors in this file */
    size_t n_spans;
    uint64_t needed;             /* bytes of the file up to the end of the last tensor */
    char beyond[NAME_BYTES + 1]; /* the first tensor that reaches beyond its end; "" */
};

struct tensor_info {
    char name[NAME_BYTES + 1];
    uint32_t n_dims;
    uint64_t dims[4];
    uint32_t type;
    uint64_t offset; /* from the beginning of the data */
};

/* ---- errors ----------------------------------------------------------------------------------------------------- */

static enum error_code cut_off(const struct part *p, const char *what, struct error *err)
{
    return error_set(err, ERR_FORMAT,
                     "%s: ends at byte %" PRIu64 " in the middle of %s (at byte %" PRIu64 "); the download is "
                     "incomplete or damaged, fetch it again",
                     source_label(p->path), p->c.size, what, p->c.at);
}

static enum error_code too_many(const struct part *p, const char *what, uint64_t n, uint64_t room, struct error *err)
{
    return error_set(err, ERR_FORMAT,
                     "%s: %s: %" PRIu64 " announced, but the file has room for %" PRIu64 " at most; it is incomplete "
                     "or damaged, fetch it again",
                     source_label(p->path), what, n, room);
}

static enum error_code part_damaged(const struct part *p, const char *what, uint64_t at, struct error *err)
{
    return error_set(err, ERR_FORMAT, "%s: %s at byte %" PRIu64 "; the file is damaged, fetch it again",
                     source_label(p->path), what, at);
}

/* ---- header and metadata ---------------------------------------------------------------------------------------- */

static enum error_code check_version(const struct part *p, struct error *err)
{
    const char *file = source_label(p->path);
    if (p->version == 1)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: GGUF version 1 is not supported; convert the model again with a "
                         "newer converter",
                         file);
    if (p->version != 0 && (p->version & 0xFFFF) == 0)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: a big-endian GGUF file; convert it to little-endian "
                         "(gguf_convert_endian.py does)",
                         file);
    if (p->version > 1000)
        return error_set(err, ERR_FORMAT, "%s: not a GGUF file, or damaged; fetch it again", file);
    if (p->version < 2 || p->version > 3)
        return error_set(err, ERR_UNSUPPORTED, "%s: GGUF version %" PRIu32 " is not supported, Palaver reads 2 and 3",
                         file, p->version);
    return ERR_NONE;
}

static enum error_code read_header(struct part *p, struct error *err)
{
    cursor_take(&p->c, 4);
    p->version = cursor_u32(&p->c);
    if (p->c.failed)
        return cut_off(p, "the header", err);
    enum error_code code = check_version(p, err);
    if (code != ERR_NONE)
        return code;
    p->n_tensors = cursor_u64(&p->c);
    p->n_values = cursor_u64(&p->c);
    if (p->c.failed)
        return cut_off(p, "the header", err);
    if (p->n_values > cursor_left(&p->c) / VALUE_LEAST)
        return too_many(p, "metadata entries", p->n_values, cursor_left(&p->c) / VALUE_LEAST, err);
    if (p->n_tensors > cursor_left(&p->c) / TENSOR_LEAST)
        return too_many(p, "tensors", p->n_tensors, cursor_left(&p->c) / TENSOR_LEAST, err);
    return ERR_NONE;
}

/* Copies a string of at most limit bytes and no NUL into out, which has room for limit + 1. */
static enum error_code read_name(struct part *p, const char *what, char *out, uint64_t limit, struct error *err)
{
    uint64_t at = p->c.at, size;
    const char *text = cursor_string(&p->c, &size);
    if (text == NULL)
        return cut_off(p, what, err);
    if (size == 0 || size > limit || memchr(text, '\0', (size_t)size) != NULL)
        return part_damaged(p, size > limit ? "a name that is too long" : "a name that is empty or holds a NUL", at,
                            err);
    memcpy(out, text, (size_t)size);
    out[size] = '\0';
    return ERR_NONE;
}

/* Bytes of a value of this type, the least ones of a string or an array; 0: there is no such type. */
static uint64_t least_bytes(uint32_t type)
{
    static const uint8_t bytes[] = {
        [VALUE_U8] = 1,  [VALUE_I8] = 1,  [VALUE_U16] = 2,  [VALUE_I16] = 2,    [VALUE_U32] = 4,
        [VALUE_I32] = 4, [VALUE_F32] = 4, [VALUE_BOOL] = 1, [VALUE_STRING] = 8, [VALUE_ARRAY] = 12,
        [VALUE_U64] = 8, [VALUE_I64] = 8, [VALUE_F64] = 8,
    };
    return type < sizeof bytes ? bytes[type] : 0;
}

/* Notes where each of v->n strings stands. */
static enum error_code read_strings(struct part *p, const char *key, struct value *v, struct error *err)
{
    uint64_t *offsets = v->n > SIZE_MAX / sizeof *offsets ? NULL : malloc((size_t)(v->n + 1) * sizeof *offsets);
    if (offsets == NULL)
        return error_memory(err);
    uint64_t start = p->c.at, size;
    for (uint64_t i = 0; i < v->n; i++) {
        offsets[i] = p->c.at - start;
        if (cursor_string(&p->c, &size) == NULL) {
            free(offsets);
            return cut_off(p, key, err);
        }
    }
    v->offsets = offsets;
    return ERR_NONE;
}

static enum error_code read_array(struct part *p, const char *key, struct value *v, int depth, struct error *err);

/* Arrays in an array are checked and passed over; no key that Palaver reads holds any. */
static enum error_code skip_arrays(struct part *p, const char *key, uint64_t n, int depth, struct error *err)
{
    if (depth == ARRAY_DEPTH)
        return part_damaged(p, "arrays nested too deep", p->c.at, err);
    for (uint64_t i = 0; i < n; i++) {
        struct value inner = {.type = VALUE_ARRAY};
        enum error_code code = read_array(p, key, &inner, depth + 1, err);
        free(inner.offsets);
        if (code != ERR_NONE)
            return code;
    }
    return ERR_NONE;
}

static enum error_code read_array(struct part *p, const char *key, struct value *v, int depth, struct error *err)
{
    uint64_t at = p->c.at;
    uint32_t element = cursor_u32(&p->c);
    v->n = cursor_u64(&p->c);
    uint64_t least = least_bytes(element);
    if (p->c.failed)
        return cut_off(p, key, err);
    if (least == 0)
        return part_damaged(p, "an array of an unknown type", at, err);
    if (v->n > cursor_left(&p->c) / least)
        return too_many(p, key, v->n, cursor_left(&p->c) / least, err);
    v->element = (enum value_type)element;
    uint64_t start = p->c.at;
    v->bytes = cursor_take(&p->c, 0);
    enum error_code code = ERR_NONE;
    if (element == VALUE_STRING)
        code = read_strings(p, key, v, err);
    else if (element == VALUE_ARRAY)
        code = skip_arrays(p, key, v->n, depth, err);
    else
        cursor_take(&p->c, v->n * least);
    v->size = p->c.at - start;
    return code;
}

static enum error_code read_value(struct part *p, const char *key, struct value *v, struct error *err)
{
    uint64_t at = p->c.at;
    uint32_t type = cursor_u32(&p->c);
    v->type = (enum value_type)type;
    if (!p->c.failed && least_bytes(type) == 0)
        return part_damaged(p, "a metadata entry of an unknown type", at, err);
    if (type == VALUE_ARRAY)
        return read_array(p, key, v, 0, err);
    if (type == VALUE_STRING) {
        v->bytes = (const unsigned char *)cursor_string(&p->c, &v->size);
    } else {
        v->size = least_bytes(type);
        v->bytes = cursor_take(&p->c, v->size);
    }
    return p->c.failed ? cut_off(p, key, err) : ERR_NONE;
}

static enum error_code read_values(struct part *p, struct error *err)
{
    for (uint64_t i = 0; i < p->n_values; i++) {
        char key[KEY_BYTES + 1];
        struct value value = {0};
        enum error_code code = read_name(p, "a metadata key", key, KEY_BYTES, err);
        if (code == ERR_NONE)
            code = read_value(p, key, &value, err);
        if (code == ERR_NONE)
            code = source_add_value(p->meta, p->path, key, value, err);
        if (code != ERR_NONE)
            return code;
    }
    p->alignment = 32;
    source_uint(p->meta, "general.alignment", &p->alignment);
    if (p->alignment == 0 || (p->alignment & (p->alignment - 1)) != 0 || p->alignment > 1 << 20)
        return error_set(err, ERR_FORMAT,
                         "%s: general.alignment is %" PRIu64 ", not a power of two up to 1048576; the "
                         "file is damaged, fetch it again",
                         source_label(p->path), p->alignment);
    source_uint(p->meta, "split.no", &p->split_no);
    source_uint(p->meta, "split.count", &p->split_count);
    source_uint(p->meta, "split.tensors.count", &p->split_tensors);
    return ERR_NONE;
}

/* ---- tensors ---------------------------------------------------------------------------------------------------- */

static enum error_code read_info(struct part *p, struct tensor_info *info, struct error *err)
{
    enum error_code code = read_name(p, "a tensor's name", info->name, NAME_BYTES, err);
    if (code != ERR_NONE)
        return code;
    uint64_t at = p->c.at;
    info->n_dims = cursor_u32(&p->c);
    if (!p->c.failed && (info->n_dims == 0 || info->n_dims > 4))
        return part_damaged(p, "a tensor without dimensions or with more than 4", at, err);
    for (uint32_t i = 0; i < 4; i++)
        info->dims[i] = i < info->n_dims ? cursor_u64(&p->c) : 1;
    info->type = cursor_u32(&p->c);
    info->offset = cursor_u64(&p->c);
    return p->c.failed ? cut_off(p, "the description of a tensor", err) : ERR_NONE;
}

/* Types that other programs write and Palaver does not compute with. */
static const char *foreign_type(uint32_t type)
{
    static const char *const names[] = {
        [4] = "Q4_2",    [5] = "Q4_3",     [9] = "Q8_1",   [15] = "Q8_K",  [16] = "IQ2_XXS",
        [17] = "IQ2_XS", [18] = "IQ3_XXS", [19] = "IQ1_S", [21] = "IQ3_S", [22] = "IQ2_S",
        [24] = "I8",     [25] = "I16",     [26] = "I32",   [27] = "I64",   [28] = "F64",
        [29] = "IQ1_M",  [34] = "TQ1_0",   [35] = "TQ2_0", [39] = "MXFP4",
    };
    return type < sizeof names / sizeof *names ? names[type] : NULL;
}

static enum error_code refuse_type(const struct part *p, const struct tensor_info *info, struct error *err)
{
    const char *file = source_label(p->path), *name = foreign_type(info->type);
    if (name != NULL)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: tensor %s is stored as %s, which Palaver does not read; take the "
                         "model in another type, such as Q4_K_M or Q8_0",
                         file, info->name, name);
    return error_set(err, ERR_UNSUPPORTED,
                     "%s: tensor %s has the unknown type %" PRIu32 "; the file is damaged or "
                     "newer than this version of Palaver",
                     file, info->name, info->type);
}

static bool product_fits(uint64_t a, uint64_t b, uint64_t *product)
{
    if (b != 0 && a > UINT64_MAX / b)
        return false;
    *product = a * b;
    return true;
}

/* The shape as a matrix, and its bytes. */
static enum error_code tensor_measure(const struct part *p, const struct tensor_info *info, struct tensor *t,
                                      uint64_t *bytes, struct error *err)
{
    const struct tensor_traits *traits = tensor_traits(info->type);
    if (traits == NULL)
        return refuse_type(p, info, err);
    *t = (struct tensor){.type = (enum tensor_type)info->type, .cols = info->dims[0]};
    if (t->cols % traits->block != 0)
        return error_set(err, ERR_FORMAT,
                         "%s: tensor %s has rows of %" PRIu64 " elements, not a multiple of the %" PRIu32
                         " in a %s block; the file is damaged, fetch it again",
                         source_label(p->path), info->name, t->cols, traits->block, traits->name);
    bool fits = product_fits(info->dims[1], info->dims[2], &t->rows) &&
                product_fits(t->rows, info->dims[3], &t->rows) &&
                product_fits(t->cols / traits->block, traits->block_bytes, bytes) &&
                product_fits(*bytes, t->rows, bytes);
    if (!fits || *bytes == 0)
        return error_set(err, ERR_FORMAT,
                         "%s: tensor %s has the impossible shape %" PRIu64 " x %" PRIu64 " x %" PRIu64 " x %" PRIu64
                         "; the file is damaged, fetch it again",
                         source_label(p->path), info->name, info->dims[0], info->dims[1], info->dims[2], info->dims[3]);
    return ERR_NONE;
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Finds the tensor's data in the file. */
static enum error_code tensor_place(struct part *p, const struct tensor_info *info, struct error *err)
{
    struct tensor t;
    uint64_t bytes = 0;
    enum error_code code = tensor_measure(p, info, &t, &bytes, err);
    if (code != ERR_NONE)
        return code;
    if (info->offset % p->alignment != 0)
        return error_set(err, ERR_FORMAT,
                         "%s: tensor %s lies at offset %" PRIu64 ", not a multiple of the alignment %" PRIu64
                         "; the file is damaged, fetch it again",
                         source_label(p->path), info->name, info->offset, p->alignment);
    struct cursor c = p->c;
    uint64_t begin = add_up(p->data, info->offset), end = add_up(begin, bytes);
    p->needed = end > p->needed ? end : p->needed;
    t.data = cursor_seek(&c, begin) ? cursor_take(&c, bytes) : NULL;
    if (t.data == NULL) { /* told for the whole file */
        if (p->beyond[0] == '\0')
            strcpy(p->beyond, info->name);
        return ERR_NONE;
    }
    code = source_add_tensor(p->s, p->path, info->name, t, err);
    if (code == ERR_NONE)
        p->spans[p->n_spans++] = (struct span){begin, end, p->s->tensors[p->s->n_tensors - 1].name};
    return code;
}

/* Whether all tensors lie in the file, each in bytes of its own. */
static enum error_code check_places(struct part *p, struct error *err)
{
    const struct span *two[2];
    if (p->needed > p->c.size)
        return error_set(err, ERR_FORMAT,
                         "%s: %" PRIu64 " bytes are missing at the end, from tensor %s on; the download is incomplete "
                         "or damaged, fetch it again",
                         source_label(p->path), p->needed - p->c.size, p->beyond);
    if (spans_overlap(p->spans, p->n_spans, two))
        return error_set(err, ERR_FORMAT,
                         "%s: tensors %s and %s lie in the same bytes; the file is damaged, fetch it again",
                         source_label(p->path), two[0]->name, two[1]->name);
    return ERR_NONE;
}

/* The descriptions are walked twice: where the data begin is known after the last one. */
static enum error_code read_tensors(struct part *p, struct error *err)
{
    struct cursor start = p->c;
    struct tensor_info info;
    enum error_code code = ERR_NONE;
    for (uint64_t i = 0; code == ERR_NONE && i < p->n_tensors; i++)
        code = read_info(p, &info, err);
    p->data = (p->c.at + p->alignment - 1) & ~(p->alignment - 1);
    p->c = start;
    p->spans = calloc((size_t)p->n_tensors + 1, sizeof *p->spans);
    if (p->spans == NULL)
        return error_memory(err);
    for (uint64_t i = 0; code == ERR_NONE && i < p->n_tensors; i++) {
        code = read_info(p, &info, err);
        if (code == ERR_NONE)
            code = tensor_place(p, &info, err);
    }
    if (code == ERR_NONE)
        code = check_places(p, err);
    free(p->spans);
    return code;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static enum error_code read_part(struct part *p, bool vocab_only, struct error *err)
{
    struct source_map map;
    if (!source_map_file(p->s, p->path, &map, err))
        return err == NULL ? ERR_IO : err->code;
    cursor_init(&p->c, map.bytes, map.size);
    enum error_code code = read_header(p, err);
    if (code == ERR_NONE)
        code = read_values(p, err);
    if (code == ERR_NONE && !vocab_only)
        code = read_tensors(p, err);
    return code;
}

/* Whether path ends like part no (from 1) of count. */
static bool split_name(const char *path, unsigned *no, unsigned *count)
{
    size_t length = strlen(path);
    const char *end = length > SPLIT_SUFFIX ? path + length - SPLIT_SUFFIX : "";
    char again[32];
    if (sscanf(end, "-%5u-of-%5u.gguf", no, count) != 2)
        return false;
    snprintf(again, sizeof again, "-%05u-of-%05u.gguf", *no, *count);
    return strcmp(end, again) == 0 && *no >= 1 && *no <= *count;
}

/* The path of part no beside path, which split_name accepted. Owned by the caller; NULL when out of memory. */
static char *split_path(const char *path, unsigned no, unsigned count)
{
    size_t stem = strlen(path) - SPLIT_SUFFIX, size = stem + 32;
    char *other = malloc(size);
    if (other == NULL)
        return NULL;
    memcpy(other, path, stem);
    snprintf(other + stem, 32, "-%05u-of-%05u.gguf", no, count);
    return other;
}

static enum error_code part_missing(const char *path, unsigned no, unsigned count, struct error *err)
{
    return error_set(err, ERR_FORMAT, "%s: part %u of %u of the model is missing; fetch it into the same folder",
                     source_label(path), no, count);
}

/* Adds the tensors of part no (from 1). */
static enum error_code read_further(struct source *s, const char *first, unsigned no, unsigned count, struct error *err)
{
    enum error_code code = ERR_MEMORY;
    char *path = split_path(first, no, count);
    struct source *meta = calloc(1, sizeof *meta);
    if (path == NULL || meta == NULL) {
        error_memory(err);
        goto out;
    }
    if (access(path, F_OK) != 0) {
        code = part_missing(path, no, count, err);
        goto out;
    }
    struct part p = {.s = s, .meta = meta, .path = path};
    code = read_part(&p, false, err);
    if (code == ERR_NONE && (p.split_no != no - 1 || p.split_count != count))
        code = error_set(err, ERR_FORMAT,
                         "%s: is named part %u of %u, but holds part %" PRIu64 " of %" PRIu64 "; "
                         "fetch it again",
                         source_label(path), no, count, p.split_no + 1, p.split_count);
out:
    source_free(meta);
    free(path);
    return code;
}

/* The other parts of a model whose first part is read. */
static enum error_code read_others(const struct part *first, struct error *err)
{
    unsigned no, count;
    const char *file = source_label(first->path);
    if (!split_name(first->path, &no, &count) || no != 1 || count != first->split_count || first->split_no != 0)
        return error_set(err, ERR_FORMAT,
                         "%s: holds part %" PRIu64 " of %" PRIu64 " of a model, but is not named so; "
                         "give the parts the names they were published under (...-00001-of-%05" PRIu64 ".gguf)",
                         file, first->split_no + 1, first->split_count, first->split_count);
    for (no = 2; no <= count; no++) {
        enum error_code code = read_further(first->s, first->path, no, count, err);
        if (code != ERR_NONE)
            return code;
    }
    if (first->split_tensors != 0 && first->split_tensors != first->s->n_tensors)
        return error_set(err, ERR_FORMAT,
                         "%s: the %u parts hold %zu tensors, %" PRIu64 " are announced; fetch them "
                         "again",
                         file, count, first->s->n_tensors, first->split_tensors);
    return ERR_NONE;
}

static enum error_code read_model(struct source *s, const char *path, bool vocab_only, struct error *err)
{
    struct part first = {.s = s, .meta = s, .path = path};
    enum error_code code = read_part(&first, vocab_only, err);
    if (code == ERR_NONE && first.split_count > 1 && !vocab_only)
        code = read_others(&first, err);
    snprintf(s->format, sizeof s->format, "GGUF %" PRIu32, first.version);
    return code;
}

/* Any part's path opens the whole model. */
static enum error_code gguf_read(struct source *s, const char *path, bool vocab_only, struct error *err)
{
    unsigned no, count;
    if (!split_name(path, &no, &count) || no == 1)
        return read_model(s, path, vocab_only, err);
    char *first = split_path(path, 1, count);
    if (first == NULL)
        return error_memory(err);
    enum error_code code = access(first, F_OK) != 0 ? part_missing(first, 1, count, err)
                                                    : read_model(s, first, vocab_only, err);
    free(first);
    return code;
}

enum error_code gguf_read_metadata(struct source *s, const char *path, const void *bytes, uint64_t size,
                                   struct error *err)
{
    struct part p = {.s = s, .meta = s, .path = path};
    cursor_init(&p.c, bytes, size);
    enum error_code code = read_header(&p, err);
    return code == ERR_NONE ? read_values(&p, err) : code;
}

static bool gguf_claims(const char *path, const unsigned char *head, size_t n)
{
    (void)path;
    return n >= 4 && memcmp(head, "GGUF", 4) == 0;
}

const struct source_kind gguf_kind = {.name = "GGUF", .claims = gguf_claims, .read = gguf_read};
