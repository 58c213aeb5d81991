//! From the text of a query to one statement that only reads.

use std::collections::HashSet;

use datafusion::{
    config::Dialect,
    execution::SessionState,
    sql::{
        parser::Statement,
        sqlparser::{
            ast::Statement as SqlStatement,
            tokenizer::{Token, TokenWithSpan},
        },
    },
};

use crate::{
    error::SqlError,
    hints::{place, tokens},
};

/// Longest text of a query, in bytes.
const BYTES_MAX: usize = 256 << 10;
/// Most operators in a query: each nests the plan deeper, and a plan is walked on a stack of limited size (`engine.rs`
/// has room for eight times as many).
const OPERATORS_MAX: usize = 300;
/// Most calls, brackets and CASEs inside each other: the planner's time nearly doubles with every nested call, and it
/// cannot be stopped while it plans.
const LEVELS_MAX: usize = 16;

/// A statement that may run, and the words it was written with.
pub(crate) struct Question {
    pub(crate) statement: Statement,
    /// Whether it asks for rows (and not for a plan or a list of tables), so that a limit can be put on it.
    pub(crate) is_query: bool,
    words: HashSet<String>,
    needs_all_columns: bool,
}

impl Question {
    /// Parses a text, and refuses what is more than one reading statement.
    pub(crate) fn read(sql: &str, state: &SessionState) -> Result<Self, SqlError> {
        if sql.len() > BYTES_MAX {
            return Err(SqlError::TooLarge { what: "bytes", found: sql.len(), most: BYTES_MAX });
        }
        let mut tokens = tokens(sql);
        let operators = tokens.iter().filter(|token| is_operator(&token.token)).count();
        if operators > OPERATORS_MAX {
            return Err(SqlError::TooLarge { what: "operators", found: operators, most: OPERATORS_MAX });
        }
        let levels = levels(&tokens);
        if levels > LEVELS_MAX {
            return Err(SqlError::TooLarge { what: "levels of nesting", found: levels, most: LEVELS_MAX });
        }
        while tokens.last().is_some_and(|token| token.token == Token::SemiColon) {
            tokens.pop();
        }
        let Some(first) = tokens.first() else {
            // A text that cannot be cut into tokens has none either: the parser says why.
            return Err(match parse(sql, state) {
                Err(error) if error.place().is_some() => error,
                _ => SqlError::Syntax {
                    message: "the query is empty".to_owned(),
                    at: None,
                    hint: Some("try `SELECT type, count(*) FROM resources GROUP BY type`".to_owned()),
                },
            });
        };
        if let Some(end) = tokens.iter().position(|token| token.token == Token::SemiColon) {
            return Err(SqlError::Syntax {
                message: "one statement at a time".to_owned(),
                at: tokens.get(end + 1).map(place),
                hint: Some("send what follows the `;` on its own".to_owned()),
            });
        }
        if let Some(what) = refused_word(first) {
            return Err(SqlError::Refused { what, at: Some(place(first)) });
        }
        let statement = parse(sql, state)?;
        if let Some(what) = refused(&statement) {
            return Err(SqlError::Refused { what, at: Some(place(first)) });
        }
        let is_query =
            matches!(&statement, Statement::Statement(inner) if matches!(**inner, SqlStatement::Query(_)));
        let words: HashSet<String> = tokens
            .iter()
            .filter_map(|token| match &token.token {
                Token::Word(word) => Some(word.value.to_lowercase()),
                _ => None,
            })
            .collect();
        let needs_all_columns = !is_query
            || has_wildcard(&tokens)
            || ["natural", "table", "information_schema"].iter().any(|word| words.contains(*word));
        Ok(Self { statement, is_query, words, needs_all_columns })
    }

    /// Whether it may use one of these columns. May say yes where it does not, never no where it does.
    pub(crate) fn may_use<'c>(&self, mut columns: impl Iterator<Item = &'c str>) -> bool {
        self.needs_all_columns || columns.any(|column| self.words.contains(&column.to_lowercase()))
    }
}

fn parse(sql: &str, state: &SessionState) -> Result<Statement, SqlError> {
    state
        .sql_to_statement(sql.trim_end().trim_end_matches(';'), &Dialect::PostgreSQL)
        .map_err(|error| crate::error::from_datafusion(&error, sql, None))
}

