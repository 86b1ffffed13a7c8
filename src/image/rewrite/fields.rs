//! Objects of JSON whose values stay as they are written: of fields that nobody here knows, every digit and blank.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::image::Digest;

/// The fields of an object, in their order.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("its keys are strings")
    }

    pub(super) fn get(&self, field: &str) -> Option<&RawValue> {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| &**value)
    }

    /// In its place, or behind the others.
    pub(super) fn set(&mut self, field: &str, value: &impl Serialize) {
        let value = to_raw_value(value).expect("what is set here is JSON");
        match self.0.iter_mut().find(|(name, _)| name == field) {
            Some((_, old)) => *old = value,
            None => self.0.push((field.to_owned(), value)),
        }
    }

    pub(super) fn retain(&mut self, keeps: impl Fn(&str, &RawValue) -> bool) {
        self.0.retain(|(name, value)| keeps(name, value));
    }

    /// The objects of a list; none where there is no such list.
    pub(super) fn entries(&self, list: &str) -> Vec<Self> {
        let entries = self.get(list).and_then(|list| serde_json::from_str::<Vec<&RawValue>>(list.get()).ok());
        entries.into_iter().flatten().filter_map(|entry| Self::parse(entry.get().as_bytes())).collect()
    }

    pub(super) fn digest(&self) -> Option<Digest> {
        serde_json::from_str(self.get("digest")?.get()).ok()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collector)
    }
}

struct Collector;

impl<'de> Visitor<'de> for Collector {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    /// Of a field that comes twice the last one counts, as everywhere.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let (mut fields, mut places) = (Vec::new(), HashMap::new());
        while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
            let at = *places.entry(name.clone()).or_insert(fields.len());
            if at < fields.len() { fields[at] = (name, value) } else { fields.push((name, value)) }
        }
        Ok(Fields(fields))
    }
}
