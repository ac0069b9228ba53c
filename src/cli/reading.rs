//! Taking an image apart for a command: how far it is on standard error, and Ctrl-C.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::args::Which;
use super::layout;
use super::output::{self, Exit};
use super::session::Session;
use super::signals::Signals;
use super::table::cut;
use crate::anatomy::archive::platform::Platform;
use crate::anatomy::archive::source::Source;
use crate::config;
use crate::explain::{Ask, ExplainError, Explained, Explainer, Origin, Watch};
use crate::model::text::printable;
use crate::model::transfer::Transfer;

/// How often the line that tells how far it is changes.
const EVERY: Duration = Duration::from_millis(200);

/// Whoever takes images apart for one command.
pub(super) struct Reading<'s> {
    session: &'s Session,
    explainer: Explainer,
    cancel: CancellationToken,
    signals: Signals,
}

impl<'s> Reading<'s> {
    pub(super) fn new(session: &'s Session) -> Self {
        let cancel = CancellationToken::new();
        let signals = Signals::watch_reading(&cancel);
        let local = config::local_engine(&session.surroundings);
        let explainer = Explainer::new(session.project.clone(), local, session.store.clone());
        Self {
            session,
            explainer,
            cancel,
            signals,
        }
    }

    /// What the words of a command line ask for.
    pub(super) fn ask(&self, image: &str, which: &Which) -> Result<Ask, Exit> {
        let mut ask = Ask::parse(image).map_err(|error| self.refused(&error))?;
        ask.engine.clone_from(&which.engine);
        if let Some(platform) = &which.platform {
            let read = Platform::parse(platform).map_err(|error| self.refused(&error))?;
            ask.platform = Some(read);
        }
        Ok(ask)
    }

    /// Takes an image apart, and tells meanwhile how far that is.
    pub(super) async fn explain(&self, ask: &Ask) -> Result<Explained, Exit> {
        let watch = Watch::new(self.cancel.clone());
        let explained = {
            let mut explaining = std::pin::pin!(self.explainer.explain(ask, &watch));
            let mut line = Line::new(&ask.text, self.session.quiet);
            let mut ticks = tokio::time::interval(EVERY);
            // The first tick comes at once, and nothing is to be told yet.
            ticks.tick().await;
            loop {
                tokio::select! {
                    explained = &mut explaining => break explained,
                    _ = ticks.tick() => line.tell(&watch),
                }
            }
        };
        let explained = explained.map_err(|error| self.failed(&error))?;
        if let (Source::Name(_), Origin::Registry { reference, .. }) =
            (&ask.source, &explained.origin)
        {
            self.session.hint(&format!(
                "no engine that answers has {reference}: it was read from its registry"
            ));
        }
        Ok(explained)
    }

    /// Opens the content of what was explained; see [`Explainer::open_layer`].
    pub(super) const fn explainer(&self) -> &Explainer {
        &self.explainer
    }

    pub(super) const fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Says why an image could not be taken apart.
    pub(super) fn failed(&self, error: &ExplainError) -> Exit {
        match self.signals.came().filter(|_| error.is_cancel()) {
            Some(signal) => {
                let exit = Exit(128_u8.saturating_add(signal));
                output::refused(self.session.json, error, exit)
            }
            None => self.refused(error),
        }
    }

    pub(super) fn refused(&self, why: &dyn std::fmt::Display) -> Exit {
        output::refused(self.session.json, why, Exit::ERROR)
    }
}

/// One line that changes, where there is a terminal; gone when dropped.
struct Line {
    what: String,
    live: bool,
    open: bool,
    transfer: Transfer,
}

impl Line {
    fn new(what: &str, quiet: bool) -> Self {
        Self {
            what: what.to_owned(),
            live: !quiet && std::io::stderr().is_terminal(),
            open: false,
            transfer: Transfer::new("".into(), what.to_owned()),
        }
    }

    fn tell(&mut self, watch: &Watch) {
        if !self.live {
            return;
        }
        let (done, expected) = watch.so_far();
        let text = if done.0 == 0 {
            format!("  … reading {}", self.what)
        } else {
            self.transfer.told(chrono::Utc::now(), done, expected);
            format!("  … reading {}: {}", self.what, self.transfer.words())
        };
        let mut err = std::io::stderr();
        // A line that is too long would not be replaced by the next.
        let columns = layout::columns(&err).unwrap_or(80).saturating_sub(1);
        let _ = write!(err, "\r\x1b[K{}", cut(&printable(&text), columns));
        let _ = err.flush();
        self.open = true;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.open {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
