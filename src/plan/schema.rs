//! Holds `schema/plan.schema.json` against the documents that plans are written as, in both directions.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::successors;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::graph::Graph;
use super::*;
use crate::diag::{Severity, Wording};
use crate::image::rewrite::Rewrite;
use crate::image::{Descriptor, Digest, MediaType};
use crate::migrate::Verify;
use crate::network::managed::bind::Serial;
use crate::network::{Check, CheckResult, Destination, ResolvedBy, TakenPath, Verdict};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../schema/plan.schema.json")).unwrap());
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&SCHEMA).unwrap());

/// Fails with every place where a plan's document departs from the schema.
#[track_caller]
pub(super) fn assert_fits(document: &str) {
    let document = serde_json::from_str(document).unwrap();
    let faults: Vec<String> =
        VALIDATOR.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(faults.is_empty(), "{}\n{document:#}", faults.join("\n"));
}

/// Every value of an enum; a variant that `next` does not know does not compile.
fn all<T: Clone>(first: T, next: fn(&T) -> Option<T>) -> Vec<T> {
    successors(Some(first), next).collect()
}

fn actions() -> Vec<Action> {
    all(Action::Create, |action| match action {
        Action::Create => Some(Action::Update),
        Action::Update => Some(Action::Unchanged),
        Action::Unchanged => Some(Action::Blocked),
        // A sync deletes nothing.
        Action::Blocked | Action::Delete => None,
    })
}

fn severities() -> Vec<Severity> {
    all(Severity::Info, |severity| match severity {
        Severity::Info => Some(Severity::Warning),
        Severity::Warning => Some(Severity::Error),
        Severity::Error => None,
    })
}

fn verdicts() -> Vec<Verdict> {
    all(Verdict::Pass, |verdict| match verdict {
        Verdict::Pass => Some(Verdict::Skip),
        Verdict::Skip => Some(Verdict::Unknown),
        Verdict::Unknown => Some(Verdict::Warn),
        Verdict::Warn => Some(Verdict::Fail),
        Verdict::Fail => None,
    })
}

fn transfers() -> Vec<Transfer> {
    all(Transfer::Present, |transfer| match transfer {
        Transfer::Present => Some(Transfer::Coming),
        Transfer::Coming => Some(Transfer::Mount { from: "org/other".parse().unwrap() }),
        Transfer::Mount { .. } => Some(Transfer::Upload),
        Transfer::Upload => None,
    })
}

fn step(address: Address, action: Action, work: Work) -> Step {
    let help = (action == Action::Blocked).then(|| Wording::same("do something about it"));
    Step { address, action, reason: Wording::same("a reason"), help, work }
}

fn lint(file: &str, action: Action, severities: &[Severity]) -> Step {
    let finding = |severity: &Severity| LintFinding {
        rule: "latest-tag".to_owned(),
        severity: *severity,
        message: Wording::same("moves"),
        line: 1,
        column: 6,
    };
    let findings = severities.iter().map(finding).collect();
    let work = LintWork { file: file.to_owned(), set: 0, digest: Digest::sha256(b""), findings };
    step(Address::lint(file), action, Work::Lint(work))
}

fn fix(file: &str, action: Action) -> Step {
    let (before, text) = ((action == Action::Update).then(|| Digest::sha256(b"before")), "after".to_owned());
    let after = Digest::sha256(text.as_bytes());
    let edit = FileEdit { file: file.to_owned(), before, after: Some(after), bytes: 5, diff: "+after".to_owned() };
    let work = FixWork { edit, text };
    Step { help: None, ..step(Address::fix(file), action, Work::Fix(work)) }
}

fn file(path: &str, action: Action) -> Step {
    let text: &[u8] = if action == Action::Blocked { b"" } else { b"text" };
    let (before, after) = match action {
        Action::Create => (None, Some(text)),
        Action::Update => (Some(text), Some(&text[1..])),
        Action::Delete => (Some(text), None),
        Action::Unchanged | Action::Blocked => (None, None),
    };
    let serial = Serial::of_day(jiff::civil::date(2026, 3, 9));
    let work = FileWork { edit: FileEdit::managed(path, before, after), serial };
    step(Address::file(path), action, Work::File(work))
}

fn network(registry: &str, action: Action, verdicts: &[Verdict]) -> Step {
    let result = |(check, verdict): (Check, &Verdict)| CheckResult {
        check,
        verdict: *verdict,
        expected: Wording::same("a way"),
        observed: Wording::same("what there is"),
        evidence: if *verdict >= Verdict::Warn { vec![Wording::same("a single fact")] } else { vec![] },
        fix: (*verdict >= Verdict::Warn).then(|| Wording::same("make one")),
    };
    let checks = Check::ALL.into_iter().zip(verdicts.iter().cycle()).map(result).collect();
    let work = NetworkWork { registry: registry.to_owned(), checks, path: path(action) };
    step(Address::network(registry), action, Work::Network(work))
}

