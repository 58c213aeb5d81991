//! How a check is made to hold: reads the templates of its fix, fills them with the values of one resource, and makes the document as it
//! would be. `template.rs` reads texts, `edit.rs` changes documents, `fill.rs` fills, `shell.rs` writes commands.
//!
//! **Invariant:** nothing is run. What is not known stays a place, and is named; a value is never more than one word of a command.

mod edit;
mod fill;
mod shell;
mod template;

use std::collections::BTreeMap;

use fathom_content::checks::{CheckDefinition, Steps, UndoKind};
use serde_json::Value;

pub use fill::{Filled, holds_choice, named};
pub use shell::{Command, Part, named_text, script, variable};

use crate::{
    forms::{self, Forms},
    tree::{Mistake, Tree},
};
use template::{DOCUMENTS, NAMES, Piece, Word};

/// A fix, ready to be filled.
#[derive(Debug)]
pub struct Fix {
    pub(crate) cli: Vec<Step>,
    pub(crate) terraform: Vec<Piece>,
    pub(crate) sets: Vec<(Vec<edit::Step>, Set)>,
    pub(crate) takes: Vec<Taking>,
    /// The way back; none where nobody wrote it yet.
    pub undo: Option<Undo>,
    /// What people choose, by the name that commands give it, each with what it is.
    pub choices: BTreeMap<String, String>,
}

/// The way back.
#[derive(Debug)]
pub struct Undo {
    /// What kind of way it is.
    pub kind: UndoKind,
    /// Why there is none, or what does not come back with it.
    pub because: Option<String>,
    pub(crate) cli: Vec<Step>,
}

/// Commands, with what says when they are run.
#[derive(Debug)]
pub(crate) struct Step {
    pub(super) commands: Vec<Vec<Word>>,
    pub(super) when: Option<Tree>,
    pub(super) each: Option<Tree>,
}

/// A value that a member is set to.
#[derive(Debug)]
pub(crate) enum Set {
    Plain(Value),
    Text(Vec<Piece>),
    /// In a list, all elements of another.
    All(Tree),
    List(Vec<Set>),
    Members(Vec<(String, Set)>),
}

#[derive(Debug)]
pub(crate) struct Taking {
    /// The documents beside the own one that are meant.
    pub(super) on: Option<Tree>,
    pub(super) from: Vec<edit::Step>,
    pub(super) which: Tree,
    pub(super) of: Vec<(String, Tree)>,
    pub(super) keeps: Vec<String>,
}

impl Fix {
    /// One without commands.
    fn nothing() -> Self {
        Self {
            cli: Vec::new(),
            terraform: Vec::new(),
            sets: Vec::new(),
            takes: Vec::new(),
            undo: None,
            choices: BTreeMap::new(),
        }
    }

