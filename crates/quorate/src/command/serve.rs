//! `quorate serve`: statements of partners over the PostgreSQL protocol, Arrow Flight SQL and HTTP.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use engine::error::io_error;
use engine::policy::Policy;
use engine::run::Run;
use engine::{Error, Instance, Result};
use server::{Port, Service, Tls, flight, http, postgres};

use crate::command::user::accounts;
use crate::command::{PROGRAM, code_hash};
use crate::output::Output;

/// Answer statements over the network, until Ctrl-C.
#[derive(Args)]
pub struct Serve {
    /// Where the PostgreSQL protocol is answered, or `off`.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5432", value_parser = place)]
    postgres: Place,
    /// Where Arrow Flight SQL is answered, or `off`.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051", value_parser = place)]
    flight: Place,
    /// Where HTTP is answered, or `off`.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = place)]
    http: Place,
    /// The certificate, PEM; needed off loopback.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, PEM: ECDSA P-256 or RSA.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Log each statement by what became of it, and each start and stop, as JSON lines on standard error.
    #[arg(long)]
    log: bool,
}

/// An address, or none.
#[derive(Clone, Copy, Debug)]
struct Place(Option<SocketAddr>);

fn place(text: &str) -> std::result::Result<Place, String> {
    match text {
        "off" => Ok(Place(None)),
        address => address
            .parse()
            .map(|it| Place(Some(it)))
            .map_err(|_| "an address and port such as 127.0.0.1:5432, or `off`".to_owned()),
    }
}

impl Serve {
    pub fn run(self, folder: &Path, _output: &Output) -> Result<()> {
        // What a thread stopped over may be a row: only where it did is told.
        std::panic::set_hook(Box::new(|stopped| match stopped.location() {
            Some(place) => Output::note(&format!("stopped at {place}")),
            None => Output::note("stopped"),
        }));
        if self.log {
            let lines = tracing_subscriber::fmt().json().flatten_event(true);
            lines.with_target(false).with_writer(std::io::stderr).init();
        }
        let instance: &'static Instance = Box::leak(Box::new(Instance::open(folder)?));
        let policy: &'static Policy = Box::leak(Box::new(Policy::read(instance)?));
        let code_hash: &'static str = Box::leak(code_hash()?.into_boxed_str());
        let run = Run { pace: &server::pace, ..Run::new(instance, policy, (PROGRAM, code_hash))? };
        let run: &'static Run<'static> = Box::leak(Box::new(run));
        let accounts = accounts(instance)?;
        let tls = match self.tls_cert.as_ref().zip(self.tls_key.as_ref()) {
            Some((certificate, key)) => Some(tls(certificate, key)?),
            None => None,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            // A statement of the longest that is read is deep.
            .thread_stack_size(64 << 20)
            .build();
        let runtime = runtime.map_err(|cause| Error::fault("F06", cause.to_string()))?;
        let done = runtime.block_on(async {
            let service = Service::new(run, accounts).await?;
            // A vault or ledger that cannot be read is told now, and not to the first who asks.
            service.ready().await?;
            self.answer(service, tls).await
        });
        // A count that is still under way ends as in a crash: what was charged stays charged, and nothing is told.
        runtime.shutdown_timeout(Duration::from_secs(5));
        done
    }

    /// Takes the ports and answers them until it is told to stop.
    async fn answer(&self, service: &'static Service, tls: Option<Tls>) -> Result<()> {
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let until = |mut it: tokio::sync::watch::Receiver<bool>| async move {
            drop(it.wait_for(|it| *it).await);
        };
        let mut wires = tokio::task::JoinSet::new();
        let taken = async |at: SocketAddr, flag| {
            let port = Port::take(service, at, tls.clone()).await;
            let port = port.map_err(|cause| failed(&cause, at, flag))?;
            let at = port.address().map_err(|cause| failed(&cause, at, flag))?;
            Ok((port, at))
        };
        if let Some(at) = self.postgres.0 {
            let (port, at) = taken(at, "--postgres").await?;
            let (host, number) = (at.ip(), at.port());
            Output::note(&format!(
                "PostgreSQL  psql \"host={host} port={number} dbname=quorate user=NAME\""
            ));
            let answering = postgres::run(port, until(stopping.clone()));
            wires.spawn(async move { answering.await.map_err(|it| (it, at, "--postgres")) });
        }
        if let Some(at) = self.flight.0 {
            let (port, at) = taken(at, "--flight").await?;
            let scheme = if tls.is_some() { "grpc+tls" } else { "grpc" };
            Output::note(&format!("Flight SQL  {scheme}://{at}"));
            let answering = flight::run(port, until(stopping.clone()));
            wires.spawn(async move { answering.await.map_err(|it| (it, at, "--flight")) });
        }
        if let Some(at) = self.http.0 {
            let (port, at) = taken(at, "--http").await?;
            let scheme = if tls.is_some() { "https" } else { "http" };
            Output::note(&format!("HTTP        {scheme}://{at}/docs"));
            let answering = http::run(port, until(stopping.clone()));
            wires.spawn(async move { answering.await.map_err(|it| (it, at, "--http")) });
        }
        Output::note("answering (Ctrl-C ends)");
        tracing::info!("started");
        let first = tokio::select! {
            () = stopped() => None,
            first = wires.join_next() => first,
        };
        stop.send_replace(true);
        tracing::info!("stopping");
        let mut ended: Vec<_> = first.into_iter().collect();
        // Whoever is being answered has a moment to read it.
        let rest = async {
            while let Some(it) = wires.join_next().await {
                ended.push(it);
            }
        };
        drop(tokio::time::timeout(Duration::from_secs(5), rest).await);
        for wire in ended {
            if let Ok(Err((cause, at, flag))) = wire {
                return Err(failed(&cause, at, flag));
            }
        }
        Ok(())
    }
}

fn failed(cause: &std::io::Error, at: SocketAddr, flag: &str) -> Error {
    Error::fault("F09", format!("{at} cannot be served: {cause}")).remedy(format!(
        "choose another address with {flag}, or `off`; off loopback give --tls-cert and --tls-key"
    ))
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
