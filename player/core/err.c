#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->code = code;
    return false;
}

/* The C library's description, but in an operator's words where it has a programmer's. NULL: no such
 * errno. */
static const char *describe_errno(int errno_value)
{
    switch (errno_value) {
    case EINVAL:
        return "the system does not accept it";
    case ESTALE:
        return "the network share has gone (Stale file handle)";
    case EUCLEAN:
        return "the file system is damaged (Structure needs cleaning)";
    default:
        break;
    }
    /* Without the locale that strerror() asks for. */
    return strerrordesc_np(errno_value);
}

bool err_set_errno(struct err *err, enum err_code code, int errno_value, const char *format, ...)
{
    if (!err)
        return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    const char *text = describe_errno(errno_value);
    if (text)
        snprintf(err->text + used, sizeof err->text - used, ": %s", text);
    else
        snprintf(err->text + used, sizeof err->text - used, ": unknown error %d", errno_value);
    err->code = code;
    return false;
}

bool err_oom(struct err *err)
{
    return err_set(err, ERR_SYSTEM, "out of memory");
}

bool err_prefix(struct err *err, const char *format, ...)
{
    if (!err)
        return false;
    char old[ERR_TEXT_BYTES];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, "%s", old);
    return false;
}
