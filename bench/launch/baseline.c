// The least a program must do to launch others as callbacks are launched: posix_spawn in a new session, output to a file
// of its own, exit status collected. Usage: baseline MILLISECONDS IN_FLIGHT THREADS FOLDER RESIDENT_MIB
// Prints the number of launches and the nanoseconds they took.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void check(int error, const char* what) {
  if (error == 0) return;
  fprintf(stderr, "%s: %s\n", what, strerror(error));
  exit(1);
}

struct worker {
  pthread_t thread;
  int number;
  int in_flight;
  uint64_t deadline;
  const char* folder;
  uint64_t launched;
};

static pid_t launch(const struct worker* worker, const posix_spawnattr_t* attributes) {
  char output[4096];
  snprintf(output, sizeof output, "%s/%d-%llu.out", worker->folder, worker->number,
           (unsigned long long)worker->launched);
  posix_spawn_file_actions_t actions;
  check(posix_spawn_file_actions_init(&actions), "file_actions_init");
  check(posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0), "addopen");
  check(posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0644), "addopen");
  check(posix_spawn_file_actions_adddup2(&actions, 1, 2), "adddup2");
  char* arguments[] = {"/bin/true", NULL};
  char* environment[] = {NULL};
  pid_t pid = 0;
  check(posix_spawn(&pid, "/bin/true", &actions, attributes, arguments, environment), "posix_spawn");
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

static void collect(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) check(errno, "waitpid");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) check(ECHILD, "/bin/true failed");
}

static void* work(void* argument) {
  struct worker* worker = argument;
  posix_spawnattr_t attributes;
  check(posix_spawnattr_init(&attributes), "spawnattr_init");
  sigset_t signals;
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  check(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK),
        "spawnattr_setflags");
  pid_t* pids = calloc((size_t)worker->in_flight, sizeof *pids);
  while (now() < worker->deadline) {
    pid_t* oldest = &pids[worker->launched % (uint64_t)worker->in_flight];
    if (*oldest != 0) collect(*oldest);
    *oldest = launch(worker, &attributes);
    worker->launched++;
  }
  for (int i = 0; i < worker->in_flight; i++) {
    if (pids[i] != 0) collect(pids[i]);
  }
  free(pids);
  posix_spawnattr_destroy(&attributes);
  return NULL;
}

int main(int count, char** arguments) {
  if (count != 6) check(EINVAL, "usage: baseline MILLISECONDS IN_FLIGHT THREADS FOLDER RESIDENT_MIB");
  const int in_flight = atoi(arguments[2]);
  const int most_threads = atoi(arguments[3]);
  const int threads = in_flight < most_threads ? in_flight : most_threads;
  const int resident = atoi(arguments[5]);
  for (int i = 0; i < resident; i++) memset(malloc(1 << 20), 1, 1 << 20);
  struct worker* workers = calloc((size_t)threads, sizeof *workers);
  const uint64_t start = now();
  for (int i = 0; i < threads; i++) {
    workers[i].number = i;
    workers[i].in_flight = in_flight / threads + (i < in_flight % threads);
    workers[i].deadline = start + (uint64_t)atoi(arguments[1]) * 1000000u;
    workers[i].folder = arguments[4];
    check(pthread_create(&workers[i].thread, NULL, work, &workers[i]), "pthread_create");
  }
  uint64_t launched = 0;
  for (int i = 0; i < threads; i++) {
    check(pthread_join(workers[i].thread, NULL), "pthread_join");
    launched += workers[i].launched;
  }
  printf("%llu %llu\n", (unsigned long long)launched, (unsigned long long)(now() - start));
  return 0;
}
