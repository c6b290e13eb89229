//! A server for a test: an operator of its own, three users, a free port.

use std::net::SocketAddr;
use std::path::Path;

use access::{Accounts, NewToken, NewUser, Role, Scope};
use engine::Instance;
use engine::policy::Policy;
use engine::run::Run;
use server::{Port, Service, Tls};
use tokio_postgres::{Client, Config, NoTls};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::world::Operator;

pub const PASSWORD: &str = "correct horse battery";
pub const PURPOSE: &str = "transport";

const AGREEMENT: &str = r#"
purposes = ["transport"]
products = ["residents", "presence", "web_audience"]
questions = true
areas = []
share = "1"
expires = 2099-12-31
[periods]
from = "2026-01"
"#;

/// A server that answers as long as it lives.
pub struct Serving {
    pub address: SocketAddr,
    pub flight: SocketAddr,
    pub http: SocketAddr,
    /// A token of the analyst's, for whatever a password is for.
    pub token: String,
    pub operator: Operator,
    /// Stops the PostgreSQL protocol.
    pub stop: tokio::sync::watch::Sender<bool>,
    runtime: tokio::runtime::Runtime,
}

impl Serving {
    pub fn new() -> Self {
        Self::of(Operator::fresh(), None)
    }

    pub fn of(operator: Operator, tls: Option<Tls>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            // As `quorate serve` has it.
            .thread_stack_size(64 << 20)
            .enable_all()
            .build()
            .unwrap();
        let instance: &'static Instance = Box::leak(Box::new(operator.instance.clone()));
        let policy: &'static Policy = Box::leak(Box::new(operator.policy.clone()));
        let run =
            Run { pace: &server::pace, ..Run::new(instance, policy, ("test", "test")).unwrap() };
        let run: &'static Run<'static> = Box::leak(Box::new(run));
        let accounts = accounts(&instance.root, &instance.config.keys_dir);
        let token = NewToken {
            user: "analyst",
            label: "tests",
            scopes: &[Scope::Released, Scope::Questions],
            expires: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24),
        };
        let token = accounts.issue(&token, jiff::Timestamp::now()).unwrap().text.to_string();
        let service = runtime.block_on(Service::new(run, accounts)).unwrap();
        let port = |tls| {
            let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
            let port = runtime.block_on(Port::take(service, any, tls)).unwrap();
            (port.address().unwrap(), port)
        };
        let (stop, mut stopping) = tokio::sync::watch::channel(false);
        let (address, of_postgres) = port(tls);
        runtime.spawn(server::postgres::run(of_postgres, async move {
            drop(stopping.wait_for(|it| *it).await);
        }));
        let (flight, of_flight) = port(None);
        runtime.spawn(server::flight::run(of_flight, std::future::pending()));
        let (http, of_http) = port(None);
        runtime.spawn(server::http::run(of_http, std::future::pending()));
        Self { address, flight, http, token, operator, stop, runtime }
    }

    fn accounts(&self) -> Accounts {
        let instance = &self.operator.instance;
        Accounts::open(&instance.root, &instance.config.keys_dir).unwrap()
    }

    /// Writes the partner's agreement anew, with one part of it otherwise.
    pub fn agree(&self, part: &str, other: &str) {
        assert!(AGREEMENT.contains(part), "{part}");
        let file = self.operator.instance.root.join("agreements/partner-1.toml");
        std::fs::write(file, AGREEMENT.replace(part, other)).unwrap();
    }

    /// Gives a user another password.
    pub fn set_password(&self, user: &str, password: &str) {
        self.accounts().set_password(user, password).unwrap();
    }

    /// Lets a user in no more.
    pub fn disable(&self, user: &str) {
        self.accounts().disable(user, jiff::Timestamp::now()).unwrap();
    }

    /// A token of the analyst's for released tables alone.
    pub fn token_for_released(&self) -> String {
        let token = NewToken {
            user: "analyst",
            label: "tests",
            scopes: &[Scope::Released],
            expires: jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24),
        };
        self.accounts().issue(&token, jiff::Timestamp::now()).unwrap().text.to_string()
    }

    /// How a user connects, who has declared the purpose.
    pub fn config(&self, user: &str, database: &str) -> Config {
        let mut config = Config::new();
        config
            .host(self.address.ip().to_string())
            .port(self.address.port())
            .user(user)
            .password(PASSWORD)
            .dbname(database)
            .options(format!("-c quorate.purpose={PURPOSE}"));
        config
    }

    /// A client that is logged in.
    pub fn client(&self, config: &Config) -> Result<Client, tokio_postgres::Error> {
        self.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            self.runtime.spawn(connection);
            Ok(client)
        })
    }

    /// The analyst over views of people.
    pub fn analyst(&self) -> Client {
        self.client(&self.config("analyst", "protected")).unwrap()
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// A certificate of its own for `localhost`, and a client that trusts it.
pub fn tls() -> (Tls, TlsConnector) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls::new(cert.pem().into_bytes(), signing_key.serialize_pem().as_bytes()).unwrap();
    let mut trusted = RootCertStore::empty();
    trusted.add(cert.der().clone()).unwrap();
    let provider = std::sync::Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    (tls, TlsConnector::from(std::sync::Arc::new(config)))
}

fn accounts(root: &Path, keys: &Path) -> Accounts {
    let accounts = Accounts::open(root, keys).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    for (name, role, partner) in [
        ("analyst", Role::Analyst, Some("partner-1")),
        ("buyer", Role::Buyer, Some("partner-1")),
        ("stranger", Role::Analyst, Some("partner-2")),
        ("engineer", Role::Engineer, None),
    ] {
        accounts.add(&NewUser { name, role, partner }, PASSWORD, now).unwrap();
    }
    let folder = root.join("agreements");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("partner-1.toml"), AGREEMENT).unwrap();
    accounts
}
