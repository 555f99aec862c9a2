/* Two pinned keys, and state files in a temporary folder. */
#ifndef TESTS_SAMPLE_STATE_H
#define TESTS_SAMPLE_STATE_H

#include "sync/state.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "temp_folder.h"

#define KEY_A "RWS98E39A6WK+Jcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nr"
#define KEY_B "RWT8Y8yQQemHNzkbPy77cOzNppcNDEoaKYYzaE9Bu9TEkIFb1bAXWXKs"
#define ID_A "F88AA503FD4DF0BD"
#define ID_B "3787E94190CC63FC"
#define FLOOR INT64_C(1795424943000)

static struct err err;
static struct trust *key_a, *key_b, *both, *both_turned;

static inline struct trust *trust_of(const char *first, const char *second)
{
    struct trust *trust = trust_create();
    assert_true(trust_pin(trust, first, &err));
    assert_true(!second || trust_pin(trust, second, &err));
    return trust;
}

static inline int setup(void **state)
{
    key_a = trust_of(KEY_A, NULL);
    key_b = trust_of(KEY_B, NULL);
    both = trust_of(KEY_A, KEY_B);
    both_turned = trust_of(KEY_B, KEY_A);
    return temp_folder_setup(state);
}

static inline int teardown(void **state)
{
    trust_destroy(key_a);
    trust_destroy(key_b);
    trust_destroy(both);
    trust_destroy(both_turned);
    return temp_folder_teardown(state);
}

static inline struct state_file *open_in(const char *folder, const char *channel,
                                         const struct trust *trust)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path(folder));
    struct state_file *file = state_open(path, channel, trust, &err);
    if (!file)
        fail_msg("%s", err.text);
    return file;
}

static inline void raise_to(struct state_file *file, int64_t playlist, int64_t takeover,
                            int64_t floor_ms)
{
    if (!state_raise(file, &(struct state){.version = {playlist, takeover}, .floor_ms = floor_ms},
                     &err))
        fail_msg("%s", err.text);
}

static inline void assert_state(const struct state_file *file, int64_t playlist, int64_t takeover,
                                int64_t floor_ms)
{
    const struct state *state = state_get(file);
    assert_int_equal(state->version[POINTER_PLAYLIST], playlist);
    assert_int_equal(state->version[POINTER_TAKEOVER], takeover);
    assert_int_equal(state->floor_ms, floor_ms);
}

static inline void assert_on_disk(const char *folder, const char *channel,
                                  const struct trust *trust, int64_t playlist)
{
    struct state_file *file = open_in(folder, channel, trust);
    assert_int_equal(state_get(file)->version[POINTER_PLAYLIST], playlist);
    state_close(file);
}

/* The only state file in a folder; how many there are. */
static inline int find_file(const char *folder, char path[PATH_MAX])
{
    int count = 0;
    DIR *listing = opendir(temp_folder_path(folder));
    for (const struct dirent *entry; listing && (entry = readdir(listing));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || strcmp(dot, ".state") != 0)
            continue;
        count++;
        snprintf(path, PATH_MAX, "%.2000s/%s/%.200s", temp_folder, folder, entry->d_name);
    }
    if (listing)
        closedir(listing);
    return count;
}

#endif
