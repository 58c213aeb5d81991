//! What is known of exploitation: CISA's catalogue of known exploited vulnerabilities (KEV) and FIRST's chance of exploitation (EPSS).
//!
//! Both are files that people load; nothing is fetched. A row that is broken is told with its place, the rest is taken.

use fathom_model::{Timestamp, path::scalar_text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    document::{Fault, Faults, read_json},
    name::cve_of,
};

/// Rows of a feed; all CVEs that there are, several times over.
const ROWS_MAX: usize = 2_000_000;
/// Characters of one text of a row that are kept.
const TEXT_MAX: usize = 500;

/// A weakness that is known to be exploited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KevRow {
    /// The CVE.
    pub cve: String,
    /// What it is called.
    pub name: String,
    /// Since when it is in the catalogue: a day as CISA writes it.
    pub added: String,
    /// Until when CISA demands of federal agencies that it is mended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// Whether campaigns with ransomware are known that use it.
    pub ransomware: bool,
}

/// The catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kev {
    /// Its version.
    pub version: String,
    /// When it was released.
    pub released: Option<Timestamp>,
    /// What it has.
    pub rows: Vec<KevRow>,
    /// Rows that could not be read.
    pub faults: Vec<Fault>,
    /// How many there are beyond those.
    pub more_faults: usize,
}

impl Kev {
    /// Reads the catalogue as CISA publishes it in JSON.
    ///
    /// # Errors
    /// When the text is no catalogue at all.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let value = read_json(bytes)?;
        let rows = value.get("vulnerabilities").and_then(Value::as_array).ok_or_else(|| {
            Fault::new(
                "",
                "is no catalogue of known exploited vulnerabilities: the list `vulnerabilities` is missing",
            )
        })?;
        let version = value.get("catalogVersion").and_then(scalar_text).ok_or_else(|| {
            Fault::new("", "is no catalogue of known exploited vulnerabilities: `catalogVersion` is missing")
        })?;
        let released = text(&value, "dateReleased").and_then(|text| text.parse().ok());
        let (mut kev, mut faults) = (Self { version, released, ..Self::default() }, Faults::default());
        for (at, row) in rows.iter().enumerate().take(ROWS_MAX) {
            let place = || format!("vulnerabilities[{at}]");
            let Some(cve) = text(row, "cveID").and_then(|id| cve_of(&id)) else {
                faults.add(place(), "has no `cveID` that is one");
                continue;
            };
            let Some(added) = text(row, "dateAdded") else {
                faults.add(place(), "has no `dateAdded`");
                continue;
            };
            let ransomware = text(row, "knownRansomwareCampaignUse").is_some_and(|word| word == "Known");
            let name = text(row, "vulnerabilityName").unwrap_or_default();
            kev.rows.push(KevRow { cve, name, added, due: text(row, "dueDate"), ransomware });
        }
        kev.rows.sort_by(|one, other| one.cve.cmp(&other.cve));
        kev.rows.dedup_by(|one, other| one.cve == other.cve);
        if let Some(said) =
            value.get("count").and_then(Value::as_u64).filter(|said| *said != rows.len() as u64)
        {
            faults.add("count".to_owned(), &format!("says {said}, and there are {}", rows.len()));
        }
        (kev.faults, kev.more_faults) = faults.end();
        if kev.rows.is_empty() && !rows.is_empty() {
            return Err(Fault::new("vulnerabilities", "has no row that can be read"));
        }
        Ok(kev)
    }
}

fn text(value: &Value, member: &str) -> Option<String> {
    let text = value.get(member)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.chars().take(TEXT_MAX).collect())
}

/// The chance of a weakness to be exploited in the next 30 days.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpssRow {
    /// The CVE.
    pub cve: String,
    /// 0 to 1.
    pub score: f64,
    /// The share of all CVEs with the same or a smaller chance, 0 to 1.
    pub percentile: f64,
}

/// All chances of one day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Epss {
    /// The version of the model.
    pub version: String,
    /// The day of the scores.
    pub released: Option<Timestamp>,
    /// What it has.
    pub rows: Vec<EpssRow>,
    /// Lines that could not be read.
    pub faults: Vec<Fault>,
    /// How many there are beyond those.
    pub more_faults: usize,
}

impl Epss {
    /// Reads the scores as FIRST publishes them: a line `#model_version:…,score_date:…`, one of names, then `CVE,score,percentile`.
    ///
    /// # Errors
    /// When the text is no such file at all.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let whole = std::str::from_utf8(bytes).map_err(|error| {
            Fault::new("", format!("is no text in UTF-8: byte {} is not", error.valid_up_to()))
        })?;
        let (mut epss, mut faults, mut columns) = (Self::default(), Faults::default(), None);
        for (number, line) in (1_usize..).zip(whole.lines()) {
            let line = line.trim();
            if let Some(comment) = line.strip_prefix('#') {
                epss.head(comment);
                continue;
            }
            let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
            let Some((cve, score, percentile)) = columns else {
                if line.is_empty() {
                    continue;
                }
                let at = |name: &str| cells.iter().position(|cell| cell.eq_ignore_ascii_case(name));
                let found = at("cve").zip(at("epss")).zip(at("percentile"));
                let ((cve, score), percentile) = found.ok_or_else(|| {
                    Fault::new(
                        format!("line {number}"),
                        "is not `cve,epss,percentile`: these are no scores of EPSS",
                    )
                })?;
                columns = Some((cve, score, percentile));
                continue;
            };
            if line.is_empty() {
                continue;
            }
            let share =
                |at: usize| cells.get(at)?.parse::<f64>().ok().filter(|one| (0.0..=1.0).contains(one));
            match (cells.get(cve).and_then(|cell| cve_of(cell)), share(score), share(percentile)) {
                (Some(cve), Some(score), Some(percentile)) if epss.rows.len() < ROWS_MAX => {
                    epss.rows.push(EpssRow { cve, score, percentile });
                }
                (Some(_), Some(_), Some(_)) => {
                    faults.add(format!("line {number}"), "is beyond the rows that are read");
                    break;
                }
                (None, ..) => faults.add(format!("line {number}"), "does not begin with a CVE"),
                _ => faults.add(format!("line {number}"), "has no score and percentile from 0 to 1"),
            }
        }
        if columns.is_none() {
            return Err(Fault::new("", "has no line `cve,epss,percentile`: these are no scores of EPSS"));
        }
        // The last line of a CVE holds.
        epss.rows.reverse();
        epss.rows.sort_by(|one, other| one.cve.cmp(&other.cve));
        epss.rows.dedup_by(|one, other| one.cve == other.cve);
        (epss.faults, epss.more_faults) = faults.end();
        if epss.rows.is_empty() {
            return Err(Fault::new("", "has no row that can be read"));
        }
        Ok(epss)
    }

    /// The line before the names.
    fn head(&mut self, comment: &str) {
        for part in comment.split(',') {
            match part.split_once(':') {
                Some(("model_version", version)) => version.trim().clone_into(&mut self.version),
                Some(("score_date", date)) => self.released = day(date.trim()),
                _ => {}
            }
        }
    }
}

/// `2023-05-01T00:00:00+0000`, `2023-05-01T00:00:00Z` or `2023-05-01`.
fn day(text: &str) -> Option<Timestamp> {
    let date = text.get(..10)?;
    text.parse().ok().or_else(|| format!("{date}T00:00:00Z").parse().ok())
}
