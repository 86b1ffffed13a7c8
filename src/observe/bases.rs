//! What registries say of the images that Dockerfiles name: each is asked for once, all registries at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::prove_path;
use super::reach::path_problem;
use crate::diag::{Diagnostic, Problem, Wording, say};
use crate::image::{Platform, Reference, RegistryHost};
use crate::lint::{AskBases, BaseAnswers, BaseImage, BaseQuestions, Notice};
use crate::network::PathReport;
use crate::project::{Place, Project, RegistryDecl};
use crate::registry::{Access, Bandwidth};
use crate::store::{Store, Stores, read_base};

/// One registry gets this long for all its images, logins and pauses included: linting is not to wait for one that hangs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Images of one registry under way at a time; its own limit holds below it.
const IMAGES_AT_A_TIME: usize = 8;

/// Lint that goes on in a thread for what blocks, and waits there until somebody answers what it asks.
#[derive(Debug)]
pub(super) struct Linting<T> {
    asked: oneshot::Receiver<BaseQuestions>,
    answers: oneshot::Sender<BaseAnswers>,
    lint: JoinHandle<T>,
}

impl<T: Send + 'static> Linting<T> {
    pub(super) fn start(lint: impl FnOnce(AskBases) -> T + Send + 'static) -> Self {
        let (ask, asked) = oneshot::channel();
        let (answers, answered) = oneshot::channel();
        let lint = tokio::task::spawn_blocking(move || {
            let mut once = Some((ask, answered));
            lint(&mut |questions| {
                let sent = once.take().filter(|(ask, _)| !ask.is_closed());
                let answered = sent.and_then(|(ask, answered)| ask.send(questions).ok().map(|()| answered));
                answered.and_then(|answered| answered.blocking_recv().ok()).unwrap_or_default()
            })
        });
        Self { asked, answers, lint }
    }

    /// Answers what lint asks, if it does, and returns what comes of it.
    pub(super) async fn answered(self, answer: impl AsyncFnOnce(BaseQuestions) -> BaseAnswers) -> T {
        if let Ok(questions) = self.asked.await {
            // Nobody waits for it where lint is gone; that shows below.
            let _ = self.answers.send(answer(questions).await);
        }
        self.lint.await.expect("linting does not panic")
    }
}

/// Asks the registries, as sections of the project describe them or as Docker would take them. `stores` are open already,
/// and `paths` proved; a registry whose path is not as declared is not asked. Nothing fails: what is not known is in a
/// note.
pub async fn ask_bases(
    project: &Project,
    stores: &Stores,
    paths: &BTreeMap<String, PathReport>,
    questions: BaseQuestions,
) -> BaseAnswers {
    let mut registries: BTreeMap<RegistryHost, Questions> = BTreeMap::new();
    for (image, wanted) in questions.0 {
        registries.entry(image.registry.clone()).or_default().push((image, wanted));
    }
    let (project, names) = declaring(project, registries.keys());
    let unopened: Vec<_> = names.values().filter(|name| !stores.is_open(name)).collect();
    let opened = Stores::open(&project, unopened, &Bandwidth::default()).await;
    let asked = registries.into_iter().map(async |(host, questions)| {
        let name = &names[&host];
        let stores = if stores.is_open(name) { stores } else { &opened };
        match reachable(&project, stores, paths, name).await {
            Ok(store) => ask(&host, store, questions, DEADLINE).await,
            Err(why) => Asked::unknown(questions, &why),
        }
    });
    let mut answers = BaseAnswers::default();
    let mut known = Vec::new();
    for asked in join_all(asked).await {
        known.extend(asked.known);
        answers.notes.extend(notes(asked.unknown));
    }
    answers.images = known.into_iter().collect();
    answers
}

type Questions = Vec<(Reference, BTreeSet<Option<Platform>>)>;

/// What one registry said.
#[derive(Default)]
struct Asked {
    known: Vec<(Reference, BaseImage)>,
    unknown: Vec<(Reference, Problem)>,
}

impl Asked {
    fn unknown(questions: Questions, why: &Problem) -> Self {
        let unknown = questions.into_iter().map(|(image, _)| (image, why.clone())).collect();
        Self { unknown, ..Self::default() }
    }
}

/// The project with a section for each of these registries, and the names of these sections.
fn declaring<'h>(
    project: &Project,
    hosts: impl Iterator<Item = &'h RegistryHost>,
) -> (Project, BTreeMap<RegistryHost, String>) {
    let mut project = project.clone();
    let mut names = BTreeMap::new();
    for host in hosts {
        let is_this = |declared: &&RegistryDecl| matches!(&declared.place, Place::Registry(place) if place == host);
        let name = project.registries.iter().find(is_this).map(|declared| declared.name.value.clone());
        let name = name.unwrap_or_else(|| {
            // No name that a section may have.
            let name = format!("//{host}");
            project.registries.push(RegistryDecl::undeclared(name.clone(), host.clone()));
            name
        });
        names.insert(host.clone(), name);
    }
    (project, names)
}

