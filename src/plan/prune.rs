//! Tags at targets that no rule produces: found when a migration says `prune`, and guarded.
//!
//! Nothing is surplus where not every rule that writes to the registry could be listed, nor in a repository into which
//! no rule selects a tag. What a rule reads from stays, by its tag or its digest; so do the tags of signatures and referrers,
//! and those of which `newest` cannot tell whether they are among the newest. All that goes by the place that a section
//! names, not by the section: a rule may reach the same tag by another login.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::{Diagnostic, Problem, Wording, say};
use crate::image::referrers::belongs_to_an_image;
use crate::image::{Descriptor, ManifestReference, Repository, Tag};
use crate::migrate::Prune;
use crate::project::Project;

use super::address::Address;
use super::expand::Expansion;
use super::idle::some_of;
use super::inventory::{Location, Observed};
use super::step::{Action, PruneWork, Step, Work};

/// Tags of target repositories, by registry and repository.
pub type TargetTags = BTreeMap<(String, Repository), Observed<Option<Vec<Tag>>>>;

/// A tag that no rule produces.
#[derive(Clone, Debug)]
pub struct Surplus {
    pub target: Location,
    /// What it holds; filled in when it is looked at.
    pub held: Observed<Option<Descriptor>>,
    /// Why it stays all the same: its migration has more of them than it may delete.
    pub refused: Option<Problem>,
}

impl Surplus {
    /// Was it still there when it was looked at?
    #[must_use]
    pub fn is_there(&self) -> bool {
        !matches!(self.held, Observed::Known(None))
    }

    /// Does a rule read or write what it holds by its digest? Without a name it would be gone at the next garbage collection.
    #[must_use]
    pub fn is_needed(&self, project: &Project, expansion: &Expansion) -> bool {
        let Observed::Known(Some(held)) = &self.held else { return false };
        let reference = ManifestReference::Digest(held.digest.clone());
        expansion.touched.contains(&Location { reference, ..self.target.clone() }.at_home(project))
    }
}

/// Repositories whose tags have to be known to prune them.
#[must_use]
pub fn needed_target_tags(project: &Project, expansion: &Expansion) -> BTreeSet<(String, Repository)> {
    owners(project, expansion).into_keys().collect()
}

/// The surplus tags by target, and what the user should hear about repositories that are left alone.
#[must_use]
pub fn surplus(project: &Project, expansion: &Expansion, tags: &TargetTags) -> (Vec<Surplus>, Vec<Diagnostic>) {
    let (mut found, mut findings) = (BTreeMap::new(), not_pruned(project, expansion));
    for ((registry, repository), migration) in owners(project, expansion) {
        let listed = match tags.get(&(registry.clone(), repository.clone())) {
            Some(Observed::Known(Some(listed))) => listed,
            Some(Observed::Known(None)) | None => continue,
            Some(Observed::Unknown { why }) => {
                findings.push(left_alone(project, migration, &format!("{registry}/{repository}"), &why.message));
                continue;
            }
        };
        let mut undecided = Vec::new();
        for tag in listed.iter().filter(|tag| !belongs_to_an_image(tag)) {
            let reference = ManifestReference::Tag(tag.clone());
            let target = Location { registry: registry.clone(), repository: repository.clone(), reference };
            let place = target.at_home(project);
            if expansion.touched.contains(&place) {
                continue;
            }
            if expansion.undecided.contains(&place) {
                undecided.push(tag);
                continue;
            }
            found.insert(target, migration);
        }
        if !undecided.is_empty() {
            findings.push(not_decided(project, migration, &format!("{registry}/{repository}"), &undecided));
        }
    }
    (guarded(project, found), findings)
}

/// Which migration prunes which repository: the first that writes there and says so.
fn owners(project: &Project, expansion: &Expansion) -> BTreeMap<(String, Repository), usize> {
    let mut owners = BTreeMap::new();
    // Who writes by digest says nothing about tags.
    for request in expansion.requests.iter().filter(|request| request.target.reference.tag().is_some()) {
        let Location { registry, repository, .. } = &request.target;
        let prunes = project.migrations[request.migration].prune.is_some();
        if prunes && !is_partly_listed(project, expansion, registry) {
            let owner = ((registry.clone(), repository.clone()), request.migration);
            owners.entry((project.home(registry), repository)).or_insert(owner);
        }
    }
    owners.into_values().collect()
}

