//! Runs the cases files of the rules: `tests/cases/rules/<rule>.md`.
//!
//! Each holds sections `## bad: …` and `## good: …` with a `dockerfile` block, and may hold `dockerignore`, `entries`
//! (names in the context directory, or paths below it), `file NAME`, `program NAME`, `policy`, `shellcheck` (what ShellCheck says) and
//! `registry` blocks (what registries say, a line an image: `only PLATFORM IMAGE VARIABLE…`, or `each PLATFORM,… IMAGE …`
//! for an index). The `findings` block of a bad one lists what the rule says,
//! with places; its `fixed` block is the Dockerfile with the rule's fixes, its `created` block a file that they add.
//! `SWRCTL_BLESS=1` rewrites these blocks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::Glob;
use ignore::gitignore::GitignoreBuilder;
use jiff::civil::Date;

use super::fix::{Fixed, NewFile, fix};
use super::policy::{LabelFormat, Level, Policy, PragmaPolicy, Profile, RequiredLabel};
use super::shellcheck::{Comment, ScCode, ShellFinding, ShellScript, shell_scripts};
use super::{
    BaseImage, BaseImages, BaseQuestions, BuildContext, ContextFile, Folder, Needs, Nested, Offer, Report, Rule, Tree,
    base_questions, holds_secret, is_told_by_text, lint, rule, rules,
};
use crate::diag::{Source, Span, Spanned, Wording};
use crate::dockerfile::{Dockerfile, is_dockerfile};
use crate::image::{Platform, Reference};

#[derive(Debug, Default)]
pub(super) struct Case {
    pub(super) title: String,
    pub(super) blocks: BTreeMap<String, String>,
}

pub(super) fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Names of the files in a folder without their extension, which all must have.
pub(super) fn stems(path: &str, extension: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder(path)).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            assert_eq!(path.extension().and_then(|found| found.to_str()), Some(extension), "{}", path.display());
            path.file_stem().unwrap().to_str().unwrap().to_owned()
        })
        .collect()
}

pub(super) fn read_cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut block: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        match &mut block {
            Some((kind, body)) if content == "````" => {
                let case = cases.last_mut().expect("a block stands below a heading");
                assert!(case.blocks.insert(kind.clone(), body.clone()).is_none(), "{}: two `{kind}`", case.title);
                block = None;
            }
            Some((_, body)) => body.push_str(line),
            None => {
                if let Some(title) = content.strip_prefix("## ") {
                    cases.push(Case { title: title.to_owned(), ..Case::default() });
                } else if let Some(kind) = content.strip_prefix("````") {
                    block = Some((kind.to_owned(), String::new()));
                }
            }
        }
    }
    assert!(block.is_none(), "a block is not closed");
    cases
}

/// What a block `policy` says, on top of every rule.
pub(super) fn policy(text: &str) -> Policy {
    let spanned = |text: &str| Spanned::new(text.to_owned(), Span::default());
    let mut policy = Policy { profile: Profile::All, ..Policy::default() };
    for line in text.lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["base-image", glob] => policy.base_images.push(spanned(glob).map(|glob| Glob::new(&glob).unwrap())),
            ["pragmas", word] => {
                policy.pragmas = match word {
                    "need-reason" => PragmaPolicy::NeedReason,
                    "forbidden" => PragmaPolicy::Forbidden,
                    "ignored" => PragmaPolicy::Ignored,
                    _ => panic!("{word}"),
                };
            }
            ["forbid", glob] => policy.labels.forbidden.push(spanned(glob).map(|glob| Glob::new(&glob).unwrap())),
            ["platforms", ref platforms @ ..] => {
                policy.platforms = platforms.iter().map(|platform| platform.parse().unwrap()).collect();
            }
            ["forbid-others"] => policy.labels.forbid_others = true,
            ["label", name, format] => {
                let format = match format {
                    "text" => LabelFormat::Text,
                    "url" => LabelFormat::Url,
                    "semver" => LabelFormat::Semver,
                    "hash" => LabelFormat::Hash,
                    "rfc3339" => LabelFormat::Rfc3339,
                    "spdx" => LabelFormat::Spdx,
                    "email" => LabelFormat::Email,
                    _ => panic!("{format}"),
                };
                policy.labels.required.push(RequiredLabel { name: spanned(name), format });
            }
            _ => panic!("{line}"),
        }
    }
    policy
}

