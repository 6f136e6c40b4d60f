/* Writing models of any shape. What the forms are, engine/file's readers say; nothing is shared with them but the
 * vocabulary, so that a misunderstanding shows. */
#include "tests/shaped.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "engine/file/metadata.h"
#include "engine/file/vocab.h"
#include "tests/source.h"

enum { ALIGNMENT = 64, TENSOR_BUFFER = 1 << 24 };

enum division { DIVIDED_NOT, DIVIDED_BY_ROWS, DIVIDED_BY_COLUMNS };

/* A kind of tensor; rows and cols by letter: w(idth), q(uery), k(ey), f(eed-forward), v(ocabulary), 1. */
static const struct kind {
    const char *gguf, *hf, *meta;
    char rows, cols;
    enum division division;
    bool rotary;
} layer_kinds[] = {
    {"attn_norm", "input_layernorm", "attention_norm", '1', 'w', DIVIDED_NOT, false},
    {"attn_q", "self_attn.q_proj", "attention.wq", 'q', 'w', DIVIDED_BY_ROWS, true},
    {"attn_k", "self_attn.k_proj", "attention.wk", 'k', 'w', DIVIDED_BY_ROWS, true},
    {"attn_v", "self_attn.v_proj", "attention.wv", 'k', 'w', DIVIDED_BY_ROWS, false},
    {"attn_output", "self_attn.o_proj", "attention.wo", 'w', 'q', DIVIDED_BY_COLUMNS, false},
    {"ffn_norm", "post_attention_layernorm", "ffn_norm", '1', 'w', DIVIDED_NOT, false},
    {"ffn_gate", "mlp.gate_proj", "feed_forward.w1", 'f', 'w', DIVIDED_BY_ROWS, false},
    {"ffn_up", "mlp.up_proj", "feed_forward.w3", 'f', 'w', DIVIDED_BY_ROWS, false},
    {"ffn_down", "mlp.down_proj", "feed_forward.w2", 'w', 'f', DIVIDED_BY_COLUMNS, false},
};
static const struct kind whole_kinds[] = {
    {"token_embd", "model.embed_tokens", "tok_embeddings", 'v', 'w', DIVIDED_BY_COLUMNS, false},
    {"output_norm", "model.norm", "norm", '1', 'w', DIVIDED_NOT, false},
    {"output", "lm_head", "output", 'v', 'w', DIVIDED_BY_ROWS, false},
};
enum { LAYER_KINDS = sizeof layer_kinds / sizeof *layer_kinds, WHOLE_KINDS = sizeof whole_kinds / sizeof *whole_kinds };

