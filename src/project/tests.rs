//! The whole way from text to project, over `tests/cases/project`. `SWRCTL_BLESS=1` rewrites what is expected.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use super::*;
use crate::diag::Wording;
use crate::lint::policy::{Gates, Level};
use crate::migrate::{Age, Attestations, Flatten, Newest, Referrers};
use crate::network::{Check, Mode, Via};

fn parse(text: &str) -> Parsed {
    Project::parse(Arc::new(Source::new("swr.kdl", text)), PathBuf::from("."))
}

#[test]
fn a_directory_is_one_place_however_it_is_spelled() {
    let file = |from: &str, to: &str| {
        let text = format!(
            "project \"p\" version=1\nregistry \"a\" \"oci-layout:{from}\"\nregistry \"b\" \"oci-layout:{to}\"\n\
             migrate \"a\" to=\"b\" {{ image \"app\" tags=\"1\"; }}\n"
        );
        let parsed = Project::parse(Arc::new(Source::new("swr.kdl", text)), PathBuf::from("/srv/project"));
        parsed.err().map(|found| found.iter().map(|fault| fault.problem.code.to_string()).collect::<Vec<_>>())
    };
    for (from, to) in [
        ("./images", "images"),
        ("images", "/srv/project/images"),
        ("../images", "/srv/images"),
        ("/srv/images/.", "/srv/project/../images"),
        ("~/images", "~/other/../images"),
    ] {
        assert_eq!(file(from, to), Some(vec!["copies-onto-itself".to_owned()]), "{from} {to}");
    }
    assert_eq!(file("images", "/srv/images"), None);
}

/// Files named `*.kdl` of a folder of cases, in order.
fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/project").join(folder);
    let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "kdl")).collect();
    files.sort();
    assert!(!files.is_empty(), "no cases in {}", folder.display());
    files
}

fn render(found: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in found {
        writeln!(out, "{}[{}]: {}", diagnostic.severity, diagnostic.problem.code, diagnostic.problem.message.english())
            .unwrap();
        for label in &diagnostic.labels {
            let at = label.source.position(label.span.start);
            let text = label.source.slice(label.span);
            let word = label.text.as_ref().map(Wording::english).map(|text| format!(": {text}")).unwrap_or_default();
            writeln!(out, "  {}:{} {text}{word}", at.line, at.column).unwrap();
        }
        if let Some(help) = &diagnostic.problem.help {
            writeln!(out, "  help: {}", help.english()).unwrap();
        }
    }
    out
}

/// Compares with the text beside the case; blesses it when asked to.
fn compare(case: &Path, actual: &str) {
    let expected = case.with_extension("txt");
    if std::env::var_os("SWRCTL_BLESS").is_some() {
        return std::fs::write(&expected, actual).unwrap();
    }
    let text = std::fs::read_to_string(&expected).unwrap_or_default();
    assert_eq!(actual, text, "{} (SWRCTL_BLESS=1 rewrites it)", expected.display());
}

#[test]
fn invalid_files_say_everything_that_is_wrong() {
    for case in cases("invalid") {
        let text = std::fs::read_to_string(&case).unwrap();
        let found = parse(&text).expect_err(&case.display().to_string());
        assert!(!format!("{found:?}").to_lowercase().contains("hunter2"), "a secret of {}", case.display());
        compare(&case, &render(&found));
    }
}

#[test]
fn valid_files_are_read_as_meant() {
    for case in cases("valid") {
        let text = std::fs::read_to_string(&case).unwrap();
        let (_, warnings) = parse(&text).unwrap_or_else(|found| panic!("{}:\n{}", case.display(), render(&found)));
        compare(&case, &render(&warnings));
    }
}

