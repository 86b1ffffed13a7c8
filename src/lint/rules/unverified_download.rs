//! Practice 10: ADD of a URL without a checksum.

use super::super::context::Context;
use super::super::example::Example;
use super::super::paths::{has_extension, is_http};
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "unverified-download",
    aliases: &[],
    practice: Some(10),
    level: Level::Warning,
    by_policy: false,
    summary: say!("ADD of a URL takes whatever the server sends", "用 ADD 下载 URL 时，服务器发来什么就用什么"),
    explanation: say!(
        "Without `--checksum` nobody notices when the file behind the URL changes, by accident or by malice.",
        "不写 `--checksum` 时，URL 背后的文件无论是无意还是恶意地变了，都没有人察觉。"
    ),
    help: say!("write `ADD --checksum=sha256:… URL destination`", "改写为 `ADD --checksum=sha256:… URL destination`"),
    example: Example::new(
        "FROM alpine:3.20\n\
         ADD https://example.com/tool /usr/bin/tool\n",
        "FROM alpine:3.20\n\
         ADD --checksum=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 https://example.com/tool /usr/bin/tool\n",
    ),
    check,
};

/// A repository is pinned by its commit, not by a checksum.
fn is_repository(url: &str) -> bool {
    let path = url.split(['#', '?']).next().unwrap_or(url);
    has_extension(path.trim_end_matches('/'), &["git"])
}

fn check(context: &Context, sink: &mut Sink) {
    for (_, add) in context.every(Keyword::Add) {
        if add.flag("checksum").is_some() {
            continue;
        }
        let Some((_, sources)) = add.words().split_last() else { continue };
        for source in sources.iter().filter(|word| is_http(word.text()) && !is_repository(word.text())) {
            sink.report(source.span(), say!("this download is not verified", "这个下载没有校验"));
        }
    }
}
