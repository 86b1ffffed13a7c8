//! Policies of project files, baselines and hadolint's settings, as the binary goes by them.

use serde_json::Value;

use crate::support::swrctl::Project;

/// Three findings, one of which can be fixed.
const OLD: &str = "FROM node:latest\nADD a /b\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
const GOOD: &str = "FROM alpine:3.20\nHEALTHCHECK NONE\nCMD [\"a\"]\n";

fn kdl(policy: &str) -> String {
    format!("project \"p\" version=1\ndockerfiles \"**/Dockerfile\" {{ fail-on \"info\"\n{policy}\n}}\n")
}

/// The file and the rule of a line of `--format short`.
fn rule(line: &str) -> Option<(&str, &str)> {
    let (file, rest) = line.split_once(':')?;
    Some((file, rest.split_once('[')?.1.split_once(']')?.0))
}

fn rules(stdout: &str) -> Vec<(&str, &str)> {
    stdout.lines().filter_map(rule).collect()
}

fn text(project: &Project, file: &str) -> String {
    std::fs::read_to_string(project.path(file)).unwrap()
}

#[test]
fn an_old_repository_starts_clean_and_what_is_new_fails() {
    let project = Project::new(&kdl("baseline \"b/base.json\"")).file("api/Dockerfile", OLD).file("b/x", "");
    let missing = project.run(["plan"]).expect_code(1);
    assert!(missing.stderr.contains("error[no-baseline]") && missing.stderr.contains("named here"), "{missing}");
    project.run(["validate"]).expect_code(1);
    let written = project.run(["lint", "--write-baseline"]).expect_success();
    assert_eq!((written.stdout.as_str(), written.stderr.lines().count()), ("", 2), "{written}");
    assert!(text(&project, "b/base.json").contains("\"file\": \"../api/Dockerfile\", \"rule\": \"latest-tag\""));
    for command in [["lint", "--format", "short"], ["lint", "--format", "github"], ["lint", "--format", "gitlab"]] {
        let output = project.run(command).expect_success();
        assert!(!output.stdout.contains("latest-tag"), "{output}");
        assert_eq!(output.stderr, "no findings in 1 file; 3 held by the baseline\n");
    }
    let plan = project.run(["plan", "--json"]).expect_success();
    assert!(plan.stdout.contains("nothing found; 3 held by the baseline"), "{plan}");

    let project = project.file("api/Dockerfile", format!("# moved\n{OLD}MAINTAINER me\n"));
    let output = project.run(["lint", "--format", "short"]).expect_code(1);
    assert_eq!(rules(&output.stdout), [("api/Dockerfile", "maintainer-instruction")], "{output}");
    project.run(["plan"]).expect_code(1);
    let json: Value = serde_json::from_str(&project.run(["lint", "--format", "json"]).stdout).unwrap();
    assert_eq!((&json["summary"]["held"], &json["summary"]["warnings"]), (&3.into(), &1.into()));
    let all = project.run(["lint", "--no-baseline", "--format", "short"]).expect_code(1);
    assert_eq!(rules(&all.stdout).len(), 4, "{all}");
}

#[test]
fn a_plan_that_was_saved_before_something_new_is_stopped_by_it() {
    let project = Project::copy_of("examples/quickstart").file("Dockerfile", OLD);
    let policy = "profile \"swr\"; baseline \"b.json\"; fail-on \"info\"";
    let kdl = text(&project, "swr.kdl").replace("profile \"swr\"", policy);
    let project = project.file("swr.kdl", kdl);
    project.run(["lint", "--write-baseline"]).expect_success();
    project.run(["plan", "--out", "p.json"]).expect_success();
    let project = project.file("Dockerfile", OLD.to_owned() + "MAINTAINER me\n");
    let output = project.run(["apply", "p.json"]).expect_code(1);
    assert!(output.stdout.contains("failed lint.Dockerfile"), "{output}");
}

