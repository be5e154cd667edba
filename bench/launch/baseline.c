// The least a program must do to launch others as callbacks are launched: posix_spawn in a new session, output to a file
// of its own, exit status collected. Usage: baseline MILLISECONDS IN_FLIGHT THREADS FOLDER RESIDENT_MIB loop|asked
// Where it is asked, each launch is asked for by a thread that launches nothing and hears of each end, as an event loop
// would.
// Prints the number of launches and the nanoseconds they took.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
  sem_t asked;  // how many launches it is to begin
  int ended;    // where it tells its number at each end; -1 if nobody asks
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

// Waits until it is asked for a launch. Returns 0 if nothing more will be asked.
static int wait_until_asked(struct worker* worker) {
  while (sem_wait(&worker->asked) != 0) {
    if (errno != EINTR) check(errno, "sem_wait");
  }
  return now() < worker->deadline;
}

static void tell_end(const struct worker* worker) {
  const unsigned char number = (unsigned char)worker->number;
  if (worker->ended >= 0 && write(worker->ended, &number, 1) != 1) check(errno, "write");
}

// Asks for as many launches as shall run, and for another with each end.
static void ask(struct worker* workers, int threads, int ends) {
  for (int i = 0; i < threads; i++) {
    for (int j = 0; j < workers[i].in_flight; j++) sem_post(&workers[i].asked);
  }
  unsigned char number = 0;
  while (now() < workers[0].deadline) {
    if (read(ends, &number, 1) != 1) check(errno, "read");
    sem_post(&workers[number].asked);
  }
  for (int i = 0; i < threads; i++) sem_post(&workers[i].asked);
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
    if (*oldest != 0) {
      collect(*oldest);
      *oldest = 0;
      tell_end(worker);
    }
    if (worker->ended >= 0 && !wait_until_asked(worker)) break;
    *oldest = launch(worker, &attributes);
    worker->launched++;
  }
  for (int i = 0; i < worker->in_flight; i++) {
    if (pids[i] != 0) collect(pids[i]);
  }
  // Whoever asks may be waiting for an end.
  tell_end(worker);
  free(pids);
  posix_spawnattr_destroy(&attributes);
  return NULL;
}

int main(int count, char** arguments) {
  if (count != 7) check(EINVAL, "usage: baseline MILLISECONDS IN_FLIGHT THREADS FOLDER RESIDENT_MIB loop|asked");
  const int in_flight = atoi(arguments[2]);
  const int most_threads = atoi(arguments[3]);
  const int threads = in_flight < most_threads ? in_flight : most_threads;
  const int resident = atoi(arguments[5]);
  for (int i = 0; i < resident; i++) memset(malloc(1 << 20), 1, 1 << 20);
  const int is_asked = strcmp(arguments[6], "asked") == 0;
  int ends[2] = {-1, -1};
  if (is_asked && pipe2(ends, O_CLOEXEC) != 0) check(errno, "pipe2");
  struct worker* workers = calloc((size_t)threads, sizeof *workers);
  const uint64_t start = now();
  for (int i = 0; i < threads; i++) {
    workers[i].number = i;
    workers[i].in_flight = in_flight / threads + (i < in_flight % threads);
    workers[i].deadline = start + (uint64_t)atoi(arguments[1]) * 1000000u;
    workers[i].folder = arguments[4];
    workers[i].ended = ends[1];
    sem_init(&workers[i].asked, 0, 0);
    check(pthread_create(&workers[i].thread, NULL, work, &workers[i]), "pthread_create");
  }
  if (is_asked) ask(workers, threads, ends[0]);
  uint64_t launched = 0;
  for (int i = 0; i < threads; i++) {
    check(pthread_join(workers[i].thread, NULL), "pthread_join");
    launched += workers[i].launched;
  }
  printf("%llu %llu\n", (unsigned long long)launched, (unsigned long long)(now() - start));
  return 0;
}
