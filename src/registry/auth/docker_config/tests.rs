use std::os::unix::fs::PermissionsExt;

use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn helper(self, name: &str, script: &str) -> Self {
        let home = self.file(&format!("bin/docker-credential-{name}"), &format!("#!/bin/sh\n{script}\n"));
        let path = home.0.path().join(format!("bin/docker-credential-{name}"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        home
    }

    async fn lookup(&self, host: &str) -> Result<String, Problem> {
        let home = self.0.path().to_owned();
        let environment = move |name: &str| match name {
            "HOME" => Some(home.clone().into_os_string()),
            "PATH" => Some(format!("{}:/usr/bin:/bin", home.join("bin").display()).into()),
            _ => None,
        };
        let credentials = lookup(&host.parse().unwrap(), &environment).await?;
        let password = match &credentials {
            Credentials::Anonymous => return Ok("anonymous".to_owned()),
            Credentials::Basic { username, password } => format!("{username}:{}", password.expose()),
            Credentials::IdentityToken(token) => format!("identity:{}", token.expose()),
        };
        let secret = password.split_once(':').unwrap().1;
        assert!(!format!("{credentials:?}").contains(secret), "{credentials:?}");
        Ok(password)
    }
}

const AUTHS: &str = r#"{"auths": {
    "https://index.docker.io/v1/": {"auth": "aHViOnBhc3M6d29yZA=="},
    "Harbor.corp:8443": {"username": "user", "password": "p4ss"},
    "https://old.corp/v1/": {"auth": "b2xkOnNlY3JldA"},
    "quay.io/team": {"auth": "dGVhbTp4"},
    "token.io": {"identitytoken": "refresh", "auth": "dTpw"},
    "empty.io": {}
}}"#;

#[tokio::test]
async fn keys_are_hosts_and_old_urls() {
    let home = Home::new().file(".docker/config.json", AUTHS);
    assert_eq!(home.lookup("docker.io").await.unwrap(), "hub:pass:word");
    assert_eq!(home.lookup("harbor.corp:8443").await.unwrap(), "user:p4ss");
    assert_eq!(home.lookup("old.corp").await.unwrap(), "old:secret");
    assert_eq!(home.lookup("token.io").await.unwrap(), "identity:refresh");
    for unknown in ["quay.io", "empty.io", "harbor.corp", "example.com"] {
        assert_eq!(home.lookup(unknown).await.unwrap(), "anonymous", "{unknown}");
    }
}

#[tokio::test]
async fn no_file_is_anonymous() {
    assert_eq!(Home::new().lookup("docker.io").await.unwrap(), "anonymous");
}

#[tokio::test]
async fn podman_s_file_comes_second() {
    let home = Home::new().file(".docker/config.json", r#"{"auths": {"a.io": {"auth": "ZG9ja2VyOng="}}}"#).file(
        ".config/containers/auth.json",
        r#"{"auths": {"a.io": {"auth": "cG9kbWFuOng="}, "docker.io": {"auth": "cG9kbWFuOng="}}}"#,
    );
    assert_eq!(home.lookup("a.io").await.unwrap(), "docker:x");
    assert_eq!(home.lookup("docker.io").await.unwrap(), "podman:x");
}

#[tokio::test]
async fn a_helper_of_the_host_beats_the_store_beats_auths() {
    let answer = |name: &str| format!(r#"read server; echo "{{\"Username\":\"{name}\",\"Secret\":\"for $server\"}}""#);
    let home = Home::new()
        .file(
            ".docker/config.json",
            r#"{"auths": {"a.io": {"auth": "ZmlsZTp4"}, "c.io": {"auth": "ZmlsZTp4"}},
                "credHelpers": {"a.io": "own", "c.io": "forgetful"}, "credsStore": "store"}"#,
        )
        .helper("own", &answer("own"))
        .helper("store", &answer("<token>"))
        .helper("forgetful", "echo credentials not found in native keychain; exit 1");
    assert_eq!(home.lookup("a.io").await.unwrap(), "own:for a.io");
    assert_eq!(home.lookup("b.io").await.unwrap(), "identity:for b.io");
    assert_eq!(home.lookup("docker.io").await.unwrap(), "identity:for https://index.docker.io/v1/");
    assert_eq!(home.lookup("c.io").await.unwrap(), "file:x");
}

#[tokio::test]
async fn a_failing_helper_is_an_error_without_secrets() {
    let home = Home::new()
        .file(
            ".docker/config.json",
            r#"{"credHelpers": {"a.io": "broken", "b.io": "missing", "c.io": "garbage", "d.io": "../x"}}"#,
        )
        .helper("broken", "echo the keychain is locked >&2; exit 3")
        .helper("garbage", r#"echo '{"Username":"u","Secret":["hunter2"]}'"#);
    for (host, what) in [("a.io", "locked"), ("b.io", "cannot be run"), ("c.io", "not the JSON"), ("d.io", "its name")]
    {
        let problem = home.lookup(host).await.unwrap_err();
        assert!(
            problem.message.english().contains(what) && !problem.message.english().contains("hunter2"),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_broken_file_is_an_error_that_says_where_without_secrets() {
    let broken = Home::new().file(".docker/config.json", "{\"auths\":\n {\"a.io\": {\"auth\": \"hunter2\",}}}");
    let problem = broken.lookup("a.io").await.unwrap_err();
    assert!(problem.message.english().ends_with("config.json is not JSON at line 2, column 30"), "{problem}");
    let odd = Home::new().file(".docker/config.json", r#"{"auths": "hunter2"}"#);
    let problem = odd.lookup("a.io").await.unwrap_err();
    assert!(
        problem.message.english().contains("unexpected") && !problem.message.english().contains("hunter2"),
        "{problem}"
    );
    let bad = Home::new().file(".docker/config.json", r#"{"auths": {"a.io": {"auth": "aHVudGVyMg=="}}}"#);
    let problem = bad.lookup("a.io").await.unwrap_err();
    assert!(problem.message.english().ends_with("for `a.io` that is not base64 of `user:password`"), "{problem}");
}
