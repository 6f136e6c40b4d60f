/* Fuzz target: any bytes as a file of vectors. The first byte says the width; a second one below 128, that the file begins with
 * the header of this form and every record's checksum is put right, so that what they say is read too. Searching and writing
 * must work on it, and what is written must be found. */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/meaning/vectors-file.h"
#include "app/meaning/vectors.h"
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENCODER = 7, WIDTHS = 40, MESSAGE = 1000000 };

static int8_t vector[WIDTHS];

/* The input as a file of this form, as far as header and checksums go. */
static unsigned char *make_file(const uint8_t *data, size_t size, size_t width)
{
    const struct vectors_header header = vectors_header_make(ENCODER, width);
    const size_t record = vectors_record_size(width);
    unsigned char *file = malloc(sizeof header + size + 1);
    if (file == NULL)
        abort();
    memcpy(file, &header, sizeof header);
    memcpy(file + sizeof header, data, size);
    for (size_t at = sizeof header; at + record <= sizeof header + size; at += record) {
        struct vectors_record *r = (struct vectors_record *)(void *)(file + at);
        r->check = vectors_record_check(r, width);
    }
    return file;
}

static void search(const char *path, size_t width)
{
    struct error err = {0};
    struct vectors_found found[20];
    size_t n = 20;
    struct vectors *v = vectors_read(path, ENCODER, width, &err);
    if (v == NULL && err.message[0] == '\0')
        abort();
    if (v != NULL && vectors_search(v, vector, 0.01F, found, &n, &err) == ERR_NONE)
        for (size_t i = 0; i < n; i++)
            if (found[i].message <= 0)
                abort();
    vectors_free(v);
}

static void write_message(const char *path, size_t width)
{
    struct error err = {0};
    uint64_t hash = 0;
    const struct vectors_passage passages[] = {{0, 1, 0.01F, vector}, {1, 1, 0.01F, vector}};
    struct vectors *v = vectors_write(path, ENCODER, width, &err);
    if (v == NULL || vectors_put(v, MESSAGE, 5, passages, 2, &err) != ERR_NONE)
        abort();
    const size_t n = vectors_messages(v);
    vectors_free(v);
    v = vectors_write(path, ENCODER, width, &err);
    if (v == NULL || vectors_messages(v) != n || !vectors_has(v, MESSAGE, &hash) || hash != 5)
        abort();
    vectors_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const size_t width = 1 + data[0] % WIDTHS;
    memset(vector, 3, sizeof vector);
    unsigned char *file = data[1] < 128 ? make_file(data + 2, size - 2, width) : NULL;
    const char *path = file != NULL ? scratch_file("vectors", file, sizeof(struct vectors_header) + size - 2)
                                    : scratch_file("vectors", data + 2, size - 2);
    search(path, width);
    write_message(path, width);
    search(path, width);
    free(file);
    return 0;
}
