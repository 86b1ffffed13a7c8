//! `auth`: where credentials come from. A secret itself is refused, and no message shows it.

use super::arguments;
use crate::diag::{Spanned, say};
use crate::project::declaration::{Auth, SecretSource};
use crate::project::kdl::{Child, Cursor, Fault, Shape, is_variable};

const EXAMPLE: &str = "auth { username env=\"HARBOR_USER\"; password env=\"HARBOR_PASSWORD\"; }";

pub(super) static AUTH: Shape = Shape::new("auth", EXAMPLE).may_take(&[arguments::KIND]).children(&[
    Child::once(&USERNAME),
    Child::once(&PASSWORD),
    Child::once(&ACCESS_KEY),
    Child::once(&SECRET_KEY),
]);

static USERNAME: Shape = source("username", "username env=\"HARBOR_USER\"");
static PASSWORD: Shape = source("password", "password env=\"HARBOR_PASSWORD\"");
static ACCESS_KEY: Shape = source("access-key", "access-key env=\"SWR_AK\"");
static SECRET_KEY: Shape = source("secret-key", "secret-key env=\"SWR_SK\"");

const fn source(name: &'static str, example: &'static str) -> Shape {
    Shape::new(name, example).may_take(&[arguments::VALUE]).properties(&["env", "file"])
}

pub(super) fn read(cursor: Cursor) -> Option<Auth> {
    let mut children = cursor.all_children();
    match (cursor.argument(0), children.next()) {
        (Some(kind), None) => {
            let kinds = [("docker-config", Kind::DockerConfig), ("anonymous", Kind::Anonymous)];
            Some(cursor.word(kind, &say!("kind of authentication", "认证类型"), &kinds)?.value.into())
        }
        (Some(_), Some(child)) => {
            let fault = Fault::new(
                "contradiction",
                say!("`auth` names a kind and also credentials", "`auth` 既写了类型又写了凭据"),
            )
            .on(child.header());
            cursor.add(fault.help(say!("keep the kind or the block", "类型和块只保留一个")));
            None
        }
        // An argument of another type has its fault.
        (None, None) if cursor.value(0).is_none() => {
            let fault = Fault::new("missing", say!("`auth` says nothing", "`auth` 什么也没写")).on(cursor.header());
            cursor.add(fault.help(say!(
                "write `auth \"docker-config\"`, `auth \"anonymous\"` or a block with credentials",
                "写 `auth \"docker-config\"`、`auth \"anonymous\"`，或者带凭据的块"
            )));
            None
        }
        (None, _) => credentials(cursor),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    DockerConfig,
    Anonymous,
}

impl From<Kind> for Auth {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::DockerConfig => Self::DockerConfig,
            Kind::Anonymous => Self::Anonymous,
        }
    }
}

fn credentials(cursor: Cursor) -> Option<Auth> {
    let given = |name| cursor.child(name).map(secret);
    let (username, password) = (given("username"), given("password"));
    let (access_key, secret_key) = (given("access-key"), given("secret-key"));
    match (username, password, access_key, secret_key) {
        (Some(username), Some(password), None, None) => Some(Auth::Basic { username: username?, password: password? }),
        (None, None, Some(access_key), Some(secret_key)) => {
            Some(Auth::AccessKey { access_key: access_key?, secret_key: secret_key? })
        }
        (None, None, None, None) => None,
        _ => {
            let fault = Fault::new(
                "incomplete-auth",
                say!("neither a user name with a password nor an AK with an SK", "既不是用户名加密码，也不是 AK 加 SK"),
            );
            let help = say!(
                "write `username` and `password`, or `access-key` and `secret-key`",
                "写 `username` 和 `password`，或者 `access-key` 和 `secret-key`"
            );
            cursor.add(fault.at(cursor.name().span, say!("in this block", "在这个块里")).help(help));
            None
        }
    }
}

/// One of `env=`, `file=` and, for a user name, the text itself.
fn secret(cursor: Cursor) -> Option<SecretSource> {
    let name = *cursor.name();
    let (literal, env, file) = (cursor.value(0), cursor.property("env"), cursor.property("file"));
    if let Some(literal) = literal.filter(|_| name != "username") {
        cursor.mask(literal.span);
        let fault =
            Fault::new("literal-secret", say!("`{name}` holds the secret itself", "`{name}` 直接写了密钥", name));
        let help = say!(
            "write `{name} env=\"VARIABLE\"` or `{name} file=\"PATH\"`, and replace the secret where it is valid: it has \
             been in a file",
            "写 `{name} env=\"VARIABLE\"` 或 `{name} file=\"PATH\"`，并更换这个密钥：它已经出现在文件里",
            name
        );
        cursor.add(fault.at(cursor.name().span, say!("is written in the file", "写在了文件里")).help(help));
        return None;
    }
    match (literal, env, file) {
        (Some(_), None, None) => Some(SecretSource::Literal(cursor.argument(0)?.map(str::to_owned))),
        (None, Some(_), None) => variable(cursor, cursor.text_of("env")?).map(SecretSource::Env),
        (None, None, Some(_)) => cursor.path_of("file").map(SecretSource::File),
        _ => {
            let fault =
                Fault::new("missing", say!("`{name}` needs exactly one source", "`{name}` 需要且只能有一个来源", name))
                    .on(cursor.name().span);
            cursor.add(fault.help(say!(
                "write `{name} env=\"VARIABLE\"` or `{name} file=\"PATH\"`",
                "写 `{name} env=\"VARIABLE\"` 或 `{name} file=\"PATH\"`",
                name
            )));
            None
        }
    }
}

fn variable(cursor: Cursor, text: Spanned<&str>) -> Option<Spanned<String>> {
    if is_variable(text.value) {
        return Some(text.map(str::to_owned));
    }
    // It may be the secret itself.
    cursor.mask(text.span);
    let fault =
        Fault::new("bad-variable", say!("`env` is not the name of an environment variable", "`env` 不是环境变量名"))
            .on(text.span);
    cursor.add(fault.help(say!(
        "write the name only, without `$`: letters, digits and `_`",
        "只写变量名，不带 `$`：字母、数字和 `_`"
    )));
    None
}
