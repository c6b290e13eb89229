//! Arrow Flight SQL: statements, prepared statements, logins.

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightInfo;
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{CommandGetDbSchemas, CommandGetTables};
use futures::TryStreamExt;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use super::serving::{PASSWORD, PURPOSE, Serving};

async fn client(serving: &Serving, database: &str) -> FlightSqlServiceClient<Channel> {
    let channel =
        Endpoint::new(format!("http://{}", serving.flight)).unwrap().connect().await.unwrap();
    let mut client = FlightSqlServiceClient::new(channel);
    client.set_header("database", database);
    client.set_header("purpose", PURPOSE);
    client
}

async fn analyst(serving: &Serving, database: &str) -> FlightSqlServiceClient<Channel> {
    let mut client = client(serving, database).await;
    let token = client.handshake("analyst", PASSWORD).await.unwrap();
    client.set_token(String::from_utf8(token.to_vec()).unwrap());
    client
}

async fn rows(
    client: &mut FlightSqlServiceClient<Channel>,
    info: FlightInfo,
) -> Result<(SchemaRef, Vec<RecordBatch>), FlightError> {
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let mut stream = client.do_get(ticket).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        batches.push(batch);
    }
    let schema = stream.schema().cloned().unwrap();
    Ok((schema, batches))
}

/// The words of what was refused.
fn told(cause: &impl std::fmt::Display) -> String {
    let text = cause.to_string();
    let from = text.find("refused[").or_else(|| text.find("error[")).unwrap_or(0);
    let text = text[from..].to_owned();
    // What wraps a status writes it with its quotes.
    let text = text.split("\", details").next().unwrap_or_default().trim_end_matches('"');
    text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\")
}

/// The rows of a statement about people, or the words of what was refused.
pub fn ask(serving: &Serving, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>), String> {
    serving.block_on(async {
        let mut client = client(serving, "protected").await;
        client.set_token(serving.token.clone());
        let mut statement = client.prepare(sql.to_owned(), None).await.map_err(|it| told(&it))?;
        let info = statement.execute().await.map_err(|it| told(&it))?;
        rows(&mut client, info).await.map_err(|it| told(&it))
    })
}

#[test]
fn statements_run_prepared_and_at_once_and_a_handle_is_all_there_is() {
    let serving = Serving::new();
    serving.block_on(async {
        let mut client = analyst(&serving, "protected").await;
        let sql = "SELECT gender, COUNT(DISTINCT subscriber_id) AS people FROM subscriber GROUP BY gender";
        let info = client.execute(sql.to_owned(), None).await.unwrap();
        let first = rows(&mut client, info).await.unwrap();
        assert_eq!(first.0.field(0).name(), "gender");
        let mut statement = client.prepare(sql.to_owned(), None).await.unwrap();
        assert_eq!(statement.dataset_schema().unwrap().fields().len(), 4);
        let info = statement.execute().await.unwrap();
        assert_eq!(rows(&mut client, info).await.unwrap().1, first.1, "it stands");
        statement.close().await.unwrap();
        let mut bound = client.prepare("SELECT $1::bigint + 1 AS n".to_owned(), None).await.unwrap();
        assert_eq!(bound.parameter_schema().unwrap().fields().len(), 1);
        let values: ArrayRef = std::sync::Arc::new(Int64Array::from(vec![41]));
        bound.set_parameters(RecordBatch::try_from_iter([("$1", values)]).unwrap()).unwrap();
        let info = bound.execute().await.unwrap();
        let (_, found) = rows(&mut client, info).await.unwrap();
        assert_eq!(found[0].column(0).as_ref(), &Int64Array::from(vec![42]));
    });
    let charges = engine::run::read_ledger(&serving.operator.instance).unwrap().charges().len();
    assert_eq!(charges, 1);
}

#[test]
fn what_clients_look_up_first_is_there() {
    let serving = Serving::new();
    serving.block_on(async {
        let mut client = analyst(&serving, "protected").await;
        let info = client.get_catalogs().await.unwrap();
        assert_eq!(rows(&mut client, info).await.unwrap().1[0].num_rows(), 1);
        let schemas = CommandGetDbSchemas { catalog: None, db_schema_filter_pattern: None };
        let info = client.get_db_schemas(schemas).await.unwrap();
        assert!(rows(&mut client, info).await.unwrap().1[0].num_rows() >= 1);
        let tables = CommandGetTables {
            catalog: None,
            db_schema_filter_pattern: Some("protected".to_owned()),
            table_name_filter_pattern: None,
            table_types: Vec::new(),
            include_schema: true,
        };
        let info = client.get_tables(tables).await.unwrap();
        assert!(rows(&mut client, info).await.unwrap().1[0].num_rows() >= 3);
        let info = client.get_table_types().await.unwrap();
        assert_eq!(rows(&mut client, info).await.unwrap().1[0].num_rows(), 2);
    });
}

#[test]
fn whoever_shows_nothing_is_let_in_nowhere() {
    let serving = Serving::new();
    serving.block_on(async {
        let mut client = client(&serving, "quorate").await;
        for (user, password) in [("analyst", "wrong"), ("nobody", PASSWORD), ("", "")] {
            let refused = client.handshake(user, password).await.unwrap_err().to_string();
            assert!(refused.contains("the login failed"), "{refused}");
        }
        for token in ["", "nonsense"] {
            client.set_token(token.to_owned());
            let refused =
                client.execute("SELECT 1".to_owned(), None).await.unwrap_err().to_string();
            assert!(refused.contains("the login failed"), "{refused}");
        }
        assert_eq!(
            Code::Unauthenticated.description(),
            "The request does not have valid authentication credentials"
        );
    });
}

/// What a handshake gave for a password is nothing any more when the user has another.
#[test]
fn a_login_ends_with_its_password() {
    let serving = Serving::new();
    serving.block_on(async {
        let mut client = analyst(&serving, "quorate").await;
        client.execute("SELECT 1".to_owned(), None).await.unwrap();
        serving.set_password("analyst", "another horse battery");
        let refused = client.execute("SELECT 1".to_owned(), None).await.unwrap_err().to_string();
        assert!(refused.contains("the login failed"), "{refused}");
        client.set_token(serving.token.clone());
        client.execute("SELECT 1".to_owned(), None).await.unwrap();
    });
}

/// A handshake with a token that is for released tables alone gives no login for questions.
pub fn a_token_of_released_tables_stays_one(serving: &Serving) {
    let token = serving.token_for_released();
    serving.block_on(async {
        let channel =
            Endpoint::new(format!("http://{}", serving.flight)).unwrap().connect().await.unwrap();
        let mut raw = arrow_flight::flight_service_client::FlightServiceClient::new(channel);
        let mut request =
            tonic::Request::new(futures::stream::iter([arrow_flight::HandshakeRequest::default()]));
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let told = raw.handshake(request).await.unwrap();
        let bearer = told.metadata().get("authorization").unwrap().to_str().unwrap().to_owned();
        let mut client = client(serving, "protected").await;
        client.set_token(bearer.strip_prefix("Bearer ").unwrap().to_owned());
        let sql = "SELECT gender, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY gender";
        let refused = client.execute(sql.to_owned(), None).await.unwrap_err().to_string();
        assert!(refused.contains("A08"), "{refused}");
    });
}
