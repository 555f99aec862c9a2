/* A store in a temporary folder, on a disk that can fail to be read. */
#ifndef TESTS_SAMPLE_STORE_H
#define TESTS_SAMPLE_STORE_H

#include "base/file.h"
#include "sync/store/store.h"

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <cmocka.h>

#include "temp_folder.h"

static struct err err;
static int read_error; /* 0: none */

/* In place of libc's: a disk that can't be read when the test says so. */
ssize_t read(int fd, void *buffer, size_t size)
{
    if (!read_error)
        return syscall(SYS_read, fd, buffer, size);
    errno = read_error;
    return -1;
}

static inline struct store *store_at(const char *name)
{
    struct store *store = store_open(temp_folder_path(name), &err);
    assert_non_null(store);
    assert_null(store_read_only(store));
    return store;
}

static inline void assert_holds(const struct store *store, const uint8_t digest[HASH_BYTES],
                                const char *text)
{
    char path[PATH_MAX];
    char *data;
    size_t size;
    store_media_path(store, digest, path);
    assert_true(file_read(path, 1000, &data, &size, &err));
    assert_string_equal(data, text);
    free(data);
    assert_true(store_has(store, digest, (int64_t)strlen(text)));
    assert_false(store_has(store, digest, (int64_t)strlen(text) + 1));
}

static inline void put(struct store *store, const char *text, uint8_t digest[HASH_BYTES])
{
    assert_true(store_add(store, text, strlen(text), digest, &err));
}

#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, temp_folder_setup, temp_folder_teardown)

#endif
