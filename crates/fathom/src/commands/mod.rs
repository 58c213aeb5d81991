//! One file a command.

pub(crate) mod accept;
pub(crate) mod coverage;
pub(crate) mod explain;
pub(crate) mod gate;
pub(crate) mod ledger;
pub(crate) mod permissions;
pub(crate) mod scan;
pub(crate) mod scans;
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod summary;
pub(crate) mod unknown;
