/* Reading a SentencePiece model: a protocol buffer of pieces, the trainer's settings and the normaliser's. */
#include "engine/file/sentencepiece.h"

#include <stdlib.h>
#include <string.h>

#include "engine/file/cursor.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
enum { MODEL_BPE = 2 };

/* A field of a message: its number, and its value or its bytes. */
struct field {
    uint32_t number, wire;
    uint64_t value;
    const unsigned char *bytes;
    uint64_t size;
};

static uint64_t take_varint(struct cursor *c)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        const uint8_t byte = cursor_u8(c);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    cursor_take(c, UINT64_MAX); /* longer than a number can be: fails */
    return 0;
}

/* The next field; false at the end or when the message is damaged (the cursor has failed then). */
static bool next_field(struct cursor *c, struct field *f)
{
    if (c->failed || cursor_left(c) == 0)
        return false;
    const uint64_t key = take_varint(c);
    *f = (struct field){.number = (uint32_t)(key >> 3), .wire = (uint32_t)(key & 7)};
    switch (f->wire) {
    case WIRE_VARINT: f->value = take_varint(c); break;
    case WIRE_64: f->value = cursor_u64(c); break;
    case WIRE_32: f->value = cursor_u32(c); break;
    case WIRE_BYTES:
        f->size = take_varint(c);
        f->bytes = cursor_take(c, f->size);
        break;
    default: cursor_take(c, UINT64_MAX);
    }
    return !c->failed;
}

static bool read_piece(struct sentencepieces *all, const struct field *message)
{
    struct sentencepiece piece = {.text = "", .type = 1};
    struct cursor c;
    struct field f;
    cursor_init(&c, message->bytes, message->size);
    while (next_field(&c, &f)) {
        if (f.number == 1 && f.wire == WIRE_BYTES) {
            piece.text = (const char *)f.bytes;
            piece.size = (size_t)f.size;
        } else if (f.number == 2 && f.wire == WIRE_32) {
            const uint32_t bits = (uint32_t)f.value;
            memcpy(&piece.score, &bits, sizeof bits);
        } else if (f.number == 3 && f.wire == WIRE_VARINT) {
            piece.type = f.value >= 1 && f.value <= 6 ? (int32_t)f.value : 1;
        }
    }
    if (c.failed)
        return false;
    all->at[all->n++] = piece;
    return true;
}

static bool read_trainer(struct sentencepieces *all, const struct field *message, uint64_t *model)
{
    struct cursor c;
    struct field f;
    cursor_init(&c, message->bytes, message->size);
    while (next_field(&c, &f)) {
        if (f.wire != WIRE_VARINT)
            continue;
        switch (f.number) {
        case 3: *model = f.value; break;
        case 40: all->unknown = (int32_t)f.value; break;
        case 41: all->bos = (int32_t)f.value; break;
        case 42: all->eos = (int32_t)f.value; break;
        default: break;
        }
    }
    return !c.failed;
}

static bool read_normalizer(struct sentencepieces *all, const struct field *message)
{
    struct cursor c;
    struct field f;
    cursor_init(&c, message->bytes, message->size);
    while (next_field(&c, &f))
        if (f.number == 3 && f.wire == WIRE_VARINT)
            all->dummy_prefix = f.value != 0;
    return !c.failed;
}

static bool make_room(struct sentencepieces *all)
{
    if (all->n < all->capacity)
        return true;
    const size_t capacity = all->capacity > 0 ? all->capacity * 2 : 1024;
    struct sentencepiece *at = realloc(all->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    all->at = at;
    all->capacity = capacity;
    return true;
}

/* -1 for an id that the model does not have. */
static int32_t checked_id(const struct sentencepieces *all, int32_t id)
{
    return id >= 0 && (size_t)id < all->n ? id : -1;
}

enum error_code sentencepiece_read(struct sentencepieces *all, const char *file, const unsigned char *bytes,
                                   uint64_t size, struct error *err)
{
    struct cursor c;
    struct field f;
    uint64_t model = 1;
    bool sound = true;
    *all = (struct sentencepieces){.unknown = 0, .bos = 1, .eos = 2, .dummy_prefix = true};
    cursor_init(&c, bytes, size);
    while (sound && next_field(&c, &f)) {
        if (f.wire != WIRE_BYTES)
            continue;
        if (f.number == 1 && !make_room(all)) {
            sentencepiece_free(all);
            return error_memory(err);
        }
        sound = f.number == 1   ? read_piece(all, &f)
                : f.number == 2 ? read_trainer(all, &f, &model)
                : f.number == 3 ? read_normalizer(all, &f)
                                : true;
    }
    enum error_code code = ERR_NONE;
    if (!sound || c.failed || all->n == 0)
        code = error_set(err, ERR_FORMAT,
                         "%s: this is no SentencePiece model, or it is cut off or damaged at byte %llu; fetch "
                         "it again",
                         file, (unsigned long long)c.at);
    else if (model != MODEL_BPE)
        code = error_set(err, ERR_UNSUPPORTED, "%s: a SentencePiece model of another kind than BPE; Llama's are BPE",
                         file);
    if (code != ERR_NONE)
        sentencepiece_free(all);
    all->unknown = checked_id(all, all->unknown);
    all->bos = checked_id(all, all->bos);
    all->eos = checked_id(all, all->eos);
    return code;
}

void sentencepiece_free(struct sentencepieces *all)
{
    free(all->at);
    *all = (struct sentencepieces){.unknown = -1, .bos = -1, .eos = -1};
}
