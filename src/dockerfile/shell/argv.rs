//! Command lines without what stands in front of the program: `sudo`, `env`, `timeout 5` and their like.

use super::super::text::Text;
use super::quotes::ShellWord;
use crate::diag::Span;

/// A program and its arguments.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The program and its arguments; at least one word.
    pub words: Vec<ShellWord>,
    /// What stood in front of the program: `sudo -u app`, `env A=b`, `timeout 5`.
    pub wrappers: Vec<ShellWord>,
    /// From the program to the last argument.
    pub span: Span,
}

impl Invocation {
    /// The program's name without its directory.
    #[must_use]
    pub fn program(&self) -> &str {
        let path = self.words[0].text();
        path.rsplit('/').next().unwrap_or(path)
    }

    #[must_use]
    pub fn arguments(&self) -> &[ShellWord] {
        &self.words[1..]
    }

    /// Arguments that are no options.
    pub fn operands(&self) -> impl Iterator<Item = &ShellWord> {
        self.arguments().iter().filter(|word| !word.is_option())
    }

    /// Whether an option is given: `-x` also within `-axb`, `--long` also as `--long=value`.
    #[must_use]
    pub fn has_option(&self, option: &str) -> bool {
        self.arguments().iter().any(|word| is_option(word.text(), option))
    }
}

fn is_option(word: &str, option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(_) => word.split('=').next() == Some(option),
        None => {
            word == option || (!word.starts_with("--") && word.starts_with('-') && word[1..].contains(&option[1..]))
        }
    }
}

/// A program that runs the program named by its arguments.
struct Wrapper {
    name: &'static str,
    /// Options whose value is the next word.
    valued: &'static [&'static str],
    /// Operands in front of the program.
    operands: usize,
}

const fn wrapper(name: &'static str, valued: &'static [&'static str], operands: usize) -> Wrapper {
    Wrapper { name, valued, operands }
}

const WRAPPERS: [Wrapper; 24] = [
    wrapper("sudo", &["-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "--user", "--group"], 0),
    wrapper("doas", &["-u", "-C"], 0),
    wrapper("env", &["-u", "-C", "--unset", "--chdir"], 0),
    wrapper("exec", &["-a"], 0),
    wrapper("command", &[], 0),
    wrapper("builtin", &[], 0),
    wrapper("nohup", &[], 0),
    wrapper("setsid", &[], 0),
    wrapper("time", &["-f", "-o"], 0),
    wrapper("nice", &["-n", "--adjustment"], 0),
    wrapper("ionice", &["-c", "-n"], 0),
    wrapper("stdbuf", &["-i", "-o", "-e"], 0),
    wrapper("timeout", &["-s", "-k", "--signal", "--kill-after"], 1),
    wrapper("gosu", &[], 1),
    wrapper("su-exec", &[], 1),
    wrapper("tini", &["-p", "-e"], 0),
    wrapper("dumb-init", &["-r", "--rewrite"], 0),
    wrapper("eatmydata", &[], 0),
    wrapper("busybox", &[], 0),
    wrapper("linux32", &[], 0),
    wrapper("catchsegv", &[], 0),
    wrapper("xvfb-run", &["-s", "-n", "-e", "-f", "-p", "-w"], 0),
    wrapper("xargs", &["-n", "-I", "-P", "-L", "-d", "-a", "-s", "-E"], 0),
    wrapper("chronic", &[], 0),
];

const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "zsh", "ksh"];

/// Drops wrappers; the second part is the script of `sh -c` or `su -c`.
pub(super) fn unwrap(mut words: Vec<ShellWord>) -> Option<(Invocation, Option<Text>)> {
    let mut start = 0;
    while let Some(skipped) = wrapped(&words[start..]) {
        start += skipped;
    }
    let wrappers = words.drain(..start).collect();
    let span = words.first()?.span.join(words.last()?.span);
    let invocation = Invocation { words, wrappers, span };
    let nested = carried_script(&invocation);
    Some((invocation, nested))
}

/// How many words stand in front of the wrapped program; `None` when there is none.
fn wrapped(words: &[ShellWord]) -> Option<usize> {
    let name = words.first()?.text();
    let name = name.rsplit('/').next().unwrap_or(name);
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == name)?;
    // `command -v PROGRAM` asks where it is.
    if name == "command" && words.get(1).is_some_and(|word| matches!(word.text(), "-v" | "-V")) {
        return None;
    }
    let mut at = 1;
    let mut operands = wrapper.operands;
    while let Some(word) = words.get(at).map(ShellWord::text) {
        if wrapper.valued.contains(&word) {
            at += 2;
        } else if word.starts_with('-') || is_assignment(word) {
            at += 1;
        } else if operands > 0 {
            operands -= 1;
            at += 1;
        } else {
            return Some(at);
        }
    }
    None
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn carried_script(invocation: &Invocation) -> Option<Text> {
    let shell = SHELLS.contains(&invocation.program());
    if !shell && !matches!(invocation.program(), "su" | "runuser") {
        return None;
    }
    let arguments = invocation.arguments();
    let option = arguments.iter().position(|word| match word.text() {
        "--command" => true,
        text => text.starts_with('-') && !text.starts_with("--") && text.ends_with('c'),
    })?;
    let script = arguments[option + 1..].iter().find(|word| !shell || !word.is_option())?;
    Some(script.value().clone())
}

/// Whether the command is a shell that reads its script from standard input.
pub(super) fn reads_script(invocation: &Invocation) -> bool {
    SHELLS.contains(&invocation.program())
        && carried_script(invocation).is_none()
        && invocation.operands().next().is_none()
}
