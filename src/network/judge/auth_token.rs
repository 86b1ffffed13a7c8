//! `auth-token`: whether the registry grants what the migrations need.

use super::skipped;
use crate::diag::{Problem, Wording, say};
use crate::image::Repository;
use crate::network::{Check, CheckResult};

/// A permission that was asked for and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub repository: Repository,
    /// `pull`, or `pull and push`.
    pub access: Wording,
    pub answer: Grant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    Given,
    Refused(Problem),
    /// The registry could not say now.
    Unanswered(Problem),
}

impl Asked {
    fn wording(&self) -> Wording {
        say!(
            "{access} of `{repository}`",
            "`{repository}` 的{access}",
            access = self.access,
            repository = self.repository
        )
    }
}

/// Judges the answers; `not_asked` is how many repositories there are besides.
#[must_use]
pub fn auth_token(asked: &[Asked], not_asked: usize) -> CheckResult {
    let result = CheckResult::new(
        Check::AuthToken,
        say!(
            "the registry grants {rights}",
            "镜像仓库授予权限：{rights}",
            rights = Wording::list(asked.iter().map(Asked::wording))
        ),
    );
    let problems = |wanted: fn(&Grant) -> Option<&Problem>| {
        asked.iter().filter_map(move |asked| Some((asked, wanted(&asked.answer)?))).collect::<Vec<_>>()
    };
    let refused = problems(|grant| if let Grant::Refused(problem) = grant { Some(problem) } else { None });
    if let Some((_, first)) = refused.first() {
        return CheckResult { fix: first.help.clone(), ..result.fail(told(&say!("refused", "被拒绝"), &refused)) };
    }
    let unanswered = problems(|grant| if let Grant::Unanswered(problem) = grant { Some(problem) } else { None });
    if let Some((_, first)) = unanswered.first() {
        return CheckResult {
            fix: first.help.clone(),
            ..result.unknown(told(&say!("not answered", "没有答复"), &unanswered))
        };
    }
    match not_asked {
        0 => result.pass(say!("granted", "已授予")),
        more => result.pass(say!("granted; {more} more not asked", "已授予；另有 {more} 个未询问", more)),
    }
}

/// The login alone, where no repository is named to ask a token for; `None` where there is no login.
#[must_use]
pub fn login(answer: Option<&Grant>) -> CheckResult {
    let Some(answer) = answer else {
        return skipped(
            Check::AuthToken,
            say!("the project file names no repository of it", "项目文件没有写出它的任何仓库"),
        );
    };
    let result =
        CheckResult::new(Check::AuthToken, say!("the registry lets these credentials in", "镜像仓库接受这些凭据"));
    match answer {
        Grant::Given => {
            result.pass(say!("let in; no repository is named to ask more for", "已接受；没有写出仓库，无法进一步询问"))
        }
        Grant::Refused(problem) => CheckResult { fix: problem.help.clone(), ..result.fail(problem.message.clone()) },
        Grant::Unanswered(problem) => {
            CheckResult { fix: problem.help.clone(), ..result.unknown(problem.message.clone()) }
        }
    }
}

/// Each different message once, with what it is about.
fn told(verb: &Wording, problems: &[(&Asked, &Problem)]) -> Wording {
    let mut told: Vec<(&Wording, Vec<&Asked>)> = Vec::new();
    for (asked, problem) in problems {
        match told.iter_mut().find(|(message, _)| **message == problem.message) {
            Some((_, about)) => about.push(asked),
            None => told.push((&problem.message, vec![asked])),
        }
    }
    let told = told.iter().map(|(message, about)| {
        let rights = Wording::list(about.iter().map(|asked| asked.wording()));
        say!("{rights} {verb}: {message}", "{rights}{verb}：{message}", rights, verb, message)
    });
    Wording::joined(told, &say!("; ", "；"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn asked(repository: &str, answer: Grant) -> Asked {
        Asked { repository: repository.parse().unwrap(), access: Wording::same("pull"), answer }
    }

    #[test]
    fn a_refusal_comes_first_and_keeps_the_registrys_words() {
        let problem =
            |text: &str| Problem::new("denied", Wording::same(text)).with_help(Wording::same(format!("fix {text}")));
        let result = auth_token(
            &[
                asked("a/x", Grant::Given),
                asked("b/x", Grant::Unanswered(problem("busy"))),
                asked("c/x", Grant::Refused(problem("no organization"))),
                asked("d/x", Grant::Refused(problem("no organization"))),
            ],
            0,
        );
        assert_eq!(result.verdict, Verdict::Fail);
        assert_eq!(result.observed.english(), "pull of `c/x` and pull of `d/x` refused: no organization");
        assert_eq!(result.fix.as_ref().map(Wording::english), Some("fix no organization"));
    }

    #[test]
    fn no_answer_is_unknown_and_what_was_not_asked_is_told() {
        let busy = Problem::new("busy", Wording::same("busy"));
        assert_eq!(auth_token(&[asked("a/x", Grant::Unanswered(busy))], 0).verdict, Verdict::Unknown);
        let result = auth_token(&[asked("a/x", Grant::Given)], 3);
        assert_eq!((result.verdict, result.observed.english()), (Verdict::Pass, "granted; 3 more not asked"));
    }
}
