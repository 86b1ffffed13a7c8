//! What every rule looks at: the Dockerfile, the commands in it, the policy and the build context.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use jiff::civil::Date;

use super::bases::variables_of;
use super::build::BuildContext;
use super::ignore_file::IgnoreFile;
use super::paths::joined;
use super::policy::{Policy, Profile};
use super::pragma::{Idle, Pragmas};
use super::stage_shell::{Shell, is_windows, shells};
use super::start_script::{self, StartScript, start_instruction};
use crate::diag::Span;
use crate::dockerfile::shell::{Invocation, Script, ShellReader};
use crate::dockerfile::{Base, Command, Dockerfile, Instruction, Keyword, Text, Variable};

pub(super) struct Context<'a> {
    pub(super) dockerfile: &'a Dockerfile,
    pub(super) policy: &'a Policy,
    pub(super) build: &'a BuildContext<'a>,
    pub(super) pragmas: &'a Pragmas,
    /// What pragmas name in vain; none until all other rules have spoken.
    pub(super) idle_pragmas: Vec<Idle>,
    pub(super) today: Date,
    /// One for each instruction; empty where it holds no shell text.
    scripts: Vec<Script>,
    /// One for each instruction.
    shells: Vec<Rc<Shell>>,
    /// For each stage, the one at the bottom of those it is built on.
    roots: Vec<usize>,
    stage_names: HashSet<&'a str>,
    /// For each stage, whether the final image is built on it (or is it).
    shipped: Vec<bool>,
    ignored: OnceCell<Option<IgnoreFile>>,
    start: OnceCell<Option<StartScript<'a>>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        dockerfile: &'a Dockerfile,
        policy: &'a Policy,
        build: &'a BuildContext<'a>,
        pragmas: &'a Pragmas,
        today: Date,
    ) -> Self {
        let mut shipped = vec![false; dockerfile.stages.len()];
        if let Some(last) = dockerfile.final_stage() {
            dockerfile.ancestry(last).for_each(|stage| shipped[stage] = true);
        }
        let mut roots: Vec<usize> = Vec::with_capacity(dockerfile.stages.len());
        for (index, stage) in dockerfile.stages.iter().enumerate() {
            roots.push(if let Base::Stage(parent) = stage.base { roots[parent] } else { index });
        }
        let names = dockerfile.stages.iter().filter_map(|stage| stage.name.as_ref());
        let stage_names = names.map(|name| name.value.as_str()).collect();
        let shells = shells(dockerfile);
        let scripts = scripts(dockerfile, &shells, policy.profile != Profile::Hadolint);
        Self {
            dockerfile,
            policy,
            build,
            pragmas,
            idle_pragmas: Vec::new(),
            today,
            scripts,
            shells,
            roots,
            stage_names,
            shipped,
            ignored: OnceCell::new(),
            start: OnceCell::new(),
        }
    }

    /// The ignore file in force.
    pub(super) fn ignored(&self) -> Option<&IgnoreFile> {
        let parse = || self.build.ignore_file.as_ref().map(|file| IgnoreFile::parse(file.text()));
        self.ignored.get_or_init(parse).as_ref()
    }

    /// The script that a container of the final image starts with.
    pub(super) fn start(&self) -> Option<&StartScript<'a>> {
        let find = |index| start_script::find(self.dockerfile, self.script(index));
        self.start.get_or_init(|| start_instruction(self.dockerfile).and_then(find)).as_ref()
    }

    /// Instructions of one kind, also after ONBUILD, with their indexes.
    pub(super) fn every(&self, keyword: Keyword) -> impl Iterator<Item = (usize, &'a Instruction)> {
        let instructions = self.dockerfile.instructions.iter().enumerate();
        instructions.filter(move |(_, instruction)| *instruction.keyword == keyword)
    }

    /// Which of the file's instructions it is.
    pub(super) fn index_of(&self, instruction: &Instruction) -> Option<usize> {
        let found = self.dockerfile.instructions.binary_search_by_key(&instruction.span.start, |line| line.span.start);
        found.ok()
    }

    pub(super) fn script(&self, index: usize) -> &Script {
        &self.scripts[index]
    }

    /// What runs the shell text of an instruction.
    pub(super) fn shell(&self, index: usize) -> &Shell {
        &self.shells[index]
    }

    pub(super) fn scripts(&self) -> impl Iterator<Item = (&'a Instruction, &Script)> {
        self.dockerfile.instructions.iter().zip(&self.scripts)
    }

    /// Every command that a RUN runs.
    pub(super) fn run_commands(&self) -> impl Iterator<Item = (&'a Instruction, &Invocation)> {
        let runs = self.scripts().filter(|(instruction, _)| *instruction.keyword == Keyword::Run);
        runs.flat_map(|(instruction, script)| script.invocations.iter().map(move |command| (instruction, command)))
    }

    /// RUNs whose files end up in the final image.
    pub(super) fn shipped_runs(&self) -> impl Iterator<Item = (usize, &'a Instruction, &Script)> {
        let runs = self.every(Keyword::Run).filter(|(index, _)| self.is_shipped(*index));
        runs.map(|(index, run)| (index, run, self.script(index)))
    }

    /// Whether the profile is to say what BuildKit says, also where we know better.
    pub(super) fn as_buildkit(&self) -> bool {
        self.policy.profile == Profile::Buildkit
    }

    /// Whether the profile is to say what hadolint says.
    pub(super) fn as_hadolint(&self) -> bool {
        self.policy.profile == Profile::Hadolint
    }

    pub(super) fn stage_of(&self, index: usize) -> Option<usize> {
        self.dockerfile.stage_of(index)
    }

    /// Whether the instruction is part of the final image.
    pub(super) fn is_shipped(&self, index: usize) -> bool {
        self.stage_of(index).is_some_and(|stage| self.shipped[stage])
    }

    /// Instructions that make up the final image, without ONBUILD's, in the order of the file.
    pub(super) fn shipped(&self) -> impl Iterator<Item = (usize, &'a Instruction)> {
        let instructions = self.dockerfile.instructions.iter().enumerate();
        instructions.filter(|(index, instruction)| !instruction.on_build && self.is_shipped(*index))
    }

    /// The stage at the bottom of those that the instruction's stage is built on.
    pub(super) fn root_of(&self, index: usize) -> Option<usize> {
        self.stage_of(index).map(|stage| self.roots[stage])
    }

    /// What a stage starts from, below all stages it is built on.
    pub(super) fn root_base(&self, stage: usize) -> Option<&'a Base> {
        self.roots.get(stage).map(|root| &self.dockerfile.stages[*root].base)
    }

    /// The variables that the image below a stage sets, where that is known. hadolint knows none.
    pub(super) fn base_variables(&self, stage: usize) -> Option<BTreeSet<&str>> {
        let root = *self.roots.get(stage).filter(|_| !self.as_hadolint())?;
        variables_of(self.dockerfile, self.policy, &self.build.bases, root)
    }

    /// Whether a stage is plainly one for Windows.
    pub(super) fn is_windows(&self, stage: usize) -> bool {
        is_windows(self.dockerfile, &self.dockerfile.stages[self.roots[stage]])
    }

    /// Where an instruction works, when the file says so.
    pub(super) fn workdir(&self, index: usize) -> Option<String> {
        let mut stages: Vec<_> = self.dockerfile.ancestry(self.stage_of(index)?).collect();
        stages.reverse();
        let lines = stages.into_iter().flat_map(|stage| self.dockerfile.stages[stage].instructions.clone());
        let lines = lines.take_while(|at| *at < index).map(|at| &self.dockerfile.instructions[at]);
        lines.filter(|line| line.is(Keyword::Workdir)).fold(None, |workdir, line| {
            let path = line.words().first().and_then(|word| word.value.as_deref());
            path.and_then(|path| joined(workdir.as_deref(), path))
        })
    }

    /// What the final image starts from.
    pub(super) fn final_base(&self) -> Option<&'a Base> {
        self.dockerfile.final_stage().and_then(|stage| self.root_base(stage))
    }

    /// Whether a stage anywhere in the file has this name, in any case.
    pub(super) fn is_stage(&self, name: &str) -> bool {
        self.stage_names.contains(name.to_ascii_lowercase().as_str())
    }

    /// What a `--from` or `from=` means: an image, or nothing when it is a stage or only the build knows.
    pub(super) fn image_of<'v>(&self, from: Option<&'v str>) -> Option<&'v str> {
        from.filter(|name| {
            let number = name.bytes().all(|byte| byte.is_ascii_digit());
            !number && *name != "scratch" && !self.is_stage(name)
        })
    }

    /// The last FROM: where findings about the whole image stand.
    pub(super) fn final_from(&self) -> Option<&'a Instruction> {
        self.dockerfile.stages.last().and_then(|stage| self.dockerfile.from_of(stage))
    }
}

