use std::sync::Arc;

use super::*;
use crate::diag::Source;
use crate::project::{Edition, Limits, Place};

const TEXT: &str = "USER PASSWORD ca.pem client.pem registry";
const SECRET: &str = "hunter2-is-secret";

/// The place of a word in the project file's text.
fn at<T>(value: impl Into<T>, word: &str) -> Spanned<T> {
    let start = TEXT.find(word).unwrap();
    Spanned::new(value.into(), Span::new(start, start + word.len()))
}

fn host() -> RegistryHost {
    "registry.example".parse().unwrap()
}

fn declaration(auth: Auth) -> RegistryDecl {
    RegistryDecl {
        name: at("r", "registry"),
        place: Place::Registry(host()),
        directory: None,
        provider: Provider::Generic,
        organization: None,
        create_organization: false,
        tls: Tls::default(),
        auth,
        limits: Limits::default(),
    }
}

fn basic() -> Auth {
    Auth::Basic {
        username: SecretSource::Env(at("USER", "USER")),
        password: SecretSource::Env(at("PASSWORD", "PASSWORD")),
    }
}

struct Setting {
    folder: tempfile::TempDir,
    project: Project,
}

impl Setting {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Project {
            name: at("p", "registry"),
            source: Arc::new(Source::new("swr.kdl", TEXT)),
            root: folder.path().to_owned(),
            registries: vec![],
            dockerfiles: vec![],
            networks: vec![],
            migrations: vec![],
        };
        Self { folder, project }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    /// The credentials, or what is wrong: code and the text pointed at.
    async fn credentials(&self, declaration: &RegistryDecl, variables: &[(&str, &str)]) -> Result<String, Vec<String>> {
        let variables: Vec<(String, String)> = variables.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        let environment = move |name: &str| variables.iter().find(|(n, _)| n == name).map(|(_, v)| v.into());
        let reader = Reader { declaration, project: &self.project, environment: &environment };
        let found = reader.login(&host()).await.map(|(credentials, _)| credentials);
        let connected =
            connect_with(&host(), declaration, &self.project, (&Bandwidth::default(), &Pacer::new(None)), &environment)
                .await;
        assert_eq!(found.is_ok(), connected.is_ok());
        let shown = format!("{found:?} {connected:?}");
        assert!(!shown.contains(SECRET), "{shown}");
        match found {
            Ok(Credentials::Basic { username, password }) => Ok(format!("{username}:{}", password.expose())),
            Ok(other) => Ok(format!("{other:?}")),
            Err(diagnostics) => Err(told(&diagnostics)),
        }
    }
}

fn told(diagnostics: &[Diagnostic]) -> Vec<String> {
    let line = |d: &Diagnostic| format!("{} at {}", d.problem.code, d.labels[0].source.slice(d.labels[0].span));
    diagnostics.iter().map(line).collect()
}

#[tokio::test]
async fn connecting_can_be_a_task() {
    let setting = Setting::new();
    let (declaration, project) = (declaration(Auth::Anonymous), setting.project.clone());
    tokio::spawn(
        async move { connect(&host(), &declaration, &project, (&Bandwidth::default(), &Pacer::new(None))).await },
    )
    .await
    .unwrap()
    .unwrap();
}

#[tokio::test]
async fn variables_become_credentials() {
    let setting = Setting::new();
    let found = setting.credentials(&declaration(basic()), &[("USER", "bob"), ("PASSWORD", SECRET)]).await;
    assert_eq!(found.unwrap(), format!("bob:{SECRET}"));
}

#[tokio::test]
async fn every_missing_variable_is_pointed_at() {
    let setting = Setting::new();
    let nothing = setting.credentials(&declaration(basic()), &[]).await.unwrap_err();
    assert_eq!(nothing, ["missing-variable at USER", "missing-variable at PASSWORD"]);
    let empty = setting.credentials(&declaration(basic()), &[("USER", "bob"), ("PASSWORD", "")]).await.unwrap_err();
    assert_eq!(empty, ["empty-variable at PASSWORD"]);
}

