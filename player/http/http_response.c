/* Responses: headers and bodies, and what they must not be. */
#include "http/http_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_BYTES_MAX 65536 /* of all answers of one transfer */
/* Of an error page: read, so that the connection can be used again. */
#define UNWANTED_BYTES_MAX 65536
/* libcurl reads and drops a redirect's body without a limit of its own. */
#define REDIRECT_BYTES_MAX 262144

/* Keeps what can be sent back as it is: one line of printable text. */
static void copy_validator(char *to, const char *value, size_t length)
{
    to[0] = '\0';
    if (length >= HTTP_VALIDATOR_BYTES)
        return;
    for (size_t i = 0; i < length; i++)
        if (value[i] < 0x20 || value[i] > 0x7e)
            return;
    memcpy(to, value, length);
    to[length] = '\0';
}

/* A number of at most 18 digits, and what follows it; NULL where there is none. */
static const char *read_number(const char *text, int64_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18)
        return NULL;
    *number = (int64_t)strtoll(text, NULL, 10);
    return text + digits;
}

/* "bytes 100-199/200", or with "*" for the whole's length. */
static void copy_range(struct http_response *response, const char *value, size_t length)
{
    char text[128];
    int64_t first, last, total;
    if (length >= sizeof text)
        return;
    memcpy(text, value, length);
    text[length] = '\0';
    const char *at = strncmp(text, "bytes ", 6) == 0 ? read_number(text + 6, &first) : NULL;
    at = at && *at == '-' ? read_number(at + 1, &last) : NULL;
    if (!at || *at != '/' || last < first)
        return;
    response->range_start = first;
    response->range_total = read_number(at + 1, &total) ? total : -1;
}

/* RFC 9110, 6.6.1. */
static void copy_date(struct http_response *response, const char *value, size_t length)
{
    char text[64];
    if (length >= sizeof text)
        return;
    memcpy(text, value, length);
    text[length] = '\0';
    time_t date_s = curl_getdate(text, NULL);
    response->date_ms = date_s > 0 ? (int64_t)date_s * 1000 : 0;
}

/* RFC 9111, 5.1: seconds. */
static void copy_age(struct http_response *response, const char *value, size_t length)
{
    char text[16];
    int64_t age_s;
    if (length >= sizeof text)
        return;
    memcpy(text, value, length);
    text[length] = '\0';
    if (read_number(text, &age_s))
        response->age_ms = age_s * 1000;
}

static bool is_word(const char *value, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(value, word, length) == 0;
}

/* A header that says that something is compressed: of the content, which we would store compressed, or of the
 * transfer, which libcurl undoes unasked. */
static bool is_compressed(const char *line, size_t name, const char *value, size_t size)
{
    if (is_word(line, name, "content-encoding"))
        return size > 0 && !is_word(value, size, "identity");
    return is_word(line, name, "transfer-encoding") && !is_word(value, size, "chunked");
}

static void copy_coding(struct http_transfer *t, const char *value, size_t length)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used < sizeof t->coding - 1; i++)
        if (value[i] > 0x20 && value[i] < 0x7f)
            t->coding[used++] = value[i];
    t->coding[used] = '\0';
}

static void copy_header(struct http_transfer *t, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return;
    size_t name = (size_t)(colon - line);
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && strchr("\r\n\t ", end[-1]))
        end--;
    size_t size = (size_t)(end - value);
    if (is_word(line, name, "etag"))
        copy_validator(t->response.etag, value, size);
    else if (is_word(line, name, "last-modified"))
        copy_validator(t->response.last_modified, value, size);
    else if (is_word(line, name, "content-range"))
        copy_range(&t->response, value, size);
    else if (is_word(line, name, "date"))
        copy_date(&t->response, value, size);
    else if (is_word(line, name, "age"))
        copy_age(&t->response, value, size);
    else if (is_compressed(line, name, value, size))
        copy_coding(t, value, size);
}

static void read_status(struct http_transfer *t)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    t->response.status = (int)status;
}

static bool has_requested_body(const struct http_transfer *t)
{
    return t->method == HTTP_GET && (t->response.status == 200 || t->response.status == 206);
}

/* The end of a head: nothing of the body has been decoded yet. Of a redirect's body libcurl would
 * decode any amount; an error page is cut. */
