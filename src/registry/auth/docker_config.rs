//! Credentials that `docker login` or `podman login` left: Docker's `config.json`, then containers' `auth.json`.
//!
//! Order as in Docker: `credHelpers`, then `credsStore`, then `auths`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;

use super::{Credentials, credential_helper};
use crate::diag::{Problem, Wording, say};
use crate::image::RegistryHost;
use crate::registry::Secret;

/// Environment variables, by name; tests bring their own.
pub type Environment<'a> = &'a (dyn Fn(&str) -> Option<OsString> + Sync);

/// Docker Hub's key, to this day.
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ConfigFile {
    auths: BTreeMap<String, AuthEntry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AuthEntry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// What the files of this user know about `host`; anonymous when they know nothing.
///
/// # Errors
/// When a file cannot be read, or its helper fails: going on anonymously would only move the error elsewhere.
pub async fn lookup(host: &RegistryHost, environment: Environment<'_>) -> Result<Credentials, Problem> {
    for path in files(environment) {
        if let Some(config) = read(&path)?
            && let Some(credentials) = find(&config, host, &path, environment).await?
        {
            return Ok(credentials);
        }
    }
    Ok(Credentials::Anonymous)
}

fn files(environment: Environment<'_>) -> Vec<PathBuf> {
    let variable = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = variable("HOME");
    let docker = variable("DOCKER_CONFIG").or_else(|| home.as_ref().map(|home| home.join(".docker")));
    let containers = [
        variable("REGISTRY_AUTH_FILE"),
        variable("XDG_RUNTIME_DIR").map(|directory| directory.join("containers/auth.json")),
        home.map(|home| home.join(".config/containers/auth.json")),
    ];
    docker.map(|directory| directory.join("config.json")).into_iter().chain(containers.into_iter().flatten()).collect()
}

fn read(path: &Path) -> Result<Option<ConfigFile>, Problem> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let reason = Wording::of_system(&error);
            return Err(unusable(path, &say!("cannot be read: {reason}", "无法读取：{reason}", reason)));
        }
    };
    // serde's own message may quote a value of the file, hence a secret.
    let config = serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = if error.is_data() {
            say!(
                "holds something unexpected at line {line}, column {column}",
                "第 {line} 行第 {column} 列的内容出乎意料",
                line,
                column
            )
        } else {
            say!("is not JSON at line {line}, column {column}", "第 {line} 行第 {column} 列不是 JSON", line, column)
        };
        unusable(path, &what)
    })?;
    Ok(Some(config))
}

async fn find(
    config: &ConfigFile,
    host: &RegistryHost,
    path: &Path,
    environment: Environment<'_>,
) -> Result<Option<Credentials>, Problem> {
    let own_helper = config.cred_helpers.iter().find(|(key, _)| names(key, host)).map(|(_, helper)| helper);
    let helper = own_helper.or(config.creds_store.as_ref()).filter(|helper| !helper.is_empty());
    if let Some(helper) = helper {
        let server = if host.is_docker_hub() { DOCKER_HUB_KEY } else { host.as_str() };
        if let Some(credentials) = credential_helper::get(helper, server, environment).await? {
            return Ok(Some(credentials));
        }
    }
    let entries = config.auths.iter().filter(|(key, _)| names(key, host));
    for (key, entry) in entries {
        if let Some(credentials) = credentials(key, entry).map_err(|what| unusable(path, &what))? {
            return Ok(Some(credentials));
        }
    }
    Ok(None)
}

/// Keys are hosts, or URLs as Docker wrote them before 1.7; podman's keys with a namespace are for less than a host.
fn names(key: &str, host: &RegistryHost) -> bool {
    let key = key.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    let key = key.strip_suffix("/v1").or_else(|| key.strip_suffix("/v2")).unwrap_or(key);
    key.parse::<RegistryHost>().is_ok_and(|key| key == *host)
}

fn credentials(key: &str, entry: &AuthEntry) -> Result<Option<Credentials>, Wording> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(token) = given(&entry.identitytoken) {
        return Ok(Some(Credentials::IdentityToken(Secret::new(token))));
    }
    if given(&entry.registrytoken).is_some() {
        return Err(say!(
            "holds a `registrytoken` for `{key}`, which swrctl does not use",
            "为 `{key}` 保存的是 swrctl 不使用的 `registrytoken`",
            key
        ));
    }
    if let Some(auth) = given(&entry.auth) {
        let broken = || {
            say!(
                "holds an `auth` for `{key}` that is not base64 of `user:password`",
                "为 `{key}` 保存的 `auth` 不是 `user:password` 的 base64 编码",
                key
            )
        };
        let bytes =
            STANDARD.decode(auth.trim()).or_else(|_| STANDARD_NO_PAD.decode(auth.trim())).map_err(|_| broken())?;
        let text = String::from_utf8(bytes).map_err(|_| broken())?;
        let (username, password) = text.split_once(':').ok_or_else(broken)?;
        let password = Secret::new(password.trim_end_matches('\0'));
        return Ok(Some(Credentials::Basic { username: username.to_owned(), password }));
    }
    Ok(given(&entry.username)
        .zip(given(&entry.password))
        .map(|(username, password)| Credentials::Basic { username, password: Secret::new(password) }))
}

fn unusable(path: &Path, what: &Wording) -> Problem {
    let message = say!("{path} {what}", "{path}：{what}", path = path.display(), what);
    Problem::new("docker-config", message).with_help(say!(
        "log in again with `docker login`, or write `auth` into the `registry` section",
        "重新执行 `docker login`，或者在 `registry` 小节里写 `auth`"
    ))
}

#[cfg(test)]
mod tests;
