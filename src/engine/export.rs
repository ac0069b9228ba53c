//! An image as the engine's archive, for whoever reads it with plain blocking reads.
//!
//! Raw: the body goes from the socket to the reader by a short channel, and nothing looks
//! at it on the way.

use std::io::{self, Read};
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::{Buf as _, Bytes as Body, Incoming};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Engine, EngineError, LONG};

/// Chunks that may wait for the reader; each is at most some hundred kilobytes.
const CHUNKS_WAITING: usize = 16;

impl Engine {
    /// Starts to read an image whole, as `docker save` does; `platform` chooses one where
    /// the engine has several. The engine may write all of it to its own disk before the
    /// first byte: this takes as long as that does. Dropping the reader ends the transfer.
    ///
    /// # Errors
    /// The engine's; a cancel shows as one, too.
    pub async fn read_image(
        &self,
        image: &str,
        platform: Option<&str>,
        cancel: CancellationToken,
    ) -> Result<ImageReader, EngineError> {
        let doing = format!("exporting image {}", short(image));
        let query = platform.map_or_else(String::new, platform_query);
        let path = format!("/images/{image}/get{query}");
        let answer = self.open_within(&path, &doing, Duration::from_secs(LONG));
        let body = tokio::select! {
            body = answer => body?,
            () = cancel.cancelled() => {
                return Err(EngineError::Unreadable {
                    engine: self.name().clone(),
                    doing,
                    why: "it was cancelled".to_owned(),
                });
            }
        };
        let (sender, chunks) = mpsc::channel(CHUNKS_WAITING);
        tokio::spawn(pump(self.clone(), doing, body, sender, cancel.clone()));
        Ok(ImageReader {
            chunks,
            chunk: Body::new(),
            cancel,
        })
    }
}

/// The platform as the engine's API wants it (1.48 and newer; older ones have one anyway).
fn platform_query(platform: &str) -> String {
    let mut parts = platform.split('/');
    let mut part = |key: &str| {
        let value = parts.next().filter(|it| !it.is_empty())?;
        // A platform's words are letters and digits; anything else could only break the URL.
        let word: String = value
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
            .collect();
        Some(format!("%22{key}%22:%22{word}%22"))
    };
    let parts: Vec<String> = [part("os"), part("architecture"), part("variant")]
        .into_iter()
        .flatten()
        .collect();
    format!("?platform=%7B{}%7D", parts.join(","))
}

fn short(image: &str) -> &str {
    image
        .strip_prefix("sha256:")
        .and_then(|hex| hex.get(..12))
        .unwrap_or(image)
}

/// Hands the body on, chunk by chunk, until it ends, the reader is gone or a cancel comes.
async fn pump(
    engine: Engine,
    doing: String,
    mut body: Incoming,
    sender: mpsc::Sender<io::Result<Body>>,
    cancel: CancellationToken,
) {
    loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = cancel.cancelled() => return,
            () = sender.closed() => return,
        };
        let chunk = match frame {
            None => return,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(chunk) => Ok(chunk),
                Err(_) => continue,
            },
            Some(Err(error)) => {
                let wire = super::transport::WireError::Read(error);
                Err(io::Error::other(engine.error(doing.clone(), wire.into())))
            }
        };
        let failed = chunk.is_err();
        if sender.send(chunk).await.is_err() || failed {
            return;
        }
    }
}

/// An image's archive on its way. Reads block: use it where that is allowed.
pub struct ImageReader {
    chunks: mpsc::Receiver<io::Result<Body>>,
    chunk: Body,
    cancel: CancellationToken,
}

impl Read for ImageReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            if self.cancel.is_cancelled() {
                return Err(io::Error::other("cancelled"));
            }
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None if self.cancel.is_cancelled() => return Err(io::Error::other("cancelled")),
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.chunk.len());
        if let Some(room) = buffer.get_mut(..length) {
            self.chunk.copy_to_slice(room);
        }
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_asked_for_in_the_words_of_the_engine() {
        for (platform, want) in [
            (
                "linux/arm64/v8",
                "?platform=%7B%22os%22:%22linux%22,%22architecture%22:%22arm64%22,%22variant%22:%22v8%22%7D",
            ),
            (
                "linux/amd64",
                "?platform=%7B%22os%22:%22linux%22,%22architecture%22:%22amd64%22%7D",
            ),
            ("li\"nux&x", "?platform=%7B%22os%22:%22linuxx%22%7D"),
        ] {
            assert_eq!(platform_query(platform), want);
        }
    }

    #[tokio::test]
    async fn what_is_read_is_what_came_and_a_cancel_ends_it() {
        let (sender, chunks) = mpsc::channel(4);
        let cancel = CancellationToken::new();
        let mut reader = ImageReader {
            chunks,
            chunk: Body::new(),
            cancel: cancel.clone(),
        };
        for text in ["ab", "", "cde"] {
            sender.send(Ok(Body::from(text))).await.expect("room");
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut two = [0_u8; 2];
            reader.read_exact(&mut two).expect("read");
            let mut one = [0_u8; 1];
            reader.read_exact(&mut one).expect("read");
            cancel.cancel();
            // What has arrived may still be read; nothing more is waited for.
            let mut rest = Vec::new();
            let error = reader.read_to_end(&mut rest).expect_err("cancelled");
            (two, one, rest, error.to_string())
        });
        let (two, one, rest, error) = read.await.expect("read");
        assert_eq!((&two, &one, rest.as_slice()), (b"ab", b"c", &b"de"[..]));
        assert_eq!(error, "cancelled");
        drop(sender);
    }
}
