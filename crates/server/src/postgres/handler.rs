//! The queries of one connection, simple and extended.
//!
//! A statement is read when it is parsed and planned when its columns are asked for; it is answered, and charged,
//! when it is executed. Parameters are written into the statement before it is planned: a bound value is a literal
//! like any other, and the same question in other words.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch, into_pg_type};
use async_trait::async_trait;

use futures::{Sink, SinkExt, stream};
use pgwire::api::portal::{Format, Portal, PortalExecutionState};
use pgwire::api::query::{
    ExtendedQueryHandler, SimpleQueryHandler, send_execution_response, send_partial_query_response,
};
use pgwire::api::results::{
    DescribePortalResponse, DescribeStatementResponse, FieldInfo, QueryResponse, Response, Tag,
};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{
    ClientInfo, ClientPortalStore, ConnectionHandle, DEFAULT_NAME, PgWireConnectionState, Type,
};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::RowDescription;
use pgwire::messages::extendedquery::{Describe, Execute, TARGET_TYPE_BYTE_PORTAL};
use pgwire::types::format::FormatOptions;

use super::parameters::Values;
use super::session::{Rows, Session};
use super::statement::{Command, command, split, unread};
use super::{copy, wrong};
use crate::catalog::signed as signed_type;
use crate::literal::written_into;
use crate::service::{Service, Told};

/// Answers the queries of every connection.
pub struct Handler {
    service: &'static Service,
    parser: Arc<Reader>,
}

/// Reads the statements of the extended protocol.
pub struct Reader {
    service: &'static Service,
}

/// A prepared statement.
#[derive(Clone)]
pub struct Prepared {
    command: Arc<Command>,
    /// The types of its parameters.
    parameters: Vec<Type>,
    /// Its columns; none of a statement that has no rows, or whose columns hang on its parameters.
    columns: Option<SchemaRef>,
}

impl Handler {
    /// A handler of the service.
    pub fn new(service: &'static Service) -> Self {
        Self { service, parser: Arc::new(Reader { service }) }
    }

    /// Does one command and tells what the client is to read.
    async fn respond<C>(
        &self,
        client: &mut C,
        session: &Session,
        command: &Command,
        (format, values): (&Format, &Values),
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let done = |tag: &str| Ok(Response::Execution(Tag::new(tag)));
        match command {
            Command::Read(sql) => {
                let told = self.read(client, session, sql, values).await?;
                let held = Some(Arc::new(told.held));
                rows(client, &told.schema, (told.rows, held), format).map(Response::Query)
            }
            Command::Copy { sql, layout } => {
                let told = self.read(client, session, sql, values).await?;
                let format = match layout.kind {
                    copy::Kind::Binary => Format::UnifiedBinary,
                    copy::Kind::Text | copy::Kind::Csv => Format::UnifiedText,
                };
                let fields = Arc::new(fields(client, &told.schema, &format)?);
                copy::response(fields, (told.rows, told.held), layout).map(Response::CopyOut)
            }
            Command::Declare { name, sql } => {
                let told = self.read(client, session, sql, values).await?;
                session.declare(name, told.schema, (told.rows, told.held));
                done("DECLARE CURSOR")
            }
            Command::Fetch { name, rows: wanted } => {
                let (schema, found) = session.fetch(name, *wanted)?;
                let mut response = rows(client, &schema, found, format)?;
                response.set_command_tag("FETCH");
                Ok(Response::Query(response))
            }
            Command::CloseCursor(name) => {
                if session.close(name.as_deref()) {
                    return done("CLOSE CURSOR");
                }
                let name = name.as_deref().unwrap_or_default();
                Err(wrong::error(
                    wrong::INVALID_CURSOR_NAME,
                    format!("cursor \"{name}\" does not exist"),
                ))
            }
            Command::Set { name, value } => {
                session.set(name, value.as_deref())?;
                done(if value.is_some() { "SET" } else { "RESET" })
            }
            Command::Show(name) => {
                let told = shown(session, name)?;
                rows(client, &told.0, (vec![told.1], None), format).map(|mut it| {
                    it.set_command_tag("SHOW");
                    Response::Query(it)
                })
            }
            Command::SetLocal { name, value } => {
                session.set_local(name, value.as_deref())?;
                done("SET")
            }
            Command::ResetAll => {
                session.reset();
                done("RESET")
            }
            Command::Begin => Ok(Response::TransactionStart(Tag::new("BEGIN"))),
            Command::End { commit } => {
                session.close(None);
                session.end_local();
                Ok(Response::TransactionEnd(Tag::new(if *commit { "COMMIT" } else { "ROLLBACK" })))
            }
            Command::Nothing(tag) => done(tag),
            Command::Deallocate(_) => done("DEALLOCATE"),
            Command::Discard => {
                session.forget();
                done("DISCARD ALL")
            }
        }
    }

