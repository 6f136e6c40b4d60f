/* Pull: a plan is carried out, file by file.
 *
 * A folder grows under the name NAME.part and is renamed when all of its files are whole. Of a model in several files the
 * first, which stands for all of them, comes last (plan.c, choose.c). */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/archive.h"
#include "remote/fetch.h"
#include "remote/known.h"
#include "remote/names.h"
#include "remote/package.h"
#include "remote/part.h"
#include "remote/remote.h"

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* Bytes of the plan that are there already, whole or in parts. */
static int64_t plan_present(const struct remote_plan *plan, const char *folder)
{
    static const char *const ends[] = {"", ".part"};
    int64_t sum = 0;
    for (size_t i = 0; i < plan->n; i++)
        for (size_t j = 0; j < sizeof ends / sizeof *ends; j++) {
            struct stat st;
            char path[4096];
            const int n = snprintf(path, sizeof path, "%s/%s%s", folder, plan->files[i].name, ends[j]);
            sum += n < (int)sizeof path && stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
        }
    return sum;
}

/* Whether the plan's only file is a model by itself. */
static bool is_model(const struct remote_plan *plan)
{
    return plan->n == 1 && !plan->folder && name_ends_with(plan->files[0].name, ".gguf");
}

/* All files of the plan into a folder. */
static enum error_code pull_files(const struct remote_plan *plan, const struct remote_options *o, const char *folder,
                                  struct error *err)
{
    struct fetcher f;
    const int64_t total = remote_plan_bytes(plan);
    if (total > 0 && fetcher_check_room(folder, total - plan_present(plan, folder), err) != ERR_NONE)
        return err->code;
    if (fetcher_open(&f, o, err) != ERR_NONE)
        return err->code;
    f.total = total;
    for (size_t i = 0; i < plan->n && err->code == ERR_NONE; i++) {
        struct stat st;
        const struct remote_file *file = &plan->files[i];
        char *path = name_join(folder, file->name);
        if (path == NULL)
            error_memory(err);
        else if (fetch_file(&f, file, folder, is_model(plan), err) == ERR_NONE && stat(path, &st) == 0)
            f.done += st.st_size;
        free(path);
    }
    fetcher_close(&f);
    return err->code;
}

/* ---- packages --------------------------------------------------------------------------------------------------- */

static enum error_code take_bytes(void *context, const void *bytes, size_t n, struct error *err)
{
    return part_add(context, bytes, n, err);
}

/* One member, under its name when it is whole and right. */
static enum error_code unpack_member(const char *archive, const struct known_member *m, const char *folder,
                                     struct error *err)
{
    struct part part;
    struct stat st;
    char sum[DIGEST_TEXT], *target = name_join(folder, m->name);
    if (target == NULL)
        return error_memory(err);
    if (stat(target, &st) != 0 && part_open(&part, target, m->sum, DIGEST_SHA256, m->size, err) == ERR_NONE) {
        if (part_restart(&part, err) == ERR_NONE &&
            archive_unpack(archive, m->path, m->size, take_bytes, &part, err) == ERR_NONE) {
            digest_end(part.digest, sum);
            if (strcmp(sum, m->sum) != 0)
                error_set(err, ERR_CORRUPT, "%s: %s has the checksum %s instead of %s", archive, m->path, sum, m->sum);
        }
        if (err->code == ERR_NONE)
            part_finish(&part, err);
        else
            part_restart(&part, NULL); /* half a member is of no use: the archive is there */
        part_close(&part);
    }
    free(target);
    return err->code;
}

/* Whether all members are there; one that differs is an error. */
static bool has_members(struct fetcher *f, const struct remote_plan *plan, const char *folder, struct error *err)
{
    bool all = true;
    for (size_t i = 0; i < plan->n && err->code == ERR_NONE; i++) {
        struct stat st;
        char *path = name_join(folder, plan->files[i].name);
        if (path == NULL)
            error_memory(err);
        else if (lstat(path, &st) != 0)
            all = false;
        else
            fetch_file(f, &plan->files[i], folder, false, err); /* is there: it is only compared */
        free(path);
    }
    return all;
}

/* Fetches the archive beside the members, unpacks them, and removes it. */
static enum error_code pull_archive(struct fetcher *f, const struct known *k, const char *folder, struct error *err)
{
    struct remote_file file = {.size = k->archive_size, .kind = DIGEST_SHA256};
    int64_t room = k->archive_size;
    for (const struct known_member *m = k->members; m->path != NULL; m++)
        room += m->size;
    if (fetcher_check_room(folder, room, err) != ERR_NONE)
        return err->code;
    char *archive = name_join(folder, k->archive);
    file.name = strdup(k->archive);
    file.url = archive != NULL && file.name != NULL ? package_find(f, k->package, k->archive, err) : NULL;
    snprintf(file.sum, sizeof file.sum, "%s", k->archive_sum);
    if (archive == NULL || file.name == NULL)
        error_memory(err);
    f->total = k->archive_size;
    if (file.url != NULL && fetch_file(f, &file, folder, false, err) == ERR_NONE) {
        for (const struct known_member *m = k->members; m->path != NULL && err->code == ERR_NONE; m++)
            unpack_member(archive, m, folder, err);
        if (err->code == ERR_NONE || err->code == ERR_FORMAT || err->code == ERR_CORRUPT)
            unlink(archive);
    }
    free(file.url);
    free(file.name);
    free(archive);
    return err->code;
}

static enum error_code pull_known(const struct remote_plan *plan, const struct remote_options *o, const char *folder,
                                  struct error *err)
{
    struct fetcher f;
    if (fetcher_open(&f, o, err) != ERR_NONE)
        return err->code;
    if (!has_members(&f, plan, folder, err) && err->code == ERR_NONE)
        pull_archive(&f, plan->known, folder, err);
    fetcher_close(&f);
    return err->code;
}

/* ---- the whole of it -------------------------------------------------------------------------------------------- */

static enum error_code pull_into(const struct remote_plan *plan, const struct remote_options *o, const char *folder,
                                 struct error *err)
{
    return plan->known != NULL ? pull_known(plan, o, folder, err) : pull_files(plan, o, folder, err);
}

/* Gives a folder that is whole its name. */
static enum error_code rename_folder(const char *part, const char *target, const char *parent, struct error *err)
{
    if (rename(part, target) != 0)
        return error_system(err, ERR_IO, errno, "%s: can't be renamed to %s", part, target);
    const int fd = open(parent, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    return ERR_NONE;
}

static enum error_code pull_folder(const struct remote_plan *plan, const struct remote_options *o, struct error *err)
{
    struct stat st;
    struct buf part;
    char *target = name_join(o->folder, plan->target);
    buf_init(&part, 4096);
    if (target == NULL || !buf_printf(&part, "%s.part", target))
        error_memory(err);
    else if (lstat(target, &st) == 0)
        pull_into(plan, o, target, err); /* is there: what is missing is fetched, what differs is told */
    else if (mkdir(buf_text(&part), 0700) != 0 && errno != EEXIST)
        error_system(err, ERR_IO, errno, "can't make the folder %s", buf_text(&part));
    else if (pull_into(plan, o, buf_text(&part), err) == ERR_NONE)
        rename_folder(buf_text(&part), target, o->folder, err);
    buf_free(&part);
    free(target);
    return err->code;
}

enum error_code remote_pull(const struct remote_plan *plan, const struct remote_options *o, struct error *err)
{
    return plan->folder ? pull_folder(plan, o, err) : pull_into(plan, o, o->folder, err);
}
