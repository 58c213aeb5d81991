//! Whether what an issuer signed holds, and what it says.

use chrono::{DateTime, Utc};
use fathom_model::Timestamp;
use jiff::SignedDuration;
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, IdToken, IdTokenClaims, Nonce,
    OAuth2TokenResponse as _, SignatureVerificationError, SubjectIdentifier, TokenResponse as _,
    UserInfoClaims,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm},
};

use crate::name;

use super::{
    Identity, OidcError,
    claims::{self, Other},
    provider::{OurClient, Provider, Tokens, chain},
};

/// How far the clocks of two machines may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// The longest subject (OpenID Connect Core 1.0, section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// The longest name that a person gets.
const NAME_CHARS_MAX: usize = 80;

/// Signatures that are believed. Those with a shared secret are not: whoever knows the client's secret could sign.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Claims = IdTokenClaims<Other, CoreGenderClaim>;
type Signed = IdToken<Other, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Who the tokens speak of. `client` has the keys with which it was begun; newer ones are fetched where they are needed.
pub(super) async fn identity(
    provider: &Provider,
    mut client: OurClient,
    tokens: &Tokens,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<Identity, OidcError> {
    let refused = |why: String| OidcError::Refused { name: provider.settings.name.clone(), why };
    let signed = tokens.id_token().ok_or_else(|| refused("it says nothing of who signed in".to_owned()))?;
    let access = tokens.access_token();
    if let Err(Fault::Key) = check(&client, signed, access, nonce, now) {
        let metadata = provider.renewed(now).await?;
        let redirect = client.redirect_uri().cloned();
        client = provider.client(&metadata, redirect.ok_or_else(|| refused("no way back".to_owned()))?);
    }
    let claims = check(&client, signed, access, nonce, now).map_err(|fault| match fault {
        Fault::Key => refused("it is signed with a key that the issuer does not publish".to_owned()),
        Fault::Claim(why) => refused(why),
    })?;
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
        return Err(refused(format!("a subject has 1 to {SUBJECT_BYTES_MAX} bytes")));
    }
    let name_of = |username: Option<&str>, mail: Option<&str>| {
        username.and_then(named).or_else(|| mail.and_then(named))
    };
    let username = claims.preferred_username().map(|name| name.as_str());
    let mut name = name_of(username, claims.email().map(|mail| mail.as_str()));
    let claim = &provider.settings.groups_claim;
    let mut other = claims.additional_claims().clone();
    // Issuers that keep what they sign small tell the rest when they are asked.
    if (other.groups(claim).is_none() || name.is_none()) && client.user_info_url().is_some() {
        let more = user_info(provider, &client, access, claims.subject()).await?;
        let username = more.preferred_username().map(|name| name.as_str());
        name = name.or_else(|| name_of(username, more.email().map(|mail| mail.as_str())));
        if other.groups(claim).is_none() {
            other = more.additional_claims().clone();
        }
    }
    let name =
        name.or_else(|| named(subject)).unwrap_or_else(|| format!("somebody of {}", provider.settings.id));
    let groups = other.groups(claim);
    let Some(rule) = claims::rule(&provider.settings.rules, groups.as_deref().unwrap_or_default()) else {
        return Err(OidcError::NoGroup {
            name: provider.settings.name.clone(),
            issuer: provider.settings.issuer.to_string(),
            subject: subject.to_owned(),
            person: name,
            groups: match groups {
                Some(groups) => format!("{} in the claim `{claim}`", groups.len()),
                None => format!("there is no claim `{claim}`"),
            },
        });
    };
    Ok(Identity {
        id: provider.settings.id.clone(),
        issuer: provider.settings.issuer.to_string(),
        subject: subject.to_owned(),
        name,
        group: rule.group.clone(),
        role: rule.role,
        scope: rule.scope.clone(),
    })
}

/// What does not hold.
enum Fault {
    /// No key that we have fits.
    Key,
    /// Something else.
    Claim(String),
}

