/* Finds the file that was meant by a path at which there is none. Reads folders; any thread. */
#ifndef BASE_FILE_ALIKE_H
#define BASE_FILE_ALIKE_H

#include <limits.h>
#include <stdbool.h>

/* Whether there is a file whose path differs only in capital letters ("A.JPG" for a.jpg, "Media/"
 * for media/), or in how its letters are encoded: macOS writes é and 작 in parts, others as one.
 * `found` gets its path. Folders with very many files are not searched to the end. */
bool file_alike_find(const char *path, char found[PATH_MAX]);

#endif
