//! `registry-api`: whether `/v2/` is answered by a registry.

use std::time::Duration;

use super::span;
use crate::diag::Problem;
use crate::network::{Check, CheckResult};

/// Judges the answer to `url`, `…/v2/`; `None` is no answer within `limit`.
#[must_use]
pub fn registry_api(url: &str, limit: Duration, answer: Option<Result<(), Problem>>) -> CheckResult {
    let result = CheckResult::new(Check::RegistryApi, format!("{url} speaks the registry protocol"));
    match answer {
        Some(Ok(())) => result.pass("it does"),
        Some(Err(Problem { message, help, .. })) => result
            .fail(message)
            .with_fix(help.unwrap_or_else(|| "correct the host, or what stands in front of the registry".to_owned())),
        None => result
            .fail(format!("no answer within {}", span(limit)))
            .with_fix("look at the registry's health and at what stands in front of it, then try again"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    #[test]
    fn a_problem_keeps_its_words_and_its_help() {
        let problem = Problem::new("not-a-registry", "https://h/v2/ answers text/html").with_help("correct the host");
        let result = registry_api("https://h/v2/", Duration::ZERO, Some(Err(problem)));
        assert_eq!(result.verdict, Verdict::Fail);
        assert_eq!(result.observed, "https://h/v2/ answers text/html");
        assert_eq!(result.fix.as_deref(), Some("correct the host"));
    }

    #[test]
    fn silence_fails_and_an_answer_passes() {
        let limit = Duration::from_secs(10);
        assert_eq!(registry_api("u", limit, None).observed, "no answer within 10 s");
        assert_eq!(registry_api("u", limit, Some(Ok(()))).verdict, Verdict::Pass);
    }
}
