//! Laws of the planner.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::diag::{Diagnostic, Problem, Source, Wording};
use crate::image::rewrite::ImageTree;
use crate::image::{Descriptor, Digest, ManifestReference, MediaType, RawManifest, Repository, Tag};
use crate::lint::{LintedDockerfile, Report};
use crate::network::{Check, CheckResult, PathReport, Verdict};
use crate::project::Project;

const FILE: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example" { organization "org"; }
registry "out" "oci-layout:out"
dockerfiles "guarded/*/Dockerfile" { gates "dst"; }
dockerfiles "free/*/Dockerfile" { gates "none"; }
migrate "src" to="dst" "out" {
    image "a" tags="*"
    image "b/c" tags="*"
}
"#;

fn project() -> Project {
    let source = Arc::new(Source::new("swr.kdl", FILE));
    Project::parse(source, PathBuf::from(".")).expect("the file of this test is valid").0
}

/// A world: what registries hold and what the gates say.
#[derive(Clone, Debug)]
struct World {
    /// By repository (0 or 1) and tag: the image's blobs.
    source: BTreeMap<(bool, u8), BTreeSet<u8>>,
    /// Whether each target (`dst`, `out`) holds nothing, something else or the same.
    target: Vec<u8>,
    held: BTreeSet<(bool, bool, u8)>,
    lint_failed: [bool; 2],
    path_failed: [bool; 2],
}

fn world() -> impl Strategy<Value = World> {
    let blobs = prop::collection::btree_set(0..12_u8, 1..5);
    (
        prop::collection::btree_map((any::<bool>(), 0..6_u8), blobs, 0..8),
        prop::collection::vec(0..3_u8, 32),
        prop::collection::btree_set((any::<bool>(), any::<bool>(), 0..12_u8), 0..10),
        any::<[bool; 2]>(),
        any::<[bool; 2]>(),
    )
        .prop_map(|(source, target, held, lint_failed, path_failed)| World {
            source,
            target,
            held,
            lint_failed,
            path_failed,
        })
}

fn tag(number: u8) -> Tag {
    format!("v{number}").parse().unwrap()
}

fn repository(second: bool) -> Repository {
    if second { "b/c" } else { "a" }.parse().unwrap()
}

fn blob(number: u8) -> Descriptor {
    let digest = Digest::sha256(&[number]);
    Descriptor { media_type: MediaType::OciLayerGzip, digest, size: 100 + u64::from(number) }
}

fn tree(blobs: &BTreeSet<u8>) -> ImageTree {
    let root = RawManifest::new(Some(MediaType::OciManifest.as_str()), format!("{blobs:?}"));
    let reads = [root.digest.clone()].into();
    let blobs = blobs.iter().map(|number| blob(*number)).collect();
    ImageTree { manifests: vec![root], blobs, recompress: vec![], losses: vec![], reads }
}

fn listings(world: &World, reversed: bool) -> Listings {
    let mut listings = Listings::default();
    for second in [false, true] {
        let mut tags: Vec<Tag> = world.source.keys().filter(|(s, _)| *s == second).map(|(_, t)| tag(*t)).collect();
        if reversed {
            tags.reverse();
        }
        listings.tags.insert(("src".to_owned(), repository(second)), Observed::Known(Some(tags)));
    }
    listings
}

fn report(failed: bool) -> Report {
    Report { failed, ..Report::default() }
}

fn path(failed: bool) -> PathReport {
    let verdict = if failed { Verdict::Fail } else { Verdict::Pass };
    let (expected, observed) = (Wording::same("a way"), Wording::same("what there is"));
    PathReport {
        checks: vec![CheckResult { check: Check::Tcp, verdict, expected, observed, evidence: Vec::new(), fix: None }],
        ..PathReport::default()
    }
}

