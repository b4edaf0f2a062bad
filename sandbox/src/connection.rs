//! One TCP connection that can be cut or frozen from outside, also after an upgrade to a WebSocket.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

const OPEN: u8 = 0;
const FROZEN: u8 = 1;
const CUT: u8 = 2;

#[derive(Debug, Default)]
struct Control {
    state: AtomicU8,
    reader: AtomicWaker,
    writer: AtomicWaker,
    cut: Notify,
}

/// A handle on one TCP connection. Every request carries the one it came over as an extension
/// (`axum::Extension<Connection>`); it stays valid after an upgrade.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    control: Arc<Control>,
}

impl Connection {
    /// Closes the TCP connection at once, without another byte to the peer.
    pub fn cut(&self) {
        self.change(CUT);
        self.control.cut.notify_waiters();
    }

    /// Makes it half-open: nothing is read or written any more, and the peer is not told.
    pub fn freeze(&self) {
        self.change(FROZEN);
    }

    /// Ends [`Connection::freeze`].
    pub fn thaw(&self) {
        self.change(OPEN);
    }

    /// Whether it was cut.
    pub fn is_cut(&self) -> bool {
        self.control.state.load(Ordering::SeqCst) == CUT
    }

    /// Returns when it was cut from this side.
    pub async fn cut_happened(&self) {
        let notified = self.control.cut.notified();
        tokio::pin!(notified);
        notified.as_mut().enable();
        if !self.is_cut() {
            notified.await;
        }
    }

    fn change(&self, to: u8) {
        let changed = self.control.state.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
            // A cut connection stays cut.
            (now != CUT).then_some(to)
        });
        if changed.is_ok() {
            self.control.reader.wake();
            self.control.writer.wake();
        }
    }
}

/// The connections of one server that are open now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    open: Arc<Mutex<HashMap<u64, Connection>>>,
}

impl Registry {
    /// Takes up connection number `number`, until the stream is dropped (an upgrade may carry it on).
    pub(crate) fn enter<S>(&self, number: u64, stream: S) -> (Connection, Controlled<S>) {
        let connection = Connection::default();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(number, connection.clone());
        let entry = Entry { number, registry: self.clone() };
        (connection.clone(), Controlled { stream, connection, _entry: entry })
    }

    pub(crate) fn all(&self) -> Vec<Connection> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[derive(Debug)]
struct Entry {
    number: u64,
    registry: Registry,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.registry.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

/// A stream that obeys its [`Connection`].
#[derive(Debug)]
pub(crate) struct Controlled<S> {
    stream: S,
    connection: Connection,
    _entry: Entry,
}

impl<S> Controlled<S> {
    /// `None`: go on. The waker is registered first, so that a change in between is not missed.
    fn blocked<T>(&self, waker: &AtomicWaker, cx: &mut Context<'_>) -> Option<Poll<io::Result<T>>> {
        waker.register(cx.waker());
        match self.connection.control.state.load(Ordering::SeqCst) {
            CUT => Some(Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))),
            FROZEN => Some(Poll::Pending),
            _ => None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Controlled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.blocked(&self.connection.control.reader, cx) {
            Some(answer) => answer,
            None => Pin::new(&mut self.stream).poll_read(cx, buf),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Controlled<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        match self.blocked(&self.connection.control.writer, cx) {
            Some(answer) => answer,
            None => Pin::new(&mut self.stream).poll_write(cx, data),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.blocked(&self.connection.control.writer, cx) {
            Some(answer) => answer,
            None => Pin::new(&mut self.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.blocked(&self.connection.control.writer, cx) {
            Some(answer) => answer,
            None => Pin::new(&mut self.stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.blocked(&self.connection.control.writer, cx) {
            Some(answer) => answer,
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, data),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
