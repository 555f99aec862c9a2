#include "commands/setup/setup_files.h"

#include "base/file.h"
#include "base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK                                                                                       \
    "# Written by duckling setup, which replaces it: your own lines belong into another file. "    \
    "sum="
#define SUM_DIGITS 16
#define FILE_BYTES_MAX 65536

/* The first line, over the text that follows it. */
static void print_mark(const char *text, char mark[sizeof MARK + SUM_DIGITS + 1])
{
    uint8_t digest[HASH_BYTES] = {0};
    char sum[HASH_TEXT_BYTES];
    (void)!hash_bytes(text, strlen(text), digest);
    hash_to_text(digest, sum);
    snprintf(mark, sizeof MARK + SUM_DIGITS + 1, MARK "%.*s\n", SUM_DIGITS, sum);
}

static void print_whole(const struct setup_file *file, char *whole, size_t whole_bytes)
{
    char mark[sizeof MARK + SUM_DIGITS + 1] = "";
    if (!file->is_plain)
        print_mark(file->text, mark);
    snprintf(whole, whole_bytes, "%s%s", mark, file->text);
}

enum setup_file_state setup_file_look(const struct setup_file *file)
{
    char whole[SETUP_TEXT_BYTES + sizeof MARK + SUM_DIGITS + 1], mark[sizeof MARK + SUM_DIGITS + 1];
    char *found = NULL;
    size_t size;
    struct err err = {0};
    if (!file_read(file->path, FILE_BYTES_MAX, &found, &size, &err))
        return err.code == ERR_MISSING ? SETUP_FILE_NEW : SETUP_FILE_EDITED;
    enum setup_file_state state = SETUP_FILE_EDITED;
    print_whole(file, whole, sizeof whole);
    const char *end = strchr(found, '\n');
    if (strcmp(found, whole) == 0) {
        state = SETUP_FILE_SAME;
    } else if (end) {
        print_mark(end + 1, mark);
        if (strncmp(found, mark, (size_t)(end + 1 - found)) == 0)
            state = SETUP_FILE_OURS;
    }
    free(found);
    return state;
}

static void name_folder(const char *path, char folder[PATH_MAX])
{
    snprintf(folder, PATH_MAX, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash && slash > folder)
        *slash = '\0';
}

/* Under another name, which nothing reads. */
static MUST_CHECK bool keep_copy(const struct setup_file *file, char copy[PATH_MAX],
                                 struct err *err)
{
    int length = snprintf(copy, PATH_MAX, "%s.old", file->path);
    if (length >= PATH_MAX)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", file->path);
    return rename(file->path, copy) == 0 ||
           err_set_errno(err, ERR_DISK, errno, "cannot keep %s", copy);
}

bool setup_file_write(const struct setup_file *file, char copy[PATH_MAX], struct err *err)
{
    char folder[PATH_MAX], whole[SETUP_TEXT_BYTES + sizeof MARK + SUM_DIGITS + 1];
    copy[0] = '\0';
    name_folder(file->path, folder);
    if (!file_make_folders(folder, err))
        return false;
    if (!file->is_plain && setup_file_look(file) == SETUP_FILE_EDITED &&
        !keep_copy(file, copy, err))
        return false;
    print_whole(file, whole, sizeof whole);
    if (!file_replace(file->path, whole, strlen(whole), err))
        return false;
    /* Whatever the umask: the player is another user. */
    return chmod(file->path, 0644) == 0 || err_set_errno(err, ERR_SYSTEM, errno, "%s", file->path);
}

static enum err_code code_of(int number)
{
    if (number == EROFS)
        return ERR_DISK;
    return number == ENOENT ? ERR_MISSING : ERR_SYSTEM;
}

bool setup_file_may_write(const struct setup_file *file, struct err *err)
{
    char folder[PATH_MAX];
    name_folder(file->path, folder);
    while (access(folder, W_OK | X_OK) < 0) {
        char *slash = errno == ENOENT ? strrchr(folder, '/') : NULL;
        if (!slash || strcmp(folder, "/") == 0)
            return err_set_errno(err, code_of(errno), errno, "cannot write to %s", folder);
        slash[slash == folder] = '\0';
    }
    return true;
}

static bool has_line(const char *path, const char *key)
{
    char *text = NULL;
    size_t size, length = strlen(key);
    bool found = false;
    if (!file_read(path, FILE_BYTES_MAX, &text, &size, NULL))
        return false;
    for (char *line = text; line && *line && !found; line = strchr(line, '\n')) {
        line += strspn(line, " \t\r\n");
        const char *behind = line + length;
        found = strncmp(line, key, length) == 0 && behind[strspn(behind, " \t")] == '=';
    }
    free(text);
    return found;
}

bool setup_file_find_line(const char *folder, const char *key, const char *except,
                          char path[PATH_MAX])
{
    DIR *entries = opendir(folder);
    bool found = false;
    const struct dirent *entry;
    while (entries && !found && (entry = readdir(entries))) {
        size_t length = strlen(entry->d_name);
        int written = snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name);
        found = length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0 &&
                written < PATH_MAX && strcmp(path, except) != 0 && has_line(path, key);
    }
    if (entries)
        closedir(entries);
    return found;
}
