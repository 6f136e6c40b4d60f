/* Fuzz target: any bytes as what a server sends: headers, a hub's list of files, a page of an index, an archive. No name of a
 * list leads out of a folder, and no archive gives more than was asked for. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "remote/answer.h"
#include "remote/archive.h"
#include "remote/choose.h"
#include "remote/hub.h"
#include "remote/names.h"
#include "remote/package.h"
#include "tests/fuzz/scratch.h"

#define MEMBER_BYTES 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_headers(const char *text, size_t size)
{
    struct answer a = {0};
    answer_reset(&a);
    while (size > 0) {
        const char *end = memchr(text, '\n', size);
        const size_t n = end != NULL ? (size_t)(end + 1 - text) : size;
        answer_take(&a, text, n, "https://hub.example/a/b");
        text += n;
        size -= n;
    }
    if (a.length < -1 || a.from < -1 || a.total < -1 || strlen(a.validator) >= sizeof a.validator)
        abort();
    answer_reset(&a);
}

static void read_list(const struct buf *text)
{
    static const char *const names[] = {"a/b", "a/b:Q4_K_M", "a/b/c-00001-of-00002.gguf"};
    struct hub_list list = {0};
    struct error err = {0};
    hub_list_read(&list, "https://hub.example/", text, &err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct hub_name name;
        struct choice choice = {0};
        error_clear(&err);
        if (hub_parse(names[i], "https://hub.example", &name, &err) != ERR_NONE)
            abort();
        if (choose_files(&list, &name, &choice, &err) == ERR_NONE && (choice.n == 0 || choice.n > list.n))
            abort();
        for (size_t j = 0; j < choice.n; j++)
            if (name_is_safe(list.at[choice.at[j]].path) && strchr(list.at[choice.at[j]].path, '/') != NULL)
                abort();
        free(choice.at);
    }
    hub_list_free(&list);
}

static enum error_code count_bytes(void *context, const void *bytes, size_t n, struct error *err)
{
    (void)bytes;
    (void)err;
    *(size_t *)context += n;
    return ERR_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text;
    struct error err = {0};
    size_t unpacked = 0;
    buf_init(&text, size + 1);
    buf_append(&text, data, size);
    read_headers(buf_text(&text), text.size);
    read_list(&text);
    free(package_read(&text, "a-1.0-py3-none-any.whl"));
    buf_free(&text);
    archive_unpack(scratch_file("a.zip", data, size), "a/b", MEMBER_BYTES, count_bytes, &unpacked, &err);
    if (unpacked > MEMBER_BYTES)
        abort();
    return 0;
}
