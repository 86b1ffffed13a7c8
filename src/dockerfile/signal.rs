//! Signals that BuildKit takes for STOPSIGNAL: Linux's, by number or name.

#[rustfmt::skip] // as a block of names
const NAMES: [&str; 37] = [
    "ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF",
    "PWR", "QUIT", "RTMAX", "RTMIN", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG",
    "USR1", "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "UNUSED",
];

/// Real-time signals between RTMIN and RTMAX, from each side.
const ABOVE_FIRST: std::ops::RangeInclusive<u32> = 1..=15;
const BELOW_LAST: std::ops::RangeInclusive<u32> = 1..=14;

/// Whether it is a number other than 0, or a name with or without `SIG`, in any case.
pub(super) fn is_signal(value: &str) -> bool {
    if let Ok(number) = value.parse::<i64>() {
        return number != 0;
    }
    let upper = value.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = |sign: &str, range: &std::ops::RangeInclusive<u32>| {
        name.strip_prefix(sign).and_then(|count| count.parse().ok()).is_some_and(|count| range.contains(&count))
    };
    NAMES.contains(&name) || real_time("RTMIN+", &ABOVE_FIRST) || real_time("RTMAX-", &BELOW_LAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_numbers() {
        for signal in ["SIGTERM", "term", "9", "65", "-1", "SIGRTMIN+3", "RTMAX-2", "SIGCLD"] {
            assert!(is_signal(signal), "{signal}");
        }
        for other in ["", "0", "SIGFOO", "SIGRTMIN+16", "SIGEMT", "a b", "RTMIN+", "RTMIN+x"] {
            assert!(!is_signal(other), "{other}");
        }
    }
}