fn inventory(project: &Project, world: &World, reversed: bool) -> Inventory {
    let mut expansion = expand(project, &listings(world, reversed));
    if reversed {
        expansion.requests.sort_by(|a, b| a.target.cmp(&b.target));
    }
    let linted = |path: &str, set, failed| LintedDockerfile {
        path: path.to_owned(),
        set,
        digest: Digest::sha256(b""),
        report: report(failed),
        fixed: None,
    };
    let mut inventory = Inventory {
        dockerfiles: vec![
            linted("free/x/Dockerfile", 1, world.lint_failed[1]),
            linted("guarded/x/Dockerfile", 0, world.lint_failed[0]),
        ],
        paths: [("src".to_owned(), path(world.path_failed[0])), ("dst".to_owned(), path(world.path_failed[1]))].into(),
        layouts: ["out".to_owned()].into(),
        ..Inventory::default()
    };
    for (number, request) in expansion.requests.iter().enumerate() {
        let key = world.source.iter().find(|((second, number), _)| {
            repository(*second) == request.source.repository
                && ManifestReference::Tag(tag(*number)) == request.source.reference
        });
        let image = tree(key.unwrap().1);
        let target = match world.target[number % world.target.len()] {
            0 => None,
            1 => Some(Digest::sha256(b"something else")),
            _ => Some(image.root().digest.clone()),
        };
        let facts = SyncFacts {
            source: Observed::Known(Some(image.root().descriptor())),
            target: Observed::Known(target),
            image: Some(Ok(image)),
            equivalent: false,
            unsigned: None,
            referrers_unknown: None,
        };
        inventory.syncs.insert(request.target.clone(), facts);
    }
    for (layout, second, number) in &world.held {
        let (registry, repository) = match layout {
            true => ("out", repository(*second)),
            false => ("dst", repository(*second).under(&"org".parse().unwrap()).unwrap()),
        };
        inventory.held.insert((registry.to_owned(), repository, blob(*number).digest));
    }
    inventory.expansion = expansion;
    inventory
}

/// What the world is after everything that can be done was done.
fn applied(mut inventory: Inventory, plan: &Plan) -> Inventory {
    for step in plan.steps() {
        let Work::Sync(sync) = &step.work else { continue };
        let Some(facts) = inventory.syncs.get_mut(&sync.target).filter(|_| step.action.is_change()) else { continue };
        let Observed::Known(Some(source)) = &facts.source else { continue };
        facts.target = Observed::Known(Some(source.digest.clone()));
    }
    inventory
}

proptest! {
    #[test]
    fn the_order_in_which_facts_come_does_not_matter(world in world()) {
        let project = project();
        let planned = |reversed| plan(&project, &inventory(&project, &world, reversed), &Scope::default()).to_json();
        prop_assert_eq!(planned(false), planned(true));
    }

    #[test]
    fn a_plan_reads_back_from_its_document(world in world()) {
        let project = project();
        let text = plan(&project, &inventory(&project, &world, false), &Scope::default()).to_json();
        prop_assert_eq!(&Plan::from_json(&text).unwrap().to_json(), &text);
        super::schema::assert_fits(&text);
    }

    #[test]
    fn after_everything_was_done_nothing_is_left(world in world()) {
        let project = project();
        let before = inventory(&project, &world, false);
        let first = plan(&project, &before, &Scope::default());
        let second = plan(&project, &applied(before, &first), &Scope::default());
        prop_assert!(!second.has_changes());
        prop_assert_eq!(first.count(Action::Blocked), second.count(Action::Blocked));
    }

    #[test]
    fn a_shut_gate_blocks_exactly_its_descendants(world in world()) {
        let project = project();
        let plan = plan(&project, &inventory(&project, &world, false), &Scope::default());
        let mut blocked = BTreeSet::new();
        for id in plan.graph().ids() {
            let gate = !matches!(plan.step(id).work, Work::Sync(_));
            if gate && plan.step(id).action == Action::Blocked {
                blocked.insert(id);
                blocked.extend(plan.graph().descendants(id));
            }
        }
        let found: BTreeSet<_> = plan.graph().ids().filter(|id| plan.step(*id).action == Action::Blocked).collect();
        prop_assert_eq!(found, blocked);
    }

    #[test]
    fn every_sync_has_its_gates_as_ancestors(world in world()) {
        let project = project();
        let plan = plan(&project, &inventory(&project, &world, false), &Scope::default());
        for id in plan.graph().ids() {
            let Work::Sync(sync) = &plan.step(id).work else { continue };
            let gates: Vec<_> = plan.graph().gates(id).iter().map(|id| plan.step(*id).address.to_string()).collect();
            let expected: &[&str] = if sync.target.registry == "dst" {
                &["lint.guarded/x/Dockerfile", "network.dst", "network.src"]
            } else {
                &["network.src"]
            };
            prop_assert_eq!(gates, expected);
        }
    }

    #[test]
    fn a_blob_is_uploaded_to_a_target_at_most_once(world in world()) {
        let project = project();
        let inventory = inventory(&project, &world, false);
        let plan = plan(&project, &inventory, &Scope::default());
        let mut uploaded = BTreeSet::new();
        for step in plan.steps() {
            let Work::Sync(sync) = &step.work else { continue };
            let uploads = sync.blobs.iter().filter(|blob| blob.transfer == Transfer::Upload);
            prop_assert_eq!(sync.bytes, uploads.clone().map(|blob| blob.descriptor.size).sum::<u64>());
            for blob in uploads {
                let digest = &blob.descriptor.digest;
                let registry = &sync.target.registry;
                prop_assert!(uploaded.insert((registry, digest)), "{} twice", digest);
                prop_assert!(!inventory.held.iter().any(|(r, _, d)| (r, d) == (registry, digest)));
            }
        }
    }
}