#[test]
fn the_example_shows_every_option() {
    let text = include_str!("../../swr.kdl.example");
    let (_, warnings) = parse(text).unwrap_or_else(|found| panic!("{}", render(&found)));
    assert!(warnings.is_empty(), "{}", render(&warnings));
    let nodes = kdl::read(text, &section::DOCUMENT, &kdl::Faults::default()).unwrap();
    let mut used = BTreeSet::new();
    collect("", &nodes, &mut used);
    let all: BTreeSet<String> = options(&section::DOCUMENT);
    assert_eq!(all.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "not in swr.kdl.example");
}

#[test]
fn the_example_is_read_as_it_says() {
    let (project, _) = parse(include_str!("../../swr.kdl.example")).unwrap();
    let registry = |name: &str| project.registry(name).unwrap();

    let swr = registry("swr");
    let services = crate::network::Services::of_region("cn-north-4").unwrap();
    let (api, obs) = (Some(services.api), Some(services.obs));
    assert_eq!(
        swr.provider,
        Provider::Swr { region: "cn-north-4".to_owned(), edition: Edition::Basic, api, obs, tag_lists: true }
    );
    assert_eq!(swr.organization.as_ref().unwrap().as_str(), "portal");
    let limits = Limits {
        requests_per_second: Some(15),
        concurrency: Some(8),
        uploads: Some(4),
        connections_per_blob: Some(4),
        bandwidth: "20MiB/s".parse().ok(),
    };
    assert_eq!(swr.limits, limits);
    let Auth::AccessKey { access_key: SecretSource::Env(ak), secret_key: SecretSource::Env(sk) } = &swr.auth else {
        panic!("{:?}", swr.auth)
    };
    assert_eq!((ak.as_str(), sk.as_str()), ("SWR_AK", "SWR_SK"));
    assert_eq!(registry("hub").auth, Auth::Anonymous);
    assert_eq!(registry("local").auth, Auth::DockerConfig);
    assert!(registry("local").tls.plain_http);
    assert_eq!(registry("harbor").tls.ca.as_deref().unwrap(), Path::new("certs/corp.pem"));
    assert_eq!(registry("airgap").place, Place::OciLayout(PathBuf::from("./images")));

    let [set] = project.dockerfiles.as_slice() else { panic!("one section") };
    let levels: Vec<Level> = set.policy.overrides.iter().map(|entry| entry.level).collect();
    assert_eq!(levels, [Level::Error, Level::Warning, Level::Info, Level::Off]);
    assert!(set.policy.overrides[3].within.as_ref().unwrap().is_match("services/legacy/a/Dockerfile"));
    assert_eq!(set.policy.labels.required.len(), 2);
    let Gates::Targets(gates) = &set.gates else { panic!("{:?}", set.gates) };
    assert_eq!(gates.iter().map(|gate| gate.as_str()).collect::<Vec<_>>(), ["swr", "airgap"]);

    let network = project.network("swr").unwrap();
    assert_eq!(network.mode.unwrap().value, Mode::VpcEndpoint { via: Some(Via::DirectConnect) });
    assert_eq!(network.endpoint.unwrap().to_string(), "172.16.0.12");
    assert_eq!(
        network.levels.iter().map(|(check, level)| (check.value, *level)).collect::<Vec<_>>(),
        [(Check::EnvProxy, Level::Warning), (Check::Tls, Level::Error)]
    );

    let [from_hub, signed, from_harbor] = project.migrations.as_slice() else { panic!("three sections") };
    assert_eq!((signed.referrers.as_deref(), signed.prune.unwrap().max_delete), (Some(&Referrers::Everything), 5));
    assert_eq!(from_hub.targets.iter().map(|target| target.as_str()).collect::<Vec<_>>(), ["swr", "airgap"]);
    assert_eq!((from_hub.attestations, from_hub.missing_only, from_hub.retries), (Attestations::Drop, false, 3));
    assert_eq!((from_hub.prune, from_hub.accept_equivalent), (None, false));
    let [nginx, pinned, bitnami] = from_hub.images.as_slice() else { panic!("three images") };
    assert_eq!((pinned.retag.as_ref().unwrap().as_str(), pinned.named().unwrap().len()), ("pinned", 1));
    assert_eq!(nginx.rename.as_ref().unwrap().as_str(), "nginx");
    let newest = Newest { count: 3, by: Age::Created };
    assert_eq!((bitnami.tags.include.len(), bitnami.tags.except.len(), bitnami.tags.newest), (2, 1, Some(newest)));
    assert_eq!(bitnami.platforms.len(), 2);
    let flattened: Vec<Flatten> = from_harbor.images.iter().map(|image| image.flatten).collect();
    assert_eq!(flattened, [Flatten::Levels(1), Flatten::All]);
}

