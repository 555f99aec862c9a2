/* What is expected to be said of wrong playlists. After cmocka.h and playlist_internal.h. */
#ifndef TESTS_UNIT_EXPECTED_FAULTS_H
#define TESTS_UNIT_EXPECTED_FAULTS_H

struct expected {
    const char *json, *path, *words;
};

static struct playlist_faults *faults_of(const char *json, size_t size)
{
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    assert_non_null(faults);
    struct playlist *playlist = playlist_parse(json, size, faults);
    if (playlist)
        fail_msg("no fault was found in %.200s", json);
    assert_true(faults->total >= faults->count && faults->count > 0);
    return faults;
}

static void drop(struct playlist_faults *faults)
{
    playlist_faults_finish(faults);
    free(faults);
}

static void expect_fault(const struct playlist_faults *faults, size_t index, const char *path,
                         const char *words)
{
    const struct playlist_fault *fault = &faults->items[index];
    if (index >= faults->count)
        fail_msg("there is no fault %zu (%s)", index, path);
    if (strcmp(fault->path, path) != 0 || !strstr(fault->text, words))
        fail_msg("\"%s: %s\" is not \"%s: ...%s...\"", fault->path, fault->text, path, words);
}

/* Each has exactly one fault. */
static void expect_each(const struct expected *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct playlist_faults *faults = faults_of(cases[i].json, strlen(cases[i].json));
        expect_fault(faults, 0, cases[i].path, cases[i].words);
        if (faults->total != 1)
            fail_msg("%s: %zu faults; the second: %s: %s", cases[i].json, faults->total,
                     faults->items[1].path, faults->items[1].text);
        drop(faults);
    }
}

#define EXPECT_EACH(cases) expect_each((cases), sizeof(cases) / sizeof *(cases))

#endif
