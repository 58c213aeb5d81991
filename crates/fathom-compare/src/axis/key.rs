//! Context keys: absent, or with each value that some condition tells from the others; keys with many values with each
//! set of values that does.

use std::collections::HashSet;

use fathom_iam::{
    Context, Given, Truth,
    condition::{Compare, Test},
    parts::holds,
};

use super::{
    Axis, Part, interval,
    resource::{has_variable, resolved},
};
use crate::{
    asked::{Asked, Extent, Scope},
    limits::SETS_MAX,
    mask::Mask,
    text::{Machine, Reading, Style, Token},
};

/// Keys that every request has.
const ALWAYS: [&str; 3] = ["aws:currenttime", "aws:epochtime", "aws:securetransport"];

/// Keys that never have more than one value, although policies test them with `ForAllValues` or `ForAnyValue`.
const SINGLE: [&str; 24] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:useragent",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
];

/// How the values of a key are read; each family has a way of its own to find those that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Text,
    Boolean,
    Number,
    Time,
    Address,
    Bytes,
}

pub(crate) fn family(compare: Compare) -> Option<Family> {
    match compare {
        Compare::Text | Compare::IgnoreCase | Compare::Like | Compare::Arn => Some(Family::Text),
        Compare::Bool => Some(Family::Boolean),
        Compare::Numeric(_) => Some(Family::Number),
        Compare::Date(_) => Some(Family::Time),
        Compare::Ip => Some(Family::Address),
        Compare::Binary => Some(Family::Bytes),
        Compare::Null => None,
    }
}

/// A key with the conditions on it and their statements.
#[derive(Debug, Clone)]
pub(crate) struct Key<'a> {
    /// In lower case.
    pub(crate) name: String,
    pub(crate) tests: Vec<(usize, &'a Test)>,
}

/// Whom the callers of a question are, as far as keys depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callers {
    OfAccounts,
    OfNone,
    /// Whom an OpenID Connect provider vouches for.
    Web,
    /// Whom a SAML provider vouches for.
    Saml,
}

