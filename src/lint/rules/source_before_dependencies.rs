//! Practice 11: the whole source copied before what seldom changes is installed.

use std::cell::LazyCell;
use std::collections::HashSet;

use super::super::context::Context;
use super::super::data::installers::{Advice, RESOLVERS, Resolver};
use super::super::example::Example;
use super::super::fix::copied_below;
use super::super::images::official_tag;
use super::super::manifests::Sources;
use super::super::packages::matches;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::source_copies::SourceCopies;
use super::super::work::{manifests, option_to_leave_project_out, source_work, system_install, title};
use crate::dockerfile::shell::{Invocation, ShellWord};
use crate::dockerfile::{Base, Keyword};
use crate::diag::{Wording, say};

pub(super) static RULE: Rule = Rule {
    name: "source-before-dependencies",
    aliases: &[],
    practice: Some(11),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "with the whole source copied first, every change of it installs all dependencies again",
        "先复制全部源代码，源代码的每次改动都会重新安装所有依赖"
    ),
    explanation: say!(
        "A COPY whose files changed makes the cache of all instructions below it useless. Dependencies change seldom \
         and take long to install: copy the files that name them, install, and copy the rest afterwards. Bind mounts \
         of these files serve as well, and a cache mount makes the work cheap.",
        "COPY 的文件一有变化，后面所有指令的缓存都作废。依赖很少变化，安装却很慢：先复制列出依赖的文件，安装，然后再复\
         制其余的。对这些文件使用绑定挂载也可以，缓存挂载则使这项工作变得便宜。"
    ),
    help: say!(
        "copy the files that name the dependencies first, install, then copy the rest",
        "先复制列出依赖的文件，安装，再复制其余的"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         WORKDIR /app\n\
         COPY . .\n\
         RUN npm ci\n",
        "FROM node:20.11-alpine\n\
         WORKDIR /app\n\
         COPY package*.json ./\n\
         RUN npm ci\n\
         COPY . .\n",
    ),
    check,
};

fn runs_again(command: &str) -> Wording {
    say!("`{command}` runs again at every change of the source", "源代码每次改动都会重新运行 `{command}`", command)
}

/// A command that builds, and that fetches before it does.
fn resolving(command: &Invocation) -> Option<(&Invocation, &'static Resolver)> {
    let resolver = RESOLVERS.iter().find(|resolver| resolver.programs.contains(&command.program()))?;
    let verb = command.operands().any(|word| resolver.verbs.iter().any(|verb| matches(verb, word.text())));
    let off = |word: &ShellWord| resolver.unless.contains(&word.text());
    // `go install example.com/a@v1` and `cargo install ripgrep` build the program of others.
    let others = match command.program() {
        "go" => command.operands().any(|word| word.text().contains('@')),
        "cargo" => command.operands().any(|word| word.text() == "install") && !command.has_option("--path"),
        _ => false,
    };
    (verb && !others && !command.arguments().iter().any(off)).then_some((command, resolver))
}

/// Whether a build has something to fetch, and nothing above it did so.
fn fetches(context: &Context, at: usize, resolver: &Resolver) -> bool {
    let entries = &context.build.folder.entries;
    let here = |pattern: &&str| entries.iter().any(|name| matches(pattern, name));
    // What is vendored is part of the source.
    let vendored = entries.contains("vendor") || entries.contains(".cargo");
    let asks = |file: &str, word: &str| context.build.text(file).is_none_or(|text| text.contains(word));
    let needs_some = match resolver.programs[0] {
        // Without modules Go looks for libraries elsewhere.
        "go" => asks("go.mod", "require") && (!entries.is_empty() || has_modules(context, at)),
        "cargo" => asks("Cargo.toml", "dependencies"),
        _ => true,
    };
    let known = entries.is_empty() || resolver.manifests.iter().any(here);
    known && !vendored && needs_some && !is_fetched_above(context, at, resolver)
}

fn is_fetched_above(context: &Context, at: usize, resolver: &Resolver) -> bool {
    const ELSEWHERE: [&str; 3] = ["GO111MODULE=off", "GOFLAGS=", "CARGO_HOME="];
    let dockerfile = context.dockerfile;
    let lineage = context.stage_of(at).into_iter().flat_map(|stage| dockerfile.ancestry(stage));
    let above = lineage.flat_map(|stage| dockerfile.stages[stage].instructions.clone()).filter(|index| *index <= at);
    let mut texts = above.map(|index| dockerfile.source.slice(dockerfile.instructions[index].span));
    texts.any(|text| resolver.fetched_by.iter().chain(&ELSEWHERE).any(|word| text.contains(word)))
}

