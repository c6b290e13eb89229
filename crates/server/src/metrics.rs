//! What the service has done, counted: nothing in it is about anybody's rows.
//!
//! Statements are counted by what became of them, never by who asked, what was asked or what was found; how much of the
//! budget is spent is public, in the ledger. Source: governance (operations), privacy model §12.

use engine::{Kind, Result};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::service::Told;

type By = Family<Vec<(String, String)>, Counter>;

/// The counters of a service.
pub struct Metrics {
    registry: Registry,
    statements: By,
    connections: Family<Vec<(String, String)>, Gauge>,
    /// Logins that were refused.
    pub logins_refused: Counter,
    /// Connections that were turned away because there were too many.
    pub turned_away: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("quorate");
        let (statements, connections) = (By::default(), Family::default());
        let (logins_refused, turned_away) = (Counter::default(), Counter::default());
        let about = "Statements by what became of them: free, charged, refused, failed";
        registry.register("statements", about, statements.clone());
        registry.register("connections", "Connections that are open", connections.clone());
        registry.register("logins_refused", "Logins that were refused", logins_refused.clone());
        let about = "Connections turned away because there were too many";
        registry.register("connections_turned_away", about, turned_away.clone());
        Self { registry, statements, connections, logins_refused, turned_away }
    }
}

impl Metrics {
    /// Counts a statement.
    pub fn asked(&self, told: &Result<Told>) {
        let outcome = match told {
            Ok(told) if told.charged => "charged",
            Ok(_) => "free",
            Err(cause) if cause.kind() == Kind::Fault => "failed",
            Err(_) => "refused",
        };
        self.statements.get_or_create(&vec![("outcome".to_owned(), outcome.to_owned())]).inc();
        let code = told.as_ref().err().map_or("", |it| it.code());
        tracing::info!(outcome, code, "statement");
    }

    /// The connections of a wire that are open.
    #[must_use]
    pub fn open(&self, wire: &'static str) -> Gauge {
        self.connections.get_or_create(&vec![("wire".to_owned(), wire.to_owned())]).clone()
    }

    /// All of it, as OpenMetrics text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(_) => String::new(),
        }
    }
}
