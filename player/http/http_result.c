/* How transfers end, in words for an operator. */
#include "http/http_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* libcurl has one code for all that takes too long. */
static MUST_CHECK bool set_timeout_error(const struct http_transfer *t, struct err *err)
{
    curl_off_t connected_us = 0, total_us = 0;
    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    if (connected_us == 0)
        return err_set(err, ERR_TIMEOUT, "cannot connect in time: no answer");
    if (t->total_ms > 0 && total_us / 1000 >= t->total_ms)
        return err_set(err, ERR_TIMEOUT, "not complete within %" PRId64 " ms", t->total_ms);
    if (t->stall_bytes_per_s < t->http->stall_bytes_per_s)
        return err_set(err, ERR_TIMEOUT, "stalled: far under its share of the bandwidth for %ld s",
                       t->http->stall_s);
    return err_set(err, ERR_TIMEOUT, "stalled: slower than %ld bytes/s for %ld s",
                   t->http->stall_bytes_per_s, t->http->stall_s);
}

/* Why there is no connection. "cannot connect" alone would leave the operator to find out whether
 * the program there is down, or the way to it. */
static MUST_CHECK bool set_connect_error(const struct http_transfer *t, struct err *err)
{
    long number = 0;
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
    switch (number) {
    case ECONNREFUSED:
        return err_set(err, ERR_NETWORK,
                       "cannot connect: refused, nothing listens at that address and port");
    case ENETUNREACH:
    case ENETDOWN:
        return err_set(err, ERR_NETWORK,
                       "cannot connect: this machine has no route to that address: it is not "
                       "connected, or not to a network of that kind (IPv4, IPv6)");
    case EHOSTUNREACH:
    case EHOSTDOWN:
        return err_set(err, ERR_NETWORK, "cannot connect: there is no way to that host");
    case ETIMEDOUT:
        return err_set(err, ERR_TIMEOUT, "cannot connect in time: no answer");
    case EACCES:
    case EPERM:
        return err_set(err, ERR_NETWORK, "cannot connect: this machine's firewall forbids it");
    default:
        return err_set(err, ERR_NETWORK, "cannot connect");
    }
}

/* A redirect to another kind of address, or an answer that is none of HTTP: libcurl names it by how
 * much of it had come. */
static MUST_CHECK bool set_protocol_error(const struct http_transfer *t, struct err *err)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    if (t->result == CURLE_UNSUPPORTED_PROTOCOL && status / 100 == 3)
        return err_set(err, ERR_NETWORK, "redirected to an address that is not allowed");
    return err_set(err, ERR_NETWORK, "the answer is not HTTP: is the address a web server's?");
}

/* Our own words where libcurl's hold a count or a time: the log tells causes apart by their text. */
static MUST_CHECK bool set_curl_error(const struct http_transfer *t, struct err *err)
{
    switch ((int)t->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return err_set(err, ERR_NETWORK, "no such host, or no name server");
    case CURLE_COULDNT_CONNECT:
        return set_connect_error(t, err);
    case CURLE_OPERATION_TIMEDOUT:
        return set_timeout_error(t, err);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return err_set(err, ERR_NETWORK, "the connection broke");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return set_protocol_error(t, err);
    case CURLE_TOO_MANY_REDIRECTS:
        return err_set(err, ERR_NETWORK, "more than %ld redirects", HTTP_REDIRECTS_MAX);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return err_set(err, ERR_TRUST, "%s (give the authority to trust with --ca-file)",
                       t->words[0] ? t->words : curl_easy_strerror(t->result));
    case CURLE_BAD_CONTENT_ENCODING: /* of a transfer: newer versions refuse it by themselves */
        return err_set(err, ERR_NETWORK, "the answer is compressed, which was not asked for");
    case CURLE_SSL_CACERT_BADFILE:
        return err_set(err, ERR_INPUT, "%s holds no certificates",
                       t->http->ca_file ? t->http->ca_file : "the system's store");
    case CURLE_SSL_CERTPROBLEM:
        return err_set(err, ERR_INPUT, "cannot use the client certificate %s",
                       t->http->client_cert ? t->http->client_cert : "");
    default:
        return err_set(err, ERR_NETWORK, "%s", curl_easy_strerror(t->result));
    }
}

/* " (SignatureDoesNotMatch)": what an S3-compatible store names as the cause; "" without. */
static const char *print_store_code(const struct http_transfer *t, char *text, size_t text_bytes)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.";
    const char *code = strstr(t->page, "<Code>");
    size_t length = code ? strspn(code + 6, letters) : 0;
    text[0] = '\0';
    if (length > 0 && length <= 48)
        snprintf(text, text_bytes, " (%.*s)", (int)length, code + 6);
    return text;
}

static enum http_store_error find_store_error(const struct http_transfer *t)
{
    static const struct {
        const char *code;
        enum http_store_error error;
    } known[] = {
        {.code = "<Code>AccessDenied<", .error = HTTP_STORE_ACCESS_DENIED},
        {.code = "<Code>RequestTimeTooSkewed<", .error = HTTP_STORE_TIME_SKEWED},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(t->page, known[i].code))
            return known[i].error;
    return HTTP_STORE_NONE;
}

static MUST_CHECK bool set_answer_error(const struct http_transfer *t, struct err *err)
{
    int status = t->response.status;
    char words[64];
    print_store_code(t, words, sizeof words);
    switch (status) {
    case 401:
    case 403:
        return err_set(err, ERR_TRUST, "the server refused: answered %d%s", status, words);
    case 404:
    case 410:
        return err_set(err, ERR_MISSING, "the server answered %d%s", status, words);
    case 413:
        return err_set(err, ERR_LIMIT, "too large for the server: answered %d%s", status, words);
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return err_set(err, ERR_NETWORK,
                       "the server answered %d%s, a redirect that is not followed", status, words);
    default:
        return err_set(err, ERR_NETWORK, "the server answered %d%s", status, words);
    }
}

bool http_result(const struct http_transfer *transfer, struct http_response *response,
                 struct err *err)
{
    const struct http_transfer *t = transfer;
    if (response) {
        *response = t->response;
        response->store_error = find_store_error(t);
        response->peer = t->last;
    }
    if (t->err.code != ERR_NONE)
        return err_set(err, t->err.code, "%s", t->err.text);
    /* A server that refuses an upload may close while we still send: its answer says more than the
     * broken connection. */
    bool refused = t->method == HTTP_PUT && t->response.status >= 400;
    if (t->result != CURLE_OK && !t->cut && !refused)
        return set_curl_error(t, err);
    if (!http_response_is_good(t))
        return set_answer_error(t, err);
    if (t->method == HTTP_PUT && t->body_offset < t->body.bytes)
        return err_set(err, ERR_NETWORK, "the server answered %d before it had received everything",
                       t->response.status);
    return true;
}
