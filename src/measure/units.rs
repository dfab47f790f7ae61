//! Times, sizes and odd numbers in words.

/// Seconds as `0:42`, `1:02:03` or `2d 03h`; a dash if they are no duration.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "-".to_owned();
    }
    let whole = seconds as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    if days > 0 {
        format!("{days}d {hours:02}h")
    } else if hours > 0 {
        format!("{hours}:{minutes:02}:{:02}", whole % 60)
    } else {
        format!("{minutes}:{:02}", whole % 60)
    }
}

/// Bytes with a binary prefix: `10 B`, `1.5 KiB`.
pub fn bytes(count: f64) -> String {
    if count < 1024.0 {
        return format!("{count:.0} B");
    }
    let mut scaled = count / 1024.0;
    for unit in ["KiB", "MiB", "GiB"] {
        if scaled < 1024.0 {
            return format!("{scaled:.1} {unit}");
        }
        scaled /= 1024.0;
    }
    format!("{scaled:.1} TiB")
}

/// `NaN`, `inf` or `-inf`; `None` for a number that has digits.
pub fn without_digits(value: f64) -> Option<&'static str> {
    match (value.is_nan(), value.is_infinite(), value > 0.0) {
        (true, ..) => Some("NaN"),
        (_, true, true) => Some("inf"),
        (_, true, false) => Some("-inf"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_bytes_read_well() {
        assert_eq!(duration(42.9), "0:42");
        assert_eq!(duration(3_723.0), "1:02:03");
        assert_eq!(duration(2.0 * 86_400.0 + 3.0 * 3_600.0), "2d 03h");
        assert_eq!(duration(f64::NAN), "-");
        assert_eq!(bytes(10.0), "10 B");
        assert_eq!(bytes(1536.0), "1.5 KiB");
        assert_eq!(bytes(7.9e9), "7.4 GiB");
        assert_eq!(bytes(1e15), "909.5 TiB");
    }

    #[test]
    fn what_has_no_digits_is_a_word() {
        let words = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0].map(without_digits);
        assert_eq!(words, [Some("NaN"), Some("inf"), Some("-inf"), None]);
    }
}
