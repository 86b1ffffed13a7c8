//! Text in XML 1.0.

use std::fmt;

use super::escape;

/// A text as it stands in an attribute or an element: whatever it holds, the document stays well-formed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Xml<'a>(pub(super) &'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // After this no control character is left but line ends.
        for char in escape::lines(self.0).chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                // An attribute would turn it into a blank.
                '\n' => f.write_str("&#10;")?,
                // No characters of XML.
                '\u{fffe}' | '\u{ffff}' => f.write_str("\u{fffd}")?,
                _ => write!(f, "{char}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_characters_that_xml_does_not_know_are_escaped() {
        assert_eq!(Xml("<a b='c'>&\"]]>\n").to_string(), "&lt;a b=&apos;c&apos;&gt;&amp;&quot;]]&gt;&#10;");
        assert_eq!(Xml("\0\x1b\t\u{ffff}ü").to_string(), "\\u{0}\\u{1b}\\t\u{fffd}ü");
    }
}
