/* A source's tables of metadata and tensors, and what may be asked of them.
 *
 * Both are small (some thirty keys, some hundreds of tensors); the one large thing is the vocabulary, whose strings
 * stay in the map and are found by offsets that the reader noted once. */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/file/cursor.h"
#include "engine/file/names.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"

/* ---- filling ---------------------------------------------------------------------------------------------------- */

/* Makes room for one more element when n is a power of two (or 0). NULL when out of memory; the old block stays. */
static void *room_for_one(void *block, size_t n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return block;
    return realloc(block, (n == 0 ? 1 : 2 * n) * size);
}

static enum error_code name_one(struct names *names, const char *what, const char *file, const char *name, size_t value,
                                struct error *err)
{
    enum error_code code = names_add(names, name, value);
    if (code == ERR_ARGUMENT)
        return error_set(err, ERR_FORMAT, "%s: %s '%s' is there twice; the file is damaged, fetch it again",
                         source_label(file), what, name);
    return code == ERR_NONE ? code : error_memory(err);
}

enum error_code source_add_value(struct source *s, const char *file, const char *key, struct value value,
                                 struct error *err)
{
    char *copy = strdup(key);
    struct value_entry *values = room_for_one(s->values, s->n_values, sizeof *values);
    if (values != NULL)
        s->values = values;
    if (copy == NULL || values == NULL) {
        free(copy);
        free(value.offsets);
        return error_memory(err);
    }
    s->values[s->n_values] = (struct value_entry){copy, value};
    return name_one(&s->keys, "the key", file, copy, s->n_values++, err);
}

enum error_code source_add_tensor(struct source *s, const char *file, const char *name, struct tensor tensor,
                                  struct error *err)
{
    char *copy = strdup(name);
    struct tensor_entry *tensors = room_for_one(s->tensors, s->n_tensors, sizeof *tensors);
    if (tensors != NULL)
        s->tensors = tensors;
    if (copy == NULL || tensors == NULL) {
        free(copy);
        free((void *)(uintptr_t)tensor.pieces);
        return error_memory(err);
    }
    s->tensors[s->n_tensors] = (struct tensor_entry){copy, tensor};
    return name_one(&s->tensor_names, "tensor", file, copy, s->n_tensors++, err);
}

void source_free(struct source *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n_values; i++) {
        free(s->values[i].key);
        free(s->values[i].value.offsets);
    }
    for (size_t i = 0; i < s->n_tensors; i++) {
        free(s->tensors[i].name);
        free((void *)(uintptr_t)s->tensors[i].tensor.pieces);
    }
    for (size_t i = 0; i < s->n_maps; i++) {
        void *bytes = (void *)(uintptr_t)s->maps[i].bytes;
        if (s->maps[i].mapped) {
            munmap(bytes, (size_t)s->maps[i].size);
            close(s->maps[i].fd);
        } else if (s->maps[i].owned)
            free(bytes);
    }
    names_free(&s->keys);
    names_free(&s->tensor_names);
    free(s->values);
    free(s->tensors);
    free(s->maps);
    free(s);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

const char *source_format(const struct source *s)
{
    return s->format;
}

uint64_t source_file_bytes(const struct source *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n_maps; i++)
        sum += s->maps[i].size;
    return sum;
}

bool source_tensor(const struct source *s, const char *name, struct tensor *out)
{
    size_t i;
    if (!names_find(&s->tensor_names, name, &i))
        return false;
    *out = s->tensors[i].tensor;
    return true;
}

void source_set_tensor(struct source *s, uint64_t i, struct tensor tensor)
{
    free((void *)(uintptr_t)s->tensors[i].tensor.pieces);
    s->tensors[i].tensor = tensor;
}

bool source_tensor_at(const struct source *s, uint64_t i, const char **name, struct tensor *out)
{
    if (i >= s->n_tensors)
        return false;
    *name = s->tensors[i].name;
    *out = s->tensors[i].tensor;
    return true;
}

bool source_value_at(const struct source *s, uint64_t i, const char **key, const struct value **value)
{
    if (i >= s->n_values)
        return false;
    *key = s->values[i].key;
    *value = &s->values[i].value;
    return true;
}

static const struct value *find_value(const struct source *s, const char *key)
{
    size_t i;
    return names_find(&s->keys, key, &i) ? &s->values[i].value : NULL;
}

/* A number of the file, in the widest type of its family. */
struct number {
    enum { NUMBER_NONE, NUMBER_UINT, NUMBER_INT, NUMBER_FLOAT } family;
    uint64_t u;
    int64_t i;
    double f;
};

static struct number read_number(struct cursor *c, enum value_type type)
{
    struct number n = {.family = NUMBER_UINT};
    switch (type) {
    case VALUE_U8:
    case VALUE_BOOL: n.u = cursor_u8(c); return n;
    case VALUE_U16: n.u = cursor_u16(c); return n;
    case VALUE_U32: n.u = cursor_u32(c); return n;
    case VALUE_U64: n.u = cursor_u64(c); return n;
    case VALUE_I8: n.i = (int8_t)cursor_u8(c); break;
    case VALUE_I16: n.i = (int16_t)cursor_u16(c); break;
    case VALUE_I32: n.i = (int32_t)cursor_u32(c); break;
    case VALUE_I64: n.i = (int64_t)cursor_u64(c); break;
    case VALUE_F32:
        n.f = cursor_f32(c);
        n.family = NUMBER_FLOAT;
        return n;
    case VALUE_F64:
        n.f = cursor_f64(c);
        n.family = NUMBER_FLOAT;
        return n;
    default: n.family = NUMBER_NONE; return n;
    }
    n.family = n.i < 0 ? NUMBER_INT : NUMBER_UINT; /* one that is not negative is as good unsigned */
    n.u = n.i < 0 ? 0 : (uint64_t)n.i;
    return n;
}