#[test]
fn two_rules_that_write_one_tag_block_it_and_say_both() {
    let text = FILE.replace("image \"b/c\" tags=\"*\"", "image \"b/c\" tags=\"*\" as=\"a\"");
    let source = Arc::new(Source::new("swr.kdl", text));
    let project = Project::parse(source, PathBuf::from(".")).unwrap().0;
    let mut listings = Listings::default();
    for name in ["a", "b/c"] {
        let tags = Observed::Known(Some(vec![tag(1)]));
        listings.tags.insert(("src".to_owned(), name.parse().unwrap()), tags);
    }
    let expansion = expand(&project, &listings);
    let labels = |finding: &Diagnostic| finding.labels.len();
    assert_eq!(expansion.findings.iter().map(labels).collect::<Vec<_>>(), [2, 2]);
    let plan = plan(&project, &Inventory { expansion, ..Inventory::default() }, &Scope::default());
    assert_eq!((plan.steps().len(), plan.count(Action::Blocked)), (2, 2));
}

/// What comes of two migrations that both select `src/a:v1`.
fn overlapping(first: &str, second: &str) -> Request {
    let migrations = format!(
        "migrate \"src\" to=\"dst\" {{ image \"a\" tags=\"*\"; {first} }}\n\
         migrate \"src\" to=\"dst\" {{ image \"a\" tags=\"v1*\"; {second} }}"
    );
    let text = format!("{}{migrations}", &FILE[..FILE.find("migrate").unwrap()]);
    let project = Project::parse(Arc::new(Source::new("swr.kdl", text)), PathBuf::from(".")).unwrap().0;
    let mut listings = Listings::default();
    listings.tags.insert(("src".to_owned(), repository(false)), Observed::Known(Some(vec![tag(1)])));
    let mut expansion = expand(&project, &listings);
    let request = expansion.requests.pop().unwrap();
    assert_eq!(expansion.findings.len(), usize::from(request.conflict.is_some()));
    assert!(expansion.requests.is_empty() && expansion.findings.iter().all(|finding| finding.labels.len() == 2));
    request
}

#[test]
fn overlapping_migrations_with_other_options_are_in_conflict() {
    for option in ["missing-only true", "accept-equivalent true", "referrers true"] {
        for (first, second) in [(option, ""), ("", option)] {
            let conflict = overlapping(first, second).conflict.unwrap();
            let name = option.split(' ').next().unwrap();
            assert_eq!(
                conflict.message.english(),
                format!("two migrations write dst/org/a:v1, and `{name}` of one is not that of the other")
            );
        }
        assert!(overlapping(option, option).conflict.is_none());
    }
}

#[test]
fn overlapping_migrations_try_and_verify_as_the_stricter_of_both() {
    let request = overlapping("verify \"pull\"; retries 1;", "verify \"digest\"; retries 7;");
    assert!(request.conflict.is_none());
    assert_eq!((request.verify, request.retries), (crate::migrate::Verify::Pull, 7));
}

