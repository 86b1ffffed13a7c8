//! Practice 12: secrets in ENV and ARG.

use super::super::context::Context;
use super::super::example::Example;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use crate::dockerfile::{Keyword, Word};
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "secret-in-env",
    aliases: &["DL3064", "SecretsUsedInArgOrEnv"],
    practice: Some(12),
    level: Level::Error,
    by_policy: false,
    summary: say!(
        "a secret in ENV or ARG can be read by everyone who can pull the image",
        "ENV 或 ARG 里的机密，所有能拉取镜像的人都能读到"
    ),
    explanation: say!(
        "ENV is part of the image's configuration, and the values of ARG are part of its history, even when a later \
         instruction overwrites them. Names are judged by their last words, and values that only name a place (a \
         file, a URL) are left alone. An ARG without a default in a stage that is not part of the image leaves no \
         trace there.",
        "ENV 是镜像配置的一部分，ARG 的值是镜像历史的一部分，后面的指令覆盖它也没有用。名字按最后的单词判断，只指明位\
         置（文件、URL）的值不报告。不属于最终镜像的阶段里没有默认值的 ARG 不会在镜像里留下痕迹。"
    ),
    help: say!(
        "mount it with `RUN --mount=type=secret,id=…`, or pass it when the container starts",
        "用 `RUN --mount=type=secret,id=…` 挂载，或者在启动容器时传入"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         ENV NPM_TOKEN=example-0123456789\n\
         RUN npm ci\n",
        "FROM node:20.11-alpine\n\
         RUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci\n",
    ),
    check,
};

/// Last words of names that hold secrets.
#[rustfmt::skip] // as a block of words
const SECRET_WORDS: [&str; 13] = [
    "PASS", "PASSWORD", "PASSWORDS", "PASSWD", "PWORD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "TOKENS", "APIKEY", "CREDENTIAL",
    "CREDENTIALS",
];
/// Words that make a secret of a `KEY` behind them.
const KEY_WORDS: [&str; 8] = ["API", "SECRET", "PRIVATE", "ACCESS", "ENCRYPTION", "SIGNING", "AUTH", "MASTER"];

fn is_secret_name(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // Rails' `SECRET_KEY_BASE` is a key.
    let mut words = upper.strip_suffix("_BASE").unwrap_or(&upper).split('_').rev();
    let last = words.next().unwrap_or_default();
    let before = words.next().unwrap_or_default();
    // `PGPASSWORD` is one word.
    ((SECRET_WORDS.contains(&last) || last.ends_with("PASSWORD")) && before != "PUBLIC") || (last == "KEY" && KEY_WORDS.contains(&before))
}

/// What hadolint takes for the name of a secret.
fn is_secret_to_hadolint(name: &str) -> bool {
    const PARTS: [&str; 6] = ["API_KEY", "PASSWORD", "PRIVATE", "SECRET", "TOKEN", "USERNAME"];
    let upper = name.to_ascii_uppercase();
    upper == "AWS_ACCESS_KEY_ID" || PARTS.iter().any(|part| upper.contains(part))
}

/// What BuildKit takes for the name of a secret.
fn is_secret_to_buildkit(name: &str) -> bool {
    #[rustfmt::skip] // as a block of words
    const WORDS: [&str; 10] = [
        "APIKEY", "AUTH", "CREDENTIAL", "CREDENTIALS", "KEY", "PASSWORD", "PASSWD", "PWORD", "SECRET", "TOKEN",
    ];
    let upper = name.to_ascii_uppercase();
    let has = |known: &[&str]| upper.split('_').any(|word| known.contains(&word));
    has(&WORDS) && !has(&["PUBLIC", "FILE", "VERSION"])
}

/// A value that is plainly a credential, whatever the name.
fn is_secret_value(value: &str) -> bool {
    const PREFIXES: [&str; 7] = ["ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "sk_live_", "-----BEGIN"];
    let aws = value.len() == 20
        && value.starts_with("AKIA")
        && value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    aws || holds_password(value) || PREFIXES.iter().any(|prefix| value.starts_with(prefix) && value.len() > prefix.len() + 8)
}

/// `postgres://user:password@host`, unless something stands there in the password's place.
fn holds_password(url: &str) -> bool {
    let authority = url.split_once("://").filter(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+'));
    let login = authority.and_then(|(_, rest)| rest.split(['/', '?', '#']).next()?.rsplit_once('@')).map(|(login, _)| login);
    let password = login.and_then(|login| login.split_once(':')).map(|(_, password)| password);
    password.is_some_and(|password| !password.is_empty() && !password.contains(['$', '<', '{', '*', '%', ' ', '\n', '"', '\'']))
}

/// A place where a secret lies, a switch or nothing at all.
fn is_harmless(value: &str) -> bool {
    value.is_empty()
        || value.starts_with('/')
        || value.contains("://") && !value.contains('@')
        || value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < 4
        || ["true", "false", "yes", "no", "none", "null"].iter().any(|word| word.eq_ignore_ascii_case(value))
}

fn check(context: &Context, sink: &mut Sink) {
    for (index, instruction) in context.dockerfile.instructions.iter().enumerate() {
        let keyword = *instruction.keyword;
        if !matches!(keyword, Keyword::Env | Keyword::Arg) {
            continue;
        }
        for pair in instruction.pairs() {
            // An empty default of an ARG only declares it.
            let value = pair.value.as_ref().map(Word::text).filter(|value| keyword == Keyword::Env || !value.is_empty());
            let telling = match value {
                _ if context.as_buildkit() => {
                    let in_stage = context.stage_of(index).is_some() && !instruction.on_build;
                    in_stage && is_secret_to_buildkit(pair.name.text())
                }
                _ if context.as_hadolint() => is_secret_to_hadolint(pair.name.text()),
                Some(value) => is_secret_value(value) || (is_secret_name(pair.name.text()) && !is_harmless(value)),
                None => is_secret_name(pair.name.text()) && context.is_shipped(index),
            };
            if telling {
                let name = pair.name.text();
                let message = if keyword == Keyword::Env {
                    say!("`{name}` ends up in the image's configuration", "`{name}` 会留在镜像的配置里", name)
                } else {
                    say!("`{name}` ends up in the image's history", "`{name}` 会留在镜像的历史里", name)
                };
                let draft = sink.report(pair.name.span(), message);
                if value.is_none() {
                    draft.soften(Level::Warning);
                }
            }
        }
    }
}
