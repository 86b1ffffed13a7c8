//! Commands that were too large or too tangled to be looked into.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink, UNCHECKED};
use crate::dockerfile::MAX_PARTS;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: UNCHECKED,
    aliases: &[],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!("a command was too large or too tangled to be looked into", "命令太大或太复杂，无法分析"),
    explanation: say!(
        "Rules on commands say nothing about it. Shell text is parsed up to 64 KiB and within a second, and of a file \
         the first 50,000 instructions, comments and words.",
        "检查命令的规则对它不作判断。shell 文本最多解析 64 KiB，最长一秒；\
         文件最多解析前 50000 条指令、注释和单词。"
    ),
    help: say!("put the commands into a script and copy that", "把命令写成脚本，再复制进来"),
    example: Example::new(
        "FROM alpine:3.20\n\
         RUN yes \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat \\\n\
         | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat\n",
        "FROM alpine:3.20\n\
         COPY build.sh /usr/local/bin/\n\
         RUN sh /usr/local/bin/build.sh\n",
    ),
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    if let Some(rest) = context.dockerfile.unread {
        let message = say!(
            "the file holds more than {most} instructions, comments and words: the rest was not checked",
            "文件里的指令、注释和单词超过 {most} 个：其余部分没有检查",
            most = MAX_PARTS
        );
        let help = say!("move data out of the Dockerfile, or split it", "把数据移出 Dockerfile，或者拆分它");
        sink.report(rest, message).help(help);
    }
    for (instruction, script) in context.scripts().filter(|(_, script)| !script.skipped.is_empty()) {
        let keyword = instruction.keyword;
        let message = say!(
            "the commands of this {keyword} were not checked",
            "没有检查这条 {keyword} 的命令",
            keyword = keyword.name()
        );
        let draft = sink.report(keyword.span, message);
        for span in &script.skipped {
            draft.label(*span, say!("too large or too tangled", "太大或太复杂"));
        }
    }
}