#[test]
fn what_a_baseline_holds_in_vain_is_told_and_shrunk() {
    let project = Project::empty().file("a/Dockerfile", OLD).file("b/Dockerfile", OLD);
    let written = project.run(["lint", "--write-baseline"]).expect_success();
    assert!(written.stderr.contains("`--baseline swr-baseline.json`"), "{written}");
    let before = text(&project, "swr-baseline.json");
    assert_eq!(before.lines().filter(|line| line.contains("\"rule\"")).count(), 6);

    let project = project.file("a/Dockerfile", GOOD);
    let other = project.run(["lint", "--baseline", "swr-baseline.json", "b"]).expect_success();
    assert_eq!(other.stdout, "", "{other}");
    let stale = project.run(["lint", "--baseline", "swr-baseline.json"]).expect_success();
    assert!(stale.stdout.contains("the baseline holds 3 findings that are not there any more"), "{stale}");
    assert!(stale.stdout.contains("`swrctl lint --write-baseline=swr-baseline.json`"), "{stale}");
    assert_eq!(stale.stderr, "1 warning in 2 files; 3 held by the baseline\n");
    project.run(["lint", "--baseline", "swr-baseline.json", "--fail-on", "warning"]).expect_code(1);
    let profile = project.run(["lint", "--baseline", "swr-baseline.json", "--profile", "none"]).expect_success();
    assert_eq!(profile.stdout, "", "{profile}");

    let other = project.run(["lint", "--write-baseline=swr-baseline.json", "b"]).expect_success();
    assert!(other.stderr.contains("6 findings in 2 files (unchanged)"), "{other}");
    let shrunk = project.run(["lint", "--write-baseline"]).expect_success();
    assert!(shrunk.stderr.contains("3 findings in 1 file (0 added, 3 removed)"), "{shrunk}");
    std::fs::remove_file(project.path("b/Dockerfile")).unwrap();
    let gone = project.run(["lint", "--baseline", "swr-baseline.json"]).expect_success();
    assert!(gone.stdout.contains("3 findings that are not there any more"), "{gone}");
}

#[test]
fn fixes_leave_alone_what_a_baseline_holds() {
    let project = Project::new(&kdl("baseline \"b.json\"; fix \"safe\"")).file("Dockerfile", OLD);
    project.run(["lint", "--write-baseline"]).expect_success();
    project.run(["lint", "--fix"]).expect_success();
    assert_eq!(text(&project, "Dockerfile"), OLD);
    assert_eq!(project.run(["plan"]).expect_success().stdout, "No changes.\n");
    project.run(["lint", "--fix", "--no-baseline"]).expect_code(1);
    assert_eq!(text(&project, "Dockerfile"), OLD.replace("ADD", "COPY"));
    let both = Project::empty().file("Dockerfile", OLD);
    let output = both.run(["lint", "--fix", "--write-baseline"]).expect_success();
    assert!(output.stderr.contains("2 findings in 1 file (2 added, 0 removed)"), "{output}");
}

#[test]
fn a_baseline_is_written_whole_or_not_at_all() {
    let project = Project::empty().file("Dockerfile", OLD).file("broken.json", "{ \"format_version\": 1,\n<<<<<<< a\n");
    for (arguments, message) in [
        (vec!["--write-baseline=broken.json"], "resolve the merge conflict"),
        (vec!["--write-baseline=Dockerfile"], "this is no baseline"),
        (vec!["--write-baseline=gone/b.json"], "the folder of the baseline"),
        (vec!["--write-baseline", "b.json"], "write `--write-baseline=b.json`, with `=`"),
        (vec!["--write-baseline", "-"], "not of standard input"),
        (vec!["--write-baseline=a.json", "--baseline", "b.json"], "name the file once"),
        (vec!["--write-baseline", "--no-baseline"], "cannot be used with"),
        (vec!["--baseline", "b.json"], "there is no baseline `b.json`"),
        (vec!["--baseline", "."], "cannot read the baseline"),
    ] {
        let output = project.run_all(&[&["lint"], arguments.as_slice()].concat()).expect_code(1);
        assert!(output.stderr.contains(message) && output.stdout.is_empty(), "{arguments:?}: {output}");
    }
    assert_eq!(text(&project, "Dockerfile"), OLD);
    assert!(!project.path("b.json").exists() && !project.path("swr-baseline.json").exists());
    let unreadable = project.run(["lint", "--write-baseline", "gone", "Dockerfile"]).expect_code(1);
    assert!(unreadable.stdout.contains("unreadable-file"), "{unreadable}");
    assert!(!text(&project, "swr-baseline.json").contains("gone"));
}

