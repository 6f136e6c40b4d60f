/* Internals of sources: the tables of metadata and tensors, and the interface of a reader (gguf.c; other forms
 * later).
 *
 * A reader fills the two tables under GGUF's names. Everything it puts there has been checked against the size of
 * the file.
 *   source.c         which reader, opening
 *   source-file.c    mapping files, labels, refusals
 *   source-memory.c  what of them lies in memory, and the disk
 *   source-tables.c  the tables, asked and filled
 *   fingerprint.c    what version 0.1 knew a model by
 *   gguf.c           a reader
 *   folder*.c        readers of folders (folder.h) */
#ifndef PALAVER_ENGINE_FILE_SOURCE_KIND_H
#define PALAVER_ENGINE_FILE_SOURCE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "engine/file/names.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"

/* The numbers are GGUF's. */
enum value_type {
    VALUE_U8 = 0,
    VALUE_I8 = 1,
    VALUE_U16 = 2,
    VALUE_I16 = 3,
    VALUE_U32 = 4,
    VALUE_I32 = 5,
    VALUE_F32 = 6,
    VALUE_BOOL = 7,
    VALUE_STRING = 8,
    VALUE_ARRAY = 9,
    VALUE_U64 = 10,
    VALUE_I64 = 11,
    VALUE_F64 = 12,
};

/* A metadata value. Its bytes stay where the file has them, little-endian. */
struct value {
    enum value_type type;
    const unsigned char *bytes; /* of a string: its text; of an array: its elements */
    uint64_t size;              /* bytes of these */
    enum value_type element;    /* of an array */
    uint64_t n;                 /* of an array: elements */
    uint64_t *offsets;          /* of an array of strings: where each one's length stands in bytes; malloc'ed */
};

/* Bytes that lie in memory as long as the source does. */
struct source_map {
    const unsigned char *bytes;
    uint64_t size;
    bool mapped;  /* false: memory that is the caller's, or owned */
    bool owned;   /* freed with the source; no part of a file */
    int fd;       /* of a mapped one: the file, open for reading */
    dev_t device; /* and which file it is */
    ino_t inode;
};

struct source_kind {
    const char *name;
    /* Whether the file at path is of this kind, by its first n bytes. */
    bool (*claims)(const char *path, const unsigned char *head, size_t n);
    enum error_code (*read)(struct source *s, const char *path, bool vocab_only, struct error *err);
};
extern const struct source_kind gguf_kind, hf_kind, meta_kind;

/* gguf.c: adds the metadata at the beginning of a GGUF file in memory; path is for messages. */
enum error_code gguf_read_metadata(struct source *s, const char *path, const void *bytes, uint64_t size,
                                   struct error *err);

struct value_entry {
    char *key;
    struct value value;
};

struct tensor_entry {
    char *name;
    struct tensor tensor; /* its pieces, if any, are malloc'ed */
};

struct source {
    char format[16]; /* "GGUF 3" */
    struct source_map *maps;
    size_t n_maps;
    struct value_entry *values; /* in the file's order */
    size_t n_values;
    struct names keys; /* into values */
    struct tensor_entry *tensors;
    size_t n_tensors;
    struct names tensor_names; /* into tensors */
};

/* Opens a regular file for reading and examines it; -1 on failure. */
int source_open_regular(const char *path, struct stat *st, struct error *err);
/* The error for a file that no kind claims, by its first n bytes; returns its code. */
enum error_code source_refuse(const char *path, const unsigned char *head, size_t n, struct error *err);
/* Adds a map, which source_free unmaps if it is mapped. False: out of memory, and the map is still the caller's. */
bool source_add_map(struct source *s, struct source_map map, struct error *err);
/* Maps a regular file read-only; source_free unmaps it. In a source opened in memory it gives that memory. */
bool source_map_file(struct source *s, const char *path, struct source_map *out, struct error *err);
/* Tells the system that these mapped bytes will be read soon; returns at once. */
void source_expect(const void *bytes, uint64_t size);
/* Both copy the name. source_add_value takes value.offsets over, source_add_tensor tensor.pieces, whatever they
 * return. file is for messages. */
enum error_code source_add_value(struct source *s, const char *file, const char *key, struct value value,
                                 struct error *err);
enum error_code source_add_tensor(struct source *s, const char *file, const char *name, struct tensor tensor,
                                  struct error *err);
/* The part of a path that messages name the file by. */
const char *source_label(const char *path);

/* Opens a file that lies in memory, for tests; bytes must outlive the source. name is for messages. */
struct source *source_open_memory(const char *name, const void *bytes, uint64_t size, bool vocab_only,
                                  struct error *err);

#endif
