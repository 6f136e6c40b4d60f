/* Clock: arithmetic with due times. */
#include <config.h>

#include "app/screen/clock.h"

#include "app/terminal/progress.h"

int clock_until(double when)
{
    double left = when - clock_seconds();
    return left > 0 ? (int)(left * 1000) + 1 : 0;
}

int clock_sooner(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}
