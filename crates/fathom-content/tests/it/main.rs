//! Tests of the content that ships and of what users declare.

mod activity;
mod declarations;
mod definitions;
mod open;
mod reference;
mod vendors;
