//! `quorate serve`: statements of partners over the PostgreSQL protocol.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use engine::error::io_error;
use engine::policy::Policy;
use engine::run::{Run, books};
use engine::{Error, Instance, Result, SystemClock};
use server::{Postgres, Service, Tls};

use crate::command::user::accounts;
use crate::command::{PROGRAM, code_hash};
use crate::output::Output;

/// Answer statements over the network, until Ctrl-C.
#[derive(Args)]
pub struct Serve {
    /// Where the PostgreSQL protocol is answered.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5432")]
    postgres: SocketAddr,
    /// The certificate, PEM; needed off loopback.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, PEM: ECDSA P-256 or RSA.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl Serve {
    pub fn run(self, folder: &Path, _output: &Output) -> Result<()> {
        let instance: &'static Instance = Box::leak(Box::new(Instance::open(folder)?));
        let policy: &'static Policy = Box::leak(Box::new(Policy::read(instance)?));
        let code_hash: &'static str = Box::leak(code_hash()?.into_boxed_str());
        let run: &'static Run<'static> = Box::leak(Box::new(Run {
            instance,
            policy,
            code_hash,
            program: PROGRAM,
            clock: &SystemClock,
            waiting: &|| (),
            books: books(instance)?,
        }));
        let accounts = accounts(instance)?;
        let tls = match self.tls_cert.zip(self.tls_key) {
            Some((certificate, key)) => Some(tls(&certificate, &key)?),
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|cause| Error::fault("F06", cause.to_string()))?;
        let failed = |cause: std::io::Error| {
            Error::fault("F09", format!("the PostgreSQL protocol cannot be served: {cause}"))
                .at(self.postgres)
                .remedy("choose another address with --postgres; off loopback give --tls-cert and --tls-key")
        };
        runtime.block_on(async {
            let service = Service::new(run, accounts).await?;
            let postgres = Postgres::bind(service, self.postgres, tls).await.map_err(failed)?;
            let address = postgres.address().map_err(failed)?;
            Output::note(&format!(
                "answering: psql \"host={} port={} dbname=quorate user=NAME\" (Ctrl-C ends)",
                address.ip(),
                address.port()
            ));
            postgres.run(stopped()).await.map_err(failed)
        })
    }
}

/// Until Ctrl-C, or until the service manager says so.
async fn stopped() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

fn tls(certificate: &Path, key: &Path) -> Result<Tls> {
    let read = |path: &Path| fs::read(path).map_err(|cause| io_error("read", path, &cause));
    Tls::new(read(certificate)?, &read(key)?).map_err(|cause| {
        Error::input("I67", format!("TLS cannot be set up: {cause}"))
            .at(certificate.display())
            .allowed("a certificate and its key, PEM; ECDSA P-256 or RSA")
    })
}
