//! Signals during an operation: the first one cancels it, and what was done is undone; the
//! second one leaves at once, and says that `karat recover` is needed.

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

impl Signals {
    /// Watches until the process ends.
    pub(super) fn watch(cancel: &CancellationToken) -> Self {
        let first = Self::default();
        for (kind, number) in WATCHED {
            if let Ok(signals) = signal(kind) {
                tokio::spawn(first.clone().on_signal(signals, number, cancel.clone()));
            }
        }
        first
    }

    async fn on_signal(self, mut signals: Signal, number: u8, cancel: CancellationToken) {
        while signals.recv().await.is_some() {
            if self.0.swap(number, Ordering::SeqCst) == 0 {
                output::say("cancelling: what was done is being undone (once more leaves at once)");
                cancel.cancel();
            } else {
                output::say("left in the middle: run `karat recover`");
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
