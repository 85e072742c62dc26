// A plain epoll echo server: the floor that other servers are measured against.
// usage: echo_c PORT   (prints "listening PORT"; port 0 picks a free one)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024 };

struct peer {
  int fd;
  size_t at, end;  // what is still owed: pending[at..end]
  char *pending;
};

static int poll_fd;

static void watch(struct peer *p, int op, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = p};
  epoll_ctl(poll_fd, op, p->fd, &event);
}

static void drop(struct peer *p) {
  close(p->fd);
  free(p->pending);
  free(p);
}

// Sends what is owed; returns 0 when all is sent, 1 when the socket is full, -1 on error.
static int flush_owed(struct peer *p) {
  while (p->at < p->end) {
    ssize_t n = send(p->fd, p->pending + p->at, p->end - p->at, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN ? 1 : -1;
    p->at += n;
  }
  return 0;
}

static void serve(struct peer *p) {
  static char buffer[BUFFER];
  for (;;) {
    if (p->at < p->end) {
      int full = flush_owed(p);
      if (full < 0) return drop(p);
      if (full) return watch(p, EPOLL_CTL_MOD, EPOLLOUT);
      free(p->pending);
      p->pending = NULL;
      p->at = p->end = 0;
      watch(p, EPOLL_CTL_MOD, EPOLLIN);
    }
    ssize_t n = recv(p->fd, buffer, BUFFER, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return drop(p);
    if (n < 0) return;
    ssize_t sent = send(p->fd, buffer, n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return drop(p);
    if (sent < 0) sent = 0;
    if (sent == n) {
      if (n < BUFFER) return;
      continue;
    }
    p->pending = malloc(n - sent);
    memcpy(p->pending, buffer + sent, n - sent);
    p->end = n - sent;
  }
}

int main(int argc, char **argv) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)) return perror("listen"), 1;
  socklen_t length = sizeof address;
  getsockname(listener, (void *)&address, &length);
  printf("listening %d\n", ntohs(address.sin_port));
  fflush(stdout);

  poll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, ready[256];
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poll_fd, ready, 256, -1);
    for (int i = 0; i < count; i++) {
      if (ready[i].data.ptr) {
        serve(ready[i].data.ptr);
        continue;
      }
      int fd;
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct peer *p = calloc(1, sizeof *p);
        p->fd = fd;
        watch(p, EPOLL_CTL_ADD, EPOLLIN);
      }
    }
  }
}
