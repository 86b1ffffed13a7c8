//! `ping`: whether the registry's addresses echo. The documents try it; it proves nothing.

use std::net::IpAddr;

use crate::diag::{Wording, say};
use crate::network::{Check, CheckResult};

/// What came of one echo request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Echo {
    Heard,
    Silent,
    /// It could not be sent: the reason.
    Unsent(Wording),
}

/// Judges the echoes, one an address: never a failure, as firewalls drop ICMP where HTTPS passes.
#[must_use]
pub fn ping(echoes: &[(IpAddr, Echo)]) -> CheckResult {
    let result = CheckResult::new(Check::Ping, say!("the registry's addresses echo", "镜像仓库的地址有回显"));
    let of = |wanted: fn(&Echo) -> bool| {
        let found: Vec<&IpAddr> = echoes.iter().filter(|(_, echo)| wanted(echo)).map(|(address, _)| address).collect();
        (!found.is_empty()).then(|| Wording::list(found))
    };
    let unsent = echoes.iter().find_map(|(_, echo)| if let Echo::Unsent(reason) = echo { Some(reason) } else { None });
    if let Some(reason) = unsent {
        return result.unknown(reason.clone());
    }
    match (of(|echo| *echo == Echo::Heard), of(|echo| *echo == Echo::Silent)) {
        (Some(heard), None) => result.pass(say!("{heard} echo", "{heard} 有回显", heard)),
        (_, Some(silent)) => result.warn(say!(
            "{silent}: no echo, which proves nothing where ICMP is dropped; `tcp` decides",
            "{silent}：没有回显；ICMP 被丢弃时这不说明问题，以 `tcp` 为准",
            silent
        )),
        (None, None) => result.unknown(say!("no address is known", "没有已知的地址")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    #[test]
    fn silence_is_at_most_a_warning() {
        let judged = |echoes: &[Echo]| {
            let address = "10.0.0.1".parse().unwrap();
            ping(&echoes.iter().map(|echo| (address, echo.clone())).collect::<Vec<_>>()).verdict
        };
        assert_eq!(judged(&[Echo::Heard]), Verdict::Pass);
        assert_eq!(judged(&[Echo::Heard, Echo::Silent]), Verdict::Warn);
        assert_eq!(judged(&[Echo::Unsent(Wording::same("no ping"))]), Verdict::Unknown);
        assert_eq!(judged(&[]), Verdict::Unknown);
    }
}
