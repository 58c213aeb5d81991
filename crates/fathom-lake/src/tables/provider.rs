//! A table as DataFusion sees it: a lazy stream of only the wanted columns.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::SchemaRef,
    catalog::{Session, TableProvider},
    common::ScalarValue,
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, Operator, TableProviderFilterPushDown, TableType},
    physical_plan::{
        ExecutionPlan,
        stream::RecordBatchStreamAdapter,
        streaming::{PartitionStream, StreamingTableExec},
    },
};
use fathom_model::ResourceType;

use super::{Ask, Reader};
use crate::source::Source;

/// One table of one query.
pub(crate) struct Provider {
    source: Arc<dyn Source>,
    reader: Reader,
    schema: SchemaRef,
}

impl Provider {
    /// A table over a source; the schema is that of all its columns.
    pub(crate) fn new(source: Arc<dyn Source>, reader: Reader, schema: SchemaRef) -> Self {
        Self { source, reader, schema }
    }

    /// The type that a condition asks for: `type = '…'` on resources and their versions is worth handing down.
    fn asked_type(&self, filter: &Expr) -> Option<ResourceType> {
        if !matches!(self.reader, Reader::Resources | Reader::Versions | Reader::Changes) {
            return None;
        }
        let Expr::BinaryExpr(comparison) = filter else { return None };
        if comparison.op != Operator::Eq {
            return None;
        }
        let ((Expr::Column(column), Expr::Literal(literal, _))
        | (Expr::Literal(literal, _), Expr::Column(column))) = (&*comparison.left, &*comparison.right)
        else {
            return None;
        };
        match literal {
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text))
                if column.name == "type" =>
            {
                Some(ResourceType::new(text))
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("reader", &self.reader).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for Provider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&columns)?);
        let part: Arc<dyn PartitionStream> = Arc::new(Part {
            source: Arc::clone(&self.source),
            reader: self.reader.clone(),
            columns,
            schema: Arc::clone(&schema),
            kind: filters.iter().find_map(|filter| self.asked_type(filter)),
        });
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![part], None, [], false, limit)?))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| match self.asked_type(filter) {
                Some(_) => TableProviderFilterPushDown::Inexact,
                None => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }
}

/// The one partition of a table: reading starts when it is executed.
struct Part {
    source: Arc<dyn Source>,
    reader: Reader,
    columns: Vec<usize>,
    schema: SchemaRef,
    kind: Option<ResourceType>,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("reader", &self.reader).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl PartitionStream for Part {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let ask = Ask {
            columns: self.columns.clone(),
            schema: Arc::clone(&self.schema),
            kind: self.kind.clone(),
            pool: Arc::clone(context.memory_pool()),
        };
        let batches = self.reader.read(&self.source, ask);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
