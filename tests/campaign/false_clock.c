// Preloaded by scripts/campaign: the wall clock of one process jumps by up to ten years at each reading, in both
// directions. The monotonic clock is left alone, as a machine's own clock leaves it when it is set.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static long jump(void) {
  static unsigned state = 1;
  state = state * 1664525u + 1013904223u;
  return (long)(state >> 2) % (20l * 365 * 86400) - 10l * 365 * 86400;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  static int (*own)(clockid_t, struct timespec*);
  if (!own) own = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int code = own(clock, now);
  if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += jump();
  return code;
}

int gettimeofday(struct timeval* now, void* zone) {
  (void)zone;
  struct timespec time;
  if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
