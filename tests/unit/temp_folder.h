/* A temporary folder for a test, and files in it. */
#ifndef TESTS_TEMP_FOLDER_H
#define TESTS_TEMP_FOLDER_H

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char temp_folder[PATH_MAX / 2];

static inline int temp_folder_setup(void **state)
{
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(temp_folder, sizeof temp_folder, "%s/test.XXXXXX", base ? base : "/tmp");
    return mkdtemp(temp_folder) ? 0 : -1;
}

static inline int temp_folder_remove_one(const char *path, const struct stat *st, int type,
                                         struct FTW *walk)
{
    (void)st, (void)type, (void)walk;
    return remove(path);
}

static inline int temp_folder_teardown(void **state)
{
    (void)state;
    return nftw(temp_folder, temp_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *temp_folder_path(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", temp_folder, name);
    return path;
}

static inline void temp_folder_write(const char *name, const char *text)
{
    FILE *file = fopen(temp_folder_path(name), "we");
    if (!file || fwrite(text, 1, strlen(text), file) != strlen(text) || fclose(file) != 0)
        abort();
}

#endif
