//! Expressions as trees of our own: the only file that knows the crate `cel`, whose parser reads them.
//!
//! Names become places, operators and functions become variants, so that what evaluation does not know is a mistake when the
//! content loads. Macros (`all`, `exists`, `exists_one`, `map`, `filter`) are folds, as the language defines them.

use std::fmt;

use cel::{
    common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo},
    parser::Parser,
};

/// Characters of an expression.
pub const CHARS_MAX: usize = 4_000;
/// Parts of an expression.
pub const NODES_MAX: usize = 500;
/// How deep it may be nested.
const DEPTH_MAX: u16 = 40;
/// How many macros may stand in each other.
const FOLDS_MAX: usize = 3;

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Line in the expression, from 0.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// What an expression can be told beside the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// `resource`: its ARN, name, account, region and type.
    Resource,
    /// `exposure`: whether the internet reaches it.
    Exposure,
    /// `access`: whom its policies let in from outside.
    Access,
    /// `encryption`: the key that it is kept under.
    Encryption,
    /// `class`: what kind of data it holds.
    Class,
    /// `related("edge kind")`: documents that it points to.
    Related(String),
    /// `referring("TYPE", "edge kind")`: documents that point to it.
    Referring(String, String),
    /// `in_region("TYPE")`: documents of a type in its account and region.
    InRegion(String),
    /// `in_account("TYPE")`: documents of a type in its account.
    InAccount(String),
    /// `in_namespace("TYPE")`: objects of a type in its namespace, of manifests.
    InNamespace(String),
}

impl Asked {
    /// As expressions write it.
    pub fn text(&self) -> String {
        match self {
            Self::Resource => "resource".to_owned(),
            Self::Exposure => "exposure".to_owned(),
            Self::Access => "access".to_owned(),
            Self::Encryption => "encryption".to_owned(),
            Self::Class => "class".to_owned(),
            Self::Related(kind) => format!("related(\"{kind}\")"),
            Self::Referring(kind, edge) => format!("referring(\"{kind}\", \"{edge}\")"),
            Self::InRegion(kind) => format!("in_region(\"{kind}\")"),
            Self::InAccount(kind) => format!("in_account(\"{kind}\")"),
            Self::InNamespace(kind) => format!("in_namespace(\"{kind}\")"),
        }
    }

    /// Whether it is a list of documents.
    pub fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Related(_)
                | Self::Referring(..)
                | Self::InRegion(_)
                | Self::InAccount(_)
                | Self::InNamespace(_)
        )
    }

    /// The type whose documents it gives, where it says one.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Referring(kind, _)
            | Self::InRegion(kind)
            | Self::InAccount(kind)
            | Self::InNamespace(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Operators on two values that are both needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    In,
}

impl Op {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::In => "in",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "_==_" => Self::Eq,
            "_!=_" => Self::Ne,
            "_<_" => Self::Lt,
            "_<=_" => Self::Le,
            "_>_" => Self::Gt,
            "_>=_" => Self::Ge,
            "_+_" => Self::Add,
            "_-_" => Self::Sub,
            "_*_" => Self::Mul,
            "_/_" => Self::Div,
            "_%_" => Self::Rem,
            "@in" => Self::In,
            _ => return None,
        })
    }
}

/// Functions; a method's target is its first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Size,
    StartsWith,
    EndsWith,
    Contains,
    LowerAscii,
    Int,
    String,
    OrValue,
    HasValue,
    Each,
    DaysSince,
}

/// Functions with their names, how many arguments they take with the target, and whether they are methods.
const FUNCTIONS: [(&str, Function, usize, bool); 12] = [
    ("size", Function::Size, 1, false),
    ("size", Function::Size, 1, true),
    ("startsWith", Function::StartsWith, 2, true),
    ("endsWith", Function::EndsWith, 2, true),
    ("contains", Function::Contains, 2, true),
    ("lowerAscii", Function::LowerAscii, 1, true),
    ("int", Function::Int, 1, false),
    ("string", Function::String, 1, false),
    ("orValue", Function::OrValue, 2, true),
    ("hasValue", Function::HasValue, 1, true),
    ("each", Function::Each, 1, false),
    ("days_since", Function::DaysSince, 1, false),
];

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
}

/// A part of an expression, with the line on which it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Literal(Literal),
    /// The document.
    Doc,
    /// What an engine says; the place in [`Tree::asked`].
    Fact(usize),
    /// What a fold holds.
    Slot(usize),
    Member {
        of: Box<Node>,
        name: String,
        optional: bool,
    },
    Has {
        of: Box<Node>,
        name: String,
    },
    Index {
        of: Box<Node>,
        at: Box<Node>,
        optional: bool,
    },
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Binary(Op, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    List(Vec<Node>),
    Fold(Box<Fold>),
    /// Whether going on may change anything: false only where the value surely is.
    NotStrictlyFalse(Box<Node>),
}

