use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;

use super::*;
use crate::diag::Source;

const NAME: &str = "swr.region-1.example";

struct Site {
    folder: tempfile::TempDir,
    project: Project,
}

impl Site {
    fn new(network: &str) -> Self {
        Self::at("10.0.0.1", network)
    }

    fn at(endpoint: &str, network: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let network = format!("network \"swr\" {{ endpoint \"{endpoint}\"; {network} }}");
        let provider = "provider \"swr\" region=\"region-1\" api-host=\"swr-api.region-1.example\" obs-host=\"obs.region-1.example\"";
        let text = format!("project \"p\" version=1\nregistry \"swr\" \"{NAME}\" {{ {provider}; }}\n{network}\n");
        std::fs::write(folder.path().join("swr.kdl"), &text).unwrap();
        let source = Arc::new(Source::new("swr.kdl", text));
        let (project, _) = Project::parse(source, folder.path().to_owned()).unwrap();
        Self { folder, project }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn facts(&self) -> Vec<FileFacts> {
        managed_facts(&self.project, jiff::civil::date(2026, 3, 9))
    }

    #[track_caller]
    fn problem(&self) -> String {
        let problem = self.facts().remove(0).change.unwrap_err();
        format!("{}: {}; {}", problem.code, problem.message.english(), problem.help.unwrap().english())
    }
}

fn text(facts: &FileFacts) -> String {
    String::from_utf8(facts.change.clone().unwrap().after.unwrap()).unwrap()
}

const MANAGED: &str = "hosts-file \"./hosts\" manage=true;";

#[test]
fn a_file_that_is_not_there_is_created_and_one_that_says_so_already_is_left_alone() {
    let site = Site::new(MANAGED);
    let facts = site.facts();
    assert_eq!((facts[0].name.as_str(), facts[0].reason.english()), ("hosts", "10.0.0.1 swr.region-1.example"));
    std::fs::write(site.path("hosts"), text(&facts[0])).unwrap();
    assert!(site.facts().is_empty());
}

#[test]
fn what_is_not_managed_any_more_is_removed_where_the_file_is_still_named() {
    let block = "# BEGIN swrctl p/swr\n10.0.0.1 a\n# END swrctl p/swr\n";
    let site = Site::new("hosts-file \"hosts\";");
    std::fs::write(site.path("hosts"), format!("::1 localhost\n{block}")).unwrap();
    let facts = site.facts();
    assert_eq!(facts[0].reason.english(), "not managed any more: `swr`");
    assert_eq!(text(&facts[0]), "::1 localhost\n");
    std::fs::write(site.path("hosts"), "# BEGIN swrctl other/swr\n").unwrap();
    assert!(site.facts().is_empty(), "the damage is another project's");
    std::fs::write(site.path("hosts"), "# BEGIN swrctl p/swr\n").unwrap();
    assert!(site.problem().starts_with("damaged-markers: `hosts` is left alone: line 1 begins the block of p/swr"));
}

#[test]
fn lines_of_another_project_of_the_same_name_stay_until_that_is_gone() {
    let one = Site::new(MANAGED);
    let lines = text(&one.facts()[0]);
    let [unconcerned, rival, same] =
        [Site::new("hosts-file \"hosts\";"), Site::at("10.0.0.2", MANAGED), Site::new(MANAGED)];
    for site in [&unconcerned, &rival, &same] {
        std::fs::write(site.path("hosts"), &lines).unwrap();
    }
    assert!(unconcerned.facts().is_empty() && same.facts().is_empty());
    let file = one.path("swr.kdl").canonicalize().unwrap();
    let told =
        format!("namesake: `hosts` is left alone: line 1 begins lines of another project `p`: {}; ", file.display());
    assert!(rival.problem().starts_with(&told), "{}", rival.problem());
    drop(one);
    assert_eq!(text(&unconcerned.facts()[0]), "");
    assert!(text(&rival.facts()[0]).contains("\n10.0.0.2 "));
}

#[test]
fn links_folders_and_files_that_cannot_be_written_are_told_before_anything_is_done() {
    let site = Site::new(MANAGED);
    let hosts = site.path("hosts");
    std::fs::write(site.path("real"), "").unwrap();
    symlink("real", &hosts).unwrap();
    assert!(site.problem().starts_with("is-a-link: `hosts` is a link to `real`"), "{}", site.problem());
    std::fs::remove_file(&hosts).unwrap();
    std::fs::hard_link(site.path("real"), &hosts).unwrap();
    assert!(site.problem().starts_with("is-a-link: `hosts` is one of 2 names"), "{}", site.problem());
    std::fs::remove_file(site.path("real")).unwrap();
    std::fs::set_permissions(&hosts, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert!(site.problem().starts_with("unwritable-file: `hosts` cannot be written: "), "{}", site.problem());
    assert!(site.problem().ends_with("run it with `sudo`, or name a file that you may write"));
    std::fs::remove_file(&hosts).unwrap();
    std::fs::create_dir(&hosts).unwrap();
    assert!(site.problem().starts_with("not-a-file: "), "{}", site.problem());
}

const BESIDE: &str = "api-endpoint \"10.0.0.2\"; obs-endpoint \"10.0.0.3\";";
const CLUSTERS: &str = "obs-hosts \"a.obs.region-1.example\" \"b.obs.region-1.example\";";

#[test]
fn every_service_with_an_endpoint_has_its_lines_and_one_block() {
    let lines = |network: &str| {
        let text = text(&Site::new(&format!("{network} {MANAGED}")).facts()[0]);
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    let [registry, api] = ["10.0.0.1 swr.region-1.example", "10.0.0.2 swr-api.region-1.example"];
    assert_eq!(lines(BESIDE), [registry, api], "storage hosts that nobody names cannot be written");
    let obs = ["10.0.0.3 a.obs.region-1.example", "10.0.0.3 b.obs.region-1.example"];
    assert_eq!(lines(&format!("{BESIDE} {CLUSTERS}")), [registry, api, obs[0], obs[1]]);
}

#[test]
fn bind_is_told_of_every_service_that_is_declared() {
    let zones = |network: &str| {
        let site = Site::new(network);
        let facts = site.facts();
        let conf = facts.iter().find(|facts| facts.name == "named.conf").map(text).unwrap_or_default();
        let zones = conf.lines().filter_map(|line| line.strip_prefix("zone \"")?.strip_suffix("\" IN {"));
        zones.map(str::to_owned).collect::<Vec<_>>()
    };
    let forward = "bind-forward \"10.0.0.53\" conf=\"named.conf\";";
    assert_eq!(zones(forward), [NAME]);
    let all = [NAME, "swr-api.region-1.example", "obs.region-1.example"];
    assert_eq!(zones(&format!("{BESIDE} {forward}")), all, "storage as a whole, where its hosts are not named");
    let clusters = ["a.obs.region-1.example", "b.obs.region-1.example"];
    assert_eq!(zones(&format!("{BESIDE} {CLUSTERS} {forward}"))[2..], clusters);
    let zone = |name: &str| format!("bind-zone \"{name}.zone\" conf=\"named.conf\" for=\"{name}\"; ");
    let three = ["registry", "api", "obs"].map(zone).concat();
    assert_eq!(zones(&format!("{BESIDE} {CLUSTERS} {three}")), [NAME, all[1], clusters[0], clusters[1]]);
    let site = Site::new(&format!("{BESIDE} {CLUSTERS} {}", zone("obs")));
    assert_eq!(
        site.facts()[0].reason.english(),
        "zone a.obs.region-1.example and b.obs.region-1.example with 10.0.0.3"
    );
}

#[test]
fn a_folder_that_is_missing_is_not_made() {
    let site = Site::new("hosts-file \"ops/hosts\" manage=true;");
    assert!(site.problem().contains("; make the folder, or"), "{}", site.problem());
}

#[test]
fn a_configuration_of_bind_names_the_zone_file_as_named_opens_it() {
    let site = Site::new("bind-zone \"swr.zone\" conf=\"named.conf\" file=\"/etc/bind/swr.zone\";");
    let names: Vec<_> = managed_files(&site.project).into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["swr.zone", "named.conf", "/etc/hosts"]);
    assert!(text(&site.facts()[1]).contains("    file \"/etc/bind/swr.zone\";\n"));
    let zone = "bind-zone \"./swr.zone\" conf=\"named.conf\";";
    let site = Site::new(&format!("{zone} bind-forward \"10.0.0.53\" conf=\"./named.conf\" manage=false;"));
    assert_eq!(site.facts().len(), 2, "one file is one step, in whatever words it is named");
    let zone = std::path::absolute(site.path("swr.zone")).unwrap();
    assert!(text(&site.facts()[1]).contains(&format!("    file \"{}\";\n", zone.display())));
}