/// The store behind a path that is as declared; it is proved where that was not done yet.
async fn reachable<'s>(
    project: &Project,
    stores: &'s Stores,
    paths: &BTreeMap<String, PathReport>,
    name: &str,
) -> Result<&'s Store, Problem> {
    let store = stores.get(name)?;
    let proved = match paths.get(name) {
        None if project.network(name).is_some() => prove_path(project, stores, name, None).await,
        known => known.cloned(),
    };
    proved.and_then(|path| path_problem(name, &path)).map_or(Ok(store), Err)
}

async fn ask(host: &RegistryHost, store: &Store, questions: Questions, limit: Duration) -> Asked {
    let deadline = Instant::now() + limit;
    if let Store::Registry(client) = store {
        client.expect(questions.iter().map(|(image, _)| (image.repository.clone(), Access::Pull)));
    }
    let mut answers = stream::iter(questions)
        .map(async |(image, wanted)| {
            let read = timeout_at(deadline, read_base(store, &image.repository, &image.manifest(), &wanted)).await;
            let read = read.map_or_else(|_| Err(too_slow(host, limit)), |read| read.map_err(Problem::from));
            (image, read)
        })
        .buffer_unordered(IMAGES_AT_A_TIME);
    let mut asked = Asked::default();
    while let Some((image, read)) = answers.next().await {
        match read {
            Ok(known) => asked.known.push((image, known)),
            Err(why) => asked.unknown.push((image, why)),
        }
    }
    asked
}

fn too_slow(host: &RegistryHost, limit: Duration) -> Problem {
    let seconds = limit.as_secs();
    let message =
        say!("{host} did not answer within {seconds} seconds", "{host} 在 {seconds} 秒内没有应答", host, seconds);
    Problem::new("timeout", message).with_help(say!(
        "see where the path to it ends with `swrctl network`, or lint with `--offline`",
        "用 `swrctl network` 查看路径断在哪里，或者用 `--offline` 检查"
    ))
}

/// What a registry did not say: a warning for each reason.
fn notes(mut unknown: Vec<(Reference, Problem)>) -> Vec<Diagnostic> {
    unknown.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut reasons: Vec<(Vec<Reference>, Problem)> = Vec::new();
    for (image, why) in unknown {
        match reasons.iter_mut().find(|(_, known)| known.code == why.code) {
            Some((images, _)) => images.push(image),
            None => reasons.push((vec![image], why)),
        }
    }
    reasons.into_iter().map(|(images, why)| note(&images, why)).collect()
}

fn note(images: &[Reference], why: Problem) -> Diagnostic {
    let image = &images[0];
    let images = match images.len() - 1 {
        0 => Wording::same(image.to_string()),
        1 => say!("{image} and another image", "{image} 和另一个镜像", image),
        more => say!("{image} and {more} other images", "{image} 和另外 {more} 个镜像", image, more),
    };
    let message =
        say!("{images} could not be asked for: {reason}", "无法查询 {images}：{reason}", images, reason = why.message);
    let note = Diagnostic::warning(Notice::UnknownBase.name(), message);
    match why.help {
        Some(help) => note.with_help(help),
        None => note,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::project::Auth;

    #[tokio::test]
    async fn a_registry_that_hangs_gets_its_time_and_no_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let mut project = Project::empty();
        let declared = RegistryDecl::undeclared("silent".into(), host.parse().unwrap());
        project.registries.push(RegistryDecl { auth: Auth::Anonymous, ..declared });
        let stores = Stores::open(&project, [&"silent".to_owned()], &Bandwidth::default()).await;
        let images = ["c", "a:1", "b:1"].map(|name| format!("{host}/{name}").parse().unwrap());
        let questions = images.into_iter().map(|image| (image, BTreeSet::new())).collect();
        let store = stores.get("silent").unwrap();
        let asked = ask(&host.parse().unwrap(), store, questions, Duration::from_secs(1)).await;
        assert!(asked.known.is_empty());
        let [note] = &notes(asked.unknown)[..] else { panic!("one note") };
        let message = note.problem.message.english();
        assert!(message.contains("/a:1 and 2 other images could not be asked for"), "{message}");
        assert!(message.contains("did not answer within 1 seconds"), "{message}");
    }

    #[tokio::test]
    async fn lint_that_asks_nobody_is_not_waited_for() {
        let lint = Linting::start(|_| 1);
        assert_eq!(lint.answered(async |_| panic!("nobody asked")).await, 1);
    }

    #[tokio::test]
    async fn lint_gets_one_answer() {
        let lint = Linting::start(|ask| {
            let notes = |answers: BaseAnswers| answers.notes.len();
            [notes(ask(BaseQuestions::default())), notes(ask(BaseQuestions::default()))]
        });
        let note = Diagnostic::warning("unknown-base", say!("a note", "说明"));
        let answers = BaseAnswers { notes: vec![note], ..BaseAnswers::default() };
        assert_eq!(lint.answered(async |_| answers).await, [1, 0]);
    }
}
