//! Policies for VPC endpoints that let through what a project moves and nothing else.
//!
//! An endpoint for SWR is an interface endpoint: its policy is a document of IAM's language, version 5.0 ("VPC Endpoint
//! Policies" of SWR's user guide). One for OBS is a gateway: its policy is a bare list of statements about buckets.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// What may be done with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    Download,
    /// A push also looks at what is there already.
    Upload,
}

/// Rights by repository; a name may end in `*`, which stands for any rest of it.
pub type Rights = BTreeMap<String, Right>;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'static str>,
    action: Vec<&'static str>,
    resource: Vec<String>,
}

/// The policy of an endpoint for SWR: these repositories only.
#[must_use]
pub fn for_swr(rights: &Rights) -> String {
    let statement = |right: Right, action: &[&'static str]| {
        let named = rights.iter().filter(|(_, held)| **held == right);
        let resource: Vec<String> = named.map(|(repository, _)| format!("swr:*:*:repo:{repository}")).collect();
        let statement =
            Statement { effect: "Allow", principal: Some("*"), action: action.to_vec(), resource: resource.clone() };
        (!resource.is_empty()).then_some(statement)
    };
    let statements = [
        statement(Right::Upload, &["swr:repo:upload", "swr:repo:download"]),
        statement(Right::Download, &["swr:repo:download"]),
    ];
    written(&Document { version: "5.0", statement: statements.into_iter().flatten().collect() })
}

/// The policy of an endpoint for OBS: blobs of these buckets may be read.
#[must_use]
pub fn for_obs(buckets: &BTreeSet<String>) -> String {
    let resource = buckets.iter().map(|bucket| format!("obs:*:*:object:{bucket}/*")).collect();
    written(&[Statement { effect: "Allow", principal: None, action: vec!["obs:object:GetObject"], resource }])
}

/// The bucket in a storage host, `BUCKET.obs.<region>…`.
#[must_use]
pub fn bucket_of(host: &str) -> Option<&str> {
    host.split_once(".obs.").map(|(bucket, _)| bucket).filter(|bucket| !bucket.is_empty())
}

fn written(policy: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(policy).expect("a policy has string keys only");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_pushed_and_what_is_pulled_are_told_apart() {
        let rights = [("portal/app", Right::Upload), ("base/*", Right::Download)];
        let policy: Value =
            serde_json::from_str(&for_swr(&rights.map(|(name, right)| (name.to_owned(), right)).into())).unwrap();
        let expected = json!({"Version": "5.0", "Statement": [
            {
                "Effect": "Allow", "Principal": "*", "Action": ["swr:repo:upload", "swr:repo:download"],
                "Resource": ["swr:*:*:repo:portal/app"]
            },
            {"Effect": "Allow", "Principal": "*", "Action": ["swr:repo:download"], "Resource": ["swr:*:*:repo:base/*"]},
        ]});
        assert_eq!(policy, expected);
    }

    #[test]
    fn both_clusters_stand_in_one_policy() {
        let hosts = ["op-svc-swr-b051-1-3az.obs.r-1.example", "op-svc-swr-r-1-backup.obs.r-1.example"];
        let buckets = hosts.map(|host| bucket_of(host).unwrap().to_owned()).into();
        let policy: Value = serde_json::from_str(&for_obs(&buckets)).unwrap();
        let resource = json!(["obs:*:*:object:op-svc-swr-b051-1-3az/*", "obs:*:*:object:op-svc-swr-r-1-backup/*"]);
        assert_eq!(policy, json!([{"Effect": "Allow", "Action": ["obs:object:GetObject"], "Resource": resource}]));
        assert_eq!(bucket_of("storage.example"), None);
    }
}
