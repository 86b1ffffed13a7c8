//! Files that apply keeps lines in, read by those who really read them: the system's resolver and BIND.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::authority::Authority;
use crate::support::kdl;
use crate::support::netns::{Host, name_server};
use crate::support::plan::{actions, document, network_document};
use crate::support::process::{Daemon, program};
use crate::support::registry::Registry;
use crate::support::swrctl::Project;

const NAME: &str = "swr.region-1.example";
const ENDPOINT: &str = "172.16.0.12";
const OTHER: &str = "172.16.0.13";

/// A registry that nothing names yet, and a project with this `network` section.
fn section(network: &str) -> String {
    let registry = format!("registry \"swr\" \"{NAME}\" {{ tls ca=\"ca.crt\"; auth \"anonymous\"; }}\n");
    format!("{registry}network \"swr\" {{ mode \"vpc-endpoint\" via=\"vpn\"; endpoint \"{ENDPOINT}\"; {network} }}\n")
}

struct Site {
    host: Host,
    project: Project,
    _registries: [Registry; 2],
}

impl Site {
    /// With more in the project file than its `network` section.
    fn new(network: &str, more: &str) -> Self {
        let host = Host::new(&["10.0.0.2/32", "10.0.0.3/32", &format!("{ENDPOINT}/32"), &format!("{OTHER}/32")]);
        let authority = Authority::new();
        let identity = authority.identity_for(&[NAME], 4096);
        let registries = [ENDPOINT, OTHER].map(|address| Registry::on(&host, address, &authority, &identity));
        let text = kdl::project(&[section(network), more.to_owned()]);
        let project = Project::copy_of("examples/quickstart").file("swr.kdl", text).file("ca.crt", authority.pem());
        Self { host, project, _registries: registries }
    }

    fn rewrite(&self, from: &str, to: &str) {
        let path = self.project.path("swr.kdl");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    fn addresses(&self) -> String {
        self.host.run(Command::new(program("getent")).args(["ahostsv4", NAME])).stdout
    }

    fn applied(&self) {
        self.project.run_on(&self.host, ["apply", "--auto-approve"]).expect_success();
        let again = self.project.run_on(&self.host, ["apply", "--auto-approve"]).expect_success();
        assert_eq!(again.stdout, "No changes.\n", "{again}");
    }

    /// `named` with what the project wrote, at 10.0.0.2.
    fn named(&self) -> Daemon {
        let (folder, conf) = (self.host.path("named"), self.host.path("named.conf"));
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "options {{ directory \"{}\"; listen-on {{ 10.0.0.2; }}; listen-on-v6 {{ none; }}; pid-file none; \
             session-keyfile none; dnssec-validation no; recursion yes; allow-query {{ any; }}; }};\ncontrols {{ }};\n\
             include \"{}\";\n",
            folder.display(),
            self.project.path("named.conf").display()
        );
        std::fs::write(&conf, text).unwrap();
        self.host.run(Command::new(program("named-checkconf")).args(["-z"]).arg(&conf)).expect_success();
        let mut named = self.host.start("named", "named", &["-g", "-4", "-n", "1", "-c", conf.to_str().unwrap()]);
        named.wait_until(|log| log.contains("running").then_some(()));
        named
    }

    fn dig(&self, what: &str) -> String {
        let mut dig = Command::new(program("dig"));
        dig.args(["@10.0.0.2", "+short", "+tries=1", "+time=5", NAME, what]);
        self.host.run(&dig).expect_success().stdout.trim().to_owned()
    }

    fn serial(&self) -> u64 {
        self.dig("SOA").split(' ').nth(2).unwrap().parse().unwrap()
    }
}

const HOSTS: &str = "hosts-file \"/etc/hosts\" manage=true;";
const MIGRATION: &str = "registry \"images\" \"oci-layout:./images\"\n\
                         migrate \"images\" to=\"swr\" { image \"hello\" tags=\"1.0\"; }\n";

#[test]
fn lines_of_the_hosts_file_are_written_and_used_in_one_run() {
    let site = Site::new(HOSTS, MIGRATION);
    let before = "127.0.0.1 localhost # no line end";
    site.host.hosts(before);
    assert_eq!(site.addresses(), "");

    // The path is proved as it will be, and what lies behind it is known already.
    let output = site.project.run_on(&site.host, ["plan", "--json"]).expect_success();
    let plan = document(&output);
    let expected = [("file./etc/hosts", "update"), ("network.swr", "unchanged"), ("sync.swr/hello:1.0", "create")];
    assert_eq!(actions(&plan).into_iter().collect::<Vec<_>>(), expected, "{output}");
    let dns = check(&plan, "dns-registry");
    assert_eq!(dns["observed"], format!("{ENDPOINT}, by line 2 of /etc/hosts as apply will write it"));
    assert_eq!(std::fs::read_to_string(site.host.path("hosts")).unwrap(), before, "a plan changes nothing");

    site.applied();
    assert!(site.addresses().starts_with(&format!("{ENDPOINT} ")), "{}", site.addresses());
    let report = network_document(&site.project.run_on(&site.host, ["network", "--json"]).expect_success());
    assert!(report["registries"][0]["as_declared"].as_bool().unwrap(), "{report:#}");

    // The next project changes its mind.
    site.rewrite(ENDPOINT, OTHER);
    site.applied();
    assert!(site.addresses().starts_with(&format!("{OTHER} ")), "{}", site.addresses());
    site.rewrite("manage=true", "manage=false");
    let output = site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    assert!(output.stdout.contains("not managed any more: `swr`"), "{output}");
    assert_eq!(std::fs::read_to_string(site.host.path("hosts")).unwrap(), before);
}

