//! When an image was created, as it says itself.

use std::collections::HashMap;

use jiff::Timestamp;

use super::RawManifest;

/// The annotation of a manifest or an index (OCI image specification, "Pre-Defined Annotation Keys").
const ANNOTATION: &str = "org.opencontainers.image.created";

impl RawManifest {
    /// The time in its annotation, where it has one.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        #[derive(serde::Deserialize)]
        struct Annotated {
            annotations: HashMap<String, String>,
        }
        let Annotated { annotations } = serde_json::from_slice(&self.bytes).ok()?;
        annotations.get(ANNOTATION)?.parse().ok()
    }
}

/// The time in the config of an image, where it has one.
#[must_use]
pub fn created_in_config(config: &[u8]) -> Option<Timestamp> {
    #[derive(serde::Deserialize)]
    struct Config {
        created: String,
    }
    serde_json::from_slice::<Config>(config).ok()?.created.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_say_when_they_were_created() {
        let time = "2024-05-01T10:20:30.123456789Z";
        let annotated = format!(r#"{{"annotations":{{"{ANNOTATION}":"{time}"}}}}"#);
        let expected = time.parse::<Timestamp>().ok();
        assert_eq!(RawManifest::new(None, annotated).created(), expected);
        assert_eq!(created_in_config(format!(r#"{{"created":"{time}"}}"#).as_bytes()), expected);
        for silent in ["{}", r#"{"created":""}"#, r#"{"created":null}"#, "[]", r#"{"annotations":null}"#] {
            assert_eq!(created_in_config(silent.as_bytes()), None);
            assert_eq!(RawManifest::new(None, silent).created(), None);
        }
    }
}
