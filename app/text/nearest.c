/* Nearest: optimal string alignment (Damerau 1964), on names of at most 63 bytes. */
#include <config.h>

#include "app/text/nearest.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

enum { LONGEST = 63 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

int nearest_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return INT_MAX;
    int row[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int *now = row[i % 3], *before = row[(i + 2) % 3], *older = row[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(now[j - 1], before[j]) + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], older[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

struct nearest nearest_to(const char *typed)
{
    return (struct nearest){.typed = typed, .distance = INT_MAX};
}

void nearest_try(struct nearest *n, const char *name)
{
    size_t size = strlen(n->typed);
    int edits = nearest_distance(n->typed, name);
    if (size >= 2 && strncmp(n->typed, name, size) == 0)
        edits = 1;
    const int length = (int)strlen(name); /* of three letters, one that is right is chance */
    if (edits > 1 + length / 3 || 2 * edits > length || edits >= n->distance)
        return;
    n->best = name;
    n->distance = edits;
}
