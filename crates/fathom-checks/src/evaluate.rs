//! Evaluates an expression on a document, as the language CEL defines it, with two things more.
//!
//! What could not be read is an error of its own kind: `false && unknown` is false, `true && unknown` is unknown, and so through
//! `||`, conditions and macros. And each value that was looked at is noted, so that an answer can say what decided it. Costs are
//! counted in steps and not in time, so that the same question ends the same way on every machine.

use std::{
    borrow::Cow,
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

use fathom_model::Timestamp;
use serde_json::Value;

use crate::{
    facts::{Asked, Fact, Facts, Missing, Subject},
    operate::{each, number, overflow, weight, whole_number, wrong},
    tree::{Fold, Function, Kind, Literal, Node, Op, Tree},
    value::{Elements, V, equal, order},
};

/// Steps that one expression may take on one document.
pub const STEPS_MAX: u64 = 200_000;
const SECONDS_A_DAY: i64 = 86_400;

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// What it reads could not be read.
    Missing(BTreeSet<String>),
    /// It cannot be evaluated on this document.
    Wrong(String),
    /// It takes more steps than one may.
    Spent,
}

/// Whether a value is only the mark of a secret.
fn is_secret(value: &Value) -> bool {
    value.as_str() == Some(fathom_model::secret::MARK)
}

fn kept_secret(name: &str) -> Stop {
    Stop::Missing([format!("`{name}`, which is kept from documents as a secret")].into())
}

impl Stop {
    /// Why both of two sides have no value: what is missing goes before a mistake, which may come of it.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Missing(one), Self::Missing(other)) => {
                Self::Missing(one.into_iter().chain(other).collect())
            }
            (_, stop @ Self::Missing(_)) | (stop, _) => stop,
        }
    }
}

/// What was looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Read<'a> {
    /// A value where it lies.
    Value(&'a Value),
    /// A member that is not there.
    Absent(&'a Value, &'a str),
}

/// What an engine said, asked once for a resource.
pub(crate) type Told = OnceCell<Result<Arc<Fact>, Missing>>;

/// The same by what was asked, for all expressions that are evaluated on a subject.
pub(crate) type ToldBy<'a> = BTreeMap<&'a Asked, Told>;

/// What an expression is evaluated on.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) facts: &'a dyn Facts,
    /// What was said already; each is asked when it is read.
    pub(crate) told: &'a ToldBy<'a>,
}

impl<'a> Ground<'a> {
    fn fact(&self, asked: &Asked) -> Result<&'a Fact, Missing> {
        let Some(told) = self.told.get(asked) else {
            return Err(Missing::of(format!("{} was not asked", asked.text())));
        };
        let said = told.get_or_init(|| match asked {
            Asked::Resource => Ok(Arc::new(Fact { value: self.subject.about(), ..Fact::default() })),
            asked => self.facts.fact(self.subject, asked),
        });
        said.as_ref().map(AsRef::as_ref).map_err(Clone::clone)
    }
}

/// What came of it.
pub(crate) struct Evaluated<'a> {
    pub(crate) value: Result<bool, Stop>,
    /// What decided, in the order in which it was looked at.
    pub(crate) reads: Vec<Read<'a>>,
    /// From when on a span of days that was looked at is another; none where no time was.
    pub(crate) until: Option<Timestamp>,
}

/// Evaluates a tree that gives true or false.
pub(crate) fn evaluate<'a>(tree: &'a Tree, ground: Ground<'a>) -> Evaluated<'a> {
    let mut run = Run {
        tree,
        ground,
        unread: Vec::new(),
        known: vec![false; tree.asked.len()],
        slots: vec![Ok(V::Null); tree.slots],
        reads: Vec::new(),
        until: None,
        steps: STEPS_MAX,
    };
    for path in ground.subject.unread {
        run.note_unread(ground.subject.document, path, path);
    }
    let value = match run.node(&tree.root) {
        Ok(V::Bool(value)) => Ok(value),
        Ok(other) => Err(Stop::Wrong(format!("it gives {}, not true or false", other.word()))),
        Err(stop) => Err(stop),
    };
    Evaluated { value, reads: run.reads, until: run.until }
}

