//! A query from its text to a stream of rows.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use datafusion::{
    catalog::{
        CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
        SchemaProvider, TableProvider,
    },
    config::Dialect,
    dataframe::DataFrame,
    error::{DataFusionError, Result as DataFusionResult},
    execution::{
        SessionState, SessionStateBuilder,
        context::SQLOptions,
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::GreedyMemoryPool,
        runtime_env::RuntimeEnvBuilder,
    },
    logical_expr::{LogicalPlan, LogicalPlanBuilder, TableType},
    prelude::SessionConfig,
};
use fathom_content::{Content, Vendors};
use fathom_model::spelling::nearest;
use futures::StreamExt;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{
    answer::{Answer, Running, Sent},
    batch::ROWS_MAX,
    engine::{Engine, Guard},
    error::{ReadError, SqlError, from_datafusion},
    hints::place_of,
    limits::Limits,
    source::Source,
    statement::Question,
    tables::{
        self, Kind, Provider, ReadVendors, Reader, Shared, Table, TableInfo, View, Who, reach, schema_of,
    },
};

/// Where tables live by their full name: `fathom.estate.resources`.
const CATALOG: &str = "fathom";
const SCHEMA: &str = "estate";

/// Batches that are made before somebody takes them.
const AHEAD_MAX: usize = 2;

/// SQL over one estate. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    inner: Arc<Inner>,
}

/// A version of the estate, and the kinds of a view's columns in it.
type Learned = (u64, Arc<[Kind]>);

struct Inner {
    source: Arc<dyn Source>,
    machine: Arc<Machine>,
    /// What users say of whose accounts outside are.
    vendors: Option<Arc<ReadVendors>>,
    /// The kinds of the columns that views read from documents, with the version of the estate they hold for.
    learned: Mutex<HashMap<String, Learned>>,
}

/// What lakes over several sources share.
struct Machine {
    content: Arc<Content>,
    tables: BTreeMap<String, Table>,
    engine: Engine,
    state: SessionState,
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake").field("tables", &self.inner.machine.tables.len()).finish_non_exhaustive()
    }
}

impl Lake {
    /// The tables over a source, one view for each resource type of the content. Reads nothing yet.
    ///
    /// # Errors
    /// Where the query engine does not start.
    pub fn new(source: impl Source, content: &Content) -> Result<Self, SqlError> {
        let mut config = SessionConfig::new()
            .with_batch_size(ROWS_MAX)
            .with_information_schema(true)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(CATALOG, SCHEMA);
        // In this dialect `document->>'a' = 'b'` compares the member, as people mean it.
        config.options_mut().sql_parser.dialect = Dialect::PostgreSQL;
        config.options_mut().sql_parser.collect_spans = true;
        let mut state = SessionStateBuilder::new().with_config(config).with_default_features().build();
        datafusion_functions_json::register_all(&mut state)
            .map_err(|error| from_datafusion(&error, "", None))?;
        Ok(Self {
            inner: Arc::new(Inner {
                source: Arc::new(source),
                machine: Arc::new(Machine {
                    content: Arc::new(content.clone()),
                    tables: tables::all(content),
                    engine: Engine::start().map_err(SqlError::Start)?,
                    state,
                }),
                vendors: None,
                learned: Mutex::default(),
            }),
        })
    }

    /// The same, with what users say of whose accounts outside are, read when a query asks for it.
    #[must_use]
    pub fn with_vendors(self, read: impl Fn() -> Result<Vendors, String> + Send + Sync + 'static) -> Self {
        let (source, machine) = (Arc::clone(&self.inner.source), Arc::clone(&self.inner.machine));
        let vendors: Option<Arc<ReadVendors>> = Some(Arc::new(read));
        Self { inner: Arc::new(Inner { source, machine, vendors, learned: Mutex::default() }) }
    }

    /// The same tables over another source, such as the estate as it was; cheap.
    pub fn over(&self, source: impl Source) -> Self {
        let (source, machine) = (Arc::new(source), Arc::clone(&self.inner.machine));
        let vendors = self.inner.vendors.clone();
        Self { inner: Arc::new(Inner { source, machine, vendors, learned: Mutex::default() }) }
    }

