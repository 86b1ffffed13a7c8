//! What registries say of base images.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::support::content::{Format, image, index, referrer};
use crate::support::counting::Proxy;
use crate::support::kdl;
use crate::support::process::Output;
use crate::support::registry::{PASSWORD, Registry, USER};
use crate::support::swrctl::Project;
use crate::support::token::TokenServer;

const REST: &str = "HEALTHCHECK NONE\nCMD [\"a\"]\n";

/// `tools:arm`, a single image for linux/arm64, and `both:1`, an index for linux/amd64 and linux/arm64; both set `SET_BY_BASE`.
fn push_bases(registry: &Registry) {
    let set = ["PATH=/bin", "SET_BY_BASE=1"].as_slice();
    image(1).env(set).platform("linux", "arm64").build().push(&registry.http(), "tools", "arm");
    let both = image(2).env(set).index_with_attestations(&[("linux", "amd64"), ("linux", "arm64")]);
    both.push(&registry.http(), "both", "1");
}

/// The findings of two rules, as `LINE RULE`.
#[track_caller]
fn found(output: &Output) -> Vec<String> {
    let lines = output.stdout.lines().filter_map(|line| {
        let (place, rest) = line.split_once(": ")?;
        let rule = rest.split_once('[')?.1.split_once(']')?.0;
        Some(format!("{} {rule}", place.split(':').nth(1)?))
    });
    lines.filter(|line| line.ends_with("wrong-base-platform") || line.ends_with("undefined-variable")).collect()
}

/// A message without its breaks.
fn flat(text: &str) -> String {
    text.replace("\n  │ ", " ")
}

#[test]
fn images_for_another_platform_and_variables_of_nobody_are_found() {
    let registry = Registry::plain();
    push_bases(&registry);
    let proxy = Proxy::counting(registry.address());
    let host = proxy.host();
    let text = format!(
        "ARG GIVEN\nFROM --platform=linux/amd64 {host}/tools:arm\nFROM --platform=linux/s390x {host}/both:1\n\
         FROM --platform=linux/amd64 {host}/both:1\nARG A=1\nWORKDIR /$SET_BY_BASE\nUSER $SET_BY_NOBODY\n\
         FROM {host}/not-asked:1\nFROM $GIVEN\nFROM scratch\n{REST}"
    );
    let project = Project::empty().file("Dockerfile", &text).file("again/Dockerfile", &text);
    let lint =
        |arguments: &[&str]| project.run_all(&[&["lint", "--format", "short", "Dockerfile"], arguments].concat());
    assert_eq!(found(&lint(&[])), [] as [&str; 0], "nobody is asked");
    assert_eq!(proxy.recorder().exchanges(), []);
    let output = lint(&["again/Dockerfile", "--online"]).expect_code(1);
    let expected = ["2 wrong-base-platform", "3 wrong-base-platform", "7 undefined-variable"];
    assert_eq!(found(&output), [expected, expected].concat(), "{output}");
    let asked = |method: &str, path: &str| proxy.recorder().count(method, path);
    assert_eq!((asked("GET", "/manifests/arm"), asked("GET", "/manifests/1")), (1, 1));
    assert_eq!((asked("GET", "/manifests/sha256:"), asked("GET", "/blobs/")), (1, 2), "one of the index, and configs");
    assert_eq!(asked("", "not-asked"), 0);
    let exchanges = proxy.recorder().exchanges();
    assert!(exchanges.iter().all(|exchange| matches!(exchange.method.as_str(), "GET" | "HEAD")), "{exchanges:?}");
}

#[test]
fn what_is_built_for_is_said_on_the_command_line() {
    let registry = Registry::plain();
    push_bases(&registry);
    let host = registry.host();
    let text =
        format!("FROM {host}/tools:arm AS tools\nFROM {host}/both:1\nCOPY --from={host}/tools:arm /a /b\n{REST}");
    let project = Project::empty().file("Dockerfile", text);
    let lint =
        |platforms: &str| found(&project.run(["lint", "--format", "short", "--online", "--platform", platforms]));
    assert_eq!(lint("linux/arm64/v8"), [] as [&str; 0]);
    assert_eq!(lint("linux/x86_64"), ["1 wrong-base-platform", "3 wrong-base-platform"]);
    assert_eq!(lint("linux/arm64,linux/riscv64"), ["1", "2", "3"].map(|line| format!("{line} wrong-base-platform")));
    let output = project.run(["lint", "--online", "--platform", "arm64", "--lang", "zh"]).expect_code(1);
    assert!(output.stderr.contains("平台 `arm64` 有误"), "{output}");
}

#[test]
fn a_registry_that_says_nothing_is_a_warning() {
    let registry = Registry::htpasswd();
    let host = registry.host();
    let text = format!(
        "FROM --platform=linux/arm64 {host}/a:1\nFROM --platform=linux/arm64 {host}/b:1\n\
         FROM --platform=linux/arm64 nowhere.invalid/a:1\n{REST}"
    );
    let project = Project::empty().file("Dockerfile", text);
    let output = project.run(["lint", "--online", "--format", "short"]).expect_success();
    assert_eq!(found(&output), [] as [&str; 0]);
    let told = flat(&output.stderr);
    assert_eq!(told.matches("could not be asked for").count(), 2, "one a registry: {output}");
    assert!(told.contains(&format!("{host}/a:1 and another image could")), "{output}");
    assert!(told.contains("nowhere.invalid/a:1 could"), "{output}");
}