impl Key<'_> {
    /// The families of its conditions.
    pub(crate) fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> =
            self.tests.iter().filter_map(|(_, test)| family(test.operator.base.compare)).collect();
        families.sort_unstable();
        families.dedup();
        // What is true or false is nothing else, however it is compared.
        if families == [Family::Text, Family::Boolean] {
            families = vec![Family::Boolean];
        }
        families
    }

    /// The axis of the key, where the variables of policies have the values of `context`.
    ///
    /// # Errors
    /// When a limit is passed.
    pub(crate) fn axis(
        &self,
        asked: &Asked<'_>,
        context: &Context,
        callers: Callers,
    ) -> Result<Axis, String> {
        let mut axis = Axis::default();
        let context = context.clone();
        let told = |limit: String| format!("the key `{}`: {limit}", self.name);
        // A key that is a variable has one value at a time.
        match context.get(&self.name) {
            Given::Absent => {
                self.add(asked, &mut axis, &context, None).map_err(told)?;
                return Ok(axis);
            }
            Given::Values(values) => {
                let values = values.to_vec();
                self.add(asked, &mut axis, &context, Some(values)).map_err(told)?;
                return Ok(axis);
            }
            Given::NotGiven => {}
        }
        if !ALWAYS.contains(&self.name.as_str()) {
            self.add(asked, &mut axis, &context, None).map_err(told)?;
        }
        if callers == Callers::OfNone && is_of_accounts(&self.name) {
            return Ok(axis);
        }
        let mut values: Vec<String> = Vec::new();
        for value in self.values(asked, &context).map_err(told)? {
            if !values.contains(&value) && !self.is_inside(asked.scope, &value) {
                values.push(value);
            }
        }
        let is_many = self.tests.iter().any(|(_, test)| test.operator.set.is_some())
            && !SINGLE.contains(&self.name.as_str());
        if !is_many {
            for value in values {
                self.add(asked, &mut axis, &context, Some(vec![value])).map_err(told)?;
            }
            return Ok(axis);
        }
        self.sets(asked, &mut axis, &context, &values).map_err(told)?;
        Ok(axis)
    }

    /// Adds every set of values that some condition tells from the others. What a condition says of a set with one value
    /// more follows from what it says of the set and of the value, so that sets of which all say the same go on alike.
    fn sets(
        &self,
        asked: &Asked<'_>,
        axis: &mut Axis,
        context: &Context,
        values: &[String],
    ) -> Result<(), String> {
        let mut context = context.clone();
        let mut known: HashSet<(bool, Vec<Truth>)> = HashSet::new();
        let mut sets: Vec<Vec<String>> = vec![Vec::new()];
        let mut next = 0;
        while let Some(set) = sets.get(next).cloned() {
            next += 1;
            self.add(asked, axis, &context, Some(set.clone()))?;
            for value in values.iter().filter(|value| !set.contains(value)) {
                let more: Vec<String> = set.iter().chain([value]).cloned().collect();
                context.set(&self.name, more.clone());
                let said = self.tests.iter().map(|(_, test)| holds(test, &context)).collect();
                // Without a value that is not empty, what conditions say does not go on.
                let is_null = more.iter().all(String::is_empty);
                if known.insert((is_null, said)) {
                    if sets.len() == SETS_MAX {
                        return Err(format!("more than {SETS_MAX} sets of its values differ"));
                    }
                    sets.push(more);
                }
            }
        }
        Ok(())
    }

    fn add(
        &self,
        asked: &Asked<'_>,
        axis: &mut Axis,
        context: &Context,
        values: Option<Vec<String>>,
    ) -> Result<(), String> {
        let mask = self.mask(asked, context, values.as_deref());
        axis.add(mask, Part::Key(self.name.clone(), values))
    }

    /// The statements whose conditions on this key hold with these values; without any where it is absent.
    pub(crate) fn mask(&self, asked: &Asked<'_>, context: &Context, values: Option<&[String]>) -> Mask {
        let mut context = context.clone();
        match values {
            Some(values) => context.set(&self.name, values.to_vec()),
            None => context.set_absent(&self.name),
        }
        let mut mask = Mask::of(asked.statements.len(), |_| true);
        for (at, test) in &self.tests {
            if holds(test, &context) != Truth::Yes {
                mask.clear(*at);
            }
        }
        mask
    }

    /// Whether a value says that the caller, or what it acts for, belongs to whom the question leaves out.
    fn is_inside(&self, scope: &Scope, value: &str) -> bool {
        let Scope::Outside { accounts, organisations } = scope else { return false };
        match self.name.as_str() {
            "aws:principalaccount" | "aws:sourceaccount" | "aws:sourceowner" | "kms:calleraccount" => {
                accounts.contains(value)
            }
            "aws:principalorgid" | "aws:sourceorgid" => organisations.contains(value),
            "aws:principalorgpaths" | "aws:sourceorgpaths" => {
                value.split('/').next().is_some_and(|organisation| organisations.contains(organisation))
            }
            "aws:sourcearn" => value.split(':').nth(4).is_some_and(|account| accounts.contains(account)),
            // A network that a policy names whole is one's own.
            "aws:sourcevpc" | "aws:sourcevpce" => self.tests.iter().any(|(_, test)| {
                !test.operator.base.negated && test.values.iter().any(|template| template.written() == value)
            }),
            _ => false,
        }
    }

    /// A value of each kind that the conditions tell apart.
    fn values(&self, asked: &Asked<'_>, context: &Context) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        for family in self.families() {
            let written: Vec<&str> = self
                .tests
                .iter()
                .filter(|(_, test)| self::family(test.operator.base.compare) == Some(family))
                .flat_map(|(_, test)| test.values.iter().map(fathom_iam::Template::written))
                .collect();
            match family {
                Family::Boolean => values.extend(["true", "false"].map(str::to_owned)),
                Family::Number => values.extend(interval::numbers(&written)),
                Family::Time => values.extend(interval::moments(&written)),
                Family::Address => values.extend(interval::addresses(&written)),
                Family::Bytes => {
                    values.extend(written.iter().map(|text| (*text).to_owned()));
                    // Bytes that none of them are.
                    values.push(format!(
                        "{}AAAA",
                        "A".repeat(
                            written.iter().map(|text| text.len()).max().unwrap_or(0).next_multiple_of(4)
                        )
                    ));
                }
                Family::Text => values.extend(self.texts(context, asked.scope)?),
            }
        }
        if values.is_empty() {
            values.push("example".to_owned());
        }
        // Being null is asked of a key alone.
        if self.tests.iter().any(|(_, test)| test.operator.base.compare == Compare::Null) {
            values.push(String::new());
        }
        Ok(values)
    }

    fn texts(&self, context: &Context, scope: &Scope) -> Result<Vec<String>, String> {
        let mut machines = inside(scope);
        let mut values = Vec::new();
        let mut has_arns = false;
        for (_, test) in &self.tests {
            for template in &test.values {
                let compare = test.operator.base.compare;
                let Some(tokens) = resolved(template, context, Extent::Witness) else { continue };
                let plain = || tokens.iter().map(|token| Token::Char(character(*token)));
                let arns = Style::Segments { count: 6, pads: true, crosses: false };
                let machine = match compare {
                    Compare::Text => Machine::new(plain(), Style::Plain, false),
                    Compare::IgnoreCase => {
                        if !plain().all(|token| matches!(token, Token::Char(char) if char.is_ascii())) {
                            return Err("letters beyond ASCII are compared in any case".to_owned());
                        }
                        Machine::new(plain(), Style::Plain, true)
                    }
                    Compare::Like => Machine::new(tokens.iter().copied(), Style::Plain, false),
                    Compare::Arn => {
                        has_arns = true;
                        Machine::new(tokens.iter().copied(), arns, false)
                    }
                    _ => continue,
                };
                let is_plain = matches!(compare, Compare::Text | Compare::IgnoreCase);
                values.push(
                    tokens
                        .iter()
                        .map(|token| match token {
                            Token::Any if !is_plain => "example".to_owned(),
                            Token::One if !is_plain => "x".to_owned(),
                            other => character(*other).to_string(),
                        })
                        .collect(),
                );
                machines.push(machine);
            }
        }
        values.push(readable(&self.name));
        if has_arns {
            let characters = "arn:".chars().map(Token::Char).chain([Token::Any]);
            machines.push(Machine::new(characters, Style::Plain, false));
        }
        // Whether a text is empty is told apart too.
        machines.push(Machine::new([], Style::Plain, false));
        let reading = Reading { machines, prefix: String::new(), required: None, without: &[] };
        values.extend(reading.texts()?);
        Ok(values)
    }
}

