//! How long a session lasts: unused and at the most.

use fathom_model::Timestamp;
use jiff::SignedDuration;

use crate::Role;

/// The longest that a session lasts, however much it is used.
pub const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(12);
/// The longest that one lasts that only serves to set up how a person will sign in.
pub const ENROLLING_MAX: SignedDuration = SignedDuration::from_hours(1);
/// After how long somebody has to sign in again to change how they sign in.
pub const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// How long an invitation can be used.
pub const INVITED: SignedDuration = SignedDuration::from_hours(24);
/// The longest that a token for programs lasts, in days.
pub const TOKEN_DAYS_MAX: i64 = 366;

/// How somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// With the token of whoever owns the data directory.
    OwnerToken,
    /// With a password and a one-time code.
    Password,
    /// With a passkey.
    Passkey,
    /// Through an issuer of OpenID Connect.
    Oidc,
    /// With a recovery code.
    Recovery,
    /// With an invitation, to set up how to sign in.
    Invitation,
    /// A program, with a token of its own.
    ApiToken,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 7] = [
        Self::OwnerToken,
        Self::Password,
        Self::Passkey,
        Self::Oidc,
        Self::Recovery,
        Self::Invitation,
        Self::ApiToken,
    ];

    /// The word that is kept, and that programs use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OwnerToken => "owner_token",
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Oidc => "oidc",
            Self::Recovery => "recovery",
            Self::Invitation => "invitation",
            Self::ApiToken => "api_token",
        }
    }

    /// The method of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == word)
    }
}

/// How long a session of a role may stay unused. An emergency's is the shortest.
pub fn idle_max(role: Role, method: Method) -> SignedDuration {
    SignedDuration::from_mins(match (method, role) {
        (Method::Recovery, _) => 5,
        (_, Role::Analyst | Role::Responder) => 15,
        (_, Role::Administrator) => 30,
        (_, Role::Viewer | Role::Auditor) => 60,
    })
}

/// When a session that begins now ends at the latest.
pub fn ends_at(method: Method, now: Timestamp) -> Timestamp {
    let most = if method == Method::Invitation { ENROLLING_MAX } else { LENGTH_MAX };
    now.checked_add(most).unwrap_or(now)
}

/// Until when a session holds that was used last at a moment and is not used again.
pub fn idle_until(role: Role, method: Method, used_at: Timestamp, ends_at: Timestamp) -> Timestamp {
    used_at.checked_add(idle_max(role, method)).unwrap_or(used_at).min(ends_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 45 CFR 164.312 as the requirements read it: 15 minutes clinical, 30 administrative, 5 emergency, 60 read-only.
    #[test]
    fn unused_sessions_end_by_role() {
        for (role, method, minutes) in [
            (Role::Viewer, Method::Password, 60),
            (Role::Auditor, Method::Passkey, 60),
            (Role::Administrator, Method::Oidc, 30),
            (Role::Administrator, Method::OwnerToken, 30),
            (Role::Analyst, Method::Password, 15),
            (Role::Responder, Method::Passkey, 15),
            (Role::Administrator, Method::Recovery, 5),
            (Role::Viewer, Method::Recovery, 5),
        ] {
            assert_eq!(idle_max(role, method), SignedDuration::from_mins(minutes), "{role} {method:?}");
        }
    }

    #[test]
    fn use_does_not_lengthen_a_session_beyond_its_end() {
        let at = |hour: i64| Timestamp::from_second(1_700_000_000 + hour * 3600).expect("in range");
        let ends = ends_at(Method::Password, at(0));
        assert_eq!(ends, at(12));
        assert_eq!(idle_until(Role::Viewer, Method::Password, at(5), ends), at(6));
        assert_eq!(idle_until(Role::Viewer, Method::Password, at(12), ends), at(12));
    }

    #[test]
    fn words_come_back() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.as_str()), Some(method));
        }
    }
}
