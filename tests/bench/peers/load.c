// An epoll load generator: each connection sends one message, waits until all of it has come back as
// it was sent, and sends the next: at once, or with RATE (messages a second, of all connections
// together) at its next moment; latency counts from that moment.
// usage: load PORT|udp:PORT|unix:PATH CONNECTIONS SIZE SECONDS [RATE]
// (prints "MESSAGES SECONDS P50 P99 LEAST MOST LONGEST": the latencies in microseconds, the fewest and
// the most messages of a connection, and the longest that one had to wait, in microseconds)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024 };

struct conn {
  int fd, full, idle;
  size_t sent, received;
  unsigned long messages;
  double due;
};

static size_t size;
static char *message;
static int poll_fd;
static unsigned long messages, times_room;
static float *times;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(struct conn *c, int op, int full) {
  struct epoll_event event = {.events = full ? EPOLLIN | EPOLLOUT : EPOLLIN, .data.ptr = c};
  if (epoll_ctl(poll_fd, op, c->fd, &event)) fail("epoll_ctl");
  c->full = full;
}

static void send_more(struct conn *c) {
  int full = 0;
  while (c->sent < size && !full) {
    ssize_t n = send(c->fd, message + c->sent, size - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) fail("send");
    if (n < 0) full = 1; else c->sent += n;
  }
  if (full != c->full) watch(c, EPOLL_CTL_MOD, full);
}

// Returns 1 when the message has come back whole.
static int receive_more(struct conn *c) {
  static char buffer[BUFFER];
  while (c->received < size) {
    ssize_t n = recv(c->fd, buffer, BUFFER, 0);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n <= 0) fail(n ? "recv" : "recv: closed early");
    if (c->received + n > size || memcmp(buffer, message + c->received, n)) fail("wrong echo");
    c->received += n;
    if (n < BUFFER && c->received < size) return 0;
  }
  return 1;
}

static void record(double seconds) {
  if (messages == times_room) {
    times_room = times_room ? times_room * 2 : 1 << 16;
    times = realloc(times, times_room * sizeof *times);
  }
  times[messages++] = seconds * 1e6;
}

static int compare(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

// Has epoll wake at a moment.
static void wake_at(double moment) {
  static int timer = -1;
  if (timer < 0) {
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, timer, &event)) fail("epoll_ctl");
  }
  struct itimerspec at = {.it_value = {moment, fmod(moment, 1) * 1e9}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

// A socket that is connected to PORT, udp:PORT or unix:PATH.
static int dial(const char *target) {
  struct sockaddr_un path = {.sun_family = AF_UNIX};
  struct sockaddr_in port = {.sin_family = AF_INET};
  struct sockaddr *address = (void *)&port;
  socklen_t length = sizeof port;
  int type = SOCK_STREAM, on = 1;
  if (!strncmp(target, "unix:", 5)) {
    strncpy(path.sun_path, target + 5, sizeof path.sun_path - 1);
    address = (void *)&path, length = sizeof path;
  } else {
    if (!strncmp(target, "udp:", 4)) type = SOCK_DGRAM, target += 4;
    port.sin_port = htons(atoi(target));
    port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  int fd = socket(address->sa_family, type, 0);
  if (connect(fd, address, length)) fail("connect");
  if (address == (void *)&port && type == SOCK_STREAM)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

int main(int argc, char **argv) {
  if (argc < 5) return 2;
  int connections = atoi(argv[2]);
  size = strtoul(argv[3], NULL, 10);
  double seconds = atof(argv[4]);
  message = malloc(size);
  double gap = argc > 5 ? connections / atof(argv[5]) : 0;
  for (size_t i = 0; i < size; i++) message[i] = 'a' + (int)(i % 26);
  if (size) message[size - 1] = '\n';
  poll_fd = epoll_create1(0);
  struct conn *all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) all[i].fd = dial(argv[1]);
  double start = now(), end = start + seconds;
  for (int i = 0; i < connections; i++) {
    watch(&all[i], EPOLL_CTL_ADD, 0);
    all[i].due = start + gap * i / connections;
    all[i].idle = 1;
  }
  struct epoll_event ready[256];
  while (now() < end) {
    double next = end;
    for (int i = 0; i < connections; i++) {
      struct conn *c = &all[i];
      if (!c->idle) continue;
      if (!gap) c->due = now();
      if (now() >= c->due) {
        c->idle = 0;
        send_more(c);
      } else if (c->due < next) next = c->due;
    }
    if (gap) wake_at(next);
    int count = epoll_wait(poll_fd, ready, 256, 100);
    for (int i = 0; i < count; i++) {
      struct conn *c = ready[i].data.ptr;
      if (!c) continue; // the timer
      send_more(c);
      if (!receive_more(c)) continue;
      double t = now();
      record(t - c->due);
      c->messages++;
      c->sent = c->received = 0;
      if (!gap) {
        c->due = t;
        send_more(c);
      } else {
        c->due += gap;
        c->idle = 1;
      }
    }
  }
  double took = now() - start;
  qsort(times, messages, sizeof *times, compare);
  float p50 = messages ? times[messages / 2] : 0, p99 = messages ? times[messages * 99 / 100] : 0;
  unsigned long least = ~0ul, most = 0;
  double longest = messages ? times[messages - 1] / 1e6 : 0;
  for (int i = 0; i < connections; i++) {
    if (all[i].messages < least) least = all[i].messages;
    if (all[i].messages > most) most = all[i].messages;
    if (!all[i].idle && start + took - all[i].due > longest) longest = start + took - all[i].due;
  }
  printf("%lu %.6f %.1f %.1f %lu %lu %.1f\n", messages, took, p50, p99, least, most, longest * 1e6);
}
