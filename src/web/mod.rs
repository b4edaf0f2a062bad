//! The web server: for now the health page that a supervisor asks, and counters for Prometheus.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::pipeline::intake::Intake;
use crate::slack::socket::Watcher;
use crate::slack::web::Refused;

/// What the pages show.
#[derive(Clone)]
pub struct Seen {
    /// What came in.
    pub intake: Arc<Intake>,
    /// How the connections to Slack stand.
    pub slack: Watcher,
    /// How Slack takes the bot's token.
    pub token: watch::Receiver<Option<Refused>>,
}

/// The server could not begin.
#[derive(Debug, thiserror::Error)]
#[error("nothing can listen on {address}: {reason}")]
pub struct CannotListen {
    address: SocketAddr,
    reason: std::io::Error,
}

/// Begins to listen, with `more` pages beside its own; what is returned serves until `stop` says so.
///
/// # Errors
/// The address is taken or not ours.
pub async fn listen(
    address: SocketAddr,
    seen: Seen,
    more: Router,
    mut stop: watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + Send, CannotListen> {
    let listener = TcpListener::bind(address).await.map_err(|reason| CannotListen { address, reason })?;
    let pages = Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .with_state(seen)
        .merge(more);
    Ok(async move {
        let stopped = async move {
            // An error means that whoever could stop us is gone.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        if let Err(error) = axum::serve(listener, pages).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the web server ended");
        }
    })
}

/// 200 while commands can be taken; 503 with the reasons else.
async fn health(State(seen): State<Seen>) -> impl IntoResponse {
    let mut wrong = Vec::new();
    if seen.slack.status.borrow().live == 0 {
        wrong.push("not connected to Slack".to_owned());
    }
    if let Some(refused) = &*seen.token.borrow() {
        wrong.push(if refused.altogether() {
            format!("Slack refuses the bot's token: {}", refused.code)
        } else {
            format!("the Slack app lacks a permission for {}", refused.method)
        });
    }
    if let Err(error) = seen.intake.store().probe().await {
        tracing::warn!(%error, "the store does not pass its probe");
        wrong.push("the store cannot write".to_owned());
    }
    if wrong.is_empty() {
        (StatusCode::OK, "ok\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", wrong.join("\n")))
    }
}

/// Counters in Prometheus' text format (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
async fn metrics(State(seen): State<Seen>) -> impl IntoResponse {
    let (came, slack) = (&seen.intake.counters, &seen.slack.counters);
    let counters = [
        ("commands_total", "Commands written down", &came.commands),
        ("duplicates_total", "Commands that had been written down before", &came.duplicates),
        ("passed_over_total", "Messages that were not for the bot", &came.passed_over),
        ("clicks_total", "Clicks written down", &came.clicks),
        ("questions_total", "Questions of forms answered", &came.questions),
        ("unreadable_total", "Payloads that could not be read", &came.unreadable),
        ("envelopes_total", "Envelopes received", &slack.received),
        ("envelopes_acked_total", "Envelopes acknowledged", &slack.acked),
        ("envelopes_withheld_total", "Envelopes left to be delivered again", &slack.withheld),
        ("envelopes_late_total", "Acknowledgements after three seconds", &slack.late),
        ("envelopes_unknown_total", "Envelopes of an unknown kind", &slack.unknown),
        ("reconnects_total", "Connections opened after the first ones", &slack.reconnects),
        ("dead_connections_total", "Connections given up for their silence", &slack.dead),
    ];
    let mut out = String::new();
    for (name, about, counter) in counters {
        let value = counter.load(Ordering::Relaxed);
        out.push_str(&format!("# HELP hubcommander_{name} {about}.\n# TYPE hubcommander_{name} counter\n"));
        out.push_str(&format!("hubcommander_{name} {value}\n"));
    }
    let live = seen.slack.status.borrow().live;
    out.push_str("# HELP hubcommander_connections Connections to Slack that live.\n");
    out.push_str(&format!("# TYPE hubcommander_connections gauge\nhubcommander_connections {live}\n"));
    let refused = u8::from(seen.token.borrow().is_some());
    out.push_str("# HELP hubcommander_bot_refused Whether Slack refuses the bot's token.\n");
    out.push_str(&format!("# TYPE hubcommander_bot_refused gauge\nhubcommander_bot_refused {refused}\n"));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out)
}
