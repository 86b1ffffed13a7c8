//! `swrctl network` against a stand-in for SWR on a host of its own: a registry that redirects to two storage hosts.

use serde_json::Value;

use crate::support::authority::{Authority, Identity};
use crate::support::content;
use crate::support::kdl;
use crate::support::netns::{Host, name_server};
use crate::support::nginx;
use crate::support::plan::{document, network_document};
use crate::support::process::Daemon;
use crate::support::registry::Registry;
use crate::support::swrctl::Project;

const SWR: &str = "swr.cn-north-4.myhuaweicloud.com";
const API: &str = "swr-api.cn-north-4.myhuaweicloud.com";
const CLUSTERS: [&str; 2] = [
    "op-svc-swr-b051-10-38-19-62-3az.obs.cn-north-4.myhuaweicloud.com",
    "op-svc-swr-cn-north-4-backup.obs.cn-north-4.myhuaweicloud.com",
];
const SWR_ADDRESS: &str = "100.125.0.10";
const API_ADDRESS: &str = "100.125.0.11";
const CLUSTER_ADDRESSES: [&str; 2] = ["100.125.0.21", "100.125.0.22"];
const STORE: &str = "10.0.0.20";
const DNS: &str = "10.0.0.2";

/// What nginx does in front of the store: reads of blobs are redirected to the two clusters by turns, which refuse who
/// shows a login.
const FRONT: &str = "
    map $connection_requests $cluster { ~[02468]$ %A%; default %B%; }
    proxy_ssl_session_reuse off;
    server {
        listen 100.125.0.10:443 ssl http2; ssl_certificate %FOLDER%/tls.crt; ssl_certificate_key %FOLDER%/tls.key;
        location ~ ^/v2/.+/blobs/sha256: {
            if ($request_method = GET) { return 307 https://$cluster$request_uri?Signature=test; }
            proxy_pass https://10.0.0.20;
        }
        location / { proxy_pass https://10.0.0.20; }
    }
    server {
        listen 100.125.0.21:443 ssl; listen 100.125.0.22:443 ssl;
        ssl_certificate %FOLDER%/tls.crt; ssl_certificate_key %FOLDER%/tls.key;
        location / { if ($http_authorization) { return 400; } %POLICY% proxy_pass https://10.0.0.20; }
    }";

/// A host with all of it, and a project whose migration reads from this SWR.
struct Cloud {
    host: Host,
    project: Project,
    _daemons: (Registry, Daemon, Daemon),
}

impl Cloud {
    /// `network` is what the section says, `policy` what nginx's storage hosts do besides.
    fn new(network: &str, policy: &str) -> Self {
        Self::with_addresses(&[], network, policy)
    }

    fn with_addresses(more: &[&str], network: &str, policy: &str) -> Self {
        let addresses = [SWR_ADDRESS, API_ADDRESS, CLUSTER_ADDRESSES[0], CLUSTER_ADDRESSES[1], STORE, DNS];
        let addresses = addresses.iter().chain(more).map(|address| format!("{address}/32")).collect::<Vec<_>>();
        let host = Host::new(&addresses.iter().map(String::as_str).collect::<Vec<_>>());
        let authority = Authority::new();
        let identity = authority.identity_for(&[SWR, CLUSTERS[0], CLUSTERS[1]], 4096);
        let store = Registry::on(&host, STORE, &authority, &identity);
        let front = front(&host, &identity, policy);
        let names = [
            (SWR, SWR_ADDRESS),
            (API, API_ADDRESS),
            (CLUSTERS[0], CLUSTER_ADDRESSES[0]),
            (CLUSTERS[1], CLUSTER_ADDRESSES[1]),
        ];
        let server = name_server(&host, DNS, &names);
        host.resolv_conf(&format!("nameserver {DNS}\n"));
        let registry = |name: &str| {
            format!(
                "registry \"{name}\" \"{SWR}\" {{ provider \"swr\"; tls ca=\"ca.crt\"; auth \"anonymous\"; organization \"team\"; }}\n"
            )
        };
        let layout = "registry \"disk\" \"oci-layout:./images\"\n".to_owned();
        let fill = kdl::project(&[
            registry("swr"),
            layout.clone(),
            "migrate \"disk\" to=\"swr\" { image \"app\" tags=\"1\"; }\n".to_owned(),
        ]);
        let filler = Project::new(&fill).file("ca.crt", authority.pem());
        content::image(1).format(content::Format::Docker).build().write_layout(&filler.path("images"), "app:1");
        filler.run_on(&host, ["apply", "--auto-approve"]).expect_success();
        let text = kdl::project(&[
            registry("swr"),
            layout,
            format!("network \"swr\" {{ {network} }}\n"),
            "migrate \"swr\" to=\"disk\" { image \"team/app\" tags=\"1\"; }\n".to_owned(),
        ]);
        let project = Project::new(&text).file("ca.crt", authority.pem());
        Self { host, project, _daemons: (store, front, server) }
    }

    fn private() -> Self {
        Self::new("mode \"private\";", "")
    }

    #[track_caller]
    fn document(&self) -> Value {
        let document = network_document(&self.project.run_on(&self.host, ["network", "--json"]));
        document["registries"][0].clone()
    }

    #[track_caller]
    fn checks(&self) -> Checks {
        Checks(self.document())
    }
}

fn front(host: &Host, identity: &Identity, policy: &str) -> Daemon {
    let http = FRONT.replace("%A%", CLUSTERS[0]).replace("%B%", CLUSTERS[1]).replace("%POLICY%", policy);
    let daemon = nginx::on(host, "front", identity, &http);
    for address in [SWR_ADDRESS, CLUSTER_ADDRESSES[0]] {
        assert!(host.accepts(&format!("{address}:443")), "{address}: {}", daemon.log());
    }
    daemon
}

struct Checks(Value);

impl Checks {
    #[track_caller]
    fn of(&self, name: &str) -> &Value {
        let checks = self.0["checks"].as_array().unwrap();
        checks.iter().find(|result| result["check"] == name).unwrap_or_else(|| panic!("{:#}", self.0))
    }

    #[track_caller]
    fn expect(&self, name: &str, verdict: &str, observed: &str) {
        let check = self.of(name);
        assert_eq!(check["verdict"], verdict, "{:#}", self.0);
        assert!(check["observed"].as_str().unwrap().contains(observed), "{check:#}");
    }

    fn advice(&self) -> Vec<&str> {
        let advice = self.0["advice"].as_array().into_iter().flatten();
        advice.map(|advice| advice["name"].as_str().unwrap()).collect()
    }
}

#[test]
fn both_clusters_the_organization_and_the_management_api_are_proved() {
    let cloud = Cloud::private();
    let checks = cloud.checks();
    assert_eq!(checks.0["as_declared"], true, "{:#}", checks.0);
    checks.expect("dns-api", "pass", API_ADDRESS);
    checks.expect("auth-organization", "pass", "");
    checks.expect("dns-obs", "pass", CLUSTER_ADDRESSES[1]);
    checks.expect("obs-redirect", "pass", "hands out blobs");
    checks.expect("obs-redirect-repeat", "pass", "both clusters");
    checks.expect("large-record", "pass", "");
    checks.expect("ping", "skip", "off by default");
    assert_eq!(checks.advice(), Vec::<&str>::new());
    // What each storage host was asked for is a byte, without the login, or it would have refused.
    let only = cloud.project.run_on(&cloud.host, ["network", "--only", "obs-redirect"]).expect_success();
    assert!(only.stdout.contains("obs-redirect") && !only.stdout.contains("dns-obs"), "{only}");
}

#[test]
fn a_hosts_file_that_knows_one_cluster_is_told() {
    let cloud = Cloud::private();
    cloud.host.hosts(&format!("127.0.0.1 localhost\n{} {}\n", CLUSTER_ADDRESSES[0], CLUSTERS[0]));
    let line = format!("line 2 of /etc/hosts pins `{}` alone", CLUSTERS[0]);
    cloud.checks().expect("obs-redirect-repeat", "warn", &line);
    let both = [0, 1].map(|at| format!("{} {}\n", CLUSTER_ADDRESSES[at], CLUSTERS[at])).concat();
    cloud.host.hosts(&both);
    cloud.checks().expect("obs-redirect-repeat", "pass", "both clusters");
}

/// What the plan is about to write counts for every service: nothing resolves before.
#[test]
fn lines_for_every_service_are_written_and_all_is_proved_with_them() {
    let network = format!(
        "mode \"vpc-endpoint\" via=\"vpn\"; endpoint \"{SWR_ADDRESS}\"; api-endpoint \"{API_ADDRESS}\"; \
         obs-endpoint \"{}\"; obs-hosts \"{}\" \"{}\"; hosts-file \"/etc/hosts\" manage=true;",
        CLUSTER_ADDRESSES[0], CLUSTERS[0], CLUSTERS[1]
    );
    let cloud = Cloud::new(&network, "");
    cloud.host.resolv_conf("");
    let plan = cloud.project.run_on(&cloud.host, ["plan", "--json"]).expect_success();
    let plan = document(&plan);
    let steps = plan["steps"].as_array().unwrap();
    let gate = steps.iter().find(|step| step["address"] == "network.swr").unwrap();
    for name in ["dns-registry", "dns-api", "dns-obs", "obs-redirect", "obs-redirect-repeat"] {
        let check = gate["checks"].as_array().unwrap().iter().find(|check| check["check"] == name).unwrap();
        assert_eq!(check["verdict"], "pass", "{check:#}");
    }
    cloud.project.run_on(&cloud.host, ["apply", "--auto-approve"]).expect_success();
    let written = std::fs::read_to_string(cloud.host.path("hosts")).unwrap();
    assert_eq!(written.lines().filter(|line| !line.starts_with('#')).count(), 4, "{written}");
    let checks = cloud.checks();
    checks.expect("dns-obs", "pass", CLUSTER_ADDRESSES[0]);
    checks.expect("obs-redirect-repeat", "pass", "both clusters");
}

#[test]
fn storage_behind_a_firewall_leaves_pushing_only() {
    let cloud = Cloud::private();
    let drop = |address: &str| {
        format!("table inet t {{ chain c {{ type filter hook input priority 0; ip daddr {address} drop; }}; }}\n")
    };
    cloud.host.firewall(&drop("100.125.0.16/28"));
    let checks = cloud.checks();
    checks.expect("registry-api", "pass", "");
    checks.expect("obs-redirect", "fail", "push only: OBS is not reachable");
    checks.expect("obs-redirect-repeat", "skip", "obs-redirect failed");
    // The other cluster alone: pulls that meet it fail, the others do not.
    cloud.host.firewall(&format!("flush ruleset\n{}", drop(CLUSTER_ADDRESSES[0])));
    let checks = cloud.checks();
    let observed =
        [checks.of("obs-redirect"), checks.of("obs-redirect-repeat")].map(|check| check["verdict"] == "fail");
    assert!(observed.contains(&true), "{:#}", checks.0);
}

#[test]
fn an_endpoint_policy_with_one_cluster_is_told_and_the_right_one_is_generated() {
    let refuse = format!("if ($host = {}) {{ return 403; }}", CLUSTERS[1]);
    let network = format!("mode \"vpc-endpoint\" via=\"vpn\"; endpoint \"{SWR_ADDRESS}\"; api-endpoint \"10.9.9.9\";");
    let cloud = Cloud::new(&network, &refuse);
    let checks = cloud.checks();
    checks.expect("dns-api", "warn", "images can be moved without the management API");
    let failed = ["obs-redirect", "obs-redirect-repeat"].map(|name| checks.of(name)["verdict"] == "fail");
    assert!(failed.contains(&true), "{:#}", checks.0);
    let advice = checks.advice();
    assert!(advice.contains(&"endpoint-api") && advice.contains(&"endpoint-policy"), "{advice:?}");
    let output = cloud.project.run_on(&cloud.host, ["network"]).expect_code(1);
    assert!(output.stdout.contains("`com.myhuaweicloud.cn-north-4.swr-api`"), "{output}");

    let policy = cloud.project.run_on(&cloud.host, ["generate", "endpoint-policy", "--service", "obs"]);
    let policy: Value = serde_json::from_str(&policy.expect_success().stdout).unwrap();
    let buckets = CLUSTERS.map(|host| format!("obs:*:*:object:{}/*", host.split_once(".obs.").unwrap().0));
    assert_eq!(policy[0]["Resource"], serde_json::json!(buckets));
    let policy = cloud.project.run(["generate", "endpoint-policy"]).expect_success();
    let policy: Value = serde_json::from_str(&policy.stdout).unwrap();
    assert_eq!(policy["Statement"][0]["Resource"], serde_json::json!(["swr:*:*:repo:team/app"]));
    let wrong = cloud.project.run(["generate", "endpoint-policy", "disk"]).expect_code(1);
    assert!(wrong.stderr.contains("no registry `disk` is SWR Basic"), "{wrong}");
}

#[test]
fn full_packets_that_are_lost_on_the_way_are_told() {
    let cloud = Cloud::private();
    // As a tunnel does that drops what it cannot carry and says nothing.
    cloud.host.firewall(
        "table inet t { chain c { type filter hook output priority 0; ip daddr 100.125.0.10 ip length > 1400 drop; }; }\n",
    );
    cloud.checks().expect("large-record", "fail", "while small requests pass");
}

/// An HTTP proxy on the host, which tunnels to port 443.
fn http_proxy(host: &Host) -> Daemon {
    let file = host.path("proxy.conf");
    let text = format!("Port 3128\nListen {PROXY}\nTimeout 60\nAllow 0.0.0.0/0\nConnectPort 443\nMaxClients 20\n");
    std::fs::write(&file, text).unwrap();
    let mut proxy = host.start("tinyproxy", "proxy", &["-d", "-c", file.to_str().unwrap()]);
    proxy.wait_until(|_| host.accepts(&format!("{PROXY}:3128")).then_some(()));
    proxy
}

const PROXY: &str = "10.0.0.30";

#[test]
fn a_proxy_that_takes_the_storage_alone_is_told() {
    let cloud = Cloud::with_addresses(&[PROXY], "mode \"private\";", "");
    let _proxy = http_proxy(&cloud.host);
    let through = |cloud: Cloud, except: &str| {
        let project = cloud.project.env("HTTPS_PROXY", format!("http://{PROXY}:3128")).env("NO_PROXY", except);
        let document = network_document(&project.run_on(&cloud.host, ["network", "--json"]));
        (Cloud { project, ..cloud }, Checks(document["registries"][0].clone()))
    };
    let (cloud, checks) = through(cloud, SWR);
    checks.expect("env-proxy", "pass", "excepts it");
    checks.expect("registry-api", "pass", "");
    checks.expect("dns-obs", "fail", "HTTPS_PROXY sends requests to `op-svc-swr-");
    let fix = checks.of("dns-obs")["fix"].as_str().unwrap();
    assert!(fix.starts_with("add `obs.cn-north-4.myhuaweicloud.com` to NO_PROXY"), "{fix}");
    let (_, checks) = through(cloud, "nothing.example");
    checks.expect("env-proxy", "fail", "the declared private path is not used");
}

#[test]
fn a_public_path_through_an_http_proxy_is_proved_to_the_last_byte() {
    let cloud = Cloud::with_addresses(&[PROXY], "mode \"public\";", "");
    let _proxy = http_proxy(&cloud.host);
    let project = cloud.project.env("HTTPS_PROXY", format!("http://{PROXY}:3128"));
    let output = project.run_on(&cloud.host, ["network", "--json"]);
    let checks = Checks(network_document(&output)["registries"][0].clone());
    checks.expect("dns-registry", "skip", "the proxy http://10.0.0.30:3128 resolves the name");
    checks.expect("tls", "pass", "issued by test authority");
    checks.expect("dns-obs", "pass", "the proxy http://10.0.0.30:3128 resolves `op-svc-swr-");
    checks.expect("obs-redirect-repeat", "pass", "both clusters");
}

#[test]
fn a_certificate_of_an_intercepting_proxy_is_told_by_its_issuer() {
    let (own, other) = (Authority::new(), Authority::named("Corp Inspection CA"));
    let registry =
        format!("registry \"swr\" \"{SWR}\" {{ provider \"swr\"; tls ca=\"ca.crt\"; auth \"anonymous\"; }}\n");
    let project = Project::new(&kdl::project(&[registry])).file("ca.crt", own.pem());
    let seen = |identity: &Identity| {
        let host = Host::new(&["100.125.0.10/32", "100.125.0.21/32", "100.125.0.22/32", "10.0.0.2/32"]);
        let _server = name_server(&host, DNS, &[(SWR, SWR_ADDRESS)]);
        host.resolv_conf(&format!("nameserver {DNS}\n"));
        let _front = front(&host, identity, "");
        let document = network_document(&project.run_on(&host, ["network", "--json"]).expect_code(1));
        let checks = document["registries"][0]["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|result| result["check"] == "tls").unwrap()
    };
    let tls = seen(&other.identity_for(&[SWR], 4096));
    assert_eq!(tls["verdict"], "fail");
    assert!(tls["observed"].as_str().unwrap().contains("issued by Corp Inspection CA"), "{tls:#}");
    assert!(tls["fix"].as_str().unwrap().contains("a proxy opens the traffic"), "{tls:#}");
    let tls = seen(&own.identity_for(&[SWR], 2020));
    assert!(tls["observed"].as_str().unwrap().starts_with("the certificate expired on 2020-01-01"), "{tls:#}");
    let tls = seen(&own.identity_for(&["harbor.corp.example"], 4096));
    assert!(tls["observed"].as_str().unwrap().starts_with("the certificate is for `harbor.corp.example`"), "{tls:#}");
}
