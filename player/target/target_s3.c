/* S3-compatible stores: the address and its credentials, from where each tool for such stores has
 * them. */
#include "target/target_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An empty variable counts as none. */
static const char *read_environment(const char *first, const char *second)
{
    const char *value = getenv(first);
    if ((!value || !*value) && second)
        value = getenv(second);
    return value && *value ? value : NULL;
}

/* Credentials become parts of header lines: no spaces, no line ends. */
static bool is_visible(const char *text)
{
    for (; *text; text++)
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    return true;
}

/* A copy, as the environment may change. NULL when out of memory. */
static const char *copy_s3_text(struct target *target, const char *text)
{
    char **place = target->s3_texts;
    while (*place)
        place++;
    return *place = strdup(text);
}

static MUST_CHECK bool read_credentials(struct target *target, struct err *err)
{
    struct http_s3 *s3 = &target->credentials;
    const char *key_id = read_environment("AWS_ACCESS_KEY_ID", NULL);
    const char *secret = read_environment("AWS_SECRET_ACCESS_KEY", NULL);
    const char *token = read_environment("AWS_SESSION_TOKEN", NULL);
    if (!key_id || !secret)
        return err_set(err, ERR_INPUT,
                       "s3:// needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in "
                       "the environment");
    if (!is_visible(key_id) || !is_visible(secret) || (token && !is_visible(token)))
        return err_set(err, ERR_INPUT,
                       "the AWS_ credentials in the environment hold spaces or "
                       "characters that no credential has");
    s3->key_id = copy_s3_text(target, key_id);
    s3->secret = copy_s3_text(target, secret);
    s3->session_token = token ? copy_s3_text(target, token) : NULL;
    if (!s3->key_id || !s3->secret || (token && !s3->session_token))
        return err_oom(err);
    return true;
}

static MUST_CHECK bool read_region(struct target *target, bool has_endpoint, struct err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *region = read_environment("AWS_REGION", "AWS_DEFAULT_REGION");
    if (!region && !has_endpoint)
        return err_set(err, ERR_INPUT, "s3:// needs AWS_REGION in the environment");
    if (!region)
        region = "us-east-1"; /* what stores without regions expect */
    if (strspn(region, letters) != strlen(region) || strlen(region) > 63)
        return err_set(err, ERR_INPUT, "AWS_REGION is not a region: \"%.63s\"", region);
    target->credentials.region = copy_s3_text(target, region);
    return target->credentials.region || err_oom(err);
}

static bool is_bucket(const char *text, size_t length)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return length > 0 && length <= 63 && strspn(text, letters) >= length && text[0] != '.' &&
           text[0] != '-';
}

/* Amazon's own: the bucket is in the host's name, but for buckets with a dot, which the
 * certificates don't cover there. */
static char *amazon_url(const char *region, const char *bucket)
{
    char *url = NULL;
    const char *country = strncmp(region, "cn-", 3) == 0 ? ".cn" : "";
    int length = strchr(bucket, '.')
                     ? asprintf(&url, "https://s3.%s.amazonaws.com%s/%s", region, country, bucket)
                     : asprintf(&url, "https://%s.s3.%s.amazonaws.com%s", bucket, region, country);
    return length < 0 ? NULL : url;
}

/* The bucket goes into the path, unless the endpoint's host begins with it: Aliyun OSS and Tencent
 * COS want it there. */
static char *endpoint_url(const char *endpoint, const char *bucket)
{
    char *url = NULL;
    int plain = (int)strlen(endpoint);
    while (plain > 0 && endpoint[plain - 1] == '/')
        plain--;
    const char *host = strstr(endpoint, "://") + 3;
    size_t length = strlen(bucket);
    bool in_host = strncasecmp(host, bucket, length) == 0 && host[length] == '.';
    int printed = in_host ? asprintf(&url, "%.*s", plain, endpoint)
                          : asprintf(&url, "%.*s/%s", plain, endpoint, bucket);
    return printed < 0 ? NULL : url;
}

static MUST_CHECK bool check_endpoint(const char *endpoint, struct err *err)
{
    if (!endpoint)
        return true;
    const char *path = http_is_url(endpoint) ? strstr(endpoint, "://") + 3 : "?";
    /* libcurl signs a path as it is. */
    if (strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:[]") !=
        strlen(path))
        return err_set(err, ERR_INPUT,
                       "AWS_ENDPOINT_URL must be an http or https address of "
                       "letters, digits and . _ - / without user and query");
    return true;
}

/* base and shown from their parts; `prefix` is "" or a name. */
static MUST_CHECK bool set_store_addresses(struct target *target, const char *endpoint,
                                           const char *bucket, const char *prefix, struct err *err)
{
    const char *slash = *prefix ? "/" : "";
    char *root =
        endpoint ? endpoint_url(endpoint, bucket) : amazon_url(target->credentials.region, bucket);
    char *url = NULL;
    if (!root || asprintf(&url, "%s/%s%s", root, prefix, slash) < 0)
        url = NULL;
    if (asprintf(&target->shown, "s3://%s/%s%s", bucket, prefix, slash) < 0)
        target->shown = NULL;
    target->base = url ? http_url_clean(url, err) : NULL;
    if (!url || !target->shown)
        err_oom(err);
    bool ok = url && target->shown && target->base;
    free(url);
    free(root);
    return ok;
}

static MUST_CHECK bool read_store_address(struct target *target, const char *address,
                                          struct err *err)
{
    const char *endpoint = read_environment("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
    const char *start = address + strlen("s3://");
    size_t bucket_bytes = strcspn(start, "/");
    const char *rest = start + bucket_bytes + strspn(start + bucket_bytes, "/");
    size_t rest_bytes = strlen(rest);
    while (rest_bytes > 0 && rest[rest_bytes - 1] == '/')
        rest_bytes--;
    char *bucket = strndup(start, bucket_bytes);
    char *prefix = strndup(rest, rest_bytes);
    bool ok = false;
    if (!bucket || !prefix)
        err_oom(err);
    else if (!is_bucket(bucket, bucket_bytes))
        err_set(err, ERR_INPUT, "s3://%.63s: that is not the name of a bucket", bucket);
    else if (*prefix && !target_name_is_good(prefix))
        err_set(err, ERR_INPUT,
                "s3://%.63s/%.100s: a prefix is made of letters, digits and . _ - /", bucket,
                prefix);
    else
        ok = check_endpoint(endpoint, err) && read_credentials(target, err) &&
             read_region(target, endpoint != NULL, err) &&
             set_store_addresses(target, endpoint, bucket, prefix, err);
    free(bucket);
    free(prefix);
    return ok;
}

static const char *advise_store(const struct target *target, const struct http_response *head)
{
    (void)target;
    if (head->store_error == HTTP_STORE_TIME_SKEWED)
        return "; this machine's clock or the store's is wrong";
    return head->status == 301 || head->status == 307 ? "; is the bucket in another region?" : "";
}

static MUST_CHECK bool open_store(struct target *target, const struct target_config *config,
                                  struct err *err)
{
    target->s3 = &target->credentials;
    return read_store_address(target, config->base, err) &&
           target_http_connect(target, config, err);
}

const struct target_ops target_s3_ops = {
    .open = open_store,
    .get = target_http_get,
    .put = target_http_put,
    .look = target_upload_look,
    .put_files = target_upload_files,
    .advise = advise_store,
};
