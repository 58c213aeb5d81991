//! Views and questions that a person keeps. They are preferences: nothing that is known changes with them, and the ledger
//! has none of it.

use fathom_model::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;

use crate::{
    Store, StoreError,
    rows::{column, micros, time},
};

/// What one person may keep.
pub const SAVED_VIEWS_MAX: i64 = 200;
/// The longest text of a page, a name and a query, in bytes.
const PAGE_BYTES_MAX: usize = 60;
const NAME_BYTES_MAX: usize = 480;
const QUERY_BYTES_MAX: usize = 16 * 1024;

/// Something that a person keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SavedView {
    /// Its number.
    pub id: i64,
    /// The page that it belongs to.
    pub page: String,
    /// `view` for the address of a page, `sql` for a question.
    pub kind: String,
    /// What the person calls it.
    pub name: String,
    /// The address's query, or the statement.
    pub query: String,
    /// When it was kept last.
    pub updated_at: Timestamp,
}

macro_rules! saved_columns {
    () => {
        "SELECT id, page, kind, name, query, updated_at FROM saved_view "
    };
}

impl Store {
    /// What a person keeps, by page, kind and name; of one page where it is named.
    pub async fn saved_views(&self, person: &str, page: Option<&str>) -> Result<Vec<SavedView>, StoreError> {
        let rows = sqlx::query(concat!(
            saved_columns!(),
            "WHERE person = $1 AND ($2 IS NULL OR page = $2) ORDER BY page, kind, name"
        ))
        .bind(person)
        .bind(page)
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read the saved views", source))?;
        rows.iter().map(decode).collect()
    }

    /// Keeps one; one of the same page, kind and name is replaced. `id` of what is given does not matter.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where the person keeps as many as one may, and [`StoreError::Invalid`] for texts that are empty or too long.
    pub async fn save_view(
        &self,
        person: &str,
        view: &SavedView,
        now: Timestamp,
    ) -> Result<SavedView, StoreError> {
        const OPERATION: &str = "keep a view";
        for (what, text, most) in [
            ("page", &view.page, PAGE_BYTES_MAX),
            ("name", &view.name, NAME_BYTES_MAX),
            ("query", &view.query, QUERY_BYTES_MAX),
        ] {
            if (text.trim().is_empty() && what != "query") || text.len() > most {
                return Err(StoreError::Invalid {
                    what: format!("the {what} of a view has 1 to {most} bytes"),
                });
            }
        }
        if !matches!(view.kind.as_str(), "view" | "sql") {
            return Err(StoreError::Invalid { what: "the kind of a view is `view` or `sql`".to_owned() });
        }
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        sqlx::query(
            "INSERT INTO saved_view (person, page, kind, name, query, updated_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (person, page, kind, name) DO UPDATE SET query = excluded.query, \
             updated_at = excluded.updated_at",
        )
        .bind(person)
        .bind(&view.page)
        .bind(&view.kind)
        .bind(view.name.trim())
        .bind(&view.query)
        .bind(micros(now))
        .execute(&mut *tx)
        .await
        .map_err(failed)?;
        let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM saved_view WHERE person = $1")
            .bind(person)
            .fetch_one(&mut *tx)
            .await
            .map_err(failed)?;
        if kept > SAVED_VIEWS_MAX {
            let what = format!("{SAVED_VIEWS_MAX} views and questions are kept at most; let go of one first");
            return Err(StoreError::Conflict { what });
        }
        let row = sqlx::query(concat!(
            saved_columns!(),
            "WHERE person = $1 AND page = $2 AND kind = $3 AND name = $4"
        ))
        .bind(person)
        .bind(&view.page)
        .bind(&view.kind)
        .bind(view.name.trim())
        .fetch_one(&mut *tx)
        .await
        .map_err(failed)?;
        let saved = decode(&row)?;
        tx.commit().await.map_err(failed)?;
        Ok(saved)
    }

    /// Lets go of one; whether the person had it.
    pub async fn forget_view(&self, person: &str, id: i64) -> Result<bool, StoreError> {
        const OPERATION: &str = "let go of a view";
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let done = sqlx::query("DELETE FROM saved_view WHERE id = $1 AND person = $2")
            .bind(id)
            .bind(person)
            .execute(&mut *tx)
            .await
            .map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(done.rows_affected() > 0)
    }
}

fn decode(row: &SqliteRow) -> Result<SavedView, StoreError> {
    const TABLE: &str = "saved_view";
    Ok(SavedView {
        id: column(row, TABLE, 0)?,
        page: column(row, TABLE, 1)?,
        kind: column(row, TABLE, 2)?,
        name: column(row, TABLE, 3)?,
        query: column(row, TABLE, 4)?,
        updated_at: time(TABLE, column(row, TABLE, 5)?)?,
    })
}
