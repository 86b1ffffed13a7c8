//! `clock`: whether this machine and the registry have the same time.

use jiff::SignedDuration;

use crate::network::{Check, CheckResult};

/// Tokens are said to be valid from a second on; servers allow some slack for that.
const TOKENS: SignedDuration = SignedDuration::from_secs(60);
/// Huawei Cloud's API gateway refuses a signed request whose `X-Sdk-Date` is further off.
const SIGNATURES: SignedDuration = SignedDuration::from_mins(15);

/// Judges how far this machine's clock is ahead of the registry's (`Date` header, whole seconds); `None` where no
/// answer had one.
#[must_use]
pub fn clock(ahead: Option<SignedDuration>) -> CheckResult {
    let result = CheckResult::new(Check::Clock, "this machine's clock agrees with the registry's to a minute");
    let Some(ahead) = ahead else { return result.unknown("no answer of the registry tells its time") };
    let off = ahead.abs();
    let direction = if ahead.is_negative() { "behind" } else { "ahead of" };
    let observed = format!("{} {direction} the registry's", words(off));
    let fix = "set the clock: `timedatectl set-ntp true`, or ask who keeps this machine's time";
    if off > SIGNATURES {
        result.fail(format!("{observed}: signatures and tokens are refused")).with_fix(fix)
    } else if off > TOKENS {
        result.warn(format!("{observed}: fresh tokens may be refused")).with_fix(fix)
    } else {
        result.pass("it does")
    }
}

fn words(duration: SignedDuration) -> String {
    match duration.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn judged(seconds: i64) -> (Verdict, String) {
        let result = clock(Some(SignedDuration::from_secs(seconds)));
        (result.verdict, result.observed)
    }

    #[test]
    fn a_minute_is_nothing_and_a_quarter_of_an_hour_breaks_signatures() {
        assert_eq!(judged(60).0, Verdict::Pass);
        assert_eq!(judged(-61), (Verdict::Warn, "61 s behind the registry's: fresh tokens may be refused".to_owned()));
        assert_eq!(judged(900).0, Verdict::Warn);
        let (verdict, observed) = judged(3 * 86_400);
        assert_eq!(verdict, Verdict::Fail);
        assert!(observed.starts_with("3 days ahead of the registry's"), "{observed}");
        assert_eq!(clock(None).verdict, Verdict::Unknown);
    }
}
