//! What a Dockerfile demands of its build context.

use globset::GlobBuilder;

use crate::dockerfile::shell::{Invocation, Script, ShellWord};
use crate::dockerfile::{Base, Dockerfile, Instruction, Keyword, Stage, Word};
use crate::lint::build::Folder;
use crate::lint::context::all_scripts;
use crate::lint::data::context_files::PYTHON;
use crate::lint::ignore_file::IgnoreFile;
use crate::lint::packages::{Manager, package_command};
use crate::lint::paths::{below_context, has_extension, is_remote, is_whole_context};
use crate::lint::work::{builds, manifests};

/// Most paths that are compared with what is to be ignored.
const MAX_NAMED: usize = 256;

/// One Dockerfile of a context.
#[derive(Debug)]
pub(super) struct Demand<'d> {
    dockerfile: &'d Dockerfile,
    scripts: Vec<Script>,
    /// The whole context is copied.
    pub(super) whole: bool,
    /// What COPY, ADD and bind mounts name otherwise: paths and patterns below the context.
    pub(super) named: Vec<String>,
}

impl<'d> Demand<'d> {
    /// None where only the build knows what is taken from the context, or where that is too much to be looked at.
    pub(super) fn of(dockerfile: &'d Dockerfile) -> Option<Self> {
        let mut demand = Self { dockerfile, scripts: all_scripts(dockerfile), whole: false, named: Vec::new() };
        for line in &dockerfile.instructions {
            for path in sources(line)? {
                if is_whole_context(&path) {
                    demand.whole = true;
                } else if !is_remote(&path) {
                    demand.named.push(below_context(&path)?);
                }
            }
        }
        (demand.named.len() <= MAX_NAMED).then_some(demand)
    }

    /// Whether all that it names may lie in this folder.
    pub(super) fn fits(&self, folder: &Folder) -> bool {
        let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
        let open = |name: &str| name.contains(['*', '?', '[', '\\']);
        self.named.iter().map(|path| first(path)).all(|name| open(&name) || folder.entries.contains(&name))
    }

    /// Whether it names something that the pattern of an ignore file leaves out.
    pub(super) fn names(&self, pattern: &str) -> bool {
        let ignored = IgnoreFile::parse(pattern);
        self.named.iter().any(|named| {
            let glob = GlobBuilder::new(named).literal_separator(true).build();
            ignored.covers(named) || glob.is_ok_and(|glob| glob.compile_matcher().is_match(pattern))
        })
    }

    /// Whether one of its instructions holds this name, by itself or as a part of a path.
    pub(super) fn says(&self, name: &str) -> bool {
        let inside = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let after = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        self.dockerfile.instructions.iter().any(|line| {
            let text = self.dockerfile.source.slice(line.span);
            text.match_indices(name).any(|(at, _)| {
                let (before, behind) = (&text[..at], &text[at + name.len()..]);
                !before.ends_with(inside) && !behind.starts_with(after)
            })
        })
    }

    /// Whether these letters occur anywhere in its instructions.
    pub(super) fn mentions(&self, letters: &str) -> bool {
        self.dockerfile.instructions.iter().any(|line| self.dockerfile.source.slice(line.span).contains(letters))
    }

    fn commands(&self) -> impl Iterator<Item = &Invocation> {
        self.scripts.iter().flat_map(|script| &script.invocations)
    }

    /// Whether one of these programs installs what the project's manifest asks for.
    pub(super) fn installs(&self, programs: &[&str]) -> bool {
        self.commands().any(|command| {
            let pip = || {
                programs == PYTHON
                    && package_command(command).is_some_and(|found| found.manager == Manager::Pip && found.installs())
            };
            (programs.contains(&command.program()) && manifests(command).is_some()) || pip()
        })
    }

    pub(super) fn builds(&self) -> bool {
        self.commands().any(builds)
    }

    /// Whether a tool builds something for browsers: such tools read settings beside the source.
    pub(super) fn builds_for_browsers(&self) -> bool {
        const TOOLS: [&str; 8] = ["npm", "npx", "yarn", "pnpm", "bun", "vite", "ng", "webpack"];
        self.commands().any(|command| {
            let tool = TOOLS.contains(&command.program());
            tool && (builds(command) || command.program() == "npx")
        })
    }

    /// Whether it asks the project's own repository for something.
    pub(super) fn asks_git(&self) -> bool {
        const ELSEWHERE: [&str; 5] = ["clone", "config", "init", "lfs", "version"];
        self.commands().any(|command| {
            let verb = command.operands().next().map(ShellWord::text).unwrap_or_default();
            match command.program() {
                "git" => !verb.is_empty() && !ELSEWHERE.contains(&verb),
                // It writes the commit into the program.
                "go" => matches!(verb, "build" | "install") && !names_version(command) && self.may_stamp(),
                _ => false,
            }
        })
    }

    /// Whether Go finds git, and is not told to leave it alone.
    fn may_stamp(&self) -> bool {
        let without = |stage: &Stage| match &stage.base {
            Base::Image(name) => name.contains("alpine"),
            Base::Stage(_) | Base::Scratch => true,
            Base::Open => false,
        };
        !self.mentions("-buildvcs=false") && (self.says("git") || !self.dockerfile.stages.iter().all(without))
    }

    /// Scripts of the context that its commands run; none for one that may be any.
    pub(super) fn own_scripts(&self) -> impl Iterator<Item = Option<String>> {
        self.commands().filter_map(|command| {
            let shell = matches!(command.program(), "sh" | "bash" | "ash" | "dash" | "." | "source");
            let word = if shell { command.arguments().first()? } else { &command.words[0] };
            let path = word.text();
            let system = ["/bin/", "/sbin/", "/usr/"].iter().any(|place| path.starts_with(place));
            let script = !word.is_option() && !system && (path.contains('/') || has_extension(path, &["sh"]));
            script.then(|| below_context(path).filter(|_| !word.dynamic && !path.starts_with('/')))
        })
    }

    /// Text that is too large or too tangled may run anything.
    pub(super) fn is_understood(&self) -> bool {
        self.dockerfile.errors.is_empty() && self.scripts.iter().all(|script| script.skipped.is_empty())
    }
}

/// `go install example.com/a@v1`: a program of others.
fn names_version(command: &Invocation) -> bool {
    command.operands().any(|word| word.text().contains('@'))
}

/// What an instruction takes from the build context; none where only the build knows.
fn sources(line: &Instruction) -> Option<Vec<String>> {
    match *line.keyword {
        Keyword::Copy | Keyword::Add if line.flag("from").is_none() => {
            let words = line.words().split_last().map_or(&[][..], |(_, sources)| sources);
            let documents = |word: &&Word| !line.heredocs.iter().any(|document| document.marker == word.span());
            words.iter().filter(documents).map(|word| word.value.clone()).collect()
        }
        Keyword::Run => {
            let mounts = line.flags_named("mount").filter_map(|flag| flag.value.as_ref());
            let paths = mounts.filter_map(|mount| bound(mount.text()));
            paths.map(|path| (!path.contains('$')).then(|| path.to_owned())).collect()
        }
        _ => Some(Vec::new()),
    }
}

/// The source of a bind mount of the context.
fn bound(mount: &str) -> Option<&str> {
    let options: Vec<_> = mount.split(',').map(|option| option.split_once('=').unwrap_or((option, ""))).collect();
    let of = |names: &[&str]| options.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value);
    if of(&["type"]).is_some_and(|kind| kind != "bind") || of(&["from"]).is_some() {
        return None;
    }
    Some(of(&["source", "src"]).unwrap_or("."))
}
