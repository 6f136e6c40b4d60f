/* Folders and the room on their disks. */
#ifndef PALAVER_BASE_FOLDER_H
#define PALAVER_BASE_FOLDER_H

#include <stdint.h>

#include "base/error.h"

/* Makes the folder and its missing parents, for the user alone (0700). One that is there is left as it is. */
enum error_code folder_make(const char *folder, struct error *err);
/* The same for the folder that the file at path lies in. */
enum error_code folder_make_for(const char *path, struct error *err);
/* Bytes that the user may still write to the disk of what lies at path; UINT64_MAX when the system does not say. */
uint64_t folder_room(const char *path);

#endif