#[test]
fn a_missing_image_and_what_is_none_are_told() {
    let registry = Registry::plain();
    push_bases(&registry);
    let signatures = vec![referrer(&image(3).build(), "application/x.signature", "a")];
    index(Format::Oci, signatures).push(&registry.http(), "tools", "signatures");
    let host = registry.host();
    let text =
        ["gone", "arm", "signatures"].map(|tag| format!("FROM --platform=linux/amd64 {host}/tools:{tag}\n")).concat();
    let project = Project::empty().file("Dockerfile", text + REST);
    let output = project.run(["lint", "--online", "--format", "short"]).expect_success();
    assert_eq!(found(&output), ["2 wrong-base-platform"]);
    let told = flat(&output.stderr);
    assert!(told.contains("there is no image tools:gone"), "{output}");
    assert!(told.contains("does not say which platform it is for"), "{output}");
}

/// A project that lints with the login of its registry.
fn project(registry: &Registry, section: &str) -> Project {
    let declared =
        kdl::registry("bases", &registry.host(), "auth { username env=\"LOGIN\"; password env=\"PASSWORD\"; }");
    let text = kdl::project(&[declared, format!("dockerfiles \"Dockerfile\" {{ {section} }}\n")]);
    let dockerfile = format!("FROM {}/tools:arm\n{REST}", registry.host());
    Project::new(&text).file("Dockerfile", dockerfile).env("LOGIN", USER).env("PASSWORD", PASSWORD)
}

#[test]
fn a_project_says_that_registries_are_asked_and_how() {
    let registry = Registry::htpasswd();
    let http = registry.http().basic(USER, PASSWORD);
    image(1).platform("linux", "arm64").build().push(&http, "tools", "arm");
    let wrong = project(&registry, "online true; platforms \"linux/amd64\"; deny \"wrong-base-platform\"");
    let output = wrong.run(["plan"]).expect_code(1);
    assert!(output.stdout.contains("! lint.Dockerfile"), "{output}");
    assert_eq!(found(&wrong.run(["lint", "--format", "short"]).expect_code(1)), ["1 wrong-base-platform"]);
    assert_eq!(found(&wrong.run(["lint", "--format", "short", "--offline"]).expect_success()), [] as [&str; 0]);
    let output = wrong.env("PASSWORD", "").run(["lint", "--format", "short"]).expect_success();
    assert!(flat(&output.stderr).contains("the environment variable `PASSWORD` is empty"), "{output}");
}

#[test]
fn one_login_covers_all_images_of_a_registry() {
    let tokens = TokenServer::start();
    let registry = Registry::token(&tokens);
    let host = registry.host();
    let mut text = String::new();
    for name in ["team/one", "team/two", "other/three"] {
        let http = registry.http().bearer(&tokens.token(&format!("repository:{name}:pull,push")));
        image(1).platform("linux", "arm64").build().push(&http, name, "v1");
        writeln!(text, "FROM --platform=linux/amd64 {host}/{name}:v1").unwrap();
    }
    let login = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let docker = format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{login}\"}}}}}}");
    let project = Project::empty().file("Dockerfile", text + REST).home_file(".docker/config.json", docker);
    tokens.recorder().clear();
    let output = project.run(["lint", "--online", "--format", "short"]);
    assert_eq!(found(&output), ["1", "2", "3"].map(|line| format!("{line} wrong-base-platform")), "{output}");
    assert_eq!(tokens.recorder().count("GET", "/token"), 1, "{:#?}", tokens.recorder().exchanges());
}

#[test]
fn apply_relies_on_what_the_plan_heard_of_files_as_they_were() {
    let registry = Registry::plain();
    push_bases(&registry);
    let host = registry.host();
    let sections = [
        "registry \"source\" \"oci-layout:./images\"\n".to_owned(),
        kdl::anonymous("target", &host),
        kdl::migrate("image \"app\""),
        "dockerfiles \"Dockerfile\" { online true; fail-on \"warning\"; }\n".to_owned(),
    ];
    let dockerfile = |rest: &str| format!("ARG SET_BY_BASE\nFROM {host}/both:1\nUSER $SET_BY_BASE\n{rest}{REST}");
    let project = Project::new(&kdl::project(&sections)).file("Dockerfile", dockerfile(""));
    image(3).build().write_layout(&project.path("images"), "app:v1");
    project.run(["plan", "--out", "saved.json"]).expect_success();
    let changed = project.file("Dockerfile", dockerfile("USER other\n"));
    let output = changed.run(["apply", "saved.json"]).expect_code(1);
    assert!(flat(&output.everything()).contains("its base images have to be asked for"), "{output}");
    let as_it_was = changed.file("Dockerfile", dockerfile(""));
    as_it_was.run(["apply", "saved.json"]).expect_success();
}
