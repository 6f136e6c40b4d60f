/* Evict: files taken out of the page cache, as they are after the machine has started. */
#ifndef PALAVER_BENCH_EVICT_H
#define PALAVER_BENCH_EVICT_H

/* Leaves the page cache without what is on disk of the file. The share of it that stays (0 to 1): another program has it
 * mapped, or its folder is in memory. */
double evict_file(const char *path);

#endif