/// What tells those whom a question leaves out from others.
fn inside(scope: &Scope) -> Vec<Machine> {
    let Scope::Outside { accounts, organisations } = scope else { return Vec::new() };
    let machine = |text: &str| {
        let tokens = text.chars().map(|char| if char == '*' { Token::Any } else { Token::Char(char) });
        Machine::new(tokens, Style::Segments { count: 6, pads: true, crosses: false }, false)
    };
    let plain = |text: &String| Machine::new(text.chars().map(Token::Char), Style::Plain, false);
    let owned = accounts.iter().map(|account| machine(&format!("arn:*:*:*:{account}:*")));
    let paths = organisations.iter().map(|organisation| {
        let tokens = organisation.chars().map(Token::Char).chain([Token::Char('/'), Token::Any]);
        Machine::new(tokens, Style::Plain, false)
    });
    accounts.iter().map(plain).chain(organisations.iter().map(plain)).chain(owned).chain(paths).collect()
}

/// The character that a wildcard is where there are none.
fn character(token: Token) -> char {
    match token {
        Token::Char(char) => char,
        Token::Any => '*',
        Token::One => '?',
    }
}

/// A value that people recognise as one of the key.
fn readable(name: &str) -> String {
    match name {
        "aws:principalorgid" | "aws:resourceorgid" | "aws:sourceorgid" => "o-example123",
        "aws:requestedregion" => "eu-west-1",
        "aws:sourcevpc" => "vpc-0123456789abcdef0",
        "aws:sourcevpce" => "vpce-0123456789abcdef0",
        "aws:sourceaccount" | "aws:sourceowner" | "aws:resourceaccount" | "kms:calleraccount" => {
            "999988887777"
        }
        _ => "example",
    }
    .to_owned()
}

/// Whether only callers of an account have the key.
fn is_of_accounts(name: &str) -> bool {
    matches!(
        name,
        "aws:principalorgid"
            | "aws:principalorgpaths"
            | "aws:multifactorauthpresent"
            | "aws:multifactorauthage"
    ) || name.starts_with("aws:principaltag/")
}

/// Whether a condition compares with the value of another key.
pub(crate) fn is_relational(test: &Test) -> bool {
    test.values.iter().any(has_variable)
}
