//! What time it is, and how long a second takes.
//!
//! Real engines live by the system's clock. Simulated ones have a clock of their own, which
//! starts at a fixed moment and may run faster: everything that asks for the time or waits
//! beside them asks here, so that one story has one time.

use std::time::Duration;

use tokio::time::Instant;

use crate::model::time::{Span, Timestamp};

/// A clock. Small, and every copy shows the same.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// One of its own.
    Own {
        /// What it showed when it was set going.
        start: Timestamp,
        /// When that was.
        began: Instant,
        /// How many of its seconds pass in one.
        speed: u32,
    },
}

impl Clock {
    /// A clock that shows `start` now and runs `speed` times as fast as the system's.
    #[must_use]
    pub fn starting(start: Timestamp, speed: u32) -> Self {
        Self::Own {
            start,
            began: Instant::now(),
            speed: speed.max(1),
        }
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => chrono::Utc::now(),
            Self::Own { start, began, .. } => after(*start, self.scaled(began.elapsed())),
        }
    }

    /// What it will show when so much of the system's time has passed.
    #[must_use]
    pub fn in_real(&self, wait: Duration) -> Timestamp {
        after(self.now(), self.scaled(wait))
    }

    /// How much of its time has passed since `begun`. Unlike the difference of two moments
    /// this is right even if somebody sets the system's clock meanwhile.
    #[must_use]
    pub fn since(&self, begun: Instant) -> Span {
        Span(self.scaled(begun.elapsed()))
    }

    /// Waits for so much of its time.
    pub async fn sleep(&self, wait: Duration) {
        let speed = match self {
            Self::System => 1,
            Self::Own { speed, .. } => *speed,
        };
        tokio::time::sleep(wait / speed).await;
    }

    fn scaled(&self, real: Duration) -> Duration {
        match self {
            Self::System => real,
            Self::Own { speed, .. } => real.saturating_mul(*speed),
        }
    }
}

fn after(moment: Timestamp, span: Duration) -> Timestamp {
    chrono::TimeDelta::from_std(span)
        .ok()
        .and_then(|span| moment.checked_add_signed(span))
        .unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn its_seconds_are_as_long_as_it_says() {
        let start: Timestamp = "2026-11-22T03:00:00Z".parse().expect("a moment");
        let clock = Clock::starting(start, 60);
        let begun = Instant::now();
        assert_eq!(clock.now(), start);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(clock.now(), start + chrono::TimeDelta::minutes(2));
        assert_eq!(clock.since(begun), Span::seconds(120));
        let in_a_second = clock.in_real(Duration::from_secs(1));
        assert_eq!(in_a_second, start + chrono::TimeDelta::minutes(3));
        clock.sleep(Duration::from_secs(600)).await;
        assert_eq!(clock.now(), start + chrono::TimeDelta::minutes(12));
        assert_eq!(begun.elapsed(), Duration::from_secs(12));
    }
}
