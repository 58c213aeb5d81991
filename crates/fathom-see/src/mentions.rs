//! References that no relation names: every ARN and every id in a document, wherever it stands.
//!
//! One walk over the document, and one pass over each text; nothing is looked at twice. What is found here is a
//! reference by its form alone, so the estate keeps less of it than of what definitions declare (see [`Sure`]).

use std::collections::HashSet;

use fathom_content::ReferenceRules;
use fathom_estate::{Sure, arn};
use fathom_model::ResourceType;
use serde_json::Value;

/// The most references that are taken from one document.
pub const MENTIONS_MAX: usize = 1000;
/// How deep a document is looked into; the parsers go no deeper.
const DEPTH_MAX: usize = 128;
/// The longest ARN, as AWS limits it.
const ARN_BYTES_MAX: usize = 2048;
/// Longer names of members are data, and so no part of a path.
const NAME_BYTES_MAX: usize = 64;

/// A reference found by its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The ARN or id.
    pub text: String,
    /// The type, where the form tells it.
    pub to: Option<ResourceType>,
    /// Where it stands.
    pub path: String,
    /// Whether it is one for sure.
    pub sure: Sure,
}

/// What a document mentions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Each text once, where it stands first.
    pub found: Vec<Mention>,
    /// Whether there are more than [`MENTIONS_MAX`], or some deeper than is looked.
    pub cut: bool,
}

/// Finds what a document mentions. `covered` are texts that are no news: its own names, and what relations gave.
pub fn find(document: &Value, rules: &ReferenceRules, covered: impl IntoIterator<Item = String>) -> Mentions {
    let mut walk = Walk {
        rules,
        seen: covered.into_iter().collect(),
        path: String::new(),
        depth: 0,
        mentions: Mentions::default(),
    };
    walk.value(document, "");
    walk.mentions
}

struct Walk<'r> {
    rules: &'r ReferenceRules,
    seen: HashSet<String>,
    path: String,
    depth: usize,
    mentions: Mentions,
}

impl Walk<'_> {
    /// `name` is that of the nearest member above.
    fn value(&mut self, value: &Value, name: &str) {
        if self.depth > DEPTH_MAX {
            self.mentions.cut = true;
            return;
        }
        let before = self.path.len();
        self.depth += 1;
        match value {
            Value::String(text) => self.text(text, name),
            Value::Array(items) => {
                self.path.push_str("[]");
                for item in items {
                    self.value(item, name);
                }
            }
            Value::Object(members) => {
                for (member, value) in members {
                    let is_data = member.len() > NAME_BYTES_MAX || member.contains("arn:");
                    if before > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(if is_data { "*" } else { member });
                    if is_data {
                        self.arns(member);
                    }
                    self.value(value, member);
                    self.path.truncate(before);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        self.depth -= 1;
        self.path.truncate(before);
    }

    fn text(&mut self, text: &str, name: &str) {
        if text.is_empty() {
            // Services write what is not set as an empty text.
        } else if text.contains("arn:") {
            self.arns(text);
        } else if let Some(kind) = self.rules.type_of_id(text).or_else(|| self.rules.type_of_member(name)) {
            let sure = if self.rules.is_provider_owned(text) { Sure::Perhaps } else { Sure::Mentioned };
            self.take(text, Some(kind.clone()), sure);
        }
    }

    /// Every ARN in a text. One that fills the text may hold any character, as some names do; one inside a text ends
    /// where words end, and at the next.
    fn arns(&mut self, text: &str) {
        let mut rest = text;
        let mut inside_word = false;
        while let Some(start) = rest.find("arn:") {
            let (before, from) = rest.split_at(start);
            inside_word = before.chars().next_back().map_or(inside_word, |c| c.is_alphanumeric() || c == '-');
            let next = from.get(4..).and_then(|tail| tail.find("arn:")).map_or(from.len(), |at| at + 4);
            let (own, tail) = from.split_at(next);
            let fills =
                text.starts_with("arn:") && tail.is_empty() && before.is_empty() && own.len() == text.len();
            if !inside_word {
                let end = if fills { own.len() } else { own.find(ends_a_word).unwrap_or(own.len()) };
                let arn = own
                    .get(..end)
                    .unwrap_or(own)
                    .trim_end_matches(|c| ends_a_word(c) || c == '.' || c == '/');
                self.arn(arn);
            }
            inside_word = own.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '-');
            rest = tail;
        }
    }

    fn arn(&mut self, text: &str) {
        if text.len() > ARN_BYTES_MAX {
            return;
        }
        let Some(arn) = arn::parse(text) else { return };
        if !arn.partition.starts_with("aws") {
            return;
        }
        let somebodys =
            arn.has_account() || (arn.account.is_empty() && self.rules.without_account.contains(arn.service));
        let exact = !text.contains(arn::WILDCARDS) && !self.rules.is_provider_owned(arn.resource);
        self.take(text, None, if somebodys && exact { Sure::Mentioned } else { Sure::Perhaps });
    }

    fn take(&mut self, text: &str, to: Option<ResourceType>, sure: Sure) {
        if self.seen.contains(text) {
            return;
        }
        if self.mentions.found.len() >= MENTIONS_MAX {
            self.mentions.cut = true;
            return;
        }
        self.seen.insert(text.to_owned());
        self.mentions.found.push(Mention { text: text.to_owned(), to, path: self.path.clone(), sure });
    }
}

fn ends_a_word(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`,;<>()[]{}|\\".contains(c)
}