    /// The tables with their columns, sorted by name. Columns of documents are [`Kind::Varies`] here; see
    /// [`Lake::table`].
    pub fn tables(&self) -> Vec<TableInfo> {
        self.inner.machine.tables.values().map(|table| table.info.clone()).collect()
    }

    /// One table with the kinds of all its columns, which for a view of a resource type reads its documents once.
    ///
    /// # Errors
    /// [`SqlError::UnknownTable`] with near names, or [`SqlError::Source`].
    pub async fn table(&self, name: &str) -> Result<TableInfo, SqlError> {
        let Some(table) = self.inner.machine.tables.get(name) else {
            return Err(self.inner.unknown_table(name, ""));
        };
        let mut info = table.info.clone();
        if let Reader::View(view) = &table.reader {
            let (inner, learner, name) = (Arc::clone(&self.inner), Arc::clone(view), name.to_owned());
            let task = self.inner.machine.engine.spawn(async move { inner.kinds(&name, &learner).await });
            let kinds = task
                .ok_or_else(SqlError::broken)?
                .await
                .map_err(|_| SqlError::broken())?
                .map_err(|error| from_datafusion(&error, "", None))?;
            info.columns = View::columns(&table.info, &kinds);
        }
        Ok(info)
    }

    /// Runs one reading statement. Comes back when it is planned; a few batches of rows are made ahead of
    /// [`Answer::next`], no more.
    ///
    /// # Errors
    /// Every [`SqlError`] but those of writing; errors about the text carry the place in it.
    pub async fn query(&self, sql: &str, limits: Limits) -> Result<Answer, SqlError> {
        let started = Instant::now();
        let (inner, sql) = (Arc::clone(&self.inner), sql.to_owned());
        let task = self
            .inner
            .machine
            .engine
            .spawn_heavy(async move { Inner::start(&inner, sql, limits).await })
            .ok_or_else(SqlError::broken)?;
        let guard = Guard(task.abort_handle());
        let running = timeout_at(started + limits.time_max(), task)
            .await
            .map_err(|_| SqlError::Timeout { seconds_max: limits.seconds_max })?
            .map_err(|_| SqlError::broken())??;
        drop(guard);
        Ok(Answer::new(running, limits, started))
    }
}

impl Inner {
    /// Plans a query and sets it going.
    async fn start(inner: &Arc<Self>, sql: String, limits: Limits) -> Result<Running, SqlError> {
        let question = Arc::new(Question::read(&sql, &inner.machine.state)?);
        let planning = |error: DataFusionError| from_datafusion(&error, &sql, None);
        let state = Self::session(inner, &question, &limits).map_err(planning)?;
        inner.check_tables(&sql, &question, &state)?;
        let plan = plan(&state, &question, &limits).await.map_err(planning)?;
        let mut stream = DataFrame::new(state, plan)
            .execute_stream()
            .await
            .map_err(|error| from_datafusion(&error, &sql, Some(&limits)))?;
        let schema = stream.schema();
        let (sender, batches) = mpsc::channel::<Sent>(AHEAD_MAX);
        let pump = inner.machine.engine.spawn(async move {
            loop {
                let sent = match stream.next().await {
                    Some(Ok(batch)) => Ok(Some(batch)),
                    Some(Err(error)) => Err(from_datafusion(&error, &sql, Some(&limits))),
                    None => Ok(None),
                };
                let ended = !matches!(sent, Ok(Some(_)));
                if sender.send(sent).await.is_err() || ended {
                    break;
                }
            }
        });
        let guard = Guard(pump.ok_or_else(SqlError::broken)?.abort_handle());
        Ok(Running { schema, batches, guard })
    }

