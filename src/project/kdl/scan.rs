//! A look at the text before knuffel sees it: what knuffel reports badly (unclosed strings, KDL 2), refuses though people
//! write it (no `;` before a `}`), does not survive (nesting, some escapes) or forgets (duplicate properties), and which
//! texts are secrets.

use std::collections::HashMap;
use std::iter::Peekable;

use super::faults::{Fault, Faults};
use super::lexer::{Kind, Lexer, Token};
use super::misfit::Misfit;
use super::secrets;
use crate::diag::{Span, Wording, say};

/// knuffel's parser recurses per level; a 2 MiB stack ends between 100 and 200.
const MAX_DEPTH: usize = 32;
/// After so many faults the rest is noise.
const MAX_FAULTS: usize = 20;

/// By the start of a property's first name, where it is repeated: the syntax tree does not tell.
pub(super) type Duplicates = HashMap<usize, Vec<Span>>;

#[derive(Default)]
pub(super) struct Scanned {
    pub(super) duplicates: Duplicates,
    /// Every `}` that ends the node before it, in order: KDL 1 asks for a `;` there, KDL 2 does not.
    pub(super) unended: Vec<usize>,
}

/// Looks through `text`; on `None`, `faults` says why it is not a KDL document.
pub(super) fn scan(text: &str, faults: &Faults) -> Option<Scanned> {
    let mut scanner = Scanner {
        text,
        tokens: Lexer::new(text).peekable(),
        faults,
        count: 0,
        quiet: false,
        blocks: Vec::new(),
        node: Node::None,
        commented: false,
        found: Scanned::default(),
    };
    for secret in secrets::in_text(text) {
        faults.mask(secret);
    }
    while scanner.step() {}
    (scanner.count == 0).then_some(scanner.found)
}

struct Scanner<'a> {
    text: &'a str,
    tokens: Peekable<Lexer<'a>>,
    faults: &'a Faults,
    count: usize,
    /// What follows would be noise, but secrets in it still are secrets.
    quiet: bool,
    blocks: Vec<Block>,
    node: Node<'a>,
    /// The next value or property is behind a `/-`.
    commented: bool,
    found: Scanned,
}

/// An open `{`.
struct Block {
    open: Span,
    /// It is an `auth` block or inside one.
    in_auth: bool,
}

/// How far the node at hand is.
enum Node<'a> {
    None,
    /// Named; properties and where they were first written.
    Header {
        name: &'a str,
        properties: HashMap<&'a str, usize>,
        end: usize,
    },
    /// Its `}` was read, its end was not.
    Closed,
}

impl<'a> Scanner<'a> {
    fn fault(&mut self, fault: Fault) {
        self.count += 1;
        if !self.quiet {
            self.faults.add(fault);
        }
        self.quiet |= self.count == MAX_FAULTS;
    }

    fn in_auth(&self) -> bool {
        self.blocks.last().is_some_and(|block| block.in_auth)
    }

