#include "core/evict.h"

/* Files are evicted in the order of (used_ms rising, bytes falling, place in the table). Sorting
 * would need memory that may not be there. Bisection finds where in that order to stop instead: in
 * some 130 passes over the table, whatever it contains. */

static int64_t counted_bytes(const struct evict_file *file)
{
    return file->bytes > 0 ? file->bytes : 0;
}

/* Whether a file is evicted when all are that were last used before `used_ms`, or at `used_ms` and
 * have more than `bytes`. */
static bool would_go(const struct evict_file *file, int64_t used_ms, int64_t bytes)
{
    return !file->needed &&
           (file->used_ms < used_ms || (file->used_ms == used_ms && counted_bytes(file) > bytes));
}

/* The bytes that are left then. Saturates. */
static int64_t left_after(const struct evict_file *files, size_t count, int64_t used_ms,
                          int64_t bytes)
{
    int64_t left = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t more = would_go(&files[i], used_ms, bytes) ? 0 : counted_bytes(&files[i]);
        left = left > INT64_MAX - more ? INT64_MAX : left + more;
    }
    return left;
}

/* The least used_ms that is enough when all files are evicted that were last used then or before;
 * INT64_MAX where none is enough. */
static int64_t find_time(const struct evict_file *files, size_t count, int64_t quota_bytes)
{
    int64_t low = INT64_MIN, high = INT64_MAX;
    while (low < high) {
        int64_t used_ms = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
        if (left_after(files, count, used_ms, -1) <= quota_bytes)
            high = used_ms;
        else
            low = used_ms + 1;
    }
    return low;
}

/* Of the files last used at used_ms: the greatest size that is enough when all of that size or
 * more are evicted; 0 where none is enough. */
static int64_t find_size(const struct evict_file *files, size_t count, int64_t used_ms,
                         int64_t quota_bytes)
{
    int64_t low = 0, high = INT64_MAX;
    while (low < high) {
        int64_t bytes = high - (high - low) / 2;
        if (left_after(files, count, used_ms, bytes - 1) <= quota_bytes)
            low = bytes;
        else
            high = bytes - 1;
    }
    return low;
}

static bool is_alike(const struct evict_file *file, int64_t used_ms, int64_t bytes)
{
    return !file->needed && file->used_ms == used_ms && counted_bytes(file) == bytes;
}

int64_t evict_choose(struct evict_file *files, size_t count, int64_t quota_bytes)
{
    int64_t used_ms = find_time(files, count, quota_bytes);
    int64_t bytes = find_size(files, count, used_ms, quota_bytes);
    /* Of the files that are alike in both, as many stay as there is space for when all of them are
     * gone. */
    int64_t left = left_after(files, count, used_ms, bytes - 1);
    int64_t stay = bytes > 0 ? (quota_bytes - left) / bytes : 0;
    int64_t alike = 0;
    for (size_t i = 0; i < count; i++)
        alike += is_alike(&files[i], used_ms, bytes);
    for (size_t i = 0; i < count; i++) {
        struct evict_file *file = &files[i];
        file->chosen = would_go(file, used_ms, bytes);
        if (!is_alike(file, used_ms, bytes))
            continue;
        file->chosen = alike > stay;
        left += file->chosen ? 0 : bytes;
        alike--;
    }
    return left;
}