impl Case {
    fn block(&self, kind: &str) -> Option<&str> {
        self.blocks.get(kind).map(String::as_str)
    }

    pub(super) fn source(&self) -> Arc<Source> {
        Arc::new(Source::new("Dockerfile", self.block("dockerfile").expect("a dockerfile block")))
    }

    /// What lies in the folder: what `entries` lists, and the files of other blocks.
    fn folder(&self, files: &BTreeMap<String, ContextFile>) -> Folder {
        let listed = self.block("entries").unwrap_or_default().lines();
        let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
        let entries = listed.chain(files.keys().map(String::as_str)).map(first).chain(["Dockerfile".to_owned()]);
        Folder::new(entries.collect(), |_| false)
    }

    /// The same with the folders below; `file .gitignore` says what git keeps to this machine.
    fn tree(&self, files: &BTreeMap<String, ContextFile>) -> Tree {
        let listed = self.block("entries").unwrap_or_default().lines();
        let named = listed.chain(files.keys().map(String::as_str)).chain(["Dockerfile"]);
        let with_folders = |path: &'_ str| {
            let ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).collect();
            ends.into_iter().map(|end| path[..end].to_owned()).collect::<Vec<_>>()
        };
        let paths = named.flat_map(with_folders).collect();
        let secret =
            |(path, file): &(&String, &ContextFile)| is_told_by_text(path) && holds_secret(path, file.source.text());
        let secrets = files.iter().filter(secret).map(|(path, _)| path.clone()).collect();
        let mut git = GitignoreBuilder::new("");
        for line in files.get(".gitignore").map_or("", |file| file.source.text()).lines() {
            git.add_line(None, line).unwrap();
        }
        let git = git.build().unwrap();
        let kept = move |path: &str| git.matched_path_or_any_parents(path, true).is_ignore();
        Tree::new(paths, secrets, BTreeSet::new()).with_git(kept)
    }

    /// What is said about a Dockerfile in the place of the case's own.
    pub(super) fn lint(&self, dockerfile: &Dockerfile, created: Option<&NewFile>) -> Report {
        let ignored = self.block("dockerignore").or(created.map(|file| file.text.as_str()));
        let files = self.blocks.iter().filter_map(|(kind, text)| context_file(kind, text)).collect();
        let folder = Arc::new(self.folder(&files));
        let (nested, tree) = (nested(&files), Arc::new(self.tree(&files)));
        let needs = Needs::of(dockerfile);
        let wanted = needs.files(&folder);
        let gone = |path: &&String| !tree.may_hold(path) && !tree.is_kept_from_git(path);
        let known = needs.copied().iter().filter(|_| self.block("dockerignore").is_some());
        let absent: BTreeSet<_> = known.filter(gone).cloned().collect();
        let absent = if absent.len() == needs.copied().len() { BTreeSet::new() } else { absent };
        let context = BuildContext {
            ignore_file: ignored.map(|text| Arc::new(Source::new(".dockerignore", text))).into(),
            folder: folder.into(),
            files: files.into_iter().filter(|(path, _)| wanted.contains(path)).collect::<BTreeMap<_, _>>().into(),
            nested: nested.into(),
            absent: absent.into(),
            tree: tree.into(),
            takes_files: true,
            ..BuildContext::default()
        };
        let online = self.block("registry").is_some();
        let policy = Policy { online, ..policy(self.block("policy").unwrap_or_default()) };
        let bases = registry(self.block("registry").unwrap_or_default(), &base_questions(dockerfile, &policy));
        let context = BuildContext { bases: Arc::new(bases), ..context };
        let said = self.block("shellcheck").unwrap_or_default();
        let shell = shell_findings(said, &shell_scripts(dockerfile, &policy, &context));
        let context = BuildContext { shell, ..context };
        lint(dockerfile, Path::new("Dockerfile"), &policy, &context, None, Date::constant(2027, 1, 31))
    }

    /// The Dockerfile with the fixes of one rule, or of all.
    pub(super) fn fixed(&self, rule: Option<&str>) -> Fixed {
        let mut lint = |dockerfile: &Dockerfile, created: Option<&NewFile>| {
            let mut report = self.lint(dockerfile, created);
            let others = report.findings.iter_mut().filter(|finding| rule.is_some_and(|rule| rule != finding.rule));
            others.for_each(|finding| finding.fix = None);
            report
        };
        let dockerfile = Arc::new(Dockerfile::parse(&self.source()));
        let report = lint(&dockerfile, None);
        fix(&dockerfile, &report, &mut lint)
    }
}

