//! What lint tells beside what rules find in Dockerfiles: about policies themselves, and about what it could not look at.

use crate::diag::{Wording, say};

/// Something that lint tells by a code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    ExpiredOverride,
    UnusedOverride,
    UnusedPattern,
    StaleBaseline,
    UnreadableFile,
    UnknownBase,
}

impl Notice {
    pub const ALL: [Self; 6] = [
        Self::ExpiredOverride,
        Self::UnusedOverride,
        Self::UnusedPattern,
        Self::StaleBaseline,
        Self::UnreadableFile,
        Self::UnknownBase,
    ];

    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.name() == name)
    }

    /// Its code.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExpiredOverride => "expired-override",
            Self::UnusedOverride => "unused-override",
            Self::UnusedPattern => "unused-pattern",
            Self::StaleBaseline => "stale-baseline",
            Self::UnreadableFile => "unreadable-file",
            Self::UnknownBase => "unknown-base",
        }
    }

    /// One sentence, lower case.
    #[must_use]
    pub const fn summary(self) -> Wording {
        match self {
            Self::ExpiredOverride => {
                say!(
                    "the last day of an override has passed, and it holds no more",
                    "覆盖规则的设置已过最后一天，不再生效"
                )
            }
            Self::UnusedOverride => say!("an `allow` that no Dockerfile needs", "没有 Dockerfile 需要的 `allow`"),
            Self::UnusedPattern => say!("a pattern that names no Dockerfile", "没有匹配任何 Dockerfile 的模式"),
            Self::StaleBaseline => {
                say!("a baseline holds findings that are not there any more", "基线里有已经不存在的问题")
            }
            Self::UnreadableFile => say!("a Dockerfile cannot be read", "无法读取 Dockerfile"),
            Self::UnknownBase => {
                say!("a registry does not say what a base image is for", "镜像仓库没有说明基础镜像的情况")
            }
        }
    }

    /// Why it matters, in a few sentences.
    #[must_use]
    pub const fn explanation(self) -> Wording {
        match self {
            Self::ExpiredOverride => say!(
                "`until=` says the last day, in UTC, on which a `deny`, `warn`, `info` or `allow` holds. From the next day on \
                 the rule weighs what it weighs without it: what was allowed for some time fails again, as it was agreed.",
                "`until=` 写明 `deny`、`warn`、`info` 或 `allow` 生效的最后一天（UTC）。从第二天起，规则恢复原来的级别：当初约定\
                 暂时放行的问题会再次导致失败。"
            ),
            Self::UnusedOverride => say!(
                "A waiver that covers nothing is a hole waiting: it lets a later finding pass that nobody has looked at. Where it \
                 has `in=` or `until=` it is a warning, otherwise a word. What ShellCheck or registries would have to be asked for \
                 is not called unused by a run that did not ask them.",
                "什么也没有放行的例外是一个隐患：以后出现的问题会在无人查看的情况下通过。写有 `in=` 或 `until=` 时是警告，否则只\
                 是提示。需要询问 ShellCheck 或镜像仓库才能知道的，没有询问时不会报告为多余。"
            ),
            Self::UnusedPattern => say!(
                "A `dockerfiles` section was meant to have its policy hold for some file, and there is none: the path was \
                 mistyped, or the file was moved or is ignored by git. What the section was written for is not checked.",
                "`dockerfiles` 小节的策略本来要用于某个文件，而这个文件不存在：路径写错了、文件移走了，或者被 git 忽略。这个小节\
                 想检查的内容没有被检查。"
            ),
            Self::StaleBaseline => say!(
                "A baseline holds findings by their file, rule and line, as often as they were there. What is held in vain lets \
                 a new finding of the same kind in the same line pass unseen.",
                "基线按文件、规则和所在行记录问题及其次数。记录中已不存在的问题，会让同一行上同类的新问题悄悄通过。"
            ),
            Self::UnreadableFile => say!(
                "It is not there, is no file, may not be opened, or is larger than 10 MiB. Nothing is known of it, so that it fails \
                 whatever the policy says; no baseline holds that.",
                "文件不存在、不是文件、无权打开，或者超过 10 MiB。对它一无所知，因此不论策略怎么写都算失败；基线也不会放行。"
            ),
            Self::UnknownBase => say!(
                "With `--online`, or `online true` in a `dockerfiles` section, registries are asked which platforms base images are \
                 for and which variables they set. Where one does not answer, does not let in, or has no such image, \
                 `wrong-base-platform` and `undefined-variable` judge without it. That fails nothing.",
                "使用 `--online`，或者在 `dockerfiles` 小节里写 `online true` 时，会向镜像仓库查询基础镜像适用的平台和它设置的变\
                 量。镜像仓库没有应答、不允许访问，或者没有这个镜像时，`wrong-base-platform` 和 `undefined-variable` 只能在没有\
                 这些信息的情况下判断。这不会导致失败。"
            ),
        }
    }

    /// What to do, imperative.
    #[must_use]
    pub const fn help(self) -> Wording {
        match self {
            Self::ExpiredOverride => say!(
                "fix what it covered and delete it, or agree on a new day",
                "修复它所覆盖的问题后删除它，或者约定新的日期"
            ),
            Self::UnusedOverride => say!("delete it", "删除它"),
            Self::UnusedPattern => say!(
                "correct the pattern, or delete it; `*` stays within a folder, `**` crosses them",
                "改正或删除这个模式；`*` 只匹配一层目录内的名字，`**` 跨越目录"
            ),
            Self::StaleBaseline => {
                say!("shrink it with `swrctl lint --write-baseline`", "用 `swrctl lint --write-baseline` 缩减它")
            }
            Self::UnreadableFile => {
                say!("correct its path, make it readable, or leave it out", "改正路径、让它可读，或者去掉它")
            }
            Self::UnknownBase => say!(
                "log in, correct the image's name, or lint with `--offline`",
                "登录、改正镜像名，或者用 `--offline` 检查"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_codes_of_their_own() {
        for notice in Notice::ALL {
            assert_eq!(Notice::by_name(notice.name()), Some(notice));
            assert!(crate::lint::rule(notice.name()).is_none(), "{notice:?}");
        }
    }
}
