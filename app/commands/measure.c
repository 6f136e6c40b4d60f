/* Measure: windows one after another, and sums. */
#include <config.h>

#include "app/commands/measure.h"

#include <signal.h>

#include "app/terminal/signals.h"

int32_t measure_lead(const struct measure *m, size_t *from)
{
    if (m->bos >= 0)
        return m->bos;
    if (*from == 0)
        *from = 1;
    return m->corpus.ids.at[*from - 1];
}

size_t measure_length(const struct measure *m, size_t from)
{
    const size_t left = m->corpus.ids.n - from, most = (size_t)m->window - 1;
    return left < most ? left : most;
}

void measure_add(struct measure *m, const float *nll, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        m->sum += (double)nll[i];
        m->squares += (double)nll[i] * (double)nll[i];
    }
    m->predicted += n;
}

size_t measure_predicted(const struct measure *m)
{
    return m->bos < 0 && m->corpus.ids.n > 0 ? m->corpus.ids.n - 1 : m->corpus.ids.n;
}

bool measure_goes_on(struct measure *m)
{
    const struct signals came = signals_take();
    if (came.end != 0 || came.interrupt) /* kept: the last call of a window stops nothing */
        m->signal = came.end != 0 ? came.end : SIGINT;
    return m->signal == 0;
}
