//! What the installed ShellCheck says about shell text in Dockerfiles.

use serde_json::Value;

use crate::support::swrctl::Project;

/// The machine's own ShellCheck.
fn real() -> Project {
    Project::empty().env("PATH", "/usr/bin:/bin")
}

/// Place and code of each finding.
fn found(project: &Project, arguments: &[&str]) -> Vec<String> {
    let output = project.run_all(&[&["lint", "--format", "short", "--fail-on", "never"], arguments].concat());
    let lines = output.expect_success().stdout;
    let shell = lines.lines().filter(|line| line.contains("[SC") || line.contains("[shellcheck]"));
    shell.map(|line| line.split("]: ").next().unwrap().replace(": ", " ")).collect()
}

const EVERY_FORM: &str = r#"FROM debian:12 AS base
SHELL ["/bin/bash", "-o", "pipefail", "-ec"]
ENV FOO=1
ARG bar
RUN cd /x; echo $FOO $bar \
    # a comment

	é $baz
FROM base
RUN <<EOF
	rm $q
EOF
RUN [[ $FOO == 1 ]] && cat <<-A <<B > /x
	$one
	A
B
FROM debian:12
RUN [[ -n $1 ]]
CMD rm $bar
HEALTHCHECK CMD ["sh", "-c", "echo \"\" $late"]
RUN <<EOF
#!/usr/bin/env bash
[[ $HOME == / ]] && rm $1
EOF
# shellcheck disable=SC2086
RUN echo $1
RUN echo $2 # hadolint ignore=SC2086
"#;

#[test]
fn every_form_of_shell_text_is_looked_at() {
    let expected = [
        "Dockerfile:8:4 warning[SC2154",
        "Dockerfile:8:4 info[SC2086",
        "Dockerfile:11:5 warning[SC2154",
        "Dockerfile:11:5 info[SC2086",
        "Dockerfile:14:2 warning[SC2154",
        "Dockerfile:18:5 warning[SC3010",
        "Dockerfile:19:8 warning[SC2154",
        "Dockerfile:19:8 info[SC2086",
        "Dockerfile:20:41 warning[SC2154",
        "Dockerfile:20:41 info[SC2086",
        "Dockerfile:23:24 info[SC2086",
        "Dockerfile:27:10 info[SC2086",
    ];
    let said = |text: &str| found(&real().file("Dockerfile", text), &["Dockerfile"]);
    let ours: Vec<_> = said(EVERY_FORM).into_iter().filter(|line| !line.contains("SC2261")).collect();
    assert_eq!(ours, expected);
    let windows: Vec<_> = said(&EVERY_FORM.replace('\n', "\r\n"));
    assert_eq!(windows.into_iter().filter(|line| !line.contains("SC2261")).collect::<Vec<_>>(), expected);
}

#[test]
fn the_entrypoint_script_is_looked_at() {
    let project = real().file("Dockerfile", "FROM debian:12\nCOPY run.sh /\nENTRYPOINT [\"/run.sh\"]\n");
    let project = project.file("run.sh", "#!/bin/sh\n# starts\nset -e\nexec rm $1\n");
    assert_eq!(found(&project, &["--profile", "all"]), ["Dockerfile:3:14 info[SC2086"]);
    let all = ["lint", "--profile", "all", "--format", "json", "--fail-on", "never"];
    let output = project.run(all).expect_success();
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let finding = json["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "shellcheck").unwrap();
    assert_eq!(finding["aliases"][0], "SC2086");
    let related = &finding["related"][0];
    assert!(related["file"].as_str().unwrap().ends_with("run.sh"), "{related}");
    assert_eq!((&related["start"]["line"], &related["start"]["column"]), (&4.into(), &9.into()));
    assert_eq!(found(&project, &[]), [] as [&str; 0]);
}

#[test]
fn many_files_get_their_own_findings() {
    let mut project = real();
    for at in 0..100 {
        let text = format!("FROM debian:12\n{}RUN rm $1\n", "RUN true\n".repeat(at % 7));
        project = project.file(&format!("{at:02}/Dockerfile"), text);
    }
    let expected: Vec<_> = (0..100).map(|at| format!("{at:02}/Dockerfile:{}:8 info[SC2086", at % 7 + 2)).collect();
    assert_eq!(found(&project, &[]), expected);
}

#[test]
fn findings_are_weighed_by_their_code() {
    let kdl = "project \"p\" version=1\ndockerfiles \"Dockerfile\" { profile \"none\"; deny \"SC2086\"; }\n";
    let project = real().file("swr.kdl", kdl).file("Dockerfile", "FROM debian:12\nRUN rm $1 `ls`\n");
    assert_eq!(found(&project, &[]), ["Dockerfile:2:8 error[SC2086"]);
    let sarif: Value = serde_json::from_str(&project.run(["lint", "--format", "sarif"]).expect_code(1).stdout).unwrap();
    let rule = &sarif["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!((&rule["id"], &rule["helpUri"]), (&"SC2086".into(), &"https://www.shellcheck.net/wiki/SC2086".into()));
    let plan = project.run(["plan"]).expect_code(1);
    assert!(plan.stderr.contains("SC2086"), "{plan}");
}