/// Evaluates a tree that gives anything, with the values of the names that it was read with. Of those, `then` is the document as it
/// would be: what was not read of the document is not known of it either, but for what is there.
pub(crate) fn evaluate_any<'a>(
    tree: &'a Tree,
    ground: Ground<'a>,
    given: &[&'a Value],
    then: Option<usize>,
) -> Result<Value, Stop> {
    let mut slots = vec![Ok(V::Null); tree.slots];
    for (slot, value) in slots.iter_mut().zip(given) {
        *slot = Ok(V::Json(value));
    }
    let mut run = Run {
        tree,
        ground,
        unread: Vec::new(),
        known: vec![false; tree.asked.len()],
        slots,
        reads: Vec::new(),
        until: None,
        steps: STEPS_MAX,
    };
    for path in ground.subject.unread {
        run.note_unread(ground.subject.document, path, path);
        if let Some(then) = then.and_then(|at| given.get(at).copied())
            && !is_there(then, path)
        {
            run.note_unread(then, path, path);
        }
    }
    let value = run.node(&tree.root)?;
    run.plain(value)
}

/// Whether a document has something at a path.
fn is_there(document: &Value, path: &str) -> bool {
    let mut at = Some(document);
    for step in path.split(['.', '[']).map(|step| step.trim_end_matches(']')) {
        at = at.and_then(|of| match of {
            Value::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
            of => of.get(step),
        });
    }
    at.is_some_and(|found| !found.is_null())
}

/// A member that could not be read: what it would be a member of, its name, and how the path to it is written.
struct Unread<'a> {
    of: &'a Value,
    name: String,
    told: String,
}

struct Run<'a> {
    tree: &'a Tree,
    ground: Ground<'a>,
    unread: Vec<Unread<'a>>,
    /// The facts whose own unread members are noted.
    known: Vec<bool>,
    slots: Vec<Result<V<'a>, Stop>>,
    reads: Vec<Read<'a>>,
    until: Option<Timestamp>,
    steps: u64,
}

type Got<'a> = Result<V<'a>, Stop>;

