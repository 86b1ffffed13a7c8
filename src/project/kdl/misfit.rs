//! What the lexer cannot read, and how it is said.

use super::faults::Fault;
use crate::diag::say;

/// What cannot be a token; the lexer goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    UnclosedText,
    UnclosedRawText,
    UnclosedComment,
    DeepComment,
    Escape,
    Continuation,
    Number,
    Character,
}

impl Misfit {
    /// Without its place.
    pub(super) fn fault(self) -> Fault {
        match self {
            Self::UnclosedText => {
                Fault::new("unclosed-string", say!("a string is not closed on its line", "字符串在行内没有闭合")).help(
                    say!(
                        "close it with `\"`; a line break inside a string is written `\\n`",
                        "用 `\"` 闭合；字符串里的换行写作 `\\n`"
                    ),
                )
            }
            Self::UnclosedRawText => {
                Fault::new("unclosed-string", say!("a raw string is not closed", "原始字符串没有闭合")).help(say!(
                    "close it with `\"` and as many `#` as it was opened with",
                    "用 `\"` 和与开头同样多的 `#` 闭合"
                ))
            }
            Self::UnclosedComment => Fault::new("unclosed-comment", say!("a comment is not closed", "注释没有闭合"))
                .help(say!("close it with `*/`", "用 `*/` 闭合")),
            Self::DeepComment => Fault::new("deep-nesting", say!("comments are nested too deep", "注释嵌套太深"))
                .help(say!("use `//` comments", "改用 `//` 注释")),
            Self::Escape => {
                Fault::new("bad-escape", say!("a string holds an escape that there is not", "字符串里有不存在的转义"))
                    .help(say!(
                        "write `\\\\` for a backslash, or a raw string: `r\"…\"`",
                        "反斜杠写作 `\\\\`，或者用原始字符串：`r\"…\"`"
                    ))
            }
            Self::Continuation => {
                Fault::new("syntax", say!("a `\\` that is not at the end of its line", "`\\` 不在行末")).help(say!(
                    "`\\` continues a node on the next line; write values in double quotes",
                    "`\\` 表示节点在下一行继续；值要写在双引号里"
                ))
            }
            Self::Number => Fault::new("unquoted", say!("neither a number nor in quotes", "既不是数字，也没有引号"))
                .help(say!(
                    "write numbers in digits only, and everything else in double quotes",
                    "数字只写数码，其他的都写在双引号里"
                )),
            Self::Character => {
                Fault::new("syntax", say!("a character that KDL keeps for itself", "这个字符是 KDL 保留的"))
                    .help(say!("write values in double quotes: `\"…\"`", "值要写在双引号里：`\"…\"`"))
            }
        }
    }
}
