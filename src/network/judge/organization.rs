//! `auth-organization`: whether the organizations that are pushed to exist.

use crate::diag::{Problem, Wording, say};
use crate::network::{Check, CheckResult};

/// What the registry said about an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub organization: String,
    pub answer: Membership,
}

impl Standing {
    /// Its name, where a step of the plan creates it.
    #[must_use]
    pub fn to_be_created(&self) -> Option<&str> {
        (self.answer == Membership::ToBeCreated).then_some(self.organization.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It is there, and these credentials may look into it.
    There,
    Missing(Problem),
    /// It is missing, and a step of the plan creates it.
    ToBeCreated,
    Refused(Problem),
    /// The registry could not say now.
    Unanswered(Problem),
}

/// Judges what the registry said, organization by organization.
#[must_use]
pub fn auth_organization(asked: &[Standing]) -> CheckResult {
    let names = |standings: &[&Standing]| {
        Wording::list(standings.iter().map(|standing| Wording::same(format!("`{}`", standing.organization))))
    };
    let all: Vec<&Standing> = asked.iter().collect();
    let result = CheckResult::new(
        Check::AuthOrganization,
        say!("the organizations exist: {names}", "组织存在：{names}", names = names(&all)),
    );
    let problem = |standing: &&Standing| match &standing.answer {
        Membership::There | Membership::ToBeCreated => None,
        Membership::Missing(problem) | Membership::Refused(problem) | Membership::Unanswered(problem) => {
            Some(problem.message.clone())
        }
    };
    let result = result.with_evidence(all.iter().filter_map(problem));
    let of = |wanted: fn(&Membership) -> bool| {
        asked.iter().filter(|standing| wanted(&standing.answer)).collect::<Vec<&Standing>>()
    };
    let missing = of(|answer| matches!(answer, Membership::Missing(_)));
    if !missing.is_empty() {
        let names = names(&missing);
        return result
            .fail(say!(
                "{names}: no such organization, or it belongs to another account",
                "{names}：没有这样的组织，或它属于其他账号",
                names
            ))
            .with_fix(say!(
                "create it in the console (SWR > Organizations; 5 an account by default), correct `organization`, or ask \
                 its owner for the right to push: a push creates none",
                "在控制台创建它（容器镜像服务 > 组织管理；每个账号默认 5 个），修正 `organization`，或请其所有者授予推送权限：\
                 推送不会创建组织"
            ));
    }
    let refused = of(|answer| matches!(answer, Membership::Refused(_)));
    if !refused.is_empty() {
        let names = names(&refused);
        return result
            .fail(say!("{names}: these credentials may not use it", "{names}：这些凭据无权使用", names))
            .with_fix(say!(
                "give this user the right to push in the organization's permissions",
                "在组织的权限管理里授予该用户推送权限"
            ));
    }
    let unanswered = of(|answer| matches!(answer, Membership::Unanswered(_)));
    if !unanswered.is_empty() {
        return result.unknown(say!(
            "no answer about {names}",
            "没有得到关于 {names} 的答复",
            names = names(&unanswered)
        ));
    }
    let created = of(|answer| matches!(answer, Membership::ToBeCreated));
    if !created.is_empty() {
        return result.pass(say!(
            "a step of the plan creates {names}",
            "计划中有一步会创建 {names}",
            names = names(&created)
        ));
    }
    result.pass(say!("they do", "存在"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Verdict;

    fn judged(answers: Vec<Membership>) -> CheckResult {
        let names = ["portal", "base", "tools"];
        let standing = |(name, answer): (&str, Membership)| Standing { organization: name.to_owned(), answer };
        auth_organization(&names.into_iter().zip(answers).map(standing).collect::<Vec<_>>())
    }

    fn problem() -> Problem {
        Problem::new("missing-organization", Wording::same("GET https://r/v2/base/app/tags/list answered 401"))
    }

    #[test]
    fn a_missing_organization_is_named_with_what_to_do() {
        let result = judged(vec![Membership::There, Membership::Missing(problem()), Membership::Refused(problem())]);
        assert_eq!(result.verdict, Verdict::Fail);
        assert!(result.observed.english().starts_with("`base`: no such organization"), "{result:?}");
        assert_eq!(result.evidence.len(), 2);
        assert!(result.fix.unwrap().english().contains("a push creates none"));
    }

    #[test]
    fn a_right_that_is_missing_fails_and_silence_does_not() {
        let refused = judged(vec![Membership::There, Membership::Refused(problem())]);
        assert_eq!(refused.verdict, Verdict::Fail);
        assert_eq!(judged(vec![Membership::There, Membership::Unanswered(problem())]).verdict, Verdict::Unknown);
        assert_eq!(judged(vec![Membership::There]).verdict, Verdict::Pass);
        let created = judged(vec![Membership::There, Membership::ToBeCreated]);
        assert_eq!((created.verdict, created.observed.english()), (Verdict::Pass, "a step of the plan creates `base`"));
    }
}
