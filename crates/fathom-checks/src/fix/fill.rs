//! Fills a fix with the values of one resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    Set, Step, Taking, edit,
    shell::{self, CLOSE, Command, OPEN, Part},
    template::{OTHERS, Piece, THEN, Word},
};
use crate::{
    compile::Check,
    evaluate::{Ground, Stop, Told, ToldBy, evaluate_any},
    facts::{Facts, Subject},
    tree::Tree,
};

/// Commands of one fix; more are counted.
const COMMANDS_MAX: usize = 200;
/// Bytes of one word: what Linux lets a program be given.
const WORD_BYTES_MAX: usize = 120 * 1024;

/// A fix with the values of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The commands.
    pub cli: Vec<Command>,
    /// The commands that make it as it was.
    pub undo: Vec<Command>,
    /// What it is in Terraform.
    pub terraform: String,
    /// What people choose, by the name that commands give it, each with what it is; only what the filled commands have.
    pub choices: BTreeMap<String, String>,
    /// What of the commands is not known, in words. Such a command is left out.
    pub missing: Vec<String>,
    /// The same of the undo.
    pub undo_missing: Vec<String>,
    /// The document as it would be; none where the fix does not say what it makes of it.
    pub then: Option<Value>,
    /// Documents beside it that would be others: as they are, and as they would be.
    pub others: Vec<(Value, Value)>,
}

impl Filled {
    /// The document as it would be, with choices as content writes them.
    pub fn then_told(&self) -> Option<Value> {
        self.then.as_ref().map(named)
    }
}

/// A value in which what stands for choices is as content writes it: `<your.key>`.
pub fn named(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(shell::named_text(text)),
        Value::Array(items) => items.iter().map(named).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, one)| (name.clone(), named(one))).collect::<Map<_, _>>().into()
        }
        plain => plain.clone(),
    }
}

/// Whether anything of it is what stands for a choice of people.
pub fn holds_choice(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OPEN),
        Value::Array(items) => items.iter().any(holds_choice),
        Value::Object(members) => members.values().any(holds_choice),
        _ => false,
    }
}

impl Check {
    /// Fills its fix for a subject. `id` is the provider's id of it.
    pub fn fill(&self, subject: &Subject<'_>, id: &str, facts: &dyn Facts) -> Filled {
        let trees = self.fix.trees();
        let told: ToldBy<'_> =
            trees.iter().flat_map(|tree| &tree.asked).map(|asked| (asked, Told::new())).collect();
        let ground = Ground { subject, facts, told: &told };
        let rest = subject.uid.splitn(6, ':').nth(5).unwrap_or_default();
        let parts: Vec<&str> = rest.split(['/', ':']).filter(|part| !part.is_empty()).collect();
        let mut given = vec![
            json!(subject.uid),
            json!(id),
            json!(subject.name.unwrap_or(id)),
            json!(subject.account),
            json!(subject.region),
            json!(parts),
        ];
        given.extend([subject.document.clone(), json!({}), json!([]), Value::Null]);
        let mut filling = Filling { check: self, ground, given };
        let mut missing = Vec::new();
        let changed = match filling.change() {
            Ok(changed) => changed,
            Err(stop) => {
                missing.push(format!("what the fix makes of the description: {}", filling.why(&stop)));
                false
            }
        };
        let then = filling.given.get(THEN).filter(|_| changed).cloned();
        let others = filling.given.get(OTHERS).and_then(Value::as_array).into_iter().flatten();
        let others = others.map(|one| (one["was"].clone(), one["then"].clone())).collect();
        let cli = filling.steps(&self.fix.cli, &mut missing);
        let mut undo_missing = Vec::new();
        let back = self.fix.undo.as_ref().map(|undo| undo.cli.as_slice()).unwrap_or_default();
        let undo = filling.steps(back, &mut undo_missing);
        let terraform = filling.text(&self.fix.terraform);
        let used: BTreeSet<&str> = cli.iter().chain(&undo).flat_map(Command::choices).collect();
        let choices = &self.fix.choices;
        let choices = choices.iter().filter(|(name, _)| used.contains(name.as_str()));
        let choices = choices.map(|(name, what)| (name.clone(), what.clone())).collect();
        Filled { cli, undo, terraform, choices, missing, undo_missing, then, others }
    }
}

