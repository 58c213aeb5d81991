//! Texts of policies that match: `*`, `?`, policy variables with defaults, and ARNs segment by segment.

use crate::{
    context::{Context, Given},
    steps::Steps,
    truth::Truth,
};

/// A text of a policy as it was written, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template {
    written: String,
    parts: Vec<Part>,
}

/// One part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    Char(char),
    Any,
    One,
    Variable { key: String, default: Option<String> },
}

/// One step of a pattern whose variables have their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// `*`: any characters, also none.
    Any,
    /// `?`: any one character.
    One,
}

/// What became of a template in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resolved {
    /// A pattern.
    Pattern(Vec<Token>),
    /// A variable without a single value and without a default: it matches nothing.
    Nothing,
    /// A variable whose key the request does not give.
    Missing(String),
}

impl Template {
    /// Takes a text apart. Without `variables` (policies of version 2008-10-17), `${…}` is literal.
    pub(crate) fn parse(written: &str, variables: bool) -> Self {
        let mut parts = Vec::new();
        let mut rest = written;
        while let Some(next) = rest.chars().next() {
            if let Some((part, after)) = rest.strip_prefix("${").filter(|_| variables).and_then(variable) {
                parts.push(part);
                rest = after;
                continue;
            }
            parts.push(match next {
                '*' => Part::Any,
                '?' => Part::One,
                other => Part::Char(other),
            });
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
        Self { written: written.to_owned(), parts }
    }

    /// The text as it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Its parts, in their order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether it is nothing but `*`.
    pub(crate) fn is_everything(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| *part == Part::Any)
    }

    /// Whether it has a wildcard or a variable.
    pub(crate) fn is_fixed(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Char(_)))
    }

    /// Whether an ARN may match, whatever the values of variables are that the request does not give. All that may is
    /// let through, and what follows a short pattern too.
    fn might_be(&self, arn: &str, context: &Context, steps: &Steps) -> bool {
        let mut tokens = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part {
                Part::Char(char) => tokens.push(Token::Char(*char)),
                Part::One => tokens.push(Token::One),
                Part::Any => tokens.push(Token::Any),
                Part::Variable { key, .. } => match context.get(key) {
                    Given::Values([single]) => tokens.extend(single.chars().map(Token::Char)),
                    Given::Values(_) | Given::Absent | Given::NotGiven => tokens.push(Token::Any),
                },
            }
        }
        if tokens.iter().filter(|token| **token == Token::Char(':')).count() + 1 < SEGMENTS {
            tokens.push(Token::Any);
        }
        glob(&tokens, &arn.chars().collect::<Vec<char>>(), steps)
    }

    /// The keys of its variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { key, .. } => Some(key.as_str()),
            Part::Char(_) | Part::Any | Part::One => None,
        })
    }

    /// What stands before its first wildcard or variable.
    pub(crate) fn beginning(&self) -> String {
        characters(&self.parts)
    }

    /// What stands before the first wildcard or variable behind so many colons; empty where there are fewer.
    pub(crate) fn beginning_after(&self, colons: usize) -> String {
        let mut rest = self.parts.splitn(colons + 1, |part| *part == Part::Char(':'));
        rest.nth(colons).map(characters).unwrap_or_default()
    }

    /// Whether what stands before its first wildcard or variable is not how a text begins.
    fn begins_otherwise(&self, text: &str) -> bool {
        let literal =
            self.parts.iter().map_while(|part| if let Part::Char(char) = part { Some(*char) } else { None });
        literal.zip(text.chars()).any(|(wanted, given)| wanted != given)
    }

    /// Whether a variable stands before so many colons.
    pub(crate) fn has_variable_within(&self, colons: usize) -> bool {
        let before = self.parts.split(|part| *part == Part::Char(':')).take(colons);
        before.flatten().any(|part| matches!(part, Part::Variable { .. }))
    }

    /// Puts the values of its variables in. They are literal: a `*` in a value is no wildcard.
    pub(crate) fn resolve(&self, context: &Context) -> Resolved {
        let mut tokens = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            match part {
                Part::Char(char) => tokens.push(Token::Char(*char)),
                Part::Any => tokens.push(Token::Any),
                Part::One => tokens.push(Token::One),
                Part::Variable { key, default } => {
                    let value = match context.get(key) {
                        Given::Values([single]) => Some(single),
                        Given::NotGiven => return Resolved::Missing(key.clone()),
                        // Only keys with a single value can be variables.
                        Given::Values(_) | Given::Absent => default.as_ref(),
                    };
                    let Some(value) = value else { return Resolved::Nothing };
                    tokens.extend(value.chars().map(Token::Char));
                }
            }
        }
        Resolved::Pattern(tokens)
    }
}

