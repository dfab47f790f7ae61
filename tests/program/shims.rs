//! The program with one function of the operating system replaced: file systems and clocks that no
//! test machine has.

use std::path::PathBuf;
use std::process::Command;

use super::place::Place;
use super::skipped::skipped;

/// A file system without locks, as some network file systems are.
pub const NO_LOCKS: &str = "
#include <errno.h>
int flock(int file, int operation) { errno = ENOLCK; return -1; }
";

/// A clock that somebody sets again and again: a day ahead, right, a day behind, right, ...
pub const JUMPING_CLOCK: &str = "
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    static const int days[] = {1, 0, -1, 0};
    static unsigned calls;
    int outcome = syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += 86400 * days[calls++ / 5 % 4];
    return outcome;
}
";

/// A machine that lets a process start so many threads: `THREADS`.
pub const FEW_THREADS: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
static atomic_int started;
int pthread_create(pthread_t *thread, const pthread_attr_t *kind, void *(*work)(void *), void *with) {
    static int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (!next) next = dlsym(RTLD_NEXT, "pthread_create");
    return atomic_fetch_add(&started, 1) < atoi(getenv("THREADS")) ? next(thread, kind, work, with) : EAGAIN;
}
"#;

/// A machine on which one call fails: that with the number `FAULT_AT` among all that concern paths with `FAULT_UNDER` in
/// them, with the error `FAULT_ERROR`. What it was is added to the file `FAULT_LOG`.
pub const ONE_FAULT: &str = r#"
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long calls;
static char names[1024][256];

static int fails(const char *call, const char *path) {
    const char *under = getenv("FAULT_UNDER"), *at = getenv("FAULT_AT");
    if (!under || !at || !path || !strstr(path, under)) return 0;
    if (atomic_fetch_add(&calls, 1) + 1 != atol(at)) return 0;
    char line[512];
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    int log = syscall(SYS_openat, AT_FDCWD, getenv("FAULT_LOG"), O_CREAT | O_APPEND | O_WRONLY, 0644);
    syscall(SYS_write, log, line, length);
    syscall(SYS_close, log);
    errno = atoi(getenv("FAULT_ERROR"));
    return 1;
}
static const char *name(int file) { return file >= 0 && file < 1024 ? names[file] : ""; }
static int opened(int file, const char *path) {
    if (file >= 0 && file < 1024) snprintf(names[file], 256, "%s", path);
    return file;
}
#define NEXT(call) static __typeof__(call) *next; if (!next) next = dlsym(RTLD_NEXT, #call)

static mode_t mode_of(int flags, va_list more) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; }
int open64(const char *path, int flags, ...) {
    va_list more; va_start(more, flags); mode_t mode = mode_of(flags, more); va_end(more);
    NEXT(open64);
    return fails("open", path) ? -1 : opened(next(path, flags, mode), path);
}
int openat64(int directory, const char *path, int flags, ...) {
    va_list more; va_start(more, flags); mode_t mode = mode_of(flags, more); va_end(more);
    NEXT(openat64);
    const char *above = path[0] == '/' || directory == AT_FDCWD ? path : name(directory);
    return fails("openat", above) ? -1 : opened(next(directory, path, flags, mode), above);
}
#define OF_FILE(type, call, arguments, values) \
    type call arguments { NEXT(call); return fails(#call, name(file)) ? -1 : next values; }
OF_FILE(ssize_t, read, (int file, void *bytes, size_t count), (file, bytes, count))
OF_FILE(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
OF_FILE(ssize_t, writev, (int file, const struct iovec *bytes, int count), (file, bytes, count))
OF_FILE(off64_t, lseek64, (int file, off64_t offset, int from), (file, offset, from))
OF_FILE(int, fsync, (int file), (file))
OF_FILE(int, fdatasync, (int file), (file))
OF_FILE(int, ftruncate64, (int file, off64_t length), (file, length))
OF_FILE(int, flock, (int file, int operation), (file, operation))
OF_FILE(int, unlinkat, (int file, const char *path, int flags), (file, path, flags))
#define OF_PATH(call, arguments, values) \
    int call arguments { NEXT(call); return fails(#call, path) ? -1 : next values; }
OF_PATH(unlink, (const char *path), (path))
OF_PATH(rmdir, (const char *path), (path))
OF_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
OF_PATH(chmod, (const char *path, mode_t mode), (path, mode))
OF_PATH(rename, (const char *path, const char *to), (path, to))
OF_PATH(linkat, (int from, const char *path, int to, const char *as, int flags), (from, path, to, as, flags))
int statx(int file, const char *restrict path, int flags, unsigned mask, struct statx *restrict status) {
    NEXT(statx);
    return fails("statx", path && path[0] ? path : name(file)) ? -1 : next(file, path, flags, mask, status);
}
DIR *opendir(const char *path) {
    NEXT(opendir);
    if (fails("opendir", path)) return NULL;
    DIR *directory = next(path);
    if (directory) opened(dirfd(directory), path);
    return directory;
}
struct dirent64 *readdir64(DIR *directory) {
    NEXT(readdir64);
    return fails("readdir", name(dirfd(directory))) ? NULL : next(directory);
}
int close(int file) {
    NEXT(close);
    if (file >= 0 && file < 1024) names[file][0] = 0;
    return next(file);
}
"#;

/// A library that takes the place of functions when it is loaded first. `None`: no C compiler here,
/// or programs that load no libraries.
pub fn shim(place: &Place, source: &str) -> Option<PathBuf> {
    place.write("shim.c", source);
    let library = place.path("shim.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &place.path("shim.c")])
        .arg("-ldl")
        .status()
        .is_ok_and(|status| status.success());
    if !(compiled && cfg!(all(target_os = "linux", target_env = "gnu"))) {
        skipped(
            "shims",
            "no function of the operating system can be replaced here",
        );
        return None;
    }
    Some(library)
}
