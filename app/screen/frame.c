/* Frame: the time of the last drawing decides. */
#include <config.h>

#include "app/screen/frame.h"

#include <stdlib.h>

#include "app/screen/compare.h"
#include "app/screen/due.h"
#include "base/clock.h"

/* Seconds between two drawings. */
#define FRAME (1.0 / 60)

struct screen_frame {
    double drawn; /* clock_seconds; 0: long ago */
};

struct screen_frame *screen_frame_new(void)
{
    return calloc(1, sizeof(struct screen_frame));
}

void screen_frame_free(struct screen_frame *frame)
{
    free(frame);
}

void screen_frame_draw(struct screen *s)
{
    ui_draw(s->ui);
    s->frame->drawn = clock_seconds();
}

void screen_frame_tick(struct screen *s)
{
    if (due_in(s->frame->drawn + FRAME) > 0)
        return;
    screen_compare_tick(s);
    if (ui_timeout(s->ui) == 0)
        screen_frame_draw(s);
}

void screen_frame_hurry(struct screen *s)
{
    s->frame->drawn = 0;
}

int screen_frame_due(const struct screen *s)
{
    int due = screen_compare_due(s) ? 0 : ui_timeout(s->ui);
    return due == 0 ? due_in(s->frame->drawn + FRAME) : due;
}
