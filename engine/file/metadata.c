/* Metadata in GGUF's encoding: little-endian, texts with a 64-bit length before them. */
#include "engine/file/metadata.h"

#include <string.h>

#include "engine/file/source-kind.h"

#define METADATA_MOST ((size_t)1 << 30)

void metadata_init(struct metadata *m)
{
    *m = (struct metadata){0};
    buf_init(&m->bytes, METADATA_MOST);
}

void metadata_free(struct metadata *m)
{
    buf_free(&m->bytes);
}

bool metadata_failed(const struct metadata *m)
{
    return buf_failed(&m->bytes);
}

static void put_number(struct buf *b, uint64_t value, int size)
{
    unsigned char bytes[8];
    for (int i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    buf_append(b, bytes, (size_t)size);
}

static void put_text(struct buf *b, const char *text, size_t size)
{
    put_number(b, size, 8);
    buf_append(b, text, size);
}

static void put_float(struct buf *b, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_number(b, bits, 4);
}

static struct buf *begin_entry(struct metadata *m, const char *key, enum value_type type)
{
    put_text(&m->bytes, key, strlen(key));
    put_number(&m->bytes, type, 4);
    m->n++;
    return &m->bytes;
}

void metadata_text(struct metadata *m, const char *key, const char *text, size_t size)
{
    put_text(begin_entry(m, key, VALUE_STRING), text, size);
}

void metadata_uint(struct metadata *m, const char *key, uint32_t value)
{
    put_number(begin_entry(m, key, VALUE_U32), value, 4);
}

void metadata_float(struct metadata *m, const char *key, float value)
{
    put_float(begin_entry(m, key, VALUE_F32), value);
}

void metadata_bool(struct metadata *m, const char *key, bool value)
{
    put_number(begin_entry(m, key, VALUE_BOOL), value, 1);
}

void metadata_u16(struct metadata *m, const char *key, uint16_t value)
{
    put_number(begin_entry(m, key, VALUE_U16), value, 2);
}

void metadata_int(struct metadata *m, const char *key, int32_t value)
{
    put_number(begin_entry(m, key, VALUE_I32), (uint32_t)value, 4);
}

void metadata_value(struct metadata *m, const char *key, const struct value *value)
{
    struct buf *b = begin_entry(m, key, value->type);
    if (value->type == VALUE_STRING)
        put_number(b, value->size, 8);
    if (value->type == VALUE_ARRAY) {
        put_number(b, value->element, 4);
        put_number(b, value->n, 8);
    }
    buf_append(b, value->bytes, (size_t)value->size);
}

static void begin_array(struct metadata *m, const char *key, enum value_type element)
{
    struct buf *b = begin_entry(m, key, VALUE_ARRAY);
    put_number(b, element, 4);
    m->count_at = b->size;
    m->count = 0;
    put_number(b, 0, 8);
}

void metadata_begin_texts(struct metadata *m, const char *key)
{
    begin_array(m, key, VALUE_STRING);
}

void metadata_begin_floats(struct metadata *m, const char *key)
{
    begin_array(m, key, VALUE_F32);
}

void metadata_begin_ints(struct metadata *m, const char *key)
{
    begin_array(m, key, VALUE_I32);
}

void metadata_add_text(struct metadata *m, const char *text, size_t size)
{
    put_text(&m->bytes, text, size);
    m->count++;
}

void metadata_add_float(struct metadata *m, float value)
{
    put_float(&m->bytes, value);
    m->count++;
}

void metadata_add_int(struct metadata *m, int32_t value)
{
    put_number(&m->bytes, (uint32_t)value, 4);
    m->count++;
}

void metadata_end(struct metadata *m)
{
    if (buf_failed(&m->bytes))
        return;
    for (int i = 0; i < 8; i++)
        m->bytes.data[m->count_at + (size_t)i] = (char)(m->count >> (8 * i));
}

void metadata_join(struct metadata *m, const struct metadata *other)
{
    m->bytes.failed |= buf_failed(&other->bytes);
    buf_append(&m->bytes, buf_text(&other->bytes), other->bytes.size);
    m->n += other->n;
}

bool metadata_write(const struct metadata *m, uint64_t n_tensors, struct buf *out)
{
    buf_append(out, "GGUF", 4);
    put_number(out, 3, 4);
    put_number(out, n_tensors, 8);
    put_number(out, m->n, 8);
    return buf_append(out, buf_text(&m->bytes), m->bytes.size) && !buf_failed(&m->bytes);
}
