//! What BuildKit would refuse, with its place and its wording.

use crate::diag::{Span, Wording, say};

/// A fault that makes a build fail before its first step; reading goes on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub span: Span,
    pub kind: SyntaxErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxErrorKind {
    Empty,
    NoFrom,
    UnknownInstruction {
        word: String,
        meant: Option<&'static str>,
    },
    BeforeFrom {
        keyword: &'static str,
    },
    MissingArgument {
        keyword: &'static str,
        what: Wording,
    },
    TooManyArguments {
        keyword: &'static str,
        count: usize,
    },
    UnknownFlag {
        keyword: &'static str,
        flag: String,
        meant: Option<&'static str>,
    },
    FlagWithoutValue {
        keyword: &'static str,
        flag: String,
        what: Wording,
    },
    InvalidFlagValue {
        keyword: &'static str,
        flag: String,
        takes: Wording,
    },
    /// Of `COPY --from` or a mount.
    VariableInFrom,
    MissingEquals {
        keyword: &'static str,
    },
    MissingName,
    UnterminatedHeredoc {
        name: String,
    },
    UnterminatedQuote {
        quote: char,
    },
    UnterminatedExpansion,
    ArrayOfOtherThanStrings {
        keyword: &'static str,
    },
    ShellNotArray,
    MalformedFrom,
    InvalidStageName {
        name: String,
    },
    MalformedHealthcheck,
    InvalidOnBuild {
        keyword: &'static str,
    },
    LineTooLong {
        most: usize,
    },
    RepeatedDirective {
        name: String,
    },
    InvalidEscape {
        value: String,
    },
    /// Of `# check=`.
    InvalidCheckOption {
        option: String,
    },
    InvalidSignal {
        value: String,
    },
    EmptyVolume,
    FetchedByCopy,
}

impl SyntaxErrorKind {
    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> Wording {
        match self {
            Self::Empty => say!("the file holds no instruction", "文件里没有指令"),
            Self::NoFrom => say!("the file has no FROM", "文件里没有 FROM"),
            Self::UnknownInstruction { word, .. } => say!("`{word}` is no instruction", "`{word}` 不是指令", word),
            Self::BeforeFrom { keyword } => {
                say!("{keyword} stands before the first FROM", "{keyword} 写在第一个 FROM 之前", keyword)
            }
            Self::MissingArgument { keyword, what } => {
                say!("{keyword} needs {what}", "{keyword} 缺少{what}", keyword, what)
            }
            Self::TooManyArguments { keyword, count } => say!(
                "{keyword} takes one argument, here are {count}",
                "{keyword} 只接受一个参数，这里有 {count} 个",
                keyword,
                count
            ),
            Self::UnknownFlag { keyword, flag, .. } => {
                say!("{keyword} knows no flag `--{flag}`", "{keyword} 没有选项 `--{flag}`", keyword, flag)
            }
            Self::FlagWithoutValue { keyword, flag, .. } => {
                say!("--{flag} of {keyword} has no value", "{keyword} 的 --{flag} 没有值", keyword, flag)
            }
            Self::InvalidFlagValue { keyword, flag, takes } => {
                say!("--{flag} of {keyword} takes {takes}", "{keyword} 的 --{flag} 要求：{takes}", keyword, flag, takes)
            }
            Self::VariableInFrom => say!(
                "no variable is filled in where a stage or an image is copied or mounted from",
                "复制或挂载的来源阶段或镜像里不会替换变量"
            ),
            Self::MissingEquals { keyword } => say!(
                "this word has no `=`: {keyword} takes pairs `name=value`",
                "这个词没有 `=`：{keyword} 接受的是 `name=value`",
                keyword
            ),
            Self::MissingName => say!("a name is missing in front of `=`", "`=` 前面缺少名字"),
            Self::UnterminatedHeredoc { name } => {
                say!("the here-document `{name}` is never ended", "here-document `{name}` 没有结束", name)
            }
            Self::UnterminatedQuote { quote } => {
                say!("the quote {quote} is never closed", "引号 {quote} 没有闭合", quote)
            }
            Self::UnterminatedExpansion => say!("`${` is never closed", "`${` 没有闭合"),
            Self::ArrayOfOtherThanStrings { keyword } => {
                say!("an array of {keyword} may hold strings only", "{keyword} 的数组里只能有字符串", keyword)
            }
            Self::ShellNotArray => say!("SHELL needs an array of strings", "SHELL 需要字符串数组"),
            Self::MalformedFrom => say!("FROM reads `FROM image [AS name]`", "FROM 的写法是 `FROM image [AS name]`"),
            Self::InvalidStageName { name } => say!("`{name}` cannot name a stage", "`{name}` 不能用作阶段名", name),
            Self::MalformedHealthcheck => say!(
                "HEALTHCHECK reads `HEALTHCHECK CMD command` or `HEALTHCHECK NONE`",
                "HEALTHCHECK 的写法是 `HEALTHCHECK CMD command` 或 `HEALTHCHECK NONE`"
            ),
            Self::InvalidOnBuild { keyword } => {
                say!("{keyword} cannot follow ONBUILD", "ONBUILD 后面不能是 {keyword}", keyword)
            }
            Self::LineTooLong { most } => say!(
                "the line is longer than {most} bytes: BuildKit reads no longer ones",
                "这一行超过 {most} 字节：BuildKit 不读更长的行",
                most
            ),
            Self::RepeatedDirective { name } => {
                say!("the directive `{name}` is given twice", "解析指令 `{name}` 写了两次", name)
            }
            Self::InvalidEscape { value } => say!(
                "the escape character is a backslash or a backtick, not `{value}`",
                "转义字符是反斜杠或反引号，不能是 `{value}`",
                value
            ),
            Self::InvalidCheckOption { option } => {
                say!("`{option}` is no setting of `# check=`", "`{option}` 不是 `# check=` 的设置", option)
            }
            Self::InvalidSignal { value } => say!("`{value}` is no signal", "`{value}` 不是信号", value),
            Self::EmptyVolume => say!("the path of a VOLUME is empty", "VOLUME 的路径为空"),
            Self::FetchedByCopy => say!("COPY fetches nothing from a server", "COPY 不会从服务器下载"),
        }
    }

