//! A saved plan is applied by the paths that it was made for, and by no other unless that is allowed.

use std::process::Command;

use crate::support::authority::{Authority, Identity};
use crate::support::kdl;
use crate::support::netns::{Host, name_server};
use crate::support::plan::{document, network_document};
use crate::support::process::{Daemon, Output, program};
use crate::support::registry::Registry;
use crate::support::swrctl::Project;

const NAME: &str = "swr.region-1.example";
const OTHER: &str = "other.example";
const INSIDE: &str = "10.1.0.10";
const BESIDE: &str = "10.1.0.11";
const OUTSIDE: &str = "121.36.0.10";
/// Characters of a digest that people see.
const SHORT: usize = "sha256:".len() + 12;
const DNS: [&str; 2] = ["10.0.0.2", "10.0.0.3"];
const MIGRATION: &str = "registry \"images\" \"oci-layout:./images\"\n\
                         migrate \"images\" to=\"swr\" { image \"hello\" tags=\"1.0\"; }\n";

/// A host on which one registry is reached in several ways.
struct Site {
    host: Host,
    project: Project,
    authority: Authority,
    identity: Identity,
    registries: Vec<Registry>,
    names: Vec<Daemon>,
}

impl Site {
    fn new(network: &str) -> Self {
        let addresses = [INSIDE, BESIDE, OUTSIDE, DNS[0], DNS[1]].map(|address| format!("{address}/32"));
        let host = Host::new(&addresses.each_ref().map(String::as_str));
        let authority = Authority::new();
        let identity = authority.identity_for(&[NAME, OTHER], 4096);
        let registries = [INSIDE, BESIDE, OUTSIDE];
        let registries = registries.map(|address| Registry::on(&host, address, &authority, &identity)).into();
        let registry = format!("registry \"swr\" \"{NAME}\" {{ tls ca=\"ca.crt\"; auth \"anonymous\"; }}\n");
        let text = kdl::project(&[registry, network.to_owned(), MIGRATION.to_owned()]);
        let project = Project::copy_of("examples/quickstart").file("swr.kdl", text).file("ca.crt", authority.pem());
        let mut site = Self { host, project, authority, identity, registries, names: Vec::new() };
        site.resolves(INSIDE, DNS[0]);
        site
    }

    /// Only this server is asked from now on, and says this.
    fn resolves(&mut self, address: &str, server: &str) {
        self.names.clear();
        self.names.push(name_server(&self.host, server, &[(NAME, address)]));
        self.host.resolv_conf(&format!("nameserver {server}\n"));
        self.host.hosts("");
    }

    /// Certificates of the registry are of this identity from now on.
    fn shows(&mut self, identity: Identity) {
        self.registries.clear();
        self.registries.push(Registry::on(&self.host, INSIDE, &self.authority, &identity));
        self.identity = identity;
    }

    #[track_caller]
    fn run<const N: usize>(&self, arguments: [&str; N]) -> Output {
        self.project.run_on(&self.host, arguments)
    }

    /// Nothing is applied, for this reason, and the next plan finds everything to do.
    #[track_caller]
    fn refuses(&self, why: &str) {
        let output = self.run(["apply", "plan.json"]).expect_code(1);
        let told = told(&output);
        let error = "error[path-changed] × the path to `swr` is not the one that the plan was made for: ";
        assert!(told.contains(&format!("{error}{why}")), "{output}");
        assert!(told.contains("`--allow-path-change`") && output.stdout.is_empty(), "{output}");
        assert!(self.run(["plan"]).stdout.contains("1 to create"), "{output}");
    }

    fn rewritten(self, from: &str, to: &str) -> Self {
        let text = std::fs::read_to_string(self.project.path("swr.kdl")).unwrap();
        assert!(text.contains(from), "{text}");
        Self { project: self.project.file("swr.kdl", text.replace(from, to)), ..self }
    }
}

