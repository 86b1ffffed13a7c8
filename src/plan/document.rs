//! A plan as a document: `plan --json` and `plan --out` write it, `apply PLANFILE` reads it. It holds no secret.

use std::collections::HashMap;
use std::path::{Component, Path};

use crate::diag::{Wording, say};
use crate::image::Digest;

use super::address::Address;
use super::cost::Requests;
use super::graph::{Graph, StepId};
use super::organizations::Organization;
use super::planner::Plan;
use super::step::{Action, FileWork, FixWork, LintWork, OrganizationWork, Step, Work};

/// Version of the document's form; a reader refuses every other.
pub(super) const FORMAT_VERSION: u32 = 3;

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format_version: u32,
    project: String,
    project_digest: Digest,
    partial: bool,
    summary: Summary,
    /// Addresses of steps that others wait for; each set is written once, however many steps wait for it.
    gates: Vec<Vec<Address>>,
    steps: Vec<Entry>,
}

#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    create: usize,
    update: usize,
    delete: usize,
    blocked: usize,
    bytes: u64,
    requests: Requests,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Entry {
    #[serde(flatten)]
    step: Step,
    /// Which set of gates it waits for; all of them stand before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gates: Option<usize>,
}

/// Why a text is not a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message().english())]
pub enum DocumentError {
    Malformed(Wording),
    Version { found: u64 },
    Order { step: Address, gate: Address },
    Twice(Address),
    Gates { step: Address },
    Address { step: Address, work: Address },
    Action { step: Address, action: Action },
    Outside(Address),
    Text(Address),
}

impl DocumentError {
    #[must_use]
    pub fn message(&self) -> Wording {
        match self {
            Self::Malformed(reason) => {
                say!("it is not a plan of swrctl: {reason}", "它不是 swrctl 的计划：{reason}", reason)
            }
            Self::Version { found } => say!(
                "it has format version {found}, and this swrctl reads version {known}",
                "它的格式版本是 {found}，而这个 swrctl 只读版本 {known}",
                found,
                known = FORMAT_VERSION
            ),
            Self::Order { step, gate } => say!(
                "its step {step} waits for {gate}, which does not stand before it",
                "步骤 {step} 等待 {gate}，而后者不在它之前",
                step,
                gate
            ),
            Self::Twice(step) => say!("it has the step {step} twice", "步骤 {step} 出现了两次", step),
            Self::Gates { step } => say!(
                "its step {step} waits for gates that the plan does not name",
                "步骤 {step} 等待的关卡在计划里没有写出",
                step
            ),
            Self::Address { step, work } => say!(
                "its step {step} is about {work}: the address hides what it does",
                "步骤 {step} 实际处理 {work}：地址掩盖了它做的事",
                step,
                work
            ),
            Self::Action { step, action } => say!(
                "its step {step} says `{action}`, and would do something else",
                "步骤 {step} 标为 `{action}`，实际却会做别的事",
                step,
                action = action.name()
            ),
            Self::Outside(step) => {
                say!("its step {step} leads out of the project folder", "步骤 {step} 超出了项目文件夹", step)
            }
            Self::Text(step) => {
                say!("its step {step} holds another text than it says", "步骤 {step} 的文本与它所说的不符", step)
            }
        }
    }
}

