/* A web server for unit tests: a thread for each connection, one request on each, answered as the
 * test says; then it closes. Loopback, a port of the kernel's. */
#ifndef TESTS_SMALL_SERVER_H
#define TESTS_SMALL_SERVER_H

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define SMALL_SERVER_REQUEST_BYTES (8 << 20)
#define SMALL_SERVER_CONNECTIONS 16

struct small_server {
    int port;
    /* Set before requests come. */
    const char *answer; /* head and body; "%d" in it is the port */
    size_t zeros;       /* how many bytes of zeros follow it */
    bool deaf;          /* answers a head, and reads no body */
    bool hangs;         /* after the answer, with one connection at most; else it closes */

    pthread_mutex_t mutex;
    int requests;  /* that came whole, or to a deaf server; protected by mutex */
    char *request; /* the last of them, terminated; protected by mutex */
    size_t body_bytes, body_at;
    int hanging_fd; /* -1: none; protected by mutex */
    bool stopping;  /* protected by mutex */

    int listener;
    pthread_t thread, connections[SMALL_SERVER_CONNECTIONS];
    int connection_count;
};

struct small_server_connection {
    struct small_server *server;
    int fd;
};

static inline void small_server_send(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = send(fd, data, size, MSG_NOSIGNAL);
        if (done <= 0)
            return; /* the client has gone: that may be what is tested */
        data += done;
        size -= (size_t)done;
    }
}

/* Until small_server_stop: a client that has gone need not be seen here, behind a full buffer. */
static inline void small_server_hang(struct small_server *server, int fd)
{
    struct pollfd until = {.fd = fd};
    pthread_mutex_lock(&server->mutex);
    bool stopping = server->stopping;
    server->hanging_fd = fd;
    pthread_mutex_unlock(&server->mutex);
    if (!stopping)
        poll(&until, 1, -1);
    pthread_mutex_lock(&server->mutex);
    server->hanging_fd = -1;
    pthread_mutex_unlock(&server->mutex);
}

static inline void small_server_answer(struct small_server *server, int fd)
{
    static const char zeros[4096];
    char text[4096];
    const char *port = strstr(server->answer, "%d");
    int before = port ? (int)(port - server->answer) : (int)strlen(server->answer);
    snprintf(text, sizeof text, "%.*s", before, server->answer);
    if (port)
        snprintf(text + before, sizeof text - (size_t)before, "%d%s", server->port, port + 2);
    small_server_send(fd, text, strlen(text));
    for (size_t left = server->zeros; left > 0;) {
        size_t size = left < sizeof zeros ? left : sizeof zeros;
        small_server_send(fd, zeros, size);
        left -= size;
    }
    if (server->hangs)
        small_server_hang(server, fd);
    shutdown(fd, SHUT_WR);
    /* What the client still sends must not turn the close into a reset that eats the answer. */
    while (!server->deaf && recv(fd, text, sizeof text, 0) > 0)
        ;
}

/* Where the body begins once all of the head is there; 0 before. */
static inline size_t small_server_head_end(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    return end ? (size_t)(end - request) + 4 : 0;
}

static inline size_t small_server_announced_length(const char *request)
{
    const char *line = strcasestr(request, "\r\nContent-Length: ");
    return line ? strtoul(line + 18, NULL, 10) : 0;
}

static inline bool small_server_is_whole(const struct small_server *server, int fd,
                                         const char *request, size_t size, bool *expected)
{
    size_t head = small_server_head_end(request);
    if (head == 0)
        return false;
    if (!*expected && !server->deaf && strcasestr(request, "\r\nExpect: 100-continue")) {
        *expected = true;
        small_server_send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
    return server->deaf || size >= head + small_server_announced_length(request);
}

static inline void *small_server_serve(void *context)
{
    struct small_server_connection *connection = context;
    struct small_server *server = connection->server;
    char *request = calloc(1, SMALL_SERVER_REQUEST_BYTES + 1);
    size_t size = 0;
    bool whole = false, expected = false;
    while (request && !whole && size < SMALL_SERVER_REQUEST_BYTES) {
        ssize_t got = recv(connection->fd, request + size, SMALL_SERVER_REQUEST_BYTES - size, 0);
        if (got <= 0)
            break;
        size += (size_t)got;
        whole = small_server_is_whole(server, connection->fd, request, size, &expected);
    }
    if (whole) {
        pthread_mutex_lock(&server->mutex);
        free(server->request);
        server->request = request;
        server->body_at = small_server_head_end(request);
        server->body_bytes = size - server->body_at;
        server->requests++;
        pthread_mutex_unlock(&server->mutex);
        small_server_answer(server, connection->fd);
    } else {
        free(request);
    }
    close(connection->fd);
    free(connection);
    return NULL;
}

static inline void *small_server_accept(void *context)
{
    struct small_server *server = context;
    for (int fd; (fd = accept(server->listener, NULL, NULL)) >= 0;) {
        struct small_server_connection *connection = calloc(1, sizeof *connection);
        if (!connection || server->connection_count == SMALL_SERVER_CONNECTIONS)
            abort();
        *connection = (struct small_server_connection){.server = server, .fd = fd};
        if (pthread_create(&server->connections[server->connection_count++], NULL,
                           small_server_serve, connection) != 0)
            abort();
    }
    return NULL;
}

static inline void small_server_start(struct small_server *server, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    *server = (struct small_server){
        .answer = answer, .mutex = PTHREAD_MUTEX_INITIALIZER, .hanging_fd = -1};
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&address, length) < 0 ||
        listen(server->listener, SMALL_SERVER_CONNECTIONS) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) < 0)
        abort();
    server->port = ntohs(address.sin_port);
    if (pthread_create(&server->thread, NULL, small_server_accept, server) != 0)
        abort();
}

/* After the clients have ended. */
static inline void small_server_stop(struct small_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    pthread_mutex_lock(&server->mutex);
    server->stopping = true;
    if (server->hanging_fd >= 0)
        shutdown(server->hanging_fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->mutex);
    for (int i = 0; i < server->connection_count; i++)
        pthread_join(server->connections[i], NULL);
    close(server->listener);
    free(server->request);
}

/* How many requests came so far. */
static inline int small_server_requests(struct small_server *server)
{
    pthread_mutex_lock(&server->mutex);
    int requests = server->requests;
    pthread_mutex_unlock(&server->mutex);
    return requests;
}

#endif