#[test]
fn sections_have_baselines_of_their_own() {
    let kdl = "project \"p\" version=1\ndockerfiles \"a/*\" { baseline \"a.json\"; fail-on \"info\" }\n\
               dockerfiles \"b/*\" { fail-on \"info\" }\n";
    let project = Project::new(kdl).file("a/Dockerfile", OLD).file("b/Dockerfile", OLD);
    let output = project.run(["lint", "--write-baseline", "--format", "short"]).expect_code(1);
    assert!(rules(&output.stdout).iter().all(|(file, _)| *file == "b/Dockerfile"), "{output}");
    assert_eq!(output.stderr.lines().next(), Some("baseline a.json: 3 findings in 1 file (3 added, 0 removed)"));
    project.run(["lint", "a"]).expect_success();
    let stdin = project.bash("swrctl lint - --stdin-path a/Dockerfile < b/Dockerfile").expect_success();
    assert_eq!(stdin.stderr, "no findings in 1 file; 3 held by the baseline\n");
    project.run(["lint", "--write-baseline=all.json"]).expect_success();
    project.run(["lint", "--baseline", "all.json"]).expect_success();
    assert_eq!(text(&project, "a.json").lines().count() + 3, text(&project, "all.json").lines().count());
}

#[test]
fn levels_hold_for_rules_and_paths_until_their_day() {
    let policy = "deny \"latest-tag\"; warn \"DL3007\" in=\"web/**\"; info \"large-base\"\n\
                  allow \"latest-tag\" in=\"old/**\" until=\"2020-01-31\" reason=\"frozen\"\n\
                  allow \"large-base\" in=\"new/**\" until=\"2999-12-31\" reason=\"a trial\"\n\
                  allow \"sudo\" in=\"api/**\"; allow \"add-local-file\"";
    let project = Project::new(&kdl(policy));
    let project = ["api", "web", "old", "new"]
        .iter()
        .fold(project, |project, folder| project.file(&format!("{folder}/Dockerfile"), OLD.replace("ADD a /b\n", "")));
    let output = project.run(["lint", "--format", "short"]).expect_code(1);
    let levels: Vec<_> = output.stdout.lines().filter_map(|line| Some(line.split_once("]: ")?.0)).collect();
    let expected = [
        "api/Dockerfile:1:6: info[large-base",
        "api/Dockerfile:1:6: error[latest-tag",
        "new/Dockerfile:1:6: error[latest-tag",
        "old/Dockerfile:1:6: info[large-base",
        "old/Dockerfile:1:6: error[latest-tag",
        "swr.kdl:4:38: warning[expired-override",
        "swr.kdl:6:7: warning[unused-override",
        "swr.kdl:6:33: info[unused-override",
        "web/Dockerfile:1:6: info[large-base",
        "web/Dockerfile:1:6: warning[latest-tag",
    ];
    assert_eq!(levels, expected, "{output}");
    let human = project.run(["lint", "old"]).expect_code(1);
    assert!(human.stdout.contains("an override held until 2020-01-31"), "{human}");
    assert!(output.stdout.contains("the override of `latest-tag` ended on 2020-01-31 and holds no more"), "{output}");
    for name in ["sudo", "add-local-file"] {
        assert!(output.stdout.contains(&format!("nothing needs `{name}` to be allowed here")), "{output}");
    }
    let plan = project.run(["plan"]).expect_code(1);
    assert!(plan.stderr.contains("warning[unused-override]"), "{plan}");
}