impl Plan {
    /// The plan as one JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        let (mut sets, mut numbers) = (Vec::new(), HashMap::new());
        let mut number = |gates: Vec<StepId>| match numbers.get(&gates) {
            _ if gates.is_empty() => None,
            Some(number) => Some(*number),
            None => {
                sets.push(gates.iter().map(|gate| self.step(*gate).address.clone()).collect());
                numbers.insert(gates, sets.len() - 1);
                Some(sets.len() - 1)
            }
        };
        let steps = self.graph.ids().zip(&self.steps);
        let steps = steps.map(|(id, step)| Entry { step: step.clone(), gates: number(self.graph.gates(id)) }).collect();
        let document = Document {
            format_version: FORMAT_VERSION,
            project: self.project.clone(),
            project_digest: self.project_digest.clone(),
            partial: self.partial,
            summary: Summary {
                create: self.count(Action::Create),
                update: self.count(Action::Update),
                delete: self.count(Action::Delete),
                blocked: self.count(Action::Blocked),
                bytes: self.bytes(),
                requests: self.requests(),
            },
            gates: sets,
            steps,
        };
        let mut text = serde_json::to_string_pretty(&document).expect("a plan has string keys only");
        text.push('\n');
        text
    }

    /// # Errors
    /// When the text is not a plan of this version.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        // Twice over the text, but never with a tree of all its values in memory.
        #[derive(serde::Deserialize)]
        struct Version {
            format_version: Option<u64>,
        }
        let malformed = |error: serde_json::Error| DocumentError::Malformed(Wording::foreign(error.to_string()));
        match serde_json::from_str::<Version>(text).map_err(malformed)?.format_version {
            Some(found) if found == u64::from(FORMAT_VERSION) => {}
            Some(found) => return Err(DocumentError::Version { found }),
            None => return Err(DocumentError::Malformed(say!("it has no `format_version`", "没有 `format_version`"))),
        }
        let document: Document = serde_json::from_str(text).map_err(malformed)?;
        let mut plan = Self {
            project: document.project,
            project_digest: document.project_digest,
            partial: document.partial,
            steps: Vec::with_capacity(document.steps.len()),
            graph: Graph::default(),
        };
        let mut reader = Reader { sets: document.gates, found: HashMap::new(), ids: HashMap::new() };
        for entry in document.steps {
            reader.add(entry, &mut plan)?;
        }
        Ok(plan)
    }
}

/// What a document said so far.
struct Reader {
    sets: Vec<Vec<Address>>,
    /// Sets whose gates all stand before the steps that are read now.
    found: HashMap<usize, Vec<StepId>>,
    ids: HashMap<Address, StepId>,
}

impl Reader {
    fn add(&mut self, Entry { step, gates }: Entry, plan: &mut Plan) -> Result<(), DocumentError> {
        let gates = gates.map_or_else(|| Ok([].as_slice()), |set| self.gates(set, &step.address))?;
        check(&step)?;
        let id = plan.graph.add(gates);
        if self.ids.insert(step.address.clone(), id).is_some() {
            return Err(DocumentError::Twice(step.address));
        }
        plan.steps.push(step);
        Ok(())
    }

    fn gates(&mut self, set: usize, step: &Address) -> Result<&[StepId], DocumentError> {
        if !self.found.contains_key(&set) {
            let named = self.sets.get(set).ok_or_else(|| DocumentError::Gates { step: step.clone() })?;
            let find = |gate: &Address| {
                let order = || DocumentError::Order { step: step.clone(), gate: gate.clone() };
                self.ids.get(gate).copied().ok_or_else(order)
            };
            let found = named.iter().map(find).collect::<Result<_, _>>()?;
            self.found.insert(set, found);
        }
        Ok(&self.found[&set])
    }
}

/// A saved plan is applied without a question, so that what its steps are called has to be what they do.
fn check(step: &Step) -> Result<(), DocumentError> {
    let work = match &step.work {
        Work::Fix(work) => Address::fix(&work.edit.file),
        Work::File(work) => Address::file(&work.edit.file),
        Work::Lint(work) => Address::lint(&work.file),
        Work::Network(work) => Address::network(&work.registry),
        Work::Organization(OrganizationWork { registry, organization }) => {
            Address::organization(&Organization { registry: registry.clone(), name: organization.clone() })
        }
        Work::Select(work) => Address::select(&work.registry, &work.pattern),
        Work::Sync(work) => Address::sync(&work.target),
        Work::Prune(work) => Address::prune(&work.target),
    };
    if work != step.address {
        return Err(DocumentError::Address { step: step.address.clone(), work });
    }
    if !does(&step.work, step.action) {
        return Err(DocumentError::Action { step: work, action: step.action });
    }
    match &step.work {
        Work::Lint(LintWork { file, .. }) if !is_inside(file) => Err(DocumentError::Outside(work)),
        Work::Fix(FixWork { edit, .. }) if !is_inside(&edit.file) => Err(DocumentError::Outside(work)),
        Work::Fix(FixWork { edit, text }) if edit.after != Some(Digest::sha256(text.as_bytes())) => {
            Err(DocumentError::Text(work))
        }
        _ => Ok(()),
    }
}

