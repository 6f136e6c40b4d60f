/* A SQLite VFS that fails when it is told to: for tests of full disks and broken ones. */
#ifndef PALAVER_TESTS_UNIT_VFS_FAULTY_H
#define PALAVER_TESTS_UNIT_VFS_FAULTY_H

#include <stdbool.h>

/* What goes wrong. Counts every write, truncation, sync and deletion (and reads, when reads is set); from number
 * after + 1 on they fail with code, all of them or, with once, that one alone. */
struct faults {
    long after; /* -1: never */
    int code;   /* e.g. SQLITE_FULL */
    bool once, reads;
    long count, failed;
};
extern struct faults faults;

/* Registers the VFS "faulty" above the default one. */
void vfs_faulty_register(void);

#endif
