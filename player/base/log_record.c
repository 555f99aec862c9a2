#include "base/log_record.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define SPEC_BYTES 32
#define NUMBER_BYTES 400 /* "%f" of the largest double */
#define WIDTH_MAX 64
#define KEY_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_"
#define DIGITS "0123456789"

struct walk {
    struct log_record *record;
    const char *at;          /* in the format */
    struct log_value *value; /* the value being written: the message's, or a key's */
    bool ended;              /* the value is complete; what follows lies between it and the next
                                key */
    int parts;               /* conversions and literal characters of the format in this value */
    va_list arguments;
};

static void append_bytes(struct walk *walk, const char *bytes, size_t count)
{
    struct log_record *record = walk->record;
    if (count > sizeof record->bytes - record->size) {
        count = sizeof record->bytes - record->size;
        record->cut = true;
    }
    memcpy(record->bytes + record->size, bytes, count);
    record->size += count;
    walk->value->to = record->size;
}

/* A conversion: %[flags][width][.precision][length]kind. */
struct conversion {
    char flags[6];
    int width, precision; /* negative: to the left; none */
    char length;          /* 0, l, L (ll), z, j or t */
    char kind;
};

static int take_count(struct walk *walk)
{
    if (*walk->at == '*') {
        walk->at++;
        return va_arg(walk->arguments, int);
    }
    int count = 0;
    for (; *walk->at >= '0' && *walk->at <= '9'; walk->at++)
        count = count < 100000 ? count * 10 + (*walk->at - '0') : count;
    return count;
}

/* Reads what follows a percent sign. */
static struct conversion take_conversion(struct walk *walk)
{
    struct conversion conversion = {.precision = -1};
    size_t flags = strspn(walk->at, "-+ #0");
    memcpy(conversion.flags, walk->at, flags < 5 ? flags : 5);
    walk->at += flags;
    if (*walk->at == '*' || (*walk->at >= '1' && *walk->at <= '9'))
        conversion.width = take_count(walk);
    if (*walk->at == '.') {
        walk->at++;
        conversion.precision = take_count(walk);
    }
    if (*walk->at && strchr("lzjt", *walk->at))
        conversion.length = *walk->at++;
    if (conversion.length == 'l' && *walk->at == 'l') {
        conversion.length = 'L';
        walk->at++;
    }
    if (*walk->at)
        conversion.kind = *walk->at++;
    return conversion;
}

static intmax_t take_signed(struct walk *walk, char length)
{
    if (length == 'l')
        return va_arg(walk->arguments, long);
    if (length == 'L')
        return va_arg(walk->arguments, long long);
    if (length == 'z')
        return va_arg(walk->arguments, ssize_t);
    if (length == 'j')
        return va_arg(walk->arguments, intmax_t);
    if (length == 't')
        return va_arg(walk->arguments, ptrdiff_t);
    return va_arg(walk->arguments, int);
}

static uintmax_t take_unsigned(struct walk *walk, char length)
{
    if (length == 'l')
        return va_arg(walk->arguments, unsigned long);
    if (length == 'L')
        return va_arg(walk->arguments, unsigned long long);
    if (length == 'z')
        return va_arg(walk->arguments, size_t);
    if (length == 'j')
        return va_arg(walk->arguments, uintmax_t);
    if (length == 't')
        return (uintmax_t)va_arg(walk->arguments, ptrdiff_t);
    return va_arg(walk->arguments, unsigned);
}

/* "%[flags]*.*[length]kind", or without a precision, for snprintf. */
static void make_spec(const struct conversion *conversion, const char *length,
                      char spec[SPEC_BYTES])
{
    snprintf(spec, SPEC_BYTES, "%%%s*%s%s%c", conversion->flags,
             conversion->precision >= 0 ? ".*" : "", length, conversion->kind);
}

