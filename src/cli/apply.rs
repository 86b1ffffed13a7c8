//! `swrctl apply`

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;

use crate::apply::{Context, apply, changed_paths, files, images_of};
use crate::diag::{Diagnostic, Lang, Problem, Wording, say};
use crate::image::Digest;
use crate::image::rewrite::ImageTree;
use crate::migrate::Verify;
use crate::network::TakenPath;
use crate::plan::{Action, Event, Location, Outcome, Plan, Step, Tally, Work};
use crate::report;
use crate::report::run::State;
use crate::state::{self, Uploads};
use crate::store::Reads;

use super::args::{ApplyArgs, VerifyArg};
use super::output::{Failure, Output};
use super::report_file::{ReportFile, forget, render_for};
use super::session::Session;
use super::telling::{self, Manner, Telling};

/// How long a file that is being changed is waited for by whoever stops at once.
const LAST_FILE: Duration = Duration::from_secs(1);

/// What to apply, and the images that are known already.
struct Job {
    plan: Arc<Plan>,
    images: BTreeMap<Location, ImageTree>,
    /// Errors were found that belong to no step.
    failed: bool,
}

pub(super) fn run(file: &Path, args: &ApplyArgs, output: &Output) -> Result<ExitCode, Failure> {
    if args.json && args.plan.is_none() && !args.auto_approve {
        let problem = Problem::new("cannot-ask", say!("--json leaves no room for a question", "--json 无法提问"));
        return Err(problem
            .with_help(say!("add --auto-approve, or apply a saved plan", "加上 --auto-approve，或者执行已保存的计划"))
            .into());
    }
    let reports =
        args.report.iter().map(|path| Ok((path.clone(), render_for(path)?))).collect::<Result<Vec<_>, Problem>>()?;
    // This run may end before its first step: what the last one said is not to be taken for its report.
    args.report.iter().for_each(|path| forget(path));
    let session = Session::open(file, args.bandwidth, output)?;
    let job = if let Some(path) = &args.plan {
        saved(&session, path, args.allow_path_change)?
    } else {
        let mut planned = session.plan(&args.scope, output)?;
        let images = images_of(planned.inventory);
        planned.plan.skip_reading(|target| images.contains_key(target));
        Job { images, plan: planned.plan.into(), failed: planned.failed }
    };
    if !args.json {
        Output::print(&report::plan(&job.plan, &output.stdout))?;
    }
    if args.verify.is_some_and(|verify| Verify::from(verify) != Verify::None) {
        tell_of_unverified(&job.plan, output);
    }
    if job.plan.has_changes() && args.plan.is_none() && !args.auto_approve && !confirmed(output)? {
        Output::say(say!("Nothing was applied.", "没有执行任何改动。").get(output.stderr.lang));
        return Ok(ExitCode::FAILURE);
    }
    let report = (!reports.is_empty()).then(|| ReportFile::new(reports, Arc::clone(&job.plan), output.stdout.lang));
    if !job.plan.has_changes() && !args.json {
        report.as_ref().map_or(Ok(()), ReportFile::finish)?;
        if job.plan.is_blocked() {
            let why =
                say!("Nothing was applied: what there is to do is blocked.", "没有执行任何改动：要做的事都受阻。");
            Output::say(why.get(output.stderr.lang));
        }
        return Ok(if job.failed || job.plan.is_blocked() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let failed = job.failed;
    let outcomes = carry_out(&session, job, args, report, output)?;
    let success = !failed && Tally::of(&outcomes).is_success();
    Ok(if success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Who asks for verification may think that it is of everything.
fn tell_of_unverified(plan: &Plan, output: &Output) {
    let unchanged = |step: &&Step| step.action == Action::Unchanged && matches!(step.work, Work::Sync(_));
    let count = plan.steps().iter().filter(unchanged).count();
    if count > 0 {
        let note = say!(
            "--verify looks at what is written now; tags that are unchanged ({count}) are not read back",
            "--verify 只检查这次写入的内容；没有变化的标签（{count} 个）不会读回",
            count
        );
        Output::say(note.get(output.stderr.lang));
    }
}

/// Reads a saved plan; it holds for the very project file it was made from, and for the paths it was made by.
fn saved(session: &Session, path: &Path, allow_path_change: bool) -> Result<Job, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let (path, reason) = (path.display(), Wording::of_system(&error));
        let message = say!("cannot read the plan {path}: {reason}", "无法读取计划 {path}：{reason}", path, reason);
        Problem::new("plan-file", message)
            .with_help(say!("save one with `swrctl plan --out FILE`", "用 `swrctl plan --out FILE` 保存一个"))
    })?;
    let plan = Plan::from_json(&text).map_err(|error| {
        let message = say!("{path}: {reason}", "{path}：{reason}", path = path.display(), reason = error.message());
        Problem::new("plan-file", message)
            .with_help(say!("save it again with `swrctl plan --out FILE`", "用 `swrctl plan --out FILE` 重新保存"))
    })?;
    if plan.project_digest != Digest::sha256(session.project.source.text().as_bytes()) {
        let message = say!(
            "{path} was made from another version of the project file",
            "{path} 是用项目文件的另一个版本制定的",
            path = path.display()
        );
        return Err(Problem::new("plan-outdated", message)
            .with_help(say!("plan again: `swrctl plan --out FILE`", "重新制定计划：`swrctl plan --out FILE`"))
            .into());
    }
    if !allow_path_change {
        let Session { tasks, project, stores, today } = session;
        let changed = tasks.block_on(changed_paths(&plan, project, stores, *today));
        if !changed.is_empty() {
            return Err(changed.into_iter().map(Diagnostic::from).collect::<Vec<_>>().into());
        }
    }
    Ok(Job { plan: plan.into(), images: BTreeMap::new(), failed: false })
}

fn confirmed(output: &Output) -> Result<bool, Failure> {
    if !output.interactive {
        let problem = Problem::new(
            "cannot-ask",
            say!(
                "apply asks before it changes anything, and there is no terminal",
                "apply 在改动之前要询问，而这里没有终端"
            ),
        );
        return Err(problem
            .with_help(say!(
                "add --auto-approve, or apply a saved plan: `swrctl apply PLANFILE`",
                "加上 --auto-approve，或者执行已保存的计划：`swrctl apply PLANFILE`"
            ))
            .into());
    }
    let question =
        say!("Apply these changes? Only `yes` is taken as a yes: ", "执行这些改动？只有输入 `yes` 才会执行：");
    let _ = write!(io::stderr(), "\n{}", question.get(output.stderr.lang));
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    read.map_err(|error| {
        let reason = Wording::of_system(&error);
        Problem::new("cannot-ask", say!("cannot read the answer: {reason}", "无法读取回答：{reason}", reason))
    })?;
    Ok(answer.trim() == "yes")
}

/// The uploads that the last run did not end, from `--state-file` or the folder for state.
fn unfinished_uploads(named: Option<&Path>) -> Uploads {
    let path = match named {
        Some(path) if path == Path::new("none") => None,
        Some(path) => Some(path.to_owned()),
        None => state::default_path(|name| std::env::var_os(name)),
    };
    path.map_or_else(Uploads::forgetful, |path| Uploads::in_file(&path, jiff::Timestamp::now()))
}

fn pinned(plan: &Plan) -> BTreeMap<String, TakenPath> {
    plan.used_paths().into_iter().map(|(registry, path)| (registry.to_owned(), path.clone())).collect()
}

fn carry_out(
    session: &Session,
    job: Job,
    args: &ApplyArgs,
    report: Option<ReportFile>,
    output: &Output,
) -> Result<Vec<Outcome>, Failure> {
    let Job { plan, images, .. } = job;
    // Before the report says that it runs: from then on a stop has to leave a true one.
    let interrupts = session.tasks.block_on(async { Interrupts::listen() });
    // Before anything is done: a report that cannot be written must not be found out at the end.
    report.as_ref().map_or(Ok(()), |report| report.write(State::Running))?;
    let (events, received) = mpsc::unbounded_channel();
    let (stopper, stop) = watch::channel(false);
    let stopping = stop_on_signal(interrupts, stopper, events.downgrade(), report.clone(), output.stderr.lang);
    let context = Context {
        project: session.project.clone(),
        stores: session.stores.clone(),
        images,
        reads: Reads::default(),
        today: session.today,
        pinned: if args.allow_path_change { BTreeMap::new() } else { pinned(&plan) },
        uploads: unfinished_uploads(args.state_file.as_deref()),
        verify: args.verify.map(Verify::from),
        events,
        stop,
    };
    let manner = match () {
        () if args.json => Manner::Json(output.stdout.lang),
        () if output.stderr.color || output.interactive => Manner::Bars(output.stderr.lang),
        () => Manner::Lines(output.stderr.lang),
    };
    let style = output.stdout;
    session.tasks.run(async move {
        let stopping = tokio::spawn(stopping);
        if matches!(manner, Manner::Json(_)) {
            telling::print(report::summary_json(&plan, None) + "\n").await?;
        }
        // On a terminal they follow the bars that go; elsewhere, whoever ends us early still has those that fell.
        let at_once = (!io::stdout().is_terminal()).then_some(style);
        let telling = Telling::of(received, Arc::clone(&plan), manner, at_once, report.clone());
        let outcomes = apply(&plan, context).await;
        let shown = telling.noted().await;
        let reported = report.map_or(Ok(()), |report| report.finish());
        let _ = shown.await;
        let end = match manner {
            Manner::Json(_) => report::summary_json(&plan, Some(&outcomes)) + "\n",
            _ if at_once.is_some() => report::end(&plan, &outcomes, &style),
            Manner::Bars(_) | Manner::Lines(_) => {
                report::outcomes(&plan, &outcomes, &style) + &report::end(&plan, &outcomes, &style)
            }
        };
        telling::print(end).await?;
        stopping.abort();
        reported?;
        Ok(outcomes)
    })
}

/// Ctrl-C and SIGTERM, from the moment on that somebody listens: the second may come while the first is told of.
struct Interrupts(Signal, Signal);

impl Interrupts {
    /// `None` where they cannot be listened to: then both end the process, as they do by default.
    fn listen() -> Option<Self> {
        Some(Self(signal(SignalKind::interrupt()).ok()?, signal(SignalKind::terminate()).ok()?))
    }

    async fn next(&mut self) {
        let Self(interrupt, terminate) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// How long the end may wait for somebody to read why.
const PATIENCE: Duration = Duration::from_secs(1);

/// Ctrl-C or SIGTERM once: stop starting; twice, or once nothing is left but to tell of it: stop at once.
async fn stop_on_signal(
    interrupts: Option<Interrupts>,
    stop: watch::Sender<bool>,
    events: mpsc::WeakUnboundedSender<Event>,
    report: Option<ReportFile>,
    lang: Lang,
) {
    let Some(mut interrupts) = interrupts else { return };
    interrupts.next().await;
    let mut last_words = Vec::new();
    if stop.send(true).is_ok() {
        let _ = events.upgrade().map(|events| events.send(Event::Stopping));
        interrupts.next().await;
        let written = report.map_or(Ok(()), |report| report.write(State::Interrupted));
        last_words.extend(written.err().map(|problem| problem.message));
    }
    last_words.push(say!(
        "stopped at once; what arrived stays, and the next apply goes on from there",
        "已立即停止；已到达的内容会保留，下次 apply 从那里继续"
    ));
    let said = spawn_blocking(move || last_words.iter().for_each(|words| Output::say(words.get(lang))));
    let _ = tokio::time::timeout(PATIENCE, said).await;
    files::end_changes(LAST_FILE);
    std::process::exit(130);
}

impl From<VerifyArg> for Verify {
    fn from(argument: VerifyArg) -> Self {
        match argument {
            VerifyArg::None => Self::None,
            VerifyArg::Digest => Self::Digest,
            VerifyArg::Pull => Self::Pull,
        }
    }
}
