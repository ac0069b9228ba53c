//! An engine behind ssh: `docker system dial-stdio` on the host, through the user's own
//! `ssh`, so that its configuration, agent and known hosts apply.

use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What ssh, or the remote `docker`, last wrote to its standard error.
#[derive(Clone, Default)]
pub(super) struct LastWords(Arc<Mutex<Option<String>>>);

impl LastWords {
    fn put(&self, line: String) {
        if let Ok(mut slot) = self.0.lock() {
            *slot = Some(line);
        }
    }

    /// Takes the words away: they explain one failure, not the next.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().ok()?.take()
    }
}

/// One ssh session; the process ends with it.
pub(super) struct SshStream {
    stdin: ChildStdin,
    stdout: ChildStdout,
    _child: Child,
}

impl SshStream {
    /// Starts ssh. Never asks for a password: there is nobody to answer.
    pub(super) fn open(
        destination: &str,
        port: Option<u16>,
        last_words: LastWords,
    ) -> std::io::Result<Self> {
        let mut command = Command::new("ssh");
        command.args(["-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]);
        // A host that vanished is noticed within 45 s even with nothing to say.
        command.args([
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ServerAliveCountMax=3",
        ]);
        if let Some(port) = port {
            command.args(["-p", &port.to_string()]);
        }
        command.args(["--", destination, "docker", "system", "dial-stdio"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group: Ctrl-C in the terminal is for karat, which then still needs
            // the connection to put things back.
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            std::io::Error::new(error.kind(), format!("`ssh` could not be started: {error}"))
        })?;
        let missing = || std::io::Error::other("ssh was started without pipes");
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        tokio::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if !line.trim().is_empty() {
                    last_words.put(line.trim().to_owned());
                }
            }
        });
        Ok(Self {
            stdin,
            stdout,
            _child: child,
        })
    }
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stdin).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stdin).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stdin).poll_shutdown(cx)
    }
}