fn characters(parts: &[Part]) -> String {
    parts.iter().map_while(|part| if let Part::Char(char) = part { Some(*char) } else { None }).collect()
}

/// Reads a variable behind `${`; none where it is not one, and the text is literal.
fn variable(text: &str) -> Option<(Part, &str)> {
    let end = text.find('}')?;
    // A default may hold a brace.
    let quoted = text.find('\'').filter(|quote| *quote < end);
    let end = match quoted {
        Some(open) => {
            let close = open + 1 + text.get(open + 1..)?.find('\'')?;
            close + text.get(close..)?.find('}')?
        }
        None => end,
    };
    let (inner, after) = (text.get(..end)?, text.get(end + 1..)?);
    let part = match inner {
        "*" => Part::Char('*'),
        "?" => Part::Char('?'),
        "$" => Part::Char('$'),
        _ => {
            let (key, default) = match inner.split_once(',') {
                Some((key, default)) => {
                    let default = default.trim().strip_prefix('\'')?.strip_suffix('\'')?;
                    (key.trim(), Some(default.to_owned()))
                }
                None => (inner.trim(), None),
            };
            if key.is_empty() || key.contains(['$', '{', '\'']) {
                return None;
            }
            Part::Variable { key: key.to_owned(), default }
        }
    };
    Some((part, after))
}

/// The tokens as plain text: in comparisons without wildcards, `*` and `?` are characters.
pub(crate) fn as_text(tokens: &[Token]) -> String {
    tokens
        .iter()
        .map(|token| match token {
            Token::Char(char) => *char,
            Token::Any => '*',
            Token::One => '?',
        })
        .collect()
}

/// Whether a text matches. Time is at most the product of the lengths.
pub(crate) fn glob(pattern: &[Token], text: &[char], steps: &Steps) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last `*` stood, and how far it had eaten.
    let mut star: Option<(usize, usize)> = None;
    loop {
        if steps.are_spent() {
            return false;
        }
        steps.take(1);
        let step = match (pattern.get(at_pattern), text.get(at_text)) {
            (Some(Token::Any), _) => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
                continue;
            }
            (Some(Token::One), Some(_)) => true,
            (Some(Token::Char(wanted)), Some(found)) => wanted == found,
            (None, None) => return true,
            _ => false,
        };
        if step {
            at_pattern += 1;
            at_text += 1;
            continue;
        }
        match star {
            Some((position, eaten)) if eaten < text.len() => {
                star = Some((position, eaten + 1));
                at_pattern = position + 1;
                at_text = eaten + 1;
            }
            _ => return false,
        }
    }
}

/// How many segments an ARN has; the last takes all that follows.
const SEGMENTS: usize = 6;

/// Whether an ARN matches, each of its six segments for itself. What a short pattern lacks is completed with `*`.
/// A text that is no ARN matches only a pattern of nothing but `*`.
pub(crate) fn arn(pattern: &[Token], text: &str, steps: &Steps) -> bool {
    if !pattern.is_empty() && pattern.iter().all(|token| *token == Token::Any) {
        return true;
    }
    let parts: Vec<Vec<char>> = text.splitn(SEGMENTS, ':').map(|part| part.chars().collect()).collect();
    if parts.len() < SEGMENTS {
        return false;
    }
    let mut segments = pattern.splitn(SEGMENTS, |token| *token == Token::Char(':'));
    parts.iter().all(|part| match segments.next() {
        Some(segment) => glob(segment, part, steps),
        None => true,
    })
}

