//! A table as DataFusion sees it: a lazy stream of only the wanted columns.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::SchemaRef,
    catalog::{Session, TableProvider},
    error::Result,
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, TableProviderFilterPushDown, TableType},
    physical_plan::{
        ExecutionPlan,
        stream::RecordBatchStreamAdapter,
        streaming::{PartitionStream, StreamingTableExec},
    },
};

use super::{Ask, Asked, Reader, Shared};
use crate::source::Source;

/// One table of one query.
pub(crate) struct Provider {
    source: Arc<dyn Source>,
    reader: Reader,
    schema: SchemaRef,
    permissions: Shared,
}

impl Provider {
    /// A table over a source; the schema is that of all its columns.
    pub(crate) fn new(
        source: Arc<dyn Source>,
        reader: Reader,
        schema: SchemaRef,
        permissions: Shared,
    ) -> Self {
        Self { source, reader, schema, permissions }
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
        let mut asked = Asked::default();
        for filter in filters {
            asked.narrow(&self.reader, filter);
        }
        let columns = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = Arc::new(self.schema.project(&columns)?);
        let part: Arc<dyn PartitionStream> = Arc::new(Part {
            source: Arc::clone(&self.source),
            reader: self.reader.clone(),
            columns,
            schema: Arc::clone(&schema),
            asked,
            permissions: Arc::clone(&self.permissions),
        });
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![part], None, [], false, limit)?))
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| {
                if Asked::default().narrow(&self.reader, filter) {
                    TableProviderFilterPushDown::Inexact
                } else {
                    TableProviderFilterPushDown::Unsupported
                }
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
    asked: Asked,
    permissions: Shared,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("reader", &self.reader)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
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
            asked: self.asked.clone(),
            pool: Arc::clone(context.memory_pool()),
            permissions: Arc::clone(&self.permissions),
        };
        let batches = self.reader.read(&self.source, ask);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