#[test]
fn targets_and_short_names_are_understood() {
    let text = include_str!("../../tests/cases/project/valid/ways-to-write.kdl");
    let (project, _) = parse(text).unwrap();
    let [migration] = project.migrations.as_slice() else { panic!("one section") };
    assert_eq!(migration.targets.iter().map(|target| target.as_str()).collect::<Vec<_>>(), ["engine.2", "corp"]);
    assert_eq!(migration.images[0].repositories.to_string(), "library/nginx");
    assert_eq!(project.dockerfiles[0].patterns[0].glob(), "Dockerfile");
    assert_eq!(project.registries.len(), 3);
}

#[test]
fn a_region_that_is_not_known_works_with_its_hosts_named() {
    let swr = |provider: &str| {
        let text = format!(
            "project \"p\" version=1\nregistry \"swr\" \"swr.corp.example\" {{ provider \"swr\" {provider}; }}"
        );
        let (project, warnings) = parse(&text).unwrap();
        let Provider::Swr { api, obs, .. } = &project.registries[0].provider else { panic!("{text}") };
        let shown =
            |host: &Option<crate::image::RegistryHost>| host.as_ref().map(ToString::to_string).unwrap_or_default();
        (shown(api), shown(obs), warnings.first().map(|warning| warning.problem.help.clone().unwrap()))
    };
    let named = "region=\"corp-1\" api-host=\"api.corp.example:8443\" obs-host=\"obs.corp.example\"";
    assert_eq!(swr(named), ("api.corp.example:8443".to_owned(), "obs.corp.example".to_owned(), None));
    let (api, obs, help) = swr("region=\"cn-nroth-4\"");
    assert_eq!(
        (api.as_str(), obs.as_str(), help.as_ref().map(Wording::english)),
        ("", "", Some("did you mean `cn-north-4`?"))
    );
    let (api, ..) = swr("region=\"eu-west-101\" obs-host=\"obs.corp.example\"");
    assert_eq!(api, "swr-api.eu-west-101.myhuaweicloud.eu");
}

/// Paths of the nodes and properties of a document: `/registry/provider`, `/registry@region`. Properties count for the
/// nodes beside theirs too: `deny` and `allow` have the same.
fn collect(path: &str, nodes: &[kdl::Node], into: &mut BTreeSet<String>) {
    for node in nodes {
        into.extend(node.properties.iter().map(|property| format!("{path}@{}", property.name.value)));
        let path = format!("{path}/{}", node.name.value);
        collect(&path, &node.children, into);
        into.insert(path);
    }
}

