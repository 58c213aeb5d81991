//! The actions of AWS: what they are called, what kind of access they are, on which resources and with which condition
//! keys they are asked.
//!
//! [`Catalogue::embedded`] is the place to start: it reads the file in the binary once. An [`ActionId`] counts all
//! actions from 0 in the order of their names, so that sets of actions can be bitmaps; it holds for one
//! [`Catalogue::version`] only. [`Kind`] groups actions as people are shown them.
//!
//! The facts come from AWS's Service Authorization Reference, as two packages have it (`content/iam/NOTICE`); which
//! actions are about data, and which change permissions although the reference calls them plain writes, is written in
//! `content/iam/data-actions.yaml` and `permission-actions.yaml`.
//!
//! **Invariant:** no IO, no clock. An action or an ARN that is not here is unknown, never refused: AWS adds actions every
//! week, and those who ask go on with the name as it was written.

mod action;
mod arn;
mod catalogue;
mod kind;
mod load;
mod pattern;

pub use action::{Action, ActionResource, ConditionKey, ResourceType, Service, ValueType};
pub use arn::Fit;
pub use catalogue::{ActionId, Catalogue, Version};
pub use kind::{Kind, Level};
pub use load::CatalogueError;