#[test]
fn what_is_wrong_with_a_policy_is_a_finding_in_its_file() {
    let kdl = "project \"p\" version=1\ndockerfiles \"*/Dockerfile\" \"gone\" { fail-on \"warning\"\n\
               allow \"sudo\" in=\"a/*\" reason=\"a trial\"\nhadolint-config \".hadolint.yaml\" }\n";
    let project = Project::new(kdl).file("a/Dockerfile", GOOD).file(".hadolint.yaml", "ignored: [DL3004]\n");
    let json: Value = serde_json::from_str(&project.run(["lint", "--format", "json"]).expect_code(1).stdout).unwrap();
    let found: Vec<_> = json["findings"].as_array().unwrap().iter().map(|one| (&one["rule"], &one["file"])).collect();
    let (pattern, unused) = ("unused-pattern".into(), "unused-override".into());
    assert_eq!(found, [(&pattern, &"swr.kdl".into()), (&unused, &"swr.kdl".into())]);
    assert_eq!(json["findings"][1]["start"]["line"], 3);
    let github = project.run(["lint", "--format", "github"]).expect_code(1);
    assert!(github.stdout.contains("::warning file=swr.kdl,line=3,"), "{github}");
    // hadolint says nothing about what it ignores in vain, and neither does it fail here.
    assert!(github.stderr.contains("info[unused-override]") && github.stderr.contains(".hadolint.yaml"), "{github}");
    project.run(["lint", "--fail-on", "error"]).expect_success();
    project.run(["lint", "--fix"]).expect_code(1);
    assert_eq!(text(&project, "swr.kdl"), kdl);
}

