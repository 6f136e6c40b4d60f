/* palaver similarity: how alike texts are in meaning, after the article's TokenSimilarity: cleaned texts, cut at 16
 * tokens, the mean of the last layer's vectors, the cosine.
 *
 * A table of pairs may have millions of rows; each text is encoded once, and rows are written as they are computed. */
#include <config.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/commands/commands.h"
#include "app/commands/encoding.h"
#include "app/commands/table.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/text/charset.h"
#include "app/text/cleaning.h"
#include "app/text/csv.h"
#include "app/text/jsonl.h"
#include "app/text/replace.h"
#include "app/text/words.h"
#include "base/error.h"
#include "engine/engine.h"

enum { COLUMNS = 4 };

struct similarity {
    struct encoding encoding;
    size_t width;
    enum charset charset; /* of the tables */
    bool clean, quiet;
};

/* The texts of one side of the table. */
struct side {
    struct words texts;
    float *vectors; /* (texts.n, width), of length 1 */
};

/* ---- vectors ---------------------------------------------------------------------------------------------------- */

static bool add_text(struct similarity *s, const char *text, size_t size, struct ids *out, struct error *err)
{
    struct buf clean;
    if (!s->clean)
        return encoding_add(&s->encoding, text, size, out, err);
    buf_init(&clean, 4 * size + 8);
    const bool cleaned = cleaning_article(&clean, text, size);
    const bool ok = cleaned && encoding_add(&s->encoding, buf_text(&clean), clean.size, out, err);
    if (!cleaned)
        error_memory(err);
    buf_free(&clean);
    return ok;
}

/* Vectors of length 1; NULL on failure. */
static float *find_vectors(struct similarity *s, char *const *texts, const size_t *sizes, size_t n, bool quiet,
                           struct error *err)
{
    struct ids *ids = calloc(n > 0 ? n : 1, sizeof *ids);
    float *vectors = NULL;
    bool ok = ids != NULL;
    if (ids == NULL)
        error_memory(err);
    for (size_t i = 0; ok && i < n; i++)
        ok = add_text(s, texts[i], sizes != NULL ? sizes[i] : strlen(texts[i]), &ids[i], err);
    if (ok)
        vectors = encoding_vectors(&s->encoding, ids, n, quiet, err);
    for (size_t i = 0; vectors != NULL && i < n; i++)
        vector_normalize(vectors + i * s->width, s->width);
    for (size_t i = 0; ids != NULL && i < n; i++)
        ids_free(&ids[i]);
    free(ids);
    return vectors;
}

static bool compare_two(struct similarity *s, char *const texts[2], float *out, struct error *err)
{
    float *vectors = find_vectors(s, texts, NULL, 2, true, err);
    if (vectors != NULL)
        *out = vector_dot(vectors, vectors + s->width, s->width);
    free(vectors);
    return vectors != NULL;
}

/* The two texts of a line; false with err filled where there are none. */
static bool line_texts(const json_t *in, char **texts, size_t *sizes, struct error *err)
{
    static const char *const names[] = {"first", "second"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *text = json_object_get(in, names[i]);
        if (!json_is_string(text)) {
            error_set(err, ERR_FORMAT, "a line needs \"first\" and \"second\": two strings");
            return false;
        }
        texts[i] = (char *)(uintptr_t)json_string_value(text);
        sizes[i] = json_string_length(text);
    }
    return true;
}

/* Lines in, lines out, the texts through the encoder together. */
static void compare_lines(void *context, json_t *const *in, json_t **out, struct error *errs, size_t n)
{
    struct similarity *s = context;
    char *texts[2 * JSONL_TOGETHER] = {0};
    size_t sizes[2 * JSONL_TOGETHER] = {0}, lines[JSONL_TOGETHER], good = 0; /* the lines that the pairs are of */
    struct error why = {0};
    for (size_t i = 0; i < n; i++)
        if (in[i] != NULL && line_texts(in[i], texts + 2 * good, sizes + 2 * good, &errs[i]))
            lines[good++] = i;
    float *vectors = find_vectors(s, texts, sizes, 2 * good, true, &why);
    for (size_t k = 0; k < good; k++) {
        if (vectors == NULL) {
            errs[lines[k]] = why;
            continue;
        }
        const float *first = vectors + 2 * k * s->width;
        out[lines[k]] = json_pack("{s:f}", "similarity", (double)vector_dot(first, first + s->width, s->width));
    }
    free(vectors);
}

/* ---- the table of pairs ----------------------------------------------------------------------------------------- */

/* One of --clusters beside a question. */
struct pair {
    float similarity;
    size_t cluster;
};

static int likest_first(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->similarity != y->similarity)
        return x->similarity < y->similarity ? 1 : -1;
    return x->cluster < y->cluster ? -1 : x->cluster > y->cluster;
}

/* The pairs of one question in the order in which they are written; their number. */
static size_t compare_question(const struct similarity *s, const float *question, const struct side *clusters,
                               size_t best, struct pair *pairs)
{
    for (size_t k = 0; k < clusters->texts.n; k++)
        pairs[k] = (struct pair){vector_dot(question, clusters->vectors + k * s->width, s->width), k};
    if (best == 0)
        return clusters->texts.n;
    qsort(pairs, clusters->texts.n, sizeof *pairs, likest_first);
    return best < clusters->texts.n ? best : clusters->texts.n;
}

