//! `registry-api`: whether `/v2/` is answered by a registry.

use std::time::Duration;

use super::silence;
use crate::diag::{Problem, say};
use crate::network::{Check, CheckResult};

/// Judges the answer to `url`, `…/v2/`; `None` is no answer within `limit`.
#[must_use]
pub fn registry_api(url: &str, limit: Duration, answer: Option<Result<(), Problem>>) -> CheckResult {
    let result =
        CheckResult::new(Check::RegistryApi, say!("{url} speaks the registry protocol", "{url} 遵循镜像仓库协议", url));
    match answer {
        Some(Ok(())) => result.pass(say!("it does", "确实遵循")),
        Some(Err(Problem { message, help, .. })) => result.fail(message).with_fix(help.unwrap_or_else(|| {
            say!("correct the host, or what stands in front of the registry", "修正主机名，或镜像仓库前面的设备")
        })),
        None => result.fail(silence(limit)).with_fix(say!(
            "look at the registry's health and at what stands in front of it, then try again",
            "检查镜像仓库及其前面设备的状态，然后重试"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Wording;
    use crate::network::Verdict;

    #[test]
    fn a_problem_keeps_its_words_and_its_help() {
        let problem = Problem::new("not-a-registry", Wording::same("https://h/v2/ answers text/html"))
            .with_help(Wording::same("correct the host"));
        let result = registry_api("https://h/v2/", Duration::ZERO, Some(Err(problem)));
        assert_eq!(result.verdict, Verdict::Fail);
        assert_eq!(result.observed.english(), "https://h/v2/ answers text/html");
        assert_eq!(result.fix.unwrap().english(), "correct the host");
    }

    #[test]
    fn silence_fails_and_an_answer_passes() {
        let limit = Duration::from_secs(10);
        assert_eq!(registry_api("u", limit, None).observed.english(), "no answer within 10 s");
        assert_eq!(registry_api("u", limit, Some(Ok(()))).verdict, Verdict::Pass);
    }
}
