/* Any text as a trusted comment: what is accepted keeps every promise of playlist/pointer.h and
 * playlist/site_pointer.h, and what is printed of a channel's pointer is read as the same. */
#include "playlist/pointer.h"

#include "playlist/playlist.h"
#include "playlist/site_pointer.h"

#include <stdlib.h>
#include <string.h>

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pointer(const struct pointer *pointer)
{
    PROMISE(pointer->kind == POINTER_PLAYLIST || pointer->kind == POINTER_TAKEOVER);
    PROMISE(pointer_channel_is_valid(pointer->channel));
    PROMISE(!strchr(pointer->channel, '/') && pointer->channel[0] != '.');
    PROMISE(pointer->version >= 1 && pointer->version <= POINTER_VERSION_MAX);
    PROMISE(pointer->bytes >= 1 && pointer->bytes <= (int64_t)PLAYLIST_BYTES_MAX);
    PROMISE(pointer->signed_ms >= 0 && pointer->expires_ms >= pointer->signed_ms);
}

static void check_printed(const char *text, const struct pointer *pointer)
{
    char printed[POINTER_TEXT_BYTES], again[POINTER_TEXT_BYTES], file[POINTER_FILE_BYTES];
    struct pointer twin;
    pointer_file(pointer, file);
    PROMISE(strstr(text, file));
    pointer_print(pointer, printed);
    PROMISE(pointer_parse(printed, &twin, NULL));
    PROMISE(twin.kind == pointer->kind && strcmp(twin.channel, pointer->channel) == 0);
    PROMISE(twin.version == pointer->version && twin.bytes == pointer->bytes);
    /* To the second. */
    PROMISE(twin.signed_ms == pointer->signed_ms - pointer->signed_ms % 1000);
    PROMISE(twin.expires_ms == pointer->expires_ms - pointer->expires_ms % 1000);
    pointer_print(&twin, again);
    PROMISE(strcmp(printed, again) == 0);
}

static void check_judged(const struct pointer *pointer)
{
    struct pointer_rules rules = {.channel = pointer->channel,
                                  .kind = pointer->kind,
                                  .highest_version = pointer->version,
                                  .now_ms = pointer->signed_ms};
    PROMISE(pointer_judge(pointer, &rules) == POINTER_SAME);
    rules.highest_version--;
    PROMISE(pointer_judge(pointer, &rules) == POINTER_NEW);
    rules.highest_version += 2;
    PROMISE(pointer_judge(pointer, &rules) == POINTER_ROLLBACK);
    rules.channel = "";
    PROMISE(pointer_judge(pointer, &rules) == POINTER_WRONG_CHANNEL);
}

static void check_site_pointer(const char *text)
{
    struct site_pointer pointer;
    struct err err = {0};
    if (!site_pointer_parse(text, &pointer, &err)) {
        PROMISE(err.code == ERR_INPUT || err.code == ERR_LIMIT);
        return;
    }
    PROMISE(pointer_channel_is_valid(pointer.name));
    PROMISE(pointer.version >= 1 && pointer.version <= POINTER_VERSION_MAX);
    PROMISE(pointer.bytes >= 1 && pointer.bytes <= SITE_POINTER_BYTES_MAX);
    PROMISE(pointer.signed_ms >= 0 && pointer.expires_ms >= pointer.signed_ms);
    struct pointer channels; /* no text is both */
    PROMISE(!pointer_parse(text, &channels, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pointer pointer;
    struct err err = {0};
    char *text = malloc(size + 1);
    PROMISE(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (pointer_parse(text, &pointer, &err)) {
        check_pointer(&pointer);
        check_printed(text, &pointer);
        check_judged(&pointer);
    } else {
        PROMISE(err.code == ERR_INPUT || err.code == ERR_LIMIT);
        PROMISE(strncmp(err.text, "pointer: ", 9) == 0);
    }
    check_site_pointer(text);
    free(text);
    return 0;
}
