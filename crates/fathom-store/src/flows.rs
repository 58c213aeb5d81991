//! Who talked to whom over the network: flows of logs, added up by day.
//!
//! A file counts once, whatever it is called. Where there are more flows than are kept, the oldest that were rejected go first, then the
//! oldest; the day of the interface that they were of remembers how many, so that nobody takes what is left for all.

use std::{collections::HashSet, net::IpAddr};

use fathom_model::Timestamp;
use serde::Serialize;
use serde_json::json;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    EntryDraft, Store, StoreError,
    bulk::{Insert, select_in},
    filter::push_in,
    ledger,
    rows::{column, count, micros, stored_count, time},
    texts::check_texts,
};

/// Flows beyond this many are let go.
const FLOWS_MAX: u64 = 2_000_000;
/// Files that are remembered.
const FILES_MAX: i64 = 2_000_000;
/// The most flows that one question is answered with.
const ANSWER_ROWS_MAX: u32 = 500_000;
/// Rows of a page of all flows.
const PAGE_ROWS: i64 = 10_000;
const SECONDS_A_DAY: i64 = 86_400;

const FLOW: Insert = Insert {
    head: "INSERT INTO flow (day, account, interface, client, server, protocol, port, accepted, told_by, first_at, last_at, \
           packets_to_server, bytes_to_server, packets_to_client, bytes_to_client, records) VALUES",
    columns: 16,
    tail: "ON CONFLICT (interface, day, client, server, protocol, port, accepted, account) DO UPDATE SET \
           told_by = max(told_by, excluded.told_by), first_at = min(first_at, excluded.first_at), \
           last_at = max(last_at, excluded.last_at), packets_to_server = packets_to_server + excluded.packets_to_server, \
           bytes_to_server = bytes_to_server + excluded.bytes_to_server, \
           packets_to_client = packets_to_client + excluded.packets_to_client, \
           bytes_to_client = bytes_to_client + excluded.bytes_to_client, records = records + excluded.records",
};
const DAY: Insert = Insert {
    head: "INSERT INTO flow_day (interface, day, account, first_at, last_at, records, skipped, gone) VALUES",
    columns: 8,
    tail: "ON CONFLICT (interface, day, account) DO UPDATE SET first_at = min(first_at, excluded.first_at), \
           last_at = max(last_at, excluded.last_at), records = records + excluded.records, \
           skipped = skipped + excluded.skipped, gone = gone + excluded.gone",
};
const FILE: Insert = Insert {
    head: "INSERT INTO flow_file (sha256, file, imported_at, last_day, records) VALUES",
    columns: 5,
    tail: "ON CONFLICT DO NOTHING",
};

macro_rules! flow_columns {
    () => {
        "SELECT id, day, account, interface, client, server, protocol, port, accepted, told_by, first_at, last_at, \
         packets_to_server, bytes_to_server, packets_to_client, bytes_to_client, records FROM flow"
    };
}

/// A day of UTC, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Day(pub i32);

impl Day {
    /// The day of a moment.
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(SECONDS_A_DAY) as i32)
    }

    /// Its first moment.
    pub fn begins(self) -> Timestamp {
        Timestamp::from_second(i64::from(self.0) * SECONDS_A_DAY).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// How it is known who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToldBy {
    /// It is not: both are ends of it.
    #[default]
    Nothing,
    /// By the ports: one is that of a service, or many talk to it.
    Ports,
    /// By flags of TCP: one of the two opened the connection.
    Flags,
}

impl ToldBy {
    /// The word used in tables and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Ports => "ports",
            Self::Flags => "flags",
        }
    }

    fn of(number: i64) -> Self {
        match number {
            2 => Self::Flags,
            1 => Self::Ports,
            _ => Self::Nothing,
        }
    }
}

/// How much was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Volume {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Volume {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            packets: self.packets.saturating_add(other.packets),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// What one interface saw on one day of one asking another on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The day.
    pub day: Day,
    /// The account of the interface; empty where the log does not say.
    pub account: String,
    /// The interface that saw it.
    pub interface: String,
    /// Who asks. Where it is not known which of the two does, the smaller address.
    pub client: IpAddr,
    /// Who is asked.
    pub server: IpAddr,
    /// The protocol's number.
    pub protocol: u8,
    /// The port that is asked; 0 where the protocol has none.
    pub port: u16,
    /// Whether it was let through.
    pub accepted: bool,
    /// How it is known who asked.
    pub told_by: ToldBy,
    /// The begin of the first record.
    pub first: Timestamp,
    /// The end of the last one.
    pub last: Timestamp,
    /// What the client sent.
    pub to_server: Volume,
    /// What the server sent.
    pub to_client: Volume,
    /// How many records say so.
    pub records: u64,
}