/// The commands of every RUN; a start script is none of them.
pub(super) fn all_scripts(dockerfile: &Dockerfile) -> Vec<Script> {
    let read = scripts(dockerfile, &shells(dockerfile), true);
    let runs = dockerfile.instructions.iter().zip(read).filter(|(line, _)| *line.keyword == Keyword::Run);
    runs.map(|(_, script)| script).collect()
}

/// Reads all shell text; in RUN, variables that are whole words are filled in where that is wanted: hadolint does not.
fn scripts(dockerfile: &Dockerfile, shells: &[Rc<Shell>], expand: bool) -> Vec<Script> {
    let mut reader = ShellReader::default();
    let instructions = dockerfile.instructions.iter().zip(shells).enumerate();
    let read = instructions.map(|(index, (instruction, shell))| {
        let script = read_script(&mut reader, dockerfile, instruction, shell);
        let lookup = |name: &str| match dockerfile.variable(index, name) {
            Variable::Value(value) => Some(value),
            Variable::Unknown | Variable::Unset | Variable::Undefined => None,
        };
        if expand && *instruction.keyword == Keyword::Run { script.expanded(lookup) } else { script }
    });
    read.collect()
}

/// The commands of one instruction, for who needs no others.
pub(super) fn start_text(dockerfile: &Dockerfile, index: usize) -> Script {
    let shell = &shells(dockerfile)[index];
    read_script(&mut ShellReader::default(), dockerfile, &dockerfile.instructions[index], shell)
}