static double number_float(struct number n)
{
    return n.family == NUMBER_FLOAT ? n.f : n.family == NUMBER_INT ? (double)n.i : (double)n.u;
}

static struct number find_number(const struct source *s, const char *key)
{
    const struct value *v = find_value(s, key);
    struct cursor c;
    if (v == NULL || v->type == VALUE_BOOL)
        return (struct number){.family = NUMBER_NONE};
    cursor_init(&c, v->bytes, v->size);
    return read_number(&c, v->type);
}

const char *source_key_at(const struct source *s, uint64_t i)
{
    return i < s->n_values ? s->values[i].key : NULL;
}

bool source_uint(const struct source *s, const char *key, uint64_t *out)
{
    struct number n = find_number(s, key);
    if (n.family != NUMBER_UINT)
        return false;
    *out = n.u;
    return true;
}

bool source_float(const struct source *s, const char *key, double *out)
{
    struct number n = find_number(s, key);
    if (n.family == NUMBER_NONE)
        return false;
    *out = number_float(n);
    return true;
}

bool source_bool(const struct source *s, const char *key, bool *out)
{
    const struct value *v = find_value(s, key);
    struct cursor c;
    if (v == NULL || v->type != VALUE_BOOL)
        return false;
    cursor_init(&c, v->bytes, v->size);
    *out = cursor_u8(&c) != 0;
    return true;
}

bool source_string(const struct source *s, const char *key, const char **bytes, uint64_t *size)
{
    const struct value *v = find_value(s, key);
    if (v == NULL || v->type != VALUE_STRING)
        return false;
    *bytes = (const char *)v->bytes;
    *size = v->size;
    return true;
}

bool source_array(const struct source *s, const char *key, uint64_t *n)
{
    const struct value *v = find_value(s, key);
    if (v == NULL || v->type != VALUE_ARRAY)
        return false;
    *n = v->n;
    return true;
}

const struct value *source_texts(const struct source *s, const char *key, uint64_t *n)
{
    const struct value *v = find_value(s, key);
    if (v == NULL || v->type != VALUE_ARRAY || v->element != VALUE_STRING)
        return NULL;
    *n = v->n;
    return v;
}

bool source_text_at(const struct value *texts, uint64_t i, const char **bytes, uint64_t *size)
{
    if (i >= texts->n)
        return false;
    struct cursor c;
    cursor_init(&c, texts->bytes, texts->size);
    cursor_seek(&c, texts->offsets[i]);
    *bytes = cursor_string(&c, size);
    return *bytes != NULL;
}

bool source_array_string(const struct source *s, const char *key, uint64_t i, const char **bytes, uint64_t *size)
{
    uint64_t n;
    const struct value *texts = source_texts(s, key, &n);
    return texts != NULL && source_text_at(texts, i, bytes, size);
}

/* The array at key if it is one of numbers; *c stands at its first element. */
static const struct value *find_numbers(const struct source *s, const char *key, struct cursor *c)
{
    const struct value *v = find_value(s, key);
    if (v == NULL || v->type != VALUE_ARRAY || v->element == VALUE_STRING || v->element == VALUE_ARRAY)
        return NULL;
    cursor_init(c, v->bytes, v->size);
    return v;
}

/* n was compared with the file's size when the array was read. An empty array still gives a block. */
static void *new_block(uint64_t n, size_t size, struct error *err)
{
    void *block = n <= SIZE_MAX / size ? malloc(n == 0 ? size : (size_t)n * size) : NULL;
    if (block == NULL)
        error_memory(err);
    return block;
}

float *source_array_floats(const struct source *s, const char *key, uint64_t *n, struct error *err)
{
    struct cursor c;
    const struct value *v = find_numbers(s, key, &c);
    float *block = v == NULL ? NULL : new_block(v->n, sizeof *block, err);
    if (block == NULL)
        return NULL;
    for (uint64_t i = 0; i < v->n; i++)
        block[i] = (float)number_float(read_number(&c, v->element));
    *n = v->n;
    return block;
}

int32_t *source_array_ints(const struct source *s, const char *key, uint64_t *n, struct error *err)
{
    struct cursor c;
    const struct value *v = find_numbers(s, key, &c);
    if (v == NULL || v->element == VALUE_F32 || v->element == VALUE_F64)
        return NULL;
    int32_t *block = new_block(v->n, sizeof *block, err);
    if (block == NULL)
        return NULL;
    for (uint64_t i = 0; i < v->n; i++) {
        struct number number = read_number(&c, v->element);
        int64_t value = number.family == NUMBER_INT ? number.i : number.u > INT32_MAX ? INT64_MAX : (int64_t)number.u;
        if (value > INT32_MAX || value < INT32_MIN) {
            error_set(err, ERR_FORMAT, "element %llu of %s does not fit 32 bits", (unsigned long long)i, key);
            free(block);
            return NULL;
        }
        block[i] = (int32_t)value;
    }
    *n = v->n;
    return block;
}
