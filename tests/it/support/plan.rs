//! Documents of `plan --json` and `network --json`, checked against their schemas and taken apart.

use std::collections::BTreeMap;

use serde_json::Value;

use super::process::Output;
use super::sources::files;

/// Reads standard output as one plan document; one that departs from the schema fails the test.
#[track_caller]
pub fn document(output: &Output) -> Value {
    valid(output, "schema/plan.schema.json")
}

/// The same for what `network` says.
#[track_caller]
pub fn network_document(output: &Output) -> Value {
    valid(output, "schema/network.schema.json")
}

#[track_caller]
fn valid(output: &Output, schema: &str) -> Value {
    let document: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output}"));
    let schema = files("schema").into_iter().find(|file| file.path == schema).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema.text).unwrap()).unwrap();
    let faults: Vec<String> = validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{}\n{output}", faults.join("\n"));
    document
}

/// Actions by address.
pub fn actions(document: &Value) -> BTreeMap<&str, &str> {
    let steps = document["steps"].as_array().unwrap();
    steps.iter().map(|step| (step["address"].as_str().unwrap(), step["action"].as_str().unwrap())).collect()
}
