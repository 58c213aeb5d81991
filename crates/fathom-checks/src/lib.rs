//! Checks on resources: compiles the expressions of `content/checks/`, asks them of documents, and says what decided.
//!
//! [`Checks::compile`] makes checks out of files, naming those that cannot be used. [`Checks::ask`] asks all checks of a type of
//! one document and gives four answers: pass, fail, not applicable, unknown. `tree.rs` reads expressions, `forms.rs` tells wrong
//! ones before they are asked, `evaluate.rs` evaluates them, `examples.rs` runs the tests that each check brings,
//! `fix/` fills the commands that put something right.
//!
//! **Invariant:** what was not read is unknown, never false; a check that fails names the values that decided.

mod ask;
mod compile;
mod evaluate;
mod examples;
mod facts;
mod fix;
mod forms;
mod operate;
mod reasons;
mod tree;
mod value;

pub use ask::{Answer, Status, finding_id};
pub use compile::{Check, Checks, Problem};
pub use evaluate::STEPS_MAX;
pub use examples::{Tested, test};
pub use facts::{Asked, Fact, Facts, Missing, Subject};
pub use fix::{Command, Filled, Fix, Part, Undo, holds_choice, named, named_text, script, variable};
pub use forms::{Form, Forms, NoForms};
pub use reasons::Reason;
pub use tree::{CHARS_MAX, Mistake, NODES_MAX};

/// Whether an expression holds of a document; none where it has no value there. Only the document is known, no engine is asked.
///
/// # Errors
/// When the expression is none.
pub fn holds(
    expression: &str,
    document: &serde_json::Value,
    unread: &[String],
) -> Result<Option<bool>, Mistake> {
    let tree = tree::Tree::parse(expression)?;
    let subject = Subject { uid: "", kind: "", name: None, account: "", region: "", document, unread };
    let told = evaluate::ToldBy::new();
    let ground = evaluate::Ground { subject: &subject, facts: &examples::Nobody, told: &told };
    Ok(evaluate::evaluate(&tree, ground).value.ok())
}