    /// What to do about it, imperative.
    #[must_use]
    pub fn help(&self) -> Wording {
        match self {
            Self::Empty | Self::NoFrom => say!("start with `FROM image:tag`", "以 `FROM image:tag` 开头"),
            Self::UnknownInstruction { meant: Some(meant), .. } => say!("write {meant}", "改写为 {meant}", meant),
            Self::UnknownInstruction { meant: None, .. } => say!(
                "end the line before with a backslash if this continues it, or start the line with an instruction",
                "如果这是上一行的延续，就在上一行末尾写反斜杠；否则让这一行以指令开头"
            ),
            Self::BeforeFrom { .. } => {
                say!("move it below FROM; only ARG may stand above", "移到 FROM 下方；FROM 之前只能有 ARG")
            }
            Self::MissingArgument { what, .. } | Self::FlagWithoutValue { what, .. } => {
                say!("add {what}", "加上{what}", what)
            }
            Self::TooManyArguments { .. } => {
                say!("quote a value that holds blanks, or delete the rest", "含空格的值要加引号，否则删除多余的部分")
            }
            Self::UnknownFlag { meant: Some(meant), .. } => say!("write `--{meant}`", "改写为 `--{meant}`", meant),
            Self::UnknownFlag { meant: None, .. } => say!(
                "delete it, or use the array form if it belongs to the command",
                "删除它；如果它属于命令，就改用数组写法"
            ),
            Self::InvalidFlagValue { takes, .. } => say!("write {takes}", "改写为：{takes}", takes),
            Self::VariableInFrom => say!(
                "name a stage for it above, `FROM $IMAGE AS name`, and copy or mount from that",
                "在上面为它命名一个阶段，`FROM $IMAGE AS name`，再从那个阶段复制或挂载"
            ),
            Self::MissingEquals { .. } => {
                say!("quote a value that holds blanks: `name=\"a value\"`", "含空格的值要加引号：`name=\"a value\"`")
            }
            Self::MissingName => say!("write `name=value`", "改写为 `name=value`"),
            Self::UnterminatedHeredoc { name } => {
                say!("end it with a line that holds `{name}` and nothing else", "用只有 `{name}` 的一行结束它", name)
            }
            Self::UnterminatedQuote { quote } => say!(
                "close it with {quote}, or put a backslash in front of it",
                "用 {quote} 闭合，或者在前面加反斜杠",
                quote
            ),
            Self::UnterminatedExpansion => say!("close it with `}`", "用 `}` 闭合"),
            Self::ArrayOfOtherThanStrings { .. } => {
                say!("put every element into double quotes", "每个元素都加上双引号")
            }
            Self::ShellNotArray => {
                say!("write it like `SHELL [\"/bin/bash\", \"-c\"]`", "写成 `SHELL [\"/bin/bash\", \"-c\"]` 的样子")
            }
            Self::MalformedFrom => {
                say!("write the image, and `AS name` if the stage has a name", "写出镜像，阶段有名字时再写 `AS name`")
            }
            Self::InvalidStageName { .. } => say!(
                "start it with a letter and go on with letters, digits, `-`, `_` and `.`",
                "以字母开头，后面用字母、数字、`-`、`_` 和 `.`"
            ),
            Self::MalformedHealthcheck => say!("put CMD in front of the command", "在命令前面加上 CMD"),
            Self::InvalidOnBuild { .. } => say!(
                "delete the line, or put another instruction after ONBUILD",
                "删除这一行，或者在 ONBUILD 后面换一条指令"
            ),
            Self::LineTooLong { .. } => say!(
                "break the line with a backslash, or move the data into a file",
                "用反斜杠换行，或者把数据移到文件里"
            ),
            Self::RepeatedDirective { .. } => say!("keep one of them", "只保留一个"),
            Self::InvalidEscape { .. } => {
                say!("write `# escape=\\` or `# escape=``", "改写为 `# escape=\\` 或 `# escape=``")
            }
            Self::InvalidCheckOption { .. } => say!(
                "write `skip=CHECK,…`, `error=true` or `experimental=CHECK,…`, with `;` and no blank between them",
                "改写为 `skip=CHECK,…`、`error=true` 或 `experimental=CHECK,…`，之间用 `;` 分隔，不留空格"
            ),
            Self::InvalidSignal { .. } => {
                say!("write a name like `SIGTERM` or a number from 1", "写信号名，例如 `SIGTERM`，或者从 1 开始的数字")
            }
            Self::FetchedByCopy => {
                say!("write ADD, with `--checksum=` where it is a file", "改写为 ADD，下载文件时加上 `--checksum=`")
            }
            Self::EmptyVolume => say!("write the path, or delete the line", "写出路径，或者删除这一行"),
        }
    }
}
