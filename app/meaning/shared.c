/* Shared: the model is read-only once it is open. */
#include <config.h>

#include "app/meaning/shared.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "app/library/conversations.h"
#include "app/meaning/find.h"
#include "app/options/paths.h"
#include "base/folder.h"

bool shared_open(struct shared *s, const struct options *o, struct error *err)
{
    *s = (struct shared){.options = o, .history = library_path(o, err)};
    pthread_mutex_init(&s->lock, NULL);
    if (s->history != NULL && (s->file = meaning_file(o, s->history)) == NULL)
        error_memory(err);
    if (s->file != NULL)
        return true;
    shared_close(s);
    return false;
}

void shared_close(struct shared *s)
{
    model_free(s->model);
    free(s->history);
    free(s->file);
    pthread_mutex_destroy(&s->lock);
}

/* When something was last put into the models folder; 0 if it is not there. */
static struct timespec folder_time(const struct options *o)
{
    struct stat status = {0};
    char *folder = paths_join(o->paths.data_dir, "models");
    if (folder == NULL || stat(folder, &status) != 0)
        status.st_mtim = (struct timespec){0};
    free(folder);
    return status.st_mtim;
}

static void open_model_locked(struct shared *s, struct error *err)
{
    const struct timespec now = folder_time(s->options);
    if (s->missed && now.tv_sec == s->folder.tv_sec && now.tv_nsec == s->folder.tv_nsec) {
        error_set(err, ERR_NOT_FOUND, "there is no encoder; palaver pull minilm fetches one");
        return;
    }
    char *path = meaning_find_encoder(s->options, err);
    s->missed = path == NULL;
    s->folder = now;
    if (path != NULL)
        s->model = model_open(path, NULL, err);
    free(path);
}

const struct model *shared_model(struct shared *s, struct error *err)
{
    pthread_mutex_lock(&s->lock);
    if (s->model == NULL)
        open_model_locked(s, err);
    const struct model *model = s->model;
    pthread_mutex_unlock(&s->lock);
    return model;
}

enum error_code shared_make_folder(const struct shared *s, struct error *err)
{
    return folder_make(s->options->paths.cache_dir, err);
}