/// Statements that do not begin like a question, told by their first word: the parser knows only some of them.
fn refused_word(first: &TokenWithSpan) -> Option<String> {
    const REFUSED: [&str; 38] = [
        "ALTER",
        "ANALYZE",
        "ATTACH",
        "BEGIN",
        "CALL",
        "CACHE",
        "COMMENT",
        "COMMIT",
        "COPY",
        "CREATE",
        "DEALLOCATE",
        "DECLARE",
        "DELETE",
        "DETACH",
        "DO",
        "DROP",
        "EXECUTE",
        "EXPORT",
        "GRANT",
        "IMPORT",
        "INSERT",
        "INSTALL",
        "LOAD",
        "LOCK",
        "MERGE",
        "OPTIMIZE",
        "PRAGMA",
        "PREPARE",
        "REFRESH",
        "REPLACE",
        "RESET",
        "REVOKE",
        "ROLLBACK",
        "SET",
        "START",
        "TRUNCATE",
        "UPDATE",
        "USE",
    ];
    let Token::Word(word) = &first.token else { return None };
    let word = word.value.to_uppercase();
    REFUSED.contains(&word.as_str()).then_some(word)
}

/// The first word of a statement that is not one of those that only read.
fn refused(statement: &Statement) -> Option<String> {
    match statement {
        Statement::Statement(inner) => refused_sql(inner),
        Statement::Explain(explain) => refused(&explain.statement),
        Statement::CreateExternalTable(_) => Some("CREATE".to_owned()),
        Statement::CopyTo(_) => Some("COPY".to_owned()),
        Statement::Reset(_) => Some("RESET".to_owned()),
    }
}

fn refused_sql(statement: &SqlStatement) -> Option<String> {
    match statement {
        SqlStatement::Query(_)
        | SqlStatement::ExplainTable { .. }
        | SqlStatement::ShowTables { .. }
        | SqlStatement::ShowColumns { .. }
        | SqlStatement::ShowFunctions { .. } => None,
        SqlStatement::Explain { statement, .. } => refused_sql(statement),
        other => {
            let text = other.to_string();
            Some(text.split_whitespace().next().unwrap_or("this").to_uppercase())
        }
    }
}

/// Whether there is a `*` that stands for columns; the one in `count(*)` does not.
fn has_wildcard(tokens: &[TokenWithSpan]) -> bool {
    tokens.iter().enumerate().any(|(i, token)| {
        let alone_in_brackets = i > 0
            && tokens.get(i - 1).is_some_and(|before| before.token == Token::LParen)
            && tokens.get(i + 1).is_some_and(|after| after.token == Token::RParen);
        token.token == Token::Mul && !alone_in_brackets
    })
}

/// How deep calls, brackets and CASEs stand inside each other. `a->'b'->'c'` and `a[1][2]` are calls inside calls.
fn levels(tokens: &[TokenWithSpan]) -> usize {
    let is = |token: &Token, name: &str| matches!(token, Token::Word(word) if word.value.eq_ignore_ascii_case(name));
    // One entry for each open bracket: the height of the operand that is being read.
    let mut open: Vec<usize> = Vec::new();
    // Of the innermost bracket: the height of its highest operand, and of the one that is being read.
    let (mut highest, mut height) = (0_usize, 0_usize);
    let mut outer: Vec<usize> = Vec::new();
    for TokenWithSpan { token, .. } in tokens {
        let opens = matches!(token, Token::LParen | Token::LBracket) || is(token, "CASE");
        let closes = matches!(token, Token::RParen | Token::RBracket) || is(token, "END");
        if opens {
            open.push(height);
            outer.push(highest);
            (highest, height) = (0, 0);
        } else if closes {
            let inside = highest.max(height);
            // An index stands on what it is taken of: `a[1]` is one higher than `a`.
            height = open.pop().unwrap_or_default().max(inside) + 1;
            highest = outer.pop().unwrap_or_default();
        } else {
            match token {
                Token::Arrow | Token::LongArrow | Token::HashArrow | Token::HashLongArrow => height += 1,
                Token::SingleQuotedString(_) | Token::Number(..) | Token::Period => {}
                _ => {
                    highest = highest.max(height);
                    height = 0;
                }
            }
        }
    }
    // Brackets that are never closed count, too.
    highest.max(height) + open.len()
}

/// Whether a token joins two parts of a query, so that a chain of them nests.
fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) if word.quote_style.is_none() => {
            ["AND", "OR", "NOT", "JOIN", "UNION", "INTERSECT", "EXCEPT", "CASE", "LIKE", "ILIKE", "IS", "IN"]
                .iter()
                .any(|name| word.value.eq_ignore_ascii_case(name))
        }
        Token::Word(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::EOF => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_count_what_stands_inside_each_other() {
        for (sql, expected) in [
            ("SELECT 1", 0),
            ("SELECT f(a), g(b), h(c)", 1),
            ("SELECT f(g(h(a)))", 3),
            ("SELECT a->'b'->'c', d->>'e'", 2),
            ("SELECT f(a->'b'->'c')->'d'", 4),
            ("SELECT a[1][2]", 2),
            ("SELECT ((a->'b') || 'x')->'c'", 4),
            ("SELECT CASE WHEN a THEN f(b) ELSE 1 END", 2),
            ("SELECT (((", 3),
            ("SELECT )))", 3),
        ] {
            assert_eq!(levels(&tokens(sql)), expected, "{sql}");
        }
    }
}