    /// The name of the node at hand; empty between nodes.
    fn node_name(&self) -> &'a str {
        match self.node {
            Node::Header { name, .. } => name,
            Node::None | Node::Closed => "",
        }
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }

    /// Is the next token of this kind? Takes it then.
    fn take(&mut self, kind: Kind) -> Option<Token> {
        match self.tokens.peek() {
            Some((Ok(next), span)) if *next == kind => {
                let token = Token { kind, span: *span };
                self.tokens.next();
                Some(token)
            }
            _ => None,
        }
    }

    /// Deals with the next token; false at the end of the text.
    fn step(&mut self) -> bool {
        match self.tokens.next() {
            Some((Ok(kind), span)) => {
                self.token(Token { kind, span });
                true
            }
            Some((Err(misfit), span)) => {
                self.misfit(misfit, span);
                self.quiet |= matches!(misfit, Misfit::UnclosedComment | Misfit::DeepComment);
                true
            }
            None => {
                if let Some(block) = self.blocks.pop() {
                    let fault = Fault::new("unclosed-block", say!("a block is never closed", "块没有闭合"));
                    self.fault(
                        fault
                            .at(block.open, say!("opened here", "从这里开始"))
                            .help(say!("close it with `}` on a line of its own", "用单独一行的 `}` 闭合")),
                    );
                }
                false
            }
        }
    }

    fn token(&mut self, token: Token) {
        match token.kind {
            Kind::Semicolon if matches!(self.node, Node::None) => {
                self.misplaced(token.span, say!("`;` without a node before it", "`;` 前面没有节点"));
            }
            Kind::Newline | Kind::Semicolon => {
                self.node = Node::None;
                self.commented = false;
            }
            Kind::Open => self.open(token),
            Kind::Close => self.close(token),
            Kind::TypeOpen | Kind::TypeClose => self.type_annotation(token),
            Kind::Equals => {
                self.misplaced(token.span, say!("`=` without a property's name before it", "`=` 前面没有属性名"));
            }
            Kind::Slashdash => self.slashdash(token),
            Kind::Word | Kind::Number | Kind::Text => self.item(token),
        }
    }

    fn open(&mut self, token: Token) {
        let name = self.node_name();
        if !matches!(self.node, Node::Header { .. }) {
            self.misplaced(token.span, say!("`{` without a node before it", "`{` 前面没有节点"));
        }
        if self.blocks.len() == MAX_DEPTH {
            let message = say!("blocks are nested more than {most} deep", "块的嵌套超过 {most} 层", most = MAX_DEPTH);
            self.fault(
                Fault::new("deep-nesting", message)
                    .at(token.span, say!("one too many", "多了一个"))
                    .help(say!("close what is open", "先闭合已打开的块")),
            );
            self.quiet = true;
        }
        let in_auth = self.in_auth() || name == "auth";
        self.blocks.push(Block { open: token.span, in_auth });
        self.node = Node::None;
        self.commented = false;
    }

    fn close(&mut self, token: Token) {
        if !matches!(self.node, Node::None) {
            self.found.unended.push(token.span.start);
        }
        self.node = if self.blocks.pop().is_some() {
            Node::Closed
        } else {
            self.misplaced(token.span, say!("`}` without a `{`", "`}` 没有对应的 `{`"));
            Node::None
        };
    }

    fn type_annotation(&mut self, token: Token) {
        self.misplaced(token.span, say!("type annotations are not used in a project file", "项目文件不使用类型注解"));
        while self.tokens.next_if(|(next, _)| !matches!(next, Ok(Kind::TypeClose | Kind::Newline))).is_some() {}
        self.take(Kind::TypeClose);
    }

    /// `/-` hides a node, a value or a block; KDL 2 marks its files with a hidden node.
    fn slashdash(&mut self, token: Token) {
        let hidden = matches!(
            (self.tokens.peek(), &self.node),
            (Some((Ok(Kind::Word | Kind::Number | Kind::Text) | Err(_), _)), _)
                | (Some((Ok(Kind::Open), _)), Node::Header { .. })
        );
        if !hidden {
            return self.misplaced(token.span, say!("`/-` without a node or value behind it", "`/-` 后面没有节点或值"));
        }
        if matches!(&self.node, Node::Header { end, .. } if *end == token.span.start) {
            return self.glued(token.span);
        }
        if !matches!(self.node, Node::None) {
            self.commented = true;
            return;
        }
        let Some(name) = self.take(Kind::Word) else { return };
        let version = (self.slice(name.span) == "kdl-version").then(|| self.take(Kind::Number)).flatten();
        match version {
            Some(version) if self.slice(version.span) != "1" => self.kdl_2(name.span.join(version.span)),
            _ => self.item(name),
        }
    }

    /// A node's name, or an argument or property of the node at hand.
    fn item(&mut self, token: Token) {
        match &self.node {
            Node::None => self.name(token),
            Node::Closed => {
                let fault =
                    Fault::new("syntax", say!("a node's block is its last part", "节点的块必须是它的最后一部分"));
                self.fault(
                    fault
                        .at(token.span, say!("cannot stand here", "不能放在这里"))
                        .help(say!("start the next node on a new line", "下一个节点另起一行")),
                );
                self.node = Node::Header { name: "", properties: HashMap::new(), end: token.span.end };
            }
            Node::Header { end, .. } if *end == token.span.start => self.glued(token.span),
            Node::Header { .. } => match self.take(Kind::Equals) {
                Some(equals) => self.property(token, equals),
                None => self.argument(token, None),
            },
        }
        self.commented = false;
    }

    fn name(&mut self, token: Token) {
        let name = self.slice(token.span);
        // knuffel knows no raw strings here.
        let is_raw = token.kind == Kind::Text && !name.starts_with('"');
        if token.kind == Kind::Number || is_raw || is_keyword(name) {
            self.misplaced(token.span, say!("a node starts with its name", "节点以名字开头"));
        }
        if token.kind == Kind::Text && self.in_auth() {
            self.faults.mask(inside_quotes(name, token.span));
        }
        self.node = Node::Header { name: unquoted(name), properties: HashMap::new(), end: token.span.end };
    }

    fn glued(&mut self, span: Span) {
        if let Node::Header { end, .. } = &mut self.node {
            *end = span.end;
        }
        if self.text[..span.start].ends_with("\"\"") && self.slice(span).starts_with('"') {
            return self.kdl_2(span);
        }
        let fault = Fault::new("syntax", say!("two values without a blank between them", "两个值之间没有空格"))
            .at(span, say!("a blank is missing here", "这里缺少空格"));
        self.hidden_if_secret(None, span);
        self.fault(fault.help(say!("write a blank between values", "在值之间写空格")));
    }

    fn property(&mut self, name: Token, equals: Token) {
        let key = self.slice(name.span);
        // knuffel reads keywords before it looks for the end of the word.
        let starts_with_keyword = ["true", "false", "null"].iter().any(|keyword| key.starts_with(keyword));
        if name.kind == Kind::Number || starts_with_keyword || key.contains('\\') {
            self.misplaced(name.span, say!("not a property's name", "不是属性名"));
        }
        let key = unquoted(key);
        if secrets::hides_names(self.in_auth(), self.node_name()) && !secrets::is_source(key) {
            self.faults.mask(name.span);
        }
        if let Node::Header { properties, .. } = &mut self.node
            && !self.commented
        {
            match properties.get(key) {
                Some(first) => self.found.duplicates.entry(*first).or_default().push(name.span),
                None => _ = properties.insert(key, name.span.start),
            }
        }
        match self.tokens.peek() {
            Some((Ok(kind @ (Kind::Word | Kind::Number | Kind::Text)), span)) => {
                let value = Token { kind: *kind, span: *span };
                self.tokens.next();
                if name.span.end < equals.span.start || equals.span.end < value.span.start {
                    let fault =
                        Fault::new("syntax", say!("blanks around the `=` of a property", "属性的 `=` 两边有空格"))
                            .on(equals.span);
                    self.fault(
                        fault.help(say!(
                            "write it without blanks: `property=\"value\"`",
                            "不带空格：`property=\"value\"`"
                        )),
                    );
                }
                self.argument(value, Some(key));
            }
            // It has a fault of its own.
            Some((Err(_) | Ok(Kind::TypeOpen), _)) => {}
            _ => {
                let fault = Fault::new("syntax", say!("a property without a value", "属性没有值"))
                    .at(equals.span, say!("a value must follow", "后面必须有值"));
                self.fault(fault.help(say!("write it as `property=\"value\"`", "写成 `property=\"value\"`")));
            }
        }
    }

    /// An argument, or the value of `property`.
    fn argument(&mut self, token: Token, property: Option<&str>) {
        if let Node::Header { end, .. } = &mut self.node {
            *end = token.span.end;
        }
        let secret = self.hidden_if_secret(property, token.span);
        let text = self.slice(token.span);
        if token.kind != Kind::Word || is_keyword(text) {
            return;
        }
        if text.starts_with('#') {
            return self.kdl_2(token.span);
        }
        let message = if secret {
            say!("this value is not in quotes", "这个值没有引号")
        } else {
            say!("`{text}` is not in quotes", "`{text}` 没有引号", text = text.escape_debug())
        };
        let fault = Fault::new("unquoted", message).at(token.span, say!("a bare word", "没有引号的词"));
        self.fault(fault.help(match property {
            Some(_) => say!("write values in double quotes: `\"…\"`", "值要写在双引号里：`\"…\"`"),
            None => say!(
                "write values in double quotes: `\"…\"`; the next node begins on a new line or behind `;`",
                "值要写在双引号里：`\"…\"`；下一个节点另起一行，或者写在 `;` 之后"
            ),
        }));
    }

    fn hidden_if_secret(&self, property: Option<&str>, span: Span) -> bool {
        let Node::Header { name, .. } = self.node else { return false };
        let secret = secrets::is_secret(self.in_auth(), name, property, self.slice(span));
        if secret {
            self.faults.mask(inside_quotes(self.slice(span), span));
        }
        secret
    }

    fn kdl_2(&mut self, span: Span) {
        let fault = Fault::new("kdl-2", say!("this is KDL 2; project files are KDL 1", "这是 KDL 2；项目文件是 KDL 1"))
            .at(span, Wording::same("KDL 2"));
        self.fault(fault.help(say!(
            "write `true`, `false` and `null` without `#`, and raw strings as `r\"…\"`",
            "`true`、`false` 和 `null` 不带 `#`，原始字符串写作 `r\"…\"`"
        )));
    }

    fn misplaced(&mut self, span: Span, message: Wording) {
        let fault = Fault::new("syntax", message).on(span);
        self.fault(fault.help(say!(
            "write nodes as `name \"argument\" property=\"value\" { children; }`",
            "节点写作 `name \"argument\" property=\"value\" { children; }`"
        )));
    }

    fn misfit(&mut self, misfit: Misfit, span: Span) {
        self.hidden_if_secret(None, span);
        // A `"""` of KDL 2 ends its first line unclosed.
        if misfit == Misfit::UnclosedText && matches!(self.node, Node::Header { end, .. } if end == span.start) {
            return self.kdl_2(Span::new(span.start, span.start + 1));
        }
        self.fault(misfit.fault().on(span));
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(word, "true" | "false" | "null")
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// The text of a token without the quotes it may have.
fn inside_quotes(text: &str, span: Span) -> Span {
    let Some(open) = text.find('"') else { return span };
    let close = text.rfind('"').filter(|close| *close > open).unwrap_or(text.len());
    Span::new(span.start + open + 1, span.start + close)
}
