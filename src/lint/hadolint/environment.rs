//! The variables `HADOLINT_…`.

use std::sync::Arc;

use super::settings::Reader;
use crate::diag::{Source, Span, Spanned};

/// Every variable that is read. `HADOLINT_VERBOSE` has no meaning here.
pub const VARIABLES: [&str; 12] = [
    "HADOLINT_NOFAIL",
    "HADOLINT_FORMAT",
    "HADOLINT_FAILURE_THRESHOLD",
    "HADOLINT_OVERRIDE_ERROR",
    "HADOLINT_OVERRIDE_WARNING",
    "HADOLINT_OVERRIDE_INFO",
    "HADOLINT_OVERRIDE_STYLE",
    "HADOLINT_IGNORE",
    "HADOLINT_STRICT_LABELS",
    "HADOLINT_DISABLE_IGNORE_PRAGMA",
    "HADOLINT_TRUSTED_REGISTRIES",
    "HADOLINT_REQUIRE_LABELS",
];

/// Takes what variables hold; faults point into their values.
pub(super) fn read(reader: &mut Reader, variables: &[(&'static str, String)]) {
    for (name, value) in variables.iter().filter(|(_, value)| !value.trim().is_empty()) {
        let source = Arc::new(Source::new(*name, value.as_str()));
        reader.enter(&source);
        let whole = Spanned::new(value.trim(), Span::new(0, value.len()));
        match *name {
            // A variable turns on what a file may have turned on already.
            "HADOLINT_NOFAIL" if truth(whole.value) => reader.no_fail(true),
            "HADOLINT_FORMAT" => reader.format(whole),
            "HADOLINT_FAILURE_THRESHOLD" => reader.threshold(whole),
            "HADOLINT_STRICT_LABELS" if truth(whole.value) => reader.strict_labels(true),
            "HADOLINT_DISABLE_IGNORE_PRAGMA" if truth(whole.value) => reader.disable_pragmas(true),
            "HADOLINT_NOFAIL" | "HADOLINT_STRICT_LABELS" | "HADOLINT_DISABLE_IGNORE_PRAGMA" => {}
            "HADOLINT_TRUSTED_REGISTRIES" => items(value).for_each(|item| reader.trust(item)),
            "HADOLINT_IGNORE" => items(value).for_each(|item| reader.ignore(item)),
            "HADOLINT_REQUIRE_LABELS" => items(value).for_each(|item| label(reader, item)),
            _ => {
                let level = name.rsplit('_').next().unwrap_or_default().to_ascii_lowercase();
                items(value).for_each(|item| reader.weigh(&level, item));
            }
        }
    }
}

/// `name:format`, or a name alone.
fn label(reader: &mut Reader, item: Spanned<&str>) {
    let (name, format) = item.split_once(':').unwrap_or((item.value, "text"));
    reader.label(Spanned::new(name, item.span), Spanned::new(format, item.span));
}

/// What is between commas, with its place.
fn items(list: &str) -> impl Iterator<Item = Spanned<&str>> {
    let places = list.split(',').scan(0, |at, part| {
        let start = *at + (part.len() - part.trim_start().len());
        *at += part.len() + 1;
        Some(Spanned::new(part.trim(), Span::new(start, start + part.trim().len())))
    });
    places.filter(|item| !item.is_empty())
}

fn truth(value: &str) -> bool {
    ["1", "true", "yes", "on", "y"].iter().any(|word| word.eq_ignore_ascii_case(value))
}
