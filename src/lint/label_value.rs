//! Values of labels in the formats that a policy can ask for.

use std::net::IpAddr;

use super::policy::LabelFormat;
use super::spdx;
use crate::diag::{Wording, say};

/// What the value has to be, where it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) wanted: Wording,
    /// What to write, when more can be said than that.
    pub(super) help: Option<Wording>,
}

/// `None` for a value that is as it should be.
pub(super) fn misfit(format: LabelFormat, value: &str) -> Option<Misfit> {
    let fits = match format {
        LabelFormat::Text => !value.trim().is_empty(),
        LabelFormat::Url => is_url(value),
        LabelFormat::Semver => is_semver(value),
        LabelFormat::Hash => (7..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        LabelFormat::Rfc3339 => is_rfc3339(value),
        LabelFormat::Spdx => {
            let fault = spdx::check(value).err()?;
            return Some(Misfit { wanted: wanted(format), help: Some(fault.help()) });
        }
        LabelFormat::Email => is_email(value),
    };
    (!fits).then(|| Misfit { wanted: wanted(format), help: None })
}

fn wanted(format: LabelFormat) -> Wording {
    match format {
        LabelFormat::Text => say!("a text", "文本"),
        LabelFormat::Url => {
            say!("a URL with a host, like `https://example.com/app`", "带主机名的 URL，例如 `https://example.com/app`")
        }
        LabelFormat::Rfc3339 => say!(
            "a time as RFC 3339 writes it, like `2027-01-31T08:00:00Z`",
            "RFC 3339 时间，例如 `2027-01-31T08:00:00Z`"
        ),
        LabelFormat::Spdx => {
            say!("an SPDX licence expression, like `Apache-2.0`", "SPDX 许可证表达式，例如 `Apache-2.0`")
        }
        LabelFormat::Hash => {
            say!("a git commit, 7 to 64 hexadecimal digits", "一个 git 提交，7 到 64 位十六进制数字")
        }
        LabelFormat::Semver => say!("a semantic version, like `1.4.2`", "语义化版本，例如 `1.4.2`"),
        LabelFormat::Email => {
            say!("an e-mail address, like `team@example.com`", "电子邮件地址，例如 `team@example.com`")
        }
    }
}

/// The crate alone would take blanks around it, and `https:/host`.
fn is_url(value: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    value.contains("://") && !value.contains(blank) && url::Url::parse(value).is_ok_and(|url| url.has_host())
}

/// Semantic Versioning 2.0.0: numbers of any size, which the crate that compares versions does not take.
fn is_semver(value: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| !part.is_empty() && digits(part) && (part == "0" || !part.starts_with('0'));
    let (version, build) = value.split_once('+').map_or((value, None), |(version, build)| (version, Some(build)));
    let (core, pre) = version.split_once('-').map_or((version, None), |(core, pre)| (core, Some(pre)));
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(|part| word(part) && (!digits(part) || number(part))))
        && build.is_none_or(|build| build.split('.').all(word))
}

/// `date-time` of RFC 3339, section 5.6; jiff alone would also take other forms of ISO 8601.
fn is_rfc3339(value: &str) -> bool {
    const SHAPE: &str = "0000-00-00T00:00:00";
    let Some((time, rest)) = value.split_at_checked(SHAPE.len()) else { return false };
    let rest = match rest.strip_prefix('.') {
        Some(digits) => {
            let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == digits.len() {
                return false;
            }
            rest
        }
        None => rest,
    };
    let zoned = rest.eq_ignore_ascii_case("z") || has_shape(rest, "+00:00") || has_shape(rest, "-00:00");
    has_shape(time, SHAPE) && zoned && value.parse::<jiff::Timestamp>().is_ok()
}

/// Whether there are digits where `shape` has zeros, and everywhere else what it has.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        _ => byte.eq_ignore_ascii_case(&wanted),
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// `addr-spec` of RFC 5322 without comments and blanks.
fn is_email(value: &str) -> bool {
    let Some((user, host)) = value.rsplit_once('@') else { return false };
    let quoted = user.len() > 2 && user.starts_with('"') && user.ends_with('"');
    let plain = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    let atom = |text: &str| !text.is_empty() && text.chars().all(plain);
    (quoted || user.split('.').all(atom)) && is_mail_host(host)
}

fn is_mail_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.strip_prefix("IPv6:").unwrap_or(address).parse::<IpAddr>().is_ok();
    }
    host.split('.').all(|part| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: LabelFormat, good: &[&str], bad: &[&str]) {
        for value in good {
            assert_eq!(misfit(format, value), None, "{value}");
        }
        for value in bad {
            assert!(misfit(format, value).is_some(), "{value}");
        }
    }

    #[test]
    fn texts_and_urls() {
        all(LabelFormat::Text, &["x", " x "], &["", " \t"]);
        let good = ["https://example.com", "git://a/b", "http://[::1]:8080/x?y#z", "ssh://git@example.com/x"];
        let bad = [
            "",
            "example.com",
            "example.com:80/x",
            "http://",
            "http:/a",
            "https://a b",
            " https://a",
            "https://a/b c",
            "mailto:a@b",
            "git@example.com:a/b",
            "file:///a",
            "https://a:99999",
        ];
        all(LabelFormat::Url, &good, &bad);
    }

    #[test]
    fn versions_and_commits() {
        all(
            LabelFormat::Semver,
            &["1.0.0", "1.2.3-rc.1+b.01", "1.0.0--", "99999999999999999999.0.0-99999999999999999999"],
            &["1.0", "v1.0.0", "01.2.3", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2.3+", "1.2.3.4", ""],
        );
        let sha_256 = "a".repeat(64);
        all(LabelFormat::Hash, &["abcdef1", "ABCDEF12", &sha_256], &["abcdef", "abcdefg", &format!("{sha_256}a"), ""]);
    }

    #[test]
    fn times() {
        let good = [
            "2027-01-31T08:00:00Z",
            "2027-01-31t08:00:00.123z",
            "2027-01-31T08:00:00+08:00",
            "2024-02-29T23:59:60-00:00",
        ];
        let bad = [
            "2027-01-31",
            "2027-01-31 08:00:00Z",
            "2027-01-31T08:00:00",
            "2027-02-30T08:00:00Z",
            "2027-01-31T24:00:00Z",
            "2027-01-31T08:00Z",
            "20270131T080000Z",
            "2027-01-31T08:00:00,5Z",
            "2027-01-31T08:00:00.Z",
            "2027-01-31T08:00:00+0800",
            "2027-01-31T08:00:00+08",
            "2027-01-31T08:00:00Z[UTC]",
            "2027-01-31T08:00:0éZ",
            "",
        ];
        all(LabelFormat::Rfc3339, &good, &bad);
    }

    #[test]
    fn addresses() {
        let good =
            ["a@b", "a.b+c@d-e.example", "root@localhost", "me@[127.0.0.1]", "me@[IPv6:::1]", "\"x y\"@b.example"];
        let bad = [
            "",
            "a",
            "@b",
            "a@",
            "a b@c",
            "A <a@b.c>",
            "a..b@c",
            ".a@c",
            "a@-c",
            "a@c..d",
            "a@b.c.",
            "a@b@c",
            "a@b_c.d",
            "me@[x]",
            "ä@b.c",
            "mailto:a@b.c,d@e.f",
        ];
        all(LabelFormat::Email, &good, &bad);
    }
}
