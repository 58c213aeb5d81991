//! The table of condition operators.

/// How a value of the request is compared with one of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// The same characters.
    Text,
    /// The same characters in any case.
    IgnoreCase,
    /// With `*` and `?`.
    Like,
    /// Numbers.
    Numeric(Order),
    /// Times: ISO 8601 or seconds since 1970.
    Date(Order),
    /// `true` or `false`.
    Bool,
    /// The same bytes, in base64.
    Binary,
    /// An address in a range, IPv4 or IPv6.
    Ip,
    /// ARNs, each of the six segments with `*` and `?`.
    Arn,
    /// Whether the key is there at all.
    Null,
}

/// How the request's number or time stands to the policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The same.
    Equal,
    /// Smaller, earlier.
    Less,
    /// Not larger.
    LessOrEqual,
    /// Larger, later.
    Greater,
    /// Not smaller.
    GreaterOrEqual,
}

impl Order {
    /// Whether this relation holds.
    pub(super) fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// As AWS writes it.
    pub name: &'static str,
    /// How values are compared.
    pub compare: Compare,
    /// Whether it holds where no value matches.
    pub negated: bool,
}

const fn row(name: &'static str, compare: Compare, negated: bool) -> Base {
    Base { name, compare, negated }
}

/// All condition operators.
pub const OPERATORS: [Base; 27] = [
    row("StringEquals", Compare::Text, false),
    row("StringNotEquals", Compare::Text, true),
    row("StringEqualsIgnoreCase", Compare::IgnoreCase, false),
    row("StringNotEqualsIgnoreCase", Compare::IgnoreCase, true),
    row("StringLike", Compare::Like, false),
    row("StringNotLike", Compare::Like, true),
    row("NumericEquals", Compare::Numeric(Order::Equal), false),
    row("NumericNotEquals", Compare::Numeric(Order::Equal), true),
    row("NumericLessThan", Compare::Numeric(Order::Less), false),
    row("NumericLessThanEquals", Compare::Numeric(Order::LessOrEqual), false),
    row("NumericGreaterThan", Compare::Numeric(Order::Greater), false),
    row("NumericGreaterThanEquals", Compare::Numeric(Order::GreaterOrEqual), false),
    row("DateEquals", Compare::Date(Order::Equal), false),
    row("DateNotEquals", Compare::Date(Order::Equal), true),
    row("DateLessThan", Compare::Date(Order::Less), false),
    row("DateLessThanEquals", Compare::Date(Order::LessOrEqual), false),
    row("DateGreaterThan", Compare::Date(Order::Greater), false),
    row("DateGreaterThanEquals", Compare::Date(Order::GreaterOrEqual), false),
    row("Bool", Compare::Bool, false),
    row("BinaryEquals", Compare::Binary, false),
    row("IpAddress", Compare::Ip, false),
    row("NotIpAddress", Compare::Ip, true),
    row("ArnEquals", Compare::Arn, false),
    row("ArnLike", Compare::Arn, false),
    row("ArnNotEquals", Compare::Arn, true),
    row("ArnNotLike", Compare::Arn, true),
    row("Null", Compare::Null, false),
];

/// How a key of many values is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Every value of the request must fit.
    ForAllValues,
    /// One value of the request must fit.
    ForAnyValue,
}

/// An operator with what may stand before and behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// As it is written.
    pub written: String,
    /// Its row in the table.
    pub base: Base,
    /// What stands before it.
    pub set: Option<Set>,
    /// Whether `IfExists` stands behind it.
    pub if_exists: bool,
}

impl Operator {
    /// Takes an operator apart. Its letters may be of any case.
    pub(super) fn parse(written: &str) -> Result<Self, String> {
        let (set, rest) = match written.split_once(':') {
            None => (None, written),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Some(Set::ForAllValues), rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Some(Set::ForAnyValue), rest),
            Some((set, _)) => return Err(format!("`{set}` is neither ForAllValues nor ForAnyValue")),
        };
        let find = |name: &str| OPERATORS.iter().find(|row| row.name.eq_ignore_ascii_case(name)).copied();
        let suffix = rest.len().saturating_sub("IfExists".len());
        let if_exists = rest.get(suffix..).is_some_and(|end| end.eq_ignore_ascii_case("IfExists"));
        let name = if if_exists { rest.get(..suffix).unwrap_or_default() } else { rest };
        let Some(base) = find(name) else {
            return Err(format!("`{name}` is no condition operator"));
        };
        if base.compare == Compare::Null && (if_exists || set.is_some()) {
            return Err("Null stands alone: it asks itself whether the key exists".to_owned());
        }
        Ok(Self { written: written.to_owned(), base, set, if_exists })
    }
}
