//! The answers' shapes that several routes share.
//!
//! They are types of their own, and not the model's: the API keeps its form when the model changes.

mod assignment;
mod estate;
mod history;
mod mirrored;
mod scan;
mod unknown;

use axum::http::Uri;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use assignment::{AssigneeView, AssignmentView};
pub(crate) use estate::{ResourceRow, StatementView};
pub(crate) use history::{DifferenceView, HistoryVersion};
pub(crate) use mirrored::mirrored;
pub(crate) use scan::{ProgressView, ScanView};
pub(crate) use unknown::{AcceptanceView, ListedRow, UnknownRow};

/// A number, and the question whose answer it counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Counted {
    /// The number.
    pub(crate) value: u64,
    /// The address that lists what was counted.
    pub(crate) href: String,
}

impl Counted {
    pub(crate) fn new(value: u64, path: &str, filter: &[(&str, &str)]) -> Self {
        Self { value, href: address(path, filter) }
    }
}

/// An address under the API with its query, escaped.
pub(crate) fn address(path: &str, filter: &[(&str, &str)]) -> String {
    let base = format!("{}{path}", crate::BASE);
    if filter.is_empty() {
        return base;
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(filter).finish();
    let address = format!("{base}?{query}");
    debug_assert!(address.parse::<Uri>().is_ok(), "{address}");
    address
}
