#include "playlist/playlist_scan.h"

#include "playlist/playlist_json.h"

#include <stdlib.h>
#include <string.h>

enum scan_event { SCAN_END, SCAN_KEY, SCAN_TOO_DEEP, SCAN_TOO_MANY };

/* An open object or list. */
struct level {
    bool is_object;
    size_t id;    /* unique in the text */
    size_t index; /* of the present item */
    const char
        *key; /* of the present member, as written, without the quotes; NULL before the first */
    size_t key_bytes;
};

struct scan {
    const char *at, *end;
    size_t line, depth, containers;
    const char *string; /* the last string, without the quotes */
    size_t string_bytes, string_line;
    struct level levels[PLAYLIST_DEPTH_MAX];
};

/* A key of the text. 32-bit fields halve its size: there are up to 200,000 keys, and
 * PLAYLIST_BYTES_MAX fits. */
struct key {
    const char *text;
    uint32_t bytes, object, order, line;
};

/* A key that its object has twice. */
struct repeat {
    size_t order, line, first_line;
};

static void scan_init(struct scan *scan, const char *bytes, size_t size)
{
    *scan = (struct scan){.at = bytes, .end = bytes + size, .line = 1};
}

/* Moves from behind the opening quote to behind the closing one. */
static void scan_string(struct scan *scan)
{
    scan->string = scan->at;
    scan->string_line = scan->line;
    while (scan->at < scan->end && *scan->at != '"')
        scan->at += *scan->at == '\\' && scan->at + 1 < scan->end ? 2 : 1;
    scan->string_bytes = (size_t)(scan->at - scan->string);
    if (scan->at < scan->end)
        scan->at++;
}

/* Moves on to the next key. Malformed text does no harm here: jansson refuses it later. */
static enum scan_event scan_next(struct scan *scan)
{
    while (scan->at < scan->end) {
        char byte = *scan->at++;
        struct level *top = scan->depth ? &scan->levels[scan->depth - 1] : NULL;
        if (byte == '\n') {
            scan->line++;
        } else if (byte == '"') {
            scan_string(scan);
        } else if (byte == '{' || byte == '[') {
            if (scan->depth == PLAYLIST_DEPTH_MAX)
                return SCAN_TOO_DEEP;
            if (++scan->containers > PLAYLIST_CONTAINERS_MAX)
                return SCAN_TOO_MANY;
            scan->levels[scan->depth++] =
                (struct level){.is_object = byte == '{', .id = scan->containers};
        } else if ((byte == '}' || byte == ']') && top) {
            scan->depth--;
        } else if (byte == ',' && top) {
            top->index++;
        } else if (byte == ':' && top && top->is_object && scan->string) {
            top->key = scan->string;
            top->key_bytes = scan->string_bytes;
            return SCAN_KEY;
        }
    }
    return SCAN_END;
}

/* The nodes that lead to where the scan is: nodes[0] is the root. Returns the last. */
static const struct playlist_node *scan_place(const struct scan *scan, struct arena *arena,
                                              struct playlist_node nodes[PLAYLIST_DEPTH_MAX + 1])
{
    nodes[0] = (struct playlist_node){.parent = NULL};
    for (size_t i = 0; i < scan->depth; i++) {
        const struct level *level = &scan->levels[i];
        const char *key = NULL;
        if (level->is_object) {
            key = level->key ? playlist_json_unescape(level->key, level->key_bytes, arena) : NULL;
            key = key ? key : "";
        }
        nodes[i + 1] =
            (struct playlist_node){.parent = &nodes[i], .key = key, .index = level->index};
    }
    return &nodes[scan->depth];
}

bool playlist_scan_shape(const char *bytes, size_t size, struct playlist_faults *faults,
                         size_t *key_count)
{
    struct scan scan;
    enum scan_event event;
    scan_init(&scan, bytes, size);
    *key_count = 0;
    while ((event = scan_next(&scan)) == SCAN_KEY)
        ++*key_count;
    if (event == SCAN_END)
        return true;

    struct arena scratch = {.blocks = NULL};
    struct playlist_node nodes[PLAYLIST_DEPTH_MAX + 1];
    const struct playlist_node *place = scan_place(&scan, &scratch, nodes);
    if (event == SCAN_TOO_DEEP)
        playlist_fault_add(faults, place,
                           "line %zu: objects and lists are nested more than %d deep", scan.line,
                           PLAYLIST_DEPTH_MAX);
    else
        playlist_fault_add(faults, nodes,
                           "line %zu: the playlist has more than %d objects and lists", scan.line,
                           PLAYLIST_CONTAINERS_MAX);
    arena_finish(&scratch);
    return false;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const struct key *a, const struct key *b)
{
    int order = memcmp(a->text, b->text, a->bytes < b->bytes ? a->bytes : b->bytes);
    return order ? order : compare_sizes(a->bytes, b->bytes);
}

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    int order = compare_texts(a, b);
    return order ? order : compare_sizes(a->order, b->order);
}

