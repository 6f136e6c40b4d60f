/* Due: arithmetic with due times. */
#include <config.h>

#include "app/screen/due.h"

#include "base/clock.h"

int due_in(double when)
{
    double left = when - clock_seconds();
    return left > 0 ? (int)(left * 1000) + 1 : 0;
}

int due_sooner(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}
