//! COPY of several files to what is no directory.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "several-sources-to-file",
    aliases: &["DL3021"],
    practice: None,
    level: Level::Error,
    by_policy: false,
    summary: say!(
        "COPY of several sources needs a directory, written with a `/` at its end",
        "COPY 多个来源时目标必须是目录，末尾写 `/`"
    ),
    explanation: say!(
        "BuildKit refuses to copy several files to a path that does not end with `/`: it cannot tell whether a \
         directory is meant.",
        "BuildKit 拒绝把多个文件复制到不以 `/` 结尾的路径：它无法判断指的是不是目录。"
    ),
    help: say!("end the destination with `/`", "目标路径以 `/` 结尾"),
    example: Example::new(
        "FROM alpine:3.20\n\
         COPY a.conf b.conf /etc/app\n",
        "FROM alpine:3.20\n\
         COPY a.conf b.conf /etc/app/\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, copy) in context.every(Keyword::Copy) {
        let Some((destination, sources)) = copy.words().split_last() else { continue };
        let open = destination.value.is_none() && !destination.raw.as_str().trim_end_matches(['"', '\'']).ends_with('/');
        let path = if open { destination.text() } else { destination.text().trim_end_matches(['"', '\'']) };
        // An open value may well end with `/`, which hadolint does not expect; `.` is a directory whatever happens.
        if sources.len() > 1 && (!open || context.as_hadolint()) && !path.ends_with(['/', '\\']) && !matches!(path, "." | "..") {
            let message =
                say!("several files cannot be copied to the one path `{path}`", "多个文件不能复制到同一个路径 `{path}`", path);
            sink.report(destination.span(), message);
        }
    }
}
