// The round trip of a message over one TCP connection, as C has it: send, wait for all of it, again.
// usage: pingpong PORT COUNT SIZE [PAUSE]      PAUSE: microseconds between an answer and the next
// (prints "P50 P99" in microseconds, of all but the first fifth)
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  struct sockaddr_in port = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int count = atoi(argv[2]), size = atoi(argv[3]), pause = argc > 4 ? atoi(argv[4]) : 0, on = 1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (void *)&port, sizeof port)) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  char *message = malloc(size), *answer = malloc(size);
  double *times = malloc(count * sizeof *times);
  memset(message, 'a', size);
  message[size - 1] = '\n';
  for (int i = 0; i < count; i++) {
    double start = now();
    if (send(fd, message, size, MSG_NOSIGNAL) != size) fail("send");
    for (int at = 0; at < size;) {
      ssize_t n = recv(fd, answer + at, size - at, 0);
      if (n <= 0) fail("recv");
      at += n;
    }
    times[i] = now() - start;
    if (memcmp(message, answer, size)) fail("wrong echo");
    if (pause) usleep(pause);
  }
  int skipped = count / 5, rest = count - skipped;
  qsort(times + skipped, rest, sizeof *times, compare);
  printf("%.1f %.1f\n", times[skipped + rest / 2], times[skipped + rest * 99L / 100]);
}
