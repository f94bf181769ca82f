/* Stands between a process and the system: the n-th call that changes files below FAULT_ROOT fails, or ends the process.
   Loaded with LD_PRELOAD; fault_arm(n, error) says which call and how: an errno, or 0 for death at that call. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static volatile long left = 0, seen = 0;
static int error_number = 0;

void fault_arm(long n, int error) { seen = 0; error_number = error; left = n; }
long fault_seen(void) { return seen; }

static int inside(const char *path) {
    const char *root = getenv("FAULT_ROOT");
    return root && path && strncmp(path, root, strlen(root)) == 0;
}

static int inside_fd(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return inside(path);
}

/* Counts a call and tells whether it is the one that fails. */
static int falls(int counts) {
    if (!left || !counts) return 0;
    seen++;
    if (--left) return 0;
    if (!error_number) kill(getpid(), SIGKILL);
    errno = error_number;
    return 1;
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, #name)
#define WRITES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT))

#define OPEN(name)                                                                      \
    int name(const char *path, int flags, ...) {                                        \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        REAL(int, name, const char *, int, ...);                                        \
        return falls(WRITES(flags) && inside(path)) ? -1 : real(path, flags, mode);     \
    }
OPEN(open) OPEN(open64)

ssize_t write(int fd, const void *data, size_t n) { REAL(ssize_t, write, int, const void *, size_t); return falls(inside_fd(fd)) ? -1 : real(fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { REAL(ssize_t, pwrite, int, const void *, size_t, off_t); return falls(inside_fd(fd)) ? -1 : real(fd, data, n, at); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t); return falls(inside_fd(fd)) ? -1 : real(fd, data, n, at); }
int fsync(int fd) { REAL(int, fsync, int); return falls(inside_fd(fd)) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(int, fdatasync, int); return falls(inside_fd(fd)) ? -1 : real(fd); }
int ftruncate(int fd, off_t n) { REAL(int, ftruncate, int, off_t); return falls(inside_fd(fd)) ? -1 : real(fd, n); }
int ftruncate64(int fd, off64_t n) { REAL(int, ftruncate64, int, off64_t); return falls(inside_fd(fd)) ? -1 : real(fd, n); }
int rename(const char *a, const char *b) { REAL(int, rename, const char *, const char *); return falls(inside(b)) ? -1 : real(a, b); }
int link(const char *a, const char *b) { REAL(int, link, const char *, const char *); return falls(inside(b)) ? -1 : real(a, b); }
int linkat(int x, const char *a, int y, const char *b, int f) { REAL(int, linkat, int, const char *, int, const char *, int); return falls(inside(b)) ? -1 : real(x, a, y, b, f); }
int mkdir(const char *path, mode_t mode) { REAL(int, mkdir, const char *, mode_t); return falls(inside(path)) ? -1 : real(path, mode); }
int unlink(const char *path) { REAL(int, unlink, const char *); return falls(inside(path)) ? -1 : real(path); }
int unlinkat(int fd, const char *path, int flags) { REAL(int, unlinkat, int, const char *, int); return falls(inside(path) || inside_fd(fd)) ? -1 : real(fd, path, flags); }
int rmdir(const char *path) { REAL(int, rmdir, const char *); return falls(inside(path)) ? -1 : real(path); }
