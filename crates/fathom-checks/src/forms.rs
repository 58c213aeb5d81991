//! Says what is wrong with an expression before it is asked of anything: members that no document has, values of the wrong kind.

use std::collections::BTreeSet;

use fathom_model::spelling::nearest;

use crate::tree::{Asked, Function, Kind, Literal, Mistake, Node, Op, Tree};

/// Members that are named in a hint.
const NAMES_MAX: usize = 12;

/// What stands at a place of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Nobody says.
    Any,
    /// True or false.
    Bool,
    /// A number, whole or not.
    Number,
    /// A text; also times and bytes.
    Text,
    /// A list; the place of its elements is `[]`.
    List,
    /// Values by names that nobody lists; the place of each is `*`.
    Map,
    /// These members.
    Members(Vec<String>),
}

/// Who knows the forms of documents.
pub trait Forms {
    /// What stands at a place in documents of a type. Steps are names, `[]` and `*`.
    fn form(&self, kind: &str, path: &[String]) -> Form;

    /// Whether the type has a relation of this kind; none where nobody says.
    fn has_relation(&self, kind: &str, relation: &str) -> Option<bool>;

    /// Whether there is such a type; none where nobody says.
    fn has_type(&self, kind: &str) -> Option<bool>;
}

/// Nobody knows any form.
#[derive(Debug, Clone, Copy)]
pub struct NoForms;

impl Forms for NoForms {
    fn form(&self, _: &str, _: &[String]) -> Form {
        Form::Any
    }

    fn has_relation(&self, _: &str, _: &str) -> Option<bool> {
        None
    }

    fn has_type(&self, _: &str) -> Option<bool> {
        None
    }
}

/// What an expression reads of the document, as paths: `Listeners[].Port`.
pub(crate) type Paths = BTreeSet<String>;

/// What a part of an expression gives, as far as that is known.
#[derive(Debug, Clone, PartialEq)]
enum Gives {
    Any,
    Bool,
    Number,
    Text,
    Null,
    /// A list whose elements give this.
    List(Box<Gives>),
    /// What stands at this place of documents of a type.
    At(String, Vec<String>),
    /// The same, where it may be absent.
    Maybe(Box<Gives>),
}

/// Looks through a tree that is to give true or false, and gives back what it reads of the own document.
pub(crate) fn read(tree: &Tree, kind: &str, forms: &dyn Forms) -> Result<Paths, Mistake> {
    let mut look = Look { tree, kind, forms, slots: vec![Gives::Any; tree.slots], paths: Paths::new() };
    let gives = look.node(&tree.root)?;
    match look.plain(&gives) {
        Gives::Any | Gives::Bool => {}
        other => {
            let message = format!("it gives {}, and must give true or false", word(&other));
            return Err(Mistake { line: tree.root.line, message });
        }
    }
    look.asked()?;
    Ok(look.paths)
}

/// Looks through a tree that may give anything. `documents` are the slots that hold documents of the type, too.
pub(crate) fn read_any(
    tree: &Tree,
    kind: &str,
    forms: &dyn Forms,
    documents: &[usize],
) -> Result<(), Mistake> {
    let mut look = Look { tree, kind, forms, slots: vec![Gives::Any; tree.slots], paths: Paths::new() };
    for slot in documents {
        look.set(*slot, Gives::At(kind.to_owned(), Vec::new()));
    }
    look.node(&tree.root)?;
    look.asked()
}

struct Look<'a> {
    tree: &'a Tree,
    kind: &'a str,
    forms: &'a dyn Forms,
    slots: Vec<Gives>,
    paths: Paths,
}

