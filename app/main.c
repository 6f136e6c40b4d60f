/* Palaver: entry point. */
#include <stdio.h>

int main(void)
{
    fprintf(stderr, "palaver: nothing here yet\n");
    return 1;
}
