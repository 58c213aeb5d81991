//! Reading the estate: one resource, a page, the counts beside it.

use std::{collections::BTreeMap, collections::HashSet, hash::Hash};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fathom_model::{AccountId, Region, ResourceType, Uid};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite};

use crate::{
    Cursor, Facets, MAX_LIMIT, Page, ResourceOrder, ResourceQuery, Store, StoreError, StoredResource,
    Version,
    filter::{push_dimensions, push_rest},
    rows::{Decoder, column, count, last_seen, resource_columns, time},
    scans::blocking,
};

/// What a cursor holds, as JSON in base64.
#[derive(Serialize, Deserialize)]
struct Position {
    order: ResourceOrder,
    descending: bool,
    key: Key,
    uid: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
}

impl ResourceOrder {
    /// The expression that a page is sorted by.
    fn expression(self) -> &'static str {
        match self {
            Self::Uid => "r.uid",
            Self::Name => "COALESCE(r.name, r.native_id)",
            Self::Kind => "r.kind",
            Self::Account => "r.account",
            Self::Region => "r.region",
            Self::FirstSeen => "r.first_seen",
            Self::LastSeen => last_seen!(),
        }
    }

    fn key(self, row: &StoredResource) -> Key {
        let resource = &row.resource;
        match self {
            Self::Uid => Key::Text(resource.uid.to_string()),
            Self::Name => Key::Text(resource.name.as_ref().unwrap_or(&resource.id).clone()),
            Self::Kind => Key::Text(resource.kind.to_string()),
            Self::Account => Key::Text(resource.account.to_string()),
            Self::Region => Key::Text(resource.region.to_string()),
            Self::FirstSeen => Key::Number(row.first_seen.as_microsecond()),
            Self::LastSeen => Key::Number(row.last_seen.as_microsecond()),
        }
    }
}

fn position(query: &ResourceQuery) -> Result<Option<Position>, StoreError> {
    let Some(Cursor(text)) = &query.cursor else { return Ok(None) };
    let position: Option<Position> =
        URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match position {
        Some(position) if position.order == query.order && position.descending == query.descending => {
            Ok(Some(position))
        }
        _ => Err(StoreError::Invalid { what: "the cursor does not belong to this query".to_owned() }),
    }
}

