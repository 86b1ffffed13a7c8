//! `index.json` as a document: which tags it names, and how one of them is set. Pure: the file is `directory`'s.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::error::Fault;
use super::name;
use crate::diag::{Wording, say};
use crate::image::{Descriptor, MediaType, Repository, Tag};

/// An index with everything that its writers put into it, known to this tool or not.
#[derive(Clone, Debug)]
pub(super) struct Index {
    document: Map<String, Value>,
    own: Option<Repository>,
    tags: BTreeMap<Repository, BTreeMap<Tag, Entries>>,
}

/// Which names of entries count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// For a source: all that can be read. Where two names read alike, the own one counts.
    Readable,
    /// For a target: those that this tool writes.
    Own,
}

/// Positions in `manifests` of what reads as one tag, several where entries share a name.
#[derive(Clone, Debug, Default)]
struct Entries {
    own: Vec<usize>,
    others: Vec<usize>,
}

impl Entries {
    fn counting(&self, names: Names) -> &[usize] {
        if names == Names::Readable && self.own.is_empty() { &self.others } else { &self.own }
    }
}

impl Index {
    pub(super) fn empty(own: Option<Repository>) -> Self {
        let document = json!({ "schemaVersion": 2, "mediaType": MediaType::OciIndex, "manifests": [] });
        let Value::Object(document) = document else { unreachable!("an object was written") };
        Self { document, own, tags: BTreeMap::new() }
    }

    /// `own` is the repository that bare tags belong to.
    pub(super) fn parse(bytes: &[u8], own: Option<Repository>) -> Result<Self, Fault> {
        let document: Map<String, Value> = serde_json::from_slice(bytes).map_err(|error| {
            let error = Wording::of_json(&error);
            Fault::Malformed(say!("is not a JSON object: {error}", "不是 JSON 对象：{error}", error))
        })?;
        match document.get("schemaVersion").map(Value::as_u64) {
            Some(Some(2)) | None => {}
            Some(_) => {
                return Err(Fault::Malformed(say!("has a `schemaVersion` other than 2", "`schemaVersion` 不是 2")));
            }
        }
        let mut index = Self { document, own, tags: BTreeMap::new() };
        let Some(Value::Array(entries)) = index.document.get("manifests") else {
            return Err(Fault::Malformed(say!("has no list `manifests`", "没有列表 `manifests`")));
        };
        if let Some(at) = entries.iter().position(|entry| !entry.is_object()) {
            return Err(Fault::Malformed(say!(
                "has an entry that is not an object: `manifests[{at}]`",
                "有一项不是对象：`manifests[{at}]`",
                at
            )));
        }
        index.tags = index.names();
        Ok(index)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.document).expect("a JSON value has only string keys")
    }

    pub(super) fn repositories(&self) -> Vec<Repository> {
        self.tags.keys().cloned().collect()
    }

    pub(super) fn tags(&self, repository: &Repository, names: Names) -> Option<Vec<Tag>> {
        let there = self.tags.get(repository)?.iter().filter(|(_, entries)| !entries.counting(names).is_empty());
        Some(there.map(|(tag, _)| tag.clone()).collect::<Vec<_>>()).filter(|tags| !tags.is_empty())
    }

    /// What `repository:tag` points at.
    pub(super) fn find(&self, repository: &Repository, tag: &Tag, names: Names) -> Result<Option<Descriptor>, Fault> {
        let positions = self.positions(repository, tag, names);
        let found = positions.iter().map(|at| self.descriptor(*at)).collect::<Result<BTreeSet<_>, _>>()?;
        if found.len() > 1 {
            return Err(Fault::Ambiguous { name: format!("{repository}:{tag}") });
        }
        Ok(found.into_iter().next())
    }

    /// Points `repository:tag` at `target`, beside what others call so; false when it does so already.
    pub(super) fn set_tag(&mut self, repository: &Repository, tag: &Tag, target: &Descriptor) -> Result<bool, Fault> {
        // A damaged entry is replaced; of entries that contradict each other none may get lost.
        match self.find(repository, tag, Names::Own) {
            Ok(Some(current)) if current == *target => return Ok(false),
            Ok(_) | Err(Fault::Malformed(_)) => {}
            Err(fault) => return Err(fault),
        }
        let entry = json!({
            "mediaType": target.media_type,
            "digest": target.digest,
            "size": target.size,
            "annotations": { name::REF_NAME: name::write(repository, tag) },
        });
        let old = self.positions(repository, tag, Names::Own).to_vec();
        let entries = self.entries_mut();
        let Some((first, rest)) = old.split_first() else {
            entries.push(entry);
            let at = entries.len() - 1;
            self.tags.entry(repository.clone()).or_default().entry(tag.clone()).or_default().own.push(at);
            return Ok(true);
        };
        entries[*first] = entry;
        if !rest.is_empty() {
            rest.iter().rev().for_each(|at| drop(entries.remove(*at)));
            self.tags = self.names();
        }
        Ok(true)
    }

    /// Takes the own name away; false when there is none. What it named stays.
    pub(super) fn remove_tag(&mut self, repository: &Repository, tag: &Tag) -> bool {
        let old = self.positions(repository, tag, Names::Own).to_vec();
        let entries = self.entries_mut();
        old.iter().rev().for_each(|at| drop(entries.remove(*at)));
        self.tags = self.names();
        !old.is_empty()
    }

    fn entries(&self) -> &[Value] {
        self.document.get("manifests").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn entries_mut(&mut self) -> &mut Vec<Value> {
        self.document.get_mut("manifests").and_then(Value::as_array_mut).expect("`parse` has seen the list")
    }

    fn names(&self) -> BTreeMap<Repository, BTreeMap<Tag, Entries>> {
        let mut tags: BTreeMap<Repository, BTreeMap<Tag, Entries>> = BTreeMap::new();
        for (at, entry) in self.entries().iter().enumerate() {
            let annotations = entry.get("annotations").and_then(Value::as_object);
            if let Some(name) = annotations.and_then(|map| name::read(map, self.own.as_ref())) {
                let entries = tags.entry(name.repository).or_default().entry(name.tag).or_default();
                if name.own { &mut entries.own } else { &mut entries.others }.push(at);
            }
        }
        tags
    }

    fn positions(&self, repository: &Repository, tag: &Tag, names: Names) -> &[usize] {
        self.tags.get(repository).and_then(|tags| tags.get(tag)).map_or(&[], |entries| entries.counting(names))
    }

    fn descriptor(&self, at: usize) -> Result<Descriptor, Fault> {
        Descriptor::deserialize(&self.entries()[at]).map_err(|error| {
            let error = Wording::of_json(&error);
            Fault::Malformed(say!(
                "has a bad descriptor in `manifests[{at}]`: {error}",
                "`manifests[{at}]` 里的描述符有误：{error}",
                at,
                error
            ))
        })
    }
}
