//! The real binary, with a home and a project of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// One karat on one machine: a home folder and a project file.
pub struct Karat {
    pub home: tempfile::TempDir,
    pub project: PathBuf,
    pub env: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Done {
    /// The exit code is this one.
    pub fn is(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "\nstdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self
    }

    /// What it said on both, for looking for words.
    pub fn said(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    pub fn says(self, words: &str) -> Self {
        assert!(
            self.said().contains(words),
            "`{words}` is not in\nstdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}\n{}", self.out, self.err))
    }
}

impl Karat {
    pub fn new(project: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("karat.toml");
        std::fs::write(&path, project).expect("a file");
        Self {
            home,
            project: path,
            env: Vec::new(),
        }
    }

    /// The command, not yet started. Nothing of the environment of the tests reaches it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_karat"));
        self.dress(&mut command);
        command.args(args);
        command
    }

    fn dress(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", self.home.path())
            .env("KARAT_HOME", self.home.path().join("karat"))
            .env("LANG", "C.UTF-8")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// The same inside an engine's network namespace.
    pub fn run_inside(&self, engine: &super::Engine, args: &[&str]) -> Done {
        let mut command = engine.inside(env!("CARGO_BIN_EXE_karat").as_ref());
        self.dress(&mut command);
        done(command.args(args))
    }

    /// The same, not waited for.
    pub fn spawn_inside(&self, engine: &super::Engine, args: &[&str]) -> Child {
        let mut command = engine.inside(env!("CARGO_BIN_EXE_karat").as_ref());
        self.dress(&mut command);
        command.args(args).spawn().expect("karat starts")
    }

    pub fn run(&self, args: &[&str]) -> Done {
        done(&mut self.command(args))
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let mut args = args.to_vec();
        args.push("--json");
        self.run(&args).is(0).json()
    }

    pub fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).spawn().expect("karat starts")
    }

    /// One environment's entry of one image in `status`.
    pub fn cell(&self, image: &str, environment: &str) -> Value {
        let status = self.json(&["status", image]);
        find(&find(&status["images"], image)["environments"], environment)
    }
}

/// The entry of that name in a list.
pub fn find(list: &Value, name: &str) -> Value {
    list.as_array()
        .into_iter()
        .flatten()
        .find(|one| one["name"] == name)
        .unwrap_or_else(|| panic!("no `{name}` in {list:#}"))
        .clone()
}

/// Waits for a karat that was spawned.
pub fn ended(child: Child) -> Done {
    told(&child.wait_with_output().expect("karat ends"))
}

fn done(command: &mut Command) -> Done {
    told(&command.output().expect("karat runs"))
}

fn told(output: &std::process::Output) -> Done {
    Done {
        code: output.status.code(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