/// Whether the ARN of a resource matches with a `*` that ends a segment of the pattern and goes on across colons. No other
/// wildcard does. Time is at most the product of the lengths.
fn across(pattern: &[Token], text: &str, steps: &Steps) -> bool {
    let ends_segment = |at: usize| matches!(pattern.get(at + 1), None | Some(Token::Char(':')));
    let inner = pattern
        .iter()
        .enumerate()
        .any(|(at, token)| *token == Token::Any && ends_segment(at) && at + 1 < pattern.len());
    if !inner || text.matches(':').count() + 1 < SEGMENTS {
        return false;
    }
    // Where in the pattern one may be after the text so far.
    let mut places = vec![false; pattern.len() + 1];
    if let Some(start) = places.first_mut() {
        *start = true;
    }
    let mut segment = 1;
    for char in text.chars() {
        if steps.are_spent() {
            return false;
        }
        steps.take(pattern.len());
        let parts_segments = char == ':' && segment < SEGMENTS;
        segment += usize::from(parts_segments);
        let before = skip_stars(pattern, places);
        places = vec![false; before.len()];
        for (at, token) in pattern.iter().enumerate().filter(|(at, _)| before.get(*at) == Some(&true)) {
            let after = match token {
                Token::Char(wanted) => (*wanted == char).then_some(at + 1),
                Token::One => (!parts_segments).then_some(at + 1),
                Token::Any => (!parts_segments || ends_segment(at)).then_some(at),
            };
            if let Some(place) = after.and_then(|after| places.get_mut(after)) {
                *place = true;
            }
        }
    }
    skip_stars(pattern, places).last() == Some(&true)
}

/// A `*` may also stand for nothing.
fn skip_stars(pattern: &[Token], mut places: Vec<bool>) -> Vec<bool> {
    for (at, _) in pattern.iter().enumerate().filter(|(_, token)| **token == Token::Any) {
        let is_here = places.get(at) == Some(&true);
        if let Some(behind) = places.get_mut(at + 1) {
            *behind |= is_here;
        }
    }
    places
}

/// Whether a service and an action match, in any case. `*` alone is every action; else the service's name stands before
/// a colon.
pub(crate) fn action(pattern: &str, action: &str, steps: &Steps) -> bool {
    if begins_otherwise(pattern, action) {
        return false;
    }
    if !pattern.is_empty() && pattern.chars().all(|char| char == '*') {
        return true;
    }
    let lower = |text: &str| -> Vec<char> { text.to_ascii_lowercase().chars().collect() };
    let tokens = |text: &str| -> Vec<Token> {
        lower(text)
            .into_iter()
            .map(|char| match char {
                '*' => Token::Any,
                '?' => Token::One,
                other => Token::Char(other),
            })
            .collect()
    };
    match (pattern.split_once(':'), action.split_once(':')) {
        (Some((wanted_service, wanted)), Some((service, name))) => {
            glob(&tokens(wanted_service), &lower(service), steps)
                && glob(&tokens(wanted), &lower(name), steps)
        }
        _ => false,
    }
}

/// Whether what stands before the first wildcard of a pattern is not how an action begins. Of thousands of patterns, those
/// of other services and verbs are told apart by a few letters.
pub(crate) fn begins_otherwise(pattern: &str, action: &str) -> bool {
    let literal = pattern.bytes().take_while(|byte| !matches!(byte, b'*' | b'?'));
    literal.zip(action.bytes()).any(|(wanted, given)| !wanted.eq_ignore_ascii_case(&given))
}

/// Whether the resource of a request matches a template.
pub(crate) fn resource(
    template: &Template,
    resource: &str,
    context: &Context,
    steps: &Steps,
) -> (Truth, Option<String>) {
    steps.take(template.written().len() + resource.len());
    if template.begins_otherwise(resource) {
        return (Truth::No, None);
    }
    match template.resolve(context) {
        Resolved::Pattern(tokens) => {
            ((arn(&tokens, resource, steps) || across(&tokens, resource, steps)).into(), None)
        }
        Resolved::Missing(key) if template.might_be(resource, context, steps) => (Truth::OnlyIf, Some(key)),
        Resolved::Nothing | Resolved::Missing(_) => (Truth::No, None),
    }
}