/// A gate whose path is resolved as that of a step with `action` would be.
fn pinned(registry: &str, action: Action) -> Step {
    let work = NetworkWork { registry: registry.to_owned(), checks: vec![], path: path(action) };
    step(Address::network(registry), Action::Unchanged, Work::Network(work))
}

fn destinations() -> Vec<Destination> {
    all(Destination::Endpoint, |destination| match destination {
        Destination::Endpoint => Some(Destination::Private),
        Destination::Private => Some(Destination::Public),
        Destination::Public => Some(Destination::Loopback),
        Destination::Loopback => Some(Destination::LinkLocal),
        Destination::LinkLocal => Some(Destination::Reserved),
        Destination::Reserved => None,
    })
}

fn path(action: Action) -> TakenPath {
    let by = match action {
        Action::Unchanged => Some(ResolvedBy::NameServers { servers: [[10, 0, 0, 2].into()].into() }),
        Action::Create => Some(ResolvedBy::HostsFile {}),
        Action::Update => Some(ResolvedBy::System {}),
        Action::Delete | Action::Blocked => None,
    };
    TakenPath {
        proxy: by.is_none().then(|| "http://proxy.corp:3128".to_owned()),
        addresses: by.is_some().then(destinations).into_iter().flatten().collect(),
        certificate_keys: by.is_some().then(|| Digest::sha256(b"key")).into_iter().collect(),
        resolved_by: by,
    }
}

fn sync(tag: &str, action: Action, rewrite: Rewrite) -> Step {
    let at = |registry: &str| Location {
        registry: registry.to_owned(),
        repository: "a".parse().unwrap(),
        reference: tag.parse().unwrap(),
    };
    let digest = |text: &str| (action != Action::Blocked).then(|| Digest::sha256(text.as_bytes()));
    let blob = |transfer| PlannedBlob {
        descriptor: Descriptor { media_type: MediaType::OciLayerGzip, digest: Digest::sha256(b"blob"), size: 4 },
        transfer,
    };
    let work = SyncWork {
        source: at("src"),
        source_digest: digest("source"),
        target: at("dst"),
        before: digest("before").filter(|_| action != Action::Create),
        after: digest("after"),
        subject: (action == Action::Create).then(|| Digest::sha256(b"subject")),
        losses: if rewrite.is_identity() { vec![] } else { vec![Wording::same("1 platform")] },
        rewrite,
        blobs: if action.is_change() { transfers().into_iter().map(blob).collect() } else { vec![] },
        bytes: 4,
        requests: Requests::default(),
        retries: 3,
        verify: match action {
            Action::Create => Verify::Pull,
            Action::Update => Verify::Digest,
            Action::Delete | Action::Unchanged | Action::Blocked => Verify::None,
        },
    };
    step(Address::sync(&at("dst")), action, Work::Sync(Box::new(work)))
}

fn organization(name: &str, action: Action) -> Step {
    let organization = Organization { registry: "dst".to_owned(), name: name.parse().unwrap() };
    let address = Address::organization(&organization);
    let work = OrganizationWork { registry: organization.registry, organization: organization.name };
    step(address, action, Work::Organization(work))
}

fn prune(tag: &str, action: Action) -> Step {
    let reference = tag.parse().unwrap();
    let target = Location { registry: "dst".to_owned(), repository: "a".parse().unwrap(), reference };
    let before = (action == Action::Delete).then(|| Digest::sha256(b"before"));
    step(Address::prune(&target), action, Work::Prune(PruneWork { target, before }))
}

/// A plan in which everything occurs that a plan can say.
fn everything() -> Plan {
    let subset =
        Rewrite { platforms: vec!["linux/amd64".parse().unwrap()], drop_attestations: true, docker_media_types: true };
    let select = |pattern: &str| Work::Select(SelectWork { registry: "src".to_owned(), pattern: pattern.to_owned() });
    let mut steps = vec![
        fix("Dockerfile", Action::Update),
        fix(".dockerignore", Action::Create),
        file("/etc/hosts", Action::Update),
        file("ops/swr.conf", Action::Create),
        file("ops/swr.zone", Action::Delete),
        file("ops/hosts", Action::Blocked),
        lint("free/Dockerfile", Action::Unchanged, &[]),
        lint("Dockerfile", Action::Blocked, &severities()),
        network("src", Action::Unchanged, &[Verdict::Pass]),
        pinned("hosts", Action::Create),
        pinned("system", Action::Update),
        network("dst", Action::Blocked, &verdicts()),
        organization("new", Action::Create),
        organization("there", Action::Unchanged),
        organization("absent", Action::Blocked),
        step(Address::select("src", "b/*"), Action::Blocked, select("b/*")),
        Step { help: None, ..step(Address::select("src", "c/*"), Action::Blocked, select("c/*")) },
        sync("rewritten", Action::Create, subset),
        prune("old", Action::Delete),
        prune("guarded", Action::Blocked),
    ];
    for (number, action) in actions().into_iter().enumerate() {
        steps.push(sync(&format!("v{number}"), action, Rewrite::default()));
    }
    let mut graph = Graph::default();
    for (number, step) in steps.iter().enumerate() {
        // A Dockerfile may wait for its fixes, a path for the hosts file; what moves between directories waits for none.
        let waits = match step.work {
            Work::Lint(_) if step.action == Action::Blocked => 2,
            Work::Organization(_) if step.action == Action::Create => 6,
            Work::Network(_) if step.action == Action::Blocked => 3,
            Work::Select(_) | Work::Sync(_) | Work::Prune(_) if number % 2 == 0 => 6,
            _ => 0,
        };
        let gates: Vec<_> = graph.ids().take(waits).collect();
        graph.add(&gates);
    }
    Plan { project: "p".to_owned(), project_digest: Digest::sha256(b"p"), partial: false, steps, graph }
}