/// A macro: `step` for each element of `range`, from `init`, while `goes_on`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fold {
    pub(crate) range: Node,
    pub(crate) element: usize,
    pub(crate) held: usize,
    pub(crate) init: Node,
    pub(crate) goes_on: Node,
    pub(crate) step: Node,
    pub(crate) result: Node,
}

/// A whole expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tree {
    pub(crate) root: Node,
    /// What it asks beside the document.
    pub(crate) asked: Vec<Asked>,
    /// How many places folds need.
    pub(crate) slots: usize,
}

impl Tree {
    /// Reads an expression.
    pub(crate) fn parse(text: &str) -> Result<Self, Mistake> {
        Self::parse_with(text, &[])
    }

    /// The same where more names are known, whose values lie in the first slots.
    pub(crate) fn parse_with(text: &str, given: &[&str]) -> Result<Self, Mistake> {
        if text.chars().count() > CHARS_MAX {
            return Err(mistake(
                0,
                format!("it has more than {CHARS_MAX} characters; make two checks of it"),
            ));
        }
        let parser = Parser::new().enable_optional_syntax(true).max_recursion_depth(DEPTH_MAX);
        let (parsed, source) = parser.parse_with_source_info(text).map_err(|errors| {
            let first = errors.errors.first();
            let line = first.map_or(0, |error| usize::try_from(error.pos.0 - 1).unwrap_or_default());
            let said = first.map(|error| error.msg.lines().next().unwrap_or_default().to_owned());
            mistake(line, format!("it is no expression: {}", said.unwrap_or_default()))
        })?;
        let names: Vec<(String, usize)> = given.iter().map(|name| (*name).to_owned()).zip(0..).collect();
        let (given, slots) = (names.len(), names.len());
        let mut reader = Reader { text, source: &source, asked: Vec::new(), names, given, slots, nodes: 0 };
        let root = reader.node(&parsed)?;
        Ok(Self { root, asked: reader.asked, slots: reader.slots })
    }
}

fn mistake(line: usize, message: String) -> Mistake {
    Mistake { line, message }
}

struct Reader<'t> {
    text: &'t str,
    source: &'t SourceInfo,
    asked: Vec<Asked>,
    /// Names that folds bind, the innermost last.
    names: Vec<(String, usize)>,
    /// How many of the names no fold binds.
    given: usize,
    slots: usize,
    nodes: usize,
}

