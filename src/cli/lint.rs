//! `swrctl lint`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::diag::{Diagnostic, Problem, Severity, say};
use crate::lint::policy::{Level, Policy, Profile, ShellCheck};
use crate::lint::{BaseAnswers, BaseQuestions, Notice};
use crate::observe::ask_bases;
use crate::project::{self, Project};
use crate::report::lint::{Format, render, summary};
use crate::store::Stores;
use crate::worktree::{Input, LintRun, lint_declared, lint_inputs};

use super::args::{FailOn, LintArgs, LintFormat, ProfileArg, ShellCheckArg};
use super::baseline::{self, Wanted};
use super::fix::{self, Fixing};
use super::hadolint::{self, Found};
use super::output::{Failure, Output};
use super::session::Tasks;

/// `named` says that the user named the project file: then it has to be there.
pub(super) fn run(file: &Path, named: bool, args: &LintArgs, output: &Output) -> Result<ExitCode, Failure> {
    let inputs = inputs(args)?;
    if named && args.hadolint_config.is_some() {
        let problem = Problem::new(
            "wrong-usage",
            say!("a project file and --hadolint-config are two policies", "项目文件和 --hadolint-config 是两套策略"),
        );
        return Err(problem
            .with_help(say!(
                "name one, or write `hadolint-config` into the project file",
                "只用其中一个，或者在项目文件里写 `hadolint-config`"
            ))
            .into());
    }
    let wanted = Wanted::of(args)?;
    let here = named || (file.exists() && args.hadolint_config.is_none());
    let above = if here || args.hadolint_config.is_some() { None } else { project_above(file) };
    if let Some(above) = &above {
        let line =
            say!("policy: the project's, from {file}", "策略：采用项目的设置，来自 {file}", file = above.display());
        Output::say(line.get(output.stderr.lang));
    }
    let file = here.then_some(file).or(above.as_deref());
    let mut project = file.map(|file| load(file, &wanted, args, output)).transpose()?;
    let hadolint = if file.is_some() { None } else { hadolint::find(args.hadolint_config.as_deref(), output)? };
    let today = super::session::today();
    let mut policy = hadolint.as_ref().map(|found| found.settings.clone().into_policy()).unwrap_or_default();
    adjust(&mut policy, args);
    let root = project.as_ref().map_or(Path::new(""), |project| &project.root).to_owned();
    wanted.lay_over(&root, &mut policy, project.iter_mut().flat_map(|project| &mut project.dockerfiles))?;
    if !args.bases.platforms.is_empty() && !asks(&policy, project.as_ref()) {
        let note = say!(
            "note: --platform counts where registries are asked; add --online",
            "注意：--platform 只在查询镜像仓库时有用；请加上 --online"
        );
        Output::say(note.get(output.stderr.lang));
    }
    let own_format = hadolint.as_ref().and_then(Found::format).unwrap_or(Format::Human);
    let format = args.format.map_or(own_format, format);
    let fixes = args.fix || args.diff;
    let folder = [Input::Path(".".into())];
    let mut ask = |questions| ask(project.as_ref(), questions);
    let mut run = match &project {
        Some(project) if here && inputs.is_empty() && !project.dockerfiles.is_empty() => {
            lint_declared(project, today, fixes, &mut ask)
        }
        project => {
            let inputs = if inputs.is_empty() { folder.as_slice() } else { &inputs };
            lint_inputs(inputs, (project.as_ref(), &policy), today, fixes, &mut ask)
        }
    };
    if let Some(found) = &hadolint {
        found.announce(output.stderr.lang);
        if inputs.is_empty() {
            run.findings.extend(found.idle(&policy, &run, today));
        }
    }
    if args.profile.is_some() {
        // What the project allows or holds may be idle in another profile and needed in its own.
        run.forget(&[Notice::UnusedOverride, Notice::StaleBaseline]);
    }
    let fixing = if args.fix { fix::write(&mut run, output.stdout.lang)? } else { Fixing::default() };
    if args.write_baseline.is_some() {
        baseline::write(&mut run, output.stdout.lang)?;
    }
    if args.diff {
        fix::show(&run, output)?;
    } else if args.fix && inputs.iter().any(|input| matches!(input, Input::Stdin(_))) {
        Output::say(render(&run, format, &output.stderr).trim_end());
    } else {
        Output::print(&render(&run, format, &output.stdout))?;
    }
    output.show(&fixing.failures);
    output.show(&run.findings);
    Output::say(&summary(&run, fixing.gone, output.stdout.lang));
    Ok(if failed(&run) || !fixing.failures.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The project file in the nearest folder above that has one, within the repository: editors and hooks start anywhere, and
/// a Dockerfile is to be judged alike from everywhere.
fn project_above(file: &Path) -> Option<PathBuf> {
    let current = std::env::current_dir().ok()?;
    let top = current.ancestors().position(|folder| folder.join(".git").exists())?;
    let mut above = (1..=top).map(|levels| "../".repeat(levels));
    above.find_map(|folder| Some(Path::new(&folder).join(file)).filter(|path| path.is_file()))
}

/// Whether some policy has registries asked.
fn asks(policy: &Policy, project: Option<&Project>) -> bool {
    let sections = project.into_iter().flat_map(|project| &project.dockerfiles);
    policy.online || sections.into_iter().any(|section| section.policy.online)
}

/// Asks registries on this thread, where lint waits.
fn ask(project: Option<&Project>, questions: BaseQuestions) -> BaseAnswers {
    let tasks = match Tasks::start() {
        Ok(tasks) => tasks,
        Err(problem) => {
            let note = Diagnostic::from_problem(Severity::Warning, problem);
            return BaseAnswers { notes: vec![note], ..BaseAnswers::default() };
        }
    };
    let nothing = Project::empty();
    let project = project.unwrap_or(&nothing);
    tasks.block_on(ask_bases(project, &Stores::default(), &BTreeMap::new(), questions))
}

fn load(file: &Path, wanted: &Wanted, args: &LintArgs, output: &Output) -> Result<Project, Failure> {
    let (mut project, warnings) = project::load_with(file, wanted.declared())?;
    output.show(&warnings);
    for section in &mut project.dockerfiles {
        adjust(&mut section.policy, args);
    }
    Ok(project)
}

fn inputs(args: &LintArgs) -> Result<Vec<Input>, Problem> {
    let stdin = args.paths.iter().filter(|path| *path == Path::new("-")).count();
    if stdin > 0 && args.fix && args.paths.len() > 1 {
        let problem = Problem::new(
            "wrong-usage",
            say!(
                "the fixed text of standard input is all that standard output can hold",
                "标准输出只能放标准输入修复后的文本"
            ),
        );
        return Err(problem.with_help(say!("fix files and standard input apart", "分开修复文件和标准输入")));
    }
    if stdin > 1 {
        return Err(Problem::new("wrong-usage", say!("standard input is there only once", "标准输入只有一个"))
            .with_help(say!("write `-` once", "`-` 只写一次")));
    }
    if stdin == 0 && args.stdin_path.is_some() {
        let problem = Problem::new(
            "wrong-usage",
            say!(
                "--stdin-path is about standard input, which is not linted",
                "--stdin-path 用于标准输入，而标准输入没有被检查"
            ),
        );
        return Err(problem.with_help(say!("add `-` to lint standard input", "加上 `-` 以检查标准输入")));
    }
    let input = |path: &PathBuf| match path.to_str() {
        Some("-") => Input::Stdin(args.stdin_path.clone()),
        _ => Input::Path(path.clone()),
    };
    Ok(args.paths.iter().map(input).collect())
}

/// What the command line says goes before the policy.
fn adjust(policy: &mut Policy, args: &LintArgs) {
    if let Some(profile) = args.profile {
        policy.profile = match profile {
            ProfileArg::Swr => Profile::Swr,
            ProfileArg::Hadolint => Profile::Hadolint,
            ProfileArg::Buildkit => Profile::Buildkit,
            ProfileArg::All => Profile::All,
            ProfileArg::None => Profile::None,
        };
    }
    if let Some(shellcheck) = args.shellcheck {
        policy.shellcheck = match shellcheck {
            ShellCheckArg::Auto => ShellCheck::Auto,
            ShellCheckArg::Require => ShellCheck::Require,
            ShellCheckArg::Off => ShellCheck::Off,
        };
    }
    policy.online = args.bases.online || (policy.online && !args.bases.offline);
    if !args.bases.platforms.is_empty() {
        policy.platforms.clone_from(&args.bases.platforms);
    }
    if let Some(fail_on) = args.fail_on {
        policy.fail_on = match fail_on {
            FailOn::Error => Level::Error,
            FailOn::Warning => Level::Warning,
            FailOn::Info => Level::Info,
            FailOn::Never => Level::Off,
        };
    }
}

fn failed(run: &LintRun) -> bool {
    run.files.iter().any(|file| file.report.failed)
        || run.findings.iter().any(|finding| finding.severity == Severity::Error)
}

const fn format(format: LintFormat) -> Format {
    match format {
        LintFormat::Human => Format::Human,
        LintFormat::Short => Format::Short,
        LintFormat::Json => Format::Json,
        LintFormat::Sarif => Format::Sarif,
        LintFormat::Github => Format::Github,
        LintFormat::Gitlab => Format::Gitlab,
        LintFormat::Checkstyle => Format::Checkstyle,
        LintFormat::Junit => Format::Junit,
    }
}