/// A value of the schema or a document, by path; the kinds of steps are told apart.
fn below(path: &str, key: &str) -> String {
    format!("{path}.{key}")
}

/// What the schema says: the properties of every object and whether they must be there, and the values of every enum.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    /// Whether it is required, by path.
    properties: BTreeMap<String, bool>,
    enums: BTreeMap<String, BTreeSet<String>>,
}

fn of_schema(path: &str, schema: &Value, facts: &mut Facts) {
    if let Some(reference) = schema["$ref"].as_str() {
        return of_schema(path, SCHEMA.pointer(&reference[1..]).expect("a definition"), facts);
    }
    for alternative in schema["oneOf"].as_array().into_iter().flatten() {
        of_schema(path, alternative, facts);
    }
    if let Some(values) = schema["enum"].as_array() {
        facts.enums.insert(path.to_owned(), values.iter().map(|value| value.as_str().unwrap().to_owned()).collect());
    }
    if schema["items"].is_object() {
        of_schema(&below(path, "[]"), &schema["items"], facts);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    assert_eq!(schema["additionalProperties"], false, "{path} is open");
    let path =
        properties.get("kind").map_or_else(|| path.to_owned(), |kind| below(path, kind["const"].as_str().unwrap()));
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let required: BTreeSet<&str> = required.collect();
    for (name, value) in properties {
        facts.properties.insert(below(&path, name), required.contains(name.as_str()));
        of_schema(&below(&path, name), value, facts);
    }
}

/// Objects of a document by path, and how many of them have each property.
#[derive(Debug, Default)]
struct Seen {
    objects: BTreeMap<String, usize>,
    properties: BTreeMap<(String, String), usize>,
    texts: BTreeMap<String, BTreeSet<String>>,
}

fn of_document(path: &str, value: &Value, seen: &mut Seen) {
    match value {
        Value::Object(object) => {
            let path = object.get("kind").map_or_else(|| path.to_owned(), |kind| below(path, kind.as_str().unwrap()));
            *seen.objects.entry(path.clone()).or_default() += 1;
            for (name, value) in object {
                *seen.properties.entry((path.clone(), name.clone())).or_default() += 1;
                of_document(&below(&path, name), value, seen);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| of_document(&below(path, "[]"), item, seen)),
        Value::String(text) => {
            seen.texts.entry(path.to_owned()).or_default().insert(text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn said() -> Facts {
    let mut facts = Facts::default();
    of_schema("", &SCHEMA, &mut facts);
    facts
}

fn seen() -> Seen {
    let mut seen = Seen::default();
    of_document("", &serde_json::from_str(&everything().to_json()).unwrap(), &mut seen);
    seen
}

#[test]
fn a_plan_of_everything_fits_and_reads_back() {
    let text = everything().to_json();
    assert_fits(&text);
    assert_eq!(Plan::from_json(&text).unwrap().to_json(), text);
}

/// Places of all objects of a document.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.push(at.to_owned());
            object.iter().for_each(|(name, value)| objects(value, &format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| objects(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn a_key_that_is_not_known_is_refused_wherever_it_stands() {
    let plan: Value = serde_json::from_str(&everything().to_json()).unwrap();
    let mut places = Vec::new();
    objects(&plan, "", &mut places);
    assert!(places.len() > 50, "{places:?}");
    for place in places {
        let mut plan = plan.clone();
        plan.pointer_mut(&place).unwrap()["verfiy"] = "pull".into();
        let error = Plan::from_json(&plan.to_string()).expect_err(&place).to_string();
        assert!(error.contains("unknown field `verfiy`"), "{place}: {error}");
    }
}

#[test]
fn the_schema_names_every_property_and_no_other_and_says_which_are_always_there() {
    let Seen { objects, properties, .. } = seen();
    let seen = properties.iter().map(|((object, name), count)| (below(object, name), *count == objects[object]));
    assert_eq!(said().properties, seen.collect::<BTreeMap<_, _>>());
}

#[test]
fn the_schema_names_every_value_of_the_enums_and_no_other() {
    let texts = seen().texts;
    let said = said().enums;
    let seen = said.keys().map(|path| (path.clone(), texts[path].clone())).collect();
    assert_eq!(said, seen);
}

#[test]
#[should_panic(expected = "Additional properties")]
fn a_document_with_an_unknown_property_does_not_fit() {
    assert_fits(&everything().to_json().replacen("\"partial\"", "\"unknown\": 1, \"partial\"", 1));
}
