//! Resources: their patterns are read side by side as ARNs, in the two ways in which a pattern of a resource may match.

use fathom_iam::{
    Context, Template, Truth,
    parts::{Piece, pieces, resource_matches},
};

use super::{
    Axis, Owner, Part,
    key::{Callers, Key, is_relational},
};
use crate::{
    asked::{Asked, Extent},
    limits::FREE_MAX,
    mask::Mask,
    text::{Machine, Reading, Style, Token},
};

/// The account and region of resources in answers, where the policies name none.
const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// The key of the account that owns the resource, which follows from an ARN that names one.
pub(crate) const OWNER: &str = "aws:resourceaccount";

/// The conditions on the account that owns the resource, where there are any and they compare with no other key.
pub(crate) fn owner<'a>(asked: &Asked<'a>) -> Option<Key<'a>> {
    let tests: Vec<_> = asked.tests().filter(|(_, test)| test.key.eq_ignore_ascii_case(OWNER)).collect();
    let is_free = asked.variables().contains(OWNER) || tests.iter().any(|(_, test)| is_relational(test));
    (!tests.is_empty() && !is_free).then(|| Key { name: OWNER.to_owned(), tests })
}

/// The axis of resources.
///
/// In a proof, a pattern with variables may match any text that it matches with `*` in their place, and may also not.
///
/// # Errors
/// When a limit is passed.
pub(crate) fn axis(asked: &Asked<'_>, context: &Context, extent: Extent) -> Result<Axis, String> {
    let mut templates: Vec<&Template> = Vec::new();
    let elements = asked.statements.iter().filter_map(|statement| statement.resource.as_ref());
    for template in elements.flat_map(|element| &element.patterns) {
        if !templates.contains(&template) {
            templates.push(template);
        }
    }
    let free: Vec<&Template> = match extent {
        Extent::Proof => templates.iter().copied().filter(|template| has_variable(template)).collect(),
        Extent::Witness => Vec::new(),
    };
    if free.len() > FREE_MAX {
        return Err(format!("more than {FREE_MAX} resources have policy variables"));
    }
    let owner = owner(asked);
    let owners = match &owner {
        Some(key) => key.axis(asked, &Context::new(), Callers::OfAccounts)?.atoms,
        None => Vec::new(),
    };
    let mut axis = Axis::default();
    let mut add = |arn: &str| -> Result<(), String> {
        // The free ones that may match this text.
        let open: Vec<&Template> = free.iter().copied().filter(|template| may_match(template, arn)).collect();
        for choice in (0..1_usize << open.len()).rev() {
            let chosen = |template: &Template| {
                open.iter().position(|open| *open == template).is_some_and(|at| choice & (1 << at) != 0)
            };
            let mask = satisfied(asked, |template| {
                if free.contains(&template) {
                    chosen(template)
                } else {
                    resource_matches(template, arn, context) == Truth::Yes
                }
            });
            let account = arn.split(':').nth(4).unwrap_or_default();
            match &owner {
                None => axis.add(mask, Part::Resource(arn.to_owned(), Owner::NotAsked))?,
                Some(key) if !account.is_empty() => {
                    let owned = key.mask(asked, &Context::new(), Some(&[account.to_owned()]));
                    axis.add(
                        mask.and(&owned),
                        Part::Resource(arn.to_owned(), Owner::Account(account.to_owned())),
                    )?;
                }
                Some(_) => {
                    for atom in &owners {
                        let Part::Key(_, values) = &atom.part else { continue };
                        let account = values.as_ref().and_then(|values| values.first().cloned());
                        let account = account.map_or(Owner::Absent, Owner::Account);
                        axis.add(mask.and(&atom.mask), Part::Resource(arn.to_owned(), account))?;
                    }
                }
            }
        }
        Ok(())
    };
    let resolved: Vec<Vec<Token>> =
        templates.iter().filter_map(|template| resolved(template, context, extent)).collect();
    for arn in candidates(asked, &resolved) {
        add(&arn)?;
    }
    let accounts = owner.iter().flat_map(|key| &key.tests).flat_map(|(_, test)| &test.values);
    let accounts: Vec<Vec<Token>> =
        accounts.filter_map(|template| self::resolved(template, context, Extent::Witness)).collect();
    for arn in reading(&resolved, &accounts).texts().map_err(|limit| format!("the resources: {limit}"))? {
        add(&arn)?;
    }
    // Actions without a resource.
    add("*")?;
    Ok(axis)
}

/// The statements whose resource it is, by which templates match.
fn satisfied<'a>(asked: &Asked<'a>, matches: impl Fn(&'a Template) -> bool) -> Mask {
    Mask::of(asked.statements.len(), |at| {
        asked.statement(at).is_some_and(|statement| match &statement.resource {
            Some(element) => element.patterns.iter().any(&matches) != element.negated,
            None => true,
        })
    })
}

