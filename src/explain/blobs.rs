//! A layer on its way from a registry, for whoever reads it with plain blocking reads.

use std::io::{self, Read};

use futures_util::TryStreamExt as _;
use hyper::body::{Buf as _, Bytes as Chunk};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::registry::{BlobStream, RegistryError};

/// Chunks that may wait for the reader; each is at most some hundred kilobytes.
const CHUNKS_WAITING: usize = 16;

/// A blob under way. Reads block: use it where that is allowed. Cuts are mended below; at the
/// end the blob has been checked against its digest, so what is to be believed of it must be
/// read to the end. Dropping it ends the transfer.
pub(super) struct BlobReader {
    chunks: mpsc::Receiver<Result<Chunk, RegistryError>>,
    chunk: Chunk,
    stop: CancellationToken,
    failed: Option<RegistryError>,
}

impl BlobReader {
    /// Begins to read. `stop` ends it before time, also where nothing comes.
    pub(super) fn begin(runtime: &Handle, blob: BlobStream, stop: &CancellationToken) -> Self {
        let (sender, chunks) = mpsc::channel(CHUNKS_WAITING);
        runtime.spawn(pump(blob, sender, stop.clone()));
        Self {
            chunks,
            chunk: Chunk::new(),
            stop: stop.clone(),
            failed: None,
        }
    }

    /// Why the registry did not bring all of it, if that is so.
    pub(super) fn failed(&mut self) -> Option<RegistryError> {
        self.failed.take()
    }
}

/// Hands chunks on until they end, the reader is gone, or it is stopped.
async fn pump(
    mut blob: BlobStream,
    sender: mpsc::Sender<Result<Chunk, RegistryError>>,
    stop: CancellationToken,
) {
    loop {
        let next = tokio::select! {
            next = blob.try_next() => next,
            () = stop.cancelled() => return,
            () = sender.closed() => return,
        };
        let Some(chunk) = next.transpose() else {
            return;
        };
        let failed = chunk.is_err();
        if sender.send(chunk).await.is_err() || failed {
            return;
        }
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            if self.stop.is_cancelled() {
                return Err(io::Error::other("stopped"));
            }
            match self.chunks.blocking_recv() {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => {
                    let told = io::Error::other(error.to_string());
                    self.failed = Some(error);
                    return Err(told);
                }
                None if self.stop.is_cancelled() => return Err(io::Error::other("stopped")),
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
    use futures_util::stream;

    fn read(
        chunks: Vec<Result<&'static str, RegistryError>>,
    ) -> (io::Result<usize>, String, Option<RegistryError>) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let chunks = chunks.into_iter().map(|it| it.map(Chunk::from));
        let blob: BlobStream = Box::pin(stream::iter(chunks.collect::<Vec<_>>()));
        let stop = CancellationToken::new();
        let mut reader = BlobReader::begin(runtime.handle(), blob, &stop);
        let mut text = String::new();
        let read = reader.read_to_string(&mut text);
        (read, text, reader.failed())
    }

    #[test]
    fn chunks_come_as_one_and_an_error_is_kept() {
        let (done, text, failed) = read(vec![Ok("ab"), Ok(""), Ok("cde")]);
        assert_eq!((done.expect("read"), text.as_str()), (5, "abcde"));
        assert_eq!(failed, None);
        let (done, _, failed) = read(vec![Ok("ab"), Err(RegistryError::Canceled)]);
        assert!(done.is_err());
        assert_eq!(failed, Some(RegistryError::Canceled));
    }

    #[test]
    fn a_stop_ends_waiting() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let stop = CancellationToken::new();
        let blob: BlobStream = Box::pin(stream::pending());
        let mut reader = BlobReader::begin(runtime.handle(), blob, &stop);
        let waiting = std::thread::spawn(move || {
            let mut one = [0];
            reader.read(&mut one).is_err()
        });
        stop.cancel();
        assert!(waiting.join().expect("it ends"));
    }
}
