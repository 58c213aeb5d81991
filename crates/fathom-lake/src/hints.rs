//! Places in the text of a query.

use datafusion::sql::sqlparser::{
    dialect::PostgreSqlDialect,
    tokenizer::{Token, TokenWithSpan, Tokenizer},
};

use crate::error::Place;

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
    fn places_are_read_from_messages() {
        let (text, place) = split_place("Expected: an expression, found: FROM at Line: 2, Column: 8");
        assert_eq!(
            (text.as_str(), place),
            ("Expected: an expression, found: FROM", Some(Place { line: 2, column: 8 }))
        );
        assert_eq!(split_place("Unexpected EOF").1, None);
    }
}