    /// The rows that a statement reads, within the time that the client gives it.
    async fn read<C>(
        &self,
        client: &mut C,
        session: &Session,
        sql: &str,
        values: &Values,
    ) -> PgWireResult<Told>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let sql = written_into(sql, &values.0).map_err(|cause| wrong::of_ours(&cause))?;
        let reading = async {
            let told = self.service.read(&session.asker(), session, sql).await;
            told.map_err(|cause| wrong::of_ours(&cause))
        };
        let told = match session.statement_timeout() {
            None => reading.await?,
            Some(limit) => tokio::time::timeout(limit, reading).await.map_err(|_| {
                let what = "canceling statement due to statement timeout";
                wrong::error(wrong::QUERY_CANCELED, what)
            })??,
        };
        let told = signed(told)?;
        for notice in &told.notices {
            let notice = wrong::info("NOTICE", "00000", notice.clone());
            client.feed(PgWireBackendMessage::NoticeResponse(notice.into())).await?;
        }
        Ok(told)
    }
}

/// Rows with signed numbers alone: PostgreSQL has no others.
fn signed(told: Told) -> PgWireResult<Told> {
    if told.schema.fields().iter().all(|it| *it.data_type() != DataType::UInt64) {
        return Ok(told);
    }
    let schema = signed_columns(&told.schema);
    let cast = |batch: &RecordBatch| {
        let columns = batch.columns().iter().zip(schema.fields());
        let columns = columns.map(|(it, field)| cast_with_options(it, field.data_type(), &STRICT));
        RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_, _>>()?)
    };
    let rows = told.rows.iter().map(cast).collect::<Result<_, ArrowError>>();
    let rows = rows.map_err(|cause| wrong::error("22003", cause.to_string()))?;
    Ok(Told { schema, rows, ..told })
}

const STRICT: CastOptions<'static> =
    CastOptions { safe: false, format_options: arrow::util::display::FormatOptions::new() };

fn signed_columns(schema: &SchemaRef) -> SchemaRef {
    let own = |it: &Field| it.clone().with_data_type(signed_type(it.data_type()));
    Arc::new(Schema::new(schema.fields().iter().map(|it| own(it)).collect::<Vec<_>>()))
}

/// The session of a connection.
fn session<C: ClientInfo + ?Sized>(
    service: &'static Service,
    client: &C,
) -> PgWireResult<Arc<Session>> {
    if let Some(session) = client.session_extensions().get::<Session>() {
        return Ok(session);
    }
    let session = Session::of(service, client)?;
    client.session_extensions().insert(session);
    client
        .session_extensions()
        .get::<Session>()
        .ok_or_else(|| wrong::fatal("XX000", "the session is gone"))
}

/// The fields of columns, as a client reads them.
fn fields<C: ClientInfo + ?Sized>(
    client: &C,
    schema: &Schema,
    format: &Format,
) -> PgWireResult<Vec<FieldInfo>> {
    let options = Arc::new(FormatOptions::from_client_metadata(client.metadata()));
    arrow_schema_to_pg_fields(schema, format, Some(options))
}

/// Rows, each written when the client takes it.
fn rows<C: ClientInfo + ?Sized>(
    client: &C,
    schema: &Schema,
    (batches, held): Rows,
    format: &Format,
) -> PgWireResult<QueryResponse> {
    let fields = Arc::new(fields(client, schema, format)?);
    let own = Arc::clone(&fields);
    let rows = batches.into_iter().flat_map(move |it| {
        let _until_taken = &held;
        encode_recordbatch(Arc::clone(&own), it)
    });
    Ok(QueryResponse::new(fields, stream::iter(rows)))
}

