//! The grammar of type names, as [`std::any::type_name`] writes them: parsed, not understood.
//!
//! The compiler promises nothing about these names, so nothing here is an error: what does not
//! parse is text. Every character is read once, and how deep the parser calls itself is bounded, so
//! that no name overflows the stack of a worker.

/// How deep types may stand inside each other. What lies deeper is an ellipsis.
const DEEPEST: usize = 100;

/// A type, or what stands in the place of one: a value of a const generic, a function, a closure.
#[derive(Debug)]
pub(super) enum Type<'a> {
    Path(Path<'a>),
    /// A reference or a pointer, and what is written before its target.
    To(&'static str, Box<Type<'a>>),
    Slice(Box<Type<'a>>),
    Array(Box<Type<'a>>, Box<Type<'a>>),
    Tuple(Vec<Type<'a>>),
    Dyn(Vec<Type<'a>>),
    /// `Item = u64` among the arguments of a trait.
    Binding(&'a str, Box<Type<'a>>),
    Text(&'a str),
}

/// `alloc::vec::Vec<u8>`, `app::main::{{closure}}`, `<A as B>::function`, `fn(A) -> B`.
#[derive(Debug)]
pub(super) struct Path<'a> {
    pub(super) qualified: Option<Box<Qualified<'a>>>,
    /// Never empty, except in `<A>` and `<A as B>` alone.
    pub(super) segments: Vec<Segment<'a>>,
}

/// `<A as B>` at the beginning of a path.
#[derive(Debug)]
pub(super) struct Qualified<'a> {
    pub(super) of: Type<'a>,
    pub(super) as_trait: Option<Type<'a>>,
}

/// One name of a path. Lifetimes are not kept.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: Vec<Type<'a>>,
    pub(super) signature: Option<Signature<'a>>,
}

/// `(A, B) -> C`, after `fn` or the name of a trait.
#[derive(Debug)]
pub(super) struct Signature<'a> {
    pub(super) inputs: Vec<Type<'a>>,
    pub(super) output: Option<Box<Type<'a>>>,
}

/// Reads one type from the beginning of `name`.
pub(super) fn parse(name: &str) -> Type<'_> {
    Parser { rest: name, depth: 0 }.parse_type()
}

impl<'a> Type<'a> {
    pub(super) fn as_path(&self) -> Option<&Path<'a>> {
        match self {
            Type::Path(path) => Some(path),
            _ => None,
        }
    }

    fn is_nothing(&self) -> bool {
        matches!(self, Type::Text(text) if text.is_empty())
    }
}

