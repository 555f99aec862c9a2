#include "commands/preview/film_writer.h"

#include "base/program.h"
#include "commands/preview/film_encoder.h"
#include "sandbox/protocol.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS_MAX 64 /* that are sent in one call */

struct film_writer {
    pid_t pid;
    int socket;
};

bool film_writer_check_size(int width_px, int height_px, struct err *err)
{
    if (width_px % 2 || height_px % 2)
        return err_set(err, ERR_INPUT,
                       "needs an even width and height for a film (4:2:0), such as "
                       "%dx%d, not %dx%d",
                       width_px + width_px % 2, height_px + height_px % 2, width_px, height_px);
    if ((int64_t)width_px * height_px > FILM_WRITER_AREA_MAX_PX)
        return err_set(err, ERR_LIMIT, "needs at most %d pixels for a film, not %dx%d",
                       FILM_WRITER_AREA_MAX_PX, width_px, height_px);
    return true;
}

static bool send_parts(const struct film_writer *writer, struct iovec *parts, size_t count)
{
    while (count > 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
        ssize_t sent = sendmsg(writer->socket, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return false;
        size_t left = sent > 0 ? (size_t)sent : 0;
        for (; count > 0 && left >= parts->iov_len; parts++, count--)
            left -= parts->iov_len;
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return true;
}

/* Receives a reply of the encoder; false where it says what went wrong. */
static MUST_CHECK bool receive_reply(const struct film_writer *writer, struct err *err)
{
    struct film_encoder_reply reply;
    ssize_t got;
    do
        got = recv(writer->socket, &reply, sizeof reply, MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof reply)
        return err_set(err, ERR_SYSTEM, "the film encoder crashed");
    reply.text[sizeof reply.text - 1] = '\0';
    return reply.code == ERR_NONE || err_set(err, (enum err_code)reply.code, "%s", reply.text);
}

static MUST_CHECK bool start_encoder(struct film_writer *writer, const char *path, struct err *err)
{
    int pair[2];
    char name[] = FILM_ENCODER_NAME;
    char *copy = strdup(path);
    char *const arguments[] = {name, copy, NULL};
    int program = program_open(PROTOCOL_WORKER_FILM_PROGRAM, err);
    if (program < 0 || !copy || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        if (program >= 0)
            err_set_errno(err, ERR_SYSTEM, errno, "cannot start the film encoder");
    } else {
        writer->socket = pair[0];
        if (!program_start(&writer->pid, program, arguments, environ, pair[1], true, err))
            writer->pid = 0;
        close(pair[1]);
    }
    if (program >= 0)
        close(program);
    free(copy);
    return writer->pid > 0;
}

struct film_writer *film_writer_create(const char *path, const struct film_writer_config *config,
                                       struct err *err)
{
    struct film_writer *writer = calloc(1, sizeof *writer);
    struct film_encoder_order order = {config->width_px, config->height_px, config->rate,
                                       config->per};
    struct iovec part = {&order, sizeof order};
    if (!writer) {
        err_oom(err);
        return NULL;
    }
    writer->socket = -1;
    if (start_encoder(writer, path, err)) {
        send_parts(writer, &part, 1); /* if it has crashed, receive_reply fails */
        if (receive_reply(writer, err))
            return writer;
    }
    film_writer_destroy(writer);
    return NULL;
}

bool film_writer_add(struct film_writer *writer, const struct canvas *canvas, struct err *err)
{
    uint8_t kind = FILM_ENCODER_FRAME;
    struct iovec parts[ROWS_MAX] = {{&kind, sizeof kind}};
    size_t count = 1;
    for (int y = 0; y < canvas->height_px; y++) {
        parts[count++] = (struct iovec){(char *)canvas->pixels + canvas->stride_bytes * (size_t)y,
                                        (size_t)canvas->width_px * 4};
        if (count < ROWS_MAX && y < canvas->height_px - 1)
            continue;
        if (!send_parts(writer, parts, count))
            return receive_reply(writer, err) &&
                   err_set(err, ERR_SYSTEM, "the film encoder crashed");
        count = 0;
    }
    return true;
}

bool film_writer_finish(struct film_writer *writer, struct err *err)
{
    uint8_t kind = FILM_ENCODER_END;
    struct iovec part = {&kind, sizeof kind};
    send_parts(writer, &part, 1);
    return receive_reply(writer, err);
}

void film_writer_destroy(struct film_writer *writer)
{
    if (!writer)
        return;
    if (writer->socket >= 0)
        close(writer->socket);
    while (writer->pid > 0 && waitpid(writer->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(writer);
}
