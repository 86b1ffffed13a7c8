//! `swrctl network` against real registries.

use serde_json::Value;

use crate::support::authority::Authority;
use crate::support::counting::Proxy;
use crate::support::kdl;
use crate::support::netns::{Host, name_server};
use crate::support::plan::network_document;
use crate::support::process::Daemon;
use crate::support::registry::Registry;
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
    assert_eq!(registries[1]["checks"][3]["evidence"].as_array().unwrap().len(), 1, "{document:#}");
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
    assert!(output.stderr.contains("possible values: env-proxy, "), "{output}");
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
    assert!(!output.stdout.contains("warn"), "{output}");
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
