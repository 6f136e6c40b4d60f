/* The stream: a table of the products of one round, and what is asked of the disk and given back as the computation comes
 * to each of them.
 *
 * Asking takes no waiting: the kernel notes what is to be read, and the computation waits where bytes are not there yet. So
 * there is no thread that could come too late on a busy machine: while one thread of the pool asks, the others compute.
 * Positions count products from the beginning on: product i of round k is k * n + i. */
#include <config.h>

#include "engine/run/stream.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "engine/file/source-kind.h"
#include "engine/file/source.h"
#include "engine/kernels/tensor.h"
#include "engine/model/model.h"
#include "engine/run/plan.h"

enum {
    PRODUCTS = 4, /* of a layer, see graph-llama.c */
    JOBS = 3,     /* matrices that one product may take */
};

struct product {
    const struct tensor *weights[JOBS]; /* the first is that by which matmul_run names the product; NULL: no more */
    uint64_t bytes;
    bool streamed;
};

struct stream {
    const struct model *model;
    struct product *products; /* (n) */
    size_t n;
    uint64_t window;
    uint64_t round_bytes; /* of those that are streamed */
    uint64_t reached;     /* the position at hand */
    uint64_t asked;       /* the first position that is not asked for in full */
    uint64_t asked_bytes; /* of it */
    uint64_t ahead;       /* bytes asked for after `reached` */
};

/* ---- the round -------------------------------------------------------------------------------------------------- */

static struct product make_product(const struct tensor *a, const struct tensor *b, const struct tensor *c)
{
    struct product p = {.weights = {a, b, c}};
    for (int i = 0; i < JOBS; i++)
        if (p.weights[i] != NULL)
            p.bytes += p.weights[i]->rows * tensor_row_bytes(p.weights[i]);
    return p;
}

static void layer_products(const struct model_layer *l, struct product out[PRODUCTS])
{
    out[0] = make_product(&l->wk, &l->wv, &l->wq);
    out[1] = make_product(&l->wo, NULL, NULL);
    out[2] = make_product(&l->gate, &l->up, NULL);
    out[3] = make_product(&l->down, NULL, NULL);
}

struct plan_products stream_products(const struct model *m)
{
    struct plan_products sizes = {.output = make_product(&m->output, NULL, NULL).bytes};
    for (int32_t i = 0; i < m->info.layers; i++) {
        struct product p[PRODUCTS];
        layer_products(&m->layers[i], p);
        for (int k = 0; k < PRODUCTS; k++)
            sizes.layer = p[k].bytes > sizes.layer ? p[k].bytes : sizes.layer;
    }
    return sizes;
}

static bool list_products(struct stream *s)
{
    const struct model *m = s->model;
    s->products = calloc((size_t)m->info.layers * PRODUCTS + 1, sizeof *s->products);
    if (s->products == NULL)
        return false;
    for (int32_t i = 0; i < m->info.layers; i++, s->n += PRODUCTS)
        layer_products(&m->layers[i], s->products + s->n);
    s->products[s->n++] = make_product(&m->output, NULL, NULL);
    return true;
}

/* Spreads what stays evenly over the layers, so that the disk is never asked for much at once: each product adds its
 * share of the memory, and one stays when enough has come together for it. */
static void choose_streamed(struct stream *s, const struct plan_room *room)
{
    struct product *output = &s->products[s->n - 1];
    const double resident = (double)(room->resident - (room->output ? output->bytes : 0));
    double all = 0, gathered = 0;
    for (size_t i = 0; i < s->n - 1; i++)
        all += (double)s->products[i].bytes;
    for (size_t i = 0; i < s->n - 1; i++) {
        struct product *p = &s->products[i];
        gathered += (double)p->bytes * resident / all;
        p->streamed = gathered < (double)p->bytes;
        gathered -= p->streamed ? 0 : (double)p->bytes;
    }
    output->streamed = !room->output;
    for (size_t i = 0; i < s->n; i++)
        s->round_bytes += s->products[i].streamed ? s->products[i].bytes : 0;
}