fn check<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let steps = plan["steps"].as_array().unwrap();
    let network = steps.iter().find(|step| step["kind"] == "network").unwrap();
    network["checks"].as_array().unwrap().iter().find(|check| check["check"] == name).unwrap()
}

#[test]
fn a_line_by_hand_shuts_the_gate_until_it_is_gone() {
    let site = Site::new(HOSTS, MIGRATION);
    site.host.hosts(&format!("127.0.0.1 localhost\n10.9.9.9 {NAME}\n"));
    let output = site.project.run_on(&site.host, ["apply", "--auto-approve"]).expect_code(1);
    assert!(output.stdout.contains("! file./etc/hosts  `/etc/hosts` is left alone: line 2 gives"), "{output}");
    assert!(output.stdout.contains("help: remove line 2: swrctl writes its own"), "{output}");
    assert!(!std::fs::read_to_string(site.host.path("hosts")).unwrap().contains("swrctl"));
    site.host.hosts("127.0.0.1 localhost\n");
    site.applied();
}

#[test]
fn a_saved_plan_writes_its_own_diff_into_the_file_it_was_made_for() {
    let site = Site::new(HOSTS, "");
    site.host.hosts("127.0.0.1 localhost\n");
    let (plan, forged) = (site.project.path("plan.json"), site.project.path("forged.json"));
    site.project.run_on(&site.host, ["plan", "--out", "plan.json"]).expect_success();
    let text = content(&plan);
    let refused = |plan: &str, why: &str| {
        std::fs::write(&forged, plan).unwrap();
        let output = site.project.run_on(&site.host, ["apply", "forged.json"]).expect_code(1);
        assert!(output.everything().contains(why), "{output}");
    };
    refused(&text.replace("file./etc/hosts", "file./etc/passwd"), "is about file./etc/hosts: the address hides");
    let elsewhere = text.replace("file./etc/hosts", "file./etc/passwd").replace("\"/etc/hosts\"", "\"/etc/passwd\"");
    refused(&elsewhere, "the project file names no file `/etc/passwd`");
    refused(&text.replace(&format!("+{ENDPOINT}"), &format!("+{OTHER}")), "is not what would be written");
    site.host.hosts("127.0.0.1 localhost\n10.0.0.9 somebody-else\n");
    refused(&text, "`/etc/hosts` is not what it was when the plan was made");
    site.host.hosts("127.0.0.1 localhost\n");
    site.project.run_on(&site.host, ["apply", "plan.json"]).expect_success();
    assert!(site.addresses().starts_with(ENDPOINT), "{}", site.addresses());
    site.project.run_on(&site.host, ["apply", "plan.json"]).expect_success();
}

#[test]
fn every_file_is_put_in_place_where_the_working_folder_is_on_another_mount() {
    let (host, project) = (Host::new(&[]), Project::copy_of("examples/quickstart"));
    project.run_on(&host, ["plan", "--out", "plan.json"]).expect_success();
    let options = ["apply", "plan.json", "--report", "report.json", "--state-file", "state.json"];
    project.run_on(&host, options).expect_success();
    assert!(project.path("report.json").exists() && project.path("out/index.json").exists());
}

const ZONE: &str = "bind-zone \"swr.zone\" conf=\"named.conf\";";

#[test]
fn bind_answers_for_the_name_out_of_the_zone_that_was_written() {
    let site = Site::new(ZONE, "");
    site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    let zone = site.project.path("swr.zone");
    let valid = || site.host.run(Command::new(program("named-checkzone")).arg(NAME).arg(&zone)).expect_success();
    valid();
    let mut named = site.named();
    let first = site.serial();
    assert_eq!(site.dig("A"), ENDPOINT);

    // With the name server in use the path is as declared, and there is nothing left to do.
    site.host.resolv_conf("nameserver 10.0.0.2\n");
    assert_eq!(site.project.run_on(&site.host, ["plan"]).expect_success().stdout, "No changes.\n");

    site.rewrite(ENDPOINT, OTHER);
    site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    valid();
    site.host.run(Command::new(program("kill")).args(["-HUP", &named.id().to_string()])).expect_success();
    named.wait_until(|_| (site.dig("A") == OTHER).then_some(()));
    assert!(site.serial() > first, "secondaries see that it changed");

    // Nothing but its own goes.
    site.rewrite("conf=\"named.conf\";", "conf=\"named.conf\" manage=false;");
    let output = site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    assert!(output.stdout.contains("deleted file.swr.zone  not managed any more: `swr`"), "{output}");
    assert!(!zone.exists());
    assert_eq!(content(&site.project.path("named.conf")), "");
}

