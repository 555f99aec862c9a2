#include "target/target_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES_MAX 512
/* A server may be busy with a large file that it has got whole (a copy, a hash) before it says
 * so. */
#define STALL_MS 60000
#define IN_A_PASSWORD "write @ / : in a password as %40 %2F %3A"

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

static MUST_CHECK bool check_name(const char *name, struct err *err)
{
    return target_name_is_good(name) ||
           err_set(err, ERR_INPUT, "not a name for a target: \"%.100s\"", name);
}

static MUST_CHECK bool check_upload_files(const struct target_file *files, size_t count,
                                          struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!check_name(files[i].name, err))
            return false;
    return true;
}

/* Takes `text`; NULL on failure. */
static char *end_with_slash(char *text)
{
    size_t length = text ? strlen(text) : 0;
    if (length > 0 && text[length - 1] == '/')
        return text;
    char *longer = text ? target_join(text, "/") : NULL;
    free(text);
    return longer;
}

static MUST_CHECK bool open_folder(struct target *target, const char *path, struct err *err)
{
    if (!*path)
        return err_set(err, ERR_INPUT, "an empty address");
    const char *scheme_end = strstr(path, "://");
    if (scheme_end)
        return err_set(err, ERR_INPUT, "%.*s:// is no address to publish to: http, https or s3",
                       (int)(scheme_end - path < 20 ? scheme_end - path : 20), path);
    target->base = end_with_slash(strdup(path));
    target->shown = target->base ? strdup(target->base) : NULL;
    return target->shown ? target_folder_open(target, err) : err_oom(err);
}

/* A password with a '/', '?' or '#' ends the host too early: what is left of it would be taken for
 * a path, and shown. */
static MUST_CHECK bool check_user(const char *url, struct err *err)
{
    const char *host = strstr(url, "://") + 3;
    return !strchr(host + strcspn(host, "/?#"), '@') ||
           err_set(err, ERR_INPUT, "an address with @ after the host: %s", IN_A_PASSWORD);
}

static MUST_CHECK bool open_url(struct target *target, const char *url, struct err *err)
{
    if (!check_user(url, err))
        return false;
    struct err cause = {0};
    target->base = http_url_clean(url, &cause);
    if (!target->base)
        return err_set(err, cause.code, "%s%s%s", cause.text, strchr(url, '@') ? "; " : "",
                       strchr(url, '@') ? IN_A_PASSWORD : "");
    if (strchr(target->base, '?'))
        return err_set(err, ERR_INPUT, "an address to publish to can't have a query (?)");
    target->base = end_with_slash(target->base);
    target->shown = calloc(1, HTTP_URL_BYTES_MAX + 1);
    if (!target->base || !target->shown)
        return err_oom(err);
    http_url_public(target->base, target->shown, HTTP_URL_BYTES_MAX + 1);
    return true;
}

static MUST_CHECK bool connect_to(struct target *target, const struct target_config *config,
                                  struct err *err)
{
    const struct http_config http = {.ca_file = config->ca_file,
                                     .client_cert = config->client_cert,
                                     .client_key = config->client_key,
                                     .stall_ms = STALL_MS};
    target->http = http_create(&http, err);
    return target->http != NULL;
}

struct target *target_open(const struct target_config *config, struct err *err)
{
    struct target *target = calloc(1, sizeof *target);
    bool ok = false;
    if (target)
        target->look_only = config->look_only;
    if (!target)
        err_oom(err);
    else if (http_is_url(config->base))
        ok = open_url(target, config->base, err) && connect_to(target, config, err);
    else if (strncasecmp(config->base, "s3://", 5) == 0)
        ok = target_s3_open(target, config->base, err) && connect_to(target, config, err);
    else
        ok = open_folder(target, config->base, err);
    if (ok)
        return target;
    target_close(target);
    return NULL;
}

void target_close(struct target *target)
{
    if (!target)
        return;
    http_destroy(target->http);
    target_s3_close(target);
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
    if (!check_name(name, err))
        return false;
    return target->http ? target_http_get(target, name, limit_bytes, data, size, err)
                        : target_folder_get(target, name, limit_bytes, data, size, err);
}

bool target_put(struct target *target, const char *name, const void *data, size_t size,
                bool immutable, struct err *err)
{
    if (!check_name(name, err))
        return false;
    return target->http ? target_http_put(target, name, data, size, immutable, err)
                        : target_folder_put(target, name, data, size, err);
}

bool target_look(struct target *target, struct target_file *files, size_t count, struct err *err)
{
    if (!check_upload_files(files, count, err))
        return false;
    return target->http ? target_upload_look(target, files, count, err)
                        : target_folder_look(target, files, count, err);
}

bool target_put_files(struct target *target, struct target_file *files, size_t count,
                      const struct target_progress *progress, struct err *err)
{
    if (!check_upload_files(files, count, err))
        return false;
    return target->http ? target_upload_files(target, files, count, progress, err)
                        : target_folder_put_files(target, files, count, progress, err);
}
