//! The statement language: what a rule looks for, read from the document of a web ACL.

use std::{collections::BTreeMap, net::IpAddr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

use crate::{acl::Sets, field::Field, rate::RateBased};

/// How deep statements may lie in one another.
const DEPTH_MAX: usize = 32;
/// The most memory of a compiled pattern.
const PATTERN_BYTES_MAX: usize = 4 << 20;

/// What a rule looks for.
#[derive(Debug, Clone)]
pub enum Statement {
    /// A part of the request, compared with something.
    Text(TextStatement),
    /// The country of the client.
    Geo {
        /// Codes of countries.
        countries: Vec<String>,
        /// The header that names the client.
        forwarded: Option<Forwarded>,
    },
    /// The network of the client.
    Asn {
        /// Numbers of networks.
        numbers: Vec<u32>,
        /// The header that names the client.
        forwarded: Option<Forwarded>,
    },
    /// The address of the client.
    Addresses {
        /// The ARN of the set.
        set: String,
        /// Its addresses, or why they are not known.
        ranges: Result<Vec<Range>, String>,
        /// The header that names the client.
        forwarded: Option<Forwarded>,
    },
    /// A label that a rule before added.
    Label {
        /// The label or namespace.
        key: String,
        /// Whether it is a namespace.
        is_namespace: bool,
    },
    /// How many requests came.
    Rate(Box<RateBased>),
    /// All of several.
    And(Vec<Statement>),
    /// One of several.
    Or(Vec<Statement>),
    /// None of one.
    Not(Box<Statement>),
    /// A group of rules that AWS or a vendor keeps.
    Managed(Box<Managed>),
    /// A group of rules of one's own, by its ARN.
    Group {
        /// Its ARN.
        arn: String,
        /// What the web ACL has its rules do instead, by their names.
        overrides: BTreeMap<String, String>,
    },
    /// What could not be read, and why.
    Unread(String),
}

/// A group of rules that AWS or a vendor keeps; what its rules look for is not told.
#[derive(Debug, Clone)]
pub struct Managed {
    /// Who keeps it.
    pub vendor: String,
    /// Its name.
    pub name: String,
    /// Its version, where it is fixed.
    pub version: Option<String>,
    /// What the web ACL has its rules do instead, by their names.
    pub overrides: BTreeMap<String, String>,
    /// The requests that it is asked about.
    pub scope: Option<Statement>,
}

/// A comparison with a part of the request.
#[derive(Debug, Clone)]
pub struct TextStatement {
    pub(crate) field: Field,
    pub(crate) prepared: Vec<String>,
    pub(crate) transformations: Vec<String>,
    pub(crate) test: Test,
}

/// What a part is compared with.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Bytes(Vec<u8>, Position),
    /// Patterns, by the set they are of; or why they are not known.
    Patterns(Option<String>, Result<Vec<Pattern>, String>),
    Size(Compare, u64),
    Sqli,
    Xss,
}

/// A pattern; AWS's and ours may not know the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    pub(crate) text: String,
    pub(crate) compiled: Result<Regex, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    Exactly,
    StartsWith,
    EndsWith,
    Contains,
    ContainsWord,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Le,
    Lt,
    Ge,
    Gt,
}

/// Which header names the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    pub(crate) header: String,
    /// Whether a header without a valid address matches.
    pub(crate) fallback: bool,
    pub(crate) position: Option<Which>,
}

/// Which address of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    First,
    Last,
    Any,
}

/// Addresses that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    first: IpAddr,
    bits: u32,
}

impl Range {
    /// Reads `192.0.2.0/24`, or an address alone.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let (first, bits) = text.split_once('/').unwrap_or((text, ""));
        let first: IpAddr = first.parse().map_err(|_| format!("`{text}` is no address"))?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = if bits.is_empty() { Ok(most) } else { bits.parse() };
        let bits = bits.ok().filter(|bits| *bits <= most).ok_or_else(|| format!("`{text}` is no range"))?;
        Ok(Self { first, bits })
    }

    /// Whether an address is one of them.
    pub fn has(&self, address: IpAddr) -> bool {
        let same =
            |one: u128, other: u128, width: u32| self.bits == 0 || (one ^ other) >> (width - self.bits) == 0;
        match (self.first, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

/// Whether blobs are as the API gives them, or as people write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blobs {
    Api,
    Written,
}

/// Reads statements.
pub(crate) struct Reader<'a> {
    pub(crate) sets: &'a Sets,
    pub(crate) blobs: Blobs,
    /// What could not be read; whole lists, so that each is named.
    pub(crate) faults: Vec<String>,
}

