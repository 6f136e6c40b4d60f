/* What `loop` knows: where it stands, what comes before and after. It looks ahead only when it is asked to. */
#include "config.h"

#include "engine/jinja/loop.h"

#include <string.h>

#include "engine/jinja/access.h"

/* An item from what was set aside when the length was asked, or from the walk itself. */
static bool draw_item(struct jrun *r, struct jloop *loop, struct jvalue *item)
{
    if (loop->rest == NULL)
        return loop->next(r, loop, item);
    if (loop->rest->n == 0)
        return false;
    *item = *loop->rest->at++;
    loop->rest->n--;
    return true;
}

static struct jvalue peek(struct jrun *r, struct jloop *loop)
{
    if (!loop->peeked && !draw_item(r, loop, &loop->after))
        loop->after.kind = J_ABSENT;
    loop->peeked = true;
    return loop->after;
}

bool jloop_next(struct jrun *r, struct jloop *loop)
{
    struct jvalue item;
    if (loop->peeked) {
        item = loop->after;
        if (item.kind == J_ABSENT)
            return false;
        loop->peeked = false;
    } else if (!draw_item(r, loop, &item)) {
        return false;
    }
    loop->index++;
    loop->before = loop->current;
    loop->current = item;
    return true;
}

/* Of what has no length the rest is drawn and set aside. */
static int64_t length_of(struct jrun *r, struct jloop *loop)
{
    struct jvalue item;
    if (loop->length == SIZE_MAX && !loop->filtered && jv_has_length(loop->over)) {
        loop->length = jv_length(&r->heap, loop->over);
    } else if (loop->length == SIZE_MAX) {
        struct jlist *rest = jlist_new(&r->heap);
        while (draw_item(r, loop, &item))
            jlist_add(&r->heap, rest, item);
        loop->rest = rest;
        loop->length = rest->n + loop->index + 1 + (loop->peeked && loop->after.kind != J_ABSENT ? 1 : 0);
    }
    return (int64_t)loop->length;
}

static struct jvalue loop_cycle(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    if (args->n == 0)
        jheap_fail(&r->heap, ERR_FORMAT, "no items for cycling given");
    return args->at[self.loop->index % args->n];
}

static struct jvalue loop_changed(struct jrun *r, struct jvalue self, const struct jargs *args)
{
    struct jloop *loop = self.loop;
    struct jlist *now = jlist_new(&r->heap);
    for (size_t i = 0; i < args->n; i++)
        jlist_add(&r->heap, now, args->at[i]);
    bool changed = loop->changed == NULL || !jv_equal(&r->heap, jv_tuple(loop->changed), jv_tuple(now));
    if (changed)
        loop->changed = now;
    return jv_bool(changed);
}

struct jvalue jloop_attribute(struct jrun *r, struct jloop *loop, const char *name)
{
    static const struct jroutine methods[] = {{"cycle", NULL, 0, NULL, loop_cycle},
                                              {"changed", NULL, 0, NULL, loop_changed},
                                              {NULL, NULL, 0, NULL, NULL}};
    const struct jroutine *method = jroutine_find(methods, name);
    int64_t index = (int64_t)loop->index;
    if (method != NULL)
        return jfunction_new(&r->heap, method, (struct jvalue){.kind = J_LOOP, .loop = loop});
    if (strcmp(name, "index") == 0 || strcmp(name, "index0") == 0)
        return jv_int(index + (name[5] == '\0' ? 1 : 0));
    if (strcmp(name, "first") == 0)
        return jv_bool(index == 0);
    if (strcmp(name, "last") == 0)
        return jv_bool(peek(r, loop).kind == J_ABSENT);
    if (strcmp(name, "length") == 0)
        return jv_int(length_of(r, loop));
    if (strcmp(name, "revindex") == 0 || strcmp(name, "revindex0") == 0)
        return jv_int(length_of(r, loop) - index - (name[8] == '\0' ? 0 : 1));
    if (strcmp(name, "depth") == 0 || strcmp(name, "depth0") == 0)
        return jv_int(loop->depth + (name[5] == '\0' ? 1 : 0));
    if (strcmp(name, "previtem") == 0)
        return index == 0 ? jv_undefined(&r->heap, "there is no previous item") : loop->before;
    if (strcmp(name, "nextitem") == 0) {
        struct jvalue after = peek(r, loop);
        return after.kind == J_ABSENT ? jv_undefined(&r->heap, "there is no next item") : after;
    }
    return (struct jvalue){.kind = J_ABSENT};
}
