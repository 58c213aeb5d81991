//! Commands with their values, as a shell takes them. Names of resources are hostile: none of them may be more than one word.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

/// What stands for a choice within a value: characters that no name of a provider has.
pub(super) const OPEN: char = '\u{e000}';
pub(super) const CLOSE: char = '\u{e001}';

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// What people choose, by its name.
    Choice(String),
}

/// A command, whole but for what people choose.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Its words, each with its parts.
    pub words: Vec<Vec<Part>>,
}

impl Command {
    /// As a shell takes it: each value is one word, whatever is in it; choices are variables.
    pub fn shell(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }

    /// The names of what people choose in it.
    pub fn choices(&self) -> impl Iterator<Item = &str> {
        self.words.iter().flatten().filter_map(|part| match part {
            Part::Choice(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let words: Vec<String> = self.words.iter().map(|word| plain(word)).collect();
        let mut told = serializer.serialize_struct("Command", 2)?;
        told.serialize_field("shell", &self.shell())?;
        told.serialize_field("words", &words)?;
        told.end()
    }
}

/// A text in which what stands for choices is as content writes it: `<your.key>`.
pub fn named_text(text: &str) -> String {
    text.replace(OPEN, "<your.").replace(CLOSE, ">")
}

/// The variable of a choice.
pub fn variable(name: &str) -> String {
    name.to_ascii_uppercase()
}

/// The lines of a script: what it needs of people, which a shell asks for where nothing is set, and the commands.
pub fn script(commands: &[Command], choices: &BTreeMap<String, String>) -> Vec<String> {
    let used: BTreeSet<&str> = commands.iter().flat_map(Command::choices).collect();
    let asked = choices.iter().filter(|(name, _)| used.contains(name.as_str()));
    let asked = asked.map(|(name, what)| {
        // What follows `:?` is said where nothing is set; within quotes it may hold anything but these.
        let what: String = what.chars().filter(|one| !"\"\\$`}".contains(*one)).collect();
        format!(": \"${{{}:?{what}}}\"", variable(name))
    });
    asked.chain(commands.iter().map(Command::shell)).collect()
}

/// A word for programs: choices as content writes them.
fn plain(word: &[Part]) -> String {
    word.iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Choice(name) => format!("<your.{name}>"),
        })
        .collect()
}

fn quoted(word: &[Part]) -> String {
    if word.is_empty() {
        return "''".to_owned();
    }
    word.iter()
        .map(|part| match part {
            Part::Text(text) => quote(text),
            Part::Choice(name) => format!("\"${}\"", variable(name)),
        })
        .collect()
}

/// A text as one word of a POSIX shell.
fn quote(text: &str) -> String {
    let is_plain = |one: char| one.is_ascii_alphanumeric() || "_@%+=:,./-".contains(one);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A value within a word like `Name=VALUE,Other=…`, where commas and quotes have a meaning for the command.
pub(super) fn member(value: &str) -> String {
    let is_plain = |one: char| one.is_alphanumeric() || "_@%+:./-".contains(one);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
}

/// A text within the quotes of a text of JSON.
pub(super) fn escaped(text: &str) -> String {
    let whole = serde_json::Value::from(text).to_string();
    whole.get(1..whole.len() - 1).unwrap_or_default().to_owned()
}

/// Takes a text apart at what stands for choices.
pub(super) fn parts(text: &str, known: impl Fn(&str) -> bool) -> Vec<Part> {
    let mut all: Vec<Part> = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        plain.push_str(before);
        if let Some((name, behind)) = after.split_once(CLOSE).filter(|(name, _)| known(name)) {
            if !plain.is_empty() {
                all.push(Part::Text(std::mem::take(&mut plain)));
            }
            all.push(Part::Choice(name.to_owned()));
            rest = behind;
        } else {
            plain.push(OPEN);
            rest = after;
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        all.push(Part::Text(plain));
    }
    all
}
