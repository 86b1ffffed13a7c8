//! SPDX licence expressions (annex "SPDX license expressions" of the SPDX specification 3.0): `MIT`,
//! `Apache-2.0 OR (MIT AND BSD-3-Clause)`, `GPL-2.0-only WITH Classpath-exception-2.0`.

use super::data::spdx::{DEPRECATED, EXCEPTIONS, LICENCES};
use crate::diag::{Wording, did_you_mean, say};

/// Why a text is no licence expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SpdxFault {
    /// Not an identifier of the list; perhaps another one was meant.
    Unknown {
        id: String,
        meant: Option<&'static str>,
    },
    Deprecated {
        id: String,
        instead: Option<&'static str>,
    },
    /// Behind WITH.
    UnknownException {
        id: String,
        meant: Option<&'static str>,
    },
    /// Licences stand side by side.
    NotJoined,
    /// Something is missing, or a parenthesis has no other.
    Incomplete,
}

impl SpdxFault {
    /// What to do.
    pub(super) fn help(&self) -> Wording {
        match self {
            Self::Unknown { meant: Some(meant), .. } | Self::UnknownException { meant: Some(meant), .. } => {
                say!("write `{meant}`", "改写为 `{meant}`", meant)
            }
            Self::Unknown { id, meant: None } => say!(
                "`{id}` is not on the SPDX License List: write an identifier of it, or `LicenseRef-NAME` for your own",
                "`{id}` 不在 SPDX 许可证列表中：写列表中的标识符，自己的许可证写 `LicenseRef-NAME`",
                id
            ),
            Self::Deprecated { id, instead: Some(instead) } => {
                say!("`{id}` is deprecated: write `{instead}`", "`{id}` 已弃用：改写为 `{instead}`", id, instead)
            }
            Self::Deprecated { id, instead: None } => say!(
                "`{id}` is deprecated: {page} names what replaces it",
                "`{id}` 已弃用：{page} 说明用什么代替",
                id,
                page = format!("https://spdx.org/licenses/{id}.html")
            ),
            Self::UnknownException { id, meant: None } => {
                say!("`{id}` is no exception of the SPDX License List", "`{id}` 不是 SPDX 许可证列表中的例外", id)
            }
            Self::NotJoined => say!("join licences by AND or OR", "许可证之间用 AND 或 OR 连接"),
            Self::Incomplete => say!(
                "write it like `Apache-2.0 OR (MIT AND BSD-3-Clause)`",
                "写成 `Apache-2.0 OR (MIT AND BSD-3-Clause)` 的样子"
            ),
        }
    }
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Licence,
    /// Behind a licence: an exception to it may follow.
    Joined,
    /// Behind an exception or a parenthesis.
    Closed,
    Exception,
}

/// Longer than any expression that people read; every word of it is looked up.
const LONGEST: usize = 4096;

/// Reads a whole expression.
pub(super) fn check(text: &str) -> Result<(), SpdxFault> {
    if text.len() > LONGEST {
        return Err(SpdxFault::Incomplete);
    }
    let (mut depth, mut state) = (0_usize, State::Licence);
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    for word in spaced.split_whitespace() {
        let operator = operator(word);
        state = match (state, word) {
            (State::Licence, "(") => {
                depth += 1;
                State::Licence
            }
            (State::Joined | State::Closed, ")") => {
                depth = depth.checked_sub(1).ok_or(SpdxFault::Incomplete)?;
                State::Closed
            }
            (State::Joined | State::Closed, _) if matches!(operator, Some(Operator::Join)) => State::Licence,
            (State::Joined, _) if matches!(operator, Some(Operator::With)) => State::Exception,
            (_, "(" | ")") => return Err(SpdxFault::Incomplete),
            (State::Licence | State::Exception, _) if operator.is_some() => return Err(SpdxFault::Incomplete),
            (State::Licence, _) => {
                licence(word)?;
                State::Joined
            }
            (State::Exception, _) => {
                exception(word)?;
                State::Closed
            }
            (State::Joined | State::Closed, _) => return Err(SpdxFault::NotJoined),
        };
    }
    let complete = depth == 0 && matches!(state, State::Joined | State::Closed);
    if complete { Ok(()) } else { Err(SpdxFault::Incomplete) }
}

enum Operator {
    Join,
    With,
}

/// All of an operator is in capitals, or nothing.
fn operator(word: &str) -> Option<Operator> {
    match word {
        "AND" | "and" | "OR" | "or" => Some(Operator::Join),
        "WITH" | "with" => Some(Operator::With),
        _ => None,
    }
}