impl Case {
    /// What fixing the fixed files again comes to.
    pub(super) fn fixed_again(&self, first: &Fixed) -> Fixed {
        let mut lint = |dockerfile: &Dockerfile, created: Option<&NewFile>| {
            assert!(first.creates.is_none() || created.is_none(), "the file is there already");
            self.lint(dockerfile, first.creates.as_ref().or(created))
        };
        let dockerfile = Arc::new(Dockerfile::parse(&first.after));
        let report = lint(&dockerfile, None);
        fix(&dockerfile, &report, &mut lint)
    }
}

/// The blocks that show what a rule's fixes make of a case.
fn fixed_blocks(rule: &str, case: &Case) -> BTreeMap<&'static str, String> {
    let fixed = case.fixed(Some(rule));
    let kind = |beside: Option<&str>| if beside.is_some() { "created" } else { "fixed" };
    fixed.changes().map(|change| (kind(change.beside), change.after.to_owned())).collect()
}

/// What ShellCheck says, as it writes it for gcc, with the number of the script for the name of the file:
/// `1:2:6: note: Double quote it [SC2086]`; or `1: why it says nothing`.
fn shell_findings(text: &str, scripts: &[ShellScript]) -> Vec<ShellFinding> {
    let number = |text: &str| text.trim().parse::<usize>().unwrap();
    let finding = |line: &str| match *line.splitn(5, ':').collect::<Vec<_>>() {
        [script, reason] => {
            scripts[number(script) - 1].unchecked(Wording::same(reason.trim()), Wording::same("simplify it"))
        }
        [script, line, column, level, said] => {
            let (message, code) = said.trim_end_matches(']').rsplit_once(" [").unwrap();
            let level = match level.trim() {
                "error" => Level::Error,
                "warning" => Level::Warning,
                _ => Level::Info,
            };
            let start = (number(line), number(column));
            let code = ScCode::parse(code).unwrap();
            let comment = Comment { code, level, message: message.trim().to_owned(), start, end: start };
            scripts[number(script) - 1].finding(comment).expect("it is about the script")
        }
        _ => panic!("{line}"),
    };
    text.lines().map(finding).collect()
}

/// What registries answer.
fn registry(text: &str, questions: &BaseQuestions) -> BaseImages {
    let image = |line: &str| {
        let words: Vec<_> = line.split(' ').collect();
        let [kind, platforms, name, ref set @ ..] = words[..] else { panic!("{line}") };
        let offered: Vec<Platform> = platforms.split(',').map(|platform| platform.parse().unwrap()).collect();
        let offer = if kind == "each" { Offer::Each(offered) } else { Offer::Only(offered[0].clone()) };
        let name: Reference = name.parse().unwrap();
        let asked = questions.0.get(&name).into_iter().flatten();
        let asked = asked.filter(|platform| platform.as_ref().is_none_or(|platform| offer.serves(platform)));
        let set: BTreeSet<_> = set.iter().map(|&variable| variable.to_owned()).collect();
        let variables = asked.map(|platform| (platform.clone(), set.clone())).collect();
        (name, BaseImage { offer, variables })
    };
    text.lines().map(image).collect()
}

/// A `file a.sh` block is a file of the context, a `program a.sh` block one that is executable; `␍` stands for a
/// carriage return.
fn context_file(kind: &str, text: &str) -> Option<(String, ContextFile)> {
    let (kind, path) = kind.split_once(' ')?;
    let executable = match kind {
        "program" => true,
        "file" => false,
        _ => panic!("{kind}"),
    };
    let source = Arc::new(Source::new(path, text.replace('␍', "\r")));
    Some((path.to_owned(), ContextFile { source, executable: Some(executable) }))
}

