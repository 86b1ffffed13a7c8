//! The `Link` header of paged answers (RFC 8288), as registries really send it.

/// The target of the first link whose relation is `next`; `rel` may be quoted or not, and hold several words.
pub(super) fn next(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let start = rest.find('<')? + 1;
        let end = start + rest[start..].find('>')?;
        let target = &rest[start..end];
        let parameters = &rest[end + 1..];
        // The next link starts behind a comma; a `<` inside a quoted parameter is not worth a grammar.
        let stop = parameters.find('<').unwrap_or(parameters.len());
        if parameters[..stop].split([';', ',']).any(is_next) {
            return Some(target);
        }
        rest = &parameters[stop..];
    }
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let mut words = value.trim().trim_matches('"').split_ascii_whitespace();
    name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_rel_are_read() {
        assert_eq!(next(r#"</v2/_catalog?last=b&n=2>; rel="next""#), Some("/v2/_catalog?last=b&n=2"));
        assert_eq!(next("<https://h/v2/a/tags/list?last=1,2>;rel=next"), Some("https://h/v2/a/tags/list?last=1,2"));
        assert_eq!(next(r#"<b>; title="x"; REL="last Next""#), Some("b"));
    }

    #[test]
    fn other_relations_are_passed_over() {
        assert_eq!(next(r#"<a>; rel="prev", <b>; rel="next""#), Some("b"));
        assert_eq!(next(r#"<a>; rel="prev""#), None);
        for broken in ["", "<", "<a", "a; rel=next", "<a>", "<a>; rel", "><", "<ä>; rel=nextä"] {
            assert_eq!(next(broken), None, "{broken}");
        }
    }
}
