//! Who writes: host, process, time.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// Name of this host, with `/` and blanks (which have no place in a file name) replaced.
pub fn host_name() -> String {
    let name = sysinfo::System::host_name().unwrap_or_else(|| "localhost".to_owned());
    name.chars()
        .map(|letter| {
            if letter == '/' || letter.is_control() || letter.is_whitespace() {
                '_'
            } else {
                letter
            }
        })
        .collect()
}

/// Whether a process with this id exists on this host.
pub fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // Not permitted to signal it: it exists and belongs to someone else.
    pid.is_some_and(|pid| matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM)))
}

/// Unix time in seconds.
pub fn unix_seconds() -> f64 {
    since_epoch().as_secs_f64()
}

/// Unix time in nanoseconds.
pub(super) fn unix_nanoseconds() -> u128 {
    since_epoch().as_nanos()
}

fn since_epoch() -> std::time::Duration {
    // A clock before 1970 is as good as none.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// A Unix time in seconds as RFC 3339 in UTC, such as `2024-02-29T23:59:59Z`.
pub fn rfc3339_utc(unix_seconds: f64) -> String {
    let seconds = unix_seconds as i64;
    let (year, month, day) = civil_date(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Year, month and day of the Gregorian calendar for a number of days since 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last day of its year, and in cycles
/// of 400 years (146,097 days), after which the calendar repeats.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let since_march_of_year_0 = days.saturating_add(719_468);
    let cycle = since_march_of_year_0.div_euclid(146_097);
    let day_of_cycle = since_march_of_year_0.rem_euclid(146_097);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524
        - day_of_cycle / 146_096)
        / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = cycle * 400 + year_of_cycle + i64::from(month <= 2);
    (year, month, day)
}
