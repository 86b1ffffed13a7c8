//! Practice 14: volumes where the system has directories of its own.

use super::super::context::Context;
use super::super::example::Example;
use super::super::paths::is_within;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::Keyword;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "system-volume",
    aliases: &[],
    practice: Some(14),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "`/`, `/proc`, `/dev` and `/sys` are the runtime's to mount",
        "`/`、`/proc`、`/dev` 和 `/sys` 由运行时挂载"
    ),
    explanation: say!(
        "A volume over one of them hides what the kernel or the image shows there: the container does not start, or \
         starts with an empty system.",
        "在它们之上放数据卷会遮住内核或镜像提供的内容：容器无法启动，或者启动后系统是空的。"
    ),
    help: say!("declare the directory of the data", "声明数据所在的目录"),
    example: Example::new(
        "FROM alpine:3.20\n\
         VOLUME /proc\n",
        "FROM alpine:3.20\n\
         VOLUME /var/lib/app\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    for (_, volume) in context.every(Keyword::Volume) {
        for word in volume.words() {
            let path = word.text();
            let system = ["/proc", "/dev", "/sys"].iter().any(|directory| is_within(path, directory));
            if (system && !is_within(path, "/dev/shm") && !is_within(path, "/sys/fs/cgroup")) || path == "/" {
                sink.report(word.span(), say!("`{path}` is no place for a volume", "`{path}` 不能放数据卷", path));
            }
        }
    }
}
