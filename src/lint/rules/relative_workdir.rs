//! Practice 7: WORKDIR that depends on what the base image left.

use super::super::context::Context;
use super::super::example::Example;
use super::super::images::has_bare_environment;
use super::super::paths::is_absolute;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::diag::say;
use crate::dockerfile::{Keyword, Word};

pub(super) static RULE: Rule = Rule {
    name: "relative-workdir",
    aliases: &["DL3000", "WorkdirRelativePath"],
    practice: Some(7),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "a relative WORKDIR depends on the directory that the base image happens to end in",
        "相对的 WORKDIR 取决于基础镜像恰好停留的目录"
    ),
    explanation: say!(
        "When the base image changes its own WORKDIR, every path after this one moves with it. A relative WORKDIR \
         below an absolute one is fine.",
        "基础镜像改变自己的 WORKDIR 时，后面的所有路径都跟着移动。在绝对的 WORKDIR 之下使用相对的 WORKDIR 没有问题。"
    ),
    help: say!("write an absolute path", "改写为绝对路径"),
    example: Example::new(
        "FROM alpine:3.20\n\
         WORKDIR app\n",
        "FROM alpine:3.20\n\
         WORKDIR /app\n",
    ),
    check,
};

/// The variable that is the whole path, where nothing in the file defines it.
fn undefined(path: &Word) -> Option<&str> {
    let [variable] = path.undefined.as_slice() else { return None };
    let (raw, name) = (path.raw.as_str().trim_matches('"'), variable.name.as_str());
    let bare = raw.strip_prefix("${").and_then(|raw| raw.strip_suffix('}')).or(raw.strip_prefix('$'));
    bare.filter(|bare| *bare == name)
}

fn check(context: &Context, sink: &mut Sink) {
    let mut anchored = vec![false; context.dockerfile.stages.len()];
    let mut moved = anchored.clone();
    for index in 0..context.dockerfile.stages.len() {
        let parent = context.dockerfile.ancestry(index).nth(1);
        anchored[index] = parent.is_some_and(|parent| anchored[parent]);
        moved[index] = parent.is_some_and(|parent| moved[parent]);
        let bare = has_bare_environment(context.root_base(index));
        let set = context.base_variables(index);
        let is_unset = |name: &str| set.as_ref().map_or(bare, |set| !set.contains(name));
        let linux = bare || context.as_buildkit() && !context.is_windows(index);
        for workdir in context.dockerfile.stage_instructions(index).iter().filter(|line| line.is(Keyword::Workdir)) {
            let Some(path) = workdir.words().first() else { continue };
            let absolute = |path: &str| match path.chars().next() {
                Some('/') => true,
                Some('\\') if context.as_hadolint() => context.is_windows(index),
                _ => (!linux || context.as_hadolint()) && is_absolute(path),
            };
            // An open value is taken for absolute where it stands in front: it nearly always is.
            let open = |path: &Word| path.raw.as_str().trim_start_matches(['"', '\'']).starts_with('$');
            if !moved[index] && context.as_buildkit() && undefined(path).is_some_and(is_unset) {
                let message = say!("WORKDIR is empty: nothing defines the variable", "WORKDIR 为空：没有定义这个变量");
                sink.report(path.span(), message).aliases(&["WorkdirRelativePath"]);
            } else if path.value.as_deref().map_or_else(|| open(path) || absolute(path.raw.as_str()), absolute) {
                anchored[index] = true;
            } else if !anchored[index] {
                let message = say!(
                    "WORKDIR `{path}` starts wherever the base image ended",
                    "WORKDIR `{path}` 从基础镜像停留的目录开始",
                    path = path.text()
                );
                let draft = sink.report(path.span(), message).beyond_hadolint(open(path));
                if moved[index] {
                    // BuildKit reports the first one only.
                    draft.aliases(&["DL3000"]);
                }
            } else if context.as_hadolint() {
                let message = say!(
                    "WORKDIR `{path}` depends on the one above",
                    "WORKDIR `{path}` 取决于上一个 WORKDIR",
                    path = path.text()
                );
                let draft = sink.report(path.span(), message).aliases(&["DL3000"]);
                draft.beyond_hadolint(open(path));
            }
            moved[index] = true;
        }
    }
}
