//! The command line.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::image::Platform;
use crate::project::ByteRate;

use crate::network::Check;

/// The project file where none is named.
const DEFAULT_FILE: &str = "swr.kdl";

/// What names the project file when swrctl is called again, with a blank behind it; nothing for the usual one.
pub(super) fn file_option(file: &Path) -> String {
    if file == Path::new(DEFAULT_FILE) { String::new() } else { format!("--file {} ", file.display()) }
}

/// Plan and apply image migrations, Dockerfile policies and network checks for container registries
///
/// Everything is declared in one project file, swr.kdl. `swrctl plan` lints the Dockerfiles it names, verifies the
/// network path to every registry it uses, compares every image at source and target, and shows what would change.
/// `swrctl apply` carries it out.
///
/// Exit code of every command: 0 when all is well, 1 otherwise. `plan` has more to say, see `swrctl plan --help`.
#[derive(Debug, Parser)]
#[command(name = "swrctl", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// The project file
    #[arg(
        short,
        long,
        global = true,
        value_name = "PATH",
        default_value = DEFAULT_FILE,
        env = "SWRCTL_FILE",
        hide_env_values = true
    )]
    pub file: PathBuf,

    /// When to use colours; the variable `NO_COLOR` turns them off
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,

    /// Language of findings and explanations; else the one that `LC_ALL`, `LC_MESSAGES` or `LANG` names
    #[arg(long, global = true, value_enum, value_name = "LANG")]
    pub lang: Option<LangArg>,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LangArg {
    /// English
    En,
    /// Chinese
    Zh,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a commented starter project file from what this folder holds
    ///
    /// Exit code: 0 when it was written, 1 otherwise. A file that is there stays as it is without --force.
    Init(InitArgs),
    /// Check the project file alone: no network, no Dockerfiles
    ///
    /// Exit code: 0 when the file is valid, perhaps with warnings; 1 otherwise.
    Validate,
    /// Show what apply would do; changes nothing anywhere
    ///
    /// Exit code: 0 when all is well, 1 on an error or when a step is blocked. With --detailed-exitcode, 2 when
    /// changes are pending and nothing is wrong.
    Plan(PlanArgs),
    /// Carry out a plan, after asking
    ///
    /// Without PLANFILE, plans first and asks for confirmation. Ctrl-C once finishes what is under way and stops;
    /// twice stops at once. Exit code: 0 when every step succeeded, 1 otherwise.
    Apply(ApplyArgs),
    /// Lint Dockerfiles, with or without a project file
    ///
    /// Without PATH: what the `dockerfiles` sections of the project file name, or this folder where there are none.
    /// With PATHs and a project file, what a section names gets that section's policy, everything else the default
    /// policy (profile swr, fail-on error). Findings go to standard output, their count to standard error.
    ///
    /// Exit code: 0 when no finding reaches --fail-on, 1 otherwise, also when a file cannot be read.
    Lint(LintArgs),
    /// Check the network paths to the registries alone
    ///
    /// Makes the checks that `swrctl plan` makes before any sync, and shows each with what was expected, what was seen
    /// and what to do. Without NAME, every registry of the project file. Changes nothing anywhere.
    ///
    /// Exit code: 0 when every path is as declared, perhaps with warnings; 1 otherwise.
    #[command(visible_alias = "doctor")]
    Network(NetworkArgs),
    /// Print what the cloud's console wants to have pasted
    ///
    /// endpoint-policy: a VPC endpoint policy that lets through what the project moves, and nothing else. For an endpoint of
    /// SWR, the repositories that the migrations read and write. For one of OBS (--service obs), the buckets of both storage
    /// clusters, which the registry is asked for: it needs an image there to redirect for.
    ///
    /// Exit code: 0, or 1 when there is no policy.
    Generate(GenerateArgs),
    /// Say what a rule or a network check is about
    ///
    /// Exit code: 0, or 1 when there is no such rule.
    Explain {
        /// Name of a rule or a check, what hadolint or BuildKit call it, or a code that lint tells; all are listed without it
        #[arg(value_name = "RULE")]
        rule: Option<String>,
    },
    /// Print the plan's graph of steps
    ///
    /// Plans first, as `swrctl plan` does. Exit code: 0 when there is a graph, even of blocked steps; 1 otherwise.
    Graph(GraphArgs),
    /// Print a completion script for a shell
    ///
    /// For bash: `swrctl completions bash > /etc/bash_completion.d/swrctl`. Exit code: 0, or 1 when it cannot be
    /// written.
    Completions {
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands to a directory
    ///
    /// Exit code: 0, or 1 when it cannot be written.
    Man {
        /// Directory to write swrctl.1, swrctl-plan.1, … to
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Replace a project file that is there
    #[arg(long)]
    pub(super) force: bool,
}

/// Which part of the plan is meant.
#[derive(Debug, Args)]
pub(super) struct ScopeArgs {
    /// Only steps whose address matches this glob, and their gates; may be given several times
    #[arg(long = "target", value_name = "ADDRESS")]
    pub(super) targets: Vec<String>,

    /// No step whose address matches this glob, nor what depends on it; may be given several times
    #[arg(long = "exclude", value_name = "ADDRESS")]
    pub(super) excludes: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// Print the plan as one JSON document
    #[arg(long)]
    pub(super) json: bool,

    /// Save the plan for `swrctl apply FILE`
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,

    /// Exit with 2 when there are changes to apply
    #[arg(long)]
    pub(super) detailed_exitcode: bool,

    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// A plan saved by `swrctl plan --out`; applied without asking
    #[arg(value_name = "PLANFILE", conflicts_with_all = ["targets", "excludes"])]
    pub(super) plan: Option<PathBuf>,

    /// Do not ask
    #[arg(long)]
    pub(super) auto_approve: bool,

    /// Write every step's verdict, bytes, seconds and retries here: JSON to FILE.json, Markdown to FILE.md
    ///
    /// The file is there from the first step on and is replaced as a whole, also when steps fail and on Ctrl-C. May be
    /// given several times.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Vec<PathBuf>,

    /// What to read back at the targets after each push, instead of what the project file says
    #[arg(long, value_enum)]
    pub(super) verify: Option<VerifyArg>,

    /// Print events as NDJSON; needs --auto-approve or PLANFILE
    #[arg(long)]
    pub(super) json: bool,

    /// The bytes of blobs that all registries together may move a second, e.g. 20MiB/s
    ///
    /// Bytes read and bytes written both count: a blob copied from registry to registry counts twice. One registry is
    /// limited with `limit bandwidth=` in its section.
    #[arg(long, value_name = "RATE", env = "SWRCTL_BANDWIDTH", hide_env_values = true)]
    pub(super) bandwidth: Option<ByteRate>,

    /// Where large uploads that a run did not end are remembered for the next one, or `none`
    ///
    /// By default swrctl/uploads.json in the folder for state, ~/.local/state. Only ever a hint: it may be deleted.
    #[arg(long, value_name = "FILE", env = "SWRCTL_STATE_FILE", hide_env_values = true)]
    pub(super) state_file: Option<PathBuf>,

    /// Go on though a registry is reached by another path than when the plan was made
    ///
    /// A plan holds for the paths that it shows: the kind of the addresses, who resolves the name, the proxy, and the key of
    /// the certificate. Without this nothing is written when the path of a registry that the plan uses is another.
    #[arg(long)]
    pub(super) allow_path_change: bool,

    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum VerifyArg {
    /// Nothing: the registry's answer to the push counts
    None,
    /// The digest that the tag holds
    Digest,
    /// Every byte of its manifests, config and layers
    Pull,
}

#[derive(Debug, Args)]
pub(super) struct LintArgs {
    /// A file, a folder, or `-` for standard input
    ///
    /// A folder is searched for Dockerfile, Dockerfile.*, Dockerfile-*, *.Dockerfile, the same with Containerfile, and
    /// what the project file names; what git ignores and what the project file excludes is left out. A file that is
    /// named itself is always linted.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Lint standard input as if it were this file; without it, as the Dockerfile of this folder
    #[arg(long, value_name = "PATH")]
    pub(super) stdin_path: Option<PathBuf>,

    /// Apply safe fixes to the files, then report what is left
    ///
    /// A fix is safe when the image that is built means the same, but for what the finding is about. With `-`, the
    /// fixed file goes to standard output and findings go to standard error.
    #[arg(long)]
    pub(super) fix: bool,

    /// Print what --fix would change as a unified diff; writes nothing
    ///
    /// The exit code is that of the files as they are.
    #[arg(long, conflicts_with_all = ["fix", "format"])]
    pub(super) diff: bool,

    /// The rules to start from, instead of what the policy says
    #[arg(long, value_enum)]
    pub(super) profile: Option<ProfileArg>,

    /// The level of findings that makes the exit code 1, instead of what the policy says
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailOn>,

    /// Whether the program shellcheck looks at shell text, instead of what the policy says
    #[arg(long, value_enum, value_name = "MODE")]
    pub(super) shellcheck: Option<ShellCheckArg>,

    #[command(flatten)]
    pub(super) bases: BaseArgs,

    /// Settings of hadolint to go by instead of a project file
    ///
    /// Without a project file, .hadolint.yaml of this folder or of the user and the variables `HADOLINT_…` are found as
    /// hadolint finds them; the profile is hadolint's then.
    #[arg(long, value_name = "FILE")]
    pub(super) hadolint_config: Option<PathBuf>,

    /// Hold back the findings of this file, instead of what the policy says
    ///
    /// Only findings that it does not know are told, and fail.
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,

    /// Show what baselines hold, too, and let it fail
    #[arg(long, conflicts_with_all = ["baseline", "write_baseline"])]
    pub(super) no_baseline: bool,

    /// Write all findings to a baseline, so that they are not told again
    ///
    /// To FILE, or to the one of --baseline, or to those that the project file names, or to swr-baseline.json beside the
    /// project file or in this folder. What the file says about other Dockerfiles stays.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with_all = ["diff"])]
    #[expect(clippy::option_option, reason = "so clap says whether it is there, and whether with a value")]
    pub(super) write_baseline: Option<Option<PathBuf>>,

    /// How findings are written; human unless hadolint's settings say otherwise
    #[arg(long, value_enum)]
    pub(super) format: Option<LintFormat>,
}

/// Whether registries are asked about base images, and for which platforms.
#[derive(Debug, Args)]
pub(super) struct BaseArgs {
    /// Ask registries about base images
    ///
    /// Which platforms they are for, and which variables they set: wrong-base-platform (BuildKit's `InvalidBaseImagePlatform`)
    /// needs to know, and undefined-variable is exact then. Each image is asked for once, with the logins of the project
    /// file or else of Docker. A registry that does not answer is a warning and fails nothing.
    #[arg(long)]
    pub(super) online: bool,

    /// Ask no registry, whatever the policy says
    #[arg(long, conflicts_with = "online")]
    pub(super) offline: bool,

    /// What the images are built for, as in `docker build --platform`; several with commas between them
    ///
    /// For FROMs without --platform, where registries are asked; instead of what the policy says.
    #[arg(long = "platform", value_name = "PLATFORM", value_delimiter = ',')]
    pub(super) platforms: Vec<Platform>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ShellCheckArg {
    /// Where it is installed
    Auto,
    /// A Dockerfile with shell text fails where it is not installed
    Require,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProfileArg {
    /// The 17 practices of SWR's documents
    Swr,
    /// What hadolint reports by default
    Hadolint,
    /// What BuildKit reports by default
    Buildkit,
    /// Every rule there is
    All,
    /// Only what the project file names
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Info,
    /// Nothing fails but a file that cannot be read
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LintFormat {
    /// With excerpts of the sources
    Human,
    /// One line a finding: its place, level, rule and message
    Short,
    /// One JSON document (schema/lint.schema.json)
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// Checkstyle's XML
    Checkstyle,
    /// JUnit's XML
    Junit,
}

#[derive(Debug, Args)]
pub(super) struct NetworkArgs {
    /// Names of `registry` sections
    #[arg(value_name = "NAME")]
    pub(super) registries: Vec<String>,

    /// Only these checks, with commas, and what they need; may be given several times
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = check_names().try_map(check))]
    pub(super) only: Vec<Check>,

    /// Print one JSON document (schema/network.schema.json)
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct GenerateArgs {
    /// What to print
    #[arg(value_enum)]
    pub(super) what: Generated,

    /// Name of a `registry` section of SWR; the only one without it
    #[arg(value_name = "NAME")]
    pub(super) registry: Option<String>,

    /// The service that the endpoint leads to
    #[arg(long, value_enum, default_value_t = EndpointService::Swr)]
    pub(super) service: EndpointService,

    /// A bucket of OBS, instead of asking the registry for them; may be given several times
    #[arg(long = "bucket", value_name = "BUCKET")]
    pub(super) buckets: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Generated {
    /// The policy of a VPC endpoint, as JSON
    EndpointPolicy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum EndpointService {
    /// An interface endpoint: a document of IAM's policy language
    Swr,
    /// A gateway endpoint: a list of statements
    Obs,
}

fn check_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Check::ALL.map(Check::name))
}

fn check(name: String) -> Result<Check, String> {
    Check::by_name(&name).ok_or(name)
}

#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    #[arg(long, value_enum, default_value_t = GraphFormat::Dot)]
    pub(super) format: GraphFormat,

    #[command(flatten)]
    pub(super) scope: ScopeArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// Graphviz
    Dot,
    /// Mermaid flowchart
    Mermaid,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