fn read_script(reader: &mut ShellReader, dockerfile: &Dockerfile, instruction: &Instruction, shell: &Shell) -> Script {
    match instruction.command() {
        Some(Command::Exec(words)) => reader.read_exec(words),
        Some(Command::Shell(text)) if shell.posix().is_some() => {
            read_shell_form(reader, dockerfile.source.text(), instruction, text)
        }
        _ => Script::default(),
    }
}

/// A lone here-document is the script itself; others belong to the commands beside them.
fn read_shell_form(reader: &mut ShellReader, source: &str, instruction: &Instruction, command: &Text) -> Script {
    let documents = &instruction.heredocs;
    match documents.first() {
        None => reader.read(command),
        Some(document) if documents.len() == 1 && command.whole() == document.marker => {
            let body = lines(source, document.body);
            let foreign = Shell::of_script(body.as_str()) == Some(Shell::Foreign);
            if foreign { Script::default() } else { reader.read(&body) }
        }
        Some(_) => {
            let range = |span: Span| command.offset_of(span.start)..command.offset_of(span.end.saturating_sub(1)) + 1;
            let documents = documents.iter().map(|document| (range(document.marker), lines(source, document.body)));
            reader.read_with(command, &documents.collect::<Vec<_>>())
        }
    }
}

/// A here-document's lines, without carriage returns.
pub(super) fn lines(source: &str, body: Span) -> Text {
    let mut text = Text::default();
    let mut at = body.start;
    text.push("", at);
    for line in source.get(body.range()).unwrap_or_default().split_inclusive('\n') {
        text.push(line.trim_end_matches(['\n', '\r']), at);
        if line.ends_with('\n') {
            text.push("\n", at + line.len() - 1);
        }
        at += line.len();
    }
    text
}