static bool check_coding(struct http_transfer *t)
{
    read_status(t);
    bool redirect = t->response.status / 100 == 3 && t->response.status != 304;
    if (t->coding[0] && (has_requested_body(t) || redirect))
        return err_set(&t->err, ERR_NETWORK,
                       "the answer is compressed (%s), which was not asked for", t->coding);
    return true;
}

size_t http_response_header(char *line, size_t one, size_t length, void *context)
{
    struct http_transfer *t = context;
    t->head_bytes += (int64_t)length;
    if (t->head_bytes > HEAD_BYTES_MAX) {
        err_set(&t->err, ERR_LIMIT, "the answer's headers are over %d bytes", HEAD_BYTES_MAX);
        return 0;
    }
    if (t->body_begun) /* a trailer says nothing that we ask for */
        return one * length;
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0) {
        t->response =
            (struct http_response){.content_bytes = -1, .range_start = -1, .range_total = -1};
        t->coding[0] = '\0';
    } else if (line[0] == '\r' || line[0] == '\n') {
        return check_coding(t) ? one * length : 0;
    } else {
        copy_header(t, line, length);
    }
    return one * length;
}

static int64_t announced_length(const struct http_transfer *t)
{
    curl_off_t content_bytes = -1;
    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &content_bytes);
    return content_bytes;
}

/* Once for each answer that has a body of interest. */
static bool check_head(struct http_transfer *t)
{
    struct http_response *r = &t->response;
    r->content_bytes = announced_length(t);
    if (r->status == 206 && (t->range_start == 0 || r->range_start != t->range_start))
        return err_set(&t->err, ERR_NETWORK, "the server sent another part than was asked for");
    if (r->content_bytes > t->limit_bytes)
        return err_set(&t->err, ERR_LIMIT, "larger than the %" PRId64 " bytes allowed",
                       t->limit_bytes);
    return true;
}

static bool take_body(struct http_transfer *t, const void *data, size_t size)
{
    if (!t->body_begun) {
        t->body_begun = true;
        if (!check_head(t))
            return false;
    }
    t->body_bytes += (int64_t)size;
    if (t->body_bytes > t->limit_bytes)
        return err_set(&t->err, ERR_LIMIT, "larger than the %" PRId64 " bytes allowed",
                       t->limit_bytes);
    return t->take(t->take_context, &t->response, data, size, &t->err);
}

bool http_response_is_good(const struct http_transfer *t)
{
    int status = t->response.status;
    switch (t->method) {
    case HTTP_HEAD:
        return status == 200;
    case HTTP_PUT:
        return status == 200 || status == 201 || status == 204;
    case HTTP_GET:
        break;
    }
    return has_requested_body(t) || (status == 304 && t->conditional);
}

static void copy_page(struct http_transfer *t, const char *data, size_t size)
{
    size_t left = sizeof t->page - 1 - t->page_bytes;
    size_t copied = size < left ? size : left;
    memcpy(t->page + t->page_bytes, data, copied);
    t->page_bytes += copied;
}

size_t http_response_body(char *data, size_t one, size_t size, void *context)
{
    struct http_transfer *t = context;
    (void)one; /* always 1 */
    read_status(t);
    if (has_requested_body(t) && !http_rate_limit_take(t, size))
        return CURL_WRITEFUNC_PAUSE;
    if (has_requested_body(t))
        return take_body(t, data, size) ? size : 0;
    t->body_begun = true;
    t->body_bytes += (int64_t)size;
    if (t->is_signed)
        copy_page(t, data, size);
    t->cut = t->body_bytes > UNWANTED_BYTES_MAX;
    return t->cut ? 0 : size;
}

int http_response_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                           curl_off_t up)
{
    struct http_transfer *t = context;
    (void)total, (void)up_total, (void)up;
    if (t->body_begun || now <= REDIRECT_BYTES_MAX)
        return 0;
    err_set(&t->err, ERR_LIMIT, "a redirect has a body of more than %d bytes", REDIRECT_BYTES_MAX);
    return 1;
}

void http_response_end(struct http_transfer *t)
{
    read_status(t);
    if (t->result == CURLE_OK && has_requested_body(t) && !t->body_begun)
        take_body(t, "", 0);
    /* The length of what is compressed says nothing. */
    if (t->method == HTTP_HEAD && !t->coding[0])
        t->response.content_bytes = announced_length(t);
}
