//! Sources of COPY and ADD that BuildKit refuses.

use super::error::{SyntaxError, SyntaxErrorKind};
use super::instruction::{Instruction, Word};
use super::keyword::Keyword;
use crate::diag::say;

/// COPY fetches nothing, and a checksum is about one thing that is fetched.
pub(super) fn refused(instruction: &Instruction) -> Option<SyntaxError> {
    let (_, sources) = instruction.words().split_last()?;
    match *instruction.keyword {
        Keyword::Copy => {
            let fetched = sources.iter().find(|source| source.value.as_deref().is_some_and(is_fetched))?;
            Some(SyntaxError { span: fetched.span(), kind: SyntaxErrorKind::FetchedByCopy })
        }
        Keyword::Add => {
            let flag = instruction.flags.iter().find(|flag| *flag.name == "checksum")?;
            // A `$` that is quoted is a variable to BuildKit all the same.
            let known = |digest: &&str| !digest.is_empty() && !digest.contains('$');
            let digest = flag.value.as_ref()?.value.as_deref().filter(known)?;
            let sources: Option<Vec<&str>> = sources.iter().map(|source: &Word| source.value.as_deref()).collect();
            let valid = match sources?.as_slice() {
                [source] if is_repository(source) => true,
                [source] => is_fetched(source) && is_digest(digest),
                _ => false,
            };
            let takes =
                say!("`sha256:` and 64 hex digits, for one URL", "`sha256:` 加 64 位十六进制数，并且只对应一个 URL");
            let kind = SyntaxErrorKind::InvalidFlagValue { keyword: "ADD", flag: flag.name.value.clone(), takes };
            (!valid).then_some(SyntaxError { span: flag.span, kind })
        }
        _ => None,
    }
}

fn is_http(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

fn is_repository(source: &str) -> bool {
    let path = source.split('#').next().unwrap_or(source);
    ["git://", "ssh://", "git@"].iter().any(|scheme| source.starts_with(scheme))
        || is_http(source) && path.strip_suffix(".git").is_some()
}

fn is_fetched(source: &str) -> bool {
    is_http(source) || is_repository(source)
}

fn is_digest(text: &str) -> bool {
    let hex = |text: &str, len| text.len() == len && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match text.split_once(':') {
        Some(("sha256", digits)) => hex(digits, 64),
        Some(("sha384", digits)) => hex(digits, 96),
        Some(("sha512", digits)) => hex(digits, 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Dockerfile;
    use crate::diag::Source;

    fn refusals(line: &str) -> usize {
        let source = Arc::new(Source::new("Dockerfile", format!("FROM alpine\n{line}\n")));
        Dockerfile::parse(&source).errors.len()
    }

    #[test]
    fn copy_fetches_nothing() {
        for fetched in ["https://a.example/b", "http://a", "git@a.example:b.git", "git://a/b", "b https://a.example/c"]
        {
            assert_eq!(refusals(&format!("COPY {fetched} /d/")), 1, "{fetched}");
            assert_eq!(refusals(&format!("ADD {fetched} /d/")), 0, "{fetched}");
        }
        for local in ["a", "http:/a", "ftp://a/b", "$A", "a.git"] {
            assert_eq!(refusals(&format!("COPY {local} /d/")), 0, "{local}");
        }
    }

    #[test]
    fn a_checksum_is_of_one_download() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let url = "https://a.example/b";
        for (checksum, sources, refused) in [
            (digest.as_str(), url, 0),
            ("abcdef0", "https://a.example/b.git", 0),
            ("$SUM", "a", 0),
            ("", "a", 0),
            ("\\$SUM", "a", 0),
            (&digest, "a", 1),
            (&digest, "https://a.example/b https://a.example/c", 1),
            ("sha256:aa", url, 1),
            ("md5:aa", url, 1),
        ] {
            assert_eq!(refusals(&format!("ADD --checksum={checksum} {sources} /d/")), refused, "{checksum} {sources}");
        }
    }
}
