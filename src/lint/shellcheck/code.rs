//! ShellCheck's codes, `SC2086`.

/// A code of ShellCheck's: 1000 to 1999 about syntax, 2000 to 2999 about meaning, 3000 to 3999 about portability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScCode(u16);

/// What a code is about, which its first digit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScKind {
    Syntax,
    Meaning,
    Portability,
}

const FIRST: u16 = 1000;
const COUNT: usize = 4000;

/// Rules and findings name their aliases by static texts, and ShellCheck's codes are too many to list.
static NAMES: [[u8; 6]; COUNT] = names();
static ALIASES: [[&str; 1]; COUNT] = aliases();

#[expect(clippy::cast_possible_truncation, reason = "a digit fits")]
#[expect(clippy::large_stack_arrays, reason = "the compiler's own")]
const fn names() -> [[u8; 6]; COUNT] {
    let mut names = [*b"SC0000"; COUNT];
    let mut at = 0;
    while at < COUNT {
        let mut rest = at + FIRST as usize;
        let mut digit = 6;
        while digit > 2 {
            digit -= 1;
            names[at][digit] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        at += 1;
    }
    names
}

#[expect(clippy::large_stack_arrays, reason = "the compiler's own")]
const fn aliases() -> [[&'static str; 1]; COUNT] {
    let mut aliases = [[""]; COUNT];
    let mut at = 0;
    while at < COUNT {
        aliases[at] = match std::str::from_utf8(&NAMES[at]) {
            Ok(name) => [name],
            // Digits are UTF-8.
            Err(_) => [""],
        };
        at += 1;
    }
    aliases
}

impl ScCode {
    /// `None` for what is no code of ShellCheck's.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        let index = usize::from(number.checked_sub(FIRST)?);
        (index < COUNT).then_some(Self(number))
    }

    /// Reads `SC2086`, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let digits = name.get(..2).filter(|start| start.eq_ignore_ascii_case("SC")).and(name.get(2..))?;
        let plain = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        Self::new(digits.parse().ok().filter(|_| plain)?)
    }

    /// `SC2086`
    #[must_use]
    pub fn name(self) -> &'static str {
        self.aliases()[0]
    }

    #[must_use]
    pub const fn kind(self) -> ScKind {
        match self.0 {
            ..2000 => ScKind::Syntax,
            2000..3000 => ScKind::Meaning,
            3000.. => ScKind::Portability,
        }
    }

    /// Where ShellCheck's wiki explains it.
    #[must_use]
    pub fn wiki(self) -> String {
        format!("https://www.shellcheck.net/wiki/{}", self.name())
    }

    pub(in crate::lint) fn aliases(self) -> &'static [&'static str] {
        &ALIASES[usize::from(self.0 - FIRST)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_and_named() {
        for (name, expected) in
            [("SC2086", Some("SC2086")), ("sc1000", Some("SC1000")), ("SC4999", Some("SC4999")), ("SC5000", None)]
        {
            assert_eq!(ScCode::parse(name).map(ScCode::name), expected, "{name}");
        }
        for (number, [name]) in (1000..).zip(&ALIASES) {
            assert_eq!(*name, format!("SC{number}"));
        }
        for name in ["SC0999", "SC208", "SC20866", "SC+086", "DL3008", "SC", "", "é", "SCé12"] {
            assert_eq!(ScCode::parse(name), None, "{name}");
        }
    }
}
