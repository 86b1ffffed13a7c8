//! Repositories and tags of the sources, where rules choose among them.

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;

use super::CONCURRENCY;
use super::heads::Heads;
use super::reach::Reach;
use crate::diag::{Diagnostic, Problem, Wording, say};
use crate::image::{self, Descriptor};
use crate::plan::{Listings, Location, Observed, needed_catalogs, needed_created, needed_tags};
use crate::project::Project;
use crate::store::read_created;

/// What sources list.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) listings: Listings,
    /// What they list that is no name.
    pub(super) strange: Vec<Diagnostic>,
    /// What tags hold that had to be looked at already.
    pub(super) heads: Heads,
}

pub(super) async fn list(project: &Project, reach: &Reach<'_>) -> Listed {
    let Listed { mut listings, strange: mut findings, mut heads } = Listed::default();
    let mut catalogs = stream::iter(needed_catalogs(project))
        .map(async |catalog| {
            let listed = match reach.source(&catalog.registry) {
                Err(why) => Err(why),
                Ok(store) => store.catalog(catalog.namespace.as_ref()).await.map_err(Problem::from),
            };
            (catalog, listed)
        })
        .buffer_unordered(CONCURRENCY);
    while let Some((catalog, listed)) = catalogs.next().await {
        let place = format!("`{}`", catalog.registry);
        let names = listed.map(|listed| plain(listed, &place, &say!("repositories", "仓库"), &mut findings));
        listings.catalogs.insert(catalog, names.into());
    }
    let mut tags = stream::iter(needed_tags(project, &listings))
        .map(async |(registry, repository)| {
            let listed = reach.source_tags((&registry, &repository)).await;
            ((registry, repository), listed)
        })
        .buffer_unordered(CONCURRENCY);
    while let Some((place, listed)) = tags.next().await {
        let name = format!("{}/{}", place.0, place.1);
        let names =
            listed.map(|listed| listed.map(|listed| plain(listed, &name, &say!("tags", "标签"), &mut findings)));
        listings.tags.insert(place, names.into());
    }
    drop(tags);
    let mut created = stream::iter(needed_created(project, &listings))
        .map(async |location| (created(reach, &location).await, location))
        .buffer_unordered(CONCURRENCY);
    while let Some((read, location)) = created.next().await {
        let time = read.map(|(descriptor, time)| {
            heads.insert(location.clone(), Observed::Known(Some(descriptor)));
            time
        });
        listings.created.insert(location, time.into());
    }
    drop(created);
    findings.sort_by(|a, b| a.problem.message.english().cmp(b.problem.message.english()));
    Listed { listings, strange: findings, heads }
}

/// What a tag holds, and when its image was created. Where one cannot be read nobody knows which are the newest.
async fn created(reach: &Reach<'_>, location: &Location) -> Result<(Descriptor, Option<Timestamp>), Problem> {
    let store = reach.source(&location.registry)?;
    let read = read_created(store, &location.repository, &location.reference, &reach.reads).await?;
    read.ok_or_else(|| {
        let message = say!(
            "which tags are the newest is not known: the source lists {location}, and has no manifest for it",
            "不知道哪些标签最新：源列出了 {location}，却没有它的清单",
            location
        );
        let help = say!(
            "try again, as it may come back; where it does not, delete the tag or leave it out with `except`",
            "它可能会恢复，请重试；如果没有恢复，就删除这个标签，或者用 `except` 排除它"
        );
        Problem::new("listed-but-missing", message).with_help(help)
    })
}

/// Strange names that are shown, and characters of each.
const SHOWN: usize = 3;
const LENGTH: usize = 40;

/// The names alone; the others are told of.
fn plain<T>(listed: image::Listed<T>, place: &str, what: &Wording, findings: &mut Vec<Diagnostic>) -> Vec<T> {
    if !listed.strange.is_empty() {
        let shown = |name: &String| format!("`{}`", name.chars().take(LENGTH).collect::<String>().escape_debug());
        let names = Wording::first_of(listed.strange.iter().map(shown), SHOWN);
        let message = say!(
            "{place} lists {what} by names that none can have: {names}",
            "{place} 列出的{what}里有不合法的名字：{names}",
            place,
            what,
            names
        );
        let help = say!(
            "they are left out, the others are not; look what wrote them there",
            "它们已被略过，其余的照常处理；请查明是什么把它们写到那里的"
        );
        findings.push(Diagnostic::warning("strange-name", message).with_help(help));
    }
    listed.names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_names_are_told_briefly() {
        let mut findings = Vec::new();
        let strange: Vec<String> = ["a b", "\u{1b}[2J", "c d", "e f"].map(str::to_owned).into();
        let names = plain(image::Listed { names: vec![1], strange }, "hub/app", &say!("tags", "标签"), &mut findings);
        assert_eq!(names, [1]);
        assert_eq!(
            findings[0].problem.message.english(),
            "hub/app lists tags by names that none can have: `a b`, `\\u{1b}[2J`, `c d` and 1 more"
        );
    }
}