/// The answer of SHOW.
fn shown(session: &Session, name: &str) -> PgWireResult<(SchemaRef, RecordBatch)> {
    let value = session.setting(name)?;
    let schema = show_columns(name);
    let column = Arc::new(arrow::array::StringArray::from(vec![value]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]);
    Ok((schema, batch.map_err(|cause| PgWireError::ApiError(Box::new(cause)))?))
}

fn show_columns(name: &str) -> SchemaRef {
    let name = match name {
        "transaction isolation level" => "transaction_isolation",
        "time zone" => "TimeZone",
        name => name,
    };
    Arc::new(Schema::new(vec![Field::new(name, DataType::Utf8, false)]))
}

#[async_trait]
impl SimpleQueryHandler for Handler {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session(self.service, client)?;
        let texts = split(query).map_err(|cause| wrong::of_statement(&cause))?;
        if texts.is_empty() {
            return Ok(vec![Response::EmptyQuery]);
        }
        let mut responses = Vec::new();
        for text in texts {
            let done = match command(&text).map_err(|cause| wrong::of_statement(&cause)) {
                Ok(Command::Deallocate(Some(name))) => {
                    client.portal_store().rm_statement(&name);
                    Ok(Response::Execution(Tag::new("DEALLOCATE")))
                }
                Ok(command) => {
                    let how = (&Format::UnifiedText, &Values::none());
                    self.respond(client, &session, &command, how).await
                }
                Err(cause) => Err(cause),
            };
            match done {
                Ok(response) => responses.push(response),
                // What came before is told; what comes after is not done.
                Err(cause) if responses.is_empty() => return Err(cause),
                Err(cause) => {
                    responses.push(Response::Error(Box::new(cause.into())));
                    break;
                }
            }
        }
        Ok(responses)
    }
}

#[async_trait]
impl QueryParser for Reader {
    type Statement = Prepared;

    async fn parse_sql<C>(
        &self,
        client: &C,
        sql: &str,
        types: &[Option<Type>],
    ) -> PgWireResult<Option<Prepared>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let session = session(self.service, client)?;
        let mut texts = split(sql).map_err(|cause| wrong::of_statement(&cause))?;
        let Some(text) = texts.pop() else { return Ok(None) };
        // Several statements are not prepared as one: the planner says so.
        let command = if texts.is_empty() { command(&text) } else { Ok(unread(sql)) };
        let command = command.map_err(|cause| wrong::of_statement(&cause))?;
        let mut prepared =
            Prepared { command: Arc::new(command), parameters: Vec::new(), columns: None };
        let sql = match &*prepared.command {
            Command::Read(sql) | Command::Copy { sql, .. } | Command::Declare { sql, .. } => sql,
            Command::Fetch { name, .. } => {
                prepared.columns = session.columns(name);
                return Ok(Some(prepared));
            }
            Command::Show(name) => {
                prepared.columns = Some(show_columns(name));
                return Ok(Some(prepared));
            }
            _ => return Ok(Some(prepared)),
        };
        let given = |at: usize| types.get(at).cloned().flatten();
        let described = self.service.described(&session.asker(), &*session, sql.clone()).await;
        let (columns, parameters) = described.map_err(|cause| wrong::of_ours(&cause))?;
        let typed = parameters.iter().enumerate().map(|(at, inferred)| {
            let own = || inferred.as_ref().map_or(Ok(Type::TEXT), into_pg_type);
            given(at).map_or_else(own, Ok)
        });
        prepared.parameters = typed.collect::<PgWireResult<_>>()?;
        let has_rows = matches!(&*prepared.command, Command::Read(_));
        prepared.columns = Some(signed_columns(&columns)).filter(|_| has_rows);
        Ok(Some(prepared))
    }

    fn get_parameter_types(&self, prepared: &Prepared) -> PgWireResult<Vec<Type>> {
        Ok(prepared.parameters.clone())
    }

    fn get_result_schema(
        &self,
        prepared: &Prepared,
        format: Option<&Format>,
    ) -> PgWireResult<Vec<FieldInfo>> {
        let format = format.unwrap_or(&Format::UnifiedText);
        match &prepared.columns {
            Some(columns) => arrow_schema_to_pg_fields(columns, format, None),
            None => Ok(Vec::new()),
        }
    }
}

