/* palaver embed: texts as vectors, for scripts. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <jansson.h>

#include "app/commands/commands.h"
#include "app/commands/encoding.h"
#include "app/options/options.h"
#include "app/terminal/report.h"
#include "app/text/jsonl.h"
#include "app/text/npy.h"
#include "app/text/replace.h"
#include "base/error.h"
#include "engine/engine.h"

/* The texts of one run, or of the lines at hand. */
struct embedding {
    struct encoding encoding;
    struct ids *texts; /* (n) */
    size_t n, capacity;
    bool normalize, quiet;
};

static void embedding_clear(struct embedding *e)
{
    for (size_t i = 0; i < e->n; i++)
        ids_free(&e->texts[i]);
    e->n = 0;
}

static void embedding_free(struct embedding *e)
{
    embedding_clear(e);
    free(e->texts);
    encoding_close(&e->encoding);
}

static bool embedding_add(struct embedding *e, const char *text, size_t size, struct error *err)
{
    if (e->n == e->capacity) {
        const size_t capacity = e->capacity > 0 ? 2 * e->capacity : 64;
        struct ids *texts = realloc(e->texts, capacity * sizeof *texts);
        if (texts == NULL) {
            error_memory(err);
            return false;
        }
        e->texts = texts;
        e->capacity = capacity;
    }
    e->texts[e->n] = (struct ids){0};
    if (!encoding_add(&e->encoding, text, size, &e->texts[e->n], err)) {
        ids_free(&e->texts[e->n]);
        return false;
    }
    e->n++;
    return true;
}

static float *embedding_vectors(struct embedding *e, struct error *err)
{
    const size_t width = (size_t)encoder_width(e->encoding.encoder);
    float *vectors = encoding_vectors(&e->encoding, e->texts, e->n, e->quiet, err);
    for (size_t i = 0; vectors != NULL && e->normalize && i < e->n; i++)
        vector_normalize(vectors + i * width, width);
    return vectors;
}

/* ---- output ----------------------------------------------------------------------------------------------------- */

static json_t *vector_json(const float *vector, size_t width)
{
    json_t *array = json_array();
    for (size_t i = 0; i < width; i++)
        json_array_append_new(array, json_real((double)vector[i]));
    return array;
}

static json_t *text_json(const struct ids *ids, const float *vector, size_t width)
{
    return json_pack("{s:o, s:o}", "ids", json_ids(ids->at, ids->n), "vector", vector_json(vector, width));
}

static void write_lines(FILE *out, const struct embedding *e, const float *vectors, size_t width)
{
    for (size_t i = 0; i < e->n; i++)
        json_print(out, text_json(&e->texts[i], vectors + i * width, width));
}

static void write_json(FILE *out, const struct embedding *e, const float *vectors, size_t width)
{
    for (size_t i = 0; i < e->n; i++) {
        fputs(i == 0 ? "[" : ",", out);
        json_print(out, text_json(&e->texts[i], vectors + i * width, width));
    }
    fputs(e->n == 0 ? "[]\n" : "]\n", out);
}

static void write_csv(FILE *out, const struct embedding *e, const float *vectors, size_t width)
{
    for (size_t i = 0; i < e->n * width; i++)
        fprintf(out, "%.9g%c", (double)vectors[i], (i + 1) % width == 0 ? '\n' : ',');
}

static void write_npy(FILE *out, const struct embedding *e, const float *vectors, size_t width)
{
    npy_write(out, vectors, e->n, width);
}

typedef void vectors_writer(FILE *out, const struct embedding *e, const float *vectors, size_t width);

/* How a file of this name is written; NULL for a name that says nothing. */
static vectors_writer *find_writer(const char *path, struct error *err)
{
    static const struct {
        const char *end;
        vectors_writer *write;
    } forms[] = {{".json", write_json}, {".jsonl", write_lines}, {".csv", write_csv}, {".npy", write_npy}};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof forms / sizeof *forms; i++)
        if (strcasecmp(dot, forms[i].end) == 0)
            return forms[i].write;
    error_set(err, ERR_ARGUMENT,
              "%.200s: the name ends with none of .json, .jsonl, .csv and .npy, which say the format", path);
    return NULL;
}

