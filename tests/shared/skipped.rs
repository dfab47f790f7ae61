//! What this machine cannot test is said, and may be forbidden.

use std::io::{Write, stderr};

/// Tells on standard error, past the capture of test output, that a test ends early because `need` is not there.
///
/// With `NNBCD_REQUIRE_ALL=1` that is a failure, unless `need` is among the words of `NNBCD_MAY_SKIP`: what the
/// machine is known to lack.
#[track_caller]
pub fn skipped(need: &str, why: &str) {
    let line = format!("skipped ({need}): {why}\n");
    stderr()
        .write_all(line.as_bytes())
        .expect("standard error is open");
    let variable = |name| std::env::var(name).unwrap_or_default();
    let allowed = variable("NNBCD_MAY_SKIP");
    let allowed = allowed.split_whitespace().any(|word| word == need);
    assert!(
        allowed || variable("NNBCD_REQUIRE_ALL") != "1",
        "NNBCD_REQUIRE_ALL=1 forbids this: {line}"
    );
}