impl Store {
    /// One resource with its document, also where it is gone.
    pub async fn resource(&self, uid: &Uid) -> Result<Option<StoredResource>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            resource_columns!(),
            ", d.codec, d.size, d.body FROM resource r LEFT JOIN document d ON d.hash = r.hash WHERE r.uid = $1"
        ))
        .bind(uid.as_str())
        .fetch_optional(self.readers())
        .await
        .map_err(|source| self.failed("read a resource", source))?;
        row.map(|row| Decoder::default().resource(&row, true).map(|(_, stored)| stored)).transpose()
    }

    /// The versions of a resource, newest first; none where it is not known. Those of scans in which it was gone have no
    /// document and are left out.
    pub async fn versions(&self, uid: &Uid) -> Result<Vec<Version>, StoreError> {
        let rows = sqlx::query(
            "SELECT v.hash, v.seen_at, v.scan FROM version v JOIN resource r ON r.id = v.resource \
             WHERE r.uid = $1 AND v.hash IS NOT NULL ORDER BY v.scan DESC",
        )
        .bind(uid.as_str())
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read versions", source))?;
        rows.iter()
            .map(|row| {
                Ok(Version {
                    hash: hex::encode(column::<&[u8]>(row, "version", 0)?),
                    seen_at: time("version", column(row, "version", 1)?)?,
                    scan: column(row, "version", 2)?,
                })
            })
            .collect()
    }

    /// What a person may mean by a text: the resource of that uid (also where it is gone), then those of that id, of
    /// that name, and those whose uid, id or name begins with it. Without documents, each once.
    pub async fn find(&self, text: &str, limit: u32) -> Result<Vec<StoredResource>, StoreError> {
        // Each of them is an index look-up; the upper end of a prefix is the prefix and the largest character.
        const LOOKUPS: [&str; 6] = [
            concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r WHERE r.uid = $1 AND $2 <> '' LIMIT $3"
            ),
            concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r WHERE r.native_id = $1 AND $2 <> '' \
                 AND +r.deleted_at IS NULL ORDER BY r.uid LIMIT $3"
            ),
            concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r WHERE r.name = $1 AND $2 <> '' \
                 AND +r.deleted_at IS NULL ORDER BY r.uid LIMIT $3"
            ),
            concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r WHERE r.uid >= $1 AND r.uid < $2 \
                 AND +r.deleted_at IS NULL ORDER BY r.uid LIMIT $3"
            ),
            concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r WHERE r.native_id >= $1 AND r.native_id < $2 \
                 AND +r.deleted_at IS NULL ORDER BY r.native_id, r.uid LIMIT $3"
            ),
            concat!(
                "SELECT ",
                resource_columns!(),
                " FROM resource r WHERE r.name >= $1 AND r.name < $2 \
                 AND +r.deleted_at IS NULL ORDER BY r.name, r.uid LIMIT $3"
            ),
        ];
        let limit = limit.clamp(1, MAX_LIMIT) as usize;
        let mut found: Vec<StoredResource> = Vec::new();
        let mut seen = HashSet::new();
        let mut decoder = Decoder::default();
        if text.is_empty() {
            return Ok(found);
        }
        for sql in LOOKUPS {
            let rows = sqlx::query(sql)
                .bind(text)
                .bind(format!("{text}\u{10FFFF}"))
                .bind(limit as i64)
                .fetch_all(self.readers())
                .await
                .map_err(|source| self.failed("find resources", source))?;
            for row in &rows {
                let (id, stored) = decoder.resource(row, false)?;
                if seen.insert(id) {
                    found.push(stored);
                }
            }
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// A page of resources.
    pub async fn resources(&self, query: &ResourceQuery) -> Result<Page, StoreError> {
        let failed = |source| self.failed("read resources", source);
        let limit = query.limit.clamp(1, MAX_LIMIT) as usize;
        let order = query.order;
        let position = position(query)?;

        let mut counting = QueryBuilder::<Sqlite>::new("SELECT COUNT(*) FROM resource r WHERE 1 = 1");
        push_dimensions(&mut counting, query);
        push_rest(&mut counting, query, false);
        let row = counting.build().fetch_one(self.readers()).await.map_err(failed)?;
        let total = count(&row, "resource", 0)?;

        let mut sql = QueryBuilder::<Sqlite>::new(concat!(
            "SELECT ",
            resource_columns!(),
            " FROM resource r WHERE 1 = 1"
        ));
        push_dimensions(&mut sql, query);
        push_rest(&mut sql, query, true);
        let (direction, beyond) = if query.descending { (" DESC", " < (") } else { ("", " > (") };
        if let Some(Position { key, uid, .. }) = position {
            sql.push(" AND (").push(order.expression()).push(", r.uid)").push(beyond);
            match key {
                Key::Number(number) => sql.push_bind(number),
                Key::Text(text) => sql.push_bind(text),
            };
            sql.push(", ").push_bind(uid).push(")");
        }
        sql.push(" ORDER BY ").push(order.expression()).push(direction).push(", r.uid").push(direction);
        sql.push(" LIMIT ").push_bind(limit as i64 + 1);
        let rows = sql.build().fetch_all(self.readers()).await.map_err(failed)?;
        let mut rows = Decoder::default().resources(&rows, false)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| {
            let position = Position {
                order,
                descending: query.descending,
                key: order.key(last),
                uid: last.resource.uid.to_string(),
            };
            Cursor(URL_SAFE_NO_PAD.encode(serde_json::json!(position).to_string()))
        });
        Ok(Page { rows, next, total })
    }

    /// How many resources each type, account, region has. `limit`, `order` and `cursor` of the query do not matter.
    pub async fn facets(&self, query: &ResourceQuery) -> Result<Facets, StoreError> {
        // One pass counts every combination, of which there are few; the lists are added up from them.
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT r.kind, r.account, r.region, r.understood, COUNT(*) FROM resource r WHERE 1 = 1",
        );
        push_rest(&mut sql, query, false);
        sql.push(" GROUP BY r.kind, r.account, r.region, r.understood");
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("count resources", source))?;
        let query = query.clone();
        blocking(move || {
            let mut tally = Tally::default();
            for row in &rows {
                let text = |at| column::<&str>(row, "resource", at);
                tally.add(
                    &query,
                    (text(0)?.into(), text(1)?.into(), text(2)?.into(), column(row, "resource", 3)?),
                    count(row, "resource", 4)?,
                );
            }
            Ok(tally.into_facets())
        })
        .await?
    }
}

#[derive(Default)]
struct Tally {
    kinds: BTreeMap<ResourceType, u64>,
    accounts: BTreeMap<AccountId, u64>,
    regions: BTreeMap<Region, u64>,
    understood: BTreeMap<bool, u64>,
}

impl Tally {
    fn add(
        &mut self,
        query: &ResourceQuery,
        (kind, account, region, understood): (ResourceType, AccountId, Region, bool),
        count: u64,
    ) {
        let kind_fits = fits(&query.kinds, &kind);
        let account_fits = fits(&query.accounts, &account);
        let region_fits = fits(&query.regions, &region);
        let understood_fits = query.understood.is_none_or(|wanted| wanted == understood);
        if account_fits && region_fits && understood_fits {
            *self.kinds.entry(kind).or_default() += count;
        }
        if kind_fits && region_fits && understood_fits {
            *self.accounts.entry(account).or_default() += count;
        }
        if kind_fits && account_fits && understood_fits {
            *self.regions.entry(region).or_default() += count;
        }
        if kind_fits && account_fits && region_fits {
            *self.understood.entry(understood).or_default() += count;
        }
    }

    fn into_facets(self) -> Facets {
        Facets {
            kinds: by_count(self.kinds),
            accounts: by_count(self.accounts),
            regions: by_count(self.regions),
            understood: by_count(self.understood),
        }
    }
}

fn fits<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

fn by_count<T: Ord + Clone + Hash>(counts: BTreeMap<T, u64>) -> Vec<(T, u64)> {
    let mut list: Vec<_> = counts.into_iter().collect();
    list.sort_by(|(left, many), (right, more)| more.cmp(many).then_with(|| left.cmp(right)));
    list
}
