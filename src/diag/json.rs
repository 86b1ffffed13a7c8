//! What the reader of JSON says, in both languages.

use serde_json::error::Category;

use super::Wording;

impl Wording {
    /// Where a document is not what it should be; in English in the words of the reader, which name what is missing.
    #[must_use]
    pub fn of_json(error: &serde_json::Error) -> Self {
        let what = match error.classify() {
            Category::Eof => "文档不完整",
            Category::Data => "内容不符合格式",
            Category::Syntax | Category::Io => "JSON 语法错误",
        };
        let place = match error.line() {
            0 => String::new(),
            line => format!("（第 {line} 行第 {} 列）", error.column()),
        };
        Self::composed(error.to_string(), format!("{what}{place}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Lang;

    #[test]
    fn no_word_of_the_reader_stands_in_a_chinese_sentence() {
        #[derive(Debug, serde::Deserialize)]
        struct Named {
            #[expect(dead_code, reason = "only read")]
            name: String,
        }
        let told = |text: &str| Wording::of_json(&serde_json::from_str::<Named>(text).unwrap_err());
        let cases = [
            ("{", "文档不完整（第 1 行第 1 列）"),
            ("{}", "内容不符合格式（第 1 行第 2 列）"),
            ("x", "JSON 语法错误（第 1 行第 1 列）"),
        ];
        for (text, chinese) in cases {
            assert_eq!(told(text).get(Lang::Zh), chinese, "{text}");
        }
        assert_eq!(told("{}").english(), "missing field `name` at line 1 column 2");
        let unplaced = serde_json::from_value::<Named>(serde_json::json!({})).unwrap_err();
        assert_eq!(Wording::of_json(&unplaced).get(Lang::Zh), "内容不符合格式");
    }
}
