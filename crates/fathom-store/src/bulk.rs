//! Many rows in few statements.
//!
//! Rows are cut into groups of 128, 64, … 1, so that a batch of any length needs at most eight distinct statements,
//! which the connection keeps prepared.

use sqlx::{
    AssertSqlSafe, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments, sqlite::SqliteRow,
};

/// A statement that is being bound.
pub(crate) type Binding<'q> = Query<'q, Sqlite, SqliteArguments>;

const GROUP_ROWS_MAX: usize = 128;

/// An `INSERT` with a variable number of rows. All three texts are constants of this crate.
#[derive(Clone, Copy)]
pub(crate) struct Insert {
    /// Up to and including `VALUES`.
    pub(crate) head: &'static str,
    /// Columns of a row.
    pub(crate) columns: usize,
    /// What follows the rows: `ON CONFLICT …`, `RETURNING …`.
    pub(crate) tail: &'static str,
}

impl Insert {
    fn sql(&self, rows: usize) -> String {
        let mut sql = String::with_capacity(self.head.len() + self.tail.len() + rows * self.columns * 6);
        sql.push_str(self.head);
        for row in 0..rows {
            sql.push_str(if row == 0 { " (" } else { ", (" });
            for column in 0..self.columns {
                if column > 0 {
                    sql.push(',');
                }
                // In order and without numbers: SQLite looks numbered ones up by name, which was two fifths of the
                // time of a large insert.
                sql.push('?');
            }
            sql.push(')');
        }
        sql.push(' ');
        sql.push_str(self.tail);
        sql
    }

    /// Inserts all rows.
    pub(crate) async fn run<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        bind: impl for<'q> Fn(Binding<'q>, &T) -> Binding<'q> + Send,
    ) -> Result<(), sqlx::Error>
    where
        T: Sync,
    {
        for group in groups(rows) {
            let sql = self.sql(group.len());
            let query = group.iter().fold(sqlx::query(AssertSqlSafe(sql)), &bind);
            query.execute(&mut *conn).await?;
        }
        Ok(())
    }

    /// Inserts all rows and gives back what `RETURNING` says.
    pub(crate) async fn returning<T>(
        &self,
        conn: &mut SqliteConnection,
        rows: &[T],
        bind: impl for<'q> Fn(Binding<'q>, &T) -> Binding<'q> + Send,
    ) -> Result<Vec<SqliteRow>, sqlx::Error>
    where
        T: Sync,
    {
        let mut returned = Vec::new();
        for group in groups(rows) {
            let sql = self.sql(group.len());
            let query = group.iter().fold(sqlx::query(AssertSqlSafe(sql)), &bind);
            returned.append(&mut query.fetch_all(&mut *conn).await?);
        }
        Ok(returned)
    }
}

/// Cuts rows into groups whose lengths are powers of two, at most [`GROUP_ROWS_MAX`].
fn groups<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let len = (1_usize << rest.len().ilog2()).min(GROUP_ROWS_MAX);
        let (group, tail) = rest.split_at(len);
        rest = tail;
        Some(group)
    })
}

/// The rows of a table whose `column` is one of the values: `SELECT <what> … IN (…)`, in groups.
pub(crate) async fn select_in<T>(
    conn: &mut SqliteConnection,
    head: &'static str,
    values: &[T],
    bind: impl for<'q> Fn(Binding<'q>, &T) -> Binding<'q> + Send,
) -> Result<Vec<SqliteRow>, sqlx::Error>
where
    T: Sync,
{
    let mut found = Vec::new();
    for group in groups(values) {
        let marks = (1..=group.len()).map(|at| format!("${at}")).collect::<Vec<_>>().join(",");
        let sql = format!("{head} IN ({marks})");
        let query = group.iter().fold(sqlx::query(AssertSqlSafe(sql)), &bind);
        found.append(&mut query.fetch_all(&mut *conn).await?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_all_rows_in_few_sizes() {
        let rows: Vec<u32> = (0..1000).collect();
        for len in [0, 1, 2, 127, 128, 129, 255, 1000] {
            let cut: Vec<&[u32]> = groups(&rows[..len]).collect();
            assert_eq!(cut.concat(), rows[..len]);
            assert!(cut.iter().all(|group| group.len().is_power_of_two() && group.len() <= GROUP_ROWS_MAX));
        }
    }

    #[test]
    fn statements_have_a_place_for_each_value() {
        let insert =
            Insert { head: "INSERT INTO t (a, b) VALUES", columns: 2, tail: "ON CONFLICT DO NOTHING" };
        assert_eq!(insert.sql(2), "INSERT INTO t (a, b) VALUES (?,?), (?,?) ON CONFLICT DO NOTHING");
    }
}
