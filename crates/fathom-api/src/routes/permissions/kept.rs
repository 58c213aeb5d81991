//! Keys as the document describes them: what one says of whoever reads what is kept under it.

use fathom_access::{KeyStep, Says, WithKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::{PermittedView, VerdictOfRequest, mirrored};

mirrored! {
    /// A decision, of which a refusal is one.
    enum SaysKind of Says {
        /// It is allowed.
        Allowed,
        /// It is allowed only if something holds that is not known.
        OnlyIf,
        /// It depends on what was not read.
        Unknown,
        /// It is not allowed.
        Denied,
    }
}

/// Actions that give content only to those who may use the key too.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WithKeyView {
    /// The key: an ARN, the alias of one that AWS manages, or why it is not known.
    key: String,
    /// What is needed of it, all of it.
    needs: Vec<String>,
    /// The actions on the resource, sorted.
    actions: Vec<String>,
    /// What the key says of these.
    key_says: SaysKind,
    /// The action and the key together.
    content: SaysKind,
}

/// What keys say of actions that are told.
pub(super) fn with_key(all: Vec<WithKey>, permitted: &[PermittedView]) -> Vec<WithKeyView> {
    let view = |mut one: WithKey| {
        one.actions.retain(|action| permitted.iter().any(|kind| kind.has(action)));
        (!one.actions.is_empty()).then(|| WithKeyView {
            key: one.key,
            needs: one.needs,
            actions: one.actions,
            key_says: one.key_says.into(),
            content: one.content.into(),
        })
    };
    all.into_iter().filter_map(view).collect()
}

/// What a key says of somebody who would use what is kept under it: a step of its own, after the action's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyStepView {
    /// The key: an ARN, the alias of one that AWS manages, or why it is not known.
    key: String,
    /// What is needed of it, all of it.
    needs: Vec<String>,
    /// The service that asks KMS, as `kms:ViaService` has it; null where it is not known or no policy was asked.
    via: Option<String>,
    /// What becomes of that.
    says: SaysKind,
    /// The verdict on the action that decided; null where no policy was asked.
    verdict: Option<VerdictOfRequest>,
    /// What else whoever reads it should know; null where there is nothing.
    note: Option<String>,
}

impl From<KeyStep> for KeyStepView {
    fn from(step: KeyStep) -> Self {
        Self {
            key: step.key,
            needs: step.needs,
            via: step.via,
            says: step.says.into(),
            verdict: step.verdict.map(Into::into),
            note: step.note,
        }
    }
}
