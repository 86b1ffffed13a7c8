//! `clock`: whether this machine and the registry have the same time.

use jiff::SignedDuration;

use crate::diag::{Wording, say};
use crate::network::{Check, CheckResult};

/// Tokens are said to be valid from a second on; servers allow some slack for that.
const TOKENS: SignedDuration = SignedDuration::from_secs(60);
/// Huawei Cloud's API gateway refuses a signed request whose `X-Sdk-Date` is further off.
const SIGNATURES: SignedDuration = SignedDuration::from_mins(15);

/// Judges how far this machine's clock is ahead of the registry's (`Date` header, whole seconds); `None` where no
/// answer had one.
#[must_use]
pub fn clock(ahead: Option<SignedDuration>) -> CheckResult {
    let result = CheckResult::new(
        Check::Clock,
        say!("this machine's clock agrees with the registry's to a minute", "本机时钟与镜像仓库相差不超过一分钟"),
    );
    let Some(ahead) = ahead else {
        return result.unknown(say!("no answer of the registry tells its time", "镜像仓库的应答都没有给出时间"));
    };
    let off = ahead.abs();
    let time = words(off);
    let observed = if ahead.is_negative() {
        say!("{time} behind the registry's", "比镜像仓库慢 {time}", time)
    } else {
        say!("{time} ahead of the registry's", "比镜像仓库快 {time}", time)
    };
    let fix = say!(
        "set the clock: `timedatectl set-ntp true`, or ask who keeps this machine's time",
        "校准时钟：`timedatectl set-ntp true`，或者联系负责本机时间同步的人"
    );
    if off > SIGNATURES {
        let observed =
            say!("{observed}: signatures and tokens are refused", "{observed}：签名和令牌会被拒绝", observed);
        result.fail(observed).with_fix(fix)
    } else if off > TOKENS {
        let observed = say!("{observed}: fresh tokens may be refused", "{observed}：刚签发的令牌可能被拒绝", observed);
        result.warn(observed).with_fix(fix)
    } else {
        result.pass(say!("it does", "一致"))
    }
}

fn words(duration: SignedDuration) -> Wording {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => say!("{seconds} s", "{seconds} 秒", seconds),
        120..7200 => say!("{minutes} min", "{minutes} 分钟", minutes = seconds / 60),
        7200..172_800 => say!("{hours} h", "{hours} 小时", hours = seconds / 3600),
        _ => say!("{days} days", "{days} 天", days = seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn judged(seconds: i64) -> (Verdict, String) {
        let result = clock(Some(SignedDuration::from_secs(seconds)));
        (result.verdict, result.observed.english().to_owned())
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
