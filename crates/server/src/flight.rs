//! Arrow Flight SQL: statements, prepared statements and what clients look up first.
//!
//! Nothing is kept between calls but logins: a handle is the statement itself, with the values that were bound. The
//! database and the purpose are call headers (`database`, `purpose`). Source: client rule 6; Arrow Flight SQL.

mod info;
mod login;

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::{FlightSqlService, PeekableFlightDataStream};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, Any, CommandGetCatalogs, CommandGetCrossReference,
    CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys, CommandGetPrimaryKeys,
    CommandGetSqlInfo, CommandGetTableTypes, CommandGetTables, CommandGetXdbcTypeInfo,
    CommandPreparedStatementQuery, CommandStatementQuery, CommandStatementUpdate,
    DoPutPreparedStatementResult, ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{
    Action, FlightDescriptor, FlightEndpoint, FlightInfo, HandshakeRequest, HandshakeResponse,
    IpcMessage, SchemaAsIpc, Ticket,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use datafusion::common::ScalarValue;
use engine::query::Database;
use engine::{Error, Kind};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use prost::Message;
use prost::bytes::Bytes;
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use self::login::Logins;
use crate::guarded::{LoggedIn, taken};
use crate::limits::Held;
use crate::listen::{Connections, Port};
use crate::literal::{numbered, written_into};
use crate::service::{Asker, Service, Told};

/// 16 MB: what one message of a client may be.
const MESSAGE_MOST: usize = 16_000_000;

/// Values of one statement come in one part; more are not read.
const PARTS_MOST: usize = 2;

type Got = Response<<Answers as FlightService>::DoGetStream>;
type Answered<T> = std::result::Result<T, Status>;

/// Answers a port until `stop` is done, then finishes what was begun.
///
/// # Errors
/// The system's, when the socket fails.
pub async fn run(port: Port, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
    let service = port.service;
    let mut come = Connections::of(port, "flight")?;
    let come = stream::poll_fn(move |context| {
        let mut next = std::pin::pin!(come.next());
        next.as_mut().poll(context).map(|it| it.map(Ok::<_, io::Error>))
    });
    let answers = Answers { service, logins: Arc::new(Logins::default()) };
    let answers = FlightServiceServer::new(answers).max_decoding_message_size(MESSAGE_MOST);
    Server::builder()
        .http2_keepalive_interval(Some(std::time::Duration::from_mins(1)))
        .add_service(answers)
        .serve_with_incoming_shutdown(come, stop)
        .await
        .map_err(io::Error::other)
}

/// Answers calls.
#[derive(Clone)]
pub struct Answers {
    service: &'static Service,
    logins: Arc<Logins>,
}

/// A statement with the values that were bound, as a handle.
#[derive(Debug, Default, serde::Deserialize, serde::Serialize)]
struct Handle {
    sql: String,
    bound: bool,
    /// Its columns as they were told, Arrow IPC in Base64: whoever changes them tells itself wrong ones.
    columns: String,
}

impl Handle {
    fn bytes(&self) -> Answered<Bytes> {
        let text = serde_json::to_vec(self).map_err(|it| Status::internal(it.to_string()))?;
        Ok(text.into())
    }

    fn of(bytes: &[u8]) -> Answered<Self> {
        serde_json::from_slice(bytes).map_err(|_| Status::invalid_argument("this is no handle"))
    }
}

impl Answers {
    async fn asker<T>(&self, request: &Request<T>) -> Answered<Asker> {
        let header = |name: &str| {
            let value = request.metadata().get(name).and_then(|it| it.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (user, questions) = self.logins.who(self.service, &header("authorization")).await?;
        logged_in(request);
        let database = match header("database").as_str() {
            "" | "quorate" => Database::Released,
            "protected" => Database::Protected,
            other => {
                let what = format!("there is no database {other}: quorate and protected are");
                return Err(Status::not_found(what));
            }
        };
        Ok(Asker { user, database, purpose: header("purpose"), questions })
    }

    async fn columns(
        &self,
        asker: &Asker,
        sql: &str,
    ) -> Answered<(SchemaRef, Vec<Option<DataType>>)> {
        self.service.described(asker, asker, sql.to_owned()).await.map_err(|it| status(&it))
    }

    async fn rows(&self, asker: &Asker, sql: &str) -> Answered<Got> {
        let told = self.service.read(asker, asker, sql.to_owned()).await;
        let Told { schema, rows, notices, held, .. } = told.map_err(|it| status(&it))?;
        let mut got = sent(schema, rows, Some(held));
        // What was charged, and what is hidden, comes before the rows.
        for notice in notices {
            if let Ok(value) = notice.parse() {
                got.metadata_mut().append("notice", value);
            }
        }
        Ok(got)
    }

    async fn info<T: ProstMessageExt>(
        &self,
        request: &Request<FlightDescriptor>,
        schema: &Schema,
        ticket: T,
    ) -> Answered<Response<FlightInfo>> {
        self.asker(request).await?;
        described(request.get_ref(), schema, &ticket.as_any())
    }
}

/// The connection that a request came over may stay.
fn logged_in<T>(request: &Request<T>) {
    if let Some(connection) = request.extensions().get::<LoggedIn>() {
        connection.set();
    }
}

fn described(
    descriptor: &FlightDescriptor,
    schema: &Schema,
    ticket: &Any,
) -> Answered<Response<FlightInfo>> {
    Ok(informed(descriptor, ipc(schema)?, ticket))
}

/// What fetches rows, and their columns in Arrow IPC.
fn informed(descriptor: &FlightDescriptor, columns: Bytes, ticket: &Any) -> Response<FlightInfo> {
    let endpoint = FlightEndpoint::new().with_ticket(Ticket::new(ticket.encode_to_vec()));
    let info = FlightInfo { schema: columns, ..FlightInfo::new() };
    Response::new(info.with_descriptor(descriptor.clone()).with_endpoint(endpoint))
}

fn sent(schema: SchemaRef, rows: Vec<RecordBatch>, held: Option<Held>) -> Got {
    let schema = rows.first().map_or(schema, RecordBatch::schema);
    let rows = rows.into_iter().map(move |it| {
        let _until_taken = &held;
        Ok::<_, FlightError>(it)
    });
    let rows = stream::iter(rows);
    let data = FlightDataEncoderBuilder::new().with_schema(schema).build(rows);
    let late = || Status::deadline_exceeded("the rows were not taken");
    Response::new(Box::pin(taken(data.map_err(Status::from), late)))
}

fn one(batch: std::result::Result<RecordBatch, impl std::fmt::Display>) -> Answered<Got> {
    let batch = batch.map_err(|it| Status::internal(it.to_string()))?;
    Ok(sent(batch.schema(), vec![batch], None))
}

fn ipc(schema: &Schema) -> Answered<Bytes> {
    let options = arrow::ipc::writer::IpcWriteOptions::default();
    let IpcMessage(bytes) = SchemaAsIpc::new(schema, &options)
        .try_into()
        .map_err(|it: arrow::error::ArrowError| Status::internal(it.to_string()))?;
    Ok(bytes)
}

/// An error of the product on this wire: its own words in the message, its code in the header `code`.
fn status(cause: &Error) -> Status {
    let mut status = match (cause.kind(), cause.code()) {
        (Kind::Policy, "Q01") => Status::unimplemented(told(cause)),
        (Kind::Policy, "Q02") | (Kind::Input, _) => Status::invalid_argument(told(cause)),
        (Kind::Policy, _) => Status::permission_denied(told(cause)),
        (Kind::Budget, _) | (_, "F15") => Status::resource_exhausted(told(cause)),
        (Kind::Fault | Kind::Check, _) => Status::internal(told(cause)),
    };
    if let Ok(code) = cause.code().parse() {
        status.metadata_mut().insert("code", code);
    }
    status
}

/// What a client is told: what failed, and where, is for the operator.
fn told(cause: &Error) -> String {
    if cause.is_for_clients() {
        cause.to_string()
    } else {
        format!("{}: the service cannot answer now; tell the operator this code", cause.code())
    }
}

#[tonic::async_trait]
impl FlightSqlService for Answers {
    type FlightService = Self;

    async fn do_handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Answered<Response<Pin<Box<dyn Stream<Item = Answered<HandshakeResponse>> + Send>>>> {
        let header = request.metadata().get("authorization").and_then(|it| it.to_str().ok());
        let token = self.logins.begin(self.service, header.unwrap_or_default()).await?;
        logged_in(&request);
        let answer = HandshakeResponse { protocol_version: 0, payload: token.clone().into() };
        let answers: Pin<Box<dyn Stream<Item = _> + Send>> = Box::pin(stream::iter([Ok(answer)]));
        let mut response = Response::new(answers);
        let bearer = format!("Bearer {token}").parse();
        let bearer = bearer.map_err(|_| Status::internal("a token is no header"))?;
        response.metadata_mut().insert("authorization", bearer);
        Ok(response)
    }

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        let asker = self.asker(&request).await?;
        let (schema, _) = self.columns(&asker, &query.query).await?;
        let handle = Handle { sql: query.query, bound: true, columns: String::new() };
        let statement_handle = handle.bytes()?;
        let ticket = TicketStatementQuery { statement_handle }.as_any();
        described(request.get_ref(), &schema, &ticket)
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        let asker = self.asker(&request).await?;
        self.rows(&asker, &Handle::of(&ticket.statement_handle)?.sql).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        query: ActionCreatePreparedStatementRequest,
        request: Request<Action>,
    ) -> Answered<ActionCreatePreparedStatementResult> {
        let asker = self.asker(&request).await?;
        let sql = numbered(&query.query);
        let (schema, parameters) = self.columns(&asker, &sql).await?;
        let fields = parameters.iter().zip(1..).map(|(of, at)| {
            Field::new(format!("${at}"), of.clone().unwrap_or(DataType::Utf8), true)
        });
        let (bound, dataset_schema) = (parameters.is_empty(), ipc(&schema)?);
        let columns = STANDARD.encode(&dataset_schema);
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: Handle { sql, bound, columns }.bytes()?,
            dataset_schema,
            parameter_schema: ipc(&Schema::new(fields.collect::<Vec<_>>()))?,
        })
    }

    async fn do_put_prepared_statement_query(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<PeekableFlightDataStream>,
    ) -> Answered<DoPutPreparedStatementResult> {
        let asker = self.asker(&request).await?;
        let handle = Handle::of(&query.prepared_statement_handle)?;
        let data = request.into_inner().map_err(FlightError::from);
        let batches = arrow_flight::decode::FlightRecordBatchStream::new_from_flight_data(data);
        let batches: Vec<RecordBatch> = batches
            .take(PARTS_MOST)
            .try_collect()
            .await
            .map_err(|it| Status::invalid_argument(it.to_string()))?;
        let batch = batches.iter().find(|it| it.num_rows() > 0);
        let values = match batch {
            None => Vec::new(),
            Some(batch) if batch.num_rows() == 1 => {
                let value = |it: &ArrayRef| ScalarValue::try_from_array(it, 0);
                let values = batch.columns().iter().map(value).collect::<Result<Vec<_>, _>>();
                values.map_err(|it| Status::invalid_argument(it.to_string()))?
            }
            Some(_) => {
                let what = "one set of values at a time: a statement is one question";
                return Err(Status::invalid_argument(what));
            }
        };
        let sql = written_into(&handle.sql, &values).map_err(|it| status(&it))?;
        // The type of a column may follow from a value.
        let columns = if handle.bound {
            handle.columns
        } else {
            STANDARD.encode(ipc(&self.columns(&asker, &sql).await?.0)?)
        };
        let handle = Handle { sql, bound: true, columns }.bytes()?;
        Ok(DoPutPreparedStatementResult { prepared_statement_handle: Some(handle) })
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        self.asker(&request).await?;
        let handle = Handle::of(&query.prepared_statement_handle)?;
        let columns = STANDARD.decode(handle.columns);
        let columns = columns.map_err(|_| Status::invalid_argument("this is no handle"))?;
        Ok(informed(request.get_ref(), columns.into(), &query.as_any()))
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        let asker = self.asker(&request).await?;
        let handle = Handle::of(&query.prepared_statement_handle)?;
        if !handle.bound {
            return Err(Status::invalid_argument("the statement has parameters without values"));
        }
        self.rows(&asker, &handle.sql).await
    }

    async fn do_action_close_prepared_statement(
        &self,
        _: ActionClosePreparedStatementRequest,
        request: Request<Action>,
    ) -> Answered<()> {
        self.asker(&request).await.map(drop)
    }

    async fn do_put_statement_update(
        &self,
        _: CommandStatementUpdate,
        request: Request<PeekableFlightDataStream>,
    ) -> Answered<i64> {
        self.asker(&request).await?;
        Err(Status::unimplemented("nothing is changed here: statements read"))
    }

    async fn get_flight_info_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        let schema = query.into_builder().schema();
        self.info(&request, &schema, query).await
    }

    async fn do_get_catalogs(
        &self,
        query: CommandGetCatalogs,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        let asker = self.asker(&request).await?;
        let mut builder = query.into_builder();
        builder.append(asker.database.name());
        one(builder.build())
    }

    async fn get_flight_info_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        let schema = query.clone().into_builder().schema();
        self.info(&request, &schema, query).await
    }

    async fn do_get_schemas(
        &self,
        query: CommandGetDbSchemas,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        let asker = self.asker(&request).await?;
        let tables = self.service.tables(asker.database).await.map_err(|it| status(&it))?;
        let schemas: std::collections::BTreeSet<_> = tables.iter().map(|it| it.schema).collect();
        let mut builder = query.into_builder();
        for schema in schemas {
            builder.append(asker.database.name(), schema);
        }
        one(builder.build())
    }

    async fn get_flight_info_tables(
        &self,
        query: CommandGetTables,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        let schema = query.clone().into_builder().schema();
        self.info(&request, &schema, query).await
    }

    async fn do_get_tables(
        &self,
        query: CommandGetTables,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        let asker = self.asker(&request).await?;
        let tables = self.service.tables(asker.database).await.map_err(|it| status(&it))?;
        let mut builder = query.into_builder();
        for table in tables {
            let kind = if table.is_released() { "TABLE" } else { "VIEW" };
            let catalog = asker.database.name();
            builder
                .append(catalog, table.schema, &table.name, kind, &table.columns)
                .map_err(|it| Status::internal(it.to_string()))?;
        }
        one(builder.build())
    }

    async fn get_flight_info_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        let schema = query.into_builder().schema();
        self.info(&request, &schema, query).await
    }

    async fn do_get_table_types(
        &self,
        query: CommandGetTableTypes,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        self.asker(&request).await?;
        let mut builder = query.into_builder();
        for kind in ["TABLE", "VIEW"] {
            builder.append(kind);
        }
        one(builder.build())
    }

    async fn get_flight_info_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        let schema = info::sql()?.schema();
        self.info(&request, &schema, query).await
    }

    async fn do_get_sql_info(
        &self,
        query: CommandGetSqlInfo,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        self.asker(&request).await?;
        one(query.into_builder(info::sql()?).build())
    }

    async fn get_flight_info_xdbc_type_info(
        &self,
        query: CommandGetXdbcTypeInfo,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        let schema = info::types()?.schema();
        self.info(&request, &schema, query).await
    }

    async fn do_get_xdbc_type_info(
        &self,
        query: CommandGetXdbcTypeInfo,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        self.asker(&request).await?;
        one(query.into_builder(info::types()?).build())
    }

    async fn get_flight_info_primary_keys(
        &self,
        query: CommandGetPrimaryKeys,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        self.info(&request, &info::PRIMARY_KEYS, query).await
    }

    async fn do_get_primary_keys(
        &self,
        _: CommandGetPrimaryKeys,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        self.asker(&request).await?;
        Ok(sent(SchemaRef::clone(&info::PRIMARY_KEYS), Vec::new(), None))
    }

    async fn get_flight_info_exported_keys(
        &self,
        query: CommandGetExportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        self.info(&request, &info::FOREIGN_KEYS, query).await
    }

    async fn do_get_exported_keys(
        &self,
        _: CommandGetExportedKeys,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        self.asker(&request).await?;
        Ok(sent(SchemaRef::clone(&info::FOREIGN_KEYS), Vec::new(), None))
    }

    async fn get_flight_info_imported_keys(
        &self,
        query: CommandGetImportedKeys,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        self.info(&request, &info::FOREIGN_KEYS, query).await
    }

    async fn do_get_imported_keys(
        &self,
        _: CommandGetImportedKeys,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        self.asker(&request).await?;
        Ok(sent(SchemaRef::clone(&info::FOREIGN_KEYS), Vec::new(), None))
    }

    async fn get_flight_info_cross_reference(
        &self,
        query: CommandGetCrossReference,
        request: Request<FlightDescriptor>,
    ) -> Answered<Response<FlightInfo>> {
        self.info(&request, &info::FOREIGN_KEYS, query).await
    }

    async fn do_get_cross_reference(
        &self,
        _: CommandGetCrossReference,
        request: Request<Ticket>,
    ) -> Answered<Got> {
        self.asker(&request).await?;
        Ok(sent(SchemaRef::clone(&info::FOREIGN_KEYS), Vec::new(), None))
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}