impl<'a> Run<'a> {
    /// Notes a path as not read: at the first member on the way that is not there, or at its end.
    fn note_unread(&mut self, root: &'a Value, path: &str, told: &str) {
        let mut of = root;
        let mut steps = path.split(['.', '[']).map(|step| step.trim_end_matches(']')).peekable();
        while let Some(step) = steps.next() {
            let inner = match of {
                Value::Object(members) => members.get(step),
                Value::Array(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
                _ => None,
            };
            match inner {
                Some(inner @ (Value::Object(_) | Value::Array(_))) if steps.peek().is_some() => of = inner,
                _ => {
                    return self.unread.push(Unread { of, name: step.to_owned(), told: told.to_owned() });
                }
            }
        }
    }

    /// A value for what comes after the expression.
    fn plain(&self, value: V<'a>) -> Result<Value, Stop> {
        if let Some(stop) = self.is_cut(&value, true) {
            return Err(stop);
        }
        Ok(match value {
            V::Json(value) => value.clone(),
            V::Null => Value::Null,
            V::Bool(value) => Value::Bool(value),
            V::Int(value) => Value::from(value),
            V::Double(value) => Value::from(value),
            V::Text(text) => Value::String(text.into_owned()),
            V::List(items) => {
                let items: Result<_, _> = items.iter().map(|item| self.plain(item.clone())).collect();
                Value::Array(items?)
            }
            V::Optional(Some(inner)) => self.plain(*inner)?,
            V::Optional(None) => {
                return Err(Stop::Wrong("it is not there; write `.orValue(…)`".to_owned()));
            }
        })
    }

    fn spend(&mut self, steps: u64) -> Result<(), Stop> {
        self.steps = self.steps.checked_sub(steps).ok_or(Stop::Spent)?;
        Ok(())
    }

    fn node(&mut self, node: &'a Node) -> Got<'a> {
        self.spend(1)?;
        match &node.kind {
            Kind::Literal(literal) => Ok(match literal {
                Literal::Null => V::Null,
                Literal::Bool(value) => V::Bool(*value),
                Literal::Int(value) => V::Int(*value),
                Literal::Double(value) => V::Double(*value),
                Literal::Text(value) => V::Text(Cow::Borrowed(value)),
            }),
            Kind::Doc => Ok(V::Json(self.ground.subject.document)),
            Kind::Fact(at) => self.fact(*at),
            Kind::Slot(at) => match self.slots.get(*at).cloned() {
                Some(value) => Ok(self.look(value?)),
                None => Err(Stop::Wrong("a name is not bound".to_owned())),
            },
            Kind::Member { of, name, optional } => {
                let of = self.node(of)?;
                self.member(of, name, *optional)
            }
            Kind::Has { of, name } => {
                let of = self.node(of)?;
                self.has(of, name)
            }
            Kind::Index { of, at, optional } => {
                let of = self.node(of)?;
                let at = self.node(at)?;
                self.index(of, &at, *optional)
            }
            Kind::And(one, other) => self.both(one, other, false),
            Kind::Or(one, other) => self.both(one, other, true),
            Kind::Not(inner) => match self.node(inner)? {
                V::Bool(value) => Ok(V::Bool(!value)),
                other => Err(wrong("`!`", &other)),
            },
            Kind::Negate(inner) => match self.node(inner)? {
                V::Int(value) => value.checked_neg().map(V::Int).ok_or_else(overflow),
                V::Double(value) => Ok(V::Double(-value)),
                other => Err(wrong("`-`", &other)),
            },
            Kind::If(condition, one, other) => match self.node(condition)? {
                V::Bool(true) => self.node(one),
                V::Bool(false) => self.node(other),
                value => Err(wrong("`? :`", &value)),
            },
            Kind::Binary(op, one, other) => {
                let one = self.node(one)?;
                let other = self.node(other)?;
                self.binary(*op, &one, &other)
            }
            Kind::Call(function, arguments) => self.call(*function, arguments),
            Kind::List(items) => {
                let items: Vec<V<'a>> = items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?;
                Ok(V::List(Rc::new(items)))
            }
            Kind::Fold(fold) => self.fold(fold),
            Kind::NotStrictlyFalse(inner) => {
                let before = self.reads.len();
                let value = self.node(inner);
                self.reads.truncate(before);
                match value {
                    Err(Stop::Spent) => Err(Stop::Spent),
                    value => Ok(V::Bool(!matches!(value, Ok(V::Bool(false))))),
                }
            }
        }
    }

    /// A value that is looked at: scalars are noted.
    fn look(&mut self, value: V<'a>) -> V<'a> {
        if let V::Json(json) = value {
            if !json.is_array() && !json.is_object() {
                self.reads.push(Read::Value(json));
            }
            return V::of(json);
        }
        value
    }

    fn fact(&mut self, at: usize) -> Got<'a> {
        let Some(asked) = self.tree.asked.get(at) else {
            return Err(Stop::Wrong("nothing is asked".to_owned()));
        };
        match self.ground.fact(asked) {
            Ok(fact) => {
                if let Some(known) = self.known.get_mut(at).filter(|known| !**known) {
                    *known = true;
                    let name = asked.text();
                    for (place, members) in &fact.unread {
                        let of = fact.value.get(place).unwrap_or(&fact.value);
                        for member in members {
                            self.note_unread(of, member, &format!("{name}[{place}].{member}"));
                        }
                    }
                    if let (Some(why), Some(items)) = (&fact.more, fact.value.as_array()) {
                        let (name, told) = (items.len().to_string(), why.clone());
                        self.unread.push(Unread { of: &fact.value, name, told });
                    }
                }
                Ok(self.look(V::Json(&fact.value)))
            }
            Err(missing) => Err(Stop::Missing(missing.what.into_iter().collect())),
        }
    }

    /// Why a member cannot be told; none where it can.
    fn is_unread(&self, of: &Value, name: &str) -> Option<Stop> {
        let found = self.unread.iter().find(|one| std::ptr::eq(one.of, of) && one.name == name)?;
        Some(Stop::Missing([found.told.clone()].into()))
    }

    /// Why something cannot be taken as a whole; none where all of it was read.
    fn is_cut(&self, value: &V<'a>, deep: bool) -> Option<Stop> {
        if self.unread.is_empty() {
            return None;
        }
        let V::Json(json) = value else {
            let V::List(items) = value else { return None };
            return items.iter().filter(|_| deep).find_map(|item| self.is_cut(item, deep));
        };
        let here = self.unread.iter().find(|one| std::ptr::eq(one.of, *json));
        if let Some(here) = here {
            return Some(Stop::Missing([here.told.clone()].into()));
        }
        match json {
            _ if !deep => None,
            Value::Array(items) => items.iter().find_map(|item| self.is_cut(&V::Json(item), true)),
            Value::Object(members) => members.values().find_map(|item| self.is_cut(&V::Json(item), true)),
            _ => None,
        }
    }

    /// A member of members; none where it is not there. What documents keep only as a mark is not known.
    fn get(&mut self, of: &V<'a>, name: &'a str) -> Result<Option<V<'a>>, Stop> {
        let is_kept = |of: &V<'_>| matches!(of, V::Json(Value::Object(members)) if members.get(name).is_some_and(is_secret));
        let found = self.find(of, name)?;
        if is_kept(of) { Err(kept_secret(name)) } else { Ok(found) }
    }

    /// The same, where only whether it is there is asked.
    fn find(&mut self, of: &V<'a>, name: &'a str) -> Result<Option<V<'a>>, Stop> {
        let V::Json(json @ Value::Object(members)) = of else {
            return Err(Stop::Wrong(format!("`{name}` is asked of {}, which has no members", of.word())));
        };
        let json: &'a Value = json;
        if let Some(stop) = self.is_unread(json, name) {
            return Err(stop);
        }
        match members.get(name) {
            // What the provider answered that it is not set, documents keep as null.
            Some(Value::Null) | None => {
                self.reads.push(Read::Absent(json, name));
                Ok(None)
            }
            Some(value) => Ok(Some(self.look(V::Json(value)))),
        }
    }

