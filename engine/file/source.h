/* A model source: named tensors and metadata of a model on disk, whichever form it is published in.
 *
 * Everything a file says is checked against the file's size before it is used; what is returned can be read without
 * further checks. Expect files of up to 140 GB, mapped read-only and not read through. */
#ifndef PALAVER_ENGINE_FILE_SOURCE_H
#define PALAVER_ENGINE_FILE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/kernels/tensor.h"

struct source;
struct value;

/* Opens whatever lies at path; the path of any part opens a split model. vocab_only: tensors are not looked at. */
struct source *source_open(const char *path, bool vocab_only, struct error *err);
void source_free(struct source *s);
const char *source_format(const struct source *s); /* e.g. "GGUF 3" */
uint64_t source_file_bytes(const struct source *s);
/* What version 0.1 knew the model by: of the metadata but names, licence and chat template, the tensors' shapes and a
 * sample of their data; vocab_only: of the metadata alone. Another one for each form of a model. */
uint64_t source_fingerprint(const struct source *s);

/* Finds a tensor by its GGUF name ("blk.0.attn_q.weight"); false when absent. */
bool source_tensor(const struct source *s, const char *name, struct tensor *out);
/* Tensor number i of the file, for listings; false past the end. */
bool source_tensor_at(const struct source *s, uint64_t i, const char **name, struct tensor *out);
/* Puts another tensor of one place, whose data outlive the source, in the place of number i. */
void source_set_tensor(struct source *s, uint64_t i, struct tensor tensor);

/* The mapped bytes will not be read for a while: their memory is given back, whole pages of it. They are read from the
 * file again when they are touched. Bytes that are not mapped stay. */
void source_let_go(const struct source *s, const void *bytes, uint64_t size);
/* Single rows of the mapped bytes will be read, in no order: nothing around them is read too. */
void source_expect_scattered(const void *bytes, uint64_t size);
/* Bytes of a mapped stretch that are in memory. Linux tells this only of files that the user owns or may write; of
 * others it says that all are. */
uint64_t source_resident_bytes(const void *bytes, uint64_t size);
/* Bytes in memory of mapped files that are not the source's: the program and its libraries. */
uint64_t source_other_files(const struct source *s);
/* Bytes a second at which the disk brings what is not in memory yet, measured with up to 64 MB; takes half a second at
 * most, or as long as a slow disk needs for 8 MB. 0 when too little of the source lies on disk alone. */
double source_read_rate(const struct source *s);

/* Key number i of the metadata, in the file's order; NULL past the end. */
const char *source_key_at(const struct source *s, uint64_t i);
/* Whether path is one of the files that the source has mapped, by whatever name. */
bool source_has_file(const struct source *s, const char *path);
/* Tells the system that rows [from, to) of a tensor will be read soon, or not again: what is mapped of them then no longer
 * counts as this process's memory. */
void source_expect_rows(const struct tensor *t, uint64_t from, uint64_t to);
void source_release_rows(const struct source *s, const struct tensor *t, uint64_t from, uint64_t to);

/* Key number i in the file's order with its value as the file has it (source-kind.h); false past the end. */
bool source_value_at(const struct source *s, uint64_t i, const char **key, const struct value **value);
/* Metadata by GGUF key. Each returns false when the key is absent or of another kind; integers of any width convert. */
bool source_uint(const struct source *s, const char *key, uint64_t *out);
bool source_float(const struct source *s, const char *key, double *out);
bool source_bool(const struct source *s, const char *key, bool *out);
/* bytes is owned by the source and not NUL-terminated. */
bool source_string(const struct source *s, const char *key, const char **bytes, uint64_t *size);
/* Arrays: the number of elements, then one by one; false when absent, of another kind or past the end. */
bool source_array(const struct source *s, const char *key, uint64_t *n);
bool source_array_string(const struct source *s, const char *key, uint64_t i, const char **bytes, uint64_t *size);
/* The same for all of many texts, whose key is looked up once: the array, the source's; NULL where the above is false. */
const struct value *source_texts(const struct source *s, const char *key, uint64_t *n);
bool source_text_at(const struct value *texts, uint64_t i, const char **bytes, uint64_t *size);
/* Whole numeric arrays as one type: returns a malloc'ed block of n elements, owned by the caller; NULL when absent. */
float *source_array_floats(const struct source *s, const char *key, uint64_t *n, struct error *err);
int32_t *source_array_ints(const struct source *s, const char *key, uint64_t *n, struct error *err);

#endif