impl Look<'_> {
    /// That what is asked beside the document exists.
    fn asked(&self) -> Result<(), Mistake> {
        let Self { tree, kind, forms, .. } = self;
        for asked in &tree.asked {
            let wrong = |message: String| Err(Mistake { line: tree.root.line, message });
            if let Some(other) = asked.kind()
                && forms.has_type(other) == Some(false)
            {
                return wrong(format!("`{}`: no type is called `{other}`", asked.text()));
            }
            let relation = match asked {
                Asked::Related(edge) => Some((*kind, edge)),
                Asked::Referring(other, edge) => Some((other.as_str(), edge)),
                _ => None,
            };
            if let Some((from, edge)) = relation
                && forms.has_relation(from, edge) == Some(false)
            {
                return wrong(format!("`{}`: {from} has no relation called `{edge}`", asked.text()));
            }
        }
        Ok(())
    }

    /// What stands at a place, where its form is known.
    fn plain(&self, gives: &Gives) -> Gives {
        let Gives::At(kind, path) = gives else { return gives.clone() };
        match self.forms.form(kind, path) {
            Form::Bool => Gives::Bool,
            Form::Number => Gives::Number,
            Form::Text => Gives::Text,
            Form::Any => Gives::Any,
            Form::List | Form::Map | Form::Members(_) => gives.clone(),
        }
    }

    fn note(&mut self, kind: &str, path: &[String]) {
        if kind != self.kind || path.is_empty() {
            return;
        }
        let mut text = String::new();
        for step in path {
            if step != "[]" && !text.is_empty() {
                text.push('.');
            }
            text.push_str(step);
        }
        self.paths.insert(text);
    }

    fn node(&mut self, node: &Node) -> Result<Gives, Mistake> {
        let wrong = |message: String| Err(Mistake { line: node.line, message });
        Ok(match &node.kind {
            Kind::Literal(Literal::Null) => Gives::Null,
            Kind::Literal(Literal::Bool(_)) => Gives::Bool,
            Kind::Literal(Literal::Int(_) | Literal::Double(_)) => Gives::Number,
            Kind::Literal(Literal::Text(_)) => Gives::Text,
            Kind::Doc => Gives::At(self.kind.to_owned(), Vec::new()),
            Kind::Fact(at) => match self.tree.asked.get(*at) {
                Some(asked) if asked.is_list() => {
                    let element = asked.kind().map_or(Gives::Any, |kind| {
                        // Documents of the own type are told apart from the own document by a place of their own.
                        let kind = if kind == self.kind { format!("{kind} ") } else { kind.to_owned() };
                        Gives::At(kind, Vec::new())
                    });
                    Gives::List(Box::new(element))
                }
                Some(Asked::Class) => Gives::Text,
                _ => Gives::Any,
            },
            Kind::Slot(at) => self.slots.get(*at).cloned().unwrap_or(Gives::Any),
            Kind::Member { of, name, optional } => {
                let of = self.node(of)?;
                self.member(node.line, of, name, *optional)?
            }
            Kind::Has { of, name } => {
                let of = self.node(of)?;
                self.member(node.line, of, name, true)?;
                Gives::Bool
            }
            Kind::Index { of, at, optional } => {
                let of = self.node(of)?;
                self.node(at)?;
                let name = match &at.kind {
                    Kind::Literal(Literal::Text(name)) => Some(name.as_str()),
                    _ => None,
                };
                self.index(of, name, *optional)
            }
            Kind::And(one, other) | Kind::Or(one, other) => {
                for side in [one, other] {
                    let gives = self.node(side)?;
                    if !matches!(self.plain(&gives), Gives::Any | Gives::Bool) {
                        return wrong(format!(
                            "`&&` and `||` stand between true or false, not {}",
                            word(&self.plain(&gives))
                        ));
                    }
                }
                Gives::Bool
            }
            Kind::Not(inner) => {
                let gives = self.node(inner)?;
                if !matches!(self.plain(&gives), Gives::Any | Gives::Bool) {
                    return wrong(format!(
                        "`!` stands before true or false, not {}",
                        word(&self.plain(&gives))
                    ));
                }
                Gives::Bool
            }
            Kind::NotStrictlyFalse(inner) => {
                self.node(inner)?;
                Gives::Bool
            }
            Kind::Negate(inner) => {
                self.node(inner)?;
                Gives::Number
            }
            Kind::If(condition, one, other) => {
                let gives = self.node(condition)?;
                if !matches!(self.plain(&gives), Gives::Any | Gives::Bool) {
                    return wrong("before `?` stands what is true or false".to_owned());
                }
                let (one, other) = (self.node(one)?, self.node(other)?);
                if one == other { one } else { Gives::Any }
            }
            Kind::Binary(op, one, other) => {
                let (one, other) = (self.node(one)?, self.node(other)?);
                self.binary(node.line, *op, &one, &other)?
            }
            Kind::Call(function, arguments) => {
                let given: Vec<Gives> =
                    arguments.iter().map(|one| self.node(one)).collect::<Result<_, _>>()?;
                self.call(node.line, *function, &given)?
            }
            Kind::List(items) => {
                let mut given = Vec::new();
                for item in items {
                    given.push(self.node(item)?);
                }
                let first = given.first().cloned().unwrap_or(Gives::Any);
                Gives::List(Box::new(if given.iter().all(|one| *one == first) { first } else { Gives::Any }))
            }
            Kind::Fold(fold) => {
                let range = self.node(&fold.range)?;
                let element = self.element(node.line, &range)?;
                let init = self.node(&fold.init)?;
                self.set(fold.element, element);
                // Lists that grow begin with nothing that says what they hold.
                let held = if matches!(init, Gives::List(_)) { Gives::Any } else { init };
                self.set(fold.held, held);
                self.node(&fold.goes_on)?;
                let step = self.node(&fold.step)?;
                if matches!(step, Gives::List(_)) {
                    self.set(fold.held, step);
                }
                self.node(&fold.result)?
            }
        })
    }

    fn set(&mut self, slot: usize, gives: Gives) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = gives;
        }
    }

    fn member(&mut self, line: usize, of: Gives, name: &str, optional: bool) -> Result<Gives, Mistake> {
        let wrong = |message: String| Err(Mistake { line, message });
        let (of, maybe) = match of {
            Gives::Maybe(inner) => (*inner, true),
            of => (of, optional),
        };
        let found = match &of {
            Gives::At(kind, path) => {
                let step = match self.forms.form(kind.trim_end(), path) {
                    Form::Members(names) if names.iter().any(|one| one == name) => name.to_owned(),
                    Form::Members(names) => {
                        let place = place(path);
                        let near = hint(name, &names);
                        return wrong(format!("{} has no member `{name}` in {place}{near}", kind.trim_end()));
                    }
                    Form::Any => name.to_owned(),
                    Form::Map => "*".to_owned(),
                    Form::List => {
                        return wrong(format!(
                            "{} is a list: ask its elements with `exists`, `all` or `filter`, not `.{name}`",
                            place(path)
                        ));
                    }
                    Form::Bool | Form::Number | Form::Text => {
                        return wrong(format!("{} has no members, so no `{name}`", place(path)));
                    }
                };
                let mut path = path.clone();
                path.push(step);
                self.note(kind, &path);
                Gives::At(kind.clone(), path)
            }
            Gives::Any => Gives::Any,
            other => return wrong(format!("{} has no members, so no `{name}`", word(other))),
        };
        Ok(if maybe { Gives::Maybe(Box::new(found)) } else { found })
    }

    fn index(&mut self, of: Gives, name: Option<&str>, optional: bool) -> Gives {
        let (of, maybe) = match of {
            Gives::Maybe(inner) => (*inner, true),
            of => (of, optional),
        };
        let found = match of {
            Gives::At(kind, mut path) => {
                let step = match (self.forms.form(kind.trim_end(), &path), name) {
                    (Form::Map, _) => "*".to_owned(),
                    (_, Some(name)) => name.to_owned(),
                    (_, None) => "[]".to_owned(),
                };
                path.push(step);
                self.note(&kind, &path);
                Gives::At(kind, path)
            }
            Gives::List(inner) => *inner,
            _ => Gives::Any,
        };
        if maybe { Gives::Maybe(Box::new(found)) } else { found }
    }

    /// What the elements of a range give.
    fn element(&mut self, line: usize, range: &Gives) -> Result<Gives, Mistake> {
        Ok(match range {
            Gives::At(kind, path) => match self.forms.form(kind.trim_end(), path) {
                Form::List | Form::Any => {
                    let mut path = path.clone();
                    path.push("[]".to_owned());
                    self.note(kind, &path);
                    Gives::At(kind.clone(), path)
                }
                Form::Map | Form::Members(_) => Gives::Text,
                Form::Bool | Form::Number | Form::Text => {
                    return Err(Mistake { line, message: format!("{} is no list", place(path)) });
                }
            },
            Gives::List(inner) => (**inner).clone(),
            Gives::Any => Gives::Any,
            other => {
                let message = format!("{} has no elements", word(other));
                return Err(Mistake { line, message });
            }
        })
    }

    fn binary(&self, line: usize, op: Op, one: &Gives, other: &Gives) -> Result<Gives, Mistake> {
        let (one, other) = (self.plain(one), self.plain(other));
        let wrong = || {
            let message = format!("`{}` between {} and {} never holds", op.sign(), word(&one), word(&other));
            Err(Mistake { line, message })
        };
        if matches!(one, Gives::Maybe(_)) || matches!(other, Gives::Maybe(_)) {
            let message =
                format!("what may be absent cannot stand beside `{}`: add `.orValue(…)`", op.sign());
            return Err(Mistake { line, message });
        }
        let is_scalar = |gives: &Gives| matches!(gives, Gives::Bool | Gives::Number | Gives::Text);
        match op {
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                if is_scalar(&one) && is_scalar(&other) && one != other {
                    return wrong();
                }
                let holds_more = |gives: &Gives| matches!(gives, Gives::List(_) | Gives::At(..));
                if (is_scalar(&one) && holds_more(&other)) || (holds_more(&one) && is_scalar(&other)) {
                    return wrong();
                }
                Ok(Gives::Bool)
            }
            Op::In => match &other {
                Gives::Bool | Gives::Number | Gives::Text | Gives::Null => wrong(),
                Gives::List(inner) => {
                    let inner = self.plain(inner);
                    if is_scalar(&one) && is_scalar(&inner) && one != inner {
                        wrong()
                    } else {
                        Ok(Gives::Bool)
                    }
                }
                _ => Ok(Gives::Bool),
            },
            Op::Add => Ok(if one == other {
                one
            } else if is_scalar(&one) && is_scalar(&other) {
                return wrong();
            } else {
                match (&one, &other) {
                    // What a macro gathers is what its elements give.
                    (_, Gives::List(_)) => other,
                    (Gives::List(_), _) => one,
                    _ => Gives::Any,
                }
            }),
            Op::Sub | Op::Mul | Op::Div | Op::Rem => {
                if [&one, &other].iter().any(|side| !matches!(side, Gives::Any | Gives::Number)) {
                    return wrong();
                }
                Ok(Gives::Number)
            }
        }
    }

    fn call(&self, line: usize, function: Function, given: &[Gives]) -> Result<Gives, Mistake> {
        let first = given.first().map_or(Gives::Any, |one| self.plain(one));
        let second = given.get(1).map(|one| self.plain(one));
        let wrong = |message: String| Err(Mistake { line, message });
        let is_text = |gives: &Gives| matches!(gives, Gives::Any | Gives::Text);
        Ok(match function {
            Function::StartsWith | Function::EndsWith | Function::Contains => {
                if !is_text(&first) || second.as_ref().is_some_and(|second| !is_text(second)) {
                    return wrong(format!(
                        "texts start with, end with and contain texts; this is {}. Of a list, ask `x in list`",
                        word(&first)
                    ));
                }
                Gives::Bool
            }
            Function::LowerAscii | Function::DaysSince if !is_text(&first) => {
                return wrong(format!("it takes a text, not {}", word(&first)));
            }
            Function::LowerAscii | Function::String => Gives::Text,
            Function::DaysSince | Function::Int => Gives::Number,
            Function::Size => {
                if matches!(first, Gives::Bool | Gives::Number | Gives::Null | Gives::Maybe(_)) {
                    return wrong(format!("`size` takes a list, members or a text, not {}", word(&first)));
                }
                Gives::Number
            }
            Function::HasValue => Gives::Bool,
            Function::OrValue => match given.first() {
                Some(Gives::Maybe(inner)) => {
                    let (inner, second) = (self.plain(inner), second.unwrap_or(Gives::Any));
                    let is_scalar =
                        |gives: &Gives| matches!(gives, Gives::Bool | Gives::Number | Gives::Text);
                    if is_scalar(&inner) && is_scalar(&second) && inner != second {
                        return wrong(format!(
                            "`orValue` puts {} where {} stands",
                            word(&second),
                            word(&inner)
                        ));
                    }
                    if matches!(inner, Gives::Any) {
                        given.first().map_or(Gives::Any, unwrapped)
                    } else {
                        inner
                    }
                }
                Some(Gives::Any) => Gives::Any,
                _ => {
                    return wrong(
                        "`orValue` follows what may be absent: write `.?` before the member".to_owned(),
                    );
                }
            },
            Function::Each => match given.first().map(unwrapped) {
                Some(Gives::At(kind, mut path)) => {
                    if !matches!(self.forms.form(kind.trim_end(), &path), Form::Members(_) | Form::Map) {
                        path.push("[]".to_owned());
                    }
                    Gives::List(Box::new(Gives::At(kind, path)))
                }
                Some(Gives::List(inner)) => Gives::List(inner),
                _ => Gives::List(Box::new(Gives::Any)),
            },
        })
    }
}

fn unwrapped(gives: &Gives) -> Gives {
    match gives {
        Gives::Maybe(inner) => (**inner).clone(),
        other => other.clone(),
    }
}

fn place(path: &[String]) -> String {
    let mut text = "doc".to_owned();
    for step in path {
        if step != "[]" {
            text.push('.');
        }
        text.push_str(step);
    }
    text
}

fn word(gives: &Gives) -> &'static str {
    match gives {
        Gives::Any => "anything",
        Gives::Bool => "true or false",
        Gives::Number => "a number",
        Gives::Text => "a text",
        Gives::Null => "null",
        Gives::List(_) => "a list",
        Gives::At(..) => "a list or members",
        Gives::Maybe(_) => "something that may be absent (add `.orValue(…)`)",
    }
}

/// A hint: the names most like it, or all where they are few.
fn hint(name: &str, names: &[String]) -> String {
    match nearest(name, names.iter().map(String::as_str)).first() {
        Some(near) => format!("; did you mean `{near}`?"),
        None if names.len() <= NAMES_MAX => format!("; there are {}", names.join(", ")),
        None => String::new(),
    }
}
