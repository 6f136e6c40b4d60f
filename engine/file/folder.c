/* Model folders: what their readers share. */
#include "engine/file/folder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MOST ((off_t)256 << 20) /* bytes of a JSON or vocabulary file */

static char *join(const char *dir, const char *name)
{
    const size_t size = strlen(dir) + strlen(name) + 2;
    char *path = malloc(size);
    if (path != NULL)
        snprintf(path, size, "%s/%s", dir, name);
    return path;
}

bool folder_path_has(const char *dir, const char *name)
{
    struct stat st;
    char *path = join(dir, name);
    const bool has = path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    free(path);
    return has;
}

char *folder_file(const struct folder *f, const char *name)
{
    return join(f->path, name);
}

bool folder_has(const struct folder *f, const char *name)
{
    return folder_path_has(f->path, name);
}

enum error_code folder_begin(struct folder *f, struct source *s, const char *path, struct error *err)
{
    struct stat st;
    *f = (struct folder){.source = s, .path = strdup(path), .err = err};
    metadata_init(&f->metadata);
    vocab_init(&f->vocab);
    if (f->path == NULL)
        return error_memory(err);
    char *slash = strrchr(f->path, '/');
    if (stat(path, &st) != 0 || S_ISDIR(st.st_mode))
        return ERR_NONE;
    if (slash != NULL)
        *slash = '\0';
    else
        strcpy(f->path, "."); /* the path of a file has at least one character */
    return ERR_NONE;
}

bool folder_own(struct folder *f, void *memory)
{
    if (memory != NULL && source_add_map(f->source, (struct source_map){.bytes = memory, .owned = true}, f->err))
        return true;
    free(memory);
    return false;
}

/* The metadata become the beginning of a GGUF file in memory, which is read like any other. */
static enum error_code add_metadata(struct folder *f)
{
    struct buf image;
    buf_init(&image, (size_t)1 << 30);
    vocab_write(&f->vocab, &f->metadata);
    if (!metadata_write(&f->metadata, 0, &image)) {
        buf_free(&image);
        return error_memory(f->err);
    }
    const size_t size = image.size;
    char *bytes = buf_take(&image);
    if (!folder_own(f, bytes))
        return error_memory(f->err);
    return gguf_read_metadata(f->source, f->path, bytes, size, f->err);
}