/// The same paths, out of the tables that files are checked against.
fn options(document: &kdl::Shape) -> BTreeSet<String> {
    fn walk(path: &str, shape: &kdl::Shape, into: &mut BTreeSet<String>) {
        for child in shape.children {
            into.extend(child.shape.properties.iter().map(|property| format!("{path}@{property}")));
            let path = format!("{path}/{}", child.shape.name);
            walk(&path, child.shape, into);
            into.insert(path);
        }
    }
    let mut into = BTreeSet::new();
    walk("", document, &mut into);
    into
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    /// A file with every section and many options.
    const VALID: &str = include_str!("../../swr.kdl.example");
    const SECRET: &str = "hunter2-hunter2";

    fn config(cases: u32) -> ProptestConfig {
        ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
    }

    /// What must be so for whatever the text is.
    fn holds(text: &str) {
        let found = match parse(text) {
            Ok((_, warnings)) => warnings,
            Err(found) => {
                assert!(found.iter().any(|diagnostic| diagnostic.severity == Severity::Error));
                found
            }
        };
        for diagnostic in &found {
            assert!(!diagnostic.labels.is_empty(), "{diagnostic:?}");
            assert!(diagnostic.problem.help.is_some(), "{diagnostic:?}");
            for label in &diagnostic.labels {
                assert_eq!(label.source.text().len(), text.len());
                assert!(text.get(label.span.range()).is_some(), "{:?} of {text:?}", label.span);
            }
        }
        let again = parse(text).map_or_else(|found| found, |(_, warnings)| warnings);
        assert_eq!(render(&found), render(&again));
    }

    /// Words that meet often in the wrong place.
    fn soup() -> impl Strategy<Value = String> {
        let words = [
            "project",
            "registry",
            "migrate",
            "image",
            "auth",
            "password",
            "\"a\"",
            "\"",
            "r#\"b\"#",
            "r\"",
            "{",
            "}",
            ";",
            "\n",
            " ",
            "=",
            "version=1",
            "1",
            "-1.5e3",
            "0x",
            "1=2",
            "true",
            "null=1",
            "#true",
            "/-",
            "/*",
            "*/",
            "//",
            "\\",
            "\\\n",
            "(u8)",
            "(",
            ")",
            "\"\\u{110000}\"",
            "\"\\q\"",
            "\"\"\"",
            "\u{feff}",
            "\u{2028}",
            "é",
            "[",
            "<",
            ",",
            "+",
            "-",
            "!",
            "r",
            "#",
            "\r\n",
            "\u{85}",
            "\u{b}",
        ];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..40).prop_map(|words| words.concat())
    }

    fn spliced(text: &str, at: prop::sample::Index, cut: usize, put: &str) -> String {
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.floor_char_boundary((start + cut).min(text.len())).max(start);
        format!("{}{put}{}", &text[..start], &text[end..])
    }

    proptest! {
        #![proptest_config(config(300))]

        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            holds(&text);
        }

        #[test]
        fn any_soup_of_tokens_is_survived(text in soup()) {
            holds(&text);
            // With a node before it, it is read as values.
            holds(&format!("migrate {text}"));
        }
    }

    proptest! {
        #![proptest_config(config(60))]

        #[test]
        fn a_damaged_file_is_survived(at in any::<prop::sample::Index>(), cut in 0_usize..30, put in soup()) {
            holds(&spliced(VALID, at, cut, &put));
        }

        #[test]
        fn a_secret_is_never_shown(at in any::<prop::sample::Index>(), cut in 0_usize..4, put in soup()) {
            let secret = format!("auth {{ username \"bob\"; password \"{SECRET}\"; }}\n");
            let text = format!("{}{secret}}}", spliced("project \"a\" version=1\nregistry \"b\" \"c.d\" {\n", at, cut, &put));
            // Some soups comment the secret out: then it is no fault, and still not to be shown.
            let found = parse(&text).map_or_else(|faults| faults, |(_, warnings)| warnings);
            assert!(!format!("{found:?}").contains(SECRET), "{text}");
        }
    }

    #[test]
    fn nesting_does_not_end_the_stack() {
        let deep = |open: &str, close: &str, levels: usize| format!("{}{}", open.repeat(levels), close.repeat(levels));
        let on_a_small_stack = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(move || {
            for levels in [1, 15, 16, 17, 31, 32, 33, 1_000, 100_000] {
                holds(&deep("a {\n", "}\n", levels));
                holds(&deep("/*", "*/", levels));
                holds(&deep("a { /*", "*/ }\n", levels));
                holds(&deep("/- a {\n", "}\n", levels));
                holds(&deep("(", ")", levels));
                holds(&"a /- ".repeat(levels));
                holds(&"\"".repeat(levels));
            }
        });
        on_a_small_stack.unwrap().join().unwrap();
    }
}