/// Whether Go works with modules by itself: the official images since 1.16.
fn has_modules(context: &Context, at: usize) -> bool {
    let base = context.root_of(at).and_then(|stage| context.root_base(stage));
    let Some((name, tag)) = base.and_then(|base| if let Base::Image(image) = base { official_tag(image) } else { None }) else {
        return false;
    };
    let version = tag.split('-').next().unwrap_or_default().strip_prefix("1.");
    let minor = version.and_then(|rest| rest.split('.').next()).and_then(|minor| minor.parse::<u32>().ok());
    name == "golang" && minor.is_some_and(|minor| minor >= 16)
}

fn title_of_build(command: &Invocation, resolver: &Resolver) -> String {
    let verb = command.operands().find(|word| resolver.verbs.iter().any(|verb| matches(verb, word.text())));
    format!("{} {}", command.program(), verb.map_or("", ShellWord::text))
}

fn advice(resolver: &Resolver) -> Wording {
    match resolver.advice {
        Advice::FetchFirst { files, command } => say!(
            "write `COPY {files} ./` and `RUN {command}` above the copy of the rest, or mount a cache in this RUN",
            "在复制其余文件之前写 `COPY {files} ./` 和 `RUN {command}`，或者在这条 RUN 里挂载缓存",
            files,
            command
        ),
        Advice::MountCache { folder } => say!(
            "write `RUN --mount=type=cache,target={folder}`: what was fetched stays for the next build",
            "改写为 `RUN --mount=type=cache,target={folder}`：下载的内容留给下一次构建",
            folder
        ),
    }
}

fn check(context: &Context, sink: &mut Sink) {
    let copies = SourceCopies::new(context);
    let sources = LazyCell::new(|| Sources::new(context));
    // A second time is cheap, and the first may be above the COPY, where it belongs.
    let (mut installed, mut fetching) = (HashSet::new(), HashSet::new());
    for (at, _) in context.every(Keyword::Run).filter(|(_, run)| !run.on_build) {
        let (script, copy) = (context.script(at), copies.above(at));
        for command in &script.invocations {
            let Some(files) = manifests(command) else { continue };
            let first = installed.insert((context.root_of(at), command.program()));
            if let Some((index, copy)) = copy.filter(|_| first) {
                let draft = sink.report(command.span, runs_again(&title(command)));
                draft.fix((*sources).and_then(|sources| copied_below(context, sources, index, at)));
                draft.label(copy, say!("the whole source is copied here", "在这里复制全部源代码"));
                draft.help(match option_to_leave_project_out(command) {
                    None => say!(
                        "write `COPY {files} ./` above this RUN, and copy the rest below it",
                        "在这条 RUN 上方写 `COPY {files} ./`，在下方复制其余的",
                        files
                    ),
                    Some(option) => say!(
                        "write `COPY {files} ./` and the command with `{option}` above, and this RUN below the copy of the rest",
                        "在上方写 `COPY {files} ./` 和带 `{option}` 的命令，把这条 RUN 留在复制其余文件之后",
                        files,
                        option
                    ),
                });
            }
        }
        for (command, resolver) in script.invocations.iter().filter_map(resolving) {
            // Who builds above the COPY has fetched there.
            let first = fetching.insert((context.root_of(at), resolver.programs[0]));
            if let Some((_, copy)) = copy.filter(|_| first && fetches(context, at, resolver)) {
                let message = say!(
                    "`{command}` fetches its dependencies again at every change of the source",
                    "源代码每次改动，`{command}` 都会重新下载依赖",
                    command = title_of_build(command, resolver)
                );
                let draft = sink.report(command.span, message).help(advice(resolver));
                draft.label(copy, say!("the whole source is copied here", "在这里复制全部源代码"));
            }
        }
        let install = system_install(script).filter(|_| source_work(script).is_none());
        if let Some((install, (index, copy))) = install.zip(copy) {
            let draft = sink.report(install.invocation.span, runs_again(&install.name()));
            draft.fix((*sources).and_then(|sources| copied_below(context, sources, index, at)));
            draft.label(copy, say!("the whole source is copied here", "在这里复制全部源代码"));
            draft.help(say!("move this RUN above the COPY", "把这条 RUN 移到 COPY 上方"));
        }
    }
}
