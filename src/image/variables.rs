//! Environment variables that an image sets.

use std::collections::BTreeSet;

/// The names in the config of an image (`config.Env`); `None` where it cannot be read as one.
#[must_use]
pub fn variables_in_config(config: &[u8]) -> Option<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct Config {
        config: Option<Execution>,
    }
    #[derive(serde::Deserialize)]
    struct Execution {
        #[serde(rename = "Env")]
        env: Option<Vec<String>>,
    }
    let Config { config } = serde_json::from_slice(config).ok()?;
    let set = config.and_then(|config| config.env).unwrap_or_default();
    Some(set.iter().filter_map(|entry| entry.split('=').next()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_says_its_variables() {
        let config = br#"{"config":{"Env":["PATH=/bin","OPTIONS=-a=b","EMPTY="]}}"#;
        let set = variables_in_config(config).unwrap();
        assert_eq!(set.iter().map(String::as_str).collect::<Vec<_>>(), ["EMPTY", "OPTIONS", "PATH"]);
        for bare in ["{}", r#"{"config":null}"#, r#"{"config":{"Env":null}}"#] {
            assert_eq!(variables_in_config(bare.as_bytes()), Some(BTreeSet::new()), "{bare}");
        }
        assert_eq!(variables_in_config(b"[]"), None);
    }
}
