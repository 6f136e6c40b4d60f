/* Memory of this machine and of this process, as the kernel counts it (Linux: /proc and the control groups).
 *
 * What can be taken is the least of what the machine has and what each control group that holds the process leaves,
 * for a container's limit is as hard as a machine's. Page cache counts as available: it is given back when others need
 * it. */
#ifndef PALAVER_BASE_MEMORY_H
#define PALAVER_BASE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

struct memory {
    uint64_t total;     /* bytes: the machine's, or the limit of a control group below that */
    uint64_t available; /* bytes that can be taken without swapping */
    bool limited;       /* the limit of a control group is what counts */
};
/* root stands before /proc and /sys, "" but in tests. False when the kernel does not say. */
bool memory_read(const char *root, struct memory *out);
/* Bytes of this process that belong to no file: what it allocated and touched. 0 when the kernel does not say. */
uint64_t memory_anonymous(void);
/* Bytes of files that are mapped into this process and in its memory, which they share with others: all of them, at once;
 * and those of the mappings that `counts` says yes to, which takes a millisecond for every 100 MB. */
uint64_t memory_mapped(void);
typedef bool memory_counts(const void *context, uintptr_t begin);
uint64_t memory_mapped_where(memory_counts *counts, const void *context);

#endif
