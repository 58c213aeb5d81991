//! Tests of the content that ships and of what users declare.

mod activity;
mod declarations;
mod definitions;
mod open;
mod owners;
mod reference;
mod vendors;
mod web;
