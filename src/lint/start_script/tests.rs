//! Tests of how scripts are found.

use std::sync::Arc;

use super::super::{Folder, Needs};
use crate::diag::Source;
use crate::dockerfile::Dockerfile;

fn candidates(text: &str) -> Vec<String> {
    Needs::of(&Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text))))
        .files(&Folder::default())
        .into_iter()
        .collect()
}

#[test]
fn a_script_is_found_through_workdir_and_copy() {
    let start = "FROM alpine\nWORKDIR /app\n";
    let all = "COPY . .\nENTRYPOINT [\"./run.sh\"]\n";
    assert_eq!(candidates(&format!("{start}{all}")), ["run.sh"]);
    let path =
        "COPY docker/entrypoint.sh docker/wait.sh /usr/local/bin/\nENTRYPOINT [\"entrypoint.sh\"]\nCMD [\"a\"]\n";
    assert_eq!(candidates(&format!("{start}{path}")), ["docker/entrypoint.sh"]);
    let renamed = "COPY scripts/start.sh /start\nENTRYPOINT [\"tini\", \"--\", \"/start\"]\n";
    assert_eq!(candidates(&format!("{start}{renamed}")), ["scripts/start.sh"]);
    let globs = "COPY bin/*.sh ./\nENTRYPOINT [\"bash\", \"../app/b.sh\"]\n";
    assert_eq!(candidates(&format!("{start}{globs}")), ["bin/b.sh"]);
    let stages = "FROM alpine AS base\nWORKDIR /x\nCOPY rootfs /\nCMD [\"/y/z.sh\"]\nFROM base\nRUN a\n";
    assert_eq!(candidates(stages), ["rootfs/y/z.sh"]);
}

#[test]
fn what_stays_in_the_context_only_is_asked_for() {
    for text in [
        "",
        "FROM alpine\nCOPY ../../etc /etc\nENTRYPOINT [\"/etc/../../../x.sh\"]\n",
        "FROM alpine\nCOPY . /app\nENTRYPOINT [\"node\", \".\"]\n",
        "FROM alpine\nCOPY . /app\nENTRYPOINT [\"/app/$X\"]\n",
        "FROM corp.example/base\nCOPY . .\nENTRYPOINT [\"./x.sh\"]\n",
        "FROM alpine\nCOPY --from=a /x.sh /\nENTRYPOINT [\"/x.sh\"]\n",
    ] {
        let found = candidates(text);
        assert!(found.iter().all(|path| !path.contains("..") && !path.starts_with('/')), "{found:?}");
        assert!(text.contains("../") || found.is_empty(), "{text}: {found:?}");
    }
}
