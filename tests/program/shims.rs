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

/// A library that takes the place of functions when it is loaded first. `None`: no C compiler here,
/// or programs that load no libraries.
pub fn shim(place: &Place, source: &str) -> Option<PathBuf> {
    place.write("shim.c", source);
    let library = place.path("shim.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &place.path("shim.c")])
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
