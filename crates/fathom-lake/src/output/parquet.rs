//! Parquet with zstd, made in memory one row group at a time.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use datafusion::{
    arrow::{
        array::{ArrayRef, RecordBatch, StringBuilder},
        datatypes::{DataType, Field, Schema, SchemaRef},
    },
    parquet::{
        arrow::ArrowWriter,
        basic::{Compression, ZstdLevel},
        errors::ParquetError,
        file::properties::WriterProperties,
    },
};

use super::value::{cell_value, text_of};
use crate::{answer::Column, error::SqlError};

/// Rows of a row group: what is held in memory.
const GROUP_ROWS: usize = 65_536;

pub(super) struct Parquet {
    schema: SchemaRef,
    /// Whether a column has a type that Parquet lacks, and is written as text.
    as_text: Vec<bool>,
    writer: ArrowWriter<Pipe>,
    pipe: Pipe,
}

impl Parquet {
    pub(super) fn new(columns: &[Column], schema: &SchemaRef) -> Result<Self, SqlError> {
        let as_text: Vec<bool> = schema.fields().iter().map(|field| !has_place(field.data_type())).collect();
        let fields: Vec<Field> = columns
            .iter()
            .zip(schema.fields())
            .zip(&as_text)
            .map(|((column, field), as_text)| {
                let kind = if *as_text { DataType::Utf8 } else { field.data_type().clone() };
                Field::new(&column.name, kind, true)
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let pipe = Pipe::default();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_created_by("fathom".to_owned())
            .build();
        let writer =
            ArrowWriter::try_new(pipe.clone(), Arc::clone(&schema), Some(properties)).map_err(encode)?;
        Ok(Self { schema, as_text, writer, pipe })
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, SqlError> {
        let columns: Vec<ArrayRef> = batch
            .columns()
            .iter()
            .zip(&self.as_text)
            .map(|(array, as_text)| {
                if !as_text {
                    return Arc::clone(array);
                }
                let mut texts = StringBuilder::new();
                for row in 0..array.len() {
                    texts.append_option(text_of(cell_value(array.as_ref(), row)));
                }
                Arc::new(texts.finish())
            })
            .collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|error| SqlError::Encode(Box::new(error)))?;
        self.writer.write(&batch).map_err(encode)?;
        Ok(self.pipe.take())
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, SqlError> {
        self.writer.close().map_err(encode)?;
        Ok(self.pipe.take())
    }
}

fn encode(error: ParquetError) -> SqlError {
    SqlError::Encode(Box::new(error))
}

/// Whether Parquet has a place for a type.
fn has_place(kind: &DataType) -> bool {
    match kind {
        DataType::List(field) | DataType::LargeList(field) => has_place(field.data_type()),
        DataType::Struct(fields) => {
            !fields.is_empty() && fields.iter().all(|field| has_place(field.data_type()))
        }
        DataType::Boolean
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::Timestamp(..)
        | DataType::Date32
        | DataType::Decimal128(..) => true,
        kind => kind.is_integer() || matches!(kind, DataType::Float32 | DataType::Float64),
    }
}

/// What the writer wrote and nobody took yet.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
