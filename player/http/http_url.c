/* URL arithmetic, by libcurl's parser: the one that will read the URL again must be the one that
 * made it. */
#include "http/http_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool http_is_url(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0;
}

/* The text of a handle that holds an http or https URL; malloc'd. */
static char *clean_text(CURLU *handle, struct err *err)
{
    char *text = NULL, *copy = NULL;
    if (curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
        curl_url_get(handle, CURLUPART_URL, &text, 0) == CURLUE_OK) {
        if (!http_is_url(text))
            err_set(err, ERR_INPUT, "not an http or https address");
        else if (strlen(text) > HTTP_URL_BYTES_MAX)
            err_set(err, ERR_LIMIT, "the address is longer than %d bytes", HTTP_URL_BYTES_MAX);
        else if (!(copy = strdup(text)))
            err_oom(err);
    } else {
        err_oom(err);
    }
    curl_free(text);
    return copy;
}

char *http_url_resolve(const char *base, const char *reference, struct err *err)
{
    /* libcurl encodes what is above ASCII, and spaces, only when it is told to. */
    unsigned flags = CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    CURLU *handle = curl_url();
    CURLUcode code = CURLUE_OUT_OF_MEMORY;
    char *text = NULL;
    if (handle)
        code = base ? curl_url_set(handle, CURLUPART_URL, base, flags) : CURLUE_OK;
    if (code == CURLUE_OK)
        code = curl_url_set(handle, CURLUPART_URL, reference, flags);
    if (code == CURLUE_OK)
        text = clean_text(handle, err);
    else if (code == CURLUE_OUT_OF_MEMORY)
        err_oom(err);
    else
        err_set(err, ERR_INPUT, "not a valid address: %s", curl_url_strerror(code));
    curl_url_cleanup(handle);
    if (text && base && strncasecmp(base, "https:", 6) == 0 &&
        strncasecmp(text, "https:", 6) != 0) {
        free(text);
        text = NULL;
        err_set(err, ERR_TRUST, "it leads from https to http");
    }
    return text;
}

char *http_url_clean(const char *text, struct err *err)
{
    return http_url_resolve(NULL, text, err);
}

char *http_url_resolve_path(const char *base, const char *path, struct err *err)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    static const char digits[] = "0123456789ABCDEF";
    size_t length = strlen(path);
    if (length > HTTP_URL_BYTES_MAX) {
        err_set(err, ERR_LIMIT, "the path is longer than %d bytes", HTTP_URL_BYTES_MAX);
        return NULL;
    }
    char *encoded = malloc(3 * length + 1);
    if (!encoded) {
        err_oom(err);
        return NULL;
    }
    char *to = encoded;
    for (const char *c = path; *c; c++) {
        if (strchr(plain, *c)) {
            *to++ = *c;
            continue;
        }
        *to++ = '%';
        *to++ = digits[(unsigned char)*c >> 4];
        *to++ = digits[(unsigned char)*c & 15];
    }
    *to = '\0';
    char *text = http_url_resolve(base, encoded, err);
    free(encoded);
    return text;
}

void http_url_public(const char *url, char *text, size_t text_bytes)
{
    CURLU *handle = curl_url();
    char *shown = NULL;
    if (handle && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK) {
        static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                           CURLUPART_QUERY, CURLUPART_FRAGMENT};
        bool ok = true;
        for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
            ok = curl_url_set(handle, secret[i], NULL, 0) == CURLUE_OK && ok;
        if (!ok || curl_url_get(handle, CURLUPART_URL, &shown, 0) != CURLUE_OK)
            shown = NULL;
    }
    snprintf(text, text_bytes, "%s", shown ? shown : "an invalid address");
    curl_free(shown);
    curl_url_cleanup(handle);
}

static bool has_same_part(CURLU *a, CURLU *b, CURLUPart part)
{
    char *left = NULL, *right = NULL;
    bool same = curl_url_get(a, part, &left, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(b, part, &right, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                strcasecmp(left, right) == 0;
    curl_free(left);
    curl_free(right);
    return same;
}

/* Gives a URL the user and password of another one on the same server. False when out of memory. */
static bool copy_credentials(CURLU *from, CURLU *to)
{
    static const CURLUPart server[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
    static const CURLUPart secret[] = {CURLUPART_USER, CURLUPART_PASSWORD};
    bool ok = true;
    for (size_t i = 0; i < sizeof server / sizeof *server; i++)
        if (!has_same_part(from, to, server[i]))
            return true;
    for (size_t i = 0; ok && i < sizeof secret / sizeof *secret; i++) {
        char *text = NULL;
        if (curl_url_get(from, secret[i], &text, 0) == CURLUE_OK)
            ok = curl_url_set(to, secret[i], text, 0) == CURLUE_OK;
        curl_free(text);
    }
    return ok;
}

char *http_final_url(const struct http_transfer *transfer)
{
    char *final = NULL, *text = NULL;
    CURLU *asked = curl_url(), *answered = curl_url();
    curl_easy_getinfo(transfer->easy, CURLINFO_EFFECTIVE_URL, &final);
    bool ok = asked && answered && final &&
              curl_url_set(asked, CURLUPART_URL, transfer->url, 0) == CURLUE_OK &&
              curl_url_set(answered, CURLUPART_URL, final, 0) == CURLUE_OK &&
              copy_credentials(asked, answered);
    if (ok)
        text = clean_text(answered, NULL);
    curl_url_cleanup(asked);
    curl_url_cleanup(answered);
    return text;
}
