#include "sync/state.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILE_BYTES_MAX 2048
#define NAME_BYTES 128
#define ID_BYTES 17 /* a key's id, with its NUL or the blank after it */
#define KEYS_BYTES (TRUST_KEYS_MAX * ID_BYTES)
#define SEAL_NAME "sha256 "
#define SEAL_BYTES (sizeof SEAL_NAME - 1 + HASH_TEXT_BYTES) /* with its line end */
#define DIGITS 16                                           /* of the hash in a file's name */
#define FLOOR_MS_MAX INT64_C(7258118400000)                 /* 2200-01-01, as far as zones go */

static const char suffix[] = ".state";
static const char *const number_names[] = {"playlist", "takeover", "floor"};
_Static_assert(POINTER_PLAYLIST == 0 && POINTER_TAKEOVER == 1, "number_names has their order");

struct state_file {
    char folder[PATH_MAX - NAME_BYTES];
    char name[NAME_BYTES];
    char channel[POINTER_CHANNEL_BYTES];
    char keys[KEYS_BYTES]; /* ids in order, with blanks between */
    struct state state;
    bool unsaved; /* the disk may hold less than `state` */
};

static void raise_number(int64_t *number, int64_t to, int64_t max)
{
    to = to > max ? max : to;
    if (*number < to)
        *number = to;
}

/* Raises by what may come from a clock or a file, so within bounds. True where anything rose. */
static bool raise_to(struct state *state, const struct state *at_least)
{
    const struct state before = *state;
    raise_number(&state->version[0], at_least->version[0], POINTER_VERSION_MAX);
    raise_number(&state->version[1], at_least->version[1], POINTER_VERSION_MAX);
    raise_number(&state->floor_ms, at_least->floor_ms, FLOOR_MS_MAX);
    return before.version[0] != state->version[0] || before.version[1] != state->version[1] ||
           before.floor_ms != state->floor_ms;
}

/* Writes a state file's text; false only when hashing fails. */
static bool print(const struct state_file *file, char text[FILE_BYTES_MAX], size_t *size)
{
    const struct state *state = &file->state;
    uint8_t digest[HASH_BYTES];
    char seal[HASH_TEXT_BYTES];
    int used = snprintf(text, FILE_BYTES_MAX,
                        "duckling-state/1\nchannel %s\nkeys %s\n"
                        "%s %" PRId64 "\n%s %" PRId64 "\n%s %" PRId64 "\n",
                        file->channel, file->keys, number_names[0], state->version[0],
                        number_names[1], state->version[1], number_names[2], state->floor_ms);
    if (!hash_bytes(text, (size_t)used, digest))
        return false;
    hash_to_text(digest, seal);
    used += snprintf(text + used, FILE_BYTES_MAX - (size_t)used, SEAL_NAME "%s\n", seal);
    *size = (size_t)used;
    return true;
}

static bool is_sealed(const char *text, size_t size)
{
    uint8_t digest[HASH_BYTES];
    char seal[SEAL_BYTES + 1] = SEAL_NAME;
    if (size < SEAL_BYTES || !hash_bytes(text, size - SEAL_BYTES, digest))
        return false;
    hash_to_text(digest, seal + strlen(SEAL_NAME));
    seal[SEAL_BYTES - 1] = '\n';
    return memcmp(text + size - SEAL_BYTES, seal, SEAL_BYTES) == 0;
}

/* "name value\n" at *text, which moves on: its value, or NULL. */
static char *take_value(char **text, const char *name)
{
    size_t length = strlen(name);
    char *line = *text, *end = strchr(line, '\n');
    if (!end || strncmp(line, name, length) != 0 || line[length] != ' ')
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line + length + 1;
}

static bool take_number(char **text, const char *name, int64_t *number)
{
    const char *digits = take_value(text, name);
    if (!digits || !*digits || digits[strspn(digits, "0123456789")])
        return false;
    *number = strtoll(digits, NULL, 10); /* too large a one saturates, and is cut back later */
    return true;
}

