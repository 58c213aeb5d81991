//! Explanations: all statements on a resource, in one row.
//!
//! A statement is an array `[part, source, value, origin, as_of]`. Most are as of the scan that read them, and then
//! `as_of` is null: a scan that finds them again has nothing to write.

use fathom_model::{Part, SourceKind, Statement, Timestamp, Uid};
use serde::Deserialize;
use serde_json::json;
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    Store, StoreError, bulk,
    rows::{column, last_seen, micros, time},
};

/// A statement as a row holds it.
type Stored = (Part, SourceKind, String, String, Option<i64>);

/// The statements as a row holds them, sorted by part and trust. Those as of `read_at` are stored without a time.
pub(crate) fn encode(statements: &mut [Statement], read_at: Timestamp) -> String {
    statements.sort_by(|a, b| {
        (a.part, a.source, &a.origin, &a.value).cmp(&(b.part, b.source, &b.origin, &b.value))
    });
    let rows: Vec<_> = statements
        .iter()
        .map(|one| {
            let as_of = (one.as_of != read_at).then(|| micros(one.as_of));
            (one.part, one.source, &one.value, &one.origin, as_of)
        })
        .collect();
    json!(rows).to_string()
}

/// The statements of a column; those without a time are as of `seen`.
pub(crate) fn decode(text: &str, seen: Timestamp) -> Result<Vec<Statement>, StoreError> {
    const TABLE: &str = "explanation";
    let bad = |_| StoreError::BadRow {
        table: TABLE,
        what: "statements are not a JSON array of statements".to_owned(),
    };
    // Schema 1 had objects here.
    if text.starts_with("[{") {
        return serde_json::from_str(text).map_err(bad);
    }
    let rows = Vec::<Stored>::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(bad)?;
    rows.into_iter()
        .map(|(part, source, value, origin, as_of)| {
            let as_of = as_of.map_or(Ok(seen), |micros| time(TABLE, micros))?;
            Ok(Statement { part, value, source, origin, as_of })
        })
        .collect()
}

/// What is said now about some resources, by their numbers.
pub(crate) struct Current {
    pub(crate) resource: i64,
    pub(crate) statements: String,
    pub(crate) understood: bool,
    pub(crate) from_scan: i64,
}

pub(crate) async fn current(conn: &mut SqliteConnection, ids: &[i64]) -> Result<Vec<Current>, sqlx::Error> {
    let rows = bulk::select_in(
        conn,
        "SELECT resource, statements, understood, from_scan FROM explanation WHERE resource",
        ids,
        |query, id| query.bind(*id),
    )
    .await?;
    rows.iter()
        .map(|row: &SqliteRow| {
            Ok(Current {
                resource: row.try_get(0)?,
                statements: row.try_get(1)?,
                understood: row.try_get(2)?,
                from_scan: row.try_get(3)?,
            })
        })
        .collect()
}

impl Store {
    /// All statements on a resource, sorted by part, then by trust.
    pub async fn statements(&self, uid: &Uid) -> Result<Vec<Statement>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT e.statements, ",
            last_seen!(),
            " FROM explanation e JOIN resource r ON r.id = e.resource WHERE r.uid = $1"
        ))
        .bind(uid.as_str())
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read statements", source))?;
        let Some(row) = row else { return Ok(Vec::new()) };
        decode(column(&row, "explanation", 0)?, time("resource", column(&row, "resource", 1)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_come_back_and_only_their_own_times_are_kept() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        let one = |part, value: &str, as_of| Statement {
            part,
            value: value.to_owned(),
            source: SourceKind::Tag,
            origin: "tag \"team\"".to_owned(),
            as_of,
        };
        let mut said = vec![one(Part::Purpose, "shop", at(5)), one(Part::Owner, "core", at(9))];
        let text = encode(&mut said, at(9));
        assert_eq!(
            text,
            r#"[["owner","tag","core","tag \"team\"",null],["purpose","tag","shop","tag \"team\"",5000000]]"#
        );
        let back = decode(&text, at(20)).expect("it was encoded");
        assert_eq!(back, [one(Part::Owner, "core", at(20)), one(Part::Purpose, "shop", at(5))]);
        let old = json!([said[0]]).to_string();
        assert_eq!(decode(&old, at(20)).expect("schema 1"), [said[0].clone()]);
        assert!(decode("{}", at(1)).is_err());
    }
}