enum error_code folder_end(struct folder *f, enum error_code code)
{
    if (code == ERR_NONE)
        code = add_metadata(f);
    metadata_free(&f->metadata);
    vocab_free(&f->vocab);
    free(f->path);
    return code;
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static char *read_text(const char *path, size_t *size, struct error *err)
{
    struct stat st;
    const int fd = source_open_regular(path, &st, err);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    size_t at = 0;
    if (st.st_size > TEXT_MOST)
        error_set(err, ERR_FORMAT, "%s: a file of this kind has at most %d MB", source_label(path),
                  (int)(TEXT_MOST >> 20));
    else if ((text = malloc((size_t)st.st_size + 1)) == NULL)
        error_memory(err);
    for (ssize_t n; text != NULL && at < (size_t)st.st_size; at += (size_t)n)
        if ((n = read(fd, text + at, (size_t)st.st_size - at)) <= 0) {
            error_system(err, ERR_IO, n < 0 ? errno : EIO, "%s: cannot read the file", source_label(path));
            free(text);
            text = NULL;
            break;
        }
    close(fd);
    if (text != NULL)
        text[at] = '\0';
    *size = at;
    return text;
}

char *folder_text(const struct folder *f, const char *name, size_t *size)
{
    char *path = folder_file(f, name);
    char *text = path != NULL ? read_text(path, size, f->err) : NULL;
    if (path == NULL)
        error_memory(f->err);
    free(path);
    return text;
}

enum error_code folder_json(const struct folder *f, const char *name, json_t **out)
{
    json_error_t fault;
    size_t size;
    *out = NULL;
    if (!folder_has(f, name))
        return ERR_NOT_FOUND;
    char *text = folder_text(f, name, &size);
    if (text == NULL)
        return ERR_IO;
    *out = json_loadb(text, size, JSON_ALLOW_NUL, &fault);
    free(text);
    if (json_is_object(*out))
        return ERR_NONE;
    const bool read = *out != NULL;
    json_decref(*out);
    *out = NULL;
    return error_set(f->err, ERR_FORMAT, "%s/%s: line %d: %s; the file is damaged, fetch it again",
                     source_label(f->path), name, read ? 1 : fault.line, read ? "no object" : fault.text);
}

enum error_code folder_weights(struct folder *f, const char *name, struct weights *all)
{
    struct source_map map;
    char *path = folder_file(f, name);
    const size_t size = strlen(name);
    const bool safe = size > 12 && strcmp(name + size - 12, ".safetensors") == 0;
    enum error_code code = ERR_MEMORY;
    if (path == NULL)
        error_memory(f->err);
    else if (!source_map_file(f->source, path, &map, f->err))
        code = ERR_IO;
    else
        code = safe ? safetensors_read(all, source_label(path), map.bytes, map.size, f->err)
                    : torch_read(all, source_label(path), map.bytes, map.size, f->err);
    free(path);
    return code;
}

enum error_code folder_tokenizer_model(struct folder *f, bool above, bool later)
{
    const char *name = folder_has(f, "tokenizer.model") ? "tokenizer.model" : above ? "../tokenizer.model" : NULL;
    size_t size;
    if (name == NULL || !folder_has(f, name))
        return ERR_NOT_FOUND;
    char *bytes = folder_text(f, name, &size);
    if (bytes == NULL)
        return ERR_IO;
    const enum error_code code =
        vocab_is_tiktoken(bytes, size)
            ? vocab_read_tiktoken(&f->vocab, name, bytes, size, later, f->err)
            : vocab_read_sentencepiece(&f->vocab, name, (const unsigned char *)bytes, size, f->err);
    free(bytes);
    return code;
}

/* ---- values of JSON --------------------------------------------------------------------------------------------- */

static enum error_code count_fault(const struct folder *f, const char *file, const char *name, const char *what)
{
    return error_set(f->err, ERR_FORMAT, "%s/%s: %s %s; fetch the file again", source_label(f->path), file, name, what);
}

enum error_code folder_count(const struct folder *f, const char *file, const json_t *object, const char *name,
                             uint64_t fallback, uint64_t *out)
{
    const json_t *value = json_object_get(object, name);
    *out = fallback;
    if (value == NULL || json_is_null(value))
        return fallback > 0 ? ERR_NONE : count_fault(f, file, name, "is missing");
    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > INT32_MAX)
        return count_fault(f, file, name, "is no number from 1 on");
    *out = (uint64_t)json_integer_value(value);
    return ERR_NONE;
}

double folder_number(const json_t *object, const char *name, double fallback)
{
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

/* ---- keys ------------------------------------------------------------------------------------------------------- */

void folder_name(struct folder *f)
{
    const char *name = strrchr(f->path, '/'), *cached = strstr(f->path, "/models--");
    name = name != NULL ? name + 1 : f->path;
    size_t size = strlen(name);
    if (cached != NULL) { /* up to the next slash, from the last "--" on */
        const char *end = cached + 1 + strcspn(cached + 1, "/");
        for (const char *at = cached; at + 2 < end; at++)
            name = at[0] == '-' && at[1] == '-' ? at + 2 : name;
        size = (size_t)(end - name);
    }
    metadata_text(&f->metadata, "general.name", name, size);
}

void folder_uint(struct folder *f, const char *name, uint64_t value)
{
    char key[96];
    snprintf(key, sizeof key, "llama.%s", name);
    metadata_uint(&f->metadata, key, value < UINT32_MAX ? (uint32_t)value : UINT32_MAX);
}

void folder_float(struct folder *f, const char *name, double value)
{
    char key[96];
    snprintf(key, sizeof key, "llama.%s", name);
    metadata_float(&f->metadata, key, (float)value);
}

/* After transformers' modeling_rope_utils.py and Meta's apply_scaling. */
enum error_code folder_llama3_rope(struct folder *f, const struct llama3_rope *r)
{
    float *factors = malloc((size_t)r->pairs * sizeof *factors);
    for (uint64_t i = 0; factors != NULL && i < r->pairs; i++) {
        const double wave = 2 * M_PI * pow(r->base, (double)i / (double)r->pairs);
        const double smooth = (r->trained / wave - r->low) / (r->high - r->low);
        factors[i] = wave < r->trained / r->high  ? 1
                     : wave > r->trained / r->low ? (float)r->factor
                                                  : (float)(1 / ((1 - smooth) / r->factor + smooth));
    }
    const struct tensor t = {.type = TENSOR_F32, .rows = 1, .cols = r->pairs, .data = factors};
    if (!folder_own(f, factors))
        return error_memory(f->err);
    return source_add_tensor(f->source, f->path, "rope_freqs.weight", t, f->err);
}