/// That the log of an interface was read for a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowDay {
    /// The interface.
    pub interface: String,
    /// The day.
    pub day: Day,
    /// Its account; empty where the log does not say.
    pub account: String,
    /// The begin of the first record.
    pub first: Timestamp,
    /// The end of the last one.
    pub last: Timestamp,
    /// Records, with those that say that nothing was sent.
    pub records: u64,
    /// Stretches of which the provider wrote nothing down.
    pub skipped: u64,
    /// Flows that were let go.
    pub gone: u64,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowFile {
    /// Its digest, as hex.
    pub sha256: String,
    /// Its name.
    pub file: String,
    /// The last day that it has records of.
    pub last_day: Day,
    /// How many records it has.
    pub records: u64,
}

/// What was read of logs, to be kept together.
#[derive(Debug, Clone, Default)]
pub struct FlowBatch {
    /// The flows.
    pub flows: Vec<Flow>,
    /// What was read.
    pub days: Vec<FlowDay>,
    /// The files that it came from.
    pub files: Vec<FlowFile>,
    /// SHA-256 over the SHA-256 of each file, as hex.
    pub digest: String,
}

/// Which flows.
#[derive(Debug, Clone, Default)]
pub struct FlowQuery {
    /// Those that these interfaces saw.
    pub interfaces: Vec<String>,
    /// And those that these addresses have a part in, whoever saw them.
    pub addresses: Vec<IpAddr>,
    /// From this day on.
    pub since: Option<Day>,
}

/// What a question about flows found.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    /// The flows.
    pub rows: Vec<Flow>,
    /// Whether there are more than one question is answered with.
    pub cut: bool,
}

impl Store {
    /// Adds flows, and lets go of those that are too many. A file that is there already is not to be among them.
    ///
    /// # Errors
    /// Where the store fails, and [`StoreError::Conflict`] where as many files are remembered as can be.
    pub async fn add_flows(
        &self,
        batch: &FlowBatch,
        by: &str,
        now: Timestamp,
    ) -> Result<FlowsGone, StoreError> {
        self.add_flows_within(batch, by, now, FLOWS_MAX).await
    }

    /// The same with a limit of one's own.
    pub(crate) async fn add_flows_within(
        &self,
        batch: &FlowBatch,
        by: &str,
        now: Timestamp,
        most: u64,
    ) -> Result<FlowsGone, StoreError> {
        const OPERATION: &str = "add flows";
        check_texts("flows", &[("name of who imports", by)])?;
        let shared = self.shared();
        let failed = |source| shared.failed(OPERATION, source);
        let mut guard = shared.write(OPERATION).await?;
        let mut tx = guard.begin(OPERATION).await?;
        let files: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM flow_file").fetch_one(&mut *tx).await.map_err(failed)?;
        if files >= FILES_MAX {
            return Err(StoreError::Conflict {
                what: format!(
                    "there are {files} files of flow logs, as many as are remembered; `fathom compact` lets go of old ones"
                ),
            });
        }
        insert(&mut tx, batch, now).await.map_err(failed)?;
        let gone = let_go(&mut tx, most).await.map_err(failed)?;
        let draft = EntryDraft {
            kind: "flows.added".to_owned(),
            actor: by.to_owned(),
            subject: batch.files.first().map_or_else(|| "no file".to_owned(), |file| file.file.clone()),
            body: json!({
                "files": batch.files.len(),
                "records": batch.files.iter().map(|file| file.records).sum::<u64>(),
                "flows": batch.flows.len(),
                "let_go": gone.flows,
                "files_sha256": batch.digest,
            }),
        };
        ledger::append_in(&mut tx, shared, &[draft], now).await?;
        tx.commit().await.map_err(failed)?;
        shared.writer(OPERATION)?.grown.notify_one();
        Ok(gone)
    }

    /// Of some files, by their digests, those that were read before.
    pub async fn flow_files_read(&self, sha256: &[String]) -> Result<HashSet<String>, StoreError> {
        let failed = |source| self.failed("read which flow logs were read", source);
        let mut conn = self.readers().acquire().await.map_err(failed)?;
        let rows = select_in(&mut conn, "SELECT sha256 FROM flow_file WHERE sha256", sha256, |query, one| {
            query.bind(one.as_str().to_owned())
        })
        .await
        .map_err(failed)?;
        rows.iter().map(|row| column(row, "flow_file", 0)).collect()
    }

