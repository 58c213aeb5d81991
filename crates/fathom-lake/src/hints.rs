//! Names like the one that was meant, and places in the text of a query.

use datafusion::sql::sqlparser::{
    dialect::PostgreSqlDialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

use crate::error::Place;

/// Most names in a hint.
const NEAR_MAX: usize = 3;
/// Longer names are not compared.
const NAME_BYTES_MAX: usize = 128;

/// The names most like one that does not exist, nearest first: a few letters off, or one inside the other.
pub(crate) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    if name.len() > NAME_BYTES_MAX {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let stem = name.strip_suffix('s').unwrap_or(&name);
    let far = (name.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|candidate| {
            let distance = distance(&name, &candidate.to_lowercase());
            let inside = stem.len() >= 3 && candidate.contains(stem);
            (distance <= far || inside).then_some((distance, candidate))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(NEAR_MAX).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

/// The tokens of a query without white space and comments; empty where the text has no tokens.
pub(crate) fn tokens(sql: &str) -> Vec<TokenWithSpan> {
    let mut tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location().unwrap_or_default();
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    tokens
}

/// Where a name first stands in a query.
pub(crate) fn place_of(name: &str, sql: &str) -> Option<Place> {
    tokens(sql).iter().find_map(|token| match &token.token {
        Token::Word(word) if word.value.eq_ignore_ascii_case(name) => Some(place(token)),
        _ => None,
    })
}

/// Where a token begins.
pub(crate) fn place(token: &TokenWithSpan) -> Place {
    Place { line: token.span.start.line, column: token.span.start.column }
}

/// Takes the parser's ` at Line: 1, Column: 15` off the end of its message.
pub(crate) fn split_place(message: &str) -> (String, Option<Place>) {
    let Some((text, place)) = message.rsplit_once(" at Line: ") else { return (message.to_owned(), None) };
    let mut numbers = place.split(", Column: ").map(|number| number.trim().parse::<u64>());
    match (numbers.next(), numbers.next()) {
        (Some(Ok(line)), Some(Ok(column))) => (text.trim_end().to_owned(), Some(Place { line, column })),
        _ => (message.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names_are_few_and_alike() {
        let names = ["resources", "edges", "aws_s3_bucket", "aws_s3_access_point", "aws_ec2_instance"];
        assert_eq!(nearest("resorces", names), ["resources"]);
        assert_eq!(nearest("egdes", names), ["edges"]);
        assert_eq!(nearest("buckets", names), ["aws_s3_bucket"]);
        assert_eq!(nearest("Instance", names), ["aws_ec2_instance"]);
        assert_eq!(nearest("zzz", names), [""; 0]);
    }

    #[test]
    fn places_are_read_from_messages() {
        let (text, place) = split_place("Expected: an expression, found: FROM at Line: 2, Column: 8");
        assert_eq!(
            (text.as_str(), place),
            ("Expected: an expression, found: FROM", Some(Place { line: 2, column: 8 }))
        );
        assert_eq!(split_place("Unexpected EOF").1, None);
    }
}