#[test]
fn bind_forwards_the_name_to_the_servers_that_know_it() {
    let site = Site::new("bind-forward \"10.0.0.3\" conf=\"named.conf\";", "");
    std::fs::write(site.project.path("named.conf"), "acl mine { 10.0.0.0/8; };\n").unwrap();
    let _upstream = name_server(&site.host, "10.0.0.3", &[(NAME, ENDPOINT)]);
    site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    assert!(
        content(&site.project.path("named.conf")).starts_with("acl mine { 10.0.0.0/8; };\n// BEGIN swrctl test/swr")
    );
    let _named = site.named();
    assert_eq!(site.dig("A"), ENDPOINT);
    site.host.resolv_conf("nameserver 10.0.0.2\n");
    assert_eq!(site.project.run_on(&site.host, ["plan"]).expect_success().stdout, "No changes.\n");
}

const API: &str = "swr-api.region-1.example";
const STORAGE: [&str; 2] = ["op-a.obs.region-1.example", "op-backup.obs.region-1.example"];

/// A site whose registry is SWR, with endpoints for its management API and its storage.
fn with_services(network: &str) -> Site {
    let hosts = format!("obs-hosts \"{}\" \"{}\";", STORAGE[0], STORAGE[1]);
    let site = Site::new(&format!("api-endpoint \"10.2.0.1\"; obs-endpoint \"10.2.0.2\"; {hosts} {network}"), "");
    let provider =
        format!("provider \"swr\" region=\"region-1\" api-host=\"{API}\" obs-host=\"obs.region-1.example\";");
    site.rewrite("auth \"anonymous\";", &format!("auth \"anonymous\"; {provider}"));
    site
}

impl Site {
    fn address_of(&self, name: &str) -> String {
        let mut dig = Command::new(program("dig"));
        dig.args(["@10.0.0.2", "+short", "+tries=1", "+time=5", name, "A"]);
        self.host.run(&dig).expect_success().stdout.trim().to_owned()
    }
}

#[test]
fn bind_answers_for_the_management_api_and_the_storage_too() {
    let zone = |service: &str| format!("bind-zone \"{service}.zone\" conf=\"named.conf\" for=\"{service}\"; ");
    let site = with_services(&["registry", "api", "obs"].map(zone).concat());
    site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    for (name, file) in [(NAME, "registry.zone"), (API, "api.zone"), (STORAGE[0], "obs.zone"), (STORAGE[1], "obs.zone")]
    {
        let mut check = Command::new(program("named-checkzone"));
        site.host.run(check.arg(name).arg(site.project.path(file))).expect_success();
    }
    let _named = site.named();
    let found = [NAME, API, STORAGE[0], STORAGE[1]].map(|name| site.address_of(name));
    assert_eq!(found, [ENDPOINT, "10.2.0.1", "10.2.0.2", "10.2.0.2"]);
    site.rewrite("for=\"obs\"", "for=\"obs\" manage=false");
    site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    let conf = content(&site.project.path("named.conf"));
    assert!(conf.contains(API) && !conf.contains("obs.region-1") && !site.project.path("obs.zone").exists(), "{conf}");
}

#[test]
fn bind_forwards_the_names_of_every_service() {
    let site = with_services("bind-forward \"10.0.0.3\" conf=\"named.conf\";");
    let names = [(NAME, ENDPOINT), (API, "10.2.0.1"), (STORAGE[0], "10.2.0.2"), (STORAGE[1], "10.2.0.2")];
    let _upstream = name_server(&site.host, "10.0.0.3", &names);
    site.project.run_on(&site.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    let _named = site.named();
    for (name, address) in names {
        assert_eq!(site.address_of(name), address, "{name}");
    }
}

fn content(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn two_projects_keep_their_own_lines_in_one_file() {
    let (one, other) = (Site::new(HOSTS, ""), kdl::project(&[section(HOSTS)]).replace("\"test\"", "\"other\""));
    let other =
        Project::new(&other.replace(NAME, "swr.region-2.example")).file("ca.crt", content(&one.project.path("ca.crt")));
    one.host.hosts("::1 localhost\r\n");
    one.applied();
    let alone = content(&one.host.path("hosts"));
    other.run_on(&one.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    let both = content(&one.host.path("hosts"));
    assert!(both.starts_with(&alone) && both.contains("# BEGIN swrctl other/swr"), "{both}");
    assert_eq!(both.matches("\r\n").count(), both.matches('\n').count(), "as Windows writes it");
    std::fs::write(other.path("swr.kdl"), content(&other.path("swr.kdl")).replace("manage=true", "manage=false"))
        .unwrap();
    other.run_on(&one.host, ["apply", "--auto-approve", "--target", "file.*"]).expect_success();
    assert_eq!(content(&one.host.path("hosts")), alone);
}
