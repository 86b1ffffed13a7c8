//! COPY from a stage that does not exist above.

use std::collections::HashSet;

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::latest_tag::mounted;
use crate::diag::{Wording, did_you_mean, say};
use crate::dockerfile::{Instruction, Keyword};

pub(super) static RULE: Rule = Rule {
    name: "unknown-stage",
    aliases: &["DL3022"],
    practice: None,
    level: Level::Info,
    by_policy: false,
    summary: say!(
        "a name that is neither a stage above nor plainly an image",
        "这个名字既不是上方的构建阶段，也不像镜像"
    ),
    explanation: say!(
        "What is no stage is taken for an image of that name and pulled. A misspelt stage, or one further down, so \
         becomes an image of somebody else.",
        "不是阶段的名字会被当作同名的镜像去拉取。拼错的阶段，或者写在更下面的阶段，就会变成别人的镜像。"
    ),
    help: say!("name a stage above, or write the image with its tag", "写上方的阶段，或者写带标签的镜像"),
    example: Example::new(
        "FROM golang:1.22 AS build\n\
         FROM alpine:3.20\n\
         COPY --from=builder /app /usr/bin/\n",
        "FROM golang:1.22 AS build\n\
         FROM alpine:3.20\n\
         COPY --from=build /app /usr/bin/\n",
    ),
    check,
};

/// The stage whose name is so near that it may be meant.
pub(super) fn near_stage<'a>(context: &Context<'a>, name: &str) -> Option<&'a str> {
    let names = context.dockerfile.stages.iter().filter_map(|stage| Some(stage.name.as_ref()?.value.as_str()));
    did_you_mean(&name.to_ascii_lowercase(), names)
}

fn is_number(name: &str) -> bool {
    name.parse::<i64>().is_ok()
}

/// The build stops where a mount asks for a stage further down.
fn mounted_from_below(context: &Context, run: &Instruction, above: &HashSet<String>, sink: &mut Sink) {
    for (place, name) in mounted(run).filter_map(|(place, name)| Some((place, name?))) {
        if context.is_stage(&name) && !is_number(&name) && !above.contains(&name.to_ascii_lowercase()) {
            let help = move_up(&name);
            let message = say!("`{name}` is no stage above", "`{name}` 不是上方的构建阶段", name);
            sink.report(place, message).help(help).aliases(&["DL1000"]);
        }
    }
}

fn move_up(name: &str) -> Wording {
    say!(
        "move the stage `{name}` above this one: a build takes from stages above alone",
        "把阶段 `{name}` 移到这个阶段上方：构建只能取用上方的阶段",
        name
    )
}

fn check(context: &Context, sink: &mut Sink) {
    let mut above = HashSet::new();
    for (index, instruction) in context.dockerfile.instructions.iter().enumerate() {
        if instruction.is(Keyword::From) {
            let number = context.stage_of(index).unwrap_or_default();
            above.insert(number.to_string());
            above.extend(context.dockerfile.stages[number].name.as_ref().map(|name| name.value.clone()));
        }
        if instruction.is(Keyword::Run) && !instruction.on_build {
            mounted_from_below(context, instruction, &above, sink);
        }
        let Some(from) = instruction.flag("from").filter(|_| *instruction.keyword == Keyword::Copy) else { continue };
        // hadolint takes what has no tag for a stage.
        let image: &[char] = if context.as_hadolint() { &[':'] } else { &[':', '@', '/'] };
        let Some(name) = from.value.as_deref().filter(|name| !name.contains(image)) else { continue };
        let is_below = context.is_stage(name);
        // BuildKit takes other names for images.
        let refused = (is_below || is_number(name)) && !instruction.on_build;
        if above.contains(&name.to_ascii_lowercase()) || context.as_buildkit() && !refused {
            continue;
        }
        let draft = sink.report(from.span(), say!("`{name}` is no stage above", "`{name}` 不是上方的构建阶段", name));
        if is_below {
            draft.help(move_up(name));
        } else if let Some(near) = near_stage(context, name) {
            draft.help(say!(
                "did you mean the stage `{near}`? Otherwise write the image with its tag",
                "是不是想写阶段 `{near}`？否则写出镜像和标签",
                near
            ));
        }
    }
}
