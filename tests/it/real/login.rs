//! Every way to log in, against registries that check it; and no secret in any output.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::support::authority::Authority;
use crate::support::content::image;
use crate::support::kdl;
use crate::support::process::Output;
use crate::support::registry::{PASSWORD, Registry, USER};
use crate::support::swrctl::Project;
use crate::support::token::TokenServer;

const FROM_ENVIRONMENT: &str = "auth { username env=\"LOGIN\"; password env=\"PASSWORD\"; }";
const FROM_FILE: &str = "auth { username \"robot\"; password file=\"password\"; }";
const FROM_DOCKER: &str = "auth \"docker-config\"";

/// A project that writes to a registry on `host` from a layout beside it.
fn project(host: &str, block: &str) -> Project {
    let source = "registry \"source\" \"oci-layout:./images\"\n".to_owned();
    let target = kdl::registry("target", host, block);
    let project = Project::new(&kdl::project(&[source, target, kdl::migrate("image \"app\"")]));
    write_image(&project);
    project
}

fn write_image(project: &Project) {
    image(1).build().write_layout(&project.path("images"), "app:v1");
}

#[track_caller]
fn assert_silent(output: &Output) {
    for secret in [PASSWORD.to_owned(), BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"))] {
        assert!(!output.everything().contains(&secret), "{output}");
    }
}

#[track_caller]
fn assert_lets_in(project: &Project) {
    let output = project.run(["apply", "--auto-approve"]).expect_success();
    assert_silent(&output);
}

#[test]
fn basic_credentials_come_from_the_environment_a_file_or_docker() {
    let registry = Registry::htpasswd();
    let pair = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let docker = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{pair}\"}}}}}}", registry.host());
    let helper = format!("{{\"credHelpers\": {{\"{}\": \"test\"}}}}", registry.host());
    let script = format!("#!/bin/sh\ncat >/dev/null\necho '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n");
    assert_lets_in(&project(&registry.host(), FROM_ENVIRONMENT).env("LOGIN", USER).env("PASSWORD", PASSWORD));
    assert_lets_in(&project(&registry.host(), FROM_FILE).file("password", format!("{PASSWORD}\n")));
    assert_lets_in(&project(&registry.host(), FROM_DOCKER).home_file(".docker/config.json", docker));
    let with_helper = project(&registry.host(), FROM_DOCKER).home_file(".docker/config.json", helper);
    assert_lets_in(&with_helper.executable("docker-credential-test", &script));
}

#[test]
fn a_token_is_fetched_for_scopes_of_our_own() {
    let tokens = TokenServer::start();
    let registry = Registry::token(&tokens);
    let project = project(&registry.host(), FROM_ENVIRONMENT).env("LOGIN", USER).env("PASSWORD", PASSWORD);
    assert_lets_in(&project);
    assert_eq!(tokens.recorder().count("GET", "/token"), 1, "{:#?}", tokens.recorder().exchanges());
}

/// A registry with a token server of its own, which holds a few images.
fn token_registry() -> (TokenServer, Registry) {
    let tokens = TokenServer::start();
    let registry = Registry::token(&tokens);
    (tokens, registry)
}

#[test]
fn one_token_a_registry_covers_a_whole_run() {
    let ((source_tokens, source), (target_tokens, target)) = (token_registry(), token_registry());
    let layers = [image(1).layers(2, 9_000).build(), image(2).layers(2, 9_000).build()];
    for (number, name) in ["team/one", "team/two", "other/three"].into_iter().enumerate() {
        let http = source.http().bearer(&source_tokens.token(&format!("repository:{name}:pull,push")));
        layers[number % 2].push(&http, name, "v1");
        layers[0].push(&http, name, "v2");
    }
    let registries = [("source", source.host()), ("target", target.host())]
        .map(|(name, host)| kdl::registry(name, &host, FROM_ENVIRONMENT))
        .concat();
    let rules = "image \"team/one\"; image \"team/two\"; image \"other/three\"";
    let project = Project::new(&kdl::project(&[registries, kdl::migrate(rules)]));
    let project = project.env("LOGIN", USER).env("PASSWORD", PASSWORD);
    for what in ["written", "unchanged"] {
        source_tokens.recorder().clear();
        target_tokens.recorder().clear();
        assert_lets_in(&project);
        for tokens in [&source_tokens, &target_tokens] {
            let asked = tokens.recorder().exchanges();
            assert_eq!(asked.len(), 1, "{what}: {asked:#?}");
        }
    }
}

#[test]
fn wrong_credentials_are_named_with_the_registry() {
    for (registry, _tokens) in [(Registry::htpasswd(), None), {
        let tokens = TokenServer::start();
        (Registry::token(&tokens), Some(tokens))
    }] {
        let project = project(&registry.host(), FROM_ENVIRONMENT).env("LOGIN", USER).env("PASSWORD", "wrong-password");
        let output = project.run(["plan"]).expect_code(1);
        assert!(output.stdout.contains("! network.target  auth-token: "), "{output}");
        assert!(output.everything().contains("401"), "{output}");
        assert!(!output.everything().contains("wrong-password"), "{output}");
    }
}

#[test]
fn a_private_authority_is_trusted_where_it_is_named() {
    let authority = Authority::new();
    let registry = Registry::tls(&authority);
    let target =
        |block: &str| format!("registry \"target\" \"{}\" {{ {block}; auth \"anonymous\"; }}\n", registry.host());
    let project = |block: &str| {
        let source = "registry \"source\" \"oci-layout:./images\"\n".to_owned();
        let project = Project::new(&kdl::project(&[source, target(block), kdl::migrate("image \"app\"")]));
        write_image(&project);
        project.file("ca.pem", authority.pem())
    };
    assert_lets_in(&project("tls ca=\"ca.pem\""));
    assert_lets_in(&project("tls verify=false"));
    let output = project("organization \"x\"").run(["plan"]).expect_code(1);
    assert!(output.everything().contains("certificate"), "{output}");
    let unusable = project("tls ca=\"absent.pem\"").run(["plan"]).expect_code(1);
    assert!(unusable.stdout.contains("! network.target  tls: "), "{unusable}");
}

#[test]
fn an_expired_certificate_is_called_that() {
    let authority = Authority::new();
    let registry = Registry::tls_with(&authority, &authority.expired_identity());
    let target = format!("registry \"target\" \"{}\" {{ tls ca=\"ca.pem\"; auth \"anonymous\"; }}\n", registry.host());
    let source = "registry \"source\" \"oci-layout:./images\"\n".to_owned();
    let project = Project::new(&kdl::project(&[source, target, kdl::migrate("image \"app\"")]));
    write_image(&project);
    let output = project.file("ca.pem", authority.pem()).run(["plan"]).expect_code(1);
    assert!(output.everything().contains("expired"), "{output}");
}
