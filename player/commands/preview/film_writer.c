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

#define LINES_MAX 64 /* of a frame, in one call */

struct encode {
    pid_t pid;
    int socket;
};

bool film_writer_check_size(int width_px, int height_px, struct err *err)
{
    if (width_px % 2 || height_px % 2)
        return err_set(err, ERR_INPUT,
                       "needs even sides for a film (its colors have half the resolution), such as "
                       "%dx%d, not %dx%d",
                       width_px + width_px % 2, height_px + height_px % 2, width_px, height_px);
    if ((int64_t)width_px * height_px > FILM_WRITER_AREA_MAX_PX)
        return err_set(err, ERR_LIMIT, "needs at most %d pixels for a film, not %dx%d",
                       FILM_WRITER_AREA_MAX_PX, width_px, height_px);
    return true;
}

static bool send_whole(const struct encode *encode, struct iovec *parts, size_t count)
{
    while (count > 0) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
        ssize_t sent = sendmsg(encode->socket, &message, MSG_NOSIGNAL);
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

/* What the encoder says: that all is well, or what went wrong. */
static bool hear(const struct encode *encode, struct err *err)
{
    struct film_encoder_reply reply;
    ssize_t got;
    do
        got = recv(encode->socket, &reply, sizeof reply, MSG_WAITALL);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof reply)
        return err_set(err, ERR_SYSTEM, "the encoder died");
    reply.text[sizeof reply.text - 1] = '\0';
    return reply.code == ERR_NONE || err_set(err, (enum err_code)reply.code, "%s", reply.text);
}

static bool start(struct encode *encode, const char *path, struct err *err)
{
    int pair[2];
    char name[] = FILM_ENCODER_NAME;
    char *copy = strdup(path);
    char *const arguments[] = {name, copy, NULL};
    int program = program_open(PROTOCOL_WORKER_FILM_PROGRAM, err);
    if (program < 0 || !copy || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        if (program >= 0)
            err_set_errno(err, ERR_SYSTEM, errno, "can't start an encoder");
    } else {
        encode->socket = pair[0];
        if (!program_start(&encode->pid, program, arguments, environ, pair[1], true, err))
            encode->pid = 0;
        close(pair[1]);
    }
    if (program >= 0)
        close(program);
    free(copy);
    return encode->pid > 0;
}

struct encode *film_writer_create(const char *path, const struct film_writer_config *config,
                                  struct err *err)
{
    struct encode *encode = calloc(1, sizeof *encode);
    struct film_encoder_order order = {config->width_px, config->height_px, config->rate,
                                       config->per};
    struct iovec part = {&order, sizeof order};
    if (!encode) {
        err_oom(err);
        return NULL;
    }
    encode->socket = -1;
    if (start(encode, path, err)) {
        send_whole(encode, &part, 1); /* one that is gone is heard of */
        if (hear(encode, err))
            return encode;
    }
    film_writer_destroy(encode);
    return NULL;
}

bool film_writer_add(struct encode *encode, const struct canvas *canvas, struct err *err)
{
    uint8_t kind = FILM_ENCODER_FRAME;
    struct iovec parts[LINES_MAX] = {{&kind, sizeof kind}};
    size_t count = 1;
    for (int y = 0; y < canvas->height_px; y++) {
        parts[count++] = (struct iovec){(char *)canvas->pixels + canvas->stride_bytes * (size_t)y,
                                        (size_t)canvas->width_px * 4};
        if (count < LINES_MAX && y < canvas->height_px - 1)
            continue;
        if (!send_whole(encode, parts, count))
            return hear(encode, err) && err_set(err, ERR_SYSTEM, "the encoder died");
        count = 0;
    }
    return true;
}

bool film_writer_finish(struct encode *encode, struct err *err)
{
    uint8_t kind = FILM_ENCODER_END;
    struct iovec part = {&kind, sizeof kind};
    send_whole(encode, &part, 1);
    return hear(encode, err);
}

void film_writer_destroy(struct encode *encode)
{
    if (!encode)
        return;
    if (encode->socket >= 0)
        close(encode->socket);
    while (encode->pid > 0 && waitpid(encode->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    free(encode);
}
