//! What the terminal is told by its reader, who can be asked to stop.
//!
//! crossterm reads on a thread of its own, which goes on for a moment after its stream is
//! dropped: what is typed in that moment would be read here and lost to a shell. The thread
//! keeps the waker it was given for exactly as long as it reads, so the last reference to
//! the waker says when nobody reads any more.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crossterm::event::{self, Event, EventStream};
use futures_util::Stream as _;
use tokio::sync::{Notify, oneshot};

/// Whoever reads the terminal.
pub(super) struct Reading {
    stream: EventStream,
    wakes: Arc<Wakes>,
    /// Resolves when the last reference to the waker has gone.
    gone: oneshot::Receiver<()>,
}

/// The waker crossterm's thread is given.
struct Wakes {
    roused: Notify,
    _gone: oneshot::Sender<()>,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.roused.notify_one();
    }
}

impl Reading {
    pub(super) fn begin() -> Self {
        let (sender, gone) = oneshot::channel();
        let wakes = Wakes {
            roused: Notify::new(),
            _gone: sender,
        };
        Self {
            stream: EventStream::new(),
            wakes: Arc::new(wakes),
            gone,
        }
    }

    /// The next event. Nothing is lost when this is dropped before it answers.
    pub(super) async fn next(&mut self) -> Option<io::Result<Event>> {
        loop {
            match self.look() {
                Poll::Ready(event) => return event,
                Poll::Pending => self.wakes.roused.notified().await,
            }
        }
    }

    /// Always with the same waker: the stream remembers the first one it was polled with.
    fn look(&mut self) -> Poll<Option<io::Result<Event>>> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        Pin::new(&mut self.stream).poll_next(&mut Context::from_waker(&waker))
    }

    /// Stops, and returns when nobody reads any more. What was read on the way was typed
    /// before that, at whoever had the terminal then, and is forgotten.
    pub(super) async fn stop(self) {
        let Self {
            stream,
            wakes,
            gone,
        } = self;
        drop(stream);
        drop(wakes);
        // The sender is dropped, never used: an error is what is waited for.
        drop(gone.await);
        while event::poll(Duration::ZERO).is_ok_and(|more| more) && event::read().is_ok() {}
    }
}