/* Names of the columns, out of --columns or the article's. */
static bool read_columns(const char *given, char names[COLUMNS][64], struct error *err)
{
    const char *at = given != NULL ? given : "index,Pertanyaan1,Pertanyaan2,Similarity";
    for (int i = 0; i < COLUMNS; i++) {
        const size_t size = strcspn(at, ",");
        const bool last = at[size] == '\0';
        if (size == 0 || size >= sizeof names[i] || last != (i == COLUMNS - 1)) {
            error_set(err, ERR_ARGUMENT,
                      "--columns: four names of at most 63 bytes with commas between, as index,A,B,C");
            return false;
        }
        memcpy(names[i], at, size);
        names[i][size] = '\0';
        at += size + 1;
    }
    return true;
}

static void write_header(FILE *out, char names[COLUMNS][64])
{
    for (int i = 0; i < COLUMNS; i++) {
        csv_write_field(out, names[i], ',');
        fputc(i < COLUMNS - 1 ? ',' : '\n', out);
    }
}

static void write_pairs(FILE *out, const struct similarity *s, const struct side *questions,
                        const struct side *clusters, size_t best, struct pair *pairs)
{
    struct progress p = progress_start(s->quiet);
    size_t row = 0;
    for (size_t i = 0; i < questions->texts.n && !ferror(out); i++) {
        const size_t n = compare_question(s, questions->vectors + i * s->width, clusters, best, pairs);
        for (size_t k = 0; k < n; k++, row++) {
            fprintf(out, "%zu,", row);
            csv_write_field(out, questions->texts.at[i], ',');
            fputc(',', out);
            csv_write_field(out, clusters->texts.at[pairs[k].cluster], ',');
            fprintf(out, ",%.7f\n", (double)pairs[k].similarity);
        }
        progress_show(&p, i + 1, questions->texts.n);
    }
    progress_end(&p);
}

static bool read_side(struct similarity *s, const char *spec, struct side *side, struct error *err)
{
    if (!table_read(spec, s->charset, &side->texts, err))
        return false;
    side->vectors = find_vectors(s, side->texts.at, NULL, side->texts.n, s->quiet, err);
    return side->vectors != NULL;
}

static void compare_tables(struct similarity *s, const struct options *o, struct error *err)
{
    char names[COLUMNS][64];
    struct side questions = {0}, clusters = {0};
    struct replace file;
    struct pair *pairs = NULL;
    bool ok = read_columns(o->vectors.columns, names, err) && read_side(s, o->vectors.questions, &questions, err) &&
              read_side(s, o->vectors.clusters, &clusters, err);
    if (ok && (pairs = calloc(clusters.texts.n > 0 ? clusters.texts.n : 1, sizeof *pairs)) == NULL)
        error_memory(err);
    if (pairs != NULL && replace_begin(&file, o->vectors.output, err) == ERR_NONE) {
        write_header(file.file, names);
        write_pairs(file.file, s, &questions, &clusters, (size_t)o->vectors.best, pairs);
        replace_end(&file, true, err);
    }
    free(pairs);
    words_free(&questions.texts);
    words_free(&clusters.texts);
    free(questions.vectors);
    free(clusters.vectors);
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

/* Exactly one of three ways to call it. */
static bool check_call(const struct options *o, struct error *err)
{
    const bool tables = o->vectors.questions != NULL || o->vectors.clusters != NULL;
    const bool two = o->n_words == 2, none = o->n_words == 0;
    if (tables && (o->vectors.questions == NULL || o->vectors.clusters == NULL || o->vectors.output == NULL))
        error_set(err, ERR_ARGUMENT, "a table of pairs needs all three of --questions, --clusters and -o OUT.csv");
    else if (tables && (table_is_file(o->vectors.questions, o->vectors.output) ||
                        table_is_file(o->vectors.clusters, o->vectors.output)))
        error_set(err, ERR_ARGUMENT, "-o %s: the texts are read from this file; choose another one", o->vectors.output);
    else if ((int)tables + (int)o->jsonl + (int)two != 1 || !(two || none))
        error_set(
            err, ERR_ARGUMENT,
            "palaver similarity compares two texts, lines of --jsonl, or --questions with --clusters; see palaver "
            "similarity --help");
    else
        return true;
    return false;
}

static bool find_charset(const struct options *o, enum charset *out, struct error *err)
{
    return charset_find(o->vectors.encoding != NULL ? o->vectors.encoding : charset_name(CHARSET_UTF8), out, err);
}

/* Returns whether everything was answered. */
static bool similarity_answer(struct similarity *s, const struct options *o, struct error *err)
{
    float similarity;
    if (o->jsonl)
        return jsonl_run_all(STDIN_FILENO, stdout, compare_lines, s, err);
    if (o->n_words == 2 && compare_two(s, o->words, &similarity, err))
        printf("%.7f\n", (double)similarity);
    else if (o->n_words == 0)
        compare_tables(s, o, err);
    return err->code == ERR_NONE;
}

int similarity_run(const struct options *o)
{
    struct error err = {0};
    struct similarity s = {.clean = o->vectors.cleaning == CLEANING_ARTICLE, .quiet = o->quiet};
    int status = EXIT_ERROR;
    if (check_call(o, &err) && find_charset(o, &s.charset, &err) && encoding_open(&s.encoding, o, "16", &err)) {
        s.width = (size_t)encoder_width(s.encoding.encoder);
        if (similarity_answer(&s, o, &err))
            status = EXIT_ANSWER;
        encoding_tell_cut(&s.encoding, o->quiet);
    }
    if (err.code != ERR_NONE)
        status = report(&err);
    encoding_close(&s.encoding);
    return status;
}
