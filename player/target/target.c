#include "target/target_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES_MAX 512

char *target_join(const char *base, const char *name)
{
    char *text = NULL;
    return asprintf(&text, "%s%s", base, name) < 0 ? NULL : text;
}

bool target_name_is_good(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    size_t length = strlen(name);
    if (length == 0 || length > NAME_BYTES_MAX || strspn(name, letters) != length)
        return false;
    for (const char *part = name;; part++) {
        size_t part_bytes = strcspn(part, "/");
        if (part_bytes == 0 || (part_bytes <= 2 && strspn(part, ".") == part_bytes))
            return false;
        part += part_bytes;
        if (!*part)
            return true;
    }
}

static MUST_CHECK bool check_target_name(const char *name, struct err *err)
{
    if (!target_name_is_good(name))
        return err_set(err, ERR_INPUT, "\"%.100s\" cannot be a name on a target", name);
    return true;
}

static MUST_CHECK bool check_target_names(const struct target_file *files, size_t count,
                                          struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!check_target_name(files[i].name, err))
            return false;
    return true;
}

char *target_end_with_slash(char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length > 0 && text[length - 1] == '/')
        return text;
    char *longer = text ? target_join(text, "/") : NULL;
    free(text);
    return longer;
}

static const struct target_ops *choose_target_ops(const char *base)
{
    if (http_is_url(base))
        return &target_http_ops;
    return strncasecmp(base, "s3://", 5) == 0 ? &target_s3_ops : &target_folder_ops;
}

struct target *target_open(const struct target_config *config, struct err *err)
{
    struct target *target = calloc(1, sizeof *target);
    if (!target) {
        err_oom(err);
        return NULL;
    }
    target->ops = choose_target_ops(config->base);
    target->dry_run = config->dry_run;
    if (target->ops->open(target, config, err))
        return target;
    target_close(target);
    return NULL;
}

void target_close(struct target *target)
{
    if (!target)
        return;
    http_destroy(target->http);
    for (size_t i = 0; i < sizeof target->s3_texts / sizeof *target->s3_texts; i++)
        free(target->s3_texts[i]);
    free(target->base);
    free(target->shown);
    free(target);
}

void target_public(const struct target *target, const char *name, char *text, size_t text_bytes)
{
    snprintf(text, text_bytes, "%s%s", target->shown, name);
}

bool target_clock(const struct target *target, int64_t *ahead_ms)
{
    *ahead_ms = target->ahead_ms;
    return target->has_clock;
}

bool target_get(struct target *target, const char *name, size_t limit_bytes, char **data,
                size_t *size, struct err *err)
{
    return check_target_name(name, err) &&
           target->ops->get(target, name, limit_bytes, data, size, err);
}

bool target_put(struct target *target, const char *name, const void *data, size_t size,
                bool immutable, struct err *err)
{
    return check_target_name(name, err) &&
           target->ops->put(target, name, data, size, immutable, err);
}

bool target_stat(struct target *target, struct target_file *files, size_t count, struct err *err)
{
    return check_target_names(files, count, err) && target->ops->look(target, files, count, err);
}

static MUST_CHECK bool check_found(const struct target *target, const struct target_file *file,
                                   struct err *err)
{
    if (file->there || file->found_bytes == -1)
        return true;
    if (file->found_bytes == TARGET_ABSENT)
        return err_set(err, ERR_NETWORK,
                       "%s%s: the server confirmed the upload, but does not have the file; nothing "
                       "was switched",
                       target->shown, file->name);
    return err_set(err, ERR_NETWORK,
                   "%s%s: the server confirmed the upload, but has %" PRId64 " of %" PRId64
                   " bytes; nothing was switched, delete the file there and publish again",
                   target->shown, file->name, file->found_bytes, file->bytes);
}

bool target_confirm(struct target *target, const struct target_file *files, size_t count,
                    struct err *err)
{
    struct target_file *found = calloc(count + 1, sizeof *found);
    if (!found)
        return err_oom(err);
    for (size_t i = 0; i < count; i++) {
        found[i] = files[i];
        found[i].there = false;
    }
    bool ok = target_stat(target, found, count, err);
    for (size_t i = 0; ok && i < count; i++)
        ok = check_found(target, &found[i], err);
    free(found);
    return ok;
}

bool target_put_files(struct target *target, struct target_file *files, size_t count,
                      const struct target_progress *progress, struct err *err)
{
    return check_target_names(files, count, err) &&
           target->ops->put_files(target, files, count, progress, err);
}