/// An ARN of the action's own service that satisfies the same statements as this one, where there is one that reads well.
pub(crate) fn suited(asked: &Asked<'_>, context: &Context, arn: &str, action: &str) -> Option<String> {
    let service = action.split(':').next()?.to_ascii_lowercase();
    if owner(asked).is_some() || arn.split(':').nth(2) == Some(service.as_str()) {
        return None;
    }
    let of = |arn: &str| satisfied(asked, |template| resource_matches(template, arn, context) == Truth::Yes);
    let mask = of(arn);
    let own = match service.as_str() {
        "s3" => vec!["arn:aws:s3:::example/example".to_owned(), "arn:aws:s3:::example".to_owned()],
        "iam" => vec![format!("arn:aws:iam::{ACCOUNT}:user/example")],
        "sts" => vec![format!("arn:aws:iam::{ACCOUNT}:role/example")],
        "ec2" => vec![format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-0123456789abcdef0")],
        "kms" => vec![format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/example")],
        _ => vec![format!("arn:aws:{service}:{REGION}:{ACCOUNT}:example")],
    };
    own.into_iter().find(|own| of(own) == mask)
}

/// The keys of the variables in some templates.
pub(crate) fn keys_of(templates: &[Template]) -> Vec<String> {
    let keys = templates.iter().flat_map(pieces).filter_map(|piece| match piece {
        Piece::Variable { key, .. } => Some(key.to_owned()),
        _ => None,
    });
    keys.collect()
}

pub(crate) fn has_variable(template: &Template) -> bool {
    pieces(template).any(|piece| matches!(piece, Piece::Variable { .. }))
}

/// The pattern of a template: with the values of its variables, or in a proof with `*` in their place. None where it can
/// match nothing.
pub(crate) fn resolved(template: &Template, context: &Context, extent: Extent) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for piece in pieces(template) {
        match piece {
            Piece::Char(char) => tokens.push(Token::Char(char)),
            Piece::Any => tokens.push(Token::Any),
            Piece::One => tokens.push(Token::One),
            Piece::Variable { .. } if extent == Extent::Proof => tokens.push(Token::Any),
            Piece::Variable { key, default } => match context.get(key) {
                fathom_iam::Given::Values([single]) => tokens.extend(single.chars().map(Token::Char)),
                _ => tokens.extend(default?.chars().map(Token::Char)),
            },
        }
    }
    Some(tokens)
}

/// Whether a template with variables can match a text. Values may hold colons, so that only what stands before the first
/// variable is sure; behind the fifth colon it is what a plain pattern says.
fn may_match(template: &Template, arn: &str) -> bool {
    let mut colons = 0;
    let is_last =
        pieces(template).take_while(|piece| !matches!(piece, Piece::Variable { .. })).any(|piece| {
            colons += usize::from(piece == Piece::Char(':'));
            colons == 5
        });
    if !is_last {
        return true;
    }
    let text: String = pieces(template)
        .map(|piece| match piece {
            Piece::Char(char) => char,
            Piece::One => '?',
            Piece::Any | Piece::Variable { .. } => '*',
        })
        .collect();
    upper(&text).is_none_or(|upper| resource_matches(&upper, arn, &Context::new()) == Truth::Yes)
}

/// A pattern without variables.
fn upper(text: &str) -> Option<Template> {
    let policy = serde_json::json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": text}});
    let policy = fathom_iam::Policy::parse("", fathom_iam::PolicyKind::Resource, &policy.to_string()).ok()?;
    let statement = policy.statements.into_iter().next()?;
    statement.resource?.patterns.into_iter().next()
}

/// ARNs that read well: the patterns with something in the place of their wildcards.
fn candidates(asked: &Asked<'_>, patterns: &[Vec<Token>]) -> Vec<String> {
    let mut arns = Vec::new();
    for word in ["example", ""] {
        for pattern in patterns.iter().filter(|pattern| pattern.iter().any(|token| *token != Token::Any)) {
            arns.push(filled(pattern, word));
        }
    }
    let is_trust = asked.statements.iter().any(|said| said.resource.is_none());
    if is_trust {
        arns.insert(0, format!("arn:aws:iam::{ACCOUNT}:role/example"));
    }
    arns.extend([
        "arn:aws:s3:::example".to_owned(),
        "arn:aws:s3:::example/example".to_owned(),
        format!("arn:aws:sqs:{REGION}:{ACCOUNT}:example"),
    ]);
    arns.retain(|arn| is_arn(arn));
    arns
}

pub(crate) fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.matches(':').count() >= 5
}

/// A pattern with a word for each wildcard, which in the fields of an ARN is what stands there.
fn filled(pattern: &[Token], word: &str) -> String {
    let mut text = String::new();
    for token in pattern {
        match (token, text.matches(':').count()) {
            (Token::Char(char), _) => text.push(*char),
            (Token::One, _) => text.push('x'),
            (Token::Any, 1) => text.push_str("aws"),
            (Token::Any, 2) => text.push_str("sqs"),
            (Token::Any, 3) => text.push_str(REGION),
            (Token::Any, 4) => text.push_str(ACCOUNT),
            (Token::Any, _) => text.push_str(word),
        }
    }
    let missing = 5_usize.saturating_sub(text.matches(':').count());
    for _ in 0..missing {
        text.push(':');
    }
    text
}

fn reading(patterns: &[Vec<Token>], accounts: &[Vec<Token>]) -> Reading {
    let segments = |pads, crosses| Style::Segments { count: 6, pads, crosses };
    let mut machines = Vec::new();
    for pattern in patterns.iter().filter(|pattern| pattern.iter().any(|token| *token != Token::Any)) {
        machines.push(Machine::new(pattern.iter().copied(), segments(true, false), false));
        let crosses = pattern.windows(2).any(|pair| pair == [Token::Any, Token::Char(':')]);
        if crosses {
            machines.push(Machine::new(pattern.iter().copied(), segments(false, true), false));
        }
    }
    for account in accounts {
        let before =
            "arn:*:*:*:".chars().map(|char| if char == '*' { Token::Any } else { Token::Char(char) });
        let whole = before.chain(account.iter().copied()).chain([Token::Char(':'), Token::Any]);
        machines.push(Machine::new(whole, segments(false, false), false));
    }
    let required = Some(machines.len());
    machines.push(Machine::new([Token::Any], segments(true, false), false));
    Reading { machines, prefix: "arn:".to_owned(), required, without: &[] }
}
