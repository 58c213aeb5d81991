//! The most that one comparison takes. Beyond a limit the answer is [`Unknown`](crate::Answer::Unknown) and names it.

/// Statements of both sides together.
pub const STATEMENTS_MAX: usize = 2_000;
/// States of the machine that reads the texts of one axis (all actions, all resources, one context key) side by side.
pub const STATES_MAX: usize = 50_000;
/// 64-bit words that the states of one such machine take together.
pub const STATE_WORDS_MAX: usize = 8_000_000;
/// Values of one axis that some statement tells apart.
pub const ATOMS_MAX: usize = 20_000;
/// Sets of values of one key with many values.
pub const SETS_MAX: usize = 4_096;
/// Partial requests that are carried on from one axis to the next.
pub const FRONTIER_MAX: usize = 4_000;
/// Comparisons of partial requests in one question.
pub const STEPS_MAX: usize = 200_000_000;
/// Texts with policy variables on one axis of which any may match.
pub const FREE_MAX: usize = 8;
/// Choices of values for the policy variables of both sides together.
pub const CHOICES_MAX: usize = 64;
/// Callers that some statement could tell apart.
pub const CALLERS_MAX: usize = 5_000;
