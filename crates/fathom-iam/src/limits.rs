//! The most that is read, so that no input takes more time or memory than it should. AWS's own limits are lower.

/// Bytes of text in one policy. The largest policy AWS stores has some tens of thousands.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;
/// Statements of one policy.
pub const STATEMENTS_MAX: usize = 2_000;
/// Characters of one text: an ARN, a pattern, a value of a condition or of the request.
pub const TEXT_CHARS_MAX: usize = 4_096;
/// Policies of one layer, or of one level of an organisation.
pub const POLICIES_MAX: usize = 1_000;
/// Levels of an organisation, from its root to the account.
pub const LEVELS_MAX: usize = 32;
/// Keys of the context, and values of one key.
pub const CONTEXT_MAX: usize = 1_000;
/// Bytes of one request in the batch interface.
pub const LINE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Steps of comparing the texts of one request with those of its policies: characters looked at. The policies of a large
/// organisation take some millions.
pub const STEPS_MAX: usize = 100_000_000;
/// Faults of one policy that are told; the rest are counted.
pub const FAULTS_MAX: usize = 50;
/// Actions of which an index keeps what all statements say.
pub const PLANS_MAX: usize = 2_000;
/// Conditions about principals of which an index keeps of whom they hold.
pub const TESTS_MAX: usize = 2_000;