/// Standard error without the breaks of its lines.
fn told(output: &Output) -> String {
    output.stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// What `openssl` takes for the digest of a certificate's public key.
fn key_of(identity: &Identity) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tls.crt"), &identity.certificate).unwrap();
    let mut command = Command::new(program("bash"));
    let script = "openssl x509 -in tls.crt -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum";
    let output = command.args(["-euo", "pipefail", "-c", script]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    format!("sha256:{}", String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap())
}

#[test]
fn a_plan_shows_and_saves_the_path_of_every_registry_that_it_uses() {
    let site = Site::new("");
    let key = key_of(&site.identity);
    let shown = site.run(["plan", "--out", "plan.json"]).expect_success();
    let line = format!(
        "Path to `swr`: direct to private addresses, by name server {}, certificate key {}\n",
        DNS[0],
        &key[..SHORT]
    );
    assert!(shown.stdout.contains(&line), "{shown}");
    let network = |document: &serde_json::Value| {
        let steps = document["steps"].as_array().unwrap().iter();
        steps.clone().find(|step| step["kind"] == "network").unwrap()["path"].clone()
    };
    let path = network(&document(&site.run(["plan", "--json"]).expect_success()));
    let expected = serde_json::json!({
        "addresses": ["private"], "resolved_by": { "by": "name-servers", "servers": [DNS[0]] },
        "certificate_keys": [key],
    });
    assert_eq!(path, expected);
    let report = site.run(["network", "--json"]).expect_success();
    assert_eq!(network_document(&report)["registries"][0]["path"], expected, "{report}");

    site.run(["apply", "plan.json"]).expect_success();
    let unchanged = site.run(["plan"]).expect_success();
    assert_eq!(unchanged.stdout, "No changes.\n", "nothing is used, so nothing is said");
}

#[test]
fn every_other_path_is_refused_by_what_changed_and_can_be_allowed() {
    let mut site = Site::new("");
    site.run(["plan", "--out", "plan.json"]).expect_success();

    site.resolves(INSIDE, DNS[1]);
    site.refuses("the name is resolved by name server 10.0.0.3, not by name server 10.0.0.2");
    site.host.hosts(&format!("{INSIDE} {NAME}\n"));
    site.refuses("the name is resolved by the hosts file, not by name server 10.0.0.2");
    site.resolves(OUTSIDE, DNS[0]);
    site.refuses("the name leads to public addresses, not to private addresses");

    site.resolves(INSIDE, DNS[0]);
    let before = key_of(&site.identity);
    site.shows(site.authority.identity_for(&[NAME, OTHER], 4096));
    let now = key_of(&site.identity);
    site.refuses(&format!("the certificate key is {}, not {}", &now[..SHORT], &before[..SHORT]));

    let output = site.run(["apply", "--allow-path-change", "plan.json"]).expect_success();
    assert!(output.stdout.contains("\ncreated sync.swr/hello:1.0  924 B moved\n"), "{output}");
}

#[test]
fn a_proxy_that_appeared_is_another_path() {
    let site = Site::new("");
    site.run(["plan", "--out", "plan.json"]).expect_success();
    let site = Site { project: site.project.env("HTTPS_PROXY", "http://ann:hunter2@10.0.0.9:3128"), ..site };
    let output = site.run(["apply", "plan.json"]).expect_code(1);
    assert!(told(&output).contains("requests go through http://10.0.0.9:3128, not direct"), "{output}");
    assert!(!output.everything().contains("hunter2"), "{output}");
}

#[test]
fn another_address_of_the_same_kind_and_a_registry_that_is_not_used_are_no_change() {
    let mut site = Site::new(&format!(
        "registry \"other\" \"{OTHER}\" {{ tls ca=\"ca.crt\"; auth \"anonymous\"; }}\nnetwork \"other\" {{ mode \"public\"; \
         check \"address-class\" level=\"warn\"; }}\n"
    ));
    site.host.hosts(&format!("{OUTSIDE} {OTHER}\n"));
    let shown = site.run(["plan", "--out", "plan.json"]).expect_success();
    assert!(!shown.stdout.contains("Path to `other`"), "{shown}");
    site.resolves(BESIDE, DNS[0]);
    site.host.hosts(&format!("{INSIDE} {OTHER}\n"));
    site.run(["apply", "plan.json"]).expect_success();
}

/// The path is that of the lines which the plan writes; where the system does not go by them, the gate stays shut.
#[test]
fn lines_that_the_plan_writes_are_part_of_the_path() {
    const NETWORK: &str = "network \"swr\" { mode \"vpc-endpoint\"; endpoint \"10.1.0.10\"; hosts-file \"/etc/hosts\" manage=true; \
                           check \"address-class\" level=\"warn\"; check \"dns-registry\" level=\"warn\"; }\n";
    let mut site = Site::new(NETWORK);
    site.resolves(BESIDE, DNS[0]);
    let shown = site.run(["plan", "--out", "plan.json"]).expect_success();
    assert!(shown.stdout.contains("Path to `swr`: direct to the declared endpoint, by the hosts file, "), "{shown}");

    let switch = site.host.path("nsswitch.conf");
    std::fs::write(&switch, "hosts: dns\n").unwrap();
    let mut mount = Command::new(program("mount"));
    mount.args(["--bind", switch.to_str().unwrap(), "/etc/nsswitch.conf"]);
    site.host.run(&mount).expect_success();
    let output = site.run(["apply", "plan.json"]).expect_code(1);
    assert!(output.stdout.contains("updated file./etc/hosts"), "{output}");
    let failed = "failed network.swr  the path to `swr` is not the one that the plan was made for: the name leads to private \
                  addresses, not to the declared endpoint; the name is resolved by name server 10.0.0.2, not by the hosts file";
    assert!(output.stdout.contains(failed), "{output}");
    assert!(output.stdout.contains("skipped sync.swr/hello:1.0"), "{output}");

    site.host.run(Command::new(program("umount")).arg("/etc/nsswitch.conf")).expect_success();
    site.run(["apply", "plan.json"]).expect_success();
}

#[test]
fn a_registry_that_was_out_of_reach_when_the_plan_was_made_holds_nothing_fast() {
    let mut site = Site::new("").rewritten("tags=\"1.0\"", "tags=\"1.*\"");
    site.host.resolv_conf("");
    site.run(["plan", "--out", "plan.json"]).expect_code(1);
    site.resolves(OUTSIDE, DNS[1]);
    let output = site.run(["apply", "plan.json"]).expect_code(1);
    assert!(output.stdout.contains("! network.swr"), "it is blocked as the plan says: {output}");
    assert!(!output.everything().contains("path-changed"), "{output}");
}
