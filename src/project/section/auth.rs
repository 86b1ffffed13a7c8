//! `auth`: where credentials come from. A secret itself is refused, and no message shows it.

use crate::diag::Spanned;
use crate::project::declaration::{Auth, SecretSource};
use crate::project::kdl::{Child, Cursor, Fault, Shape, is_variable};

const EXAMPLE: &str = "auth { username env=\"HARBOR_USER\"; password env=\"HARBOR_PASSWORD\"; }";

pub(super) static AUTH: Shape = Shape::new("auth", EXAMPLE).may_take(&["kind"]).children(&[
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
    Shape::new(name, example).may_take(&["value"]).properties(&["env", "file"])
}

pub(super) fn read(cursor: Cursor) -> Option<Auth> {
    let mut children = cursor.all_children();
    match (cursor.argument(0), children.next()) {
        (Some(kind), None) => {
            let kinds = [("docker-config", Kind::DockerConfig), ("anonymous", Kind::Anonymous)];
            Some(cursor.word(kind, "kind of authentication", &kinds, &[])?.value.into())
        }
        (Some(_), Some(child)) => {
            let fault = Fault::new("contradiction", "`auth` names a kind and also credentials").at(child.header(), "");
            cursor.add(fault.help("keep the kind or the block"));
            None
        }
        // An argument of another type has its fault.
        (None, None) if cursor.value(0).is_none() => {
            let fault = Fault::new("missing", "`auth` says nothing").at(cursor.header(), "");
            cursor.add(fault.help("write `auth \"docker-config\"`, `auth \"anonymous\"` or a block with credentials"));
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
            let fault = Fault::new("incomplete-auth", "neither a user name with a password nor an AK with an SK");
            let help = "write `username` and `password`, or `access-key` and `secret-key`";
            cursor.add(fault.at(cursor.name().span, "in this block").help(help));
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
        let fault = Fault::new("literal-secret", format!("`{name}` holds the secret itself"));
        let help = format!(
            "write `{name} env=\"VARIABLE\"` or `{name} file=\"PATH\"`, and replace the secret where it is valid: \
             it has been in a file"
        );
        cursor.add(fault.at(cursor.name().span, "is written in the file").help(help));
        return None;
    }
    match (literal, env, file) {
        (Some(_), None, None) => Some(SecretSource::Literal(cursor.argument(0)?.map(str::to_owned))),
        (None, Some(_), None) => variable(cursor, cursor.text_of("env")?).map(SecretSource::Env),
        (None, None, Some(_)) => cursor.path_of("file").map(SecretSource::File),
        _ => {
            let fault = Fault::new("missing", format!("`{name}` needs exactly one source")).at(cursor.name().span, "");
            cursor.add(fault.help(format!("write `{name} env=\"VARIABLE\"` or `{name} file=\"PATH\"`")));
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
    let fault = Fault::new("bad-variable", "`env` is not the name of an environment variable").at(text.span, "");
    cursor.add(fault.help("write the name only, without `$`: letters, digits and `_`"));
    None
}
