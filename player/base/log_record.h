/* Private to the log: splits a call's format and arguments into a message and its keys.
 *
 * Only the format can begin a key or end a value, so text from an argument is never mistaken for a
 * key. Any thread. */
#ifndef BASE_LOG_RECORD_H
#define BASE_LOG_RECORD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define LOG_RECORD_BYTES_MAX 8192
#define LOG_RECORD_KEYS_MAX 16

struct log_value {
    const char *key; /* in the format: key_bytes long */
    size_t key_bytes;
    size_t from, to; /* in the record's bytes; not terminated */
    bool quoted;     /* the format has it in quotes */
    bool number;     /* it is one number and nothing else */
};

struct log_record {
    struct log_value message; /* without a key */
    struct log_value values[LOG_RECORD_KEYS_MAX];
    size_t value_count;
    size_t size;
    bool cut; /* bytes were left out for lack of space */
    char bytes[LOG_RECORD_BYTES_MAX];
};

/* `format` is a message, then key=value or key="value", parted by blanks. It may have the
 * conversions d i u x c s f g with the lengths l ll z j t, flags, width and precision, and %%; one
 * of another kind ends the record. Keys point into `format`. */
__attribute__((format(printf, 2, 0))) void log_record_make(struct log_record *record,
                                                           const char *format, va_list arguments);

#endif
