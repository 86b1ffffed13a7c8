//! What plan, apply and graph do first: load the project, observe, plan.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};

use crate::diag::{Diagnostic, Problem, Wording, did_you_mean, say};
use crate::observe::observe;
use crate::plan::{Address, Inventory, Plan, Scope, ScopeError, plan, planned_report, used_registries};
use crate::project::{self, ByteRate, Project};
use crate::registry::Bandwidth;
use crate::store::Stores;

use super::args::ScopeArgs;
use super::output::{Failure, Output};

/// A project that is being worked on.
pub(super) struct Session {
    pub(super) tasks: Tasks,
    pub(super) project: Arc<Project>,
    pub(super) stores: Arc<Stores>,
    pub(super) today: Date,
}

/// Where network work is done: on this thread. It relays more bytes than registries take, and nothing has to wake another
/// thread for every answer. What blocks (files, names) has threads of its own.
pub(super) struct Tasks(Option<LocalRuntime>);

/// What is left to do at the end of a command (a name that is being resolved, a file that is being removed) gets this
/// long: the system's resolver may hang for half a minute.
const LAST_WORK: Duration = Duration::from_millis(500);

impl Tasks {
    pub(super) fn start() -> Result<Self, Problem> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default())
            .map(|runtime| Self(Some(runtime)));
        runtime.map_err(|error| {
            let reason = Wording::of_system(&error);
            Problem::new("runtime", say!("cannot start network work: {reason}", "无法启动网络工作：{reason}", reason))
        })
    }

    /// Does `work` on this thread, until it is done.
    pub(super) fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.0.as_ref().expect("the runtime is there until the drop").block_on(work)
    }

    /// As [`Self::block_on`], for what waits for many answers: a task is woken without a call of the system, what
    /// `block_on` itself waits for is not.
    pub(super) fn run<T: 'static>(&self, work: impl Future<Output = T> + 'static) -> T {
        let done = self.block_on(async { tokio::task::spawn_local(work).await });
        done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(LAST_WORK);
        }
    }
}

/// A plan and the facts it stands on.
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) inventory: Inventory,
    /// Findings that belong to no step and are errors.
    pub(super) failed: bool,
}

impl Session {
    /// Loads the project; what its registries move stays within `bandwidth`, in all.
    pub(super) fn open(file: &Path, bandwidth: Option<ByteRate>, output: &Output) -> Result<Self, Failure> {
        let (project, warnings) = project::load(file)?;
        output.show(&warnings);
        let tasks = Tasks::start()?;
        let none = Bandwidth::default();
        let bandwidth = bandwidth.map_or_else(|| none.clone(), |rate| none.and(rate.bytes_per_second()));
        let stores = tasks.block_on(Stores::open(&project, &used_registries(&project), &bandwidth));
        Ok(Self { tasks, project: Arc::new(project), stores: Arc::new(stores), today: today() })
    }

    /// Observes and plans; shows what belongs beside the plan on standard error.
    pub(super) fn plan(&self, scope: &ScopeArgs, output: &Output) -> Result<Planned, Failure> {
        let scope = Scope::new(&scope.targets, &scope.excludes).map_err(|error| {
            let ScopeError { pattern, reason } = error;
            let message = say!(
                "`{pattern}` is not a glob over addresses: {reason}",
                "`{pattern}` 不是地址的通配模式：{reason}",
                pattern,
                reason
            );
            Problem::new("bad-address", message).with_help(say!(
                "write addresses as the plan shows them, `*` stands for any text",
                "按计划里显示的样子写地址，`*` 代表任意文本"
            ))
        })?;
        let (project, stores, wanted) = (self.project.clone(), self.stores.clone(), scope.clone());
        let today = self.today;
        let observation = self.tasks.run(async move { observe(&project, &stores, &wanted, today).await });
        let plan = plan(&self.project, &observation.inventory, &scope);
        if scope.is_partial() {
            all_match(&scope, &observation.addresses)?;
            let planned: BTreeSet<&Address> = plan.steps().iter().map(|step| &step.address).collect();
            let left_out =
                observation.addresses.iter().filter(|address| !planned.contains(address) && !scope.holds(address));
            let left_out = left_out.count();
            let steps = Wording::counted(left_out, &say!("step", "个步骤"));
            let note = say!(
                "note: this is a partial plan, --target or --exclude leaves {steps} out",
                "注意：这是部分计划，--target 或 --exclude 略去了 {steps}",
                steps
            );
            Output::say(note.get(output.stderr.lang));
        } else if plan.steps().is_empty() && observation.findings.is_empty() {
            let note = say!(
                "note: the project file declares nothing to do; swr.kdl.example shows what there is",
                "注意：项目文件没有声明要做的事；swr.kdl.example 列出了所有写法"
            );
            Output::say(note.get(output.stderr.lang));
        }
        let mut shown: Vec<Diagnostic> = Vec::new();
        for dockerfile in &observation.inventory.dockerfiles {
            shown.extend(planned_report(dockerfile, &scope).findings.iter().map(|finding| finding.diagnostic.clone()));
        }
        shown.extend(observation.findings.iter().cloned());
        output.show(&shown);
        let failed = observation.findings.iter().any(|finding| finding.severity == crate::diag::Severity::Error);
        Ok(Planned { plan, inventory: observation.inventory, failed })
    }
}

/// Every pattern must mean something: a mistyped `--exclude` would otherwise let through what it was to keep out.
fn all_match(scope: &Scope, addresses: &BTreeSet<Address>) -> Result<(), Failure> {
    let unknown = |pattern: &str| {
        let problem = Problem::new(
            "no-step",
            say!("no step has an address like `{pattern}`", "没有步骤的地址符合 `{pattern}`", pattern),
        );
        let near = did_you_mean(pattern, addresses.iter().map(Address::as_str));
        problem.with_help(match near {
            Some(near) => say!("did you mean `{near}`?", "是不是想写 `{near}`？", near),
            None if pattern.contains('@') => say!(
                "what refers to an image is planned behind it: target the tag of the image, too",
                "关联制品排在它所属的镜像之后：同时用 --target 选中该镜像的标签"
            ),
            None => say!(
                "write addresses as the plan shows them, `*` stands for any text: `sync.swr/portal/*`",
                "按计划里显示的样子写地址，`*` 代表任意文本：`sync.swr/portal/*`"
            ),
        })
    };
    let unmatched = scope.unmatched(addresses);
    let problems: Vec<Diagnostic> = unmatched.into_iter().map(|pattern| unknown(pattern).into()).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems.into()) }
}

/// The day in UTC: what a team allows until some day ends at the same moment for everybody.
pub(super) fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_resolver_that_hangs_does_not_delay_the_end() {
        let tasks = Tasks::start().unwrap();
        tasks.block_on(async { drop(tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(20)))) });
        let begin = Instant::now();
        drop(tasks);
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    }
}
