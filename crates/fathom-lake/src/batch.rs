//! From chunks of model types to Arrow record batches.

use std::sync::Arc;

use datafusion::{
    arrow::{
        array::{
            ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, RecordBatchOptions,
            StringBuilder, TimestampMicrosecondBuilder,
        },
        datatypes::{DataType, SchemaRef},
    },
    error::{DataFusionError, Result},
};
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};

use crate::{cell::Cell, error::ReadError, source::Chunks};

/// Batches on their way into a query.
pub(crate) type Batches = BoxStream<'static, Result<RecordBatch>>;

/// Most rows of a batch.
pub(crate) const ROWS_MAX: usize = 8192;
/// A batch ends early when its texts reach this size: documents can be large.
const TEXT_BYTES_MAX: usize = 8 << 20;

/// A batch under construction. Each row gives every column one [`Cell`], in order, then ends.
pub(crate) struct Batch {
    schema: SchemaRef,
    columns: Vec<Builder>,
    rows: usize,
    text_bytes: usize,
}

enum Builder {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    Number(Float64Builder),
    Text(StringBuilder),
    Time(TimestampMicrosecondBuilder),
}

impl Batch {
    fn new(schema: SchemaRef) -> Self {
        let columns = schema
            .fields()
            .iter()
            .map(|field| match field.data_type() {
                DataType::Boolean => Builder::Bool(BooleanBuilder::new()),
                DataType::Int64 => Builder::Int(Int64Builder::new()),
                DataType::Float64 => Builder::Number(Float64Builder::new()),
                DataType::Timestamp(_, zone) => Builder::Time(
                    TimestampMicrosecondBuilder::new().with_timezone_opt(zone.as_deref().map(Arc::from)),
                ),
                _ => Builder::Text(StringBuilder::new()),
            })
            .collect();
        Self { schema, columns, rows: 0, text_bytes: 0 }
    }

    /// Sets the value of a column in the row under construction.
    pub(crate) fn push(&mut self, column: usize, cell: Cell<'_>) -> Result<()> {
        let Some(builder) = self.columns.get_mut(column) else {
            return Err(DataFusionError::Internal(format!("column {column} is not part of this batch")));
        };
        match (builder, cell) {
            (Builder::Bool(to), Cell::Bool(yes)) => to.append_value(yes),
            (Builder::Bool(to), Cell::Null) => to.append_null(),
            (Builder::Int(to), Cell::Int(number)) => to.append_value(number),
            (Builder::Int(to), Cell::Null) => to.append_null(),
            (Builder::Number(to), Cell::Number(number)) => to.append_value(number),
            (Builder::Number(to), Cell::Null) => to.append_null(),
            (Builder::Time(to), Cell::Time(at)) => to.append_value(at.as_microsecond()),
            (Builder::Time(to), Cell::Null) => to.append_null(),
            (Builder::Text(to), Cell::Text(text)) => {
                self.text_bytes += text.len();
                to.append_value(text);
            }
            (Builder::Text(to), Cell::Null) => to.append_null(),
            (Builder::Text(to), Cell::Bool(yes)) => to.append_value(if yes { "true" } else { "false" }),
            (Builder::Text(to), Cell::Int(number)) => to.append_value(number.to_string()),
            _ => {
                let name = self.schema.fields().get(column).map(|field| field.name().clone());
                return Err(ReadError::Changed { column: name.unwrap_or_default() }.into());
            }
        }
        Ok(())
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) {
        self.rows += 1;
    }

    fn is_full(&self) -> bool {
        self.rows >= ROWS_MAX || self.text_bytes >= TEXT_BYTES_MAX
    }

    fn finish(&mut self) -> Result<RecordBatch> {
        let arrays = self
            .columns
            .iter_mut()
            .map(|column| -> ArrayRef {
                match column {
                    Builder::Bool(from) => Arc::new(from.finish()),
                    Builder::Int(from) => Arc::new(from.finish()),
                    Builder::Number(from) => Arc::new(from.finish()),
                    Builder::Text(from) => Arc::new(from.finish()),
                    Builder::Time(from) => Arc::new(from.finish()),
                }
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        self.text_bytes = 0;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)?)
    }
}

/// Turns each fact into no, one or several rows. `write` pushes a cell for every column of the schema, then ends the row.
pub(crate) fn batches<T, F>(chunks: Chunks<T>, schema: SchemaRef, mut write: F) -> Batches
where
    T: Send + 'static,
    F: FnMut(&T, &mut Batch) -> Result<()> + Send + 'static,
{
    let mut batch = Batch::new(schema);
    chunks
        .map(move |chunk| -> Result<_> {
            let mut ready = Vec::new();
            for fact in chunk.map_err(ReadError::Source)? {
                write(&fact, &mut batch)?;
                if batch.is_full() {
                    ready.push(Ok(batch.finish()?));
                }
            }
            if batch.rows > 0 {
                ready.push(Ok(batch.finish()?));
            }
            Ok(stream::iter(ready))
        })
        .try_flatten()
        .boxed()
}