#[tokio::test]
async fn a_password_file_loses_its_line_end_only() {
    let setting = Setting::new();
    let password = SecretSource::File(at("ca.pem", "ca.pem"));
    let declaration = declaration(Auth::Basic { username: SecretSource::Literal(at("bob", "USER")), password });
    assert_eq!(setting.credentials(&declaration, &[]).await.unwrap_err(), ["unreadable-file at ca.pem"]);
    setting.file("ca.pem", "\n");
    assert_eq!(setting.credentials(&declaration, &[]).await.unwrap_err(), ["bad-file at ca.pem"]);
    setting.file("ca.pem", [0xff]);
    assert_eq!(setting.credentials(&declaration, &[]).await.unwrap_err(), ["bad-file at ca.pem"]);
    setting.file("ca.pem", format!(" {SECRET} \r\n"));
    assert_eq!(setting.credentials(&declaration, &[]).await.unwrap(), format!("bob: {SECRET} "));
}

#[tokio::test]
async fn an_access_key_logs_in_to_swr_only() {
    let setting = Setting::new();
    let key = |name: &str| SecretSource::Env(at(name, name));
    let mut declaration = declaration(Auth::AccessKey { access_key: key("USER"), secret_key: key("PASSWORD") });
    let variables = [("USER", "AKEXAMPLE0123456789A"), ("PASSWORD", "sk-example-0123456789-abcdefghij-ABCDEFG")];
    assert_eq!(setting.credentials(&declaration, &variables).await.unwrap_err(), ["access-key at registry"]);
    declaration.provider = Provider::Swr {
        region: "cn-north-4".to_owned(),
        edition: Edition::Basic,
        api: None,
        obs: None,
        tag_lists: false,
    };
    assert_eq!(
        setting.credentials(&declaration, &variables).await.unwrap(),
        "cn-north-4@AKEXAMPLE0123456789A:65d48f8d4fda2b2922e9234563164a4ca2f99f1ab62a48d51bfae794656e108f"
    );
}

#[tokio::test]
async fn a_broken_docker_config_is_told_at_the_registry() {
    let setting = Setting::new();
    let folder = setting.folder.path().to_str().unwrap();
    let declaration = declaration(Auth::DockerConfig);
    assert_eq!(setting.credentials(&declaration, &[("DOCKER_CONFIG", folder)]).await.unwrap(), "Anonymous");
    setting.file("config.json", "{");
    let broken = setting.credentials(&declaration, &[("DOCKER_CONFIG", folder)]).await.unwrap_err();
    assert_eq!(broken, ["docker-config at registry"]);
}

#[tokio::test]
async fn certificate_files_and_credentials_are_told_together() {
    let setting = Setting::new();
    let mut declaration = declaration(basic());
    declaration.tls.ca = Some(at("ca.pem", "ca.pem"));
    declaration.tls.client_certificate = Some(at("client.pem", "client.pem"));
    setting.file("client.pem", "no PEM");
    let diagnostics =
        connect_with(&host(), &declaration, &setting.project, (&Bandwidth::default(), &Pacer::new(None)), &|_| None)
            .await
            .unwrap_err();
    let expected = [
        "tls-settings at ca.pem",
        "tls-settings at client.pem",
        "missing-variable at USER",
        "missing-variable at PASSWORD",
    ];
    assert_eq!(told(&diagnostics), expected);
    assert!(
        diagnostics[1].problem.message.english().ends_with("client.pem holds no certificate"),
        "{:?}",
        diagnostics[1]
    );

    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    setting.file("ca.pem", made.cert.pem());
    setting.file("client.pem", made.cert.pem() + &made.signing_key.serialize_pem());
    let client =
        connect_with(&host(), &declaration, &setting.project, (&Bandwidth::default(), &Pacer::new(None)), &|_| {
            Some("x".into())
        })
        .await
        .unwrap();
    assert_eq!(client.host(), &host());
}
