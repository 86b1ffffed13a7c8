//! Practice 5: an archive that was downloaded and unpacked, and stayed.

use super::super::context::Context;
use super::super::example::Example;
use super::super::paths::{has_extension, is_archive};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::package_lists_left::is_mounted;
use crate::dockerfile::shell::{Invocation, Script, ShellWord};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "archive-left",
    aliases: &[],
    practice: Some(5),
    level: Level::Warning,
    by_policy: false,
    summary: say!("a downloaded archive stays in the layer after it was unpacked", "下载的归档解压之后仍留在层里"),
    explanation: say!(
        "Only the RUN that downloaded the archive can keep it out of the image: a later `rm` hides the file, the layer \
         below still holds it.",
        "只有下载归档的那条 RUN 才能让它不进镜像：后面的 `rm` 只是把文件藏起来，下面的层里它还在。"
    ),
    help: say!(
        "delete the archive in the same RUN, or pipe the download into `tar`",
        "在同一条 RUN 里删除归档，或者把下载内容用管道交给 `tar`"
    ),
    example: Example::new(
        "FROM debian:12.5\n\
         RUN curl -fsSLO https://example.com/tool.tar.gz && tar -xzf tool.tar.gz -C /opt\n",
        "FROM debian:12.5\n\
         RUN curl -fsSLO https://example.com/tool.tar.gz && tar -xzf tool.tar.gz -C /opt && rm tool.tar.gz\n",
    ),
    check,
};

/// The file that a download writes, when its name can be told.
fn downloaded(invocation: &Invocation) -> Option<String> {
    let (output, remote_name) = match invocation.program() {
        "curl" => (["-o", "--output"], invocation.has_option("-O") || invocation.has_option("--remote-name")),
        "wget" => (["-O", "--output-document"], true),
        _ => return None,
    };
    let words = invocation.arguments();
    let named = words.iter().position(|word| is_output_option(word, output[0]) || word.text() == output[1]);
    let file = match named {
        Some(at) => words.get(at + 1)?.text(),
        None if remote_name => words.iter().map(ShellWord::text).find(|word| word.contains("://"))?,
        None => return None,
    };
    let name = file.rsplit('/').next().unwrap_or(file);
    (is_archive(name) || has_extension(name, &["zip", "deb", "rpm"])).then(|| name.to_owned())
}

/// `-o`, also at the end of `-sSLo`.
fn is_output_option(word: &ShellWord, option: &str) -> bool {
    let text = word.text();
    text.starts_with('-') && !text.starts_with("--") && text.ends_with(&option[1..])
}

/// Whether the script unpacks `file` and nothing in it could have moved or deleted it.
fn is_left(script: &Script, file: &str) -> bool {
    let mentions = |invocation: &Invocation| invocation.arguments().iter().any(|word| word.text().ends_with(file));
    let unpacked = script.invocations.iter().any(|invocation| {
        matches!(invocation.program(), "tar" | "unzip" | "dpkg" | "rpm" | "bsdtar" | "7z") && mentions(invocation)
    });
    let removed = script.invocations.iter().any(|invocation| {
        let program = invocation.program();
        // Directories, globs and variables may well mean the file: only a plain name of another file does not.
        let may_mean = |word: &ShellWord| {
            let text = word.text();
            text.ends_with(file) || word.dynamic || text.contains(['*', '?', '[', '{']) || !is_file_name(text)
        };
        matches!(program, "rm" | "mv" | "find" | "unlink" | "shred") && invocation.operands().any(may_mean)
    });
    unpacked && !removed
}

fn is_file_name(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains('.') && !matches!(name, "." | ".."))
}

/// Downloads of one RUN that are looked at; each is held against all its commands.
const MOST: usize = 50;

fn check(context: &Context, sink: &mut Sink) {
    for (_, run, script) in context.shipped_runs() {
        if is_mounted(run, |_| true) {
            continue;
        }
        let downloads = script.invocations.iter().filter_map(|command| Some((command, downloaded(command)?)));
        for (command, file) in downloads.take(MOST).filter(|(_, file)| is_left(script, file)) {
            let message = say!("`{file}` stays in the image after it was unpacked", "`{file}` 解压之后仍留在镜像里", file);
            sink.report(command.span, message);
        }
    }
}