    /// The flows that interfaces saw or addresses have a part in; none where neither is named.
    pub async fn flows(&self, query: &FlowQuery) -> Result<Flows, StoreError> {
        let failed = |source| self.failed("read flows", source);
        let mut found = Flows::default();
        let mut seen: HashSet<i64> = HashSet::new();
        let addresses: Vec<String> = query.addresses.iter().map(IpAddr::to_string).collect();
        for (of, values) in [("interface", &query.interfaces), ("client", &addresses), ("server", &addresses)]
        {
            if values.is_empty() {
                continue;
            }
            let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new(concat!(flow_columns!(), " WHERE day >= "));
            sql.push_bind(i64::from(query.since.map_or(i32::MIN, |day| day.0)));
            push_in(&mut sql, of, values);
            sql.push(" ORDER BY day DESC, id LIMIT ").push_bind(i64::from(ANSWER_ROWS_MAX) + 1);
            let rows = sql.build().fetch_all(self.readers()).await.map_err(failed)?;
            found.cut |= rows.len() > ANSWER_ROWS_MAX as usize;
            for row in rows.iter().take(ANSWER_ROWS_MAX as usize) {
                if seen.insert(column(row, TABLE, 0)?) {
                    found.rows.push(decode(row)?);
                }
            }
        }
        Ok(found)
    }

    /// A page of all flows in the order in which they were first added, and where the next one begins; none after the last.
    pub async fn flows_page(&self, after: i64) -> Result<(Vec<Flow>, Option<i64>), StoreError> {
        let rows = sqlx::query(concat!(flow_columns!(), " WHERE id > $1 ORDER BY id LIMIT $2"))
            .bind(after)
            .bind(PAGE_ROWS)
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read flows", source))?;
        let last = rows.last().filter(|_| rows.len() as i64 == PAGE_ROWS);
        let next = last.map(|row| column(row, TABLE, 0)).transpose()?;
        Ok((rows.iter().map(decode).collect::<Result<_, _>>()?, next))
    }

