//! Sentences in every language that the program speaks, each beside its translations: [`say!`] writes one,
//! and what is wrong with a translation is an error of the compiler.

use std::cell::Cell;
use std::fmt::{self, Display, Write as _};

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Lang {
    #[default]
    En,
    /// Chinese in simplified characters.
    Zh,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The language of a POSIX locale, like `zh_CN.UTF-8`; English where the program does not speak it.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") { Self::Zh } else { Self::En }
    }
}

/// A sentence in every language; [`say!`] makes them.
///
/// It is written to documents in the language that [`Lang::write`] sets, and read back as what needs no translation.
#[derive(Clone)]
pub struct Wording(Texts);

/// In English and in Chinese. Small, because errors are made of it.
#[derive(Clone)]
enum Texts {
    Constant(&'static [&'static str; 2]),
    Composed(Box<[String; 2]>),
}

impl Wording {
    #[doc(hidden)]
    #[must_use]
    pub const fn constant(texts: &'static [&'static str; 2]) -> Self {
        Self(Texts::Constant(texts))
    }

    #[doc(hidden)]
    #[must_use]
    pub fn composed(en: String, zh: String) -> Self {
        Self(Texts::Composed(Box::new([en, zh])))
    }

    /// What needs no translation: names and code.
    #[must_use]
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::composed(text.clone(), text)
    }

    /// What others say in words of their own: the system, a registry, a library.
    #[must_use]
    pub fn foreign(text: impl Into<String>) -> Self {
        Self::same(text)
    }

    /// `a, b and c`; nothing says so.
    #[must_use]
    pub fn list<T: Said>(items: impl IntoIterator<Item = T>) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        match items.pop() {
            None => say!("nothing", "无"),
            Some(last) if items.is_empty() => Self::joined([last], &Self::default()),
            Some(last) => {
                let first = Self::joined(items, &say!(", ", "、"));
                say!("{first} and {last}", "{first}、{last}", first, last)
            }
        }
    }

    /// `2 layers`: the noun gets an `s` unless it is one; in Chinese it begins with its measure word.
    #[must_use]
    pub fn counted<N: Display + PartialEq + From<u8> + Copy>(count: N, noun: &Self) -> Self {
        let plural = if count == 1.into() { "" } else { "s" };
        Self::composed(format!("{count} {}{plural}", noun.get(Lang::En)), format!("{count} {}", noun.get(Lang::Zh)))
    }

    /// The items with `between` between them.
    #[must_use]
    pub fn joined<T: Said>(items: impl IntoIterator<Item = T>, between: &Self) -> Self {
        let (mut en, mut zh) = (String::new(), String::new());
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                en += between.get(Lang::En);
                zh += between.get(Lang::Zh);
            }
            let _ = write!(en, "{}", item.said(Lang::En));
            let _ = write!(zh, "{}", item.said(Lang::Zh));
        }
        Self::composed(en, zh)
    }

    /// The first `most` items, and how many more there are.
    #[must_use]
    pub fn first_of<T: Said>(items: impl ExactSizeIterator<Item = T>, most: usize) -> Self {
        let more = items.len().saturating_sub(most);
        let some = Self::joined(items.take(most), &say!(", ", "、"));
        if more == 0 { some } else { say!("{some} and {more} more", "{some} 等，另有 {more} 个", some, more) }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.english().is_empty()
    }

    /// For logs and for programs.
    #[must_use]
    pub fn english(&self) -> &str {
        self.get(Lang::En)
    }

    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        let at = lang as usize;
        match &self.0 {
            Texts::Constant(texts) => texts[at],
            Texts::Composed(texts) => &texts[at],
        }
    }

    #[must_use]
    pub fn into_string(self, lang: Lang) -> String {
        self.get(lang).to_owned()
    }
}

impl Default for Wording {
    /// Nothing said.
    fn default() -> Self {
        Self::constant(&["", ""])
    }
}

impl PartialEq for Wording {
    fn eq(&self, other: &Self) -> bool {
        Lang::ALL.into_iter().all(|lang| self.get(lang) == other.get(lang))
    }
}

impl Eq for Wording {}

impl fmt::Debug for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.english(), f)
    }
}

thread_local! {
    /// serde hands nothing down to what it serializes.
    static WRITTEN: Cell<Lang> = const { Cell::new(Lang::En) };
}

impl Lang {
    /// Runs `write`, in which sentences are serialized in this language; elsewhere they are in English.
    pub fn write<T>(self, write: impl FnOnce() -> T) -> T {
        let before = WRITTEN.replace(self);
        let written = write();
        WRITTEN.set(before);
        written
    }
}

impl serde::Serialize for Wording {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.get(WRITTEN.get()))
    }
}

impl<'de> serde::Deserialize<'de> for Wording {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::same)
    }
}

/// What a sentence can hold: what reads the same in every language, and other sentences.
pub trait Said {
    fn said(&self, lang: Lang) -> impl Display + '_;
}

impl<T: Display + ?Sized> Said for T {
    fn said(&self, _: Lang) -> impl Display + '_ {
        self
    }
}

impl Said for Wording {
    fn said(&self, lang: Lang) -> impl Display + '_ {
        self.get(lang)
    }
}