fn check<'s>(
    client: &OurClient,
    signed: &'s Signed,
    access: &AccessToken,
    nonce: &Nonce,
    now: Timestamp,
) -> Result<&'s Claims, Fault> {
    let claim = |why: &str| Fault::Claim(why.to_owned());
    let moment = |at: Timestamp| DateTime::<Utc>::from_timestamp(at.as_second(), 0).unwrap_or_default();
    let latest = now.checked_add(SKEW).map(moment).map_err(|_| claim("the clock cannot be"))?;
    let earliest = now.checked_sub(SKEW).map(moment).map_err(|_| claim("the clock cannot be"))?;
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || earliest)
        .set_issue_time_verifier_fn(move |issued| {
            if issued > latest { Err(format!("it was signed in the future, at {issued}")) } else { Ok(()) }
        });
    let claims = signed.claims(&verifier, nonce).map_err(|error| match error {
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey
            | SignatureVerificationError::CryptoError(_)
            | SignatureVerificationError::AmbiguousKeyId(_),
        ) => Fault::Key,
        ClaimsVerificationError::InvalidNonce(_) => claim("it answers another question (nonce)"),
        error => Fault::Claim(chain(&error)),
    })?;
    if claims.authorized_party().is_some_and(|party| *party != *client.client_id()) {
        return Err(claim("it was made for another client (azp)"));
    }
    let not_before = claims.additional_claims().get("nbf").and_then(serde_json::Value::as_f64);
    if not_before.is_some_and(|from| from > latest.timestamp() as f64) {
        return Err(claim("it does not hold yet (nbf)"));
    }
    if let Some(expected) = claims.access_token_hash() {
        let fault = |error: &dyn std::error::Error| Fault::Claim(error.to_string());
        let algorithm = signed.signing_alg().map_err(|error| fault(&error))?;
        let key = signed.signing_key(&verifier).map_err(|error| fault(&error))?;
        let actual = AccessTokenHash::from_token(access, algorithm, key).map_err(|error| fault(&error))?;
        if actual != *expected {
            return Err(claim("the access token is of another answer (at_hash)"));
        }
    }
    Ok(claims)
}

async fn user_info(
    provider: &Provider,
    client: &OurClient,
    access: &AccessToken,
    subject: &SubjectIdentifier,
) -> Result<UserInfoClaims<Other, CoreGenderClaim>, OidcError> {
    let refused = |why: String| OidcError::Refused { name: provider.settings.name.clone(), why };
    // It goes into a header as it is.
    if !access.secret().bytes().all(|b| b.is_ascii_graphic()) {
        return Err(refused("its access token is none".to_owned()));
    }
    let request = client
        .user_info(access.clone(), Some(subject.clone()))
        .map_err(|error| provider.unavailable(error.to_string()))?;
    request.request_async(&provider.http).await.map_err(|error| match error {
        openidconnect::UserInfoError::Request(error) => provider.unavailable(chain(&error)),
        openidconnect::UserInfoError::Response(status, ..) => {
            provider.unavailable(format!("it answers {status} where it should say who somebody is"))
        }
        error => refused(chain(&error)),
    })
}

/// A name without what names here cannot have; none where nothing is left, or where it is one of Fathom's own.
fn named(name: &str) -> Option<String> {
    let mut bytes = [0; 4];
    let plain = name.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String =
        plain.filter(|c| *c == ' ' || name::check(c.encode_utf8(&mut bytes)).is_ok()).collect();
    let words: Vec<&str> = kept.split_whitespace().collect();
    let kept: String = words.join(" ").chars().take(NAME_CHARS_MAX).collect();
    let kept = kept.trim().to_owned();
    name::check(&kept).is_ok().then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_people_here_may_have() {
        assert_eq!(named("ada@example.com").as_deref(), Some("ada@example.com"));
        assert_eq!(named("  Lovelace, Ada\u{202e}/x ").as_deref(), Some("Lovelace Adax"));
        assert_eq!(named(&"a".repeat(500)).map(|name| name.len()), Some(NAME_CHARS_MAX));
        assert_eq!(named("Ada \u{a0} Lovelace").as_deref(), Some("Ada Lovelace"));
        for none in ["", " ,/ ", "owner", "Fathom", "owner\u{3000}(root)", "oidc corp"] {
            assert_eq!(named(none), None, "{none}");
        }
    }
}