    /// Makes it, and tells what of it cannot be used, each with its line.
    pub(crate) fn compile(
        definition: &CheckDefinition,
        forms: &dyn Forms,
        shared: &BTreeMap<String, String>,
        problem: &mut dyn FnMut(u64, String),
    ) -> Self {
        let fix = &definition.fix;
        if fix.manifest.is_some() {
            // What manifests declare is put right there: commands are for people to read, and nothing is filled.
            return Self::nothing();
        }
        let mut fix_of = Compiling { kind: definition.kind.as_str(), forms, used: Vec::new(), problem };
        let cli = fix_of.steps(&fix.cli.value, fix.cli.referenced.line(), "cli");
        if cli.is_empty() {
            (fix_of.problem)(fix.cli.referenced.line(), "`fix.cli` has no command".to_owned());
        }
        let line = fix.terraform.referenced.line();
        let terraform = fix_of.take(template::text(&fix.terraform.value), line, "terraform");
        fix_of.look(terraform.iter().flatten(), line, "terraform");
        let mut sets = Vec::new();
        for (path, value) in fix.sets.iter().flat_map(|sets| &sets.value) {
            let line = fix.sets.as_ref().map_or(0, |sets| sets.referenced.line());
            let steps = fix_of.take(edit::path(path), line, "sets");
            let set = fix_of.take(set(value), line, "sets");
            if let (Some(steps), Some(set)) = (steps, set) {
                fix_of.exists(&steps, line, "sets");
                fix_of.look_set(&set, line);
                sets.push((steps, set));
            }
        }
        let mut takes = Vec::new();
        for taking in fix.takes.iter().flat_map(|takes| &takes.value) {
            let line = fix.takes.as_ref().map_or(0, |takes| takes.referenced.line());
            let steps = fix_of.take(edit::path(&taking.from), line, "takes");
            let which = fix_of.tree(&taking.which, line, "takes");
            let of: Vec<(String, Tree)> = taking
                .of
                .iter()
                .filter_map(|(name, text)| Some((name.clone(), fix_of.tree(text, line, "takes")?)))
                .collect();
            let on = taking.on.as_ref().and_then(|text| fix_of.tree(text, line, "takes"));
            if let (Some(from), Some(which)) = (steps, which) {
                if taking.on.is_none() {
                    fix_of.exists(&from, line, "takes");
                }
                takes.push(Taking { on, from, which, of, keeps: taking.keeps.clone() });
            }
        }
        let undo = fix.undo.as_ref().map(|undo| {
            let line = undo.referenced.line();
            let undo = &undo.value;
            let cli = fix_of.steps(&undo.cli, line, "undo");
            if cli.is_empty() && undo.because.is_none() {
                let message = "`fix.undo` has no command: say with `because` why there is no way back";
                (fix_of.problem)(line, message.to_owned());
            }
            if cli.is_empty() && undo.kind == UndoKind::Reversible {
                let message = "`fix.undo` is `reversible` and has no command: write `kind: one_way`";
                (fix_of.problem)(line, message.to_owned());
            }
            Undo { kind: undo.kind, because: undo.because.clone(), cli }
        });
        let mut choices = BTreeMap::new();
        for (name, line) in std::mem::take(&mut fix_of.used) {
            match fix.yours.get(&name).or_else(|| shared.get(&name)) {
                Some(what) => {
                    choices.insert(name, what.clone());
                }
                None => (fix_of.problem)(
                    line,
                    format!(
                        "nothing says what `<your.{name}>` is: name it under `yours` or in checks/choices.yaml"
                    ),
                ),
            }
        }
        Self { cli, terraform: terraform.unwrap_or_default(), sets, takes, undo, choices }
    }

    /// Whether it says what it makes of the document.
    pub fn is_declared(&self) -> bool {
        !self.sets.is_empty() || !self.takes.is_empty()
    }

    /// All expressions.
    pub(crate) fn trees(&self) -> Vec<&Tree> {
        fn of_pieces<'p>(pieces: impl IntoIterator<Item = &'p Piece>) -> impl Iterator<Item = &'p Tree> {
            pieces.into_iter().filter_map(|piece| match piece {
                Piece::Value(tree, _) => Some(tree),
                _ => None,
            })
        }
        fn of_set<'s>(set: &'s Set, all: &mut Vec<&'s Tree>) {
            match set {
                Set::Plain(_) => {}
                Set::Text(pieces) => all.extend(of_pieces(pieces)),
                Set::All(tree) => all.push(tree),
                Set::List(items) => items.iter().for_each(|one| of_set(one, all)),
                Set::Members(members) => members.iter().for_each(|(_, one)| of_set(one, all)),
            }
        }
        let mut all: Vec<&Tree> = of_pieces(&self.terraform).collect();
        for step in self.cli.iter().chain(self.undo.iter().flat_map(|undo| &undo.cli)) {
            all.extend(step.when.iter().chain(&step.each));
            all.extend(of_pieces(step.commands.iter().flatten().flatten()));
        }
        self.sets.iter().for_each(|(_, set)| of_set(set, &mut all));
        for taking in &self.takes {
            all.extend(&taking.on);
            all.push(&taking.which);
            all.extend(taking.of.iter().map(|(_, tree)| tree));
        }
        all
    }
}

struct Compiling<'a> {
    kind: &'a str,
    forms: &'a dyn Forms,
    /// Choices, with the lines on which they stand.
    used: Vec<(String, u64)>,
    problem: &'a mut dyn FnMut(u64, String),
}