#[test]
fn bases_and_registries_are_those_that_the_policy_names() {
    let policy = "profile \"none\"; base-images \"corp.example/base/*\" \"node:*-alpine*\" \"gcr.io/**\"";
    for (base, refused) in [
        ("corp.example/base/jre:21", false),
        ("corp.example/base/deep/jre", true),
        ("node:20-alpine", false),
        ("docker.io/library/node:20-alpine3.20", false),
        ("node:20", true),
        ("gcr.io/a/b/c@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false),
        ("gcr.io/$WHAT", false),
        ("$WHAT/node:20-alpine", true),
        ("scratch", false),
    ] {
        let project = Project::new(&kdl(policy)).file("Dockerfile", format!("ARG WHAT\nFROM {base}\n"));
        let output = project.run(["lint", "--format", "short"]).expect_code(i32::from(refused));
        assert_eq!(output.stdout.contains("base-image-not-allowed"), refused, "{base}: {output}");
    }
}

#[test]
fn labels_are_required_forbidden_and_read() {
    let policy = "profile \"none\"\nlabels { require \"source\" format=\"url\"; require \"version\" format=\"semver\"\n\
                  require \"revision\" format=\"hash\"; require \"created\" format=\"rfc3339\"\n\
                  require \"licenses\" format=\"spdx\"; require \"contact\" format=\"email\"; require \"title\"\n\
                  forbid \"maintainer\" \"internal.*\" }";
    let labels = |values: [&str; 7]| {
        let names = ["source", "version", "revision", "created", "licenses", "contact", "title"];
        let pairs = names.iter().zip(values).map(|(name, value)| format!(" {name}=\"{value}\""));
        format!("ARG VERSION=1.2.3\nFROM alpine:3.20\nARG VERSION\nARG COMMIT\nLABEL{}\n", pairs.collect::<String>())
    };
    let said = |dockerfile: &str, code| {
        let project = Project::new(&kdl(policy)).file("Dockerfile", dockerfile);
        project.run(["lint", "--format", "short"]).expect_code(code).stdout
    };
    let good =
        ["https://a.example/x", "$VERSION", "${COMMIT}", "2027-01-31T08:00:00Z", "MIT OR ISC", "a@b.example", "x"];
    assert_eq!(said(&labels(good), 0), "");
    let bad = ["a.example/x", "v$VERSION", "master", "2027-01-31", "MIT ISC", "a@", " "];
    let found = said(&labels(bad), 1);
    assert_eq!(found.matches("error[label-format]").count(), 7, "{found}");
    let found = said("FROM alpine:3.20\nLABEL maintainer=me internal.cost=1\n", 1);
    assert_eq!(found.matches("error[missing-label]").count(), 7, "{found}");
    assert_eq!(found.matches("error[unexpected-label]: the policy forbids the label").count(), 2, "{found}");
    let project = Project::new(&kdl(policy)).file("Dockerfile", labels(bad).replace("MIT ISC", "Apache-2"));
    let helped = project.run(["lint"]).expect_code(1);
    assert!(helped.stdout.contains("help: write `Apache-2.0`"), "{helped}");
}

#[test]
fn comments_are_followed_as_the_policy_says() {
    let dockerfile = "# hadolint ignore=DL3007\nFROM alpine:latest\n# hadolint ignore=DL3020 # an archive soon\n\
                      ADD a /b\n# swrctl allow=sudo until=2020-01-31 reason=a trial\nRUN sudo x\n\
                      # hadolint ignore=DL3008\nHEALTHCHECK NONE\nCMD [\"a\"]\n";
    for (pragmas, expected) in [
        ("allowed", vec!["malformed-pragma", "sudo", "unused-pragma"]),
        ("need-reason", vec!["pragma-not-allowed", "latest-tag", "malformed-pragma", "sudo", "pragma-not-allowed"]),
        (
            "forbidden",
            vec![
                "pragma-not-allowed",
                "latest-tag",
                "pragma-not-allowed",
                "add-local-file",
                "malformed-pragma",
                "sudo",
                "pragma-not-allowed",
            ],
        ),
        ("ignored", vec!["latest-tag", "add-local-file", "malformed-pragma", "sudo"]),
    ] {
        let project = Project::new(&kdl(&format!("pragmas \"{pragmas}\""))).file("Dockerfile", dockerfile);
        let output = project.run(["lint", "--format", "short"]).expect_code(1);
        let found: Vec<_> = rules(&output.stdout).into_iter().map(|(_, rule)| rule).collect();
        assert_eq!(found, expected, "{pragmas}: {output}");
    }
}

#[test]
fn a_dockerfile_is_judged_alike_from_every_folder_of_the_repository() {
    let project = Project::new(&kdl("allow \"latest-tag\"")).file("api/Dockerfile", "FROM node:latest\nADD a /b\n");
    let project = project.file("api/src/x", "");
    let above = |project: &Project, folder: &str| {
        let output = project.bash(&format!("cd {folder}; swrctl lint --format short ../Dockerfile"));
        (output.code, output.stdout.contains("latest-tag"), output.stderr.contains("../../swr.kdl"))
    };
    // A folder that is no repository is nobody's: whatever lies above it may be anything.
    assert_eq!(above(&project, "api/src"), (Some(0), true, false));
    let project = project.file(".git/HEAD", "");
    assert_eq!(above(&project, "api/src"), (Some(1), false, true));
    let whole = project.bash("cd api; swrctl lint --format short").expect_code(1);
    assert!(whole.stdout.starts_with("Dockerfile:1:1"), "{whole}");
}

#[test]
fn a_saved_plan_with_a_key_that_nobody_knows_is_refused() {
    let project = Project::copy_of("examples/quickstart");
    project.run(["plan", "--out", "p.json"]).expect_success();
    let plan = text(&project, "p.json").replace("\"retries\":", "\"verfiy\": \"pull\",\n\"retries\":");
    let output = project.file("p.json", plan).run(["apply", "p.json"]).expect_code(1);
    assert!(output.stderr.contains("unknown field `verfiy`"), "{output}");
}

#[test]
fn variables_of_hadolint_add_to_its_file() {
    let project = Project::empty().file("Dockerfile", "FROM hub.docker.com/debian\nRUN cd /x\n");
    let project =
        project.file(".hadolint.yaml", "no-fail: true\nignored: [DL3006]\ntrustedRegistries: [hub.docker.com]\n");
    let output =
        project.env("HADOLINT_NOFAIL", "0").env("HADOLINT_IGNORE", "DL3003").run(["lint", "--format", "short"]);
    assert_eq!(output.expect_success().stdout, "");
    let project =
        Project::empty().file("Dockerfile", GOOD).file(".hadolint.yaml", "ignored: [DL3006]\n---\nno-fail: true\n");
    let output = project.run(["lint"]).expect_code(1);
    assert!(
        output.stderr.contains("there is a second document") && output.stderr.contains(".hadolint.yaml:2:"),
        "{output}"
    );
}