/* The spec was made here, of parts that the compiler has checked at the call. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#define PRINT(text, conversion, spec, value)                                                       \
    ((conversion)->precision >= 0                                                                  \
         ? snprintf(text, NUMBER_BYTES, spec, width, (conversion)->precision, value)               \
         : snprintf(text, NUMBER_BYTES, spec, width, value))

static void put_number_argument(struct walk *walk, const struct conversion *conversion)
{
    char spec[SPEC_BYTES], text[NUMBER_BYTES];
    int width = conversion->width, size;
    if (strchr("fg", conversion->kind)) {
        make_spec(conversion, "", spec);
        size = PRINT(text, conversion, spec, va_arg(walk->arguments, double));
    } else if (strchr("di", conversion->kind)) {
        make_spec(conversion, "j", spec);
        size = PRINT(text, conversion, spec, take_signed(walk, conversion->length));
    } else {
        make_spec(conversion, "j", spec);
        size = PRINT(text, conversion, spec, take_unsigned(walk, conversion->length));
    }
    if (size > 0)
        append_bytes(walk, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}
#pragma GCC diagnostic pop

static void put_text_argument(struct walk *walk, const struct conversion *conversion)
{
    char character = '\0';
    const char *text = &character;
    size_t size = 1;
    if (conversion->kind == 'c') {
        character = (char)va_arg(walk->arguments, int);
    } else {
        text = va_arg(walk->arguments, const char *);
        if (!text)
            text = "(null)";
        size = conversion->precision >= 0 ? strnlen(text, (size_t)conversion->precision)
                                          : strlen(text);
    }
    int width = conversion->width < 0 ? -conversion->width : conversion->width;
    bool left = conversion->width < 0 || strchr(conversion->flags, '-');
    size_t blanks = (size_t)width > size ? (size_t)width - size : 0;
    if (blanks > WIDTH_MAX)
        blanks = WIDTH_MAX;
    for (size_t i = 0; !left && i < blanks; i++)
        append_bytes(walk, " ", 1);
    append_bytes(walk, text, size);
    for (size_t i = 0; left && i < blanks; i++)
        append_bytes(walk, " ", 1);
}

/* False where the conversion is unknown: then nothing more can be said about the arguments. */
static bool put_conversion(struct walk *walk)
{
    struct conversion conversion = take_conversion(walk);
    walk->parts++;
    if (conversion.kind == '%') {
        append_bytes(walk, "%", 1);
    } else if (conversion.kind && strchr("diuxfg", conversion.kind)) {
        walk->value->number = walk->parts == 1 && conversion.kind != 'x';
        put_number_argument(walk, &conversion);
        return true;
    } else if (conversion.kind && strchr("cs", conversion.kind)) {
        put_text_argument(walk, &conversion);
    } else {
        return false;
    }
    walk->value->number = false;
    return true;
}

/* How long the key is that begins here and has an equals sign after it; 0: there is none. */
static size_t key_length(const char *at)
{
    size_t length = strspn(at, KEY_CHARACTERS);
    return at[length] == '=' ? length : 0;
}

static void begin_value(struct walk *walk, size_t key_bytes)
{
    struct log_record *record = walk->record;
    struct log_value *value = &record->values[record->value_count++];
    *value = (struct log_value){
        .key = walk->at, .key_bytes = key_bytes, .from = record->size, .to = record->size};
    walk->at += key_bytes + 1;
    value->quoted = *walk->at == '"';
    walk->at += value->quoted;
    walk->value = value;
    walk->ended = false;
    walk->parts = 0;
}

/* A character of the format that is no conversion. */
static void put_literal(struct walk *walk)
{
    bool in_message = walk->value == &walk->record->message;
    char character = *walk->at++;
    if (!in_message && !walk->ended && character == (walk->value->quoted ? '"' : ' ')) {
        walk->ended = true;
        return;
    }
    if (walk->ended && character == ' ')
        return;
    append_bytes(walk, &character, 1);
    walk->parts++;
    walk->value->number = false;
}

void log_record_make(struct log_record *record, const char *format, va_list arguments)
{
    record->message = (struct log_value){0};
    record->value_count = 0;
    record->size = 0;
    record->cut = false;
    struct walk walk = {.record = record, .at = format, .value = &record->message};
    va_copy(walk.arguments, arguments);
    bool goes_on = true;
    while (goes_on && *walk.at) {
        bool in_value = walk.value != &record->message && !walk.ended;
        bool may_begin = walk.at == format || walk.at[-1] == ' ' || walk.ended;
        size_t key_bytes = !in_value && may_begin ? key_length(walk.at) : 0;
        if (key_bytes && record->value_count < LOG_RECORD_KEYS_MAX) {
            begin_value(&walk, key_bytes);
        } else if (*walk.at == '%') {
            walk.at++;
            goes_on = put_conversion(&walk);
        } else {
            put_literal(&walk);
        }
    }
    va_end(walk.arguments);
    const struct log_value *message = &record->message;
    if (message->to > 0 && record->value_count && record->bytes[message->to - 1] == ' ')
        record->message.to--;
}
