/* What the readers of model folders share: a description in the making, weight files, vocabulary files.
 *
 *   folder.c         paths, JSON files, weight files, the vocabulary, the end
 *   folder-hf.c      Hugging Face: config.json and safetensors or pytorch_model.bin
 *   folder-bert.c    what folders of BERT have otherwise
 *   folder-meta.c    Meta: params.json and consolidated.*.pth
 * Weights stay where the maps have them; what is made (metadata, copied tensors) is owned by the source. */
#ifndef PALAVER_ENGINE_FILE_FOLDER_H
#define PALAVER_ENGINE_FILE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"
#include "engine/file/metadata.h"
#include "engine/file/source-kind.h"
#include "engine/file/vocab.h"
#include "engine/file/weights.h"

enum { FOLDER_ENDS = 2 };

struct folder {
    struct source *source; /* being filled */
    char *path;            /* of the folder that holds the files; owned */
    struct metadata metadata;
    struct vocab vocab;
    int32_t ends[FOLDER_ENDS]; /* tokens that end an answer beside EOS */
    size_t n_ends;
    struct error *err;
};

/* The path of a file in the folder, malloc'ed; NULL when out of memory. */
char *folder_file(const struct folder *f, const char *name);
bool folder_has(const struct folder *f, const char *name);
/* Whether dir/name is a file. */
bool folder_path_has(const char *dir, const char *name);

/* Begins a description of what lies at path, a folder or a file in one. ERR_MEMORY. */
enum error_code folder_begin(struct folder *f, struct source *s, const char *path, struct error *err);
/* Adds the metadata and the vocabulary to the source. To be called once, whatever happened: code is passed through. */
enum error_code folder_end(struct folder *f, enum error_code code);

/* Reads a JSON object; ERR_NOT_FOUND without a message when there is no such file. The caller releases *out. */
enum error_code folder_json(const struct folder *f, const char *name, json_t **out);
/* A whole file as text, malloc'ed with a NUL after it, its size in *size; NULL with err filled. */
char *folder_text(const struct folder *f, const char *name, size_t *size);
/* Maps a weight file and adds its tensors to all. */
enum error_code folder_weights(struct folder *f, const char *name, struct weights *all);
/* Makes memory the source's, which frees it; false when out of memory, and it is freed. */
bool folder_own(struct folder *f, void *memory);
/* Reads tokenizer.model of the folder, or of the one above (Meta's place). later: as for vocab_read_tiktoken.
 * ERR_NOT_FOUND without a message. */
enum error_code folder_tokenizer_model(struct folder *f, bool above, bool later);

/* Reads a whole number from 1 out of an object of the file of that name; fallback where it is absent or null, unless that
 * is 0. */
enum error_code folder_count(const struct folder *f, const char *file, const json_t *object, const char *name,
                             uint64_t fallback, uint64_t *out);
/* A number; fallback where there is none. */
double folder_number(const json_t *object, const char *name, double fallback);

/* How Llama 3.1 stretches its rotary frequencies. */
struct llama3_rope {
    double base, factor, low, high, trained;
    uint64_t pairs;
};
/* Adds the factors by pair, as rope_freqs.weight holds them in GGUF files. */
enum error_code folder_llama3_rope(struct folder *f, const struct llama3_rope *r);

/* Adds general.name: what the folder is called, or what the model is in whose cache folder (models--ORG--NAME) it lies. */
void folder_name(struct folder *f);
/* Adds a key "llama.NAME". */
void folder_uint(struct folder *f, const char *name, uint64_t value);
void folder_float(struct folder *f, const char *name, double value);

#endif
