//! The options of `RUN --mount` that BuildKit refuses whatever the build is given.

use super::flag_value::Fault;
use super::lexer::read_switch;
use crate::diag::{Wording, say};

const TYPES: Wording = say!(
    "`type=` bind, cache, tmpfs, secret or ssh, and options between commas",
    "`type=` 为 bind、cache、tmpfs、secret 或 ssh，选项之间用逗号"
);

/// Examines `type=cache,target=/x`; values that hold a variable are left alone.
pub(super) fn examine(value: &str) -> Option<Fault> {
    if value.is_empty() {
        return Some(Fault::Invalid(TYPES));
    }
    let kind = value.split(',').find_map(|option| option.strip_prefix("type=")).unwrap_or("bind").to_ascii_lowercase();
    if !kind.contains('$') && !matches!(kind.as_str(), "bind" | "cache" | "tmpfs" | "secret" | "ssh") {
        return Some(Fault::Invalid(TYPES));
    }
    let named = |option: &str| matches!(name(option), "id" | "source" | "src" | "target" | "dst" | "destination");
    if kind == "secret" && !value.split(',').any(named) {
        return Some(Fault::Invalid(say!("`id=` with `type=secret`", "`type=secret` 要写 `id=`")));
    }
    value.split(',').find_map(|option| fault(&kind, option))
}

fn name(option: &str) -> &str {
    option.split('=').next().unwrap_or(option)
}

fn fault(kind: &str, option: &str) -> Option<Fault> {
    let value = option.split_once('=').map(|(_, value)| value);
    let open = value.is_some_and(|value| value.contains('$')) || kind.contains('$');
    let is = |kinds: &[&str]| open || kinds.contains(&kind);
    let holds = |valid: fn(&str) -> bool| open || value.is_some_and(valid);
    let switch = || value.is_none() || holds(|value| read_switch(value).is_some());
    let takes = |valid: bool, what: Wording| (!valid).then_some(Fault::Invalid(what));
    match name(option).to_ascii_lowercase().as_str() {
        "from" if open => Some(Fault::Variable),
        "source" | "src" if kind == "ssh" => {
            Some(Fault::Invalid(say!("no `source=` with `type=ssh`", "`type=ssh` 不能写 `source=`")))
        }
        "type" | "from" | "source" | "src" | "target" | "dst" | "destination" | "id" | "env" if value.is_some() => None,
        "ro" | "readonly" | "rw" | "readwrite" => {
            takes(switch(), say!("`true` or `false` behind `ro=` and `rw=`", "`ro=` 和 `rw=` 后面写 `true` 或 `false`"))
        }
        "required" => takes(
            is(&["secret", "ssh"]) && switch(),
            say!(
                "`required` with `type=secret` and `type=ssh` alone",
                "只有 `type=secret` 和 `type=ssh` 才能写 `required`"
            ),
        ),
        "size" => takes(
            is(&["tmpfs"]) && holds(is_size),
            say!(
                "`size=` with `type=tmpfs` alone, as in `size=64m`",
                "只有 `type=tmpfs` 才能写 `size=`，例如 `size=64m`"
            ),
        ),
        "sharing" => takes(
            is(&["cache"]) && holds(is_sharing),
            say!(
                "`sharing=` shared, private or locked, with `type=cache` alone",
                "只有 `type=cache` 才能写 `sharing=`，值为 shared、private 或 locked"
            ),
        ),
        "mode" => takes(
            kind != "bind" && holds(|value| u32::from_str_radix(value, 8).is_ok()),
            say!("`mode=` as an octal number, and not with `type=bind`", "`mode=` 为八进制数，`type=bind` 不能写"),
        ),
        "uid" | "gid" => takes(
            kind != "bind" && holds(|value| value.parse::<u32>().is_ok()),
            say!(
                "`uid=` and `gid=` as numbers, and not with `type=bind`",
                "`uid=` 和 `gid=` 为数字，`type=bind` 不能写"
            ),
        ),
        _ => Some(Fault::Invalid(say!(
            "the options of its type as `name=value` between commas",
            "其类型的选项，写成 `name=value`，之间用逗号"
        ))),
    }
}

fn is_sharing(value: &str) -> bool {
    ["shared", "private", "locked"].iter().any(|known| known.eq_ignore_ascii_case(value))
}

/// `64m`, `1.5Gb`, `1024`
fn is_size(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = value[number.len()..].trim_start().to_ascii_lowercase();
    let unit = unit.strip_suffix('b').unwrap_or(&unit);
    let unit = unit.strip_suffix('i').unwrap_or(unit);
    number.starts_with(|c: char| c.is_ascii_digit())
        && number.parse::<f64>().is_ok()
        && matches!(unit, "" | "k" | "m" | "g" | "t" | "p")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_belong_to_their_type() {
        for valid in [
            "type=bind,source=a,target=/b,rw",
            "target=/b,ro=1",
            "type=cache,target=/c,sharing=LOCKED,mode=0755,uid=1",
            "type=tmpfs,target=/t,size=1.5Gb",
            "type=secret,id=s,required,env=A",
            "type=ssh",
            "type=ssh,mode=0600",
            "type=cache,target=/c,mode=$M,uid=$U",
            "from=a,target=/x",
            "type=cache,id=$A,target=/c",
            "type=$T,size=1",
        ] {
            assert_eq!(examine(valid), None, "{valid}");
        }
        for invalid in [
            "",
            "type=bogus,target=/x",
            "type=bind, target=/x",
            "target=/x,",
            "bogus=1,target=/x",
            "target=/b,size=1",
            "target=/b,required",
            "target=/b,mode=0755",
            "target=/b,uid=1",
            "type=tmpfs,target=/t,sharing=locked",
            "type=cache,target=/c,sharing=bogus",
            "type=cache,target=/c,mode=99",
            "type=cache,target=/c,uid=-1",
            "type=tmpfs,target=/t,size=x",
            "type=tmpfs,target=/t,size=-1",
            "type=secret",
            "type=secret,env=A",
            "type=ssh,source=b",
            "target=/b,rw=maybe",
            "from=$A,target=/x",
            "target=/x,foo",
            "target",
        ] {
            assert!(examine(invalid).is_some(), "{invalid}");
        }
    }
}
