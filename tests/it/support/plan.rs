//! Documents of `plan --json` and `network --json`, checked against their schemas and taken apart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::process::Output;
use super::sources::files;

/// Reads standard output as one plan document; one that departs from the schema fails the test.
#[track_caller]
pub fn document(output: &Output) -> Value {
    checked(&output.stdout, "schema/plan.schema.json")
}

/// The same for what `network` says.
#[track_caller]
pub fn network_document(output: &Output) -> Value {
    checked(&output.stdout, "schema/network.schema.json")
}

/// A document that departs from its schema fails the test.
#[track_caller]
pub fn checked(text: &str, schema: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let schema = files("schema").into_iter().find(|file| file.path == schema).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema.text).unwrap()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{}\n{text}", faults.join("\n"));
    document
}

/// Actions by address.
pub fn actions(document: &Value) -> BTreeMap<&str, &str> {
    let steps = document["steps"].as_array().unwrap();
    steps.iter().map(|step| (step["address"].as_str().unwrap(), step["action"].as_str().unwrap())).collect()
}