/// Dockerfiles among the files of folders below.
fn nested(files: &BTreeMap<String, ContextFile>) -> Vec<Nested> {
    let below = files.iter().filter_map(|(path, file)| Some((path.rsplit_once('/')?, file)));
    let dockerfiles = below.filter(|((_, name), _)| is_dockerfile(name));
    let nested = |((folder, _), file): ((&str, &str), &ContextFile)| {
        let beside = files.keys().filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/'));
        let entries = beside.filter_map(|path| path.split('/').next()).map(str::to_owned).collect();
        Nested { source: Arc::clone(&file.source), folder: Arc::new(Folder::new(entries, |_| false)) }
    };
    dockerfiles.map(nested).collect()
}

/// What one rule says, a line each.
fn said(rule: &str, source: &Source, report: &Report) -> String {
    let mut said = String::new();
    for finding in report.findings.iter().filter(|finding| finding.rule == rule) {
        let label = &finding.diagnostic.labels[0];
        let (start, end) = (source.position(label.span.start), source.position(label.span.end));
        let message = finding.diagnostic.problem.message.english();
        writeln!(said, "{}:{}-{}:{} {message}", start.line, start.column, end.line, end.column).unwrap();
    }
    said
}

type Results = Vec<(Case, String, BTreeMap<&'static str, String>)>;

fn render(name: &str, intro: &str, cases: &Results) -> String {
    let mut text = format!("# {name}\n{intro}");
    for (case, said, fixed) in cases {
        write!(text, "\n## {}\n", case.title).unwrap();
        let files = case.blocks.keys().map(String::as_str).filter(|kind| kind.contains(' '));
        for kind in
            ["dockerfile", "dockerignore", "entries", "policy", "registry", "shellcheck"].into_iter().chain(files)
        {
            if let Some(body) = case.blocks.get(kind) {
                write!(text, "\n````{kind}\n{body}````\n").unwrap();
            }
        }
        if case.title.starts_with("bad: ") {
            write!(text, "\n````findings\n{said}````\n").unwrap();
            for (kind, body) in fixed {
                write!(text, "\n````{kind}\n{body}````\n").unwrap();
            }
        }
    }
    text
}

fn run_file(name: &str) -> Vec<String> {
    let path = folder(&format!("tests/cases/rules/{name}.md"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut faults = Vec::new();
    let mut results: Results = Vec::new();
    for case in read_cases(&text) {
        let source = case.source();
        let said = said(name, &source, &case.lint(&Dockerfile::parse(&source), None));
        let fixed = fixed_blocks(name, &case);
        for kind in ["fixed", "created"] {
            if fixed.get(kind).map(String::as_str) != case.block(kind) {
                faults.push(format!("{name}: {}\n{kind}: {fixed:?}", case.title));
            }
        }
        let expected = case.blocks.get("findings").map(String::as_str).unwrap_or_default();
        let bad = case.title.starts_with("bad: ");
        if said != expected || said.is_empty() == bad || !(bad || case.title.starts_with("good: ")) {
            faults.push(format!("{name}: {}\nexpected:\n{expected}got:\n{said}", case.title));
        }
        results.push((case, said, fixed));
    }
    if results.iter().any(|(.., fixed)| !fixed.is_empty()) != rule(name).is_some_and(Rule::is_fixable) {
        faults.push(format!("{name}: the table says `fixable` where no case shows a fix, or the other way around"));
    }
    for kind in ["bad: ", "good: "] {
        if !results.iter().any(|(case, ..)| case.title.starts_with(kind)) {
            faults.push(format!("{name}: no `{kind}` case"));
        }
    }
    if std::env::var_os("SWRCTL_BLESS").is_some() {
        let intro = text.split("\n## ").next().unwrap().split_once('\n').unwrap().1;
        std::fs::write(path, render(name, intro, &results)).unwrap();
    }
    faults
}

#[test]
fn every_case_says_what_its_file_expects() {
    let faults: Vec<String> = rules().iter().flat_map(|rule| run_file(rule.name)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn table_files_and_cases_name_the_same_rules() {
    let table: BTreeSet<String> = rules().iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(table, stems("tests/cases/rules", "md"));
    let mut files = stems("src/lint/rules", "rs");
    assert!(files.remove("mod"));
    assert_eq!(table, files.iter().map(|file| file.replace('_', "-")).collect());
}
