//! Practice 8: an entrypoint script that cannot start.

use super::super::context::Context;
use super::super::example::Example;
use super::super::images::{Kind, kind, official, programs_in};
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_script::{Origin, StartScript, is_mentioned, is_script_name, start_instruction};
use super::super::start_text::StartText;
use super::super::work::brings_unknown;
use crate::dockerfile::{Base, Command, Keyword, Text, Word};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "broken-entrypoint-script",
    aliases: &[],
    practice: Some(8),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "an entrypoint script has to be in the image, executable, and to name its interpreter",
        "入口脚本必须在镜像里、可执行，并写明解释器"
    ),
    explanation: say!(
        "Otherwise no container starts, and the runtime's message (\"no such file or directory\", \"exec format \
         error\", \"permission denied\") seldom says why. A carriage return at the end of the first line is part of \
         the interpreter's name. The script is looked up through WORKDIR and COPY, in the build context or in a \
         here-document; what cannot be known is not reported.",
        "否则容器无法启动，而运行时的报错（“no such file or directory”“exec format error”“permission denied”）很少说明\
         原因。首行末尾的回车符会成为解释器名字的一部分。查找脚本时会经过 WORKDIR 和 COPY，在构建上下文或 \
         here-document 里寻找；无法确知的情况不报告。"
    ),
    help: say!(
        "copy the script, make it executable, and start it with `#!/bin/sh`",
        "把脚本复制进镜像，设为可执行，首行写 `#!/bin/sh`"
    ),
    example: Example::new(
        "FROM alpine:3.20\n\
         COPY start.sh /start.sh\n\
         ENTRYPOINT [\"/start.sh\"]\n",
        "FROM alpine:3.20\n\
         COPY --chmod=755 start.sh /start.sh\n\
         ENTRYPOINT [\"/start.sh\"]\n",
    )
    .bad_beside(&[("start.sh", "#!/bin/sh\nexec app \"$@\"\n")])
    .good_beside(&[("start.sh", "#!/bin/sh\nexec app \"$@\"\n")]),
    check,
};

/// Whether the image is given its files by whoever runs it, or a package may bring the script.
fn is_mounted(context: &Context, target: &str) -> bool {
    const SYSTEM: [&str; 7] = ["/usr", "/bin", "/sbin", "/lib", "/etc", "/opt", "/var"];
    let within = |word: &Word| is_within(target, word.text()) || word.value.is_none();
    let volume = context.shipped().any(|(_, volume)| volume.is(Keyword::Volume) && volume.words().iter().any(within));
    let copies = context.shipped().any(|(_, copy)| copy.is(Keyword::Copy) || copy.is(Keyword::Add));
    volume || !copies || SYSTEM.iter().any(|directory| is_within(target, directory))
}

/// Whether something else than COPY may put the script there.
fn may_be_made(context: &Context, start: &StartScript) -> bool {
    let file = start.name.rsplit('/').next().unwrap_or(&start.name);
    let text = context.dockerfile.source.text();
    context.shipped().filter(|(_, instruction)| *instruction.keyword == Keyword::Run).any(|(index, run)| {
        let script = context.script(index);
        let copies = |program: &str| matches!(program, "cp" | "mv" | "ln" | "install" | "rsync" | "git");
        brings_unknown(script)
            || text.get(run.span.range()).is_none_or(|written| written.contains(file))
            || script.invocations.iter().any(|command| copies(command.program()))
    })
}

/// Whether the rights or the lines of the script are put right below the COPY of index `copy`.
fn is_mended(context: &Context, copy: usize, start: &StartScript, commands: &[&str]) -> bool {
    let text = context.dockerfile.source.text();
    let mut below = context.shipped().filter(|(index, _)| *index > copy);
    below.any(|(_, run)| *run.keyword == Keyword::Run && is_mentioned(run, text, commands, &start.name))
}

/// Whether COPY itself gives the right to execute; what cannot be read may.
fn chmod(context: &Context, copy: usize) -> Option<bool> {
    let mode = context.dockerfile.instructions[copy].flag("chmod")?;
    Some(u32::from_str_radix(mode.text(), 8).map_or(true, |mode| mode & 0o111 != 0))
}

fn check(context: &Context, sink: &mut Sink) {
    let Some(start) = context.start() else { return };
    let origin = start.origin(context.build);
    match origin {
        Origin::Nowhere => check_absent(context, start, sink),
        Origin::File { path, file, copy } => {
            if context.ignored().is_some_and(|ignored| ignored.covers(path)) {
                let message =
                    say!("the ignore file keeps `{path}` out of the image", "忽略文件使 `{path}` 进不了镜像", path);
                let help = say!("add `!{path}` to the ignore file", "在忽略文件里加上 `!{path}`", path);
                sink.report(start.span, message).help(help);
                return;
            }
            let executable = chmod(context, copy).or(file.executable).unwrap_or(true);
            check_rights(context, start, copy, executable, sink);
        }
        Origin::Inline { copy, .. } => {
            check_rights(context, start, copy, chmod(context, copy).unwrap_or(false), sink);
        }
        Origin::Unknown => {}
    }
    let by_bash = || {
        let index = start_instruction(context.dockerfile)?;
        context.script(index).invocations.iter().find(|command| command.program() == "bash").map(|bash| bash.words[0].span)
    };
    if !start.direct && let Some(span) = by_bash().filter(|_| lacks_bash(context)) {
        let message = say!("`bash` is to run `{script}`, and nothing installs it", "要用 `bash` 运行 `{script}`，但没有任何指令安装它", script = start.name);
        sink.report(span, message).help(say!("run the script with `sh`, or install bash", "改用 `sh` 运行脚本，或者安装 bash"));
    }
    if let (Some(text), Some(copy)) = (StartText::of(&origin, context.dockerfile), copy_of(&origin)) {
        check_first_line(context, start, copy, &text, sink);
    }
}