struct Filling<'a> {
    check: &'a Check,
    ground: Ground<'a>,
    /// The values of the names, by their slots.
    given: Vec<Value>,
}

impl<'a> Filling<'a> {
    fn value(&self, tree: &'a Tree) -> Result<Value, Stop> {
        let given: Vec<&Value> = self.given.iter().collect();
        // Values are made anew for each expression, so nothing of them outlives it.
        let ground = Ground { subject: self.ground.subject, ..self.ground };
        evaluate_any(tree, ground, &given, Some(THEN))
    }

    fn holds(&self, tree: &'a Tree) -> Result<bool, Stop> {
        match self.value(tree)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Stop::Wrong("it gives no true or false".to_owned())),
        }
    }

    fn why(&self, stop: &Stop) -> String {
        let subject = self.ground.subject;
        match stop {
            Stop::Missing(what) => {
                let all: Vec<String> = what
                    .iter()
                    .map(|one| {
                        if subject.unread.contains(one) {
                            self.ground.facts.why_unread(subject, one)
                        } else {
                            one.clone()
                        }
                    })
                    .collect();
                all.join(", ")
            }
            Stop::Wrong(what) => what.clone(),
            Stop::Spent => format!("it takes more than {} steps", crate::STEPS_MAX),
        }
    }

    /// Makes the document as it would be, and what was taken out of it. Whether the fix says so at all.
    fn change(&mut self) -> Result<bool, Stop> {
        let fix = &self.check.fix;
        if !fix.is_declared() {
            return Ok(false);
        }
        let mut then = self.ground.subject.document.clone();
        let mut taken = json!({});
        let mut others = Vec::new();
        for taking in &fix.takes {
            let Some(on) = &taking.on else {
                let document = self.ground.subject.document;
                self.takes(taking, document, (&mut then, &mut taken))?;
                continue;
            };
            for was in self.value(on)?.as_array().into_iter().flatten() {
                let (mut then, mut taken) = (was.clone(), json!({}));
                self.takes(taking, was, (&mut then, &mut taken))?;
                if then != *was {
                    others.push(json!({ "was": was, "then": then, "taken": taken }));
                }
            }
        }
        for (steps, set) in &fix.sets {
            // A part of what was not read cannot be changed without losing the rest.
            if let Some(path) = self.ground.subject.unread.iter().find(|path| edit::is_within(steps, path)) {
                return Err(Stop::Missing([path.clone()].into()));
            }
            let value = self.set(set)?;
            edit::put(&mut then, steps, &value);
        }
        let is_own = !fix.sets.is_empty() || fix.takes.iter().any(|one| one.on.is_none());
        if let [.., of_then, of_taken, of_others, _] = self.given.as_mut_slice() {
            (*of_then, *of_taken, *of_others) = (then, taken, Value::Array(others));
        }
        Ok(is_own)
    }

    fn takes(
        &mut self,
        taking: &'a Taking,
        document: &Value,
        (then, all): (&mut Value, &mut Value),
    ) -> Result<(), Stop> {
        let unread = self.ground.subject.unread;
        if let [edit::Step::Name(first), ..] = taking.from.as_slice()
            && taking.on.is_none()
            && let Some(path) = unread.iter().find(|path| path.split(['.', '[']).next() == Some(first))
        {
            return Err(Stop::Missing([path.clone()].into()));
        }
        let (mut left, mut gone) = (Vec::new(), Vec::new());
        for element in edit::list(document, &taking.from) {
            self.is(element.clone());
            if !self.holds(&taking.which)? {
                left.push(element.clone());
                continue;
            }
            if taking.of.is_empty() {
                gone.push(element.clone());
                continue;
            }
            let lists: Vec<&str> = taking.of.iter().map(|(name, _)| name.as_str()).collect();
            let (stays, taken) = edit::split(element, &lists, &taking.keeps, |list, item| {
                self.is(item.clone());
                let tree = taking.of.iter().find(|(name, _)| name == list).map(|(_, tree)| tree);
                tree.map_or(Ok(false), |tree| self.holds(tree))
            })?;
            left.extend(stays);
            gone.extend(taken);
        }
        self.is(Value::Null);
        if !gone.is_empty() {
            edit::put(then, &taking.from, &Value::Array(left));
        }
        edit::put(all, &taking.from, &Value::Array(gone));
        Ok(())
    }

    /// Says what `it` is.
    fn is(&mut self, value: Value) {
        if let Some(it) = self.given.last_mut() {
            *it = value;
        }
    }

    fn set(&self, set: &'a Set) -> Result<Value, Stop> {
        Ok(match set {
            Set::Plain(value) => value.clone(),
            // One place alone keeps its kind.
            Set::Text(pieces) => match pieces.as_slice() {
                [Piece::Value(tree, _)] => self.value(tree)?,
                pieces => Value::String(self.joined(pieces)?),
            },
            Set::All(tree) => self.value(tree)?,
            Set::List(items) => {
                let mut all = Vec::new();
                for item in items {
                    match (item, self.set(item)?) {
                        (Set::All(_), Value::Array(items)) => all.extend(items),
                        (_, item) => all.push(item),
                    }
                }
                Value::Array(all)
            }
            Set::Members(members) => {
                let members: Result<Map<_, _>, _> =
                    members.iter().map(|(name, one)| Ok((name.clone(), self.set(one)?))).collect();
                Value::Object(members?)
            }
        })
    }

    fn joined(&self, pieces: &'a [Piece]) -> Result<String, Stop> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Choice(name) => {
                    text.push(OPEN);
                    text.push_str(name);
                    text.push(CLOSE);
                }
                Piece::Value(tree, _) => text.push_str(&written(&self.value(tree)?)),
            }
        }
        Ok(text)
    }

    /// A text for people; what is not known stands in it as such.
    fn text(&self, pieces: &'a [Piece]) -> String {
        pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(plain) => plain.clone(),
                Piece::Choice(name) => format!("<your.{name}>"),
                Piece::Value(tree, _) => match self.value(tree) {
                    Ok(value) => written(&named(&value)),
                    Err(stop) => format!("UNKNOWN ({})", self.why(&stop)),
                },
            })
            .collect()
    }

    fn steps(&mut self, steps: &'a [Step], missing: &mut Vec<String>) -> Vec<Command> {
        let mut all = Vec::new();
        for step in steps {
            let name = step.commands.first().map(|words| heading(words)).unwrap_or_default();
            let elements = match step.each.as_ref().map(|each| self.value(each)) {
                None => vec![Value::Null],
                Some(Ok(Value::Array(items))) => items,
                Some(Ok(other)) => vec![other],
                Some(Err(stop)) => {
                    missing.push(format!("{name}: {}", self.why(&stop)));
                    continue;
                }
            };
            for element in elements {
                self.is(element);
                match step.when.as_ref().map_or(Ok(true), |when| self.holds(when)) {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(stop) => {
                        missing.push(format!("{name}: whether it is needed: {}", self.why(&stop)));
                        continue;
                    }
                }
                for words in &step.commands {
                    match self.command(words) {
                        Ok(command) => all.push(command),
                        Err(why) => missing.push(format!("{}: {why}", heading(words))),
                    }
                }
                self.is(Value::Null);
            }
        }
        if all.len() > COMMANDS_MAX {
            missing.push(format!("{} more commands of the same kind", all.len() - COMMANDS_MAX));
            all.truncate(COMMANDS_MAX);
        }
        all
    }

    fn command(&self, words: &'a [Word]) -> Result<Command, String> {
        let mut filled: Vec<Vec<Part>> = Vec::new();
        for word in words {
            let parts = self.word(word)?;
            let begins = match parts.first() {
                Some(Part::Text(text)) => text.as_str(),
                _ => "",
            };
            // An option that the content itself writes in the expression; nothing where it is not needed.
            let options = matches!(word.as_slice(), [Piece::Value(_, text)] if text.contains("'--"));
            if options && parts.iter().all(|part| *part == Part::Text(String::new())) {
                continue;
            }
            let is_option = matches!(word.as_slice(), [Piece::Value(_, text)]
                if begins.starts_with("--") && text.contains(&format!("'{}", option(begins))));
            let is_own = matches!(word.first(), Some(Piece::Value(..))) && !is_option;
            if is_own && ["file://", "fileb://"].iter().any(|scheme| begins.starts_with(scheme)) {
                return Err(format!("`{begins}` would be taken for the name of a file"));
            }
            // A value that looks like an option is joined to the option before it.
            if is_own && begins.starts_with('-') {
                match filled.last_mut() {
                    Some(before) if matches!(before.as_slice(), [Part::Text(text)] if text.starts_with("--")) =>
                    {
                        before.push(Part::Text("=".to_owned()));
                        before.extend(parts);
                        continue;
                    }
                    _ => return Err(format!("`{begins}` would be taken for an option")),
                }
            }
            filled.push(parts);
        }
        let region = self.ground.subject.region;
        let has_region = filled.iter().any(|word| *word == [Part::Text("--region".to_owned())]);
        if !region.is_empty() && region != "global" && !has_region {
            filled.extend([vec![Part::Text("--region".to_owned())], vec![Part::Text(region.to_owned())]]);
        }
        let filled = filled.into_iter().map(merged).collect();
        Ok(Command { words: filled })
    }

    fn word(&self, word: &'a Word) -> Result<Vec<Part>, String> {
        let choices = &self.check.fix.choices;
        let mut parts = Vec::new();
        // What stands before a place, as far as the word goes.
        let mut before = String::new();
        for piece in word {
            match piece {
                Piece::Text(text) => {
                    before.push_str(text);
                    parts.push(Part::Text(text.clone()));
                }
                Piece::Choice(name) => parts.push(Part::Choice(name.clone())),
                Piece::Value(tree, _) => {
                    let value = self.value(tree).map_err(|stop| self.why(&stop))?;
                    let mut text = written(&value);
                    if text.chars().any(char::is_control) {
                        return Err("its value has control characters, which no name has".to_owned());
                    }
                    if text.len() > WORD_BYTES_MAX {
                        return Err(format!("its value has more than {WORD_BYTES_MAX} bytes"));
                    }
                    if before.matches('"').count() % 2 == 1 {
                        // Within a text of JSON.
                        text = shell::escaped(&text);
                    } else if before.ends_with('=') && !before.starts_with("--") && !text.is_empty() {
                        text = shell::member(&text);
                    }
                    parts.extend(shell::parts(&text, |name| choices.contains_key(name)));
                }
            }
        }
        Ok(parts)
    }
}

/// The option of a word: `--port` of `--port=22`.
fn option(word: &str) -> &str {
    word.split_once('=').map_or(word, |(option, _)| option)
}

/// Texts that follow each other are one.
fn merged(parts: Vec<Part>) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    for part in parts {
        match (all.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => all.push(part),
        }
    }
    all
}

/// The first words of a command: service and operation.
fn heading(words: &[Word]) -> String {
    let names: Vec<&str> = words
        .iter()
        .take(3)
        .filter_map(|word| match word.as_slice() {
            [Piece::Text(text)] => Some(text.as_str()),
            _ => None,
        })
        .collect();
    names.join(" ")
}

/// A value in a command: texts as they are, numbers and true or false in their digits and words, all else as JSON.
fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