/* Reads a state file's text (changed, terminated): its keys, which point into it, and numbers. */
static bool parse(const struct state_file *file, char *text, size_t size, const char **keys,
                  struct state *state)
{
    static const char head[] = "duckling-state/1\n";
    if (strlen(text) != size || !is_sealed(text, size) || strncmp(text, head, strlen(head)) != 0)
        return false;
    text += strlen(head);
    const char *channel = take_value(&text, "channel");
    *keys = channel ? take_value(&text, "keys") : NULL;
    return *keys && strcmp(channel, file->channel) == 0 &&
           take_number(&text, number_names[0], &state->version[0]) &&
           take_number(&text, number_names[1], &state->version[1]) &&
           take_number(&text, number_names[2], &state->floor_ms);
}

static bool shares_key(const struct state_file *file, const char *keys)
{
    for (const char *id = file->keys; *id; id += ID_BYTES) {
        if (memmem(keys, strlen(keys), id, ID_BYTES - 1))
            return true;
        if (!id[ID_BYTES - 1])
            break;
    }
    return false;
}

static bool make_path(const struct state_file *file, const char *name, char path[PATH_MAX])
{
    int length = snprintf(path, PATH_MAX, "%s/%s", file->folder, name);
    return length > 0 && length < PATH_MAX;
}

/* Raises the state to what a file of this channel holds. Missing or damaged: to nothing. False
 * where it is there but can't be read. */
static bool take_over(struct state_file *file, const char *name, struct err *err)
{
    char path[PATH_MAX], *text;
    size_t size;
    const char *keys;
    struct state found;
    struct err trouble = {0};
    if (!make_path(file, name, path))
        return err_set(err, ERR_LIMIT, "path too long");
    if (!file_read(path, FILE_BYTES_MAX, &text, &size, &trouble) && trouble.code != ERR_LIMIT)
        return trouble.code == ERR_MISSING || err_set(err, trouble.code, "%s", trouble.text);
    if (trouble.code == ERR_LIMIT || !parse(file, text, size, &keys, &found))
        log_warn("state", "damaged, counts as none path=%s", path);
    else if (strcmp(name, file->name) == 0 || shares_key(file, keys))
        raise_to(&file->state, &found);
    if (trouble.code != ERR_LIMIT)
        free(text);
    return true;
}

/* "<channel>-<16 digits>.state": the channel's, under these keys or others. */
static bool is_of_channel(const struct state_file *file, const char *name)
{
    size_t length = strlen(file->channel);
    return strncmp(name, file->channel, length) == 0 && name[length] == '-' &&
           strspn(name + length + 1, "0123456789abcdef") == DIGITS &&
           strcmp(name + length + 1 + DIGITS, suffix) == 0;
}

/* Pinning one key more, or one less, must not forget what was seen under those that stay. */
static void take_over_all(struct state_file *file)
{
    DIR *folder = opendir(file->folder);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        struct err err;
        if (is_of_channel(file, entry->d_name) && !take_over(file, entry->d_name, &err))
            log_warn("state", "can't be read, counts as none: %s", err.text);
    }
    if (folder)
        closedir(folder);
}

static int compare_ids(const void *left, const void *right)
{
    return memcmp(left, right, ID_BYTES - 1);
}

static bool name_file(struct state_file *file, const struct trust *trust, struct err *err)
{
    char ids[TRUST_KEYS_MAX][ID_BYTES], text[POINTER_CHANNEL_BYTES + KEYS_BYTES];
    char hexadecimal[HASH_TEXT_BYTES];
    uint8_t digest[HASH_BYTES];
    size_t count = (size_t)trust_count(trust);
    for (size_t i = 0; i < count; i++)
        trust_key_id(trust, (int)i, ids[i]);
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++)
        memcpy(file->keys + i * ID_BYTES, ids[i], ID_BYTES);
    for (size_t i = 1; i < count; i++)
        file->keys[i * ID_BYTES - 1] = ' ';
    int length = snprintf(text, sizeof text, "%s\n%s", file->channel, file->keys);
    if (!hash_bytes(text, (size_t)length, digest))
        return err_set(err, ERR_SYSTEM, "out of memory");
    hash_to_text(digest, hexadecimal);
    snprintf(file->name, sizeof file->name, "%s-%.*s%s", file->channel, DIGITS, hexadecimal,
             suffix);
    return true;
}