/// Could a rule that writes to or reads from this registry not be listed? Then nobody knows what belongs there.
fn is_partly_listed(project: &Project, expansion: &Expansion, registry: &str) -> bool {
    let mut touched = expansion.unlisted.iter().flat_map(|rule| rule.targets.iter().chain([&rule.registry]));
    touched.any(|touched| project.home(touched) == project.home(registry))
}

fn not_pruned(project: &Project, expansion: &Expansion) -> Vec<Diagnostic> {
    let migrations = project.migrations.iter().enumerate().filter(|(_, migration)| migration.prune.is_some());
    let partly = migrations.flat_map(|(at, migration)| {
        let targets = migration.targets.iter().filter(|target| is_partly_listed(project, expansion, target));
        targets.map(move |target| (at, target))
    });
    let why = say!("not every rule that writes or reads there could be listed", "写入或读取那里的规则没有全部列出");
    partly.map(|(at, target)| left_alone(project, at, target, &why)).collect()
}

fn left_alone(project: &Project, migration: usize, place: &str, why: &Wording) -> Diagnostic {
    let message = say!("nothing is deleted from {place}: {why}", "不会从 {place} 删除任何标签：{why}", place, why);
    Diagnostic::warning("not-pruned", message).at(
        &project.source,
        project.migrations[migration].span,
        say!("of this migration", "属于这个迁移"),
    )
}

fn not_decided(project: &Project, migration: usize, place: &str, tags: &[&Tag]) -> Diagnostic {
    let message = say!(
        "{tags} of {place} are not deleted: `newest` cannot tell whether they are older, as they are no versions like the others",
        "不会删除 {place} 的 {tags}：它们与其他标签不是同一种版本，`newest` 无法判断是否更旧",
        tags = some_of(tags),
        place
    );
    let help = say!(
        "leave them out with `except`, then they are deleted; or narrow `tags` to those of one kind",
        "用 `except` 排除它们，之后就会删除；或者用 `tags` 只选同一类标签"
    );
    Diagnostic::warning("undecided-tags", message)
        .at(&project.source, project.migrations[migration].span, say!("of this migration", "属于这个迁移"))
        .with_help(help)
}

/// Refuses every deletion of a migration that has more than it may.
fn guarded(project: &Project, found: BTreeMap<Location, usize>) -> Vec<Surplus> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for migration in found.values() {
        *counts.entry(*migration).or_default() += 1;
    }
    let not_looked_at = || Problem::new("not-observed", say!("it was not looked at", "没有查看它"));
    let surplus = found.into_iter().map(|(target, migration)| {
        let most = project.migrations[migration].prune.map_or(0, |Prune { max_delete }| max_delete);
        let refused = (counts[&migration] > most).then(|| too_many(counts[&migration], most));
        Surplus { target, held: Observed::Unknown { why: not_looked_at() }, refused }
    });
    surplus.collect()
}

fn too_many(count: usize, most: usize) -> Problem {
    let message = say!(
        "no rule selects it, but it is one of {count} such tags, and max-delete is {most}",
        "没有规则选中它，但这样的标签共有 {count} 个，而 max-delete 是 {most}",
        count,
        most
    );
    Problem::new("max-delete", message).with_help(say!(
        "look whether the selection is what you mean; if it is, raise `max-delete` of the migration",
        "确认选择的范围是否符合本意；如果符合，就调大该迁移的 `max-delete`"
    ))
}

