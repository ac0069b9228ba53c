//! Signals during an operation: the first one cancels it, and what was done is undone; the
//! second one leaves at once, and says that `karat recover` is needed. A reading is just
//! stopped: there is nothing to undo.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::output;

/// Which signal came first.
#[derive(Clone, Default)]
pub(super) struct Signals(Arc<AtomicU8>);

const WATCHED: [(SignalKind, u8); 3] = [
    (SignalKind::interrupt(), 2),
    (SignalKind::terminate(), 15),
    (SignalKind::hangup(), 1),
];

/// What the signals are about.
#[derive(Clone, Copy)]
enum What {
    Operation,
    Reading,
}

impl What {
    fn say_cancelling(self) {
        match self {
            Self::Operation => {
                output::say("cancelling: what was done is being undone (once more leaves at once)");
            }
            Self::Reading => {}
        }
    }

    fn say_left(self) {
        match self {
            Self::Operation => output::say("left in the middle: run `karat recover`"),
            Self::Reading => {}
        }
    }
}

impl Signals {
    /// Watches an operation until the process ends.
    pub(super) fn watch(cancel: &CancellationToken) -> Self {
        Self::on(cancel, What::Operation)
    }

    /// Watches a reading until the process ends.
    pub(super) fn watch_reading(cancel: &CancellationToken) -> Self {
        Self::on(cancel, What::Reading)
    }

    fn on(cancel: &CancellationToken, what: What) -> Self {
        let first = Self::default();
        for (kind, number) in WATCHED {
            if let Ok(signals) = signal(kind) {
                let watching = first.clone();
                tokio::spawn(watching.on_signal(signals, number, cancel.clone(), what));
            }
        }
        first
    }

    async fn on_signal(
        self,
        mut signals: Signal,
        number: u8,
        cancel: CancellationToken,
        what: What,
    ) {
        while signals.recv().await.is_some() {
            if self.0.swap(number, Ordering::SeqCst) == 0 {
                what.say_cancelling();
                cancel.cancel();
            } else {
                what.say_left();
                std::process::exit(128 + i32::from(number));
            }
        }
    }

    /// The signal that came, if one did.
    pub(super) fn came(&self) -> Option<u8> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            number => Some(number),
        }
    }
}
