//! Practice 10: COPY before ADD.

use super::super::context::Context;
use super::super::fix::{Fix, like};
use super::super::paths::{is_archive, is_remote};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Instruction, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "add-local-file",
    aliases: &["DL3020"],
    practice: Some(10),
    level: Level::Warning,
    by_policy: false,
    summary: "ADD of plain files does what COPY does, and hides that it might do more",
    explanation: "ADD also unpacks archives and fetches URLs. Where neither is meant, COPY says so, and a file \
                  that happens to be an archive is not unpacked by surprise.",
    help: "write COPY",
    check,
};

/// ADD unpacks what is an archive by its content, whatever its name: what might be one is left alone, and so are flags
/// that COPY does not have.
fn copied(context: &Context, add: &Instruction, sources: &[&str]) -> Option<Fix> {
    const SUSPICIOUS: [&str; 9] = ["tar", "tgz", "rootfs", "archive", "bundle", "backup", ".gz", ".xz", ".bz2"];
    let plain = |path: &&str| {
        let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let any = name.contains(['*', '?', '[']) && (extension.is_empty() || extension.contains(['*', '?', '[']));
        !any && !SUSPICIOUS.iter().any(|part| name.contains(part))
    };
    let known = add.flags.iter().all(|flag| Keyword::Copy.flags().contains(&flag.name.as_str()));
    let keyword = like(context.dockerfile.source.slice(add.keyword.span), Keyword::Copy);
    (known && sources.iter().all(plain)).then(|| Fix::replace(add.keyword.span, keyword))
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, add) in context.every(Keyword::Add) {
        let Some((_, sources)) = add.words().split_last() else { continue };
        let plain = |path: &str| !is_remote(path) && !is_archive(path) && !path.starts_with("<<");
        let sources: Option<Vec<&str>> = sources.iter().map(|word| word.value.as_deref()).collect();
        if let Some(sources) = sources.filter(|sources| sources.iter().all(|path| plain(path))) {
            let message = format!("ADD of `{}` does what COPY does", sources.join(" "));
            sink.report(add.keyword.span, message).fix(copied(context, add, &sources));
        }
    }
}