    /// A session of its own for each query: its memory, no disk, and the tables as this query needs them.
    fn session(
        inner: &Arc<Self>,
        question: &Arc<Question>,
        limits: &Limits,
    ) -> DataFusionResult<SessionState> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(GreedyMemoryPool::new(limits.bytes_max)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()?;
        let catalog = MemoryCatalogProvider::new();
        let state = inner.machine.state.clone();
        let (inner, question) = (Arc::clone(inner), Arc::clone(question));
        let permissions: Shared =
            Arc::new(Who::new(Arc::clone(&inner.machine.content), inner.vendors.clone()));
        let reach = reach::Function::new(Arc::clone(&inner.source), Arc::clone(&permissions));
        let estate = Estate { inner, question, permissions };
        catalog.register_schema(SCHEMA, Arc::new(estate))?;
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let mut session = SessionStateBuilder::new_from_existing(state)
            .with_runtime_env(runtime)
            .with_catalog_list(Arc::new(catalogs))
            .build();
        session.register_udtf(reach::NAME, Arc::new(reach));
        Ok(session)
    }

    /// Finds names of tables that do not exist before the planner does, to say where they stand.
    fn check_tables(&self, sql: &str, question: &Question, state: &SessionState) -> Result<(), SqlError> {
        let named = state
            .resolve_table_references(&question.statement)
            .map_err(|error| from_datafusion(&error, sql, None))?;
        for reference in named {
            let elsewhere = reference.schema().is_some_and(|schema| schema == "information_schema");
            let name = reference.table();
            if !elsewhere
                && !self.machine.tables.contains_key(name)
                && !state.table_functions().contains_key(name)
            {
                return Err(self.unknown_table(name, sql));
            }
        }
        Ok(())
    }

    fn unknown_table(&self, name: &str, sql: &str) -> SqlError {
        SqlError::UnknownTable {
            name: name.to_owned(),
            at: place_of(name, sql),
            near: nearest(name, self.machine.tables.keys().map(String::as_str)),
        }
    }

    /// The kinds of a view's document columns, learned once for each version of the estate.
    async fn kinds(&self, name: &str, view: &View) -> DataFusionResult<Arc<[Kind]>> {
        let version = self.source.version().await.map_err(ReadError::Source)?;
        if let Some((of, kinds)) = self.learned.lock().unwrap_or_else(PoisonError::into_inner).get(name)
            && *of == version
        {
            return Ok(Arc::clone(kinds));
        }
        let kinds: Arc<[Kind]> = view.learn(&self.source).await.map_err(ReadError::Source)?.into();
        self.learned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), (version, Arc::clone(&kinds)));
        Ok(kinds)
    }
}

/// The plan of a statement, which may only read, with the limit on rows.
async fn plan(state: &SessionState, question: &Question, limits: &Limits) -> DataFusionResult<LogicalPlan> {
    let plan = state.statement_to_plan(question.statement.clone()).await?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)?;
    if !question.is_query {
        return Ok(plan);
    }
    // One row more than the limit tells whether there are more. Limits are signed in plans.
    let most = i64::try_from(limits.rows_max).unwrap_or(i64::MAX).saturating_add(1);
    LogicalPlanBuilder::from(plan).limit(0, usize::try_from(most).ok())?.build()
}

/// The tables as one query sees them.
struct Estate {
    inner: Arc<Inner>,
    question: Arc<Question>,
    permissions: Shared,
}

impl fmt::Debug for Estate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Estate")
    }
}

#[async_trait]
impl SchemaProvider for Estate {
    fn table_names(&self) -> Vec<String> {
        self.inner.machine.tables.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some(table) = self.inner.machine.tables.get(name) else { return Ok(None) };
        let schema = match &table.reader {
            // Documents are read for the kinds of their columns only where the query may use one of them.
            Reader::View(view) if self.question.may_use(view.document_columns()) => {
                schema_of(&View::columns(&table.info, &self.inner.kinds(name, view).await?))
            }
            _ => schema_of(&table.info.columns),
        };
        let provider = Provider::new(
            Arc::clone(&self.inner.source),
            table.reader.clone(),
            schema,
            Arc::clone(&self.permissions),
        );
        Ok(Some(Arc::new(provider)))
    }

    async fn table_type(&self, name: &str) -> DataFusionResult<Option<TableType>> {
        Ok(self.inner.machine.tables.contains_key(name).then_some(TableType::View))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.inner.machine.tables.contains_key(name)
    }
}
