/* Importance matrices: reading both forms. */
#include <config.h>

#include "engine/convert/imatrix.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/file/cursor.h"
#include "engine/file/names.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"

#define NAME_MOST 255 /* bytes of a name; tensors have at most 64 */
#define COLUMNS_MOST (1 << 24)
#define ENTRY_LEAST 12 /* bytes of the shortest entry of the older form */

struct imatrix {
    struct imatrix_entry *entries; /* (n) */
    size_t n;
    struct names names; /* into entries */
    uint32_t chunks;
    char *dataset; /* NULL: not known */
};

/* ---- entries ---------------------------------------------------------------------------------------------------- */

/* Adds an entry of n zeros, which the caller fills. NULL on failure. */
static struct imatrix_entry *add_entry(struct imatrix *m, const char *file, const char *name, size_t length, uint64_t n,
                                       struct error *err)
{
    struct imatrix_entry *entries = realloc(m->entries, (m->n + 1) * sizeof *entries);
    if (entries == NULL) {
        error_memory(err);
        return NULL;
    }
    m->entries = entries;
    struct imatrix_entry *e = &entries[m->n];
    *e = (struct imatrix_entry){strndup(name, length), calloc((size_t)n, sizeof(float)), n};
    const enum error_code code = e->name != NULL && e->values != NULL ? names_add(&m->names, e->name, m->n)
                                                                      : ERR_MEMORY;
    if (code == ERR_NONE) {
        m->n++;
        return e;
    }
    if (code == ERR_ARGUMENT)
        error_set(err, ERR_FORMAT, "%s: %s is there twice; the file is damaged, fetch it again", source_label(file),
                  e->name);
    else
        error_memory(err);
    free(e->name);
    free(e->values);
    return NULL;
}

/* A mean of squares is finite and not negative. */
static enum error_code check_entry(const struct imatrix_entry *e, const char *file, struct error *err)
{
    for (uint64_t i = 0; i < e->n; i++)
        if (!isfinite(e->values[i]) || e->values[i] < 0)
            return error_set(err, ERR_FORMAT,
                             "%s: column %" PRIu64
                             " of %s has the importance %g, which is no mean of squares; measure the "
                             "importance matrix again",
                             source_label(file), i, e->name, (double)e->values[i]);
    return ERR_NONE;
}

/* ---- the GGUF form ---------------------------------------------------------------------------------------------- */

static const char sums_end[] = ".in_sum2", counts_end[] = ".counts";

/* One matrix: sums of squares by column, and how many were summed up. A matrix without any has no preference. */
static enum error_code add_sums(struct imatrix *m, const char *file, const struct source *s, const char *name,
                                const struct tensor *sums, struct error *err)
{
    char counts_name[NAME_MOST + 16];
    struct tensor counts;
    float count;
    const size_t length = strlen(name) - strlen(sums_end);
    snprintf(counts_name, sizeof counts_name, "%.*s%s", (int)length, name, counts_end);
    if (!source_tensor(s, counts_name, &counts) || counts.type != TENSOR_F32 || sums->type != TENSOR_F32)
        return error_set(err, ERR_FORMAT, "%s: %.*s has no sums and counts in F32; the file is damaged, fetch it again",
                         source_label(file), (int)length, name);
    if (counts.rows != 1 || counts.cols != 1 || sums->rows != 1)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: %.*s is that of several matrices (experts), which Palaver does not support",
                         source_label(file), (int)length, name);
    struct imatrix_entry *e = add_entry(m, file, name, length, sums->cols, err);
    if (e == NULL)
        return err != NULL ? err->code : ERR_MEMORY;
    tensor_unpack_row(sums, 0, e->values);
    tensor_unpack_row(&counts, 0, &count);
    for (uint64_t i = 0; i < e->n; i++)
        e->values[i] = count > 0 ? e->values[i] / count : count == 0 ? 1 : NAN;
    return check_entry(e, file, err);
}

static enum error_code read_gguf(struct imatrix *m, const char *path, struct error *err)
{
    struct source *s = source_open(path, false, err);
    const char *name, *text;
    struct tensor t;
    uint64_t size, chunks = 0;
    enum error_code code = s != NULL ? ERR_NONE : ERR_FORMAT;
    for (uint64_t i = 0; code == ERR_NONE && source_tensor_at(s, i, &name, &t); i++) {
        const size_t length = strlen(name);
        if (length > strlen(sums_end) && strcmp(name + length - strlen(sums_end), sums_end) == 0)
            code = add_sums(m, path, s, name, &t, err);
    }
    if (code == ERR_NONE && source_uint(s, "imatrix.chunk_count", &chunks))
        m->chunks = chunks < UINT32_MAX ? (uint32_t)chunks : UINT32_MAX;
    if (code == ERR_NONE && source_array_string(s, "imatrix.datasets", 0, &text, &size)) {
        m->dataset = strndup(text, (size_t)size);
        if (m->dataset == NULL)
            code = error_memory(err);
    }
    source_free(s);
    return code;
}

