/* Frame: frames are lent. After a rest a few may follow each other at once, so that what comes now and then is drawn as it
 * comes; in the long run there are sixty a second, or fewer when one takes long to make, as of a very long answer: drawing
 * takes a small part of a processor, whatever is drawn. */
#include <config.h>

#include "app/screen/frame.h"

#include <stdlib.h>

#include "app/screen/compare.h"
#include "app/screen/due.h"
#include "base/clock.h"

/* Seconds between two drawings in the long run, at least and at most; drawing takes one part in so many of it. */
#define FRAME (1.0 / 60)
#define FRAME_LONGEST (1.0 / 10)
#define DRAWING_PART 16
/* The last drawing's share in what one is taken to cost: one that is dear by chance holds up nothing. */
#define COST_SHARE 0.25
/* Frames that may be ahead of that. */
#define AHEAD 2

struct screen_frame {
    double cost;           /* seconds of a processor that one takes */
    double next, interval; /* when the next one is due in the long run, clock_seconds; seconds between two */
};

struct screen_frame *screen_frame_new(void)
{
    struct screen_frame *frame = calloc(1, sizeof *frame);
    if (frame != NULL)
        frame->interval = FRAME;
    return frame;
}

void screen_frame_free(struct screen_frame *frame)
{
    free(frame);
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

void screen_frame_draw(struct screen *s)
{
    struct screen_frame *frame = s->frame;
    const double now = clock_seconds(), busy = clock_busy();
    ui_draw(s->ui);
    frame->cost += COST_SHARE * (clock_busy() - busy - frame->cost);
    frame->interval = clamp(frame->cost * DRAWING_PART, FRAME, FRAME_LONGEST);
    frame->next = clamp(frame->next, now, now + AHEAD * frame->interval) + frame->interval;
}

/* Milliseconds until the next drawing may be. */
static int frame_wait(const struct screen *s)
{
    return due_in(s->frame->next - AHEAD * s->frame->interval);
}

void screen_frame_tick(struct screen *s)
{
    if (frame_wait(s) > 0)
        return;
    screen_compare_tick(s);
    if (ui_timeout(s->ui) == 0)
        screen_frame_draw(s);
}

void screen_frame_hurry(struct screen *s)
{
    s->frame->next = 0;
}

int screen_frame_due(const struct screen *s)
{
    int due = screen_compare_due(s) ? 0 : ui_timeout(s->ui);
    return due == 0 ? frame_wait(s) : due;
}

bool screen_frame_holds(const struct screen *s)
{
    return (screen_compare_due(s) || ui_timeout(s->ui) == 0) && frame_wait(s) > 0;
}
