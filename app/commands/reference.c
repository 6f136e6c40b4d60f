/* Reference: writing and reading the file that reference.h describes. */
#include <config.h>

#include "app/commands/reference.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/text/input.h"
#include "app/text/replace.h"
#include "base/error.h"
#include "base/folder.h"
#include "engine/engine.h"

enum { FORM = 1, ROW_HEAD = 8 };
static const char magic[8] = {'P', 'A', 'L', 'A', 'V', 'R', 'E', 'F'};

struct header {
    char magic[8];
    uint32_t version, vocab, window, bos;
    uint64_t tokens, predicted, vocabulary;
};
static_assert(sizeof(struct header) == 48, "the header of a reference file");

struct reference {
    char *path;
    FILE *file;             /* read from; NULL while writing */
    struct replace writing; /* .file NULL: not writing */
    uint32_t vocab;
    char *row; /* (ROW_HEAD + 2 * vocab) */
};

/* ---- what must agree -------------------------------------------------------------------------------------------- */

static uint64_t hash_vocabulary(const struct tokenizer *t)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (int32_t id = 0; id < tokenizer_size(t); id++) {
        const char *spelling = tokenizer_spelling(t, id);
        for (size_t i = 0, n = strlen(spelling) + 1; i < n; i++)
            hash = (hash ^ (unsigned char)spelling[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static struct header header_of(const struct reference_text *t)
{
    struct header h = {
        .version = FORM,
        .vocab = (uint32_t)t->vocab,
        .window = (uint32_t)t->window,
        .bos = tokenizer_adds_bos(t->tokenizer) && tokenizer_bos(t->tokenizer) >= 0,
        .tokens = t->n,
        .predicted = t->predicted,
        .vocabulary = hash_vocabulary(t->tokenizer),
    };
    memcpy(h.magic, magic, sizeof magic);
    return h;
}

static size_t row_bytes(uint32_t vocab)
{
    return ROW_HEAD + (size_t)vocab * sizeof(uint16_t);
}

uint64_t reference_bytes(const struct reference_text *t)
{
    return sizeof(struct header) + t->n * sizeof *t->ids + t->predicted * row_bytes((uint32_t)t->vocab);
}

static struct reference *reference_new(const char *path, int32_t vocab, struct error *err)
{
    struct reference *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->vocab = (uint32_t)vocab;
        r->path = strdup(path);
        r->row = malloc(row_bytes(r->vocab));
    }
    if (r != NULL && r->path != NULL && r->row != NULL)
        return r;
    reference_free(r);
    error_memory(err);
    return NULL;
}

void reference_free(struct reference *r)
{
    if (r == NULL)
        return;
    if (r->writing.file != NULL)
        replace_end(&r->writing, false, NULL);
    if (r->file != NULL)
        fclose(r->file);
    free(r->path);
    free(r->row);
    free(r);
}

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static enum error_code check_place(const char *path, uint64_t bytes, struct error *err)
{
    struct stat there;
    if (lstat(path, &there) == 0)
        return error_set(err, ERR_ARGUMENT,
                         "%s is there already; delete it or choose another name (--reference FILE compares with it)",
                         path);
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL)
        return error_memory(err);
    const uint64_t room = folder_room(folder);
    free(folder);
    if (bytes <= room)
        return ERR_NONE;
    return error_set(err, ERR_IO,
                     "%s: the reference takes %.1f MB, and its disk has %.1f MB left; choose another place or a "
                     "shorter text",
                     path, (double)bytes / 1e6, (double)room / 1e6);
}

static enum error_code put(struct reference *r, const void *bytes, size_t size, struct error *err)
{
    if (fwrite(bytes, 1, size, r->writing.file) == size)
        return ERR_NONE;
    return error_system(err, ERR_IO, errno, "%s: can't be written", r->path);
}

struct reference *reference_create(const char *path, const struct reference_text *t, struct error *err)
{
    if (check_place(path, reference_bytes(t), err) != ERR_NONE)
        return NULL;
    struct reference *r = reference_new(path, t->vocab, err);
    if (r == NULL)
        return NULL;
    const struct header h = header_of(t);
    if (replace_begin(&r->writing, path, err) == ERR_NONE && put(r, &h, sizeof h, err) == ERR_NONE &&
        put(r, t->ids, t->n * sizeof *t->ids, err) == ERR_NONE)
        return r;
    reference_free(r);
    return NULL;
}

enum error_code reference_write(struct reference *r, const float *logits, float nll, struct error *err)
{
    int32_t top = 0;
    for (uint32_t i = 1; i < r->vocab; i++)
        if (logits[i] > logits[top])
            top = (int32_t)i;
    memcpy(r->row, &nll, sizeof nll);
    memcpy(r->row + sizeof nll, &top, sizeof top);
    uint16_t *codes = (uint16_t *)(r->row + ROW_HEAD);
    for (uint32_t i = 0; i < r->vocab; i++) {
        const double steps = ((double)logits[top] - (double)logits[i]) / REFERENCE_STEP + 0.5;
        codes[i] = steps < REFERENCE_NONE ? (uint16_t)steps : REFERENCE_NONE;
    }
    return put(r, r->row, row_bytes(r->vocab), err);
}

enum error_code reference_keep(struct reference *r, struct error *err)
{
    enum error_code code = replace_end(&r->writing, true, err);
    r->writing = (struct replace){0};
    return code;
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static enum error_code get(struct reference *r, void *bytes, size_t size, struct error *err)
{
    if (fread(bytes, 1, size, r->file) == size)
        return ERR_NONE;
    if (ferror(r->file))
        return error_system(err, ERR_IO, errno, "%s: can't be read", r->path);
    return error_set(err, ERR_FORMAT, "%s: the reference is cut off; write it again", r->path);
}

static enum error_code check_kind(const struct reference *r, const struct header *h, struct error *err)
{
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return error_set(err, ERR_FORMAT, "%s: not a reference, which palaver perplexity --write-reference writes",
                         r->path);
    if (h->version != FORM)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: a reference of form %" PRIu32 ", this Palaver reads form %d; write it again", r->path,
                         h->version, FORM);
    return ERR_NONE;
}

/* The vocabulary and how the text was cut; ours is what this model and these options make. */
static enum error_code check_settings(const struct reference *r, const struct header *h, const struct header *ours,
                                      struct error *err)
{
    if (h->vocab != ours->vocab || h->vocabulary != ours->vocabulary)
        return error_set(err, ERR_ARGUMENT,
                         "%s: a reference of another vocabulary: %" PRIu32 " tokens, this model has %" PRIu32 "%s",
                         r->path, h->vocab, ours->vocab, h->vocab == ours->vocab ? " others" : "");
    if (h->bos != ours->bos)
        return error_set(err, ERR_ARGUMENT, "%s: the reference was written %s BOS, and this model begins texts %s it",
                         r->path, h->bos != 0 ? "with" : "without", ours->bos != 0 ? "with" : "without");
    if (h->window != ours->window)
        return error_set(err, ERR_ARGUMENT,
                         "%s: the reference was written in windows of %" PRIu32 " tokens, not %" PRIu32
                         "; give -c %" PRIu32,
                         r->path, h->window, ours->window, h->window);
    if (h->tokens != ours->tokens || h->predicted != ours->predicted)
        return error_set(err, ERR_ARGUMENT,
                         "%s: a reference of another text: it has %" PRIu64 " tokens, this one %" PRIu64, r->path,
                         h->tokens, ours->tokens);
    return ERR_NONE;
}

static enum error_code check_text(struct reference *r, const struct reference_text *t, struct error *err)
{
    for (size_t i = 0; i < t->n; i++) {
        int32_t id;
        if (get(r, &id, sizeof id, err) != ERR_NONE)
            return err->code;
        if (id != t->ids[i])
            return error_set(err, ERR_ARGUMENT, "%s: a reference of another text: token %zu of %zu differs", r->path,
                             i + 1, t->n);
    }
    return ERR_NONE;
}

static enum error_code check_size(struct reference *r, const struct reference_text *t, struct error *err)
{
    struct stat file;
    if (fstat(fileno(r->file), &file) != 0)
        return error_system(err, ERR_IO, errno, "%s: can't be read", r->path);
    if ((uint64_t)file.st_size == reference_bytes(t))
        return ERR_NONE;
    return error_set(err, ERR_FORMAT, "%s: has %jd bytes instead of %" PRIu64 "; write it again", r->path,
                     (intmax_t)file.st_size, reference_bytes(t));
}

struct reference *reference_open(const char *path, const struct reference_text *t, struct error *err)
{
    struct reference *r = reference_new(path, t->vocab, err);
    const int fd = r != NULL ? input_open(path, false, err) : -1;
    if (fd >= 0 && (r->file = fdopen(fd, "rb")) == NULL) {
        error_system(err, ERR_IO, errno, "%s: can't be read", path);
        close(fd);
    }
    struct header h, ours;
    if (r != NULL && r->file != NULL && get(r, &h, sizeof h, err) == ERR_NONE && check_kind(r, &h, err) == ERR_NONE) {
        ours = header_of(t);
        if (check_settings(r, &h, &ours, err) == ERR_NONE && check_size(r, t, err) == ERR_NONE &&
            check_text(r, t, err) == ERR_NONE)
            return r;
    }
    reference_free(r);
    return NULL;
}

enum error_code reference_read(struct reference *r, struct reference_row *out, struct error *err)
{
    enum error_code code = get(r, r->row, row_bytes(r->vocab), err);
    if (code != ERR_NONE)
        return code;
    memcpy(&out->nll, r->row, sizeof out->nll);
    memcpy(&out->top, r->row + sizeof out->nll, sizeof out->top);
    out->codes = (const uint16_t *)(r->row + ROW_HEAD);
    const bool sound = isfinite(out->nll) && out->top >= 0 && (uint32_t)out->top < r->vocab &&
                       out->codes[out->top] == 0; /* 0 below itself */
    if (sound)
        return ERR_NONE;
    return error_set(err, ERR_CORRUPT, "%s: the reference is damaged; write it again", r->path);
}