/* ---- the older form --------------------------------------------------------------------------------------------- */

static enum error_code cut_off(const char *path, const struct cursor *c, struct error *err)
{
    return error_set(err, ERR_FORMAT,
                     "%s: no importance matrix, or one that is cut off or damaged at byte %" PRIu64 "; fetch it again",
                     source_label(path), c->at);
}

/* A count and as many bytes of text; NULL when they are not there. */
static const char *read_text(struct cursor *c, uint32_t *size)
{
    *size = cursor_u32(c);
    return c->failed || *size > NAME_MOST ? NULL : cursor_take(c, *size);
}

/* A name, how often values were added up, and their means times that. */
static enum error_code read_entry(struct imatrix *m, const char *path, struct cursor *c, struct error *err)
{
    uint32_t length;
    const char *name = read_text(c, &length);
    const int32_t calls = (int32_t)cursor_u32(c);
    const uint32_t n = cursor_u32(c);
    if (name == NULL || length == 0 || memchr(name, '\0', length) != NULL || c->failed || n == 0 || n > COLUMNS_MOST ||
        n > cursor_left(c) / sizeof(float))
        return cut_off(path, c, err);
    struct imatrix_entry *e = add_entry(m, path, name, length, n, err);
    if (e == NULL)
        return err != NULL ? err->code : ERR_MEMORY;
    for (uint32_t i = 0; i < n; i++)
        e->values[i] = calls > 0 ? cursor_f32(c) / (float)calls : cursor_f32(c);
    return check_entry(e, path, err);
}

static enum error_code read_entries(struct imatrix *m, const char *path, struct cursor *c, struct error *err)
{
    const uint32_t n = cursor_u32(c);
    enum error_code code = ERR_NONE;
    if (c->failed || n == 0 || n > cursor_left(c) / ENTRY_LEAST)
        return cut_off(path, c, err);
    for (uint32_t i = 0; i < n && code == ERR_NONE; i++)
        code = read_entry(m, path, c, err);
    if (code != ERR_NONE || cursor_left(c) == 0)
        return code;
    uint32_t size; /* what follows, newer files have alone */
    m->chunks = cursor_u32(c);
    const char *text = read_text(c, &size);
    if (text != NULL && (m->dataset = strndup(text, size)) == NULL)
        return error_memory(err);
    return ERR_NONE;
}

static enum error_code read_binary(struct imatrix *m, const char *path, struct error *err)
{
    struct source *files = calloc(1, sizeof *files);
    struct source_map map;
    enum error_code code = ERR_IO;
    if (files == NULL)
        return error_memory(err);
    if (source_map_file(files, path, &map, err)) {
        struct cursor c;
        cursor_init(&c, map.bytes, map.size);
        code = read_entries(m, path, &c, err);
    }
    source_free(files);
    return code;
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

/* The form by the first bytes. */
static enum error_code read_file(struct imatrix *m, const char *path, struct error *err)
{
    struct stat st;
    char head[4] = "";
    const int fd = source_open_regular(path, &st, err);
    if (fd < 0)
        return ERR_IO;
    const ssize_t n = pread(fd, head, sizeof head, 0);
    close(fd);
    const bool gguf = n == sizeof head && memcmp(head, "GGUF", sizeof head) == 0;
    return gguf ? read_gguf(m, path, err) : read_binary(m, path, err);
}

struct imatrix *imatrix_open(const char *path, struct error *err)
{
    struct imatrix *m = calloc(1, sizeof *m);
    if (m == NULL) {
        error_memory(err);
        return NULL;
    }
    enum error_code code = read_file(m, path, err);
    if (code == ERR_NONE && m->n == 0)
        code =
            error_set(err, ERR_FORMAT, "%s: holds no importance matrix; palaver imatrix makes one", source_label(path));
    if (code == ERR_NONE)
        return m;
    imatrix_free(m);
    return NULL;
}

void imatrix_free(struct imatrix *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->entries[i].name);
        free(m->entries[i].values);
    }
    names_free(&m->names);
    free(m->entries);
    free(m->dataset);
    free(m);
}

const struct imatrix_entry *imatrix_at(const struct imatrix *m, size_t i)
{
    return i < m->n ? &m->entries[i] : NULL;
}

const struct imatrix_entry *imatrix_find(const struct imatrix *m, const char *name)
{
    size_t i;
    return names_find(&m->names, name, &i) ? &m->entries[i] : NULL;
}

size_t imatrix_size(const struct imatrix *m)
{
    return m->n;
}

uint32_t imatrix_chunks(const struct imatrix *m)
{
    return m->chunks;
}

const char *imatrix_dataset(const struct imatrix *m)
{
    return m->dataset != NULL ? m->dataset : "";
}
