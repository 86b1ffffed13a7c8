//! `swrctl network` against real registries.

use std::collections::BTreeSet;
use std::sync::Arc;

use hyper::StatusCode;
use hyper::header::DATE;
use serde_json::Value;
use tokio::sync::watch;

use crate::support::authority::Authority;
use crate::support::counting::Proxy;
use crate::support::kdl;
use crate::support::netns::{Host, name_server};
use crate::support::plan::network_document;
use crate::support::process::Daemon;
use crate::support::registry::Registry;
use crate::support::server::{Server, reply};
use crate::support::swrctl::Project;

fn checks(path: &Value) -> Vec<(&str, &str)> {
    let checks = path["checks"].as_array().unwrap().iter();
    checks.map(|result| (result["check"].as_str().unwrap(), result["verdict"].as_str().unwrap())).collect()
}

#[test]
fn every_registry_is_checked_alone_and_reported() {
    let (up, down) = (Registry::plain(), Registry::plain());
    let gone = down.host();
    drop(down);
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("up", &up.host()),
        kdl::anonymous("gone", &gone),
        "registry \"images\" \"oci-layout:./images\"\n".to_owned(),
    ]));

    let output = project.run(["network"]).expect_code(1);
    assert!(output.stdout.contains("  pass     registry-api"), "{output}");
    assert!(output.stdout.contains("  FAIL     tcp"), "{output}");
    assert!(output.stdout.ends_with("1 of 2 not as declared: gone.\n"), "{output}");

    let document = network_document(&project.run(["doctor", "--json"]).expect_code(1));
    let registries = document["registries"].as_array().unwrap();
    assert_eq!(registries.len(), 2, "a directory has no path");
    assert_eq!(registries[1]["as_declared"], false);
    let tcp = registries[1]["checks"].as_array().unwrap().iter().find(|result| result["check"] == "tcp").unwrap();
    assert_eq!(tcp["evidence"].as_array().unwrap().len(), 1, "{document:#}");
    assert!(checks(&registries[1]).contains(&("registry-api", "skip")), "{document:#}");

    let output = project.run(["network", "up"]).expect_success();
    assert!(output.stdout.ends_with("The path is as declared.\n"), "{output}");
}

#[test]
fn only_what_is_asked_for_is_made_and_shown() {
    let registry = Registry::plain();
    let proxy = Proxy::counting(registry.address());
    let project = Project::new(&kdl::project(&[kdl::anonymous("up", &proxy.host())]));
    let document = network_document(&project.run(["network", "--json", "--only", "tcp"]).expect_success());
    assert_eq!(checks(&document["registries"][0]), [("tcp", "pass")]);
    assert!(proxy.recorder().exchanges().is_empty(), "a check of the connection sends no request");
    let output = project.run(["network", "--only", "tpc"]).expect_code(1);
    assert!(output.stderr.contains("possible values: env-region, "), "{output}");
    let output = project.run(["network", "pu"]).expect_code(1);
    assert!(output.stderr.contains("did you mean `up`?"), "{output}");
}

const NAME: &str = "swr.region-1.example";
const INSIDE: &str = "100.125.0.10";
const OUTSIDE: &str = "121.36.0.10";

/// A host with a registry inside and two name servers, of which only the first knows the way inside.
struct Site {
    host: Host,
    project: Project,
    _servers: (Registry, [Daemon; 2]),
}

impl Site {
    fn new(network: &str) -> Self {
        let host = Host::new(&["10.0.0.2/32", "10.0.0.3/32", &format!("{INSIDE}/32")]);
        let authority = Authority::new();
        let registry = Registry::on(&host, INSIDE, &authority, &authority.identity_for(&[NAME], 4096));
        let servers =
            [name_server(&host, "10.0.0.2", &[(NAME, INSIDE)]), name_server(&host, "10.0.0.3", &[(NAME, OUTSIDE)])];
        host.resolv_conf("nameserver 10.0.0.2\n");
        let declared = format!(
            "registry \"swr\" \"{NAME}\" {{ tls ca=\"ca.crt\"; auth \"anonymous\"; }}\nnetwork \"swr\" {{ {network} }}\n"
        );
        let project = Project::new(&kdl::project(&[declared])).file("ca.crt", authority.pem());
        Self { host, project, _servers: (registry, servers) }
    }

    #[track_caller]
    fn check(&self, name: &str) -> Value {
        let output = self.project.run_on(&self.host, ["network", "--json"]);
        let document = network_document(&output);
        let checks = document["registries"][0]["checks"].as_array().unwrap();
        checks.iter().find(|result| result["check"] == name).unwrap_or_else(|| panic!("{output}")).clone()
    }
}

