//! Weaknesses in software: what documents, scans and feeds say of them, joined, and in the order of real risk.
//!
//! [`document`] reads SARIF and CycloneDX, [`collected`] the findings of scans by the rules of `content/vulnerabilities/`; both give
//! [`Noted`]s. [`feed`] reads KEV and EPSS. [`join`] makes one [`Weakness`] of all that is said of one weakness of one thing, and
//! [`rank`] says how urgent it is and why.
//!
//! **Invariant:** no IO, no clock. What no feed and no source says is unknown, never "not exploited", "not reached" or "not severe".

pub mod collected;
pub mod cvss;
pub mod document;
pub mod feed;
pub mod join;
mod name;
mod noted;
pub mod rank;

pub use cvss::{Attack, Severity, Vector};
pub use document::{Document, Fault, Format, Limits};
pub use feed::{Epss, EpssRow, Kev, KevRow};
pub use join::{Exploitation, Fix, Weakness, join};
pub use name::cve_of;
pub use noted::{Noted, Package, Score, State};
pub use rank::{Class, Reached, Urgency};
