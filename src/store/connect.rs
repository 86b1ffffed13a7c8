//! From a `registry` section to a client: credentials out of the environment and files, certificates, limits.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diag::{Diagnostic, Span, Spanned, Wording, say};
use crate::image::RegistryHost;
use crate::project::{Auth, Edition, Project, Provider, RegistryDecl, SecretSource, Tls};
use crate::registry::{
    AccessKeys, Bandwidth, Client, ClientCertificate, Credentials, Environment, Limits, Pacer, PemError, Secret,
    Settings, TLS_SETTINGS, TlsSettings, TrustedCertificates, Vendor, docker_config, swr,
};

/// A client of the registry `host` as `declaration` describes it, within a bandwidth and its own, and in the host's pace.
///
/// # Errors
/// Everything that is missing or unusable, each at its place in the project file.
pub async fn connect(
    host: &RegistryHost,
    declaration: &RegistryDecl,
    project: &Project,
    shared: (&Bandwidth, &Pacer),
) -> Result<Client, Vec<Diagnostic>> {
    connect_with(host, declaration, project, shared, &|name| std::env::var_os(name)).await
}

async fn connect_with(
    host: &RegistryHost,
    declaration: &RegistryDecl,
    project: &Project,
    (bandwidth, pacer): (&Bandwidth, &Pacer),
    environment: Environment<'_>,
) -> Result<Client, Vec<Diagnostic>> {
    let reader = Reader { declaration, project, environment };
    let (tls, login) = (reader.tls(&declaration.tls), reader.login(host).await);
    let (tls, (credentials, keys)) = match (tls, login) {
        (Ok(tls), Ok(login)) => (tls, login),
        (tls, login) => return Err([tls.err(), login.err()].into_iter().flatten().flatten().collect()),
    };
    let crate::project::Limits { concurrency, uploads, connections_per_blob, bandwidth: own, .. } = declaration.limits;
    let settings = Settings {
        host: host.clone(),
        tls,
        credentials,
        vendor: vendor(host, &declaration.provider, keys),
        limits: Limits { concurrency, uploads, connections_per_blob },
        pacer: pacer.clone(),
        bandwidth: own.map_or_else(|| bandwidth.clone(), |rate| bandwidth.and(rate.bytes_per_second())),
        retries: Settings::DEFAULT_RETRIES,
        addresses: BTreeMap::new(),
    };
    Client::new(settings).map_err(|problem| {
        vec![Diagnostic::from(problem).at(
            &project.source,
            declaration.name.span,
            say!("of this registry", "属于这个镜像仓库"),
        )]
    })
}

/// Whose API stands beside the registry's, as far as we may ask it.
fn vendor(host: &RegistryHost, provider: &Provider, keys: Option<AccessKeys>) -> Vendor {
    match (provider, keys) {
        _ if host.is_docker_hub() => Vendor::docker_hub(),
        (Provider::Harbor, _) => Vendor::Harbor,
        (Provider::Swr { edition: Edition::Basic, api: Some(host), tag_lists, .. }, Some(keys)) => {
            Vendor::Swr { host: host.clone(), keys, tag_lists: *tag_lists }
        }
        _ => Vendor::None,
    }
}

struct Reader<'a> {
    declaration: &'a RegistryDecl,
    project: &'a Project,
    environment: Environment<'a>,
}