const TWO_SECTIONS: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example"
registry "also" "dst.example:443"
migrate "src" to="dst" { image "a" tags="*"; prune true; }
migrate "src" to="also" { image "b/c" tags="*" as="a"; }
"#;

/// A project in which two sections name one place, and what its sources list.
fn two_sections(tags: [u8; 2]) -> (Project, Expansion) {
    let project = Project::parse(Arc::new(Source::new("swr.kdl", TWO_SECTIONS)), PathBuf::from(".")).unwrap().0;
    let mut listings = Listings::default();
    for (name, number) in [false, true].into_iter().zip(tags) {
        listings.tags.insert(("src".to_owned(), repository(name)), Observed::Known(Some(vec![tag(number)])));
    }
    let expansion = expand(&project, &listings);
    (project, expansion)
}

#[test]
fn rules_that_write_one_tag_by_two_sections_are_in_conflict() {
    let (_, expansion) = two_sections([1, 1]);
    assert_eq!(expansion.requests.len(), 1);
    assert_eq!(
        expansion.requests[0].conflict.as_ref().unwrap().message.english(),
        "two rules write also/a:v1, which dst/a:v1 names as well: from src/b/c:v1 and from src/a:v1"
    );
}

#[test]
fn a_tag_goes_after_what_another_section_writes_into_its_repository() {
    let (project, expansion) = two_sections([1, 2]);
    let target = Location { reference: ManifestReference::Tag(tag(9)), ..expansion.requests[1].target.clone() };
    let held = Observed::Known(Some(blob(1)));
    let surplus = vec![Surplus { target, held, refused: None }];
    let plan = plan(&project, &Inventory { expansion, surplus, ..Inventory::default() }, &Scope::default());
    let prune = plan.graph().ids().last().unwrap();
    assert_eq!(plan.step(prune).address.as_str(), "prune.dst/a:v9");
    assert!(plan.graph().ids().filter(|id| *id != prune).all(|id| plan.graph().descendants(id).contains(&prune)));
}

/// The steps of a project whose tags all lead to one image; `at` says what each target holds.
fn steps_of(migrations: &str, tags: &[(&str, &str)], at: impl Fn(&str) -> Option<Digest>) -> Vec<Step> {
    let text = format!("{}{migrations}", &FILE[..FILE.find("dockerfiles").unwrap()]);
    let project = Project::parse(Arc::new(Source::new("swr.kdl", text)), PathBuf::from(".")).unwrap().0;
    let mut listings = Listings::default();
    for (registry, name) in tags {
        listings.tags.insert(((*registry).to_owned(), name.parse().unwrap()), Observed::Known(Some(vec![tag(1)])));
    }
    let expansion = expand(&project, &listings);
    let facts = |request: &Request| {
        let image = tree(&BTreeSet::from([1, 2]));
        SyncFacts {
            source: Observed::Known(Some(image.root().descriptor())),
            target: Observed::Known(at(&request.target.to_string())),
            image: Some(Ok(image)),
            equivalent: false,
            unsigned: None,
            referrers_unknown: None,
        }
    };
    let syncs = expansion.requests.iter().map(|request| (request.target.clone(), facts(request))).collect();
    let inventory = Inventory { expansion, syncs, ..Inventory::default() };
    plan(&project, &inventory, &Scope::default()).steps().to_vec()
}

fn transfers(step: &Step) -> BTreeSet<String> {
    let Work::Sync(sync) = &step.work else { panic!("{} is no sync", step.address) };
    sync.blobs.iter().map(|blob| format!("{:?}", blob.transfer)).collect()
}

#[test]
fn what_is_copied_within_a_registry_moves_no_byte() {
    let rules =
        "migrate \"src\" to=\"src\" { image \"a\" tags=\"v1\" as=\"copy/a\"; image \"a\" tags=\"v1\" as=\"a:same\"; }";
    let steps = steps_of(rules, &[("src", "a")], |_| None);
    let found: Vec<_> = steps.iter().map(|step| (step.address.as_str(), transfers(step))).collect();
    let from: Repository = "a".parse().unwrap();
    let mount = format!("{:?}", Transfer::Mount { from });
    assert_eq!(found, [("sync.src/a:same", ["Present".to_owned()].into()), ("sync.src/copy/a:v1", [mount].into())]);
}

