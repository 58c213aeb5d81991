//! What conditions say about which rows can count at all, so that a source need not read the others.
//!
//! Only `column = 'text'`, lists of such texts and `OR` between them are understood, on columns that a source can look
//! up. Every condition is checked again on the rows that come, so that what is not understood here costs time only.

use std::collections::BTreeMap;

use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, Operator},
};

use super::{Reader, access, access_who};
use crate::source::{Which, WhichEdges};

/// The longest list of values that is handed down.
const VALUES_MAX: usize = 1000;

/// Which rows a source is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// Which resources.
    pub(crate) which: Which,
    /// Which edges.
    pub(crate) edges: WhichEdges,
    /// Texts that columns of permissions must have one of.
    pub(crate) texts: BTreeMap<&'static str, Vec<String>>,
}

impl Asked {
    /// Narrows by a condition; false where it does not say anything that the source of this table can use.
    pub(crate) fn narrow(&mut self, reader: &Reader, filter: &Expr) -> bool {
        let Some((column, values)) = equals_any(filter) else { return false };
        if values.len() > VALUES_MAX {
            return false;
        }
        if let Reader::Access | Reader::AccessWho = reader {
            return self.narrow_access(reader, column, &values);
        }
        let is_view = matches!(reader, Reader::View(_));
        let listed = matches!(reader, Reader::Resources | Reader::Versions | Reader::Changes);
        let by_resource = listed || is_view || matches!(reader, Reader::Explanations);
        let now = is_view || matches!(reader, Reader::Resources);
        match column {
            "uid" if by_resource => narrow(&mut self.which.uids, &values),
            // A view is of one type; where it has such a column, that is one of its documents.
            "type" if listed => narrow(&mut self.which.kinds, &values),
            "account" if by_resource => narrow(&mut self.which.accounts, &values),
            "region" if by_resource => narrow(&mut self.which.regions, &values),
            "id" if now => narrow(&mut self.which.ids, &values),
            "name" if now => narrow(&mut self.which.names, &values),
            "from_uid" if matches!(reader, Reader::Edges) => narrow(&mut self.edges.from, &values),
            "to_uid" if matches!(reader, Reader::Edges) => narrow(&mut self.edges.to, &values),
            _ => return false,
        }
        true
    }

    fn narrow_access(&mut self, reader: &Reader, column: &str, values: &[&str]) -> bool {
        let known = if matches!(reader, Reader::Access) { access::NARROW } else { access_who::NARROW };
        let Some(column) = known.iter().find(|known| **known == column) else { return false };
        let values = || values.iter().map(|value| (*value).to_owned()).collect();
        self.texts.entry(column).or_insert_with(values);
        true
    }
}

/// The first condition on a column counts; a second one can only ask for less.
fn narrow<T: for<'a> From<&'a str>>(list: &mut Vec<T>, values: &[&str]) {
    if list.is_empty() {
        list.extend(values.iter().map(|value| T::from(value)));
    }
}

/// The column and the texts of which it must have one; none where the condition says something else.
fn equals_any(filter: &Expr) -> Option<(&str, Vec<&str>)> {
    match filter {
        Expr::BinaryExpr(both) if both.op == Operator::Eq => match (&*both.left, &*both.right) {
            (Expr::Column(column), Expr::Literal(value, _))
            | (Expr::Literal(value, _), Expr::Column(column)) => Some((&column.name, vec![text(value)?])),
            _ => None,
        },
        Expr::BinaryExpr(both) if both.op == Operator::Or => {
            let (column, mut values) = equals_any(&both.left)?;
            let (other, more) = equals_any(&both.right)?;
            values.extend(more);
            (column == other).then_some((column, values))
        }
        Expr::InList(list) if !list.negated => {
            let Expr::Column(column) = &*list.expr else { return None };
            let values = list.list.iter().map(|each| match each {
                Expr::Literal(value, _) => text(value),
                _ => None,
            });
            Some((&column.name, values.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// The text of a literal; none where it is something else.
pub(super) fn text(value: &ScalarValue) -> Option<&str> {
    match value {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::Utf8View(Some(text))
        | ScalarValue::LargeUtf8(Some(text)) => Some(text),
        _ => None,
    }
}