impl Reader<'_> {
    /// What logs in to the registry, and the keys that it comes from, if any.
    async fn login(&self, host: &RegistryHost) -> Result<(Credentials, Option<AccessKeys>), Vec<Diagnostic>> {
        let credentials = match &self.declaration.auth {
            Auth::Anonymous => Credentials::Anonymous,
            Auth::DockerConfig => docker_config::lookup(host, self.environment).await.map_err(|problem| {
                let place = (&self.project.source, self.declaration.name.span);
                vec![Diagnostic::from(problem).at(place.0, place.1, say!("for this registry", "用于这个镜像仓库"))]
            })?,
            Auth::Basic { username, password } => {
                let (username, password) = both(self.secret(username), self.secret(password))?;
                Credentials::Basic { username: username.expose().to_owned(), password }
            }
            Auth::AccessKey { access_key, secret_key } => {
                let (access_key, secret_key) = both(self.secret(access_key), self.secret(secret_key))?;
                return match &self.declaration.provider {
                    Provider::Swr { region, .. } => {
                        let credentials = swr::login(region, access_key.expose(), &secret_key);
                        let access_key = access_key.expose().to_owned();
                        Ok((credentials, Some(AccessKeys { access_key, secret_key })))
                    }
                    Provider::Generic | Provider::Harbor => Err(vec![
                        self.error(
                            "access-key",
                            say!("an access key logs in to SWR only", "访问密钥只能登录 SWR"),
                            self.declaration.name.span,
                            say!("of this registry", "属于这个镜像仓库"),
                        )
                        .with_help(say!(
                            "add `provider \"swr\" region=\"…\"`, or write `username` and `password`",
                            "加上 `provider \"swr\" region=\"…\"`，或者写 `username` 和 `password`"
                        )),
                    ]),
                };
            }
        };
        Ok((credentials, None))
    }

    fn secret(&self, source: &SecretSource) -> Result<Secret, Diagnostic> {
        match source {
            SecretSource::Literal(text) => Ok(Secret::new(text.value.as_str())),
            SecretSource::Env(name) => self.variable(name),
            SecretSource::File(path) => {
                let bytes = self.file(path)?;
                let text = String::from_utf8(bytes)
                    .map_err(|_| self.bad_file(path, &say!("is not UTF-8 text", "不是 UTF-8 文本")))?;
                match text.trim_end_matches(['\r', '\n']) {
                    "" => Err(self.bad_file(path, &say!("is empty", "是空的"))),
                    secret => Ok(Secret::new(secret)),
                }
            }
        }
    }

    fn variable(&self, name: &Spanned<String>) -> Result<Secret, Diagnostic> {
        let (code, message) = match (self.environment)(name).map(std::ffi::OsString::into_string) {
            Some(Ok(value)) if !value.is_empty() => return Ok(Secret::new(value)),
            Some(Ok(_)) => (
                "empty-variable",
                say!("the environment variable `{name}` is empty", "环境变量 `{name}` 是空的", name = name.value),
            ),
            Some(Err(_)) => {
                let message = say!(
                    "the environment variable `{name}` is not UTF-8 text",
                    "环境变量 `{name}` 不是 UTF-8 文本",
                    name = name.value
                );
                ("variable-encoding", message)
            }
            None => (
                "missing-variable",
                say!("the environment variable `{name}` is not set", "没有设置环境变量 `{name}`", name = name.value),
            ),
        };
        Err(self.error(code, message, name.span, Wording::default()).with_help(say!(
            "set it: `export {name}=…`",
            "设置它：`export {name}=…`",
            name = name.value
        )))
    }

    fn tls(&self, tls: &Tls) -> Result<TlsSettings, Vec<Diagnostic>> {
        let Tls { plain_http, verify, ca, client_certificate } = tls;
        let trusted = ca.as_ref().map(|path| self.pem(path, TrustedCertificates::from_pem)).transpose();
        let own = client_certificate.as_ref();
        let own = own.map(|path| self.pem(path, ClientCertificate::from_pem)).transpose();
        let (trusted, client_certificate) = both(trusted, own)?;
        let trusted = trusted.unwrap_or_default();
        Ok(TlsSettings { plain_http: *plain_http, verify: *verify, trusted, client_certificate })
    }

    fn pem<T>(&self, path: &Spanned<PathBuf>, read: fn(&[u8]) -> Result<T, PemError>) -> Result<T, Diagnostic> {
        let as_tls = |mut diagnostic: Diagnostic| {
            diagnostic.problem.code = TLS_SETTINGS.into();
            diagnostic
        };
        let bytes = self.file(path).map_err(as_tls)?;
        read(&bytes).map_err(|error| as_tls(self.bad_file(path, &error.wording())))
    }

    fn file(&self, path: &Spanned<PathBuf>) -> Result<Vec<u8>, Diagnostic> {
        let found = self.project.resolve(path);
        std::fs::read(&found).map_err(|error| {
            let message = say!(
                "{path} cannot be read: {reason}",
                "无法读取 {path}：{reason}",
                path = found.display(),
                reason = Wording::of_system(&error)
            );
            self.error("unreadable-file", message, path.span, say!("named here", "写在这里")).with_help(say!(
                "relative paths start at the project file's directory",
                "相对路径从项目文件所在目录算起"
            ))
        })
    }

    fn bad_file(&self, path: &Spanned<PathBuf>, what: &Wording) -> Diagnostic {
        let file = self.project.resolve(path);
        let message = say!("{file} {what}", "{file}：{what}", file = file.display(), what);
        self.error("bad-file", message, path.span, say!("named here", "写在这里"))
    }

    fn error(&self, code: &'static str, message: Wording, span: Span, label: Wording) -> Diagnostic {
        Diagnostic::error(code, message).at(&self.project.source, span, label)
    }
}

fn both<A, B>(a: Result<A, Diagnostic>, b: Result<B, Diagnostic>) -> Result<(A, B), Vec<Diagnostic>> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err([a.err(), b.err()].into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests;
