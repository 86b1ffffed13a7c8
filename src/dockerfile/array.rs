//! The exec form: a JSON array of strings, decoded with the place of every element.

use super::text::Text;

/// What arguments that start with `[` turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Array {
    Strings(Vec<Text>),
    /// Valid JSON, but not of strings: BuildKit refuses it.
    OtherThanStrings,
    /// No JSON array: the shell form.
    No,
}

/// The elements of `text`, `most` at most: what is behind them has to be right, but is dropped.
pub(super) fn read(text: &Text, most: usize) -> Array {
    let json = text.as_str();
    if !json.trim_start().starts_with('[') {
        return Array::No;
    }
    let mut reader = Reader { text, json, at: 0, most };
    match reader.array() {
        Some(elements) => Array::Strings(elements),
        None if is_other_array(json) => Array::OtherThanStrings,
        None => Array::No,
    }
}

/// `serde_json` bounds its own recursion and refuses what is nested deeper.
fn is_other_array(json: &str) -> bool {
    serde_json::from_str::<Vec<serde::de::IgnoredAny>>(json).is_ok()
}

struct Reader<'a> {
    text: &'a Text,
    json: &'a str,
    at: usize,
    most: usize,
}

impl Reader<'_> {
    fn array(&mut self) -> Option<Vec<Text>> {
        let mut elements = Vec::new();
        self.blanks();
        self.expect(b'[')?;
        self.blanks();
        if self.expect(b']').is_none() {
            loop {
                let element = self.string()?;
                if elements.len() < self.most {
                    elements.push(element);
                }
                self.blanks();
                if self.expect(b',').is_none() {
                    break;
                }
                self.blanks();
            }
            self.expect(b']')?;
        }
        self.blanks();
        (self.at == self.json.len()).then_some(elements)
    }

    fn blanks(&mut self) {
        let rest = &self.json[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.json.as_bytes().get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    fn string(&mut self) -> Option<Text> {
        self.expect(b'"')?;
        let mut decoded = Text::default();
        decoded.push("", self.text.span(self.at..self.at).start);
        loop {
            let rest = &self.json[self.at..];
            let plain = rest.find(['"', '\\'])?;
            let part = &rest[..plain];
            if part.chars().any(|c| c < ' ') {
                return None;
            }
            self.push(&mut decoded, plain);
            if rest.as_bytes()[plain] == b'"' {
                // What is escaped is longer in the source than in the string.
                decoded.push("", self.text.span(self.at..self.at).start);
                self.at += 1;
                return Some(decoded);
            }
            let source = self.text.span(self.at..self.at + 1).start;
            decoded.push(self.escape()?.encode_utf8(&mut [0; 4]), source);
        }
    }

    /// Takes `len` plain bytes, which may cross joints of the text.
    fn push(&mut self, decoded: &mut Text, len: usize) {
        for (range, source) in self.text.runs(self.at..self.at + len) {
            decoded.push(&self.json[range], source);
        }
        self.at += len;
    }

    fn escape(&mut self) -> Option<char> {
        let kind = *self.json.as_bytes().get(self.at + 1)?;
        self.at += 2;
        Some(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code_point()?,
            _ => return None,
        })
    }

    fn code_point(&mut self) -> Option<char> {
        let unit = self.hex()?;
        if !(0xD800..0xDC00).contains(&unit) {
            return Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let low = if self.json[self.at..].starts_with("\\u") {
            self.at += 2;
            self.hex()?
        } else {
            0
        };
        let joined = low.checked_sub(0xDC00).map(|low| 0x1_0000 + ((unit - 0xD800) << 10) + low);
        Some(joined.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.json.get(self.at..self.at + 4)?;
        self.at += 4;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, 16).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

    fn of(json: &str) -> Array {
        let mut text = Text::default();
        text.push(json, 0);
        read(&text, usize::MAX)
    }

    fn strings(json: &str) -> Vec<(String, Span)> {
        match of(json) {
            Array::Strings(elements) => elements.iter().map(|text| (text.as_str().to_owned(), text.whole())).collect(),
            other => panic!("{json}: {other:?}"),
        }
    }

    #[test]
    fn elements_know_their_places() {
        assert_eq!(strings(r#"["a", "bc"]"#), [("a".into(), Span::new(2, 3)), ("bc".into(), Span::new(7, 9))]);
        assert_eq!(strings(r#"["a\"\u0041\ud83d\ude00"]"#)[0].0, "a\"A😀");
        assert_eq!(
            strings(r#"["a\"", "\u00e9", ""]"#),
            [("a\"".into(), Span::new(2, 5)), ("é".into(), Span::new(9, 15)), (String::new(), Span::new(19, 19)),]
        );
        assert_eq!(strings("[ ]"), []);
    }

    #[test]
    fn what_is_no_array_of_strings_is_told_apart() {
        assert_eq!(of(r#"["a", 1]"#), Array::OtherThanStrings);
        for shell in ["[ -f x ]", "['a']", "[\"a\",]", "[\"a\"] && b", "[\"a\n\"]", "[", "[\"\\", "[\"\\u00"] {
            assert_eq!(of(shell), Array::No, "{shell}");
        }
    }
}