impl Reader<'_> {
    /// Reads a statement; what it lacks makes it unread, and is named with its place.
    pub(crate) fn read(&mut self, place: &str, document: &Value) -> Statement {
        self.at(place, document, 0)
    }

    fn at(&mut self, place: &str, document: &Value, depth: usize) -> Statement {
        if depth > DEPTH_MAX {
            return self.unread(place, format!("statements lie in one another deeper than {DEPTH_MAX}"));
        }
        let members = document.as_object();
        let Some((kind, of)) = members.and_then(|own| own.iter().find(|(_, of)| !of.is_null())) else {
            return self.unread(place, "the statement is empty".to_owned());
        };
        let place = format!("{place}.{kind}");
        match self.kind(&place, kind, of, depth) {
            Ok(statement) => statement,
            Err(why) => self.unread(&place, why),
        }
    }

    fn unread(&mut self, place: &str, why: String) -> Statement {
        self.faults.push(format!("{place}: {why}"));
        Statement::Unread(why)
    }

    fn kind(&mut self, place: &str, kind: &str, of: &Value, depth: usize) -> Result<Statement, String> {
        let list = |member: &str| -> Vec<&Value> {
            of.get(member).and_then(Value::as_array).map(|all| all.iter().collect()).unwrap_or_default()
        };
        let arn = || {
            let arn = of.get("ARN").and_then(Value::as_str).map(ToOwned::to_owned);
            arn.ok_or_else(|| "it names no ARN".to_owned())
        };
        Ok(match kind {
            "ByteMatchStatement" => {
                let search = self.search(of)?;
                let position = position(of)?;
                text(of, Test::Bytes(search, position))?
            }
            "RegexMatchStatement" => {
                let own = of.get("RegexString").and_then(Value::as_str).ok_or("it has no RegexString")?;
                text(of, Test::Patterns(None, Ok(vec![Pattern::of(own)])))?
            }
            "RegexPatternSetReferenceStatement" => {
                let set = arn()?;
                let patterns = self.sets.patterns(&set);
                let patterns = patterns.map(|all| all.iter().map(|one| Pattern::of(one)).collect());
                text(of, Test::Patterns(Some(set), patterns))?
            }
            "SizeConstraintStatement" => {
                let size = of.get("Size").and_then(Value::as_u64).ok_or("it has no Size")?;
                text(of, Test::Size(compare(of)?, size))?
            }
            "SqliMatchStatement" => text(of, Test::Sqli)?,
            "XssMatchStatement" => text(of, Test::Xss)?,
            "GeoMatchStatement" => {
                let all = list("CountryCodes").into_iter();
                let countries: Vec<String> = all.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
                Statement::Geo { countries, forwarded: forwarded(of.get("ForwardedIPConfig"))? }
            }
            "AsnMatchStatement" => {
                let all = list("AsnList").into_iter();
                let numbers = all.filter_map(Value::as_u64).filter_map(|one| one.try_into().ok()).collect();
                Statement::Asn { numbers, forwarded: forwarded(of.get("ForwardedIPConfig"))? }
            }
            "IPSetReferenceStatement" => {
                let set = arn()?;
                let ranges = self.sets.ranges(&set);
                Statement::Addresses { ranges, set, forwarded: forwarded(of.get("IPSetForwardedIPConfig"))? }
            }
            "LabelMatchStatement" => {
                let key = of.get("Key").and_then(Value::as_str).ok_or("it has no Key")?;
                let is_namespace = match of.get("Scope").and_then(Value::as_str) {
                    Some("LABEL") => false,
                    Some("NAMESPACE") => true,
                    _ => return Err("its Scope is neither LABEL nor NAMESPACE".to_owned()),
                };
                Statement::Label { key: key.to_owned(), is_namespace }
            }
            "RateBasedStatement" => {
                let scope = of.get("ScopeDownStatement").filter(|scope| !scope.is_null());
                let scope =
                    scope.map(|scope| self.at(&format!("{place}.ScopeDownStatement"), scope, depth + 1));
                Statement::Rate(Box::new(RateBased::read(of, scope)?))
            }
            "AndStatement" | "OrStatement" => {
                let all: Vec<&Value> = list("Statements");
                if all.is_empty() {
                    return Err("it holds no statements".to_owned());
                }
                let parts: Vec<Statement> = (0..)
                    .zip(all)
                    .map(|(number, one): (usize, _)| {
                        self.at(&format!("{place}.Statements[{number}]"), one, depth + 1)
                    })
                    .collect();
                if kind == "AndStatement" { Statement::And(parts) } else { Statement::Or(parts) }
            }
            "NotStatement" => {
                let inner = of.get("Statement").ok_or("it holds no statement")?;
                Statement::Not(Box::new(self.at(&format!("{place}.Statement"), inner, depth + 1)))
            }
            "ManagedRuleGroupStatement" => {
                let own = |member: &str| of.get(member).and_then(Value::as_str).map(ToOwned::to_owned);
                let scope = of.get("ScopeDownStatement").filter(|scope| !scope.is_null());
                Statement::Managed(Box::new(Managed {
                    vendor: own("VendorName").ok_or("it has no VendorName")?,
                    name: own("Name").ok_or("it has no Name")?,
                    version: own("Version"),
                    overrides: overrides(of),
                    scope: scope
                        .map(|scope| self.at(&format!("{place}.ScopeDownStatement"), scope, depth + 1)),
                }))
            }
            "RuleGroupReferenceStatement" => Statement::Group { arn: arn()?, overrides: overrides(of) },
            other => return Err(format!("{other} is not known here")),
        })
    }

    fn search(&self, of: &Value) -> Result<Vec<u8>, String> {
        let own = |member: &str| of.get(member).and_then(Value::as_str);
        if let Some(text) = own("SearchStringBase64") {
            return BASE64_STANDARD.decode(text).map_err(|_| "SearchStringBase64 is no Base64".to_owned());
        }
        let text = own("SearchString").ok_or("it has no SearchString")?;
        match (BASE64_STANDARD.decode(text), self.blobs) {
            (Ok(bytes), Blobs::Api) => Ok(bytes),
            (Err(_), Blobs::Api) => Err("SearchString is no Base64".to_owned()),
            (Err(_), Blobs::Written) => Ok(text.as_bytes().to_vec()),
            (Ok(bytes), Blobs::Written) if std::str::from_utf8(&bytes).is_ok_and(is_printable) => Ok(bytes),
            (Ok(_), Blobs::Written) => Err(format!(
                "SearchString `{text}` can be meant as Base64 or as it stands; write it in Base64 as SearchStringBase64"
            )),
        }
    }
}

