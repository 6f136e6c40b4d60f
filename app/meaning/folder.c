/* Folder: one thread opens the encoder, walks, cuts each file into passages and encodes them, a few at a time. Of all
 * passages those with the likest vectors are kept; vectors are not. Some 10 KB of text are read in a tenth of a second. */
#include <config.h>

#include "app/meaning/folder.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "app/meaning/coder.h"
#include "app/meaning/find.h"
#include "app/meaning/walk.h"
#include "app/text/input.h"
#include "app/text/passages.h"
#include "base/buf.h"
#include "base/clock.h"
#include "engine/engine.h"

enum { TOGETHER = 8 }; /* passages encoded between two looks at whether to go on */

struct folder {
    const struct options *options;
    char *question;
    struct words folders;
    pthread_t thread;
    bool started;
    atomic_bool stopped, ended;
    _Atomic uint64_t done, total; /* bytes; total 0: not known yet */
    double begun;                 /* when encoding began; written before total */

    /* of the thread, until it has ended */
    struct model *model;
    struct coder *coder;
    int8_t *vectors; /* (1 + TOGETHER, width): the question's, and those of a stretch */
    float scales[1 + TOGETHER];
    struct folder_answer answer;
    struct error err;
};

static bool goes_on(void *context)
{
    struct folder *f = context;
    return !atomic_load(&f->stopped);
}

/* ---- passages --------------------------------------------------------------------------------------------------- */

static void free_passage(struct folder_passage *p)
{
    free(p->path);
    free(p->text);
}

/* Keeps the likest. A passage takes the place of the last one, and goes up to its own. */
static bool keep_passage(struct folder_answer *a, const struct folder_passage *p)
{
    if (a->n == FOLDER_PASSAGES_MOST && a->at[a->n - 1].likeness >= p->likeness)
        return true;
    struct folder_passage own = *p;
    own.path = strdup(p->path);
    own.text = malloc(p->size + 1);
    if (own.path == NULL || own.text == NULL) {
        free_passage(&own);
        return false;
    }
    memcpy(own.text, p->text, p->size);
    own.text[p->size] = '\0';
    if (a->n == FOLDER_PASSAGES_MOST)
        free_passage(&a->at[--a->n]);
    size_t i = a->n++;
    for (; i > 0 && a->at[i - 1].likeness < own.likeness; i--)
        a->at[i] = a->at[i - 1];
    a->at[i] = own;
    return true;
}

/* Encodes n passages of a text and keeps the likest. */
static void encode_stretch(struct folder *f, const struct walk_file *file, const char *text, const struct passages *p,
                           size_t first, size_t n)
{
    struct coder_text texts[TOGETHER];
    const size_t width = coder_width(f->coder);
    for (size_t i = 0; i < n; i++)
        texts[i] = (struct coder_text){text + p->at[first + i].at, p->at[first + i].size};
    if (coder_encode(f->coder, texts, n, f->vectors + width, f->scales + 1, &f->err) != ERR_NONE)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct passage *from = &p->at[first + i];
        const struct folder_passage passage = {
            .path = file->path,
            .text = (char *)(uintptr_t)texts[i].text,
            .size = texts[i].size,
            .file = f->answer.files,
            .number = first + i,
            .line = from->line,
            .last_line = from->last_line,
            .likeness = coder_likeness(f->vectors, f->scales[0], f->vectors + (1 + i) * width, f->scales[1 + i], width),
        };
        if (!keep_passage(&f->answer, &passage))
            error_memory(&f->err);
    }
}

static void encode_text(struct folder *f, const struct walk_file *file, const struct buf *text)
{
    struct passages p = {0};
    const uint64_t before = atomic_load(&f->done);
    coder_cut(f->coder, buf_text(text), text->size, &p, &f->err);
    for (size_t at = 0, n; at < p.n && f->err.code == ERR_NONE; at += n) {
        n = p.n - at < TOGETHER ? p.n - at : TOGETHER;
        if (goes_on(f))
            encode_stretch(f, file, buf_text(text), &p, at, n);
        else
            error_set(&f->err, ERR_STOPPED, "stopped");
        atomic_store(&f->done, before + p.at[at + n - 1].at);
    }
    f->answer.passages += p.n;
    passages_free(&p);
}

static void read_file(struct folder *f, const struct walk_file *file)
{
    struct error why = {0}; /* one that can't be read is counted */
    struct buf text;
    const uint64_t before = atomic_load(&f->done);
    buf_init(&text, WALK_FILE_MOST);
    if (input_read_file(file->path, &text, &why) != ERR_NONE) {
        f->answer.unreadable++;
    } else if (input_binary_at(&text) < text.size) {
        f->answer.binary++;
    } else {
        encode_text(f, file, &text);
        f->answer.files++;
    }
    buf_free(&text);
    atomic_store(&f->done, before + file->size);
}

