//! Conditions of statements: the 27 operators, `IfExists`, `ForAllValues`, `ForAnyValue` and `Null`.

mod compare;
mod operator;

pub(crate) use compare::{range, time};
pub use operator::{Base, Compare, OPERATORS, Operator, Order, Set};

use crate::{
    context::{Context, Given},
    pattern::{Resolved, Template, as_text},
    steps::Steps,
    truth::Truth,
};

/// One operator, one context key and the values of the policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The operator.
    pub operator: Operator,
    /// The context key as it is written.
    pub key: String,
    /// The values of the policy; one of them must match.
    pub values: Vec<Template>,
}

impl Test {
    /// Takes a condition apart; the error says what is wrong with the operator or the values.
    pub(crate) fn new(operator: &str, key: &str, values: &[String], variables: bool) -> Result<Self, String> {
        let operator = Operator::parse(operator)?;
        let takes_variables = matches!(
            operator.base.compare,
            Compare::Text | Compare::IgnoreCase | Compare::Like | Compare::Arn
        );
        if operator.base.compare == Compare::Null
            && let Some(bad) = values.iter().find(|value| compare::boolean(value).is_none())
        {
            return Err(format!("`{bad}` is neither \"true\" nor \"false\""));
        }
        let values =
            values.iter().map(|value| Template::parse(value, variables && takes_variables)).collect();
        Ok(Self { operator, key: key.to_owned(), values })
    }

    /// Whether it holds, and the keys that are missing to say so.
    pub(crate) fn holds(&self, context: &Context, steps: &Steps) -> (Truth, Vec<String>) {
        let mut missing = Vec::new();
        let truth = match context.get(&self.key) {
            Given::NotGiven => {
                missing.push(self.key.clone());
                Truth::OnlyIf
            }
            Given::Absent => self.without_key(),
            Given::Values(values) => self.with_values(values, context, steps, &mut missing),
        };
        (truth, if truth == Truth::OnlyIf { missing } else { Vec::new() })
    }

    /// The key is not in the request.
    fn without_key(&self) -> Truth {
        let operator = &self.operator;
        if operator.base.compare == Compare::Null {
            return self.null_is_asked(true).into();
        }
        match (operator.if_exists, operator.set) {
            // `IfExists` belongs to the comparison of one value, and there is none to compare.
            (_, Some(Set::ForAnyValue)) => Truth::No,
            (true, _) | (false, Some(Set::ForAllValues)) => Truth::Yes,
            (false, None) => operator.base.negated.into(),
        }
    }

    fn with_values(
        &self,
        values: &[String],
        context: &Context,
        steps: &Steps,
        missing: &mut Vec<String>,
    ) -> Truth {
        let base = self.operator.base;
        // A list without a value, or with an empty one, is a null data set.
        let is_null = values.iter().all(String::is_empty);
        if base.compare == Compare::Null {
            return self.null_is_asked(is_null).into();
        }
        // Each value of the request: does it match some value of the policy, or none where the operator is negated?
        let mut fits = Vec::with_capacity(values.len());
        for value in values {
            let matches = Truth::any(
                self.values
                    .iter()
                    .map(|wanted| compare(base.compare, wanted, value, context, steps, missing)),
            );
            fits.push(if base.negated { matches.negate() } else { matches });
        }
        match self.operator.set {
            Some(Set::ForAnyValue) if is_null => Truth::No,
            Some(Set::ForAllValues) if is_null => Truth::Yes,
            Some(Set::ForAllValues) => Truth::all(fits),
            // Without a set operator: one of many values may match, and none may where the operator is negated.
            None if base.negated => Truth::all(fits),
            Some(Set::ForAnyValue) | None => Truth::any(fits),
        }
    }

    /// `Null`: whether being null (or not) is what one of the values asks for.
    fn null_is_asked(&self, is_null: bool) -> bool {
        self.values.iter().any(|value| compare::boolean(value.written()) == Some(is_null))
    }
}

/// Whether a value of the request matches a value of the policy.
fn compare(
    how: Compare,
    wanted: &Template,
    found: &str,
    context: &Context,
    steps: &Steps,
    missing: &mut Vec<String>,
) -> Truth {
    if steps.are_spent() {
        return Truth::Unknown;
    }
    steps.take(wanted.written().len() + found.len());
    match wanted.resolve(context) {
        Resolved::Missing(key) => {
            missing.push(key);
            Truth::OnlyIf
        }
        Resolved::Nothing => Truth::No,
        Resolved::Pattern(tokens) => match how {
            Compare::Text => as_text(&tokens) == found,
            Compare::IgnoreCase => as_text(&tokens).to_lowercase() == found.to_lowercase(),
            Compare::Like => compare::like(&tokens, found, steps),
            Compare::Arn => compare::arn(&tokens, found, steps),
            Compare::Numeric(order) => compare::numeric(order, &as_text(&tokens), found),
            Compare::Date(order) => compare::date(order, &as_text(&tokens), found),
            Compare::Bool => compare::bools(&as_text(&tokens), found),
            Compare::Binary => compare::binary(&as_text(&tokens), found),
            Compare::Ip => compare::ip(&as_text(&tokens), found),
            // Asked before any value is compared.
            Compare::Null => false,
        }
        .into(),
    }
}