impl Said for &Wording {
    fn said(&self, lang: Lang) -> impl Display + '_ {
        self.get(lang)
    }
}

/// A [`Wording`]: the sentence in English and in Chinese, then the values that are named in both.
///
/// Without values it is a constant, in which braces are plain text. With values both texts are formats.
///
/// ```
/// use swrctl::diag::{Lang, say};
///
/// let image = "node";
/// let said = say!("`{image}` has {count} layers", "`{image}` 有 {count} 层", image, count = 2 + 1);
/// assert_eq!(said.get(Lang::Zh), "`node` 有 3 层");
/// ```
///
/// It does not compile when the translation is missing, loses a value or a word in back-quotes, or is not set as Chinese
/// is:
///
/// ```compile_fail
/// let said = swrctl::diag::say!("write `COPY`", "改写为 `ADD`");
/// ```
#[macro_export]
macro_rules! say {
    ($en:literal, $zh:literal $(,)?) => {{
        const _: () = $crate::diag::wording::check($en, $zh, false);
        $crate::diag::Wording::constant(&[$en, $zh])
    }};
    ($en:literal, $zh:literal, $($name:ident $(= $value:expr)?),+ $(,)?) => {{
        use $crate::diag::wording::Said as _;
        const _: () = $crate::diag::wording::check($en, $zh, true);
        $(let $name = &$crate::diag::say!(@value $name $(= $value)?);)+
        $crate::diag::Wording::composed(
            format!($en, $($name = $name.said($crate::diag::Lang::En)),+),
            format!($zh, $($name = $name.said($crate::diag::Lang::Zh)),+),
        )
    }};
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
}

pub use say;

/// Stops the compiler where `zh` cannot be the translation of `en`.
#[doc(hidden)]
pub const fn check(en: &str, zh: &str, holds_values: bool) {
    assert!(!en.is_empty() && is_english(en.as_bytes()), "the first text is not English: plain ASCII and `…`");
    assert!(has_chinese(zh.as_bytes()), "the second text is not Chinese");
    assert!(holds_parts(en.as_bytes(), zh.as_bytes()), "the translation lacks a value or a word in back-quotes");
    assert!(holds_parts(zh.as_bytes(), en.as_bytes()), "the translation adds a value or a word in back-quotes");
    assert!(holds_values || !names_value(en.as_bytes()), "a value is named in the text, but not behind the texts");
    assert!(!has_narrow_punctuation(zh.as_bytes()), "Chinese has full-width punctuation");
    assert!(is_spaced(zh.as_bytes()), "a blank is missing between Chinese and Latin letters, digits or code");
}

/// The first `…`-part (in back-quotes) or {…}-part from `at` on, with its marks; an open one runs to the end.
const fn part(text: &[u8], mut at: usize) -> Option<(usize, usize)> {
    while at < text.len() && text[at] != b'`' && text[at] != b'{' {
        at += 1;
    }
    if at == text.len() {
        return None;
    }
    let close = if text[at] == b'`' { b'`' } else { b'}' };
    let mut end = at + 1;
    while end < text.len() && text[end] != close {
        end += 1;
    }
    Some((at, if end < text.len() { end + 1 } else { end }))
}

/// Whether every part of `from` is one of `within`, too.
const fn holds_parts(from: &[u8], within: &[u8]) -> bool {
    let mut at = 0;
    while let Some((start, end)) = part(from, at) {
        let mut held = false;
        let mut other = 0;
        while let Some((left, right)) = part(within, other) {
            held |= is_same(from, (start, end), within, (left, right));
            other = right;
        }
        if !held {
            return false;
        }
        at = end;
    }
    true
}

const fn is_same(a: &[u8], (start, end): (usize, usize), b: &[u8], (left, right): (usize, usize)) -> bool {
    if end - start != right - left {
        return false;
    }
    let mut at = 0;
    while at < end - start {
        if a[start + at] != b[left + at] {
            return false;
        }
        at += 1;
    }
    true
}

/// `{word}` that is no `${WORD}`.
const fn names_value(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'{' && (at == 0 || text[at - 1] != b'$') {
            let mut end = at + 1;
            while end < text.len() && (text[end].is_ascii_lowercase() || text[end] == b'_') {
                end += 1;
            }
            if end > at + 1 && end < text.len() && text[end] == b'}' {
                return true;
            }
        }
        at += 1;
    }
    false
}

const fn is_english(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        let ellipsis = at + 2 < text.len() && text[at] == 0xE2 && text[at + 1] == 0x80 && text[at + 2] == 0xA6;
        if ellipsis {
            at += 3;
        } else if text[at].is_ascii() {
            at += 1;
        } else {
            return false;
        }
    }
    true
}

/// Whether a character of the block of Chinese ones begins here: U+4000 to U+9FFF.
const fn is_han(text: &[u8], at: usize) -> bool {
    matches!(text[at], 0xE4..=0xE9)
}

/// A character, or at least its punctuation: U+3000 to U+9FFF, and the full-width forms.
const fn has_chinese(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        if is_han(text, at) || matches!(text[at], 0xE3 | 0xEF) {
            return true;
        }
        at += 1;
    }
    false
}

