//! Here-documents: how a line announces them, as BuildKit reads it.

use super::MAX_PARTS;
use super::words::Splitter;
use crate::diag::Span;

/// A here-document of RUN, COPY or ADD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    pub name: String,
    /// The announcing word, like `<<-EOF`.
    pub marker: Span,
    /// Its lines, without the line that ends it.
    pub body: Span,
    /// `<<-`: tabs in front of lines are dropped.
    pub strip_tabs: bool,
    /// Variables in the body are expanded, because no part of the name stands in quotes.
    pub expands: bool,
}

/// A here-document that a line announces, before its body is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) name: String,
    pub(super) marker: std::ops::Range<usize>,
    pub(super) strip_tabs: bool,
    pub(super) expands: bool,
}

/// The here-documents that `line` announces; none when a quote in it stays open.
pub(super) fn announced(line: &str) -> Vec<Announced> {
    if !line.contains("<<") {
        return Vec::new();
    }
    let words = Splitter::shell().split_up_to(line, MAX_PARTS);
    if words.open_quote.is_some() {
        return Vec::new();
    }
    words.ranges.into_iter().filter_map(|range| read_marker(&line[range.clone()], range)).collect()
}

/// `[fd]<<[-]NAME`, alone in its word; blanks may stand in front of the name.
fn read_marker(word: &str, marker: std::ops::Range<usize>) -> Option<Announced> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (strip_tabs, quoted) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let quoted = quoted.trim_start();
    if quoted.is_empty() || quoted.contains('<') {
        return None;
    }
    let (name, expands) = unquoted(quoted);
    (!name.is_empty()).then_some(Announced { name, marker, strip_tabs, expands })
}

/// The word without its quotes, and whether there were none; a backslash alone keeps nothing from being expanded.
fn unquoted(word: &str) -> (String, bool) {
    let mut name = String::with_capacity(word.len());
    let (mut quote, mut plain) = (None, true);
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None) => name.extend(chars.next()),
            ('\\', Some('"')) if chars.peek().is_some_and(|next| matches!(next, '"' | '$' | '\\')) => {
                name.extend(chars.next());
            }
            ('\'' | '"', None) => (quote, plain) = (Some(c), false),
            (_, Some(open)) if open == c => quote = None,
            _ => name.push(c),
        }
    }
    (name, plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<(String, bool, bool)> {
        announced(line).into_iter().map(|doc| (doc.name, doc.strip_tabs, doc.expands)).collect()
    }

    #[test]
    fn every_form_is_seen() {
        assert_eq!(names("RUN <<EOF"), [("EOF".into(), false, true)]);
        assert_eq!(names("RUN <<-'EOF' cat"), [("EOF".into(), true, false)]);
        assert_eq!(names("RUN 3<<A cat <<\"B\" > /x").len(), 2);
        assert_eq!(names("RUN cat << EOF > /x"), [("EOF".into(), false, true)]);
        assert_eq!(names("COPY <<E\\OF /x"), [("EOF".into(), false, true)]);
        assert_eq!(names("COPY <<\"E\\OF\\\\\" /x"), [("E\\OF\\".into(), false, false)]);
        assert_eq!(names("COPY <<\"\"EOF /x"), [("EOF".into(), false, false)]);
    }

    #[test]
    fn what_looks_like_one_is_left_alone() {
        for line in [
            "RUN cat <<<word",
            "RUN echo '<<EOF'",
            "RUN echo \"a <<EOF\"",
            "RUN echo $((1<<2))",
            "RUN a <<- b",
            "RUN a <<",
            "RUN a <<\"\" b",
        ] {
            assert_eq!(names(line), [], "{line}");
        }
    }
}