/// Is the action what carrying the work out does?
fn does(work: &Work, action: Action) -> bool {
    if action == Action::Blocked {
        return true;
    }
    match work {
        Work::Fix(FixWork { edit, .. }) | Work::File(FileWork { edit, .. }) => action == edit.action(),
        Work::Lint(_) | Work::Network(_) => action == Action::Unchanged,
        Work::Organization(_) => matches!(action, Action::Create | Action::Unchanged),
        Work::Select(_) => false,
        Work::Sync(work) => match action {
            Action::Create => work.before.is_none(),
            Action::Update => work.before.is_some(),
            _ => action == Action::Unchanged,
        },
        Work::Prune(_) => action == Action::Delete,
    }
}

fn is_inside(file: &str) -> bool {
    Path::new(file).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn step(address: &str, work: &Value) -> Value {
        let mut step = json!({ "address": address, "action": "unchanged", "reason": "" });
        step.as_object_mut().unwrap().extend(work.as_object().unwrap().clone());
        step
    }

    fn acting(action: &str, mut step: Value) -> Value {
        step["action"] = action.into();
        step
    }

    fn lint(address: &str, file: &str) -> Value {
        let digest = Digest::sha256(b"");
        step(address, &json!({ "kind": "lint", "file": file, "set": 99, "digest": digest, "findings": [] }))
    }

    fn requests(count: u64) -> Value {
        let (source, target) =
            (json!({ "manifests": count, "blobs": count }), json!({ "head": 0, "get": 0, "post": 0, "put": 0 }));
        json!({ "source": source, "target": target })
    }

    fn sync(address: &str, tag: &str) -> Value {
        let at = |registry: &str| json!({ "registry": registry, "repository": "a", "reference": tag });
        let sizes = json!({ "bytes": u64::MAX, "requests": requests(u64::MAX), "retries": 0 });
        let mut work = json!({ "kind": "sync", "source": at("src"), "target": at("dst") });
        work.as_object_mut().unwrap().extend(sizes.as_object().unwrap().clone());
        step(address, &work)
    }

    fn read(steps: &[Value]) -> Result<Plan, DocumentError> {
        let summary =
            json!({ "create": 0, "update": 0, "delete": 0, "blocked": 0, "bytes": 0, "requests": requests(0) });
        let document = json!({
            "format_version": FORMAT_VERSION, "project": "p", "project_digest": Digest::sha256(b""), "partial": false,
            "summary": summary, "gates": [["lint.Dockerfile"]], "steps": steps,
        });
        Plan::from_json(&document.to_string())
    }

    fn behind(set: usize, mut step: Value) -> Value {
        step["gates"] = set.into();
        step
    }

    #[test]
    fn a_step_is_called_what_it_does() {
        let error = read(&[sync("sync.dst/a:1", "2")]).unwrap_err();
        assert_eq!(error.to_string(), "its step sync.dst/a:1 is about sync.dst/a:2: the address hides what it does");
        let twice = read(&[sync("sync.dst/a:1", "1"), sync("sync.dst/a:1", "1")]).unwrap_err();
        assert!(matches!(twice, DocumentError::Twice(_)), "{twice}");
    }

    #[test]
    fn a_step_does_what_its_action_says() {
        let digest = Digest::sha256(b"");
        let prune = json!({ "kind": "prune", "before": digest,
            "target": { "registry": "dst", "repository": "a", "reference": "1" } });
        let file = json!({ "kind": "file", "file": "/etc/hosts", "before": digest, "after": null, "bytes": 0, "diff": "",
            "serial": 1 });
        let select = json!({ "kind": "select", "registry": "src", "pattern": "a" });
        let sync = || sync("sync.dst/a:1", "1");
        let holds = || {
            let mut step = sync();
            step["before"] = json!(digest);
            step
        };
        let steps = [
            (step("prune.dst/a:1", &prune), vec!["delete"]),
            (step("file./etc/hosts", &file), vec!["delete"]),
            (step("select.src/a", &select), vec![]),
            (lint("lint.Dockerfile", "Dockerfile"), vec!["unchanged"]),
            (sync(), vec!["create", "unchanged"]),
            (holds(), vec!["update", "unchanged"]),
        ];
        for (step, does) in steps {
            for action in ["create", "update", "delete", "unchanged", "blocked"] {
                let read = read(&[acting(action, step.clone())]);
                if does.contains(&action) || action == "blocked" {
                    read.unwrap();
                } else {
                    assert!(matches!(read, Err(DocumentError::Action { .. })), "{step}: {action}");
                }
            }
        }
        let error = read(&[acting("unchanged", step("prune.dst/a:1", &prune))]).unwrap_err();
        assert_eq!(error.to_string(), "its step prune.dst/a:1 says `unchanged`, and would do something else");
    }

    #[test]
    fn gates_stand_before_the_steps_that_wait_for_them() {
        let (gate, step) = (lint("lint.Dockerfile", "Dockerfile"), || sync("sync.dst/a:1", "1"));
        let plan = read(&[gate.clone(), behind(0, step())]).unwrap();
        assert_eq!(plan.graph.ids().map(|id| plan.graph.gates(id).len()).collect::<Vec<_>>(), [0, 1]);
        let error = read(&[behind(0, step()), gate]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "its step sync.dst/a:1 waits for lint.Dockerfile, which does not stand before it"
        );
        assert!(matches!(read(&[behind(1, step())]), Err(DocumentError::Gates { .. })));
    }

    #[test]
    fn no_step_leads_out_of_the_project() {
        assert!(read(&[lint("lint.b/Dockerfile", "b/Dockerfile")]).is_ok());
        for file in ["../../etc/passwd", "/etc/passwd", "a/../../b"] {
            let error = read(&[lint(&format!("lint.{file}"), file)]).unwrap_err();
            assert!(matches!(error, DocumentError::Outside(_)), "{error}");
        }
    }

    #[test]
    fn a_fix_writes_what_it_says_and_nothing_outside() {
        let fix = |file: &str, text: &str| {
            let sizes = json!({ "bytes": 1, "diff": "", "text": text, "after": Digest::sha256(b"a"), "before": null });
            let mut work = json!({ "kind": "fix", "file": file });
            work.as_object_mut().unwrap().extend(sizes.as_object().unwrap().clone());
            acting("create", step(&format!("fix.{file}"), &work))
        };
        assert!(read(&[fix("b/Dockerfile", "a")]).is_ok());
        assert!(matches!(read(&[fix("b/Dockerfile", "b")]).unwrap_err(), DocumentError::Text(_)));
        assert!(matches!(read(&[fix("../Dockerfile", "a")]).unwrap_err(), DocumentError::Outside(_)));
    }

    #[test]
    fn sizes_that_nothing_has_are_no_reason_to_panic() {
        let plan = read(&[sync("sync.dst/a:1", "1"), sync("sync.dst/a:2", "2")]).unwrap();
        assert_eq!((plan.bytes(), plan.requests().total()), (u64::MAX, u64::MAX));
    }
}
