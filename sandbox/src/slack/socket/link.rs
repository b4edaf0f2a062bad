//! One connection, from hello to its end.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::super::core::Core;
use super::delivery::Frame;
use super::{Leave, LinkId};
use crate::connection::Connection;

/// A WebSocket on an upgraded connection.
type Stream = WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>;

/// How many frames are written in one go.
const BATCH: usize = 64;

/// Serves one connection until it ends.
pub(super) async fn serve(
    core: Arc<Core>,
    upgraded: hyper::upgrade::Upgraded,
    connection: Connection,
    debug: bool,
) {
    let mut stream = Stream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    let options = &core.options;
    let life = if debug { options.debug_connection_life } else { options.connection_life };
    let (out, frames) = mpsc::unbounded_channel();
    let hello = |open: usize| {
        json!({
            "type": "hello",
            "num_connections": open,
            "connection_info": { "app_id": core.app_id },
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": life.as_secs(),
            },
        })
        .to_string()
        .into()
    };
    let own = out.clone();
    let Some(id) = core.socket.enter(out, connection, options.most_connections, hello) else {
        // The app may be gone already: there is nobody to tell.
        let _ = stream.send(Message::text(goodbye(Leave::TooManyWebsockets))).await;
        let _ = stream.close(None).await;
        return;
    };
    core.wake();
    converse(&core, &mut stream, id, frames, own, life).await;
    core.socket.leave(id);
    core.wake();
}

/// The `disconnect` message.
pub(in crate::slack) fn goodbye(why: Leave) -> String {
    json!({ "type": "disconnect", "reason": why.name(), "debug_info": { "host": "applink-sandbox" } })
        .to_string()
}

async fn converse(
    core: &Core,
    stream: &mut Stream,
    id: LinkId,
    mut frames: mpsc::UnboundedReceiver<Frame>,
    own: mpsc::UnboundedSender<Frame>,
    life: std::time::Duration,
) {
    let born = Instant::now();
    let lead = core.options.warning_lead.min(life);
    let warn = sleep_until(born + (life - lead));
    tokio::pin!(warn);
    let mut warned = false;
    let end = sleep_until(born + life);
    tokio::pin!(end);
    let every = core.options.ping_every;
    let mut ping = interval_at(born + every, every);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            frame = frames.recv() => {
                let mut next = frame;
                if next.is_none() {
                    return;
                }
                for turn in 1..=BATCH {
                    match next {
                        Some(Frame::Text(text)) => {
                            if stream.feed(Message::Text(text)).await.is_err() {
                                return;
                            }
                        }
                        Some(Frame::CloseAfter(time)) => end.as_mut().reset(Instant::now() + time),
                        None => break,
                    }
                    next = if turn < BATCH { frames.try_recv().ok() } else { None };
                }
                if stream.flush().await.is_err() {
                    return;
                }
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    core.socket.receive(id, &text);
                    core.wake();
                }
                Some(Ok(Message::Pong(_))) => {
                    core.socket.pong();
                    core.wake();
                }
                // Answered by the library with the next write: let that be now.
                Some(Ok(Message::Ping(_))) => {
                    if stream.flush().await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_))) => {
                    let _ = stream.flush().await;
                    return;
                }
                Some(Ok(_)) => core.socket.complain("sent a frame that is not text".to_owned()),
                Some(Err(_)) | None => return,
            },
            _ = ping.tick() => {
                if stream.send(Message::Ping(bytes::Bytes::from_static(b"sandbox"))).await.is_err() {
                    return;
                }
            }
            () = &mut warn, if !warned => {
                warned = true;
                // It cannot fail: this function holds the receiver.
                let _ = own.send(Frame::Text(goodbye(Leave::Warning).into()));
            }
            () = &mut end => {
                // From here on nothing more is given to it.
                core.socket.leave(id);
                core.wake();
                let _ = stream.close(None).await;
                // Acks that are already on their way are read.
                let _ = tokio::time::timeout(std::time::Duration::from_secs(1), drain(core, stream, id)).await;
                return;
            }
        }
    }
}

/// Reads until the app closes too.
async fn drain(core: &Core, stream: &mut Stream, id: LinkId) {
    while let Some(Ok(message)) = stream.next().await {
        if let Message::Text(text) = message {
            core.socket.receive(id, &text);
            core.wake();
        }
    }
}