/* The vectors go to the file of that name, or as lines to standard output. */
static void embedding_write(struct embedding *e, const char *path, vectors_writer *write, struct error *err)
{
    const size_t width = (size_t)encoder_width(e->encoding.encoder);
    struct replace file = {0};
    float *vectors = embedding_vectors(e, err);
    if (vectors != NULL && path == NULL)
        write_lines(stdout, e, vectors, width);
    else if (vectors != NULL && replace_begin(&file, path, err) == ERR_NONE) {
        write(file.file, e, vectors, width);
        replace_end(&file, true, err);
    }
    free(vectors);
}

/* ---- input ------------------------------------------------------------------------------------------------------ */

static const json_t *line_text(const json_t *in, struct error *err)
{
    const json_t *text = json_object_get(in, "text");
    if (json_is_string(text))
        return text;
    error_set(err, ERR_FORMAT, "a line needs \"text\": a string");
    return NULL;
}

/* Lines in, lines out, the texts through the encoder together. */
static void embed_lines(void *context, json_t *const *in, json_t **out, struct error *errs, size_t n)
{
    struct embedding *e = context;
    const size_t width = (size_t)encoder_width(e->encoding.encoder);
    size_t lines[JSONL_TOGETHER]; /* that the texts are of */
    struct error why = {0};
    for (size_t i = 0; i < n; i++) {
        const json_t *text = in[i] != NULL ? line_text(in[i], &errs[i]) : NULL;
        if (text != NULL && embedding_add(e, json_string_value(text), json_string_length(text), &errs[i]))
            lines[e->n - 1] = i;
    }
    float *vectors = embedding_vectors(e, &why);
    for (size_t k = 0; k < e->n; k++) {
        if (vectors != NULL)
            out[lines[k]] = text_json(&e->texts[k], vectors + k * width, width);
        else
            errs[lines[k]] = why;
    }
    free(vectors);
    embedding_clear(e);
}

/* All lines, for a file; a line that is wrong ends it. */
static bool read_lines(struct embedding *e, struct error *err)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;
    for (size_t number = 1; err->code == ERR_NONE && (size = getline(&line, &capacity, stdin)) >= 0; number++) {
        json_error_t fault;
        struct error why = {0};
        if (strspn(line, " \t\r\n") == (size_t)size)
            continue;
        json_t *in = json_loadb(line, (size_t)size, JSON_ALLOW_NUL, &fault);
        const json_t *text = in != NULL ? line_text(in, &why) : NULL;
        if (in == NULL)
            error_set(err, ERR_FORMAT, "standard input:%zu:%d: %s", number, fault.column, fault.text);
        else if (text == NULL || !embedding_add(e, json_string_value(text), json_string_length(text), &why))
            error_set(err, why.code, "standard input:%zu: %s", number, why.message);
        json_decref(in);
    }
    if (err->code == ERR_NONE && ferror(stdin))
        error_system(err, ERR_IO, errno, "standard input");
    free(line);
    return err->code == ERR_NONE;
}

static bool read_words(struct embedding *e, const struct options *o, struct error *err)
{
    for (int i = 0; i < o->n_words; i++)
        if (!embedding_add(e, o->words[i], strlen(o->words[i]), err))
            return false;
    return true;
}

/* Returns whether all lines were answered. */
static bool embedding_run(struct embedding *e, const struct options *o, struct error *err)
{
    const char *path = o->vectors.output;
    vectors_writer *write = path != NULL ? find_writer(path, err) : NULL;
    if (err->code != ERR_NONE)
        return false;
    if (o->jsonl && path == NULL) {
        e->quiet = true; /* the lines are the progress */
        return jsonl_run_all(STDIN_FILENO, stdout, embed_lines, e, err);
    }
    if (o->jsonl ? read_lines(e, err) : read_words(e, o, err))
        embedding_write(e, path, write, err);
    return err->code == ERR_NONE;
}

int embed_run(const struct options *o)
{
    struct error err = {0};
    struct embedding e = {.normalize = o->vectors.normalize, .quiet = o->quiet};
    int status = EXIT_ERROR;
    if (o->jsonl == (o->n_words > 0))
        error_set(&err, ERR_ARGUMENT,
                  "palaver embed takes texts as arguments or, with --jsonl, lines on standard input; see palaver embed "
                  "--help");
    else if (encoding_open(&e.encoding, o, "model", &err)) {
        if (embedding_run(&e, o, &err))
            status = EXIT_ANSWER;
        encoding_tell_cut(&e.encoding, o->quiet);
    }
    if (err.code != ERR_NONE)
        status = report(&err);
    embedding_free(&e);
    return status;
}
