/* Once: a search for the command line, which may wait. */
#include <config.h>

#include <stdlib.h>
#include <unistd.h>

#include "app/meaning/fill.h"
#include "app/meaning/find.h"
#include "app/meaning/meaning.h"
#include "app/meaning/seek.h"
#include "app/meaning/shared.h"

static bool goes_on(void *context)
{
    (void)context;
    return true;
}

/* Whether another program, which has the file, has not yet encoded all. */
static bool is_partly(const struct options *o)
{
    struct meaning_state state;
    meaning_state_of(o, &state);
    return state.kind == MEANING_FILLING;
}

/* Encodes what is missing. When another program is at it, what is there has to do. */
static enum error_code fill_up(struct shared *s, const struct model *model, meaning_progress *progress, void *context,
                               bool *partly, struct error *err)
{
    struct error why = {0};
    struct fill *fill = shared_make_folder(s, &why) == ERR_NONE
                            ? fill_open(s->history, s->file, model, s->options->threads, &why)
                            : NULL;
    if (fill != NULL && fill_look(fill, goes_on, NULL, &why) == ERR_NONE)
        while (fill_left(fill) > 0 && fill_step(fill, &why) == ERR_NONE)
            progress(context, fill_total(fill) - fill_left(fill), fill_total(fill));
    fill_free(fill);
    *partly = why.code == ERR_BUSY && is_partly(s->options);
    return why.code == ERR_NONE || why.code == ERR_BUSY ? ERR_NONE : error_set(err, why.code, "%s", why.message);
}

static enum error_code seek_up(struct shared *s, const struct model *model, const char *query, bool archived,
                               size_t most, struct meaning_hits *out, struct error *err)
{
    struct error why = {0};
    struct seek *seek = seek_open(s->history, s->file, model, s->options->threads, err);
    if (seek == NULL)
        return err->code;
    const enum error_code code = seek_find(seek, query, archived, most, out, &why);
    if (code != ERR_NONE && code != ERR_NOT_FOUND) /* nothing is encoded yet: nothing is found */
        error_set(err, code, "%s", why.message);
    for (size_t i = 0; i < out->n && err->code == ERR_NONE; i++) {
        why = (struct error){0};
        seek_settle(seek, &out->at[i], goes_on, NULL, &why); /* one that is gone by now stays as it was found */
    }
    seek_free(seek);
    return err->code;
}

enum error_code meaning_search(const struct options *o, const char *query, bool archived, size_t most,
                               meaning_progress *progress, void *context, struct meaning_hits *out, bool *partly,
                               struct error *err)
{
    struct shared s;
    *out = (struct meaning_hits){0};
    *partly = false;
    if (meaning_is_off(o))
        return error_set(err, ERR_ARGUMENT, "search by meaning is switched off: encoder = off");
    if (!shared_open(&s, o, err))
        return err->code;
    const struct model *model = shared_model(&s, err);
    if (model != NULL && access(s.history, F_OK) == 0 && fill_up(&s, model, progress, context, partly, err) == ERR_NONE)
        seek_up(&s, model, query, archived, most, out, err);
    shared_close(&s);
    return err->code;
}
