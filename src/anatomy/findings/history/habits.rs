//! What else a RUN does: it runs what it downloads, ships files again to change their owner,
//! uses sudo.

use super::{AT_LEAST, Run, behind_sudo};
use crate::anatomy::findings::finding::{Finding, Severity};
use crate::anatomy::findings::ids::FindingId;
use crate::anatomy::findings::shell::Command;
use crate::anatomy::whole::Anatomy;

impl Run<'_> {
    pub(super) fn pipe_to_shell(&self) -> Option<Finding> {
        const SHELLS: &[&str] = &[
            "sh", "bash", "ash", "dash", "zsh", "python", "python3", "perl", "ruby", "node",
        ];
        const FETCHERS: &[&str] = &["curl", "wget"];
        let mut fetched = false;
        let mut found = false;
        for command in &self.commands {
            let command = behind_sudo(command);
            let program = command.program();
            found |= fetched && SHELLS.contains(&program) && !command.has(&["-c", "-m"]);
            // What is fetched goes on through filters.
            fetched = (FETCHERS.contains(&program) || fetched) && command.piped;
            // `sh -c "$(curl …)"`, `bash <(curl …)`.
            let inner = command.words.iter().any(|word| {
                FETCHERS.iter().any(|it| {
                    word.starts_with(&format!("$({it} ")) || word.starts_with(&format!("`{it} "))
                })
            });
            found |= SHELLS.contains(&program) && inner;
            found |=
                SHELLS.contains(&program) && command.words.last().is_some_and(|word| word == "<");
        }
        found.then(|| {
            Finding::new(
                FindingId::PipeToShell,
                Severity::Medium,
                format!("Step {} runs what it downloads without looking at it", self.number()),
                "Download it, compare its checksum, then run it; or install a package that is signed.",
            )
        })
    }

    pub(super) fn ownership(&self, anatomy: &Anatomy) -> Option<Finding> {
        let changes = |command: &Command| {
            let command = behind_sudo(command);
            matches!(command.program(), "chown" | "chmod" | "chgrp")
                && command.arguments().any(is_recursive)
        };
        let harmless = |command: &Command| {
            matches!(
                command.program(),
                "set" | "cd" | "echo" | "true" | ":" | "chown" | "chmod" | "chgrp"
            )
        };
        let only = self.commands.iter().any(changes) && self.commands.iter().all(harmless);
        if !only {
            return None;
        }
        let bytes = self.layer.map(|layer| anatomy.merged.bytes_of(layer));
        // Nothing was copied: there was nothing to change, or the engine shares the content.
        if bytes.is_some_and(|bytes| bytes.0 < AT_LEAST) {
            return None;
        }
        let what = bytes.map_or_else(String::new, |bytes| format!(": {bytes} are shipped again"));
        let mut finding = Finding::new(
            FindingId::RecursiveOwnership,
            bytes.map_or(Severity::Low, |bytes| {
                Severity::of_bytes(bytes).max(Severity::Low)
            }),
            format!(
                "Step {} does nothing but change owners or modes{what}",
                self.number()
            ),
            "Give owner and mode where the files are copied (COPY --chown=… --chmod=…).",
        );
        finding.bytes = bytes;
        Some(finding)
    }

    pub(super) fn sudo(&self) -> Option<Finding> {
        let mut all = self.commands.iter();
        all.find(|command| command.program() == "sudo").map(|_| {
            Finding::new(
                FindingId::Sudo,
                Severity::Low,
                format!("Step {} uses sudo", self.number()),
                "Switch with USER instead: steps run as root unless told otherwise.",
            )
        })
    }
}

fn is_recursive(word: &str) -> bool {
    word == "--recursive"
        || (word.starts_with('-') && !word.starts_with("--") && word.contains('R'))
}