struct state_file *state_open(const char *folder, const char *channel, const struct trust *trust,
                              struct err *err)
{
    struct state_file *file = calloc(1, sizeof *file);
    if (!file) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    int length = snprintf(file->folder, sizeof file->folder, "%s", folder);
    if (length <= 0 || (size_t)length >= sizeof file->folder) {
        err_set(err, ERR_INPUT, "the path of the state's folder is empty or too long");
        goto fail;
    }
    if (!pointer_channel_is_valid(channel)) {
        err_set(err, ERR_INPUT, "not a channel's name");
        goto fail;
    }
    snprintf(file->channel, sizeof file->channel, "%s", channel);
    if (!name_file(file, trust, err))
        goto fail;
    take_over_all(file);
    return file;

fail:
    state_close(file);
    return NULL;
}

void state_close(struct state_file *file)
{
    free(file);
}

const struct state *state_get(const struct state_file *file)
{
    return &file->state;
}

/* A folder that was just made is lost with the power unless the one above it is on disk, up to the
 * one that was there already; which is not known, so all. Those that may not be opened were there
 * before. */
static bool make_folder(const struct state_file *file, struct err *err)
{
    if (access(file->folder, F_OK) == 0)
        return true;
    if (!file_make_folders(file->folder, err))
        return false;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", file->folder);
    for (char *slash; (slash = strrchr(path, '/')) && slash != path; *slash = '\0') {
        struct err trouble = {0};
        if (!file_sync_folder(path, &trouble) && trouble.code == ERR_DISK)
            return err_set(err, ERR_DISK, "%s", trouble.text);
    }
    return true;
}

static bool save(struct state_file *file, struct err *err)
{
    char path[PATH_MAX], text[FILE_BYTES_MAX];
    size_t size;
    /* Not over a file that can't be read: it may know of higher versions. */
    if (!take_over(file, file->name, err))
        return false;
    if (!make_path(file, file->name, path))
        return err_set(err, ERR_LIMIT, "path too long");
    if (!print(file, text, &size))
        return err_set(err, ERR_SYSTEM, "out of memory");
    return file_replace(path, text, size, err);
}

static enum err_code code_of(int number)
{
    bool disk = number == ENOSPC || number == EDQUOT || number == EIO || number == EROFS;
    return disk ? ERR_DISK : ERR_SYSTEM;
}

/* One at a time over all that share the folder: each must see what the one before it wrote. */
static bool save_locked(struct state_file *file, struct err *err)
{
    char path[PATH_MAX];
    if (!make_folder(file, err))
        return false;
    if (!make_path(file, "state.lock", path))
        return err_set(err, ERR_LIMIT, "path too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return err_set_errno(err, code_of(errno), errno, "%s", path);
    int locked;
    do
        locked = flock(fd, LOCK_EX);
    while (locked < 0 && errno == EINTR);
    bool ok =
        locked == 0 ? save(file, err) : err_set_errno(err, ERR_SYSTEM, errno, "locking %s", path);
    close(fd);
    return ok;
}

bool state_raise(struct state_file *file, const struct state *at_least, struct err *err)
{
    file->unsaved |= raise_to(&file->state, at_least);
    if (!file->unsaved)
        return true;
    struct err trouble = {0};
    file->unsaved = !save_locked(file, &trouble);
    if (!file->unsaved)
        return true;
    /* Whatever stands in the way is the disk's or the system's, in the contract's words. */
    enum err_code code = trouble.code == ERR_DISK ? ERR_DISK : ERR_SYSTEM;
    return err_set(err, code, "state: %s", trouble.text);
}
