//! Files that apply writes: by a user who may not, and interrupted in the middle.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::kdl;
use crate::support::netns::Host;
use crate::support::process::{Output, program};
use crate::support::swrctl::Project;

/// Debian's `nobody`, and a user whom nobody is.
const NOBODY: u32 = 65534;
const SOMEBODY: u32 = 54321;

const LINE: &str = "172.16.0.12 swr.region-1.example";

fn project(file: &str) -> String {
    let network = format!("network \"swr\" {{ endpoint \"172.16.0.12\"; hosts-file \"{file}\" manage=true; }}\n");
    kdl::project(&["registry \"swr\" \"swr.region-1.example\"\n".to_owned(), network])
}

/// A project that everybody may read, and the binary where everybody may run it.
struct Site {
    host: Host,
    project: Project,
}

impl Site {
    fn new() -> Self {
        let project = Project::empty();
        assert_eq!(
            project.path("").metadata().unwrap().uid(),
            0,
            "these tests drop the rights of root: run them as root"
        );
        let binary = project.home("swrctl");
        std::fs::copy(env!("CARGO_BIN_EXE_swrctl"), &binary).unwrap();
        for path in [project.path(""), project.home(""), binary] {
            std::fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        }
        Self { host: Host::new(&[]), project }
    }

    /// `FOLDER/hosts`, with the owners and modes of both.
    fn hosts(&self, folder: &str, (owner, mode): (u32, u32), file: Option<(u32, u32)>) {
        let path = self.project.path(folder);
        std::fs::create_dir_all(&path).unwrap();
        own(&path, owner, mode);
        if let Some((owner, mode)) = file {
            std::fs::write(path.join("hosts"), "127.0.0.1 localhost\n").unwrap();
            own(&path.join("hosts"), owner, mode);
        }
        std::fs::write(self.project.path("swr.kdl"), project(&format!("{folder}/hosts"))).unwrap();
    }

    #[track_caller]
    fn run_as(&self, user: u32, arguments: &[&str]) -> Output {
        let mut command = Command::new(program("setpriv"));
        command.args([format!("--reuid={user}"), format!("--regid={user}")]).args(["--clear-groups", "--"]);
        command.arg(self.project.home("swrctl")).args(arguments).current_dir(self.project.path(""));
        command.env("HOME", self.project.home("")).env("LC_ALL", "C.UTF-8");
        self.host.run(&command)
    }

    /// Nothing is written as nobody, not even a draft.
    #[track_caller]
    fn refuses(&self, folder: &str, arguments: &[&str], why: &str) {
        let names = || {
            let names = std::fs::read_dir(self.project.path(folder)).unwrap().map(|entry| entry.unwrap().file_name());
            names.collect::<Vec<_>>()
        };
        let before = names();
        let output = self.run_as(NOBODY, arguments).expect_code(1);
        assert!(output.stdout.contains(why) && output.stdout.contains("`sudo`"), "{output}");
        assert_eq!(names(), before, "{output}");
        let text = std::fs::read_to_string(self.project.path(folder).join("hosts"));
        assert!(text.is_ok_and(|text| text == "127.0.0.1 localhost\n") || before.is_empty(), "{output}");
    }
}

fn own(path: &Path, owner: u32, mode: u32) {
    chown(path, Some(owner), Some(owner)).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_user_without_the_right_to_write_is_told_and_nothing_is_half_written() {
    let site = Site::new();
    let apply = ["apply", "--auto-approve", "--target", "file.*"];
    site.hosts("system", (0, 0o755), Some((0, 0o644)));
    site.refuses("system", &["plan", "--target", "file.*"], "`system/hosts` cannot be written: permission denied");
    site.refuses("system", &apply, "! file.system/hosts  `system/hosts` cannot be written: permission denied");
    site.hosts("open-file", (0, 0o755), Some((NOBODY, 0o644)));
    site.refuses("open-file", &apply, "`open-file/hosts` cannot be replaced: no file can be made in `");
    site.hosts("no-file", (0, 0o755), None);
    site.refuses("no-file", &apply, "no file can be made in `");

    // A plan that root saved, carried out by somebody else.
    site.hosts("system", (0, 0o755), Some((0, 0o644)));
    site.run_as(0, &["plan", "--out", "plan.json", "--target", "file.*"]).expect_success();
    std::fs::set_permissions(site.project.path("plan.json"), Permissions::from_mode(0o644)).unwrap();
    let output = site.run_as(NOBODY, &["apply", "plan.json"]).expect_code(1);
    assert!(output.stdout.contains("failed file.system/hosts  `system/hosts` cannot be written"), "{output}");
    assert_eq!(std::fs::read_dir(site.project.path("system")).unwrap().count(), 1);

    // What may be written may belong to others all the same, and has to stay theirs.
    site.hosts("shared", (0, 0o777), Some((SOMEBODY, 0o666)));
    site.refuses(
        "shared",
        &apply,
        "failed file.shared/hosts  `shared/hosts` cannot be replaced, as it belongs to another",
    );

    site.hosts("own", (NOBODY, 0o755), Some((NOBODY, 0o640)));
    site.run_as(NOBODY, &apply).expect_success();
    let written = site.project.path("own/hosts");
    assert!(std::fs::read_to_string(&written).unwrap().contains(LINE));
    let metadata = written.metadata().unwrap();
    assert_eq!((metadata.uid(), metadata.mode() & 0o777), (NOBODY, 0o640));
}

#[test]
fn an_interrupt_in_the_middle_leaves_the_old_file_or_the_new_one_and_nothing_beside_it() {
    let before = "10.9.9.9 somebody.else.example # a long file takes its time\n".repeat(50_000);
    let project = Project::new(
        &project("ops/hosts").replace("swr.region-1.example", "localhost:1").replace("172.16.0.12", "127.0.0.1"),
    )
    .file("ops/hosts", &before);
    let apply = ["apply", "--auto-approve", "--target", "file.*"];
    let begin = Instant::now();
    project.run(apply).expect_success();
    let whole = begin.elapsed();
    let after = std::fs::read_to_string(project.path("ops/hosts")).unwrap();
    assert!(after.starts_with(&before) && after.len() > before.len());
    for turn in 0..16_u32 {
        std::fs::write(project.path("ops/hosts"), &before).unwrap();
        let running = project.spawn(apply);
        // Most of the time it plans.
        std::thread::sleep(whole * (16 + turn) / 32);
        running.interrupt();
        running.interrupt();
        let output = running.finish(Duration::from_mins(1));
        let found = std::fs::read_to_string(project.path("ops/hosts")).unwrap();
        assert!(found == before || found == after, "turn {turn}: {} bytes\n{output}", found.len());
        let names: Vec<_> =
            std::fs::read_dir(project.path("ops")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [project.path("ops/hosts")], "turn {turn}\n{output}");
    }
    std::fs::write(project.path("ops/hosts"), &before).unwrap();
    project.run(apply).expect_success();
    assert_eq!(std::fs::read_to_string(project.path("ops/hosts")).unwrap(), after);
    assert!(project.run(apply).expect_success().stdout.contains("No changes."));
}