static int compare_repeats(const void *left, const void *right)
{
    const struct repeat *a = left, *b = right;
    return compare_sizes(a->order, b->order);
}

/* All keys in the order of the text. */
static bool collect_keys(const char *bytes, size_t size, struct key *keys, struct arena *scratch)
{
    struct scan scan;
    scan_init(&scan, bytes, size);
    for (size_t count = 0; scan_next(&scan) == SCAN_KEY; count++) {
        const struct level *level = &scan.levels[scan.depth - 1];
        struct key key = {.object = (uint32_t)level->id,
                          .order = (uint32_t)count,
                          .line = (uint32_t)scan.string_line,
                          .text = level->key,
                          .bytes = (uint32_t)level->key_bytes};
        if (memchr(key.text, '\\', key.bytes)) {
            key.text = playlist_json_unescape(level->key, level->key_bytes, scratch);
            if (!key.text)
                return false;
            key.bytes = (uint32_t)strlen(key.text);
        }
        keys[count] = key;
    }
    return true;
}

/* Brings the keys of an object together, sorted by text, so that equal ones are neighbours: no hash
 * that a file could be made to collide in. NULL when out of memory. */
static struct key *sort_keys(const struct key *keys, size_t count, struct arena *scratch)
{
    /* A counting sort by object, since most have few keys. */
    uint32_t *ends = arena_alloc(scratch, PLAYLIST_CONTAINERS_MAX + 1, sizeof *ends);
    struct key *sorted = arena_alloc(scratch, count, sizeof *sorted);
    if (!ends || !sorted)
        return NULL;
    for (size_t i = 0; i < count; i++)
        ends[keys[i].object]++;
    for (size_t i = 1; i <= PLAYLIST_CONTAINERS_MAX; i++)
        ends[i] += ends[i - 1];
    for (size_t i = count; i-- > 0;)
        sorted[--ends[keys[i].object]] = keys[i];
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i + 1; next < count && sorted[next].object == sorted[i].object;)
            next++;
        qsort(sorted + i, next - i, sizeof *sorted, compare_keys);
    }
    return sorted;
}

static void report_repeats(const char *bytes, size_t size, const struct repeat *repeats,
                           size_t count, struct playlist_faults *faults)
{
    struct scan scan;
    size_t order = 0;
    scan_init(&scan, bytes, size);
    for (size_t i = 0; i < count && scan_next(&scan) == SCAN_KEY; order++) {
        if (repeats[i].order != order)
            continue;
        struct arena scratch = {.blocks = NULL};
        struct playlist_node nodes[PLAYLIST_DEPTH_MAX + 1];
        bool full = playlist_fault_is_full(faults);
        playlist_fault_add(faults, full ? NULL : scan_place(&scan, &scratch, nodes),
                           "is given twice, on line %zu and on line %zu: remove one",
                           repeats[i].first_line, repeats[i].line);
        arena_finish(&scratch);
        i++;
    }
}

bool playlist_scan_duplicates(const char *bytes, size_t size, size_t key_count,
                              struct playlist_faults *faults)
{
    struct arena scratch = {.blocks = NULL};
    bool ok = false;
    struct key *found = arena_alloc(&scratch, key_count, sizeof *found);
    if (!found || !collect_keys(bytes, size, found, &scratch))
        goto out;
    const struct key *keys = sort_keys(found, key_count, &scratch);
    if (!keys)
        goto out;
    size_t count = 0;
    for (size_t i = 1; i < key_count; i++)
        count += keys[i].object == keys[i - 1].object && !compare_texts(&keys[i], &keys[i - 1]);
    struct repeat *repeats = arena_alloc(&scratch, count, sizeof *repeats);
    if (!repeats)
        goto out;
    count = 0;
    for (size_t i = 1; i < key_count; i++)
        if (keys[i].object == keys[i - 1].object && !compare_texts(&keys[i], &keys[i - 1]))
            repeats[count++] = (struct repeat){
                .order = keys[i].order, .line = keys[i].line, .first_line = keys[i - 1].line};
    qsort(repeats, count, sizeof *repeats, compare_repeats);
    report_repeats(bytes, size, repeats, count, faults);
    ok = true;
out:
    arena_finish(&scratch);
    return ok;
}
