/* Fuzz target: any bytes as the body of a server's answer, in pieces whose sizes the input says: the events are the same as
 * when it comes whole, and nothing is told after a failure. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/events.h"
#include "remote/inflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All text that comes of the bytes. */
static void read_all(const char *bytes, size_t size, size_t step, struct buf *out)
{
    struct events events = {0};
    struct inflow s;
    struct error err = {0};
    struct endpoint_event event;
    bool more = true;
    inflow_init(&s, &events);
    for (size_t at = 0; at < size && more; at += step)
        more = inflow_take(&s, false, bytes + at, step < size - at ? step : size - at, &err);
    if (more)
        inflow_end(&s, &err);
    while (events_pop(&events, &event)) {
        if (event.kind == ENDPOINT_TEXT)
            buf_append(out, event.text, event.size);
        if (event.token != NULL && event.token->n_best > ENDPOINT_BEST)
            abort();
    }
    inflow_free(&s);
    events_free(&events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, pieces;
    if (size == 0)
        return 0;
    buf_init(&whole, (size_t)1 << 26);
    buf_init(&pieces, (size_t)1 << 26);
    read_all((const char *)data + 1, size - 1, size, &whole);
    read_all((const char *)data + 1, size - 1, data[0] % 16 + 1u, &pieces);
    if (whole.size != pieces.size || memcmp(buf_text(&whole), buf_text(&pieces), whole.size) != 0)
        abort();
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
