//! The whole way from text to project, over `tests/cases/project`. `SWRCTL_BLESS=1` rewrites what is expected.

use std::fmt::Write;
use std::path::Path;

use super::*;

/// Rules that the cases may name.
const RULES: [&str; 4] = ["missing-healthcheck", "unpinned-base-image", "upgrade-in-build", "sudo-in-run"];

fn parse(text: &str) -> Parsed {
    parse_with(Arc::new(Source::new("swr.kdl", text)), PathBuf::from("."), Some(&RULES))
}

/// Files named `*.kdl` of a folder of cases, in order.
fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/project").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "kdl")).collect();
    files.sort();
    assert!(!files.is_empty(), "no cases in {}", folder.display());
    files
}

fn render(found: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in found {
        writeln!(out, "{}[{}]: {}", diagnostic.severity, diagnostic.problem.code, diagnostic.problem.message).unwrap();
        for label in &diagnostic.labels {
            let at = label.source.position(label.span.start);
            let text = label.source.slice(label.span);
            let word = label.text.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
            writeln!(out, "  {}:{} {text}{word}", at.line, at.column).unwrap();
        }
        if let Some(help) = &diagnostic.problem.help {
            writeln!(out, "  help: {help}").unwrap();
        }
    }
    out
}

/// Compares with the text beside the case; blesses it when asked to.
fn compare(case: &Path, actual: &str) {
    let expected = case.with_extension("txt");
    if std::env::var_os("SWRCTL_BLESS").is_some() {
        return std::fs::write(&expected, actual).unwrap();
    }
    let text = std::fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(actual, text, "{} (SWRCTL_BLESS=1 rewrites it)", expected.display());
}

#[test]
fn invalid_files_say_everything_that_is_wrong() {
    for case in cases("invalid") {
        let text = std::fs::read_to_string(&case).unwrap();
        let found = parse(&text).expect_err(&case.display().to_string());
        compare(&case, &render(&found));
    }
}

#[test]
fn valid_files_are_read_as_meant() {
    for case in cases("valid") {
        let text = std::fs::read_to_string(&case).unwrap();
        let (_, warnings) = parse(&text).unwrap_or_else(|found| panic!("{}:\n{}", case.display(), render(&found)));
        compare(&case, &render(&warnings));
    }
}
