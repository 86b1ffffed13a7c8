//! Variables, and shells, that may lead a command into what a COPY brings: a certificate, a folder of packages, programs.
//!
//! Of what a tool does with its environment little is certain, and a file that is not there yet may be laid there before
//! the build. So a variable holds what reads it in its place unless its name says that it names no file, or its value
//! cannot lead there.

use std::ops::RangeInclusive;

use crate::diag::Span;
use crate::dockerfile::{Instruction, Keyword, Word};
use crate::lint::context::Context;
use crate::lint::manifests::Sources;
use crate::lint::paths::{is_within, joined};

/// Names that say what a value is about, and that no installer takes for a file.
#[rustfmt::skip] // as a block of words
const NO_FILES: [&str; 43] = [
    "APP", "APPDIR", "APP_DIR", "APP_FOLDER", "APP_HOME", "APP_PATH", "APP_ROOT", "ASPNETCORE_URLS", "BUILD_CONFIGURATION",
    "BUNDLE_WITHOUT", "CODE_DIR", "DEBIAN_FRONTEND", "DIR", "DJANGO_SETTINGS_MODULE", "FLASK_APP", "FLASK_RUN_HOST", "GOARCH",
    "GOOS", "HOST", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "NODE_ENV", "PORT", "PROJECT_DIR", "PROJECT_ROOT",
    "PYTHONIOENCODING", "RAILS_ROOT", "SERVICE_HOME", "SRC", "SRC_DIR", "TARGETARCH", "TARGETOS", "TARGETPLATFORM",
    "TARGETVARIANT", "TERM", "TZ", "UV_LINK_MODE", "WORKDIR", "WORKING_DIR", "WORKSPACE", "WORK_DIR",
];

/// Ends of such names.
const NO_FILE_ENDS: [&str; 10] =
    ["_VERSION", "_ENV", "_ENVIRONMENT", "_HOSTNAME", "_LEVEL", "_LOGLEVEL", "_MODE", "_PORT", "_TIMEOUT", "_USERNAME"];

/// Values that are no file's name, whatever the variable.
const NO_FILE_WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "none", "auto", "direct"];

/// Whether a variable that holds for the RUNs of `moved` may name something that lies at `destination`; none stands for
/// the directory in which the base leaves its users.
pub(super) fn lead_into_source(
    context: &Context,
    sources: Sources,
    moved: &RangeInclusive<usize>,
    destination: Option<&str>,
) -> bool {
    let target = Target { sources, destination };
    let dockerfile = context.dockerfile;
    let stages = context.stage_of(*moved.end()).map(|stage| dockerfile.ancestry(stage).collect::<Vec<_>>());
    let lines = stages.into_iter().flatten().flat_map(|stage| dockerfile.stages[stage].instructions.clone());
    let mut above = lines.filter(|at| at <= moved.end()).map(|at| (at, &dockerfile.instructions[at]));
    above.any(|(at, line)| {
        let pairs = match *line.keyword {
            Keyword::Env | Keyword::Arg => line.pairs(),
            _ => &[],
        };
        let set = pairs.iter().filter_map(|pair| Some((pair.name.text(), pair.value.as_ref()?)));
        set.into_iter().any(|(name, value)| target.is_reached(name, Word::text(value)))
            || (line.is(Keyword::Shell) && line.words().iter().any(|word| target.is_reached_by_shell(word.text())))
            || (*line.keyword == Keyword::Run
                && moved.contains(&at)
                && target.is_reached_by_assignment(context, at, line))
    })
}

/// What lies in the source's place.
struct Target<'c, 'd> {
    sources: Sources<'c>,
    destination: Option<&'d str>,
}

impl Target<'_, '_> {
    /// `A=b command`, of what stands in front of the commands of a RUN.
    fn is_reached_by_assignment(&self, context: &Context, at: usize, run: &Instruction) -> bool {
        let source = &context.dockerfile.source;
        let mut start = run.keyword.span.end;
        context.script(at).invocations.iter().any(|command| {
            let front = source.slice(Span::new(start, command.span.start.max(start)));
            start = command.span.end.max(start);
            let mut set = front.split_whitespace().filter_map(|word| word.split_once('='));
            set.any(|(name, value)| !name.starts_with('-') && self.is_reached(name, value.trim_matches(['"', '\''])))
        })
    }

    /// A word of SHELL: a program or a script that lies there.
    fn is_reached_by_shell(&self, word: &str) -> bool {
        word.contains(['/', '.']) && self.holds(word)
    }

    fn is_reached(&self, name: &str, value: &str) -> bool {
        let upper = name.to_ascii_uppercase();
        let no_file = NO_FILES.contains(&upper.as_str()) || NO_FILE_ENDS.iter().any(|end| upper.ends_with(end));
        let parts = value.split(|c: char| c.is_whitespace() || ",;'\"".contains(c));
        let itself = |part: &str| part.trim_start_matches('$').trim_matches(['{', '}']) == name;
        !no_file && parts.flat_map(places).filter(|part| !itself(part)).any(|part| self.holds(part))
    }

    /// Whether a path may be one of what lies there.
    fn holds(&self, path: &str) -> bool {
        if is_no_file(path) {
            return false;
        }
        let Some(there) = self.destination else {
            return !path.starts_with('/') || path.split('/').any(|part| self.sources.has(part));
        };
        if let Some(variable) = path.find('$') {
            return there.starts_with(&path[..variable]) || is_within(&path[..variable], there);
        }
        let Some(path) = joined(Some(there), path).filter(|path| is_within(path, there)) else { return false };
        // What is ignored is made by the build itself.
        let first = path[there.len()..].split('/').find(|part| !part.is_empty());
        first.is_none_or(|name| self.sources.reaches(name))
    }
}

/// What a part of a value names: itself, or the paths of a list; what lies on another host is none.
fn places(part: &str) -> impl Iterator<Item = &str> {
    let remote = |scheme: &str| !scheme.is_empty() && scheme != "file";
    let (list, path) = match part.split_once("://") {
        Some((scheme, _)) if remote(scheme) => ("", None),
        Some((_, path)) => ("", Some(path)),
        None => (part, None),
    };
    list.split([':', '=']).filter(|path| !path.is_empty()).chain(path)
}

/// A number, a version, or a word that switches something.
fn is_no_file(value: &str) -> bool {
    let number = value.strip_prefix('v').unwrap_or(value);
    let number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || ".-+".contains(c));
    let dots = value.chars().all(|c| c == '.');
    (number && !dots) || NO_FILE_WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
}
