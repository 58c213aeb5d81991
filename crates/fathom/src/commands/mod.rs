//! One file a command.

pub(crate) mod accept;
pub(crate) mod activity;
pub(crate) mod as_of;
pub(crate) mod assign;
pub(crate) mod baseline;
pub(crate) mod compact;
pub(crate) mod coverage;
pub(crate) mod diff;
pub(crate) mod drift;
pub(crate) mod explain;
pub(crate) mod gate;
pub(crate) mod history;
pub(crate) mod iam;
pub(crate) mod import;
pub(crate) mod import_trail;
pub(crate) mod ledger;
pub(crate) mod people;
pub(crate) mod permissions;
pub(crate) mod references;
pub(crate) mod scan;
pub(crate) mod scans;
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod summary;
pub(crate) mod unknown;
pub(crate) mod who_can;
