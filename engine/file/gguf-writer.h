/* Writes GGUF files, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), in one pass.
 *
 * What the file holds is said at the beginning; then the tensors' data come in that order, in pieces of any size. The file
 * grows without a name (on file systems that have no such files: under a hidden one) and takes its name at the end, when
 * all of it has reached the disk. A model of several files (-00001-of-0000N.gguf, as llama.cpp's gguf-split names and marks
 * them) takes its names together. Up to some thousand tensors and some hundred GB. */
#ifndef PALAVER_ENGINE_FILE_GGUF_WRITER_H
#define PALAVER_ENGINE_FILE_GGUF_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "engine/file/metadata.h"
#include "engine/kernels/tensor.h"

/* A tensor to be written; a vector has one row. */
struct gguf_entry {
    const char *name;
    enum tensor_type type;
    uint64_t rows, cols; /* cols is a multiple of the type's block */
};
uint64_t gguf_entry_bytes(const struct gguf_entry *e);

struct gguf_writer;

/* Plans what goes into which file and touches no disk. part_bytes: the most bytes of tensor data in a file, but one tensor
 * in any case; 0 for one file. The names of the entries must outlive the writer. NULL on failure. */
struct gguf_writer *gguf_writer_new(const char *path, const struct metadata *m, const struct gguf_entry *entries,
                                    size_t n, uint64_t part_bytes, struct error *err);
/* Removes what was written unless gguf_writer_end put it in its place. */
void gguf_writer_free(struct gguf_writer *w);
uint64_t gguf_writer_bytes(const struct gguf_writer *w); /* of all files */
/* The path that file number i will have; NULL past the last. */
const char *gguf_writer_path(const struct gguf_writer *w, size_t i);

/* Begins to write. ERR_ARGUMENT when a file of the name is there, unless replace is set; ERR_IO when the disk has too
 * little room or refuses. */
enum error_code gguf_writer_begin(struct gguf_writer *w, bool replace, struct error *err);
/* The next bytes of the tensors' data. */
enum error_code gguf_writer_append(struct gguf_writer *w, const void *bytes, size_t size, struct error *err);
/* Brings all to the disk and gives the files their names; all data must have been appended. On failure no file has its
 * new name, but for those of a model of several files that were there before and are replaced. */
enum error_code gguf_writer_end(struct gguf_writer *w, struct error *err);

#endif
