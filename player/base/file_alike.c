#include "base/file_alike.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#define ENTRIES_MAX 2000

/* Without regard to case and to normalization (Unicode, 3.13, "caseless matching"). */
static bool is_alike(const char *a, size_t a_bytes, const char *b)
{
    int order = 1;
    size_t b_bytes = strlen(b);
    if (u8_check((const uint8_t *)a, a_bytes) || u8_check((const uint8_t *)b, b_bytes))
        return false;
    return u8_casecmp((const uint8_t *)a, a_bytes, (const uint8_t *)b, b_bytes, NULL, UNINORM_NFC,
                      &order) == 0 &&
           order == 0;
}

/* Appends the entry of the folder `found` that is like a name; false where there is none. */
static bool append_alike(char found[PATH_MAX], const char *name, size_t bytes)
{
    const struct dirent *entry;
    size_t used = strlen(found);
    bool ok = false;
    DIR *folder = opendir(used > 0 ? found : ".");
    for (int i = 0; folder && !ok && i < ENTRIES_MAX && (entry = readdir(folder)) != NULL; i++)
        if (is_alike(name, bytes, entry->d_name)) {
            size_t length = strlen(entry->d_name);
            ok = used + length + 2 < PATH_MAX;
            if (ok)
                memcpy(found + used, entry->d_name, length + 1);
        }
    if (folder)
        closedir(folder);
    return ok;
}

bool file_alike_find(const char *path, char found[PATH_MAX])
{
    bool differs = false;
    size_t used = 0;
    found[0] = '\0';
    while (*path) {
        size_t slashes = strspn(path, "/"), bytes = strcspn(path + slashes, "/");
        if (used + slashes + bytes + 2 >= PATH_MAX)
            return false;
        memcpy(found + used, path, slashes);
        found[used + slashes] = '\0';
        const char *name = path + slashes;
        path = name + bytes;
        if (bytes == 0)
            break;
        memcpy(found + used + slashes, name, bytes);
        found[used + slashes + bytes] = '\0';
        struct stat st; /* a link that leads nowhere is there, and is no other name */
        if (lstat(found, &st) < 0) {
            found[used + slashes] = '\0';
            if (!append_alike(found, name, bytes))
                return false;
            differs = true;
        }
        used = strlen(found);
    }
    return differs;
}