fn is_printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

impl Pattern {
    fn of(text: &str) -> Self {
        // Bytes, as PCRE takes them where nobody turns Unicode on.
        let compiled = RegexBuilder::new(text).unicode(false).size_limit(PATTERN_BYTES_MAX).build();
        let compiled = compiled.map_err(|_| format!("the pattern `{text}` cannot be read here"));
        Self { text: text.to_owned(), compiled }
    }
}

fn text(of: &Value, test: Test) -> Result<Statement, String> {
    Ok(Statement::Text(TextStatement {
        field: Field::read(of.get("FieldToMatch").unwrap_or(&Value::Null))?,
        prepared: transformations(of, "PreParseTextTransformations")?,
        transformations: transformations(of, "TextTransformations")?,
        test,
    }))
}

/// Transformations in the order of their priority.
pub(crate) fn transformations(of: &Value, member: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for one in of.get(member).and_then(Value::as_array).into_iter().flatten() {
        let kind = one.get("Type").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| format!("a transformation of {member} has no Type"))?;
        all.push((one.get("Priority").and_then(Value::as_i64).unwrap_or_default(), kind.to_owned()));
    }
    all.sort_by_key(|(priority, _)| *priority);
    Ok(all.into_iter().map(|(_, kind)| kind).collect())
}

fn position(of: &Value) -> Result<Position, String> {
    Ok(match of.get("PositionalConstraint").and_then(Value::as_str).unwrap_or_default() {
        "EXACTLY" => Position::Exactly,
        "STARTS_WITH" => Position::StartsWith,
        "ENDS_WITH" => Position::EndsWith,
        "CONTAINS" => Position::Contains,
        "CONTAINS_WORD" => Position::ContainsWord,
        other => return Err(format!("PositionalConstraint `{other}` is not known here")),
    })
}

fn compare(of: &Value) -> Result<Compare, String> {
    Ok(match of.get("ComparisonOperator").and_then(Value::as_str).unwrap_or_default() {
        "EQ" => Compare::Eq,
        "NE" => Compare::Ne,
        "LE" => Compare::Le,
        "LT" => Compare::Lt,
        "GE" => Compare::Ge,
        "GT" => Compare::Gt,
        other => return Err(format!("ComparisonOperator `{other}` is not known here")),
    })
}

/// Reads where a header names the client; none where nothing does.
pub(crate) fn forwarded(of: Option<&Value>) -> Result<Option<Forwarded>, String> {
    let Some(of) = of.filter(|of| !of.is_null()) else { return Ok(None) };
    let header =
        of.get("HeaderName").and_then(Value::as_str).ok_or("the forwarded address has no HeaderName")?;
    let position = match of.get("Position").and_then(Value::as_str) {
        None => None,
        Some("FIRST") => Some(Which::First),
        Some("LAST") => Some(Which::Last),
        Some("ANY") => Some(Which::Any),
        Some(other) => return Err(format!("Position `{other}` is not known here")),
    };
    let fallback = of.get("FallbackBehavior").and_then(Value::as_str) == Some("MATCH");
    Ok(Some(Forwarded { header: header.to_owned(), fallback, position }))
}

/// What rules of a group are made to do: `RuleActionOverrides`, and the older `ExcludedRules`, which count.
fn overrides(of: &Value) -> BTreeMap<String, String> {
    let list = |member: &str| of.get(member).and_then(Value::as_array).into_iter().flatten();
    let name = |one: &Value| one.get("Name").and_then(Value::as_str).map(ToOwned::to_owned);
    let excluded = list("ExcludedRules").filter_map(|one| Some((name(one)?, "Count".to_owned())));
    let overridden = list("RuleActionOverrides").filter_map(|one| {
        let action = one.get("ActionToUse")?.as_object()?.keys().next()?.clone();
        Some((name(one)?, action))
    });
    excluded.chain(overridden).collect()
}