impl Compiling<'_> {
    fn take<T>(&mut self, made: Result<T, Mistake>, line: u64, name: &str) -> Option<T> {
        made.map_err(|Mistake { message, .. }| (self.problem)(line, format!("`fix.{name}`: {message}"))).ok()
    }

    fn tree(&mut self, text: &str, line: u64, name: &str) -> Option<Tree> {
        let made = Tree::parse_with(text, &NAMES)
            .map_err(|Mistake { message, .. }| template::mistake(format!("`{text}`: {message}")));
        let tree = self.take(made, line, name)?;
        let looked = forms::read_any(&tree, self.kind, self.forms, &DOCUMENTS);
        self.take(looked, line, name)?;
        Some(tree)
    }

    fn steps(&mut self, steps: &Steps, line: u64, name: &str) -> Vec<Step> {
        let mut all = Vec::new();
        for step in &steps.0 {
            let Some(commands) = self.take(template::commands(&step.run), line, name) else { continue };
            self.look(commands.iter().flatten().flatten(), line, name);
            let when = step.when.as_ref().and_then(|text| self.tree(text, line, name));
            let each = step.each.as_ref().and_then(|text| self.tree(text, line, name));
            all.push(Step { commands, when, each });
        }
        all
    }

    /// Looks through places: members must exist, choices are noted.
    fn look<'p>(&mut self, pieces: impl IntoIterator<Item = &'p Piece>, line: u64, name: &str) {
        for piece in pieces {
            match piece {
                Piece::Text(_) => {}
                Piece::Choice(choice) => self.used.push((choice.clone(), line)),
                Piece::Value(tree, _) => {
                    let looked = forms::read_any(tree, self.kind, self.forms, &DOCUMENTS);
                    self.take(looked, line, name);
                }
            }
        }
    }

    fn look_set(&mut self, set: &Set, line: u64) {
        match set {
            Set::Plain(_) => {}
            Set::Text(pieces) => self.look(pieces, line, "sets"),
            Set::All(tree) => {
                let looked = forms::read_any(tree, self.kind, self.forms, &DOCUMENTS);
                self.take(looked, line, "sets");
            }
            Set::List(items) => items.iter().for_each(|one| self.look_set(one, line)),
            Set::Members(members) => members.iter().for_each(|(_, one)| self.look_set(one, line)),
        }
    }

    /// That documents of the type have such a place.
    fn exists(&mut self, steps: &[edit::Step], line: u64, name: &str) {
        let mut path: Vec<String> = Vec::new();
        for step in steps {
            let form = self.forms.form(self.kind, &path);
            let found = match (step, form) {
                (edit::Step::Each, _) => "[]",
                (edit::Step::Name(_), forms::Form::Map) => "*",
                (edit::Step::Name(member), forms::Form::Members(names)) if !names.contains(member) => {
                    let place = path.join(".");
                    let message =
                        format!("`fix.{name}`: {} has no member `{member}` in `{place}`", self.kind);
                    return (self.problem)(line, message);
                }
                (edit::Step::Name(member), _) => member,
            };
            path.push(found.to_owned());
        }
    }
}

/// Reads a value that holds places in its texts.
fn set(value: &Value) -> Result<Set, Mistake> {
    Ok(match value {
        Value::String(text) if text.starts_with("*<") => match template::text(text)?.pop() {
            Some(Piece::Value(tree, _)) => Set::All(tree),
            _ => {
                return Err(template::mistake(format!(
                    "`{text}`: `*` stands before an expression that gives a list"
                )));
            }
        },
        Value::String(text) if text.contains('<') => Set::Text(template::text(text)?),
        Value::Array(items) => Set::List(items.iter().map(set).collect::<Result<_, _>>()?),
        Value::Object(members) => Set::Members(
            members
                .iter()
                .map(|(name, one)| Ok((name.clone(), set(one)?)))
                .collect::<Result<_, Mistake>>()?,
        ),
        plain => Set::Plain(plain.clone()),
    })
}