    fn member(&mut self, of: V<'a>, name: &'a str, optional: bool) -> Got<'a> {
        match of {
            // What follows something that may be absent may be absent too.
            V::Optional(None) => Ok(V::Optional(None)),
            V::Optional(Some(inner)) => Ok(V::Optional(self.get(&inner, name)?.map(Box::new))),
            of if optional => Ok(V::Optional(self.get(&of, name)?.map(Box::new))),
            of => match self.get(&of, name)? {
                Some(value) => Ok(value),
                None if is_null(&of, name) => Ok(V::Null),
                None => Err(Stop::Wrong(format!(
                    "the document has no `{name}` there; ask `has(…)` first, or write `.?{name}`"
                ))),
            },
        }
    }

    fn has(&mut self, of: V<'a>, name: &'a str) -> Got<'a> {
        let of = match of {
            V::Optional(None) => return Ok(V::Bool(false)),
            V::Optional(Some(inner)) => *inner,
            of => of,
        };
        Ok(V::Bool(self.find(&of, name)?.is_some()))
    }

    fn index(&mut self, of: V<'a>, at: &V<'a>, optional: bool) -> Got<'a> {
        let (of, optional_before) = match of {
            V::Optional(None) => return Ok(V::Optional(None)),
            V::Optional(Some(inner)) => (*inner, true),
            of => (of, false),
        };
        let optional = optional || optional_before;
        let found = match (&of, at) {
            (V::Json(json @ Value::Object(members)), V::Text(name)) => {
                let json: &'a Value = json;
                if let Some(stop) = self.is_unread(json, name) {
                    return Err(stop);
                }
                let found = members.get(name.as_ref());
                if found.is_some_and(is_secret) {
                    return Err(kept_secret(name));
                }
                found.map(V::Json)
            }
            (V::Json(Value::Array(_)) | V::List(_), V::Int(at)) => {
                if let V::Json(json) = &of
                    && let Some(stop) = self.is_unread(json, &at.to_string())
                {
                    return Err(stop);
                }
                let at = usize::try_from(*at).ok();
                of.elements().and_then(|items| items.get(at?))
            }
            _ => return Err(Stop::Wrong(format!("{} cannot be asked for {}", of.word(), at.word()))),
        };
        let found =
            found.map(|value| self.look(value)).filter(|value| !optional || !matches!(value, V::Null));
        match (found, optional) {
            (found, true) => Ok(V::Optional(found.map(Box::new))),
            (Some(found), false) => Ok(found),
            (None, false) => {
                Err(Stop::Wrong("an element that is not there is asked for; write `[?…]`".to_owned()))
            }
        }
    }

    /// `&&` and `||`: one side that decides is enough, also where the other cannot be told. `decides` is the value that does.
    fn both(&mut self, one: &'a Node, other: &'a Node, decides: bool) -> Got<'a> {
        let start = self.reads.len();
        let first = self.truth(one);
        match first {
            Ok(value) if value == decides => return Ok(V::Bool(decides)),
            Err(Stop::Spent) => return Err(Stop::Spent),
            _ => {}
        }
        let middle = self.reads.len();
        let second = self.truth(other);
        match (first, second) {
            (_, Ok(value)) if value == decides => {
                // What the first side read did not decide.
                self.reads.drain(start..middle);
                Ok(V::Bool(decides))
            }
            (_, Err(Stop::Spent)) => Err(Stop::Spent),
            (Ok(_), Ok(_)) => Ok(V::Bool(!decides)),
            (Err(one), Err(other)) => Err(one.and(other)),
            (Err(stop), Ok(_)) | (Ok(_), Err(stop)) => Err(stop),
        }
    }

    fn truth(&mut self, node: &'a Node) -> Result<bool, Stop> {
        match self.node(node)? {
            V::Bool(value) => Ok(value),
            other => Err(wrong("`&&` and `||`", &other)),
        }
    }

    fn whole(&mut self, value: &V<'a>, deep: bool) -> Result<(), Stop> {
        match self.is_cut(value, deep) {
            Some(stop) => Err(stop),
            None => Ok(()),
        }
    }

    /// Notes a list or members that were taken as a whole.
    fn note(&mut self, value: &V<'a>) {
        if let V::Json(json) = value {
            self.reads.push(Read::Value(json));
        }
    }

    fn binary(&mut self, op: Op, one: &V<'a>, other: &V<'a>) -> Got<'a> {
        for side in [one, other] {
            self.whole(side, true)?;
            self.spend(weight(side))?;
            self.note(side);
        }
        let fails = || Stop::Wrong(format!("{} {} {} has no value", one.word(), op.sign(), other.word()));
        Ok(match op {
            Op::Eq => V::Bool(equal(one, other)),
            Op::Ne => V::Bool(!equal(one, other)),
            Op::Lt => V::Bool(order(one, other).ok_or_else(fails)?.is_lt()),
            Op::Le => V::Bool(order(one, other).ok_or_else(fails)?.is_le()),
            Op::Gt => V::Bool(order(one, other).ok_or_else(fails)?.is_gt()),
            Op::Ge => V::Bool(order(one, other).ok_or_else(fails)?.is_ge()),
            Op::In => match (one, other) {
                (V::Text(name), V::Json(Value::Object(members))) => {
                    V::Bool(members.contains_key(name.as_ref()))
                }
                // Names are texts; of other kinds that a name could have, there is none.
                (V::Bool(_) | V::Int(_), V::Json(Value::Object(_))) => V::Bool(false),
                (_, V::Json(Value::Object(_))) => return Err(fails()),
                _ => {
                    let items = other.elements().ok_or_else(fails)?;
                    self.spend(items.len() as u64)?;
                    V::Bool((0..items.len()).filter_map(|at| items.get(at)).any(|item| equal(&item, one)))
                }
            },
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => match (one, other) {
                (V::Int(one), V::Int(other)) => V::Int(whole_number(op, *one, *other)?),
                (V::Double(one), V::Double(other)) => V::Double(number(op, *one, *other).ok_or_else(fails)?),
                (V::Text(one), V::Text(other)) if op == Op::Add => {
                    self.spend((one.len() + other.len()) as u64 / 16)?;
                    V::Text(Cow::Owned(format!("{one}{other}")))
                }
                _ if op == Op::Add => {
                    let (one, other) =
                        (one.elements().ok_or_else(fails)?, other.elements().ok_or_else(fails)?);
                    self.spend((one.len() + other.len()) as u64)?;
                    let all = [&one, &other];
                    let items = all.iter().flat_map(|list| (0..list.len()).filter_map(|at| list.get(at)));
                    V::List(Rc::new(items.collect()))
                }
                _ => return Err(fails()),
            },
        })
    }

    fn call(&mut self, function: Function, arguments: &'a [Node]) -> Got<'a> {
        let [first, rest @ ..] = arguments else { return Err(Stop::Wrong("a value is missing".to_owned())) };
        let first = self.node(first)?;
        // The value in its place is not asked for where it is not needed.
        if function == Function::OrValue {
            return match first {
                V::Optional(Some(value)) => Ok(*value),
                V::Optional(None) => match rest.first() {
                    Some(rest) => self.node(rest),
                    None => Err(Stop::Wrong("a value is missing".to_owned())),
                },
                other => Err(wrong("`orValue`", &other)),
            };
        }
        let second = rest.first().map(|node| self.node(node)).transpose()?;
        self.spend(weight(&first) + second.as_ref().map_or(0, weight))?;
        let fails = |name: &str| wrong(&format!("`{name}`"), &first);
        Ok(match (function, &first, &second) {
            (Function::Size, V::Text(text), _) => V::Int(text.chars().count() as i64),
            (Function::Size, value, _) => {
                self.whole(value, false)?;
                self.note(value);
                V::Int(value.elements().ok_or_else(|| fails("size"))?.len() as i64)
            }
            (Function::StartsWith, V::Text(text), Some(V::Text(part))) => {
                V::Bool(text.starts_with(part.as_ref()))
            }
            (Function::EndsWith, V::Text(text), Some(V::Text(part))) => {
                V::Bool(text.ends_with(part.as_ref()))
            }
            (Function::Contains, V::Text(text), Some(V::Text(part))) => V::Bool(text.contains(part.as_ref())),
            (Function::LowerAscii, V::Text(text), _) => V::Text(Cow::Owned(text.to_ascii_lowercase())),
            (Function::Int, V::Int(value), _) => V::Int(*value),
            (Function::Int, V::Text(text), _) => {
                V::Int(text.parse().map_err(|_| Stop::Wrong(format!("\"{text}\" is no whole number")))?)
            }
            (Function::String, V::Text(text), _) => V::Text(text.clone()),
            (Function::String, V::Int(value), _) => V::Text(Cow::Owned(value.to_string())),
            (Function::String, V::Bool(value), _) => V::Text(Cow::Owned(value.to_string())),
            (Function::HasValue, V::Optional(value), _) => V::Bool(value.is_some()),
            (Function::Each, V::Optional(None), _) => V::List(Rc::new(Vec::new())),
            (Function::Each, V::Optional(Some(value)), _) => each((**value).clone()),
            (Function::Each, value, _) => each(value.clone()),
            (Function::DaysSince, V::Text(text), _) => {
                let then: Timestamp =
                    text.parse().map_err(|_| Stop::Wrong(format!("\"{text}\" is no time of RFC 3339")))?;
                let days = (self.ground.facts.now().as_second() - then.as_second()).div_euclid(SECONDS_A_DAY);
                let next = then.as_second().saturating_add((days + 1).saturating_mul(SECONDS_A_DAY));
                let next = Timestamp::from_second(next).ok();
                self.until = [self.until, next].into_iter().flatten().min();
                V::Int(days)
            }
            _ => return Err(Stop::Wrong(format!("{function:?} cannot take {}", first.word()))),
        })
    }

    fn fold(&mut self, fold: &'a Fold) -> Got<'a> {
        let range = self.node(&fold.range)?;
        self.whole_list(&range)?;
        let elements: Elements<'a> = range
            .elements()
            .ok_or_else(|| Stop::Wrong(format!("{} has no elements to go through", range.word())))?;
        let start = self.reads.len();
        let held = self.node(&fold.init);
        self.set(fold.held, held);
        let mut asked = false;
        // Of a list that may have more elements, one more that cannot be told.
        let more =
            matches!(&range, V::Json(json) if self.is_unread(json, &elements.len().to_string()).is_some());
        for at in 0..elements.len() + usize::from(more) {
            self.spend(1)?;
            if !matches!(self.node(&fold.goes_on)?, V::Bool(true)) {
                break;
            }
            asked = true;
            let element = match &range {
                V::Json(json) if let Some(stop) = self.is_unread(json, &at.to_string()) => Err(stop),
                _ => elements.get(at).ok_or(Stop::Spent),
            };
            self.set(fold.element, element);
            let before = self.reads.len();
            let step = self.node(&fold.step);
            if matches!(step, Err(Stop::Spent)) {
                return Err(Stop::Spent);
            }
            let decides = match (&fold.step.kind, &step) {
                (Kind::And(..), Ok(V::Bool(value))) => !value,
                (Kind::Or(..), Ok(V::Bool(value))) => *value,
                _ => false,
            };
            if decides {
                // The elements before this one did not decide.
                self.reads.drain(start..before);
            }
            self.set(fold.held, step);
        }
        if !asked {
            self.note(&range);
        }
        self.node(&fold.result)
    }

    /// That a list is whole but for elements that are told one by one.
    fn whole_list(&self, range: &V<'a>) -> Result<(), Stop> {
        let V::Json(json) = range else { return Ok(()) };
        let is_element = |one: &&Unread<'_>| one.name.parse::<usize>().is_ok();
        let cut = self.unread.iter().filter(|one| std::ptr::eq(one.of, *json)).find(|one| !is_element(one));
        cut.map_or(Ok(()), |one| Err(Stop::Missing([one.told.clone()].into())))
    }

    fn set(&mut self, slot: usize, value: Got<'a>) {
        if let Some(place) = self.slots.get_mut(slot) {
            *place = value;
        }
    }
}

/// Whether a member is there and null.
fn is_null(of: &V<'_>, name: &str) -> bool {
    matches!(of, V::Json(Value::Object(members)) if members.get(name).is_some_and(Value::is_null))
}
