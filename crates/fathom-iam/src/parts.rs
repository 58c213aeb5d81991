//! The parts of a statement, asked one by one: for engines that compare policies and must mean by each part what
//! [`evaluate`](crate::evaluate) means.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::{
    condition::{self, Test},
    context::Context,
    pattern::{self, Part, Template},
    steps::Steps,
    truth::Truth,
};

pub use crate::evaluate::is_about;

/// One part of a text of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// This character.
    Char(char),
    /// `*`: any characters, also none.
    Any,
    /// `?`: any one character.
    One,
    /// `${key}` or `${key, 'default'}`: the single value of a context key.
    Variable {
        /// The context key as it is written.
        key: &'a str,
        /// What stands for it where the request has no single value.
        default: Option<&'a str>,
    },
}

/// The parts of a text, in their order.
pub fn pieces(template: &Template) -> impl Iterator<Item = Piece<'_>> {
    template.parts().iter().map(|part| match part {
        Part::Char(char) => Piece::Char(*char),
        Part::Any => Piece::Any,
        Part::One => Piece::One,
        Part::Variable { key, default } => Piece::Variable { key, default: default.as_deref() },
    })
}

/// Whether an action of a request matches a pattern of `Action` or `NotAction`.
pub fn action_matches(pattern: &str, action: &str) -> bool {
    pattern::action(pattern, action, &Steps::new())
}

/// Whether the resource of a request matches a pattern of `Resource` or `NotResource`. `OnlyIf` where a variable's key
/// is not given.
pub fn resource_matches(template: &Template, arn: &str, context: &Context) -> Truth {
    pattern::resource(template, arn, context, &Steps::new()).0
}

/// Whether a condition holds in a context. `OnlyIf` where a key is not given.
pub fn holds(test: &Test, context: &Context) -> Truth {
    test.holds(context, &Steps::new()).0
}

/// The time that a text of a date condition means: seconds since 1970 or a form of ISO 8601.
pub fn moment(text: &str) -> Option<Timestamp> {
    condition::time(text)
}

/// The network of an address range and how many of its bits are fixed. An address alone is a range of one.
pub fn address_range(text: &str) -> Option<(IpAddr, u8)> {
    condition::range(text)
}
