//! The parts of an ARN: `arn:partition:service:region:account:resource`.

/// What makes an ARN a pattern, in policies (`*`, `?`) and templates (`${aws:username}`).
pub const WILDCARDS: [char; 3] = ['*', '?', '$'];

/// An ARN, taken apart; nothing of it is checked but that it has six parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'t> {
    /// `aws`, `aws-cn`, …
    pub partition: &'t str,
    /// The service, as ARNs name it.
    pub service: &'t str,
    /// The region; empty where there is none.
    pub region: &'t str,
    /// The account; empty where there is none, `aws` or a service's name for what the provider owns.
    pub account: &'t str,
    /// What follows the account.
    pub resource: &'t str,
}

/// Takes a text apart; none where it is no ARN.
pub fn parse(text: &str) -> Option<Arn<'_>> {
    let mut parts = text.splitn(6, ':');
    if parts.next()? != "arn" {
        return None;
    }
    let arn = Arn {
        partition: parts.next()?,
        service: parts.next()?,
        region: parts.next()?,
        account: parts.next()?,
        resource: parts.next()?,
    };
    let named = !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty();
    named.then_some(arn)
}

impl<'t> Arn<'t> {
    /// What the resource part begins with, where it has several: `role`, `instance`, `function`.
    pub fn word(&self) -> &'t str {
        self.resource.split_once(['/', ':']).map_or("", |(word, _)| word)
    }

    /// Whether it names an account by its twelve digits.
    pub fn has_account(&self) -> bool {
        self.account.len() == 12 && self.account.bytes().all(|byte| byte.is_ascii_digit())
    }
}
