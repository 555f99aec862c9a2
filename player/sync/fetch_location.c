/* The addresses of both kinds: URLs, and paths of files. */
#include "sync/fetch.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "x:" at the beginning, before any '/' (RFC 3986, 3.1). */
static bool has_scheme(const char *text)
{
    size_t length = strcspn(text, ":/?#");
    return length > 0 && text[length] == ':';
}

static char *copy_location(const char *text, struct err *err)
{
    char *copy = strdup(text);
    if (!copy)
        err_oom(err);
    return copy;
}

char *fetch_base_clean(const char *text, struct err *err)
{
    char working[PATH_MAX] = "", path[PATH_MAX];
    if (http_is_url(text))
        return http_url_clean(text, err);
    if (!text[0] || strstr(text, "://")) {
        err_set(err, ERR_INPUT, "neither an http or https address nor a folder");
        return NULL;
    }
    if (text[0] != '/' && !getcwd(working, sizeof working)) {
        err_set(err, ERR_INPUT, "the working folder cannot be found");
        return NULL;
    }
    while (text[0] == '.' && text[1] == '/')
        text += 1 + strspn(text + 1, "/");
    if (strcmp(text, ".") == 0)
        text = "";
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '/')
        length--;
    const char *join = text[0] == '/' || strcmp(working, "/") == 0 ? "" : "/";
    const char *end = length ? "/" : "";
    int used = -1;
    if (length <= PATH_MAX)
        used = snprintf(path, sizeof path, "%s%s%.*s%s", working, join, (int)length, text, end);
    if (used < 0 || (size_t)used >= sizeof path) {
        err_set(err, ERR_INPUT, "the path is too long");
        return NULL;
    }
    if (!used)
        return copy_location("/", err);
    return copy_location(path, err);
}

static int escape_digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* The path of a reference, without query and fragment, its percent-encoding undone. A name
 * can't hold an encoded '/' or NUL. */
static MUST_CHECK bool decode_path(const char *reference, char path[PATH_MAX], struct err *err)
{
    size_t length = strcspn(reference, "?#"), used = 0;
    for (size_t i = 0; i < length && used < PATH_MAX - 1; i++) {
        char c = reference[i];
        if (c == '%') {
            int high = escape_digit_value(reference[i + 1]);
            int low = high < 0 ? -1 : escape_digit_value(reference[i + 2]);
            c = (char)(unsigned char)(high * 16 + low);
            i += 2;
            if (low < 0 || c == '\0' || c == '/')
                return err_set(err, ERR_INPUT, "its percent-encoding is wrong");
        }
        path[used++] = c;
    }
    path[used] = '\0';
    return true;
}

/* Joined, not tidied: a ".." behind a symbolic link leads where the system says it does. */
static char *resolve_in_folder(const char *base, const char *reference, bool plain, struct err *err)
{
    char name[PATH_MAX] = "", path[PATH_MAX];
    int folder = (int)(strrchr(base, '/') - base) + 1;
    if (!plain && has_scheme(reference)) {
        err_set(err, ERR_TRUST, "it leads out of the folder");
        return NULL;
    }
    if (plain)
        snprintf(name, sizeof name, "%.*s", PATH_MAX - 1, reference);
    else if (!decode_path(reference, name, err))
        return NULL;
    if (name[0] == '/') {
        err_set(err, ERR_TRUST, "it leads out of the folder");
        return NULL;
    }
    int used = snprintf(path, sizeof path, "%.*s%s", folder, base, name);
    if (!name[0] || strlen(reference) >= sizeof name || used < 0 || (size_t)used >= sizeof path) {
        err_set(err, ERR_INPUT, name[0] ? "the path is too long" : "it names no file");
        return NULL;
    }
    return copy_location(path, err);
}

char *fetch_resolve(const char *base, const char *reference, bool plain, struct err *err)
{
    if (base[0] == '/')
        return resolve_in_folder(base, reference, plain, err);
    return plain ? http_url_resolve_path(base, reference, err)
                 : http_url_resolve(base, reference, err);
}

void fetch_public(const char *location, char *text, size_t text_bytes)
{
    /* A path, unless it may be a URL with a password that lacks its scheme. */
    if (location[0] == '/' || !strpbrk(location, ":@"))
        snprintf(text, text_bytes, "%s", location);
    else
        http_url_public(location, text, text_bytes);
}