    /// Which days of which interfaces were read, from a day on; of all interfaces where none is named.
    pub async fn flow_days(
        &self,
        interfaces: &[String],
        since: Option<Day>,
    ) -> Result<Vec<FlowDay>, StoreError> {
        const TABLE: &str = "flow_day";
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new(
            "SELECT interface, day, account, first_at, last_at, records, skipped, gone FROM flow_day WHERE day >= ",
        );
        sql.push_bind(i64::from(since.map_or(i32::MIN, |day| day.0)));
        push_in(&mut sql, "interface", interfaces);
        sql.push(" ORDER BY interface, day");
        let rows = sql
            .build()
            .fetch_all(self.readers())
            .await
            .map_err(|source| self.failed("read which flow logs were read", source))?;
        let decode = |row: &SqliteRow| {
            Ok(FlowDay {
                interface: column(row, TABLE, 0)?,
                day: day(row, TABLE, 1)?,
                account: column(row, TABLE, 2)?,
                first: time(TABLE, column(row, TABLE, 3)?)?,
                last: time(TABLE, column(row, TABLE, 4)?)?,
                records: count(row, TABLE, 5)?,
                skipped: count(row, TABLE, 6)?,
                gone: count(row, TABLE, 7)?,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// From which day to which there are flows; none where none was ever imported.
    pub async fn flow_span(&self) -> Result<Option<(Day, Day)>, StoreError> {
        let row = sqlx::query("SELECT MIN(day), MAX(day) FROM flow_day")
            .fetch_one(self.readers())
            .await
            .map_err(|source| self.failed("read which flow logs were read", source))?;
        let (first, last): (Option<i64>, Option<i64>) =
            (column(&row, "flow_day", 0)?, column(&row, "flow_day", 1)?);
        Ok(first.zip(last).map(|(first, last)| (Day(first as i32), Day(last as i32))))
    }
}

const TABLE: &str = "flow";

/// What was let go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FlowsGone {
    /// How many flows.
    pub flows: u64,
}

async fn insert(conn: &mut SqliteConnection, batch: &FlowBatch, now: Timestamp) -> Result<(), sqlx::Error> {
    FLOW.run(conn, &batch.flows, |query, one| {
        query
            .bind(i64::from(one.day.0))
            .bind(one.account.clone())
            .bind(one.interface.clone())
            .bind(one.client.to_string())
            .bind(one.server.to_string())
            .bind(i64::from(one.protocol))
            .bind(i64::from(one.port))
            .bind(one.accepted)
            .bind(one.told_by as i64)
            .bind(micros(one.first))
            .bind(micros(one.last))
            .bind(stored_count(one.to_server.packets))
            .bind(stored_count(one.to_server.bytes))
            .bind(stored_count(one.to_client.packets))
            .bind(stored_count(one.to_client.bytes))
            .bind(stored_count(one.records))
    })
    .await?;
    days(conn, &batch.days).await?;
    FILE.run(conn, &batch.files, |query, one| {
        query
            .bind(one.sha256.clone())
            .bind(one.file.clone())
            .bind(micros(now))
            .bind(i64::from(one.last_day.0))
            .bind(stored_count(one.records))
    })
    .await
}

async fn days(conn: &mut SqliteConnection, days: &[FlowDay]) -> Result<(), sqlx::Error> {
    DAY.run(conn, days, |query, one| {
        query
            .bind(one.interface.clone())
            .bind(i64::from(one.day.0))
            .bind(one.account.clone())
            .bind(micros(one.first))
            .bind(micros(one.last))
            .bind(stored_count(one.records))
            .bind(stored_count(one.skipped))
            .bind(stored_count(one.gone))
    })
    .await
}

/// Removes what is beyond the limit: first the oldest that were rejected, then the oldest.
async fn let_go(conn: &mut SqliteConnection, most: u64) -> Result<FlowsGone, sqlx::Error> {
    let there: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM flow").fetch_one(&mut *conn).await?;
    let over = there - stored_count(most);
    if over <= 0 {
        return Ok(FlowsGone::default());
    }
    for sql in ["CREATE TEMP TABLE IF NOT EXISTS flow_gone (id INTEGER PRIMARY KEY)", "DELETE FROM flow_gone"]
    {
        sqlx::query(sql).execute(&mut *conn).await?;
    }
    sqlx::query("INSERT INTO flow_gone SELECT id FROM flow ORDER BY accepted, day, id LIMIT $1")
        .bind(over)
        .execute(&mut *conn)
        .await?;
    for sql in [
        "INSERT INTO flow_day (interface, day, account, first_at, last_at, records, skipped, gone) \
         SELECT interface, day, account, MIN(first_at), MAX(last_at), 0, 0, COUNT(*) FROM flow \
         WHERE id IN (SELECT id FROM flow_gone) GROUP BY interface, day, account \
         ON CONFLICT (interface, day, account) DO UPDATE SET gone = gone + excluded.gone",
        "DELETE FROM flow WHERE id IN (SELECT id FROM flow_gone)",
        "DELETE FROM flow_gone",
    ] {
        sqlx::query(sql).execute(&mut *conn).await?;
    }
    Ok(FlowsGone { flows: over.unsigned_abs() })
}

/// Lets go of days before one, and of the files that have nothing else. Gives how many flows went.
pub(crate) async fn compact(conn: &mut SqliteConnection, before: Timestamp) -> Result<u64, sqlx::Error> {
    let before = i64::from(Day::of(before).0);
    let mut gone = 0;
    for (at, sql) in [
        "DELETE FROM flow WHERE day < $1",
        "DELETE FROM flow_day WHERE day < $1",
        "DELETE FROM flow_file WHERE last_day < $1",
    ]
    .into_iter()
    .enumerate()
    {
        let done = sqlx::query(sql).bind(before).execute(&mut *conn).await?;
        if at == 0 {
            gone = done.rows_affected();
        }
    }
    Ok(gone)
}

fn day(row: &SqliteRow, table: &'static str, at: usize) -> Result<Day, StoreError> {
    let number: i64 = column(row, table, at)?;
    i32::try_from(number)
        .map(Day)
        .map_err(|_| StoreError::BadRow { table, what: format!("day {number} is out of range") })
}

fn decode(row: &SqliteRow) -> Result<Flow, StoreError> {
    let number = |at| column::<i64>(row, TABLE, at);
    let bad = |what: String| StoreError::BadRow { table: TABLE, what };
    let address = |at| {
        let text: &str = column(row, TABLE, at)?;
        text.parse().map_err(|_| bad(format!("`{text}` is no address")))
    };
    let volume = |at| {
        Ok::<_, StoreError>(Volume { packets: count(row, TABLE, at)?, bytes: count(row, TABLE, at + 1)? })
    };
    Ok(Flow {
        day: day(row, TABLE, 1)?,
        account: column(row, TABLE, 2)?,
        interface: column(row, TABLE, 3)?,
        client: address(4)?,
        server: address(5)?,
        protocol: u8::try_from(number(6)?).map_err(|_| bad("protocol is out of range".to_owned()))?,
        port: u16::try_from(number(7)?).map_err(|_| bad("port is out of range".to_owned()))?,
        accepted: column(row, TABLE, 8)?,
        told_by: ToldBy::of(number(9)?),
        first: time(TABLE, column(row, TABLE, 10)?)?,
        last: time(TABLE, column(row, TABLE, 11)?)?,
        to_server: volume(12)?,
        to_client: volume(14)?,
        records: count(row, TABLE, 16)?,
    })
}