#[test]
fn a_private_path_is_proved_inside_its_network() {
    let site = Site::new("mode \"private\";");
    let output = site.project.run_on(&site.host, ["network"]).expect_success();
    assert!(!output.stdout.contains("  warn "), "{output}");
    let dns = site.check("dns-registry");
    assert_eq!(dns["evidence"][0], format!("name server 10.0.0.2 says {INSIDE}"));
}

#[test]
fn name_servers_that_disagree_are_told_one_by_one() {
    let site = Site::new("mode \"private\";");
    site.host.resolv_conf("nameserver 10.0.0.2\nnameserver 10.0.0.3\n");
    let dns = site.check("dns-registry");
    assert_eq!(dns["verdict"], "warn");
    let observed = dns["observed"].as_str().unwrap();
    assert!(
        observed.starts_with(&format!("`{NAME}` has a split horizon: name server 10.0.0.2 says {INSIDE}")),
        "{dns:#}"
    );
    assert_eq!(dns["evidence"][1], format!("name server 10.0.0.3 says {OUTSIDE}"));

    // The other order is another path.
    site.host.resolv_conf("nameserver 10.0.0.3\nnameserver 10.0.0.2\n");
    assert_eq!(site.check("address-class")["verdict"], "fail");
}

#[test]
fn a_name_server_that_is_gone_or_denies_the_name_is_told() {
    let site = Site::new("mode \"private\";");
    site.host.resolv_conf("nameserver 10.0.0.2\nnameserver 10.0.0.9\n");
    site.host.firewall("table inet t { chain c { type filter hook output priority 0; ip daddr 10.0.0.9 drop; }; }\n");
    let dns = site.check("dns-registry");
    assert_eq!(dns["verdict"], "warn", "{dns:#}");
    assert!(dns["fix"].as_str().unwrap().contains("10.0.0.9"), "{dns:#}");
}

#[test]
fn a_line_of_the_hosts_file_goes_first_and_a_stale_one_is_named() {
    let site = Site::new("mode \"private\";");
    site.host.hosts(&format!("127.0.0.1 localhost\n10.0.0.77 {NAME}\n"));
    let dns = site.check("dns-registry");
    assert_eq!(dns["verdict"], "warn");
    let observed = dns["observed"].as_str().unwrap();
    assert!(observed.starts_with("line 2 of /etc/hosts pins 10.0.0.77, which no name server says"), "{dns:#}");
    site.host.hosts(&format!("{INSIDE} {NAME}\n"));
    assert_eq!(site.check("dns-registry")["verdict"], "pass");
}

#[test]
fn what_a_firewall_drops_or_rejects_is_told_apart() {
    let site = Site::new("mode \"private\";");
    let rule = |verdict: &str| {
        format!("table inet t {{ chain c {{ type filter hook input priority 0; tcp dport 443 {verdict}; }}; }}\n")
    };
    site.host.firewall(&rule("drop"));
    let tcp = site.check("tcp");
    assert!(tcp["observed"].as_str().unwrap().contains("no answer within"), "{tcp:#}");
    assert!(tcp["fix"].as_str().unwrap().starts_with("open port 443"), "{tcp:#}");
    site.host.firewall(&format!("flush ruleset\n{}", rule("reject with tcp reset")));
    let tcp = site.check("tcp");
    assert!(tcp["observed"].as_str().unwrap().contains("refused"), "{tcp:#}");
}

/// What an ECS of `region` is told by its metadata service.
fn metadata_service(host: &Host, region: &str) -> Daemon {
    let folder = host.path("metadata/openstack/latest");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("meta_data.json"), format!("{{\"region_id\": \"{region}\"}}")).unwrap();
    let root = host.path("metadata");
    let root = root.to_str().unwrap();
    let mut server =
        host.start("python3", "metadata", &["-m", "http.server", "--bind", METADATA, "--directory", root, "80"]);
    server.wait_until(|_| host.accepts(&format!("{METADATA}:80")).then_some(()));
    server
}

const METADATA: &str = "169.254.169.254";

