#include "sync/store/manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT "duckling-manifest/1"
#define FILES_MAX 65536

bool manifest_has_file(const struct manifest_file *file)
{
    static const uint8_t none[HASH_BYTES];
    return memcmp(file->sha256, none, HASH_BYTES) != 0;
}

struct manifest *manifest_create(size_t file_count)
{
    struct manifest *manifest = calloc(1, sizeof *manifest);
    if (!manifest)
        return NULL;
    manifest->url = manifest->etag = manifest->last_modified = manifest->pointer = "";
    manifest->file_count = file_count;
    if (file_count)
        manifest->files = arena_alloc(&manifest->arena, file_count, sizeof *manifest->files);
    if (file_count && !manifest->files) {
        manifest_destroy(manifest);
        return NULL;
    }
    for (size_t i = 0; i < file_count; i++) {
        struct manifest_file *file = &manifest->files[i];
        file->path = file->url = file->etag = file->last_modified = "";
    }
    return manifest;
}

void manifest_destroy(struct manifest *manifest)
{
    if (!manifest)
        return;
    arena_finish(&manifest->arena);
    free(manifest);
}

const char *manifest_copy(struct manifest *manifest, const char *text)
{
    return arena_copy(&manifest->arena, text, strlen(text));
}

/* "" where the key is missing; NULL when it is no text, or out of memory. */
static const char *copy_text_member(struct manifest *manifest, const json_t *object,
                                    const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!value)
        return "";
    return json_is_string(value) ? manifest_copy(manifest, json_string_value(value)) : NULL;
}

static bool read_content(const json_t *object, uint8_t digest[HASH_BYTES], int64_t *bytes)
{
    const char *text = json_string_value(json_object_get(object, "sha256"));
    const json_t *size = json_object_get(object, "bytes");
    *bytes = json_integer_value(size);
    return text && hash_from_text(text, digest) && json_is_integer(size) && *bytes >= 0;
}

static bool read_manifest_file(struct manifest *manifest, const json_t *object,
                               struct manifest_file *file)
{
    file->path = copy_text_member(manifest, object, "path");
    file->url = copy_text_member(manifest, object, "url");
    file->etag = copy_text_member(manifest, object, "etag");
    file->last_modified = copy_text_member(manifest, object, "last_modified");
    file->unconfirmed = json_is_true(json_object_get(object, "unconfirmed"));
    file->spare = json_is_true(json_object_get(object, "spare"));
    return file->path && file->path[0] && file->url && file->etag && file->last_modified &&
           read_content(object, file->sha256, &file->size_bytes);
}

static struct manifest *read_manifest(const json_t *root)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *files = json_object_get(root, "files");
    size_t count = json_array_size(files);
    if (!format || strcmp(format, FORMAT) != 0 || !json_is_array(files) || count > FILES_MAX)
        return NULL;
    struct manifest *manifest = manifest_create(count);
    if (!manifest)
        return NULL;
    manifest->url = copy_text_member(manifest, root, "url");
    manifest->etag = copy_text_member(manifest, root, "etag");
    manifest->last_modified = copy_text_member(manifest, root, "last_modified");
    manifest->pointer = copy_text_member(manifest, root, "pointer");
    bool ok = manifest->url && manifest->etag && manifest->last_modified && manifest->pointer &&
              read_content(json_object_get(root, "playlist"), manifest->playlist_sha256,
                           &manifest->playlist_bytes);
    for (size_t i = 0; ok && i < count; i++)
        ok = read_manifest_file(manifest, json_array_get(files, i), &manifest->files[i]);
    if (ok)
        return manifest;
    manifest_destroy(manifest);
    return NULL;
}

struct manifest *manifest_parse(const char *bytes, size_t size, struct err *err)
{
    json_error_t error;
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, &error);
    struct manifest *manifest = root ? read_manifest(root) : NULL;
    if (!root)
        err_set(err, ERR_INPUT, "the manifest is not valid JSON at line %d", error.line);
    else if (!manifest)
        err_set(err, ERR_INPUT, "the manifest has wrong or missing members");
    json_decref(root);
    return manifest;
}

static json_t *print_content(const uint8_t digest[HASH_BYTES], int64_t bytes)
{
    char text[HASH_TEXT_BYTES];
    hash_to_text(digest, text);
    return json_pack("{s:s, s:I}", "sha256", text, "bytes", (json_int_t)bytes);
}

static json_t *print_manifest_file(const struct manifest_file *file)
{
    json_t *object = print_content(file->sha256, file->size_bytes);
    json_t *more = json_pack("{s:s, s:s, s:s, s:s}", "path", file->path, "url", file->url, "etag",
                             file->etag, "last_modified", file->last_modified);
    bool ok = object && more && json_object_update(object, more) == 0;
    if (ok && file->unconfirmed)
        ok = json_object_set_new(object, "unconfirmed", json_true()) == 0;
    if (ok && file->spare)
        ok = json_object_set_new(object, "spare", json_true()) == 0;
    json_decref(more);
    if (ok)
        return object;
    json_decref(object);
    return NULL;
}

char *manifest_print(const struct manifest *manifest)
{
    char *text = NULL;
    json_t *files = json_array();
    bool ok = files != NULL;
    for (size_t i = 0; ok && i < manifest->file_count; i++)
        ok = json_array_append_new(files, print_manifest_file(&manifest->files[i])) == 0;
    json_t *root =
        !ok ? NULL
            : json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:O}", "format", FORMAT, "url",
                        manifest->url, "etag", manifest->etag, "last_modified",
                        manifest->last_modified, "pointer", manifest->pointer, "playlist",
                        print_content(manifest->playlist_sha256, manifest->playlist_bytes), "files",
                        files);
    if (root)
        text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    json_decref(files);
    return text;
}