#[test]
fn sections_of_one_registry_that_log_in_alike_mount_from_each_other() {
    let rules = "registry \"prod\" \"src.example\" { auth \"anonymous\"; }\nmigrate \"src\" to=\"prod\" { image \"a\" as=\"b\"; }";
    assert_eq!(transfers(&steps_of(rules, &[("src", "a")], |_| None)[0]), ["Upload".to_owned()].into());
    let alike = rules.replace("{ auth \"anonymous\"; }", "");
    let mount = format!("{:?}", Transfer::Mount { from: "a".parse().unwrap() });
    assert_eq!(transfers(&steps_of(&alike, &[("src", "a")], |_| None)[0]), [mount].into());
}

#[test]
fn an_unchanged_tag_holds_the_blobs_of_its_image() {
    let rules = "migrate \"src\" to=\"dst\" { image \"a\" tags=\"v1\"; image \"a\" tags=\"v1\" as=\"copy\"; }";
    let here = |target: &str| (target == "dst/org/a:v1").then(|| tree(&BTreeSet::from([1, 2])).root().digest.clone());
    let steps = steps_of(rules, &[("src", "a")], here);
    let from: Repository = "org/a".parse().unwrap();
    assert_eq!(transfers(&steps[1]), [format!("{:?}", Transfer::Mount { from })].into());
    let beside = rules.replace("as=\"copy\"", "as=\"a:v2\"");
    let steps = steps_of(&beside, &[("src", "a")], here);
    assert_eq!(transfers(&steps[1]), ["Upload".to_owned()].into(), "what was asked for and not found is lost");
}

#[test]
fn what_a_plan_writes_itself_is_not_copied_on_in_the_same_run() {
    let rules = "migrate \"src\" to=\"dst\" { image \"a\" tags=\"v1\"; }\n\
                 migrate \"dst\" to=\"out\" { image \"org/a\" tags=\"v1\"; }";
    let tags = [("src", "a"), ("dst", "org/a")];
    let actions = |steps: Vec<Step>| steps.into_iter().map(|step| step.action).collect::<Vec<_>>();
    assert_eq!(actions(steps_of(rules, &tags, |_| None)), [Action::Create, Action::Blocked]);
    let here = |target: &str| target.starts_with("dst/").then(|| tree(&BTreeSet::from([1, 2])).root().digest.clone());
    assert_eq!(actions(steps_of(rules, &tags, here)), [Action::Unchanged, Action::Create]);
}

#[test]
fn what_goes_both_ways_has_to_lose_one() {
    let rules = "migrate \"src\" to=\"out\" { image \"a\" tags=\"v1\"; }\n\
                 migrate \"out\" to=\"src\" { image \"a\" tags=\"v1\"; }";
    let steps = steps_of(rules, &[("src", "a"), ("out", "a")], |_| None);
    let helps: Vec<_> = steps.iter().map(|step| step.blocked_by().help.unwrap().english().to_owned()).collect();
    assert!(helps.len() == 2 && helps.iter().all(|help| help.contains("the other way")), "{helps:?}");
}

#[test]
fn what_cannot_be_listed_is_a_blocked_step() {
    let project = project();
    let mut listings = Listings::default();
    let why = Problem::new("x", Wording::same("the list did not come"));
    listings.tags.insert(("src".to_owned(), repository(false)), Observed::Unknown { why });
    let expansion = expand(&project, &listings);
    let plan = plan(&project, &Inventory { expansion, ..Inventory::default() }, &Scope::default());
    let addresses: Vec<_> = plan.steps().iter().map(|step| step.address.to_string()).collect();
    assert_eq!(addresses, ["select.src/a", "select.src/b/c"]);
    assert!(plan.is_blocked());
}

#[test]
fn other_documents_are_refused() {
    let refused = |text: &str| Plan::from_json(text).unwrap_err();
    assert!(matches!(refused("{"), DocumentError::Malformed(_)));
    assert!(matches!(refused("{}"), DocumentError::Malformed(_)));
    assert_eq!(refused(r#"{"format_version":9}"#), DocumentError::Version { found: 9 });
}