#[test]
fn the_region_of_this_machine_decides_what_the_mode_costs_and_whether_it_is_possible() {
    let project = |mode: &str| {
        let text = format!(
            "registry \"swr\" \"swr.cn-north-4.myhuaweicloud.com\" {{ provider \"swr\"; auth \"anonymous\"; }}\n\
             network \"swr\" {{ mode \"{mode}\"; }}\n"
        );
        Project::new(&kdl::project(&[text]))
    };
    let region = |host: &Host, mode: &str| {
        let output = project(mode).run_on(host, ["network", "--json", "--only", "env-region"]);
        network_document(&output)["registries"][0]["checks"][0].clone()
    };
    let nowhere = Host::new(&[]);
    assert_eq!(region(&nowhere, "private")["verdict"], "unknown");

    let host = Host::new(&[&format!("{METADATA}/32")]);
    let _service = metadata_service(&host, "cn-north-4");
    assert_eq!(region(&host, "private")["verdict"], "pass");
    let public = region(&host, "public");
    assert_eq!(public["verdict"], "warn");
    assert!(public["observed"].as_str().unwrap().contains("you pay for public traffic"), "{public:#}");

    let host = Host::new(&[&format!("{METADATA}/32")]);
    let _service = metadata_service(&host, "cn-south-1");
    assert_eq!(region(&host, "private")["verdict"], "fail");
    assert_eq!(region(&host, "public")["verdict"], "pass");
}

#[test]
fn packets_that_leave_beside_the_declared_interface_are_told() {
    let site = Site::new("mode \"private\"; interface \"tun*\";");
    let route = site.check("route-source");
    assert_eq!(route["verdict"], "fail");
    assert_eq!(route["observed"], format!("from {INSIDE} by lo"));
    assert_eq!(site.check("registry-api")["verdict"], "skip");
}

#[test]
fn a_clock_that_is_off_is_told_by_the_registrys_own() {
    let server = Server::start(None, |_| async {
        let mut answer = reply(StatusCode::OK, &serde_json::json!({}));
        answer.headers_mut().insert(DATE, "Sat, 01 Nov 2025 12:00:00 GMT".parse().unwrap());
        answer
    });
    let project = Project::new(&kdl::project(&[kdl::anonymous("late", &server.address().to_string())]));
    let document = network_document(&project.run(["network", "--json"]).expect_code(1));
    let checks = document["registries"][0]["checks"].as_array().unwrap();
    let clock = checks.iter().find(|result| result["check"] == "clock").unwrap();
    assert_eq!(clock["verdict"], "fail", "{clock:#}");
    assert!(clock["observed"].as_str().unwrap().contains(" days ahead of the registry's"), "{clock:#}");
}

/// Nobody is answered before everybody has asked.
struct Meeting {
    expected: usize,
    came: watch::Sender<BTreeSet<usize>>,
}

impl Meeting {
    fn of(expected: usize) -> Arc<Self> {
        Arc::new(Self { expected, came: watch::Sender::new(BTreeSet::new()) })
    }

    async fn join(self: Arc<Self>, who: usize) {
        self.came.send_if_modified(|came| came.insert(who));
        let _ = self.came.subscribe().wait_for(|came| came.len() == self.expected).await;
    }
}

#[test]
fn the_paths_of_all_registries_are_proved_at_the_same_time() {
    for command in ["network", "plan"] {
        let meeting = Meeting::of(3);
        let servers = [0, 1, 2].map(|who| {
            let meeting = Arc::clone(&meeting);
            Server::start(None, move |_| {
                let meeting = Arc::clone(&meeting);
                async move {
                    meeting.join(who).await;
                    reply(StatusCode::OK, &serde_json::json!({}))
                }
            })
        });
        let registries = [0, 1, 2].map(|who| {
            let name = format!("r{who}");
            kdl::anonymous(&name, &servers[who].address().to_string()) + &format!("network \"{name}\" {{ }}\n")
        });
        // One after the other, the first would wait for its answer until its limit.
        Project::new(&kdl::project(&registries)).run([command]).expect_success();
    }
}

#[test]
fn a_dead_network_is_told_for_every_registry() {
    let host = Host::new(&["10.0.0.2/32"]);
    host.resolv_conf("nameserver 10.0.0.2\n");
    host.firewall("table inet t { chain c { type filter hook input priority 0; ip daddr 10.0.0.2 drop; }; }\n");
    let project = Project::new(&kdl::project(&[
        kdl::anonymous("one", "one.corp.example"),
        kdl::anonymous("two", "two.corp.example"),
    ]));
    let output = project.run_on(&host, ["network"]).expect_code(1);
    assert_eq!(output.stdout.matches("  FAIL     dns-registry").count(), 2, "{output}");
    assert_eq!(output.stdout.matches("no name server answers within 2 s").count(), 2, "{output}");
}
