//! The declarative packs: what Fathom knows about resource types, what it demands of an explanation, and what users
//! declare about their own estate.
//!
//! Start in [`resource`] (one YAML file a resource type), then [`demands`], then [`declarations`] (the user's
//! `fathom.yaml`). [`Content::embedded`] gives what ships in the binary; a directory can override it file by file.
//!
//! **Invariant:** content adds behaviour, never code; a file that does not load is an error with file, line and hint.

use std::path::PathBuf;

pub mod activity;
pub mod aws_config;
pub mod checks;
pub mod declarations;
pub mod declared;
pub mod demands;
pub mod edits;
pub mod encryption;
pub mod finders;
pub mod fix;
pub mod frameworks;
mod image;
pub mod manifests;
pub mod open;
pub mod outage;
pub mod owners;
mod pack;
pub mod places;
pub mod protection;
pub mod references;
pub mod resource;
pub mod service_levels;
pub mod suggest;
pub mod template;
pub mod vendors;
pub mod vulnerable;
pub mod web;

pub use activity::ActivityRules;
pub use aws_config::AwsConfigNames;
pub use declarations::Declarations;
pub use declared::{DeclaredMap, DeclaredMaps};
pub use demands::{Demand, Demands, Trait};
pub use edits::EditRules;
pub use finders::FinderRules;
pub use image::ImageNamed;
pub use manifests::ManifestKinds;
pub use open::OpenRule;
pub use pack::Content;
pub use places::Places;
pub use protection::{ProtectionLayer, ProtectionRules};
pub use references::ReferenceRules;
pub use resource::ResourceDefinition;
pub use service_levels::ServiceLevels;
pub use template::Template;
pub use vendors::{Vendor, Vendors};
pub use vulnerable::VulnerabilityRules;

/// Why content did not load.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The file is not YAML of the expected form.
    #[error("{file}:{line}:{column}: {message}")]
    Parse {
        /// The file as the user knows it.
        file: String,
        /// Line, from 1; 0 where the parser cannot tell.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The file reads, but what it says cannot be.
    #[error("{file}: {message}")]
    Invalid {
        /// The file as the user knows it.
        file: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The file cannot be read from disk.
    #[error("cannot read {}", path.display())]
    Read {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Reads YAML of a known form, with the place of the mistake in the error. `file` is for messages.
pub fn parse_yaml<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, ContentError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let message = first_line(&error.to_string(), line, column);
        ContentError::Parse { file: file.to_owned(), line, column, message }
    })
}

/// Parsers print excerpts below their message; an error of ours is one line.
fn first_line(message: &str, line: u64, column: u64) -> String {
    let text = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
    // The place stands before the message already.
    text.trim_start_matches(&format!("line {line} column {column}: ")).trim().to_owned()
}