/* A tensor, or the part of one that a file holds. */
struct part {
    const struct kind *kind;
    char name[96];
    uint64_t number; /* of the tensor in the model */
    uint64_t all_rows, all_cols, row, col, rows, cols;
    uint64_t bytes; /* of its data */
    bool halves;    /* rows of the rotary kinds stand in halves */
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t size_of(const struct shape *s, char letter)
{
    const uint64_t head = s->width / s->heads;
    return letter == 'w'   ? s->width
           : letter == 'q' ? s->heads * head
           : letter == 'k' ? s->kv_heads * head
           : letter == 'f' ? s->ff_width
           : letter == 'v' ? s->vocab
                           : 1;
}

static uint64_t count_tensors(const struct shape *s)
{
    return s->layers * LAYER_KINDS + WHOLE_KINDS;
}

/* Tensor number i of the model, whole. */
static struct part tensor_at_number(const struct shape *s, uint64_t i)
{
    const bool whole = i >= s->layers * LAYER_KINDS;
    const struct kind *k = whole ? &whole_kinds[i - s->layers * LAYER_KINDS] : &layer_kinds[i % LAYER_KINDS];
    struct part p = {.kind = k, .number = i};
    p.rows = p.all_rows = size_of(s, k->rows);
    p.cols = p.all_cols = size_of(s, k->cols);
    return p;
}

/* What file number `file` of so many holds of it. */
static void take_share(struct part *p, unsigned file, unsigned files)
{
    if (p->kind->division == DIVIDED_BY_ROWS) {
        p->rows = p->all_rows / files;
        p->row = p->rows * file;
    } else if (p->kind->division == DIVIDED_BY_COLUMNS) {
        p->cols = p->all_cols / files;
        p->col = p->cols * file;
    }
}

static void name_part(const struct shape *s, struct part *p, enum shaped_form form)
{
    static const char *const layers[] = {"blk.", "model.layers.", "layers."};
    const char *names[] = {p->kind->gguf, p->kind->hf, p->kind->meta};
    if (p->number < s->layers * LAYER_KINDS)
        snprintf(p->name, sizeof p->name, "%s%" PRIu64 ".%s.weight", layers[form], p->number / LAYER_KINDS,
                 names[form]);
    else
        snprintf(p->name, sizeof p->name, "%s.weight", names[form]);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* The value of an element, with the rows that turn together in pairs: eight bits, and so the same in any float type. */
static float value_of(const struct shape *s, const struct part *p, uint64_t row, uint64_t col)
{
    uint64_t h = (p->number * 0x10001 + row) * 0x100003 + col;
    h = (h ^ h >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    h = (h ^ h >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
    const float noise = (float)((int)(h >> 56) - 128) / 128;
    if (p->all_rows == 1)
        return 1 + (float)(int)(noise * 8) / 64;
    float scale = 1;
    while (scale * scale * (float)s->width > 4)
        scale /= 2;
    return noise * scale;
}

/* The row in pairs that stands at this place. */
static uint64_t paired_row(const struct shape *s, const struct part *p, uint64_t row)
{
    const uint64_t head = s->width / s->heads, at = row % head;
    return p->halves && p->kind->rotary ? row - at + at % (head / 2) * 2 + at / (head / 2) : row;
}

static void put(FILE *f, const void *bytes, size_t size)
{
    if (fwrite(bytes, 1, size, f) != size)
        fail("cannot write");
}

static void put_number(FILE *f, uint64_t value, int size)
{
    unsigned char bytes[8];
    for (int i = 0; i < size; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    put(f, bytes, (size_t)size);
}

/* Writes the part's data: BF16, or F32 for the vectors of GGUF; nothing but their room when there are no values. */
static void put_data(FILE *f, const struct shape *s, const struct part *p, bool wide)
{
    if (s->sparse && fseeko(f, (off_t)p->bytes, SEEK_CUR) != 0)
        fail("cannot seek");
    for (uint64_t row = 0; row < p->rows && !s->sparse; row++)
        for (uint64_t col = 0; col < p->cols; col++) {
            const float value = value_of(s, p, paired_row(s, p, p->row + row), p->col + col);
            uint32_t bits;
            memcpy(&bits, &value, sizeof bits);
            put_number(f, wide ? bits : bits >> 16, wide ? 4 : 2);
        }
}

static FILE *create(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        fail(path);
    return f;
}

/* Ends a file, which is as long as what was written or skipped. */
static void finish(FILE *f)
{
    const off_t size = ftello(f);
    if (fflush(f) != 0 || ftruncate(fileno(f), size) != 0 || fclose(f) != 0)
        fail("cannot write");
}

/* ---- the vocabulary --------------------------------------------------------------------------------------------- */

static unsigned char vocabulary[1 << 16];

static size_t load_vocabulary(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fixtures/folder-meta/tokenizer.model", source_folder());
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail(path);
    const size_t n = fread(vocabulary, 1, sizeof vocabulary, f);
    fclose(f);
    return n;
}

static void copy_vocabulary(const char *folder)
{
    const size_t n = load_vocabulary();
    FILE *f = create(folder, "tokenizer.model");
    put(f, vocabulary, n);
    finish(f);
}

/* ---- GGUF ------------------------------------------------------------------------------------------------------- */

static void describe(const struct shape *s, struct metadata *m)
{
    struct vocab v;
    vocab_init(&v);
    const size_t n = load_vocabulary();
    metadata_text(m, "general.architecture", "llama", 5);
    metadata_uint(m, "llama.block_count", (uint32_t)s->layers);
    metadata_uint(m, "llama.context_length", 4096);
    metadata_uint(m, "llama.embedding_length", (uint32_t)s->width);
    metadata_uint(m, "llama.feed_forward_length", (uint32_t)s->ff_width);
    metadata_uint(m, "llama.attention.head_count", (uint32_t)s->heads);
    metadata_uint(m, "llama.attention.head_count_kv", (uint32_t)s->kv_heads);
    metadata_float(m, "llama.attention.layer_norm_rms_epsilon", 1e-5f);
    if (vocab_read_sentencepiece(&v, "tokenizer.model", vocabulary, n, NULL) != ERR_NONE ||
        !vocab_pad(&v, (size_t)s->vocab))
        fail("no vocabulary");
    vocab_write(&v, m);
    vocab_free(&v);
}

static void write_gguf(const struct shape *s, const char *folder)
{
    struct metadata m;
    struct buf head;
    FILE *f = create(folder, "model.gguf");
    metadata_init(&m);
    buf_init(&head, 1 << 28);
    describe(s, &m);
    if (!metadata_write(&m, count_tensors(s), &head))
        fail("no memory");
    put(f, buf_text(&head), head.size);
    uint64_t offset = 0;
    for (uint64_t i = 0; i < count_tensors(s); i++) {
        struct part p = tensor_at_number(s, i);
        const enum tensor_type type = p.rows == 1 ? TENSOR_F32 : s->type;
        const struct tensor_traits *traits = tensor_traits(type);
        name_part(s, &p, SHAPED_GGUF);
        put_number(f, strlen(p.name), 8);
        put(f, p.name, strlen(p.name));
        put_number(f, p.rows == 1 ? 1 : 2, 4);
        put_number(f, p.cols, 8);
        if (p.rows > 1)
            put_number(f, p.rows, 8);
        put_number(f, type, 4);
        put_number(f, offset, 8);
        offset += (p.rows * p.cols / traits->block * traits->block_bytes + 31) / 32 * 32;
    }
    for (uint64_t i = 0; i < count_tensors(s); i++) {
        struct part p = tensor_at_number(s, i);
        const struct tensor_traits *traits = tensor_traits(p.rows == 1 ? TENSOR_F32 : s->type);
        p.bytes = p.rows * p.cols / traits->block * traits->block_bytes;
        while (ftello(f) % 32 != 0)
            put_number(f, 0, 1);
        put_data(f, s, &p, p.rows == 1);
    }
    metadata_free(&m);
    buf_free(&head);
    finish(f);
}

/* ---- Hugging Face ----------------------------------------------------------------------------------------------- */

/* Tensors [from, to) as one file; index gets their places. */
static void write_safetensors(const struct shape *s, const char *folder, const char *name, uint64_t from, uint64_t to,
                              struct buf *index)
{
    struct buf header;
    FILE *f = create(folder, name);
    uint64_t offset = 0;
    buf_init(&header, TENSOR_BUFFER);
    for (uint64_t i = from; i < to; i++) {
        struct part p = tensor_at_number(s, i);
        char shape[64];
        name_part(s, &p, SHAPED_HF);
        if (p.rows == 1)
            snprintf(shape, sizeof shape, "%" PRIu64, p.cols);
        else
            snprintf(shape, sizeof shape, "%" PRIu64 ",%" PRIu64, p.rows, p.cols);
        const uint64_t bytes = p.rows * p.cols * 2;
        buf_printf(&header, "%s\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}",
                   i == from ? "{" : ",", p.name, shape, offset, offset + bytes);
        buf_printf(index, "%s\"%s\":\"%s\"", i == 0 ? "" : ",\n", p.name, name);
        offset += bytes;
    }
    buf_putc(&header, '}');
    while (header.size % 8 != 0)
        buf_putc(&header, ' ');
    put_number(f, header.size, 8);
    put(f, buf_text(&header), header.size);
    for (uint64_t i = from; i < to; i++) {
        struct part p = tensor_at_number(s, i);
        p.bytes = p.rows * p.cols * 2;
        p.halves = true;
        put_data(f, s, &p, false);
    }
    buf_free(&header);
    finish(f);
}

static void write_hf(const struct shape *s, const char *folder)
{
    struct buf index;
    const uint64_t n = count_tensors(s);
    buf_init(&index, TENSOR_BUFFER);
    for (unsigned i = 0; i < s->parts; i++) {
        char name[64];
        snprintf(name, sizeof name, "model-%05u-of-%05u.safetensors", i + 1, s->parts);
        write_safetensors(s, folder, name, n * i / s->parts, n * (i + 1) / s->parts, &index);
    }
    FILE *f = create(folder, "model.safetensors.index.json");
    fprintf(f, "{\"metadata\":{},\"weight_map\":{%s}}\n", buf_text(&index));
    finish(f);
    buf_free(&index);
    f = create(folder, "config.json");
    fprintf(f,
            "{\"model_type\":\"llama\",\"hidden_act\":\"silu\",\"hidden_size\":%" PRIu64
            ",\"intermediate_size\":%" PRIu64 ",\"num_hidden_layers\":%" PRIu64 ",\"num_attention_heads\":%" PRIu64
            ",\"num_key_value_heads\":%" PRIu64 ",\"vocab_size\":%" PRIu64
            ",\"rms_norm_eps\":1e-05,\"max_position_embeddings\":4096%s}\n",
            s->width, s->ff_width, s->layers, s->heads, s->kv_heads, s->vocab, s->config != NULL ? s->config : "");
    finish(f);
    copy_vocabulary(folder);
}

/* ---- Meta ------------------------------------------------------------------------------------------------------- */

static void pickle_text(struct buf *b, const char *text)
{
    const size_t n = strlen(text);
    buf_putc(b, 'X');
    for (int i = 0; i < 4; i++)
        buf_putc(b, (char)(n >> (8 * i)));
    buf_puts(b, text);
}

static void pickle_number(struct buf *b, uint64_t value)
{
    buf_putc(b, 'J');
    for (int i = 0; i < 4; i++)
        buf_putc(b, (char)(value >> (8 * i)));
}

/* A tensor as torch.save's pickle rebuilds it from storage number `key`. */
static void pickle_tensor(struct buf *b, const struct part *p, uint64_t key)
{
    char number[24];
    snprintf(number, sizeof number, "%" PRIu64, key);
    pickle_text(b, p->name);
    buf_puts(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    pickle_text(b, "storage");
    buf_puts(b, "ctorch\nBFloat16Storage\n");
    pickle_text(b, number);
    pickle_text(b, "cpu");
    pickle_number(b, p->rows * p->cols);
    buf_puts(b, "tQ"); /* the storage's id */
    pickle_number(b, 0);
    buf_putc(b, '(');
    if (p->all_rows > 1)
        pickle_number(b, p->rows);
    pickle_number(b, p->cols);
    buf_puts(b, "t(");
    if (p->all_rows > 1)
        pickle_number(b, p->cols);
    pickle_number(b, 1);
    buf_puts(b, "t\x89"
                "ccollections\nOrderedDict\n)RtR"); /* no gradient, no hooks */
}

/* A member of the archive, noted for the directory. */
static void begin_member(FILE *f, struct buf *directory, const char *name, uint64_t size)
{
    const uint64_t offset = (uint64_t)ftello(f);
    const size_t n = strlen(name);
    const size_t padding = ALIGNMENT - (offset + 30 + n + 20 + 4) % ALIGNMENT;
    const uint64_t sizes[] = {size, size, offset};
    put(f, "PK\x03\x04\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 26);
    put_number(f, n, 2);
    put_number(f, 20 + 4 + padding, 2);
    put(f, name, n);
    put_number(f, 1, 2); /* sizes in 64 bits */
    put_number(f, 16, 2);
    put_number(f, size, 8);
    put_number(f, size, 8);
    put(f, "FB", 2); /* torch's padding */
    put_number(f, padding, 2);
    for (size_t i = 0; i < padding; i++)
        put(f, "Z", 1);
    buf_append(directory, "PK\x01\x02\x2d\0\x2d\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 28);
    buf_putc(directory, (char)n);
    buf_append(directory, "\0\x1c\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 17);
    buf_append(directory, name, n);
    buf_append(directory, "\x01\0\x18\0", 4);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 8; i++)
            buf_putc(directory, (char)(sizes[k] >> (8 * i)));
}

/* The directory, and the end records in both widths. */
static void end_archive(FILE *f, const struct buf *directory, uint64_t members)
{
    const uint64_t at = (uint64_t)ftello(f), end = at + directory->size;
    put(f, buf_text(directory), directory->size);
    put(f, "PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0", 24);
    put_number(f, members, 8);
    put_number(f, members, 8);
    put_number(f, directory->size, 8);
    put_number(f, at, 8);
    put(f, "PK\x06\x07\0\0\0\0", 8);
    put_number(f, end, 8);
    put_number(f, 1, 4);
    put(f, "PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0", 22);
}

static void write_pth(const struct shape *s, const char *folder, unsigned file)
{
    char name[64];
    struct buf pickle, directory;
    snprintf(name, sizeof name, "consolidated.%02u.pth", file);
    FILE *f = create(folder, name);
    buf_init(&pickle, TENSOR_BUFFER);
    buf_init(&directory, TENSOR_BUFFER);
    buf_puts(&pickle, "\x80\x02}(");
    for (uint64_t i = 0; i < count_tensors(s); i++) {
        struct part p = tensor_at_number(s, i);
        take_share(&p, file, s->parts);
        name_part(s, &p, SHAPED_META);
        pickle_tensor(&pickle, &p, i);
    }
    buf_puts(&pickle, "u.");
    begin_member(f, &directory, "consolidated/data.pkl", pickle.size);
    put(f, buf_text(&pickle), pickle.size);
    for (uint64_t i = 0; i < count_tensors(s); i++) {
        struct part p = tensor_at_number(s, i);
        take_share(&p, file, s->parts);
        p.bytes = p.rows * p.cols * 2;
        snprintf(name, sizeof name, "consolidated/data/%" PRIu64, i);
        begin_member(f, &directory, name, p.bytes);
        put_data(f, s, &p, false);
    }
    end_archive(f, &directory, count_tensors(s) + 1);
    buf_free(&pickle);
    buf_free(&directory);
    finish(f);
}

static void write_meta(const struct shape *s, const char *folder)
{
    for (unsigned i = 0; i < s->parts; i++)
        write_pth(s, folder, i);
    FILE *f = create(folder, "params.json");
    fprintf(f,
            "{\"dim\":%" PRIu64 ",\"n_layers\":%" PRIu64 ",\"n_heads\":%" PRIu64 ",\"n_kv_heads\":%" PRIu64
            ",\"norm_eps\":1e-05,\"vocab_size\":-1%s}\n",
            s->width, s->layers, s->heads, s->kv_heads, s->params != NULL ? s->params : "");
    finish(f);
    copy_vocabulary(folder);
}

void shaped_write(const struct shape *s, enum shaped_form form, const char *folder)
{
    static void (*const write[])(const struct shape *, const char *) = {
        [SHAPED_GGUF] = write_gguf,
        [SHAPED_HF] = write_hf,
        [SHAPED_META] = write_meta,
    };
    write[form](s, folder);
}
