//! What a declared sync and what was observed of both sides come to: one action, or why there can be none.

use crate::diag::{Problem, Wording, say};
use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, Digest, ManifestReference};

use super::cost::Requests;
use super::expand::Request;
use super::inventory::{Location, Observed, SyncFacts};
use super::step::{Action, SyncWork, Work};

/// What one request comes to.
pub(super) struct Decision<'a> {
    pub(super) action: Action,
    pub(super) reason: Wording,
    pub(super) source: Digest,
    pub(super) before: Option<Digest>,
    /// None where layers have to be recompressed first.
    pub(super) after: Option<Digest>,
    pub(super) image: Option<&'a ImageTree>,
}

/// The action of one request, or why there can be none.
pub(super) fn decide<'a>(request: &Request, facts: &'a SyncFacts) -> Result<Decision<'a>, Problem> {
    let source = known(&facts.source)?.as_ref().ok_or_else(|| missing_source(&request.source))?;
    let target = known(&facts.target)?.as_ref();
    let before = target.cloned();
    let decision = |action, reason, after, image| Decision {
        action,
        reason,
        source: source.digest.clone(),
        before: before.clone(),
        after,
        image,
    };
    if let Some(present) = target
        && request.missing_only
    {
        return Ok(decision(
            Action::Unchanged,
            say!("present, and only what is missing is wanted", "已存在，而只需补齐缺失的"),
            Some(present.clone()),
            None,
        ));
    }
    if let Some(why) = &facts.referrers_unknown {
        return Err(why.clone());
    }
    let image = facts.image.as_ref().map(|image| image.as_ref().map_err(Clone::clone)).transpose()?;
    let after = after(request, source, image)?;
    if let ManifestReference::Digest(wanted) = &request.target.reference
        && Some(wanted) != after.as_ref()
    {
        return Err(other_digest(request, after.as_ref()));
    }
    let (action, reason) = match target {
        Some(target) if Some(target) == after.as_ref() => (Action::Unchanged, say!("the same digest", "摘要相同")),
        Some(present) if image.is_some_and(|image| image.is_called(present)) => {
            let reason = say!("the same bytes, under a digest of another algorithm", "内容相同，只是摘要算法不同");
            return Ok(decision(Action::Unchanged, reason, Some(present.clone()), None));
        }
        Some(present) if facts.equivalent => {
            let reason = match after {
                Some(_) => say!("the same image, written in other words", "同一镜像，只是写法不同"),
                None => say!("the same image, recompressed", "同一镜像，只是重新压缩过"),
            };
            return Ok(decision(Action::Unchanged, reason, Some(present.clone()), None));
        }
        Some(_) if after.is_none() => (
            Action::Update,
            say!(
                "not known to be the same, as its layers are yet to be recompressed",
                "层尚未重新压缩，无法确定是否相同"
            ),
        ),
        Some(_) => (Action::Update, say!("the target holds something else", "目标上的内容不同")),
        None => (Action::Create, say!("not at the target", "目标上没有")),
    };
    Ok(decision(action, reason, after, image))
}

/// The digest that the target's tag is to hold; none where it is known only when layers are recompressed.
fn after(request: &Request, source: &Descriptor, image: Option<&ImageTree>) -> Result<Option<Digest>, Problem> {
    match image {
        Some(tree) => Ok(tree.digest().cloned()),
        None if !request.rewrite.needs_content(&source.media_type) => Ok(Some(source.digest.clone())),
        None => Err(Problem::new(
            "not-observed",
            say!("the image of {source} was not read", "没有读取 {source} 的镜像", source = request.source),
        )),
    }
}

fn other_digest(request: &Request, after: Option<&Digest>) -> Problem {
    let after = after.map_or_else(|| say!("another digest", "另一个摘要"), |after| Wording::same(after.to_string()));
    let message = say!(
        "{source} has to be rewritten for the target and becomes {after} there",
        "{source} 必须为目标改写，在那里会变成 {after}",
        source = request.source,
        after
    );
    let help = say!("give it a tag to be found by: `as=\"nginx:1.25\"`", "给它一个可以找到的标签：`as=\"nginx:1.25\"`");
    Problem::new("digest-changes", message).with_help(help)
}

fn known<T>(observed: &Observed<T>) -> Result<&T, Problem> {
    match observed {
        Observed::Known(value) => Ok(value),
        Observed::Unknown { why } => Err(why.clone()),
    }
}

fn missing_source(source: &Location) -> Problem {
    let help = say!(
        "correct it in the project file, or push it to the source first; where the source lists it all the same, leave it \
         out with `except`",
        "在项目文件里修正，或者先推送到源；如果源仍然列出它，就用 `except` 排除"
    );
    Problem::new("no-source-tag", say!("the source has no {source}", "源里没有 {source}", source)).with_help(help)
}

/// The work of a sync that nothing is known of.
pub(super) fn empty_sync(request: &Request) -> Work {
    Work::Sync(Box::new(SyncWork {
        source: request.source.clone(),
        source_digest: None,
        target: request.target.clone(),
        before: None,
        after: None,
        rewrite: request.rewrite.clone(),
        subject: request.subject.clone(),
        losses: vec![],
        blobs: vec![],
        bytes: 0,
        requests: Requests::default(),
        retries: request.retries,
        verify: request.verify,
    }))
}