/// `None` for a tag that is gone already.
pub(super) fn prune_step(surplus: &Surplus, shut: Option<Problem>) -> Option<Step> {
    let address = Address::prune(&surplus.target);
    let work = |before| Work::Prune(PruneWork { target: surplus.target.clone(), before });
    let held = match &surplus.held {
        Observed::Known(held) => Ok(held.as_ref()?),
        Observed::Unknown { why } => Err(why.clone()),
    };
    let held = match shut.or_else(|| surplus.refused.clone()).map_or(held, Err) {
        Ok(held) => held,
        Err(why) => return Some(Step::blocked(address, why, work(None))),
    };
    let reason = say!("no rule selects it", "没有规则选中它");
    Some(Step { address, action: Action::Delete, reason, help: None, work: work(Some(held.digest.clone())) })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;
    use crate::plan::{Listings, expand};

    const FILE: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example"
migrate "src" to="dst" { image "a" tags="v*"; image "b"; prune true max-delete=2; }
migrate "dst" to="dst" { image "a" tags="seed" as="a:v9"; }
"#;

    fn project(file: &str) -> Project {
        Project::parse(Arc::new(Source::new("swr.kdl", file)), PathBuf::from(".")).unwrap().0
    }

    fn tags(names: &[&str]) -> Observed<Option<Vec<Tag>>> {
        Observed::Known(Some(names.iter().map(|name| name.parse().unwrap()).collect()))
    }

    fn found(sources: [Observed<Option<Vec<Tag>>>; 2], at_target: &[&str]) -> (Vec<Surplus>, Vec<Diagnostic>) {
        let sources = ["a", "b"].into_iter().zip(sources).map(|(name, tags)| ("src", name, tags));
        found_in(FILE, sources, at_target)
    }

    fn found_in<'a>(
        file: &str,
        sources: impl IntoIterator<Item = (&'a str, &'a str, Observed<Option<Vec<Tag>>>)>,
        at_target: &[&str],
    ) -> (Vec<Surplus>, Vec<Diagnostic>) {
        let project = project(file);
        let mut listings = Listings::default();
        for (registry, name, tags) in sources {
            listings.tags.insert((registry.to_owned(), name.parse().unwrap()), tags);
        }
        let expansion = expand(&project, &listings);
        let needed = needed_target_tags(&project, &expansion);
        surplus(&project, &expansion, &needed.into_iter().map(|place| (place, tags(at_target))).collect())
    }

    fn names(surplus: &[Surplus]) -> Vec<String> {
        surplus.iter().map(|tag| tag.target.to_string()).collect()
    }

    #[test]
    fn what_no_rule_writes_or_reads_is_surplus() {
        let signature = format!("sha256-{}.sig", "0".repeat(64));
        let (surplus, findings) =
            found([tags(&["v1", "x"]), tags(&["v1", "old", "seed", "v9"])], &["v1", "old", "seed", "v9", &signature]);
        assert_eq!(names(&surplus), ["dst/a:old"]);
        assert!(surplus[0].refused.is_none() && findings.is_empty());
    }

    /// Two sections of one place: one pushes to it and prunes, the other pushes and reads.
    const TWO_LOGINS: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example"
registry "login" "DST.example:443" { auth { username "u"; password env="P"; }; }
registry "out" "oci-layout:out"
migrate "src" to="dst" { image "a" tags="v*"; prune true; }
migrate "src" to="login" { image "b" tags="w*" as="a"; }
migrate "login" to="out" { image "a" tags="r*"; }
"#;

    #[test]
    fn what_a_rule_reaches_by_another_login_is_no_surplus() {
        let sources = [("src", "a", tags(&["v1"])), ("src", "b", tags(&["w1"])), ("login", "a", tags(&["r1"]))];
        let (surplus, findings) = found_in(TWO_LOGINS, sources, &["v1", "w1", "r1", "old"]);
        assert_eq!((names(&surplus), findings.len()), (vec!["dst/a:old".to_owned()], 0));
    }

    #[test]
    fn nothing_is_surplus_where_it_is_not_known_what_a_rule_reads_by_another_login() {
        let failed = Observed::Unknown { why: Problem::new("x", Wording::same("the list did not come")) };
        let sources = [("src", "a", tags(&["v1"])), ("src", "b", tags(&["w1"])), ("login", "a", failed)];
        let (surplus, findings) = found_in(TWO_LOGINS, sources, &["v1", "w1", "r1", "old"]);
        assert_eq!((names(&surplus), findings.len()), (vec![], 1));
    }

    const CONFLICT: &str = r#"
project "p" version=1
registry "base" "base.example"
registry "dst" "dst.example"
registry "out" "oci-layout:out"
migrate "base" to="dst" { image "a" tags="v*"; prune true; }
migrate "base" to="out" { image "b" tags="r*" as="a"; }
migrate "dst" to="out" { image "a" tags="r*"; }
"#;

    #[test]
    fn what_a_rule_in_conflict_reads_is_no_surplus() {
        let sources = [("base", "a", tags(&["v1"])), ("base", "b", tags(&["r1"])), ("dst", "a", tags(&["r1"]))];
        let (surplus, _) = found_in(CONFLICT, sources, &["v1", "r1", "old"]);
        assert_eq!(names(&surplus), ["dst/a:old"]);
    }

    const NEWEST: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example"