/* ---- the thread ------------------------------------------------------------------------------------------------- */

static bool open_encoder(struct folder *f)
{
    char *path = meaning_find_encoder(f->options, &f->err);
    f->model = path != NULL ? model_open(path, NULL, &f->err) : NULL;
    free(path);
    if (f->model != NULL)
        f->coder = coder_open(f->model, f->options->threads, &f->err);
    if (f->coder == NULL)
        return false;
    f->vectors = malloc((1 + TOGETHER) * coder_width(f->coder));
    f->answer.at = calloc(FOLDER_PASSAGES_MOST, sizeof *f->answer.at);
    if (f->vectors != NULL && f->answer.at != NULL)
        return true;
    error_memory(&f->err);
    return false;
}

static void read_files(struct folder *f, const struct walk *w)
{
    const struct coder_text question = {f->question, strlen(f->question)};
    f->answer.large = w->large;
    f->answer.unreadable = w->unreadable;
    f->answer.links = w->links;
    f->answer.full = w->full;
    f->begun = clock_seconds();
    atomic_store(&f->total, w->bytes);
    coder_encode(f->coder, &question, 1, f->vectors, f->scales, &f->err);
    for (size_t i = 0; i < w->n && f->err.code == ERR_NONE; i++)
        read_file(f, &w->files[i]);
    if (f->answer.n == 0)
        error_set(&f->err, ERR_NOT_FOUND,
                  "%s: no text there: %zu binary, %zu larger than %d MiB, %zu unreadable; hidden files and links to "
                  "folders are left out",
                  f->folders.at[0], f->answer.binary, f->answer.large, WALK_FILE_MOST >> 20, f->answer.unreadable);
}

static void *run_folder(void *context)
{
    struct folder *f = context;
    struct walk w = {0};
    bool ok = open_encoder(f);
    for (size_t i = 0; ok && i < f->folders.n; i++)
        ok = walk_add(&w, f->folders.at[i], goes_on, f, &f->err) == ERR_NONE;
    if (ok)
        read_files(f, &w);
    walk_free(&w);
    atomic_store(&f->ended, true);
    return NULL;
}

/* ---- the front end's thread ------------------------------------------------------------------------------------- */

static bool copy_call(struct folder *f, const char *question, const struct words *folders)
{
    f->question = strdup(question);
    bool ok = f->question != NULL;
    for (size_t i = 0; ok && i < folders->n; i++)
        ok = words_add(&f->folders, folders->at[i], strlen(folders->at[i]));
    return ok;
}

struct folder *folder_ask(const struct options *o, const char *question, const struct words *folders, struct error *err)
{
    struct folder *f = calloc(1, sizeof *f);
    if (f == NULL || !copy_call(f, question, folders)) {
        error_memory(err);
        folder_free(f);
        return NULL;
    }
    f->options = o;
    const int failed = pthread_create(&f->thread, NULL, run_folder, f);
    f->started = failed == 0;
    if (f->started)
        return f;
    error_system(err, ERR_MEMORY, failed, "cannot start a thread");
    folder_free(f);
    return NULL;
}

void folder_free(struct folder *f)
{
    if (f == NULL)
        return;
    atomic_store(&f->stopped, true);
    if (f->started)
        pthread_join(f->thread, NULL);
    for (size_t i = 0; i < f->answer.n; i++)
        free_passage(&f->answer.at[i]);
    free(f->answer.at);
    free(f->vectors);
    coder_free(f->coder);
    model_free(f->model);
    words_free(&f->folders);
    free(f->question);
    free(f);
}

int folder_percent(const struct folder *f)
{
    const uint64_t total = atomic_load(&f->total), done = atomic_load(&f->done);
    return total == 0 ? -1 : done >= total ? 100 : (int)(done * 100 / total);
}

bool folder_is_stopped(const struct folder *f)
{
    return atomic_load(&f->stopped);
}

int folder_seconds_left(const struct folder *f)
{
    const uint64_t total = atomic_load(&f->total), done = atomic_load(&f->done);
    if (total == 0 || done == 0 || done >= total)
        return 0;
    return (int)((clock_seconds() - f->begun) * (double)(total - done) / (double)done + 0.5);
}

bool folder_has_ended(const struct folder *f)
{
    return atomic_load(&f->ended);
}

void folder_stop(struct folder *f)
{
    atomic_store(&f->stopped, true);
}

const struct folder_answer *folder_result(const struct folder *f, struct error *err)
{
    if (f->err.code == ERR_NONE)
        return &f->answer;
    error_set(err, f->err.code, "%s", f->err.message);
    return NULL;
}
