//! Texts with places: `aws s3api delete-bucket-policy --bucket <id>`. What stands in a place is an expression, or a choice of people.

use crate::tree::{Mistake, Tree};

/// Names that expressions of fixes know beside those of checks, in the order of their slots.
pub(super) const NAMES: [&str; 10] =
    ["arn", "id", "name", "account", "region", "parts", "then", "taken", "others", "it"];
/// The slots that hold documents of the type.
pub(super) const DOCUMENTS: [usize; 2] = [THEN, 7];
/// The slot of the document as it would be.
pub(super) const THEN: usize = 6;
/// The slot of documents beside the own one that would be others.
pub(super) const OTHERS: usize = 8;
/// What a choice begins with.
const CHOICE: &str = "your.";

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece {
    /// As it stands.
    Text(String),
    /// What people choose, by its name.
    Choice(String),
    /// What an expression gives, and the expression as it is written.
    Value(Tree, String),
}

/// A word of a command.
pub(crate) type Word = Vec<Piece>;

/// Reads a place, without its brackets.
pub(super) fn place(text: &str) -> Result<Piece, Mistake> {
    if let Some(name) = text.strip_prefix(CHOICE) {
        let is_name = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(mistake(format!("`<{text}>`: what people choose is called like `<your.key>`")));
        }
        return Ok(Piece::Choice(name.to_owned()));
    }
    let tree = Tree::parse_with(text, &NAMES)
        .map_err(|Mistake { message, .. }| mistake(format!("`<{text}>`: {message}")))?;
    Ok(Piece::Value(tree, text.to_owned()))
}

/// Reads a text that is for people: no words, no quotes.
pub(super) fn text(text: &str) -> Result<Vec<Piece>, Mistake> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let (inner, behind) = closed(after)?;
        push(&mut pieces, before);
        pieces.push(place(inner)?);
        rest = behind;
    }
    push(&mut pieces, rest);
    Ok(pieces)
}

/// Reads commands: words apart by blanks, commands by `;` and ends of lines. Quotes group, as in a shell.
pub(super) fn commands(text: &str) -> Result<Vec<Vec<Word>>, Mistake> {
    let mut all = Vec::new();
    let (mut words, mut word, mut is_word): (Vec<Word>, Word, bool) = (Vec::new(), Vec::new(), false);
    let mut quote: Option<char> = None;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let after = rest.get(next.len_utf8()..).unwrap_or_default();
        let ends_command =
            next == '\n' || (next == ';' && after.chars().next().is_none_or(char::is_whitespace));
        if next == '<' {
            let (inner, behind) = closed(after)?;
            word.push(place(inner)?);
            is_word = true;
            rest = behind;
            continue;
        }
        match quote {
            Some(open) if open == next => quote = None,
            None if next == '\'' || next == '"' => (quote, is_word) = (Some(next), true),
            None if ends_command || next.is_whitespace() => {
                if is_word {
                    words.push(std::mem::take(&mut word));
                    is_word = false;
                }
                if ends_command && !words.is_empty() {
                    all.push(std::mem::take(&mut words));
                }
            }
            _ => {
                push(&mut word, &next.to_string());
                is_word = true;
            }
        }
        rest = after;
    }
    if quote.is_some() {
        return Err(mistake("a quote is not closed".to_owned()));
    }
    if is_word {
        words.push(word);
    }
    if !words.is_empty() {
        all.push(words);
    }
    for words in &all {
        let is = |word: Option<&Word>, text: &str| {
            word.is_some_and(|word| *word == [Piece::Text(text.to_owned())])
        };
        if !is(words.first(), "aws") {
            return Err(mistake("a command begins with `aws`".to_owned()));
        }
        let is_left_out = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains('…'));
        if words.iter().flatten().any(is_left_out) {
            return Err(mistake("`…` is no command: name what is left out as `<your.…>`".to_owned()));
        }
    }
    Ok(all)
}

fn push(word: &mut Word, text: &str) {
    match word.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Text(before)) => before.push_str(text),
        _ => word.push(Piece::Text(text.to_owned())),
    }
}

fn closed(after: &str) -> Result<(&str, &str), Mistake> {
    after.split_once('>').ok_or_else(|| mistake("`<` begins a place, and no `>` ends it".to_owned()))
}

pub(super) fn mistake(message: String) -> Mistake {
    Mistake { line: 0, message }
}
