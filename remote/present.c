/* Present: by size, then by checksum. */
#include <config.h>

#include "remote/present.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "remote/digest.h"

#define READ_STEP ((size_t)1 << 16)

/* The checksum of a file that has its name already. */
static enum error_code present_sum(const struct fetcher *f, const char *path, struct digest *digest, struct error *err)
{
    const struct remote_watch *watch = &f->options->watch;
    unsigned char bytes[READ_STEP];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_system(err, ERR_IO, errno, "%s: can't be read", path);
    for (size_t n; err->code == ERR_NONE && (n = fread(bytes, 1, sizeof bytes, file)) > 0;) {
        digest_add(digest, bytes, n);
        if (!watch->progress(watch->context, f->done, f->total))
            error_set(err, ERR_STOPPED, "stopped");
    }
    if (ferror(file))
        error_system(err, ERR_IO, errno, "%s: can't be read", path);
    fclose(file);
    return err->code;
}

enum error_code present_check(struct fetcher *f, const struct remote_file *file, const char *path, struct error *err)
{
    const struct remote_watch *watch = &f->options->watch;
    const bool has_sum = file->kind != DIGEST_NONE;
    struct stat st;
    char sum[DIGEST_TEXT];
    watch->file(watch->context, file, 0);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return error_set(err, ERR_ARGUMENT, "%s: is there and is no file; move it away", path);
    if (file->size < 0 && !has_sum)
        return error_set(err, ERR_ARGUMENT, "%s: is there already; move it away to fetch it again", path);
    if (file->size >= 0 && st.st_size != file->size)
        return error_set(err, ERR_ARGUMENT,
                         "%s: is there already with %" PRId64 " bytes, what would be fetched has %" PRId64
                         "; move it away to fetch it again",
                         path, (int64_t)st.st_size, file->size);
    struct digest *digest = has_sum ? digest_new(file->kind, st.st_size, err) : NULL;
    if (digest == NULL)
        return err->code;
    if (present_sum(f, path, digest, err) == ERR_NONE) {
        digest_end(digest, sum);
        if (strcmp(sum, file->sum) != 0)
            error_set(err, ERR_ARGUMENT,
                      "%s: is there already with another checksum, %s; move it away to fetch it again", path, sum);
    }
    digest_free(digest);
    if (err->code == ERR_NONE)
        watch->note(watch->context, "is there already, and right");
    return err->code;
}
