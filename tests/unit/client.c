/* A client over sockets. */
#include <config.h>

#include "tests/unit/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/cmocka.h"

enum { ALL = 256 << 20 };

void reply_free_client(struct reply *r)
{
    buf_free(&r->head);
    buf_free(&r->body);
}

int client_connect(uint16_t port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool client_send(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

int client_begin(uint16_t port, const char *method, const char *path, const char *headers, const char *body)
{
    struct buf request;
    int fd = client_connect(port);
    if (fd < 0)
        return -1;
    buf_init(&request, ALL);
    buf_printf(&request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", method, path, headers);
    if (body != NULL)
        buf_printf(&request, "Content-Length: %zu\r\n", strlen(body));
    buf_puts(&request, "\r\n");
    buf_puts(&request, body != NULL ? body : "");
    client_send(fd, buf_text(&request), request.size);
    buf_free(&request);
    return fd;
}

/* ---- replies ---------------------------------------------------------------------------------------------------- */

/* One more byte; false at the end. Slow, and it reads no byte of a next reply. */
static bool read_byte(int fd, struct buf *out)
{
    char byte;
    return recv(fd, &byte, 1, 0) == 1 && buf_putc(out, byte);
}

static bool ends_with(const struct buf *b, const char *end)
{
    const size_t n = strlen(end);
    return b->size >= n && memcmp(b->data + b->size - n, end, n) == 0;
}

static bool read_bytes(int fd, size_t size, struct buf *out)
{
    char bytes[4096];
    while (size > 0) {
        ssize_t n = recv(fd, bytes, size < sizeof bytes ? size : sizeof bytes, 0);
        if (n <= 0)
            return false;
        buf_append(out, bytes, (size_t)n);
        size -= (size_t)n;
    }
    return true;
}

static void read_chunks(int fd, struct buf *out)
{
    for (size_t size = 1; size > 0;) {
        struct buf line;
        buf_init(&line, 4096);
        while (!ends_with(&line, "\r\n") && read_byte(fd, &line))
            ;
        size = strtoul(buf_text(&line), NULL, 16);
        buf_clear(&line);
        if (!read_bytes(fd, size, out) || !read_bytes(fd, 2, &line))
            size = 0;
        buf_free(&line);
    }
}

struct reply client_read(int fd)
{
    struct reply r = {0};
    buf_init(&r.head, 1 << 16);
    buf_init(&r.body, ALL);
    while (!ends_with(&r.head, "\r\n\r\n") && read_byte(fd, &r.head))
        ;
    if (sscanf(buf_text(&r.head), "HTTP/1.%*d %d", &r.status) != 1)
        return r;
    const char *length = strcasestr(buf_text(&r.head), "\r\nContent-Length:");
    if (strcasestr(buf_text(&r.head), "\r\nTransfer-Encoding: chunked") != NULL)
        read_chunks(fd, &r.body);
    else if (length != NULL)
        read_bytes(fd, strtoul(length + 17, NULL, 10), &r.body);
    else
        read_bytes(fd, SIZE_MAX, &r.body);
    return r;
}

struct reply client_ask(uint16_t port, const char *method, const char *path, const char *headers, const char *body)
{
    int fd = client_begin(port, method, path, headers, body);
    if (fd < 0)
        return (struct reply){0};
    struct reply r = client_read(fd);
    close(fd);
    return r;
}

json_t *client_post(uint16_t port, const char *path, int status, const char *body)
{
    struct reply r = client_ask(port, "POST", path, "", body);
    if (r.status != status)
        fail_msg("%s %s: %d instead of %d: %s", path, body, r.status, status, buf_text(&r.body));
    json_t *value = json_loads(buf_text(&r.body), JSON_ALLOW_NUL, NULL);
    if (value == NULL)
        fail_msg("%s: not JSON: %s", path, buf_text(&r.body));
    reply_free_client(&r);
    return value;
}
