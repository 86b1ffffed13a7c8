//! What is asked, and what cannot be judged without an answer.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;

use super::*;
use crate::diag::Source;
use crate::dockerfile::Dockerfile;
use crate::lint::policy::{Policy, Profile};
use crate::lint::{BuildContext, Report, lint};

fn dockerfile(text: &str) -> Dockerfile {
    Dockerfile::parse(&Arc::new(Source::new("Dockerfile", text)))
}

fn policy(profile: Profile, platforms: &[&str]) -> Policy {
    let platforms = platforms.iter().map(|platform| platform.parse().unwrap()).collect();
    Policy { profile, online: true, platforms, ..Policy::default() }
}

/// `image: platforms whose variables are wanted`, in the order of the images.
fn asked(text: &str, policy: &Policy) -> Vec<String> {
    let shown = |platform: &Option<Platform>| platform.as_ref().map_or("-".to_owned(), Platform::to_string);
    let BaseQuestions(asked) = base_questions(&dockerfile(text), policy);
    let line = |(image, platforms): (&Reference, &BTreeSet<_>)| {
        format!("{image}: {}", platforms.iter().map(shown).collect::<Vec<_>>().join(" "))
    };
    asked.iter().map(line).collect()
}

#[test]
fn only_what_may_change_a_finding_is_asked_for() {
    let swr = policy(Profile::Swr, &[]);
    let text = "ARG BASE\nFROM --platform=linux/amd64 a AS one\nFROM b\nFROM $BASE\nFROM one\nFROM scratch\n\
                COPY --from=c /x /y\n";
    assert_eq!(asked(text, &swr), ["docker.io/library/a:latest: "]);
    let named = policy(Profile::Swr, &["linux/arm64"]);
    assert_eq!(
        asked(text, &named),
        ["docker.io/library/a:latest: ", "docker.io/library/b:latest: ", "docker.io/library/c:latest: "]
    );
    assert_eq!(asked(text, &Policy { online: false, ..named }), [] as [&str; 0]);
    assert_eq!(asked(text, &policy(Profile::Hadolint, &["linux/arm64"])), [] as [&str; 0]);
}

#[test]
fn variables_are_asked_for_where_only_the_base_may_set_them() {
    let text = "FROM a AS one\nENV SET=1\nUSER $SET\nFROM --platform=linux/s390x b\nUSER ${GIVEN:-x}\n\
                FROM one\nUSER $OPEN\nFROM alpine\nUSER $NOT_THERE\nFROM --platform=$BUILDPLATFORM c:1\nCOPY <<E /\n$OPEN\nE\n";
    let swr = asked(text, &policy(Profile::Swr, &[]));
    assert_eq!(swr, ["docker.io/library/a:latest: -", "docker.io/library/b:latest: ", "docker.io/library/c:1: -"]);
    let named = policy(Profile::Buildkit, &["linux/amd64", "linux/arm64"]);
    let named = asked(text, &named);
    assert_eq!(named[0], "docker.io/library/a:latest: linux/amd64 linux/arm64");
    assert!(named.contains(&"docker.io/library/b:latest: linux/s390x".to_owned()), "{named:?}");
    assert!(named.contains(&"docker.io/library/c:1: -".to_owned()), "{named:?}");
}

fn judged(text: &str, images: BaseImages) -> Report {
    let context = BuildContext { bases: images.into(), ..BuildContext::default() };
    let policy = policy(Profile::Swr, &[]);
    lint(&dockerfile(text), Path::new("Dockerfile"), &policy, &context, None, Date::constant(2027, 1, 31))
}

fn for_amd64(image: &str) -> (Reference, BaseImage) {
    let variables = BTreeMap::from([(None, BTreeSet::new())]);
    (image.parse().unwrap(), BaseImage { offer: Offer::Only("linux/amd64".parse().unwrap()), variables })
}

#[test]
fn what_is_not_known_is_not_judged() {
    let text = "FROM --platform=linux/arm64 a:1\nFROM b:1\nUSER $OPEN\n";
    let unjudged = |images: &[&str]| {
        let report = judged(text, images.iter().map(|image| for_amd64(image)).collect());
        report.unjudged.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(unjudged(&[]), ["undefined-variable", "wrong-base-platform"]);
    assert_eq!(unjudged(&["a:1"]), ["undefined-variable", "wrong-base-platform"]);
    assert_eq!(unjudged(&["a:1", "b:1"]), ["wrong-base-platform"], "b is for whatever is built");
    assert_eq!(judged("FROM scratch\n", BaseImages::default()).unjudged, BTreeSet::new());
}

#[test]
fn a_comment_that_registries_may_need_is_not_idle() {
    let text = "# check=skip=InvalidBaseImagePlatform,UndefinedVar\nFROM --platform=linux/arm64 a:1\nUSER $OPEN\n";
    let idle =
        |images: BaseImages| judged(text, images).findings.iter().filter(|one| one.rule == "unused-pragma").count();
    assert_eq!(idle(BaseImages::default()), 0);
    let image = |offer: &str| {
        let variables = BTreeMap::from([(Some("linux/arm64".parse().unwrap()), ["OPEN".to_owned()].into())]);
        let image = BaseImage { offer: Offer::Only(offer.parse().unwrap()), variables };
        [("a:1".parse().unwrap(), image)].into_iter().collect()
    };
    assert_eq!(idle(image("linux/amd64")), 1, "UndefinedVar");
    assert_eq!(idle(image("linux/arm64")), 2);
}

#[test]
fn a_workdir_is_empty_where_the_base_sets_no_such_variable() {
    let dockerfile = dockerfile("FROM a:1\nWORKDIR $OPEN\n");
    let empty = |set: Option<&[&str]>| {
        let image = |set: &[&str]| {
            let set = set.iter().map(|&name| name.to_owned()).collect();
            let offer = Offer::Only("linux/amd64".parse().unwrap());
            ("docker.io/library/a:1".parse().unwrap(), BaseImage { offer, variables: BTreeMap::from([(None, set)]) })
        };
        let images: BaseImages = set.map(image).into_iter().collect();
        let context = BuildContext { bases: images.into(), ..BuildContext::default() };
        let policy = policy(Profile::Buildkit, &[]);
        let report = lint(&dockerfile, Path::new("Dockerfile"), &policy, &context, None, Date::constant(2027, 1, 31));
        report.findings.iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    assert_eq!(empty(None), [] as [&str; 0]);
    assert_eq!(empty(Some(&["OPEN"])), [] as [&str; 0]);
    assert_eq!(empty(Some(&["OTHER"])), ["relative-workdir", "undefined-variable"]);
}
