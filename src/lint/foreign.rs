//! What hadolint 2.15.1 and BuildKit report unless they are told otherwise, and how much it weighs.

use super::policy::Level;

#[rustfmt::skip] // as blocks of ids
const HADOLINT: [(Level, &[&str]); 4] = [
    (Level::Error, &[
        "DL1000", "DL3000", "DL3004", "DL3011", "DL3012", "DL3020", "DL3021", "DL3023", "DL3024", "DL3026", "DL3043",
        "DL3044", "DL3061", "DL4000", "DL4004",
    ]),
    (Level::Warning, &[
        "DL3002", "DL3003", "DL3006", "DL3007", "DL3008", "DL3013", "DL3014", "DL3016", "DL3018", "DL3022", "DL3025",
        "DL3027", "DL3028", "DL3029", "DL3030", "DL3032", "DL3033", "DL3034", "DL3035", "DL3036", "DL3037", "DL3038",
        "DL3040", "DL3041", "DL3042", "DL3045", "DL3046", "DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056",
        "DL3058", "DL3062", "DL3063", "DL3064", "DL3065", "DL3067", "DL4001", "DL4003", "DL4005", "DL4006",
    ]),
    (Level::Info, &[
        "DL3001", "DL3009", "DL3010", "DL3015", "DL3019", "DL3047", "DL3049", "DL3050", "DL3059", "DL3060",
        "DL3066",
    ]),
    (Level::Style, &["DL3048"]),
];

/// BuildKit's checks that warn without being asked for; `DL1000` and its like stop the build.
#[rustfmt::skip] // as blocks of names
const BUILDKIT: [(Level, &[&str]); 2] = [
    (Level::Error, &["DL1000", "DL3011", "DL3022", "DL3023", "DL3043", "DL3061"]),
    (Level::Warning, &[
        "ConsistentInstructionCasing", "CopyIgnoredFile", "DuplicateStageName", "ExposeInvalidFormat",
        "ExposeProtoCasing", "FromAsCasing", "FromPlatformFlagConstDisallowed", "InvalidBaseImagePlatform",
        "InvalidDefaultArgInFrom", "JSONArgsRecommended", "LegacyKeyValueFormat", "MaintainerDeprecated", "MultipleInstructionsDisallowed",
        "NoEmptyContinuation", "RedundantTargetPlatform", "ReservedStageName", "SecretsUsedInArgOrEnv",
        "StageNameCasing", "UndefinedArgInFrom", "UndefinedVar", "WorkdirRelativePath",
    ]),
];

/// The level of what hadolint calls by one of `ids`; off for what it does not report by itself.
pub(super) fn hadolint(ids: &[&str]) -> Level {
    level(&HADOLINT, ids)
}

/// The level of what BuildKit calls by one of `ids`; off for its experimental checks.
pub(super) fn buildkit(ids: &[&str]) -> Level {
    level(&BUILDKIT, ids)
}

/// Whether BuildKit reports it only where it is asked to.
pub(super) fn is_experimental(ids: &[&str]) -> bool {
    ids.contains(&"InvalidDefinitionDescription")
}

fn level(table: &[(Level, &[&str])], ids: &[&str]) -> Level {
    let found = table.iter().find(|(_, known)| ids.iter().any(|id| known.contains(id)));
    found.map_or(Level::Off, |(level, _)| *level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_of_a_table_is_an_alias_of_a_rule() {
        for (_, ids) in HADOLINT.iter().chain(&BUILDKIT) {
            for id in *ids {
                assert!(crate::lint::rule(id).is_some(), "{id}");
            }
        }
    }

    #[test]
    fn ids_weigh_what_their_linter_says() {
        assert_eq!(hadolint(&["DL3024", "DuplicateStageName"]), Level::Error);
        assert_eq!(buildkit(&["DL3024", "DuplicateStageName"]), Level::Warning);
        assert_eq!(hadolint(&["DL3057"]), Level::Off);
        assert_eq!(buildkit(&["InvalidDefinitionDescription"]), Level::Off);
        assert_eq!(hadolint(&[]), Level::Off);
    }
}