/* Of an embedding that is only looked up a token needs one row: reading around it would be for nothing. */
static void look_up_rows(const struct model *m)
{
    const void *bytes;
    uint64_t size;
    for (size_t i = 0; m->embedding.data != m->output.data; i++) {
        if ((bytes = tensor_stretch(&m->embedding, i, &size)) == NULL)
            return;
        source_expect_scattered(bytes, size);
    }
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static const struct product *product_at(const struct stream *s, uint64_t position)
{
    return &s->products[position % s->n];
}

/* In the first round everything is, later what does not stay. */
static bool is_asked_for(const struct stream *s, uint64_t position)
{
    return position < s->n || product_at(s, position)->streamed;
}

static void give_back(const struct stream *s, const struct product *p)
{
    const void *bytes;
    uint64_t size;
    for (int i = 0; i < JOBS && p->weights[i] != NULL; i++)
        for (size_t k = 0; (bytes = tensor_stretch(p->weights[i], k, &size)) != NULL; k++)
            source_let_go(s->model->source, bytes, size);
}

/* Asks for up to `size` bytes of a product from byte `from` of its stretches on. */
static void ask_for(const struct product *p, uint64_t from, uint64_t size)
{
    const void *bytes;
    uint64_t length;
    for (int i = 0; i < JOBS && p->weights[i] != NULL; i++)
        for (size_t k = 0; size > 0 && (bytes = tensor_stretch(p->weights[i], k, &length)) != NULL; k++) {
            const uint64_t skipped = from < length ? from : length, left = length - skipped;
            source_expect((const char *)bytes + skipped, left < size ? left : size);
            size -= left < size ? left : size;
            from -= skipped;
        }
}

/* Asks for the product at hand, and for as much after it as the window holds. */
static void ask_ahead(struct stream *s)
{
    while (s->asked < s->reached + s->n) {
        const struct product *p = product_at(s, s->asked);
        const bool after = s->asked > s->reached, wanted = is_asked_for(s, s->asked);
        const uint64_t left = p->bytes - s->asked_bytes, room = after ? s->window - s->ahead : left;
        const uint64_t size = left < room ? left : room;
        if (wanted && size == 0 && left > 0)
            return;
        if (wanted) {
            ask_for(p, s->asked_bytes, size);
            s->ahead += after ? size : 0;
            s->asked_bytes += size;
        }
        if (!wanted || s->asked_bytes == p->bytes) {
            s->asked++;
            s->asked_bytes = 0;
        }
    }
}

/* Product `position` begins: what was asked for of it lies ahead no more. */
static void come_to(struct stream *s, uint64_t position)
{
    if (product_at(s, s->reached)->streamed)
        give_back(s, product_at(s, s->reached));
    s->reached = position;
    if (is_asked_for(s, position) && position <= s->asked)
        s->ahead -= position < s->asked ? product_at(s, position)->bytes : s->asked_bytes;
    if (s->asked < position) {
        s->asked = position;
        s->asked_bytes = 0;
    }
}

void stream_reach(void *stream, const struct tensor *weights)
{
    struct stream *s = stream;
    for (uint64_t to = s->reached; to < s->reached + s->n; to++)
        if (product_at(s, to)->weights[0] == weights) {
            while (s->reached < to)
                come_to(s, s->reached + 1);
            ask_ahead(s);
            return;
        }
}

uint64_t stream_round_bytes(const struct stream *s)
{
    return s->round_bytes;
}

/* ---- beginning and ending --------------------------------------------------------------------------------------- */

struct stream *stream_new(const struct model *m, const struct plan_room *room, struct error *err)
{
    struct stream *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->model = m;
        s->window = room->window;
    }
    if (s == NULL || !list_products(s)) {
        error_memory(err);
        free(s);
        return NULL;
    }
    choose_streamed(s, room);
    look_up_rows(m);
    return s;
}

void stream_free(struct stream *s)
{
    if (s == NULL)
        return;
    free(s->products);
    free(s);
}
