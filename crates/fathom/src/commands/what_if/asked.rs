//! What is asked about: a Terraform plan, a CloudFormation change set or template, or single edits, and the estate with it.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Result, bail};
use fathom_content::Content;
use fathom_estate::{
    declared::{
        changes::Proposal,
        template::{self, Template},
    },
    edits::Edit,
};
use fathom_see::planned::{
    self, Planned, Where,
    edits::EDITS_MAX,
    stack::{self, OfStack},
};
use fathom_store::Store;
use serde_json::Value;

use crate::{args::WhatIfArgs, commands::compare::read};

/// What is asked about, read from its files.
pub(super) enum Asked {
    Plan(Proposal),
    ChangeSet(Proposal, Option<(Template, String)>),
    Template { template: Template, was: Option<Template>, stack: String },
    Edits(Vec<Edit>),
}

impl Asked {
    /// Reads it before the store is opened, so that a mistake in it is told at once.
    pub(super) fn read(args: &WhatIfArgs, content: &Content) -> Result<Self> {
        if !args.edit.is_empty() {
            if args.edit.len() > EDITS_MAX {
                bail!("{} edits; no more than {EDITS_MAX} are asked about at once", args.edit.len());
            }
            let all: Result<Vec<Edit>, _> =
                args.edit.iter().map(|text| Edit::parse(text, &content.edits)).collect();
            return Ok(Self::Edits(all?));
        }
        let given = match &args.parameters {
            Some(file) => template::parameters(&file.display().to_string(), &read(file)?)?,
            None => BTreeMap::new(),
        };
        if let Some(file) = &args.plan {
            return Ok(Self::Plan(Proposal::terraform(&file.display().to_string(), &read(file)?)?));
        }
        if let Some(file) = &args.change_set {
            let text = read(file)?;
            let changes = Proposal::change_set(&file.display().to_string(), &text)?;
            let code = match &args.template {
                Some(code) => Some((parsed(code, &given)?, stack_of(args, &text)?)),
                None => None,
            };
            return Ok(Self::ChangeSet(changes, code));
        }
        let (Some(file), Some(stack)) = (&args.template, &args.stack) else {
            bail!("name what is asked about: --plan, --change-set, --template or --edit");
        };
        let was = args.was.as_deref().map(|was| parsed(was, &given)).transpose()?;
        Ok(Self::Template { template: parsed(file, &given)?, was, stack: stack.clone() })
    }

    /// The estate with it, under the name of the file, and what was left out.
    pub(super) async fn plan(
        self,
        store: &Store,
        content: &Content,
        place: &Where,
    ) -> Result<(String, Vec<String>, Planned)> {
        match self {
            Self::Plan(proposal) => {
                let planned = planned::plan(store, content, &proposal, place).await?;
                Ok((proposal.file.to_string(), proposal.left_out, planned))
            }
            Self::ChangeSet(mut changes, code) => {
                if let Some((template, name)) = code {
                    let asked = OfStack { template: &template, was: None, name: &name };
                    stack::fill(store, content, &mut changes, &asked, place).await?;
                }
                let planned = planned::plan(store, content, &changes, place).await?;
                Ok((changes.file.to_string(), changes.left_out, planned))
            }
            Self::Template { template, was, stack } => {
                let asked = OfStack { template: &template, was: was.as_ref(), name: &stack };
                let (planned, left_out) = stack::of_stack(store, content, &asked, place).await?;
                Ok((template.file.to_string(), left_out, planned))
            }
            Self::Edits(all) => {
                let planned = planned::edits::edited(store, content, &all, place).await?;
                Ok(("edits".to_owned(), Vec::new(), planned))
            }
        }
    }
}

fn parsed(file: &Path, given: &BTreeMap<String, Value>) -> Result<Template> {
    Ok(Template::parse(&file.display().to_string(), &read(file)?, given)?)
}

/// The stack that a change set is of.
fn stack_of(args: &WhatIfArgs, text: &str) -> Result<String> {
    if let Some(stack) = &args.stack {
        return Ok(stack.clone());
    }
    let told: Value = serde_json::from_str(text)?;
    match ["StackId", "StackName"].iter().find_map(|name| told[*name].as_str()) {
        Some(stack) => Ok(stack.to_owned()),
        None => bail!("the change set does not say its stack; write --stack"),
    }
}
