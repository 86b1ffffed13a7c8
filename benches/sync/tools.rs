//! The tools, and the same job in the words of each: every tag of every repository, plain HTTP, every platform.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::corpus::Corpus;
use crate::support::kdl;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Swrctl,
    Skopeo,
    Regsync,
    Crane,
    ImageSyncer,
}

impl Tool {
    pub const ALL: [Self; 5] = [Self::Swrctl, Self::Skopeo, Self::Regsync, Self::Crane, Self::ImageSyncer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Swrctl => "swrctl",
            Self::Skopeo => "skopeo",
            Self::Regsync => "regsync",
            Self::Crane => "crane",
            Self::ImageSyncer => "image-syncer",
        }
    }

    pub fn path(self) -> Option<PathBuf> {
        if self == Self::Swrctl {
            let other = std::env::var_os("SWRCTL").map(PathBuf::from);
            return Some(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_swrctl").into()));
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).map(|folder| folder.join(self.name())).find(|file| file.is_file())
    }

    pub fn is_installed(self) -> bool {
        self.path().is_some()
    }

    pub fn version(self) -> String {
        let argument = match self {
            Self::Swrctl | Self::Skopeo => "--version",
            Self::Regsync | Self::Crane => "version",
            Self::ImageSyncer => return self.path().map_or_else(String::new, |path| path.display().to_string()),
        };
        let output = Command::new(self.path().unwrap()).arg(argument).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let line = said.lines().find(|line| line.contains("VCSTag") || !line.contains("VCS"));
        line.unwrap_or_default().trim().to_owned()
    }
}

/// What one tool is to do, with the files that tell it.
#[derive(Debug)]
pub struct Job {
    tool: Tool,
    folder: TempDir,
    pairs: Vec<(String, String)>,
    target: SocketAddr,
}

impl Job {
    pub fn new(tool: Tool, corpus: &Corpus, source: SocketAddr, target: SocketAddr) -> Self {
        let pairs: Vec<(String, String)> =
            corpus.repositories().map(|name| (format!("{source}/{name}"), format!("{target}/{name}"))).collect();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        match tool {
            Tool::Swrctl => write("swr.kdl", swr_kdl(corpus.repositories(), source, target)),
            Tool::Skopeo => write("source.yml", skopeo_yml(corpus, source)),
            Tool::Regsync => write("regsync.yml", regsync_yml(&pairs, [source, target])),
            Tool::ImageSyncer => {
                let registry = json!({"insecure": true});
                write("auth.json", json!({source.to_string(): registry, target.to_string(): registry}).to_string());
                let images: serde_json::Map<_, _> = pairs.iter().map(|(from, to)| (from.clone(), json!(to))).collect();
                write("images.json", json!(images).to_string());
            }
            Tool::Crane => {}
        }
        Self { tool, folder, pairs, target }
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(self.tool.path().unwrap());
        command.current_dir(self.folder.path()).env("HOME", self.folder.path());
        match self.tool {
            Tool::Swrctl => command.args(["apply", "--auto-approve"]),
            Tool::Skopeo => command
                .args(["--insecure-policy", "sync", "--all", "--dest-tls-verify=false", "--src=yaml", "--dest=docker"])
                .args(["source.yml".to_owned(), format!("{}/bench", self.target)]),
            Tool::Regsync => command.args(["once", "--config=regsync.yml"]),
            Tool::ImageSyncer => command.args(["--auth=auth.json", "--images=images.json", "--proc=16"]),
            Tool::Crane => {
                let crane = self.tool.path().unwrap();
                command = Command::new("sh");
                command.current_dir(self.folder.path()).env("HOME", self.folder.path());
                command.arg("-ec").arg(self.pairs.iter().fold(String::new(), |mut script, (from, to)| {
                    let _ = writeln!(script, "{} --insecure copy --all-tags {from} {to}", crane.display());
                    script
                }))
            }
        };
        command
    }
}

/// A project file that brings every tag of these repositories to the target.
pub fn swr_kdl(repositories: impl Iterator<Item = String>, source: SocketAddr, target: SocketAddr) -> String {
    let images: Vec<String> = repositories.map(|name| format!("image \"{name}\"; ")).collect();
    let hosts = [("source", source), ("target", target)];
    let registries = hosts.map(|(name, host)| kdl::anonymous(name, &host.to_string())).concat();
    kdl::project(&[registries, kdl::migrate(&images.concat())])
}

fn skopeo_yml(corpus: &Corpus, source: SocketAddr) -> String {
    let images: Vec<String> = corpus.repositories().map(|name| format!("    {name}: []\n")).collect();
    format!("\"{source}\":\n  tls-verify: false\n  images:\n{}", images.concat())
}

fn regsync_yml(pairs: &[(String, String)], hosts: [SocketAddr; 2]) -> String {
    let mut text = "version: 1\ndefaults:\n  parallel: 4\ncreds:\n".to_owned();
    for host in hosts {
        let _ = writeln!(text, "  - registry: \"{host}\"\n    tls: disabled");
    }
    text.push_str("sync:\n");
    for (from, to) in pairs {
        let _ = writeln!(text, "  - source: \"{from}\"\n    target: \"{to}\"\n    type: repository");
    }
    text
}