#[async_trait]
impl ExtendedQueryHandler for Handler {
    type Statement = Prepared;
    type QueryParser = Reader;

    fn query_parser(&self) -> Arc<Reader> {
        Arc::clone(&self.parser)
    }

    async fn do_query<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
        _max_rows: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let session = session(self.service, client)?;
        let prepared = &portal.statement.statement;
        if let Command::Deallocate(Some(name)) = &*prepared.command {
            client.portal_store().rm_statement(name);
        }
        let values = Values::of(portal, &prepared.parameters)?;
        let how = (&portal.result_column_format, &values);
        self.respond(client, &session, &prepared.command, how).await
    }

    /// Rows are sent as they are made: pgwire's own way gathers as many as a client says it will take.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let portal = match client.portal_store().get_portal(name) {
            Some(Entry::Value(portal)) if portal.statement.statement.command.has_rows() => portal,
            _ => return self._on_execute(client, message).await,
        };
        if !matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        client.set_state(PgWireConnectionState::QueryInProgress);
        // No rows, or fewer, are all of them.
        let most = usize::try_from(message.max_rows).unwrap_or(0);
        let state = portal.state();
        let mut state = state.lock().await;
        if matches!(*state, PortalExecutionState::Initial) {
            let cancel = client.session_extensions().get::<Arc<ConnectionHandle>>();
            let cancelled = async {
                match cancel {
                    Some(handle) => drop(handle.start_query().await.await),
                    None => std::future::pending().await,
                }
            };
            let answered = tokio::select! {
                biased;
                () = cancelled => return Err(PgWireError::QueryCanceled),
                answered = ExtendedQueryHandler::do_query(self, client, &portal, most) => answered?,
            };
            let Response::Query(rows) = answered else {
                return Err(wrong::error("XX000", "a statement that has rows gave none"));
            };
            *state = PortalExecutionState::Suspended(rows);
        }
        let is_left = match &mut *state {
            PortalExecutionState::Suspended(rows) => {
                send_partial_query_response(client, rows, most).await?
            }
            PortalExecutionState::Initial | PortalExecutionState::Finished => {
                send_execution_response(client, Tag::new("SELECT").with_rows(0)).await?;
                false
            }
        };
        if !is_left {
            *state = PortalExecutionState::Finished;
        }
        client.set_state(PgWireConnectionState::ReadyForQuery);
        Ok(())
    }

    async fn on_describe<C>(&self, client: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        // A cursor that was declared is a portal of its name, to clients that ask for its columns.
        let session = session(self.service, client)?;
        let cursor = message.name.as_deref().and_then(|it| session.columns(it));
        match cursor {
            Some(columns) if message.target_type == TARGET_TYPE_BYTE_PORTAL => {
                let columns = fields(client, &columns, &Format::UnifiedText)?;
                let columns = columns.iter().map(Into::into).collect();
                let columns = PgWireBackendMessage::RowDescription(RowDescription::new(columns));
                Ok(client.feed(columns).await?)
            }
            _ => self._on_describe(client, message).await,
        }
    }

    async fn do_describe_portal<C>(
        &self,
        client: &mut C,
        portal: &Portal<Prepared>,
    ) -> PgWireResult<DescribePortalResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let columns = match &portal.statement.statement.columns {
            Some(columns) => fields(client, columns, &portal.result_column_format)?,
            None => Vec::new(),
        };
        Ok(DescribePortalResponse::new(columns))
    }

    async fn do_describe_statement<C>(
        &self,
        client: &mut C,
        statement: &StoredStatement<Prepared>,
    ) -> PgWireResult<DescribeStatementResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Prepared>,
        C::Error: std::fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let prepared = &statement.statement;
        let columns = match &prepared.columns {
            Some(columns) => fields(client, columns, &Format::UnifiedText)?,
            None => Vec::new(),
        };
        Ok(DescribeStatementResponse::new(prepared.parameters.clone(), columns))
    }
}
