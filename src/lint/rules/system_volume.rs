//! Practice 14: volumes where the system has directories of its own.

use super::super::context::Context;
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;

pub(super) static RULE: Rule = Rule {
    name: "system-volume",
    aliases: &[],
    practice: Some(14),
    level: Level::Warning,
    by_policy: false,
    summary: "`/`, `/proc`, `/dev` and `/sys` are the runtime's to mount",
    explanation: "A volume over one of them hides what the kernel or the image shows there: the container does not \
                  start, or starts with an empty system.",
    help: "declare the directory of the data",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, volume) in context.every(Keyword::Volume) {
        for word in volume.words() {
            let path = word.text();
            let system = ["/proc", "/dev", "/sys"].iter().any(|directory| is_within(path, directory));
            if (system && !is_within(path, "/dev/shm") && !is_within(path, "/sys/fs/cgroup")) || path == "/" {
                sink.report(word.span(), format!("`{path}` is no place for a volume"));
            }
        }
    }
}
