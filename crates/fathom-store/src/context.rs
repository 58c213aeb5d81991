//! What the store holds around the resources of a scan that looks at a part of the estate only.

use fathom_model::{Edge, Uid};

use crate::{
    Store, StoreError, StoredResource,
    bulk::select_in,
    edges::{self, edge_columns},
    rows::{Decoder, resource_columns},
};

/// Which resources are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those of these uids.
    Uid,
    /// Those of these ids in the provider's own calls; any number of resources may share one.
    NativeId,
}

macro_rules! with_document {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            resource_columns!(),
            ", d.codec, d.size, d.body FROM resource r LEFT JOIN document d ON d.hash = r.hash \
             WHERE +r.deleted_at IS NULL AND ",
            $condition
        )
    };
}

impl Store {
    /// The resources of these names that exist, with their documents; in no order.
    pub async fn resources_named(&self, by: By, names: &[String]) -> Result<Vec<StoredResource>, StoreError> {
        let failed = |source| self.failed("look up resources", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let head = match by {
            By::Uid => with_document!("r.uid"),
            By::NativeId => with_document!("r.native_id"),
        };
        let rows = select_in(&mut conn, head, names, |query, name| query.bind(name.clone()))
            .await
            .map_err(failed)?;
        Decoder::default().resources(&rows, true)
    }

    /// The edges that leave these resources, in no order.
    pub async fn edges_from(&self, uids: &[Uid]) -> Result<Vec<Edge>, StoreError> {
        let failed = |source| self.failed("read edges", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let head = concat!(
            "SELECT ",
            edge_columns!(),
            " FROM resource f JOIN edge e ON e.from_id = f.id LEFT JOIN resource t ON t.id = e.to_id WHERE f.uid"
        );
        let rows = select_in(&mut conn, head, uids, |query, uid| query.bind(uid.as_str().to_owned()))
            .await
            .map_err(failed)?;
        rows.iter().map(|row| edges::decode(row, 0)).collect()
    }

    /// One resource of each type that exists, the first by uid.
    pub async fn one_of_each_type(&self) -> Result<Vec<Uid>, StoreError> {
        let uids: Vec<String> =
            sqlx::query_scalar("SELECT MIN(uid) FROM resource WHERE deleted_at IS NULL GROUP BY kind")
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("look up types", source))?;
        Ok(uids.into_iter().map(Uid::from).collect())
    }
}
