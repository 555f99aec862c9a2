/* Private to http: what its files share, libcurl's header among it. They are one module in
 * several files, so curl.h comes in here, and not in one .c file alone. */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include "http/http.h"

#include <curl/curl.h>

#define HTTP_REDIRECTS_MAX 3L

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_PUT };

struct http {
    CURLM *multi;
    char *ca_file, *client_cert, *client_key, *proxy;
    long connect_ms, stall_s, stall_bytes_per_s;
    const _Atomic int64_t *bandwidth_bytes_per_s; /* NULL: no cap, ever */
    int64_t known_bytes_per_s;                    /* what it was when it was last looked at */
    struct http_transfer *capped; /* those that divide the bandwidth; a list by next_capped */
    int64_t share_bytes;          /* the account; below 0: a debt */
    int64_t share_ns;             /* when something last flowed into it; monotonic */
    int watch_fd;
};

struct http_transfer {
    struct http *http;
    CURL *easy;
    char *url; /* that was asked for */
    struct curl_slist *headers;
    enum http_method method;
    bool conditional, is_signed;
    int64_t limit_bytes, range_start, total_ms;
    bool (*take)(void *, const struct http_response *, const void *, size_t, struct err *);
    void *take_context;

    struct http_body body; /* of a PUT; without its texts and hash */
    int64_t body_offset;   /* how much of it has gone out */

    struct http_transfer *next_capped;
    bool capped;
    bool paused;               /* by the cap */
    int64_t stall_bytes_per_s; /* slower than this is a stall */

    struct http_response response;
    char coding[32]; /* of the answer: a compression that was not asked for; "" without */
    int64_t body_bytes, head_bytes;
    bool body_begun;
    char page[1024]; /* how the text of an error begins, from a store that was sent a signature */
    size_t page_bytes;
    bool cut;                     /* the rest of an error page was not read */
    struct http_peer first, last; /* where the first request went, before redirects, and the last */
    bool has_from;
    struct http_peer from;

    bool finished;
    CURLcode result;
    struct err err; /* ours, or take's or pass's; code ERR_NONE: none */
    char words[CURL_ERROR_SIZE];
};

/* http_rate_limit.c: how much may be read at once; join and leave take a transfer into the division
 * of the bandwidth, where it is capped, and out of it. */
long http_rate_limit_buffer_bytes(const struct http_transfer *t);
void http_rate_limit_join(struct http_transfer *t);
void http_rate_limit_leave(struct http_transfer *t);
/* Takes bytes for a transfer; false: it has to pause. */
bool http_rate_limit_take(struct http_transfer *t, size_t size);
/* Lets those go on who may, true if one has ended by that; and how long until the next may, in
 * milliseconds. */
bool http_rate_limit_resume(struct http *http);
int64_t http_rate_limit_due_ms(const struct http *http);

/* http_response.c: libcurl's callbacks for what comes, with a struct http_transfer as context. */
size_t http_response_header(char *line, size_t one, size_t length, void *context);
size_t http_response_body(char *data, size_t one, size_t size, void *context);
int http_response_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                           curl_off_t up);
/* The transfer is through: the rest of what its answer says. */
void http_response_end(struct http_transfer *t);
/* Whether the answer is what was asked for. */
bool http_response_is_good(const struct http_transfer *t);

/* http_peer.c: whether an address is a loopback, link-local or unspecified one, IPv4 within IPv6,
 * too; and whether a URL that came from a peer may lead to another. */
bool http_peer_is_this_machine(const char *address);
bool http_peer_may_name(const struct http_peer *from, const struct http_peer *to);

/* http_client_cert.c: ERR_INPUT unless the files hold a certificate and its key, without a
 * password. */
MUST_CHECK bool http_client_cert_check(const char *cert_file, const char *key_file,
                                       struct err *err);

#endif