impl<'a> Path<'a> {
    /// Its last name, without modules and arguments.
    pub(super) fn name(&self) -> &'a str {
        self.segments.last().map_or("", |last| last.name)
    }

    /// The arguments of its last name.
    pub(super) fn arguments(&self) -> &[Type<'a>] {
        self.segments.last().map_or(&[], |last| &last.arguments)
    }

    /// Whether it begins with these names. A qualified path has no beginning.
    pub(super) fn is_in(&self, modules: &[&str]) -> bool {
        let names = self.segments.iter().map(|segment| segment.name);
        self.qualified.is_none()
            && self.segments.len() > modules.len()
            && names.zip(modules).all(|(name, module)| name == *module)
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn parse_type(&mut self) -> Type<'a> {
        self.eat_spaces();
        if self.depth == DEEPEST {
            self.eat_to_delimiter();
            return Type::Text("…");
        }
        self.depth += 1;
        let parsed = self.parse_one();
        self.depth -= 1;
        parsed
    }

    fn parse_one(&mut self) -> Type<'a> {
        if let Some(prefix) = self.eat_prefix() {
            return Type::To(prefix, Box::new(self.parse_type()));
        }
        if self.eat("dyn ") {
            return Type::Dyn(self.parse_bounds());
        }
        if self.eat_qualifier() {
            return self.parse_type();
        }
        match self.rest.chars().next() {
            Some('[') => self.parse_brackets(),
            Some('(') => self.parse_tuple(),
            Some('\'') => Type::Text(self.eat_quoted()),
            Some(c) if c == '<' || c == '{' || is_of_name(c) => self.parse_path(),
            _ => Type::Text(self.eat_to_delimiter()),
        }
    }

    /// What makes a reference or a pointer.
    fn eat_prefix(&mut self) -> Option<&'static str> {
        if !self.eat("&") {
            return ["*const ", "*mut "].into_iter().find(|prefix| self.eat(prefix));
        }
        if self.rest.starts_with('\'') {
            self.eat_quoted();
            self.eat_spaces();
        }
        Some(if self.eat("mut ") { "&mut " } else { "&" })
    }

    /// What may stand before a function pointer or a bound and says nothing here.
    fn eat_qualifier(&mut self) -> bool {
        if self.eat("for<") {
            self.parse_list('>');
            return true;
        }
        if self.eat("extern \"") {
            let end = self.rest.find('"').map_or(self.rest.len(), |quote| quote + 1);
            self.take(end);
            return true;
        }
        self.eat("unsafe ")
    }

    /// `A + B`.
    fn parse_bounds(&mut self) -> Vec<Type<'a>> {
        let mut bounds = Vec::new();
        loop {
            let bound = self.parse_type();
            if !bound.is_nothing() {
                bounds.push(bound);
            }
            self.eat_spaces();
            if !self.eat("+") {
                return bounds;
            }
        }
    }

    /// `[T]` or `[T; N]`.
    fn parse_brackets(&mut self) -> Type<'a> {
        self.eat("[");
        let of = Box::new(self.parse_type());
        self.eat_spaces();
        if !self.eat(";") {
            self.close(']');
            return Type::Slice(of);
        }
        let length = Box::new(self.parse_type());
        self.close(']');
        Type::Array(of, length)
    }

    /// `(A, B)`, or a type in brackets: `(dyn A + B)`.
    fn parse_tuple(&mut self) -> Type<'a> {
        let text = self.rest;
        self.eat("(");
        let mut parts = self.parse_list(')');
        let read = &text[..text.len() - self.rest.len()];
        match parts.pop() {
            Some(only) if parts.is_empty() && !read.ends_with(",)") => only,
            last => Type::Tuple(parts.into_iter().chain(last).collect()),
        }
    }

    /// Types with commas between them, up to and with the closing bracket.
    fn parse_list(&mut self, closing: char) -> Vec<Type<'a>> {
        let mut list = Vec::new();
        loop {
            self.eat_spaces();
            if self.rest.is_empty() || self.eat_char(closing) {
                return list;
            }
            let before = self.rest.len();
            let item = self.parse_item();
            if !item.is_nothing() {
                list.push(item);
            }
            if !self.eat(",") && self.rest.len() == before {
                // A bracket that closes nothing, or a semicolon. Without it, the list goes on.
                self.take(1);
            }
        }
    }

    fn parse_item(&mut self) -> Type<'a> {
        let item = self.parse_type();
        self.eat_spaces();
        match &item {
            Type::Path(path) if self.eat("=") => {
                Type::Binding(path.name(), Box::new(self.parse_type()))
            }
            _ => item,
        }
    }

    fn parse_path(&mut self) -> Type<'a> {
        let qualified = if self.eat("<") { Some(Box::new(self.parse_qualified())) } else { None };
        let mut segments = Vec::new();
        if qualified.is_none() || self.eat("::") {
            self.parse_segments(&mut segments);
        }
        match (&qualified, segments.is_empty()) {
            (None, true) => Type::Text(""),
            _ => Type::Path(Path { qualified, segments }),
        }
    }

    /// `A as B>` or `impl B for A>`, the opening bracket is gone.
    fn parse_qualified(&mut self) -> Qualified<'a> {
        let is_impl = self.eat("impl ");
        let first = self.parse_type();
        self.eat_spaces();
        let second = (self.eat("as ") || self.eat("for ")).then(|| self.parse_type());
        self.close('>');
        match second {
            Some(of) if is_impl => Qualified { of, as_trait: Some(first) },
            as_trait => Qualified { of: first, as_trait },
        }
    }

    fn parse_segments(&mut self, segments: &mut Vec<Segment<'a>>) {
        loop {
            if self.eat("<") {
                self.parse_brackets_in_path(segments);
            } else {
                segments.extend(self.parse_segment());
            }
            if !self.eat("::") {
                return;
            }
        }
    }

    /// `::<T>` gives the name before it its arguments. The block in `module::<impl A for B>::f` is
    /// left out: it says nothing that the names around it do not say.
    fn parse_brackets_in_path(&mut self, segments: &mut [Segment<'a>]) {
        match segments.last_mut() {
            Some(last) if !self.rest.starts_with("impl ") => last.arguments = self.parse_list('>'),
            _ => self.close('>'),
        }
    }

    /// `None` where no name stands.
    fn parse_segment(&mut self) -> Option<Segment<'a>> {
        let name = self.eat_name();
        if name.is_empty() {
            return None;
        }
        let arguments = if self.eat("<") { self.parse_list('>') } else { Vec::new() };
        let signature = self.eat("(").then(|| self.parse_signature());
        Some(Segment { name, arguments, signature })
    }

    fn parse_signature(&mut self) -> Signature<'a> {
        let inputs = self.parse_list(')');
        let output = self.eat(" -> ").then(|| Box::new(self.parse_type()));
        Signature { inputs, output }
    }

    /// A name, or what the compiler writes in braces: `{{closure}}`.
    fn eat_name(&mut self) -> &'a str {
        if self.rest.starts_with('{') {
            return self.take(block_length(self.rest));
        }
        let end = self.rest.find(|c| !is_of_name(c)).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// A value in quotes. A lifetime looks like the beginning of one, and is eaten and not kept.
    fn eat_quoted(&mut self) -> &'a str {
        let inside = &self.rest[1..];
        let name = inside.find(|c| !is_of_name(c)).unwrap_or(inside.len());
        let is_lifetime = name > 0 && !inside[name..].starts_with('\'');
        if is_lifetime {
            self.take(1 + name);
            return "";
        }
        let end = inside.find('\'').map_or(self.rest.len(), |quote| quote + 2);
        self.take(end)
    }

    /// Goes past the bracket that closes what is being read, and all that is left before it.
    fn close(&mut self, closing: char) {
        self.eat_to_delimiter();
        self.eat_char(closing);
    }

    /// All up to the comma, semicolon or closing bracket that ends what is being read.
    fn eat_to_delimiter(&mut self) -> &'a str {
        self.take(length_to_delimiter(self.rest))
    }

    fn eat_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, expected: &str) -> bool {
        let after = self.rest.strip_prefix(expected);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn eat_char(&mut self, expected: char) -> bool {
        let after = self.rest.strip_prefix(expected);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

/// Whether names and numbers are made of it.
fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '#'
}

/// How long the text is before a delimiter that no bracket of its own holds.
fn length_to_delimiter(text: &str) -> usize {
    let mut open = 0_usize;
    let mut before = ' ';
    let end = text.find(|c| {
        // The arrow of a function is no bracket.
        let is_arrow = before == '-' && c == '>';
        before = c;
        match c {
            '<' | '(' | '[' | '{' => open += 1,
            '>' if is_arrow => {}
            '>' | ')' | ']' | '}' if open > 0 => open -= 1,
            '>' | ')' | ']' | '}' => return true,
            ',' | ';' => return open == 0,
            _ => {}
        }
        false
    });
    end.unwrap_or(text.len())
}

/// How long the block in braces is that the text begins with.
fn block_length(text: &str) -> usize {
    let mut open = 0_usize;
    let end = text.find(|c| {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        open == 0
    });
    end.map_or(text.len(), |closing| closing + 1)
}