/// Outside the parts.
const fn has_narrow_punctuation(text: &[u8]) -> bool {
    let mut at = 0;
    let mut next = part(text, 0);
    while at < text.len() {
        match next {
            Some((start, end)) if start == at => {
                at = end;
                next = part(text, end);
            }
            _ if matches!(text[at], b',' | b';' | b':' | b'!' | b'?' | b'(' | b')') => return true,
            _ => at += 1,
        }
    }
    false
}

/// Whether Chinese characters stand apart from letters, digits and code; values may be Chinese themselves.
const fn is_spaced(text: &[u8]) -> bool {
    let mut at = 0;
    let mut next = part(text, 0);
    let (mut after_han, mut after_latin) = (false, false);
    while at < text.len() {
        let (mut han, mut latin) = (false, false);
        let end = match next {
            Some((start, end)) if start == at => {
                latin = text[start] == b'`';
                next = part(text, end);
                end
            }
            _ if is_han(text, at) => {
                han = true;
                at + 3
            }
            _ => {
                latin = text[at].is_ascii_alphanumeric();
                at + 1
            }
        };
        if (after_han && latin) || (after_latin && han) {
            return false;
        }
        (after_han, after_latin, at) = (han, latin, end);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_word_of_the_locale() {
        for locale in ["zh", "zh_CN.UTF-8", "zh-Hans", "ZH_TW", "zh@pinyin"] {
            assert_eq!(Lang::of_locale(locale), Lang::Zh, "{locale}");
        }
        for locale in ["", "C", "POSIX", "en_US.UTF-8", "de_DE", "zha_CN", "C.UTF-8"] {
            assert_eq!(Lang::of_locale(locale), Lang::En, "{locale}");
        }
    }

    #[test]
    fn values_are_put_into_both_texts_and_sentences_into_their_own() {
        let what = say!("the source", "源代码");
        let file = "a.txt".to_owned();
        let said =
            say!("`{file}` changes {what} {count} times", "`{file}` 使{what}变化 {count} 次", file, what, count = 2);
        assert_eq!(said.get(Lang::En), "`a.txt` changes the source 2 times");
        assert_eq!(said.into_string(Lang::Zh), "`a.txt` 使源代码变化 2 次");
    }

    #[test]
    fn items_are_listed_as_each_language_lists_them() {
        let of = |items: &[&str]| Wording::list(items);
        assert_eq!([of(&["a"]), of(&["a", "b"])].map(|list| list.into_string(Lang::Zh)), ["a", "a、b"]);
        assert_eq!(of(&["a", "b", "c"]), Wording::composed("a, b and c".to_owned(), "a、b、c".to_owned()));
        assert_eq!(of(&[]).get(Lang::Zh), "无");
    }

    #[test]
    fn a_document_is_in_one_language() {
        let said = say!("a layer", "一层");
        let write = || serde_json::to_string(&said).unwrap();
        assert_eq!((write(), Lang::Zh.write(write), write()), ("\"a layer\"".into(), "\"一层\"".into(), write()));
        assert_eq!(serde_json::from_str::<Wording>("\"一层\"").unwrap(), Wording::same("一层"));
    }

    #[test]
    fn braces_of_a_constant_are_plain_text() {
        assert_eq!(say!("write `${NAME:-value}`", "改写为 `${NAME:-value}`").get(Lang::Zh), "改写为 `${NAME:-value}`");
    }

    #[test]
    fn a_translation_holds_every_part_and_no_other() {
        let holds = |en: &str, zh: &str| holds_parts(en.as_bytes(), zh.as_bytes());
        assert!(holds("write `a` or {b}", "写 {b} 或 `a`") && holds("an open `a", "未闭合 `a"));
        assert!(!holds("write `a`", "写 `b`") && !holds("{a}", "甲") && !holds("`a`", "`a"));
    }

    #[test]
    fn a_value_that_is_not_handed_over_is_noticed() {
        assert!(names_value(b"`{image}` is old") && !names_value(b"`${image}` {} {:?} `${NAME:-x}`"));
    }

    #[test]
    fn chinese_is_set_as_chinese() {
        let bad = |zh: &str| has_narrow_punctuation(zh.as_bytes());
        assert!(bad("镜像,层") && bad("镜像(层)") && !bad("镜像，`a, b` 和 {c:?}") && !bad("RFC 3339 的 2.1.0"));
        let spaced = |zh: &str| is_spaced(zh.as_bytes());
        assert!(spaced("写 `a`，用 RUN 与 {x}。") && spaced("`a`：镜像") && spaced("镜像"));
        assert!(!spaced("写`a`") && !spaced("`a`写") && !spaced("用RUN") && !spaced("RUN里") && spaced("第{x}行"));
    }

    #[test]
    fn english_is_ascii() {
        assert!(is_english("a `b` …".as_bytes()) && !is_english("镜像".as_bytes()) && !is_english("naïve".as_bytes()));
        assert!(has_chinese("层".as_bytes()) && has_chinese("、".as_bytes()) && !has_chinese("a… ü".as_bytes()));
    }
}
