//! Practice 9: `exec` in the script that a container starts with.

use super::super::context::Context;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::start_script::Origin;
use super::super::start_text::shell_script;
use crate::dockerfile::shell::ShellReader;

pub(super) static RULE: Rule = Rule {
    name: "entrypoint-without-exec",
    aliases: &[],
    practice: Some(9),
    level: Level::Warning,
    by_policy: false,
    summary: "a program that the entrypoint script starts without `exec` gets no signals",
    explanation: "The shell stays process 1 and passes SIGTERM on to nobody: the program is killed after the grace \
                  period, in the middle of what it does. `exec` puts the program in the shell's place. Every path \
                  through the script has to end so; scripts that handle signals by `trap` are not reported. The \
                  script is found through WORKDIR and COPY, in the build context or in a here-document.",
    help: "start the last program of the script with `exec`",
    check,
};

fn check(context: &Context, sink: &mut Sink) {
    let Some((start, origin, text)) = shell_script(context) else { return };
    for ending in ShellReader::default().endings(&text.lines()) {
        let program = &ending.words[0];
        let span = program.span.join(ending.words.last().map_or(program.span, |word| word.span));
        let line = text.source.position(span.start).line;
        let written = text.source.slice(program.span);
        let message = format!("the script runs `{written}` on line {line} without `exec`");
        match origin {
            Origin::Inline { .. } => sink.report(span, message).label(start.span, "the container starts with the script"),
            _ => sink.report(start.span, message).label_in(&text.source, span, "write `exec` in front of this"),
        };
    }
}