fn copy_of(origin: &Origin) -> Option<usize> {
    match origin {
        Origin::File { copy, .. } | Origin::Inline { copy, .. } => Some(*copy),
        Origin::Nowhere | Origin::Unknown => None,
    }
}

fn check_absent(context: &Context, start: &StartScript, sink: &mut Sink) {
    let known = kind(context.final_base()) != Kind::Unknown;
    if let [target] = &start.targets[..]
        && known
        && is_script_name(target)
        && !is_mounted(context, target)
        && !may_be_made(context, start)
    {
        let message = say!("nothing copies `{target}` into the image", "没有指令把 `{target}` 复制进镜像", target);
        let help = say!("copy the script into the image, or correct its path", "把脚本复制进镜像，或者改正它的路径");
        sink.report(start.span, message).help(help);
    }
}

fn check_rights(context: &Context, start: &StartScript, copy: usize, executable: bool, sink: &mut Sink) {
    if start.direct && !executable && is_executed(context) && !is_mended(context, copy, start, &["chmod", "install"]) {
        let draft =
            sink.report(start.span, say!("`{script}` is not executable", "`{script}` 不可执行", script = start.name));
        let copied = context.dockerfile.instructions[copy].keyword.span;
        let help = say!("write `COPY --chmod=755`, or make the file executable", "改写为 `COPY --chmod=755`，或者把文件设为可执行");
        draft.label(copied, say!("copied here", "在这里复制")).help(help);
    }
}

fn check_first_line(context: &Context, start: &StartScript, copy: usize, text: &StartText, sink: &mut Sink) {
    let Some(interpreter) = text.interpreter() else {
        if start.direct && is_script_name(&start.name) && is_run_by_kernel(context) {
            let script = &start.name;
            let message = say!("`{script}` does not start with `#!`", "`{script}` 不是以 `#!` 开头", script);
            let help = say!("write `#!/bin/sh` on the first line of the script", "在脚本首行写 `#!/bin/sh`");
            sink.report(start.span, message).help(help);
        }
        return;
    };
    if interpreter.ends_with('\r') && !is_mended(context, copy, start, &["dos2unix", "sed", "tr "]) {
        let message = say!(
            "the first line of `{script}` ends with a carriage return",
            "`{script}` 的首行以回车符结尾",
            script = start.name
        );
        let help = say!(
            "save the script with line feeds only, and keep it so: `*.sh text eol=lf` in .gitattributes",
            "用换行符（LF）保存脚本，并在 .gitattributes 里写 `*.sh text eol=lf` 以保持不变"
        );
        sink.report(start.span, message).help(help);
    } else if start.direct && text.program() == Some("bash") && lacks_bash(context) {
        let message = say!(
            "`{script}` asks for `bash`, which nothing installs",
            "`{script}` 需要 `bash`，但没有任何指令安装它",
            script = start.name
        );
        let help = say!("start the script with `#!/bin/sh`, or install bash", "脚本首行改为 `#!/bin/sh`，或者安装 bash");
        sink.report(start.span, message).help(help);
    }
}

/// Whether what is started has to be executable: the entrypoint of a base may take it for an argument.
fn is_executed(context: &Context) -> bool {
    let base = context.final_base();
    let node = matches!(base, Some(Base::Image(name)) if official(name).as_deref() == Some("node"));
    context.shipped().any(|(_, line)| line.is(Keyword::Entrypoint)) || (kind(base) != Kind::Unknown && !node)
}

/// A shell, tini and their like run a script without `#!` themselves; so may the entrypoint of a base.
fn is_run_by_kernel(context: &Context) -> bool {
    let start = context.start().map(|start| start.span);
    let entrypoint = context.shipped().any(|(_, instruction)| instruction.is(Keyword::Entrypoint));
    let bare = !entrypoint && kind(context.final_base()) == Kind::System;
    context.shipped().any(|(_, instruction)| match instruction.command() {
        Some(Command::Exec(words)) if words.first().map(Text::whole) == start => {
            instruction.is(Keyword::Entrypoint) || bare
        }
        _ => false,
    })
}

fn lacks_bash(context: &Context) -> bool {
    let Some(Base::Image(base)) = context.final_base() else { return false };
    let lacking = programs_in(base).is_some_and(|held| !held.contains(&"bash"));
    let text = context.dockerfile.source.text();
    let copied = context.shipped().any(|(_, copy)| *copy.keyword == Keyword::Copy && copy.flag("from").is_some());
    let mut runs = context.shipped_runs();
    lacking
        && !copied
        && !runs.any(|(_, run, script)| {
            brings_unknown(script)
                || text.get(run.span.range()).is_none_or(|written| written.contains("bash"))
                || script.invocations.iter().flat_map(|command| &command.words).any(|word| word.dynamic)
        })
}
