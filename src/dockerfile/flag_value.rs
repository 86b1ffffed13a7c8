//! Values of flags that BuildKit refuses whatever the build is given.

use super::instruction::Flag;
use super::keyword::Keyword;
use super::mount;
use crate::diag::{Wording, say};

/// What is wrong with the value of a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is none; holds what to write.
    Missing(Wording),
    /// Holds what the flag takes.
    Invalid(Wording),
    Variable,
}

const PLATFORM: Wording =
    say!("a platform like `linux/amd64` or `linux/arm/v7`", "平台，例如 `linux/amd64` 或 `linux/arm/v7`");
const DURATION: Wording =
    say!("a duration of 1ms or more, like `30s` or `1m30s`, or 0", "不短于 1ms 的时长，例如 `30s` 或 `1m30s`，或者 0");
/// Examines one flag that the instruction knows.
pub(super) fn examine(keyword: Keyword, flag: &Flag) -> Option<Fault> {
    let Some(word) = &flag.value else {
        let switch = matches!(flag.name.as_str(), "link" | "parents" | "keep-git-dir" | "unpack");
        return (!switch).then_some(Fault::Missing(say!("a value behind `=`", "`=` 后面的值")));
    };
    let value = word.raw.as_str().trim_matches('"');
    let takes = |valid: bool, what: Wording| (!valid).then_some(Fault::Invalid(what));
    let one_of = |known: &[&str]| known.iter().any(|word| word.eq_ignore_ascii_case(value));
    match (keyword, flag.name.as_str()) {
        (Keyword::From, "platform") => takes(value.is_empty() || value.contains('$') || is_platform(value), PLATFORM),
        (Keyword::Copy, "from") => value.contains('$').then_some(Fault::Variable),
        (Keyword::Run, "network") => takes(
            one_of(&["default", "none", "host"]),
            say!("`default`, `none` or `host`", "`default`、`none` 或 `host`"),
        ),
        (Keyword::Run, "security") => {
            takes(one_of(&["insecure", "sandbox"]), say!("`insecure` or `sandbox`", "`insecure` 或 `sandbox`"))
        }
        (Keyword::Run, "mount") => mount::examine(value),
        (_, "link" | "parents" | "keep-git-dir" | "unpack") => {
            takes(value.contains('$') || one_of(&["true", "false"]), say!("`true` or `false`", "`true` 或 `false`"))
        }
        (_, "chmod") => takes(
            value.contains('$') || is_mode(value),
            say!("an octal number up to 7777, or changes like `u+x`", "不大于 7777 的八进制数，或者 `u+x` 这样的写法"),
        ),
        (Keyword::Healthcheck, "retries") => {
            takes(value.parse::<u32>().is_ok(), say!("a number from 0", "从 0 开始的整数"))
        }
        (Keyword::Healthcheck, _) => takes(is_duration(value), DURATION),
        _ => None,
    }
}

/// `0755`, or changes like `u+x,go-w`.
fn is_mode(value: &str) -> bool {
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        return u32::from_str_radix(value, 8).is_ok_and(|mode| mode <= 0o7777);
    }
    value.split(',').all(|change| {
        let operations = change.trim_start_matches(['u', 'g', 'o', 'a']);
        operations.starts_with(['+', '-', '=']) && operations.bytes().all(|byte| b"+-=rwxXstugo".contains(&byte))
    })
}

/// `os`, `arch`, `os/arch` or `os/arch/variant`; the system may name its version in parentheses.
fn is_platform(value: &str) -> bool {
    const SYSTEMS: [&str; 15] = [
        "aix",
        "android",
        "darwin",
        "dragonfly",
        "freebsd",
        "hurd",
        "illumos",
        "ios",
        "js",
        "linux",
        "macos",
        "netbsd",
        "openbsd",
        "solaris",
        "windows",
    ];
    const ARCHITECTURES: [&str; 25] = [
        "386", "aarch64", "amd64", "arm", "arm64", "armbe", "armel", "armhf", "i386", "loong64", "mips", "mips64",
        "mips64le", "mipsle", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64",
        "wasm", "x86_64",
    ];
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
    };
    let parts: Vec<&str> = value.split('/').collect();
    let Some((system, rest)) = parts.split_first() else { return false };
    let system = system.split_once('(').filter(|(_, version)| version.ends_with(')')).map_or(*system, |(name, _)| name);
    let lower = system.to_ascii_lowercase();
    let alone = SYSTEMS.contains(&lower.as_str())
        || ARCHITECTURES.contains(&lower.as_str())
        || matches!(lower.as_str(), "x86-64" | "zos" | "plan9" | "nacl" | "wasip1");
    plain(system) && rest.len() <= 2 && rest.iter().all(|part| plain(part)) && (!rest.is_empty() || alone)
}

/// As Go writes durations, and not between 0 and a millisecond.
fn is_duration(value: &str) -> bool {
    const UNITS: [(&str, f64); 8] =
        [("ns", 1e-6), ("us", 1e-3), ("µs", 1e-3), ("μs", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6)];
    let mut rest = value.strip_prefix('+').unwrap_or(value);
    if rest == "0" {
        return true;
    }
    let mut milliseconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let unit_end = rest[end..].find(|c: char| c.is_ascii_digit() || c == '.').map_or(rest.len(), |at| end + at);
        let unit = UNITS.iter().find(|(unit, _)| *unit == &rest[end..unit_end]);
        let (Ok(number), Some((_, scale))) = (rest[..end].parse::<f64>(), unit) else { return false };
        milliseconds += number * scale;
        rest = &rest[unit_end..];
    }
    !value.is_empty() && (milliseconds >= 1.0 || milliseconds == 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_one_to_three_parts() {
        for valid in ["linux", "amd64", "LINUX/AMD64", "linux/arm/v7", "windows(10.0.17763)/amd64", "a/b"] {
            assert!(is_platform(valid), "{valid}");
        }
        for invalid in ["bogus", "a/b/c/d", "linux/", "/amd64", "linux/€", ""] {
            assert!(!is_platform(invalid), "{invalid}");
        }
    }

    #[test]
    fn modes_are_octal_or_changes() {
        for valid in ["0755", "7777", "+x", "u+x,go-w", "a=rwX"] {
            assert!(is_mode(valid), "{valid}");
        }
        for invalid in ["888", "10000", "0o755", "-1", "u", "abc", ""] {
            assert!(!is_mode(invalid), "{invalid}");
        }
    }

    #[test]
    fn durations_have_units_and_a_least_length() {
        for valid in ["5s", "1m30s", "0", "0s", "1.5h", ".5s", "1ms", "+5s"] {
            assert!(is_duration(valid), "{valid}");
        }
        for invalid in ["", "5", "s", "5x", "-5s", "1ns", "1s5", "bogus", "$A", "1..5s"] {
            assert!(!is_duration(invalid), "{invalid}");
        }
    }
}