migrate "src" to="dst" { image "a" { newest 2; }; prune true; }
"#;

    #[test]
    fn what_newest_cannot_place_is_told_and_stays() {
        let source = tags(&["1.0", "1.1", "2.0", "1.2.3.4", "latest"]);
        let at_target = ["1.0", "1.1", "1.2.3.4", "gone.from.source"];
        let (surplus, findings) = found_in(NEWEST, [("src", "a", source)], &at_target);
        assert_eq!(names(&surplus), ["dst/a:1.0", "dst/a:gone.from.source"]);
        let told: Vec<&str> = findings.iter().map(|finding| finding.problem.code.as_str()).collect();
        assert_eq!(told, ["undecided-tags"]);
        assert!(findings[0].problem.message.english().starts_with("`1.2.3.4` of dst/a are not deleted"));
    }

    const NAMED: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example"
migrate "src" to="dst" { image "a" { tags "1.*" "prod" "x-rc"; except "*-rc"; }; prune true; }
"#;

    #[test]
    fn a_tag_that_is_named_stays_where_the_source_lacks_it() {
        let (surplus, findings) = found_in(NAMED, [("src", "a", tags(&["1.0"]))], &["1.0", "prod", "x-rc", "old"]);
        assert_eq!((names(&surplus), findings.len()), (vec!["dst/a:old".to_owned(), "dst/a:x-rc".to_owned()], 0));
        let mut listings = Listings::default();
        listings.tags.insert(("src".to_owned(), "a".parse().unwrap()), tags(&["1.0"]));
        let expansion = expand(&project(NAMED), &listings);
        let wanted: Vec<String> = expansion.requests.iter().map(|request| request.source.to_string()).collect();
        assert_eq!(wanted, ["src/a:1.0", "src/a:prod"], "the source is asked for it");
    }

    const BY_DIGEST: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example"
registry "out" "oci-layout:out"
migrate "src" to="dst" { image "a@sha256:DIGEST"; prune true; }
migrate "src" to="dst" { image "b" tags="v1"; prune true; }
migrate "dst" to="out" { image "b@sha256:DIGEST" as="b:pinned"; }
"#;

    #[test]
    fn a_digest_says_nothing_about_tags_and_keeps_the_tag_that_holds_it() {
        let file = BY_DIGEST.replace("DIGEST", &"5".repeat(64));
        let (surplus, _) = found_in(&file, [], &["v1", "old"]);
        assert_eq!(names(&surplus), ["dst/b:old"]);

        let project = project(&file);
        let expansion = expand(&project, &Listings::default());
        let holding = |hex: &str| {
            let digest = format!("sha256:{}", hex.repeat(64)).parse().unwrap();
            let held = Descriptor { media_type: crate::image::MediaType::OciManifest, digest, size: 1 };
            Surplus { held: Observed::Known(Some(held)), ..surplus[0].clone() }.is_needed(&project, &expansion)
        };
        assert_eq!((holding("5"), holding("6")), (true, false));
    }

    #[test]
    fn more_than_may_be_deleted_is_refused_as_a_whole() {
        let (surplus, _) = found([tags(&["v1"]), tags(&["v1"])], &["v1", "x", "seed", "v9"]);
        assert_eq!(names(&surplus), ["dst/a:x", "dst/b:seed", "dst/b:v9", "dst/b:x"]);
        assert!(surplus.iter().all(|tag| tag.refused.is_some()));
    }

    #[test]
    fn nothing_is_surplus_where_a_listing_failed_or_selects_nothing() {
        let failed = Observed::Unknown { why: Problem::new("x", Wording::same("the list did not come")) };
        let (surplus, findings) = found([tags(&["v1"]), failed], &["old"]);
        assert_eq!((names(&surplus), findings.len()), (vec![], 1));
        let (surplus, _) = found([tags(&["x"]), tags(&[])], &["old"]);
        assert_eq!(names(&surplus), Vec::<String>::new(), "`a:seed` is written, by a migration that does not prune");
    }
}