fn licence(word: &str) -> Result<(), SpdxFault> {
    if is_own(word, "LicenseRef-") || holds(LICENCES, word.strip_suffix('+').unwrap_or(word)) {
        return Ok(());
    }
    let id = shown(word);
    if holds(DEPRECATED, word) {
        let plain = word.trim_end_matches('+');
        let suffix = if plain.len() < word.len() { "-or-later" } else { "-only" };
        let instead = words(LICENCES)
            .find(|known| known.strip_suffix(suffix).is_some_and(|known| known.eq_ignore_ascii_case(plain)));
        return Err(SpdxFault::Deprecated { id, instead });
    }
    Err(SpdxFault::Unknown { id, meant: meant(LICENCES, word) })
}

fn exception(word: &str) -> Result<(), SpdxFault> {
    if is_own(word, "AdditionRef-") || holds(EXCEPTIONS, word) {
        return Ok(());
    }
    Err(SpdxFault::UnknownException { id: shown(word), meant: meant(EXCEPTIONS, word) })
}

fn words(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.split_ascii_whitespace()
}

/// In any case, as annex D of SPDX 2.3 matches identifiers.
fn holds(table: &'static str, word: &str) -> bool {
    words(table).any(|known| known.eq_ignore_ascii_case(word))
}

/// An identifier that is near.
fn meant(table: &'static str, word: &str) -> Option<&'static str> {
    const LONGEST_WORD: usize = 64;
    did_you_mean(word, words(table)).filter(|_| word.len() <= LONGEST_WORD)
}

/// `LicenseRef-NAME` or `DocumentRef-NAME:LicenseRef-NAME`.
fn is_own(word: &str, prefix: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    let own = match word.split_once(':') {
        Some((document, own)) if document.strip_prefix("DocumentRef-").is_some_and(is_name) => own,
        Some(_) => return false,
        None => word,
    };
    own.strip_prefix(prefix).is_some_and(is_name)
}

fn shown(word: &str) -> String {
    const SHOWN: usize = 60;
    word.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_the_specification_has_them() {
        for good in [
            "MIT",
            "Apache-2.0 OR MIT",
            "Apache-2.0 or (MIT and BSD-3-Clause)",
            "((MIT))AND(ISC)",
            "GPL-2.0-only WITH Classpath-exception-2.0 OR MIT",
            "CDDL-1.0+",
            "LicenseRef-corp.1-2",
            "DocumentRef-a:LicenseRef-b AND MIT",
            "MIT WITH AdditionRef-x",
            "mit OR apache-2.0 WITH llvm-Exception",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let help = |text: &str| check(text).unwrap_err().help().get(crate::diag::Lang::En).to_owned();
        assert_eq!(help("MIT OR Apachee-2.0"), "write `Apache-2.0`");
        assert_eq!(help("GPL-2.0"), "`GPL-2.0` is deprecated: write `GPL-2.0-only`");
        assert_eq!(help("gpl-2.0"), "`gpl-2.0` is deprecated: write `GPL-2.0-only`");
        assert_eq!(help("GPL-2.0+ AND MIT"), "`GPL-2.0+` is deprecated: write `GPL-2.0-or-later`");
        assert!(help("Nunit").contains("https://spdx.org/licenses/Nunit.html"));
        assert!(help("Proprietary").contains("LicenseRef-NAME"));
        assert_eq!(help("MIT WITH LLVM-Exceptoin"), "write `LLVM-exception`");
        assert!(help("MIT WITH nothing-at-all").starts_with("`nothing-at-all` is no exception"));
        for apart in ["MIT ISC", "MIT, Apache-2.0 MIT", "MIT (ISC)", "MIT Or ISC"] {
            let fault = check(apart).unwrap_err();
            assert!(
                matches!(fault, SpdxFault::NotJoined | SpdxFault::Unknown { .. } | SpdxFault::Incomplete),
                "{apart}"
            );
        }
        for open in ["", "MIT AND", "OR MIT", "(MIT", "MIT)", "()", "MIT WITH", "(MIT) WITH LLVM-exception", "AND"] {
            assert!(check(open).is_err(), "{open}");
        }
    }

    #[test]
    fn the_tables_hold_each_identifier_once() {
        for table in [LICENCES, DEPRECATED, EXCEPTIONS] {
            let mut all: Vec<_> = words(table).collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
            assert!(all.iter().all(|id| !id.starts_with("LicenseRef-")));
        }
        assert_eq!((words(LICENCES).count(), words(DEPRECATED).count(), words(EXCEPTIONS).count()), (708, 32, 85));
        assert!(words(DEPRECATED).all(|id| !holds(LICENCES, id)));
    }
}