impl Reader<'_> {
    fn line(&self, id: u64) -> usize {
        let at = self.source.offset_for(id).map_or(0, |(start, _)| start as usize);
        self.text.chars().take(at).filter(|one| *one == '\n').count()
    }

    fn node(&mut self, from: &IdedExpr) -> Result<Node, Mistake> {
        let line = self.line(from.id);
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(mistake(line, format!("it has more than {NODES_MAX} parts; make two checks of it")));
        }
        let kind = match &from.expr {
            Expr::Literal(literal) => Kind::Literal(read_literal(literal).ok_or_else(|| {
                mistake(line, "numbers without sign and bytes are not known here".to_owned())
            })?),
            Expr::Ident(name) => self.name(name, line)?,
            Expr::Select(select) => {
                let of = Box::new(self.node(&select.operand)?);
                let name = select.field.clone();
                if select.test { Kind::Has { of, name } } else { Kind::Member { of, name, optional: false } }
            }
            Expr::List(list) if list.optional_indices.is_empty() => {
                Kind::List(list.elements.iter().map(|one| self.node(one)).collect::<Result<_, _>>()?)
            }
            Expr::Call(call) => self.call(call, line)?,
            Expr::Comprehension(fold) => {
                if fold.iter_var2.is_some() {
                    return Err(mistake(line, "macros take one name".to_owned()));
                }
                let range = self.node(&fold.iter_range)?;
                if self.names.len() - self.given >= 2 * FOLDS_MAX {
                    let message = format!(
                        "more than {FOLDS_MAX} macros (`exists`, `all`, `filter`, …) stand in each other, which may take too long"
                    );
                    return Err(mistake(line, message));
                }
                let init = self.node(&fold.accu_init)?;
                let (element, held) = (self.slots, self.slots + 1);
                self.slots += 2;
                self.names.push((fold.iter_var.clone(), element));
                self.names.push((fold.accu_var.clone(), held));
                let goes_on = self.node(&fold.loop_cond)?;
                let step = self.node(&fold.loop_step)?;
                let result = self.node(&fold.result)?;
                self.names.truncate(self.names.len() - 2);
                Kind::Fold(Box::new(Fold { range, element, held, init, goes_on, step, result }))
            }
            Expr::List(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                return Err(mistake(line, "maps and messages cannot be written here".to_owned()));
            }
        };
        Ok(Node { line, kind })
    }

    fn name(&mut self, name: &str, line: usize) -> Result<Kind, Mistake> {
        if let Some((_, slot)) = self.names.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(Kind::Slot(*slot));
        }
        Ok(match name {
            "doc" => Kind::Doc,
            "resource" => self.fact(Asked::Resource),
            "exposure" => self.fact(Asked::Exposure),
            "access" => self.fact(Asked::Access),
            "encryption" => self.fact(Asked::Encryption),
            "class" => self.fact(Asked::Class),
            _ => {
                let message = format!(
                    "nothing is called `{name}`; there are doc, resource, exposure, access, encryption and class. \
                     Members of the document are written `doc.{name}`"
                );
                return Err(mistake(line, message));
            }
        })
    }

    fn fact(&mut self, asked: Asked) -> Kind {
        let at = self.asked.iter().position(|one| *one == asked).unwrap_or_else(|| {
            self.asked.push(asked);
            self.asked.len() - 1
        });
        Kind::Fact(at)
    }

    fn call(&mut self, call: &CallExpr, line: usize) -> Result<Kind, Mistake> {
        let name = call.func_name.as_str();
        if let Some(asked) = Self::about(call, line)? {
            return Ok(self.fact(asked));
        }
        if name == "_?._"
            && let [of, member] = call.args.as_slice()
            && let Expr::Literal(LiteralValue::String(member)) = &member.expr
        {
            let of = Box::new(self.node(of)?);
            return Ok(Kind::Member { of, name: member.inner().to_owned(), optional: true });
        }
        let target = call.target.as_deref();
        let mut arguments = Vec::new();
        for one in target.into_iter().chain(&call.args) {
            arguments.push(self.node(one)?);
        }
        if let Some((_, function, _, _)) = FUNCTIONS.iter().find(|(known, _, takes, is_method)| {
            *known == name && *takes == arguments.len() && *is_method == target.is_some()
        }) {
            return Ok(Kind::Call(*function, arguments));
        }
        if FUNCTIONS.iter().any(|(known, ..)| *known == name) {
            let how = if target.is_some() { "as a method, with" } else { "with" };
            let message = format!("`{name}` is not called {how} {} values", arguments.len());
            return Err(mistake(line, message));
        }
        let unknown = || {
            let names: Vec<&str> = FUNCTIONS.iter().map(|(known, ..)| *known).collect();
            let message = format!(
                "there is no function `{name}`; there are has, all, exists, exists_one, map, filter, related, referring, \
                 in_region, in_account, in_namespace, {}",
                names.join(", ")
            );
            mistake(line, message)
        };
        let mut boxed = arguments.into_iter().map(Box::new);
        let mut next = || boxed.next().ok_or_else(unknown);
        Ok(match name {
            "_&&_" => Kind::And(next()?, next()?),
            "_||_" => Kind::Or(next()?, next()?),
            "!_" => Kind::Not(next()?),
            "-_" => Kind::Negate(next()?),
            "_?_:_" => Kind::If(next()?, next()?, next()?),
            "_[_]" => Kind::Index { of: next()?, at: next()?, optional: false },
            "_[?_]" => Kind::Index { of: next()?, at: next()?, optional: true },
            "@not_strictly_false" => Kind::NotStrictlyFalse(next()?),
            _ => match Op::of(name) {
                Some(op) => Kind::Binary(op, next()?, next()?),
                None => return Err(unknown()),
            },
        })
    }

    /// What a call asks beside the document, where it does; its arguments must be texts as they stand.
    fn about(call: &CallExpr, line: usize) -> Result<Option<Asked>, Mistake> {
        let name = call.func_name.as_str();
        let takes = match name {
            "related" | "in_region" | "in_account" | "in_namespace" => 1,
            "referring" => 2,
            _ => return Ok(None),
        };
        let mut texts = call.args.iter().filter_map(|one| match &one.expr {
            Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
            _ => None,
        });
        let wrong = || mistake(line, format!("`{name}` takes {takes} text(s) as they stand, in quotes"));
        if call.args.len() != takes || call.target.is_some() {
            return Err(wrong());
        }
        let first = texts.next().ok_or_else(wrong)?;
        Ok(Some(match name {
            "related" => Asked::Related(first),
            "in_region" => Asked::InRegion(first),
            "in_account" => Asked::InAccount(first),
            "in_namespace" => Asked::InNamespace(first),
            _ => Asked::Referring(first, texts.next().ok_or_else(wrong)?),
        }))
    }
}

fn read_literal(literal: &LiteralValue) -> Option<Literal> {
    Some(match literal {
        LiteralValue::Null => Literal::Null,
        LiteralValue::Boolean(value) => Literal::Bool(*value.inner()),
        LiteralValue::Int(value) => Literal::Int(*value.inner()),
        LiteralValue::Double(value) => Literal::Double(*value.inner()),
        LiteralValue::String(value) => Literal::Text(value.inner().to_owned()),
        LiteralValue::Bytes(_) | LiteralValue::UInt(_) => return None,
    })
}
