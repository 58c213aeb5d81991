//! Conditions of queries. Values are always bound; only constants of this crate become SQL.

use sqlx::{QueryBuilder, Sqlite};

use crate::{ResourceQuery, TagFilter};

/// The most values in one list; more would not fit a statement.
const VALUES_MAX: usize = 5000;

/// Adds `AND column IN (…)`, or nothing where the list is empty.
pub(crate) fn push_in<T: AsRef<str>>(sql: &mut QueryBuilder<Sqlite>, column: &'static str, values: &[T]) {
    if values.is_empty() {
        return;
    }
    sql.push(" AND ").push(column).push(" IN (");
    let mut list = sql.separated(", ");
    for value in values.iter().take(VALUES_MAX) {
        list.push_bind(value.as_ref().to_owned());
    }
    sql.push(")");
}

/// Adds the conditions on type, account, region and understanding.
pub(crate) fn push_dimensions(sql: &mut QueryBuilder<Sqlite>, query: &ResourceQuery) {
    push_in(sql, "r.kind", &query.kinds);
    push_in(sql, "r.account", &query.accounts);
    push_in(sql, "r.region", &query.regions);
    if let Some(understood) = query.understood {
        sql.push(" AND r.understood = ").push_bind(understood);
    }
}

/// Adds all other conditions; `walk` where the rows are wanted in an order, not counted.
pub(crate) fn push_rest(sql: &mut QueryBuilder<Sqlite>, query: &ResourceQuery, walk: bool) {
    if !query.include_deleted {
        // Where nothing narrows the query, the order's index gives the first page at once; the plus sign keeps SQLite
        // from reading and sorting all that exists instead.
        let narrow = !query.kinds.is_empty()
            || !query.accounts.is_empty()
            || !query.regions.is_empty()
            || query.understood.is_some()
            || query.text.is_some()
            || query.tag.is_some();
        sql.push(if narrow || !walk { " AND r.deleted_at IS NULL" } else { " AND +r.deleted_at IS NULL" });
    }
    if let Some(text) = query.text.as_deref().filter(|text| !text.is_empty()) {
        let pattern = format!("%{}%", escape_like(&text.to_lowercase()));
        sql.push(" AND (lower(r.uid) LIKE ").push_bind(pattern.clone());
        sql.push(" ESCAPE '\\' OR lower(r.native_id) LIKE ").push_bind(pattern.clone());
        sql.push(" ESCAPE '\\' OR lower(r.name) LIKE ").push_bind(pattern).push(" ESCAPE '\\')");
    }
    if let Some(TagFilter { key, value }) = &query.tag {
        sql.push(" AND EXISTS (SELECT 1 FROM json_each(r.tags) t WHERE t.key = ").push_bind(key.clone());
        if let Some(value) = value {
            sql.push(" AND t.value = ").push_bind(value.clone());
        }
        sql.push(")");
    }
}

/// A text in which nothing has a meaning to `LIKE … ESCAPE '\'`.
fn escape_like(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_lose_their_meaning() {
        assert_eq!(escape_like(r"50%_a\b"), r"50\%\_a\\b");
    }
}
