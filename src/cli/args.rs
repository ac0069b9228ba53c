//! The command line, declared. Scripts depend on it: names and meanings stay.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  karat                                       open the interface
  karat demo                                  try it: a fleet that is made up, no engine needed
  karat status                                which version runs where, and how far they differ
  karat rollback shop-web --env prod          put prod back on its last known good version
  karat promote shop-web --from dev --to test bring dev's version to test
  karat promote --all --from test --to staging --dry-run
  karat rebuild shop-web --build-arg MODE=fast
  karat history shop-web --env prod --json
  karat layers shop-web:1.4.0                 why it is as large as it is
  karat diff shop-web:1.3.0 shop-web:1.4.0    what grew

Exit codes: 0 done, or nothing to do; 1 error; 2 usage; 3 refused by a rule;
4 nothing to roll back to; 5 failed and undone: everything is as before;
6 failed half-way: run `karat recover`; 7 somebody else holds the lock;
128 + signal when ended by one.";

const STATUS: &str = "\
Examples:
  karat status                    every image in every environment
  karat status shop-web --json    one image, for a script";
const VERSIONS: &str = "\
Examples:
  karat versions shop-web              newest first, and where each runs
  karat versions shop-web --env prod   why each earlier run is known good there, or is not";
const PROMOTE: &str = "\
Examples:
  karat promote shop-web --from dev --to test      dev's version to test
  karat promote shop-web --to prod                 from the environment before prod
  karat promote --all --from test --to staging --dry-run
  karat promote shop-web --to prod --yes --confirm prod --reason 'release 14'";
const ROLLBACK: &str = "\
Examples:
  karat rollback shop-web --env prod              to the last version known good there
  karat rollback shop-web --env prod --dry-run    only say which that is, and why
  karat rollback shop-web --env prod --to 1.4.0   to this one, newer or older
  karat rollback shop-web --env prod --yes --confirm prod   without questions";
const REBUILD: &str = "\
Examples:
  karat rebuild shop-web                          as the next version
  karat rebuild shop-web --no-cache --pull        with nothing kept
  karat rebuild shop-web --version 2.0.0 --build-arg MODE=fast
  karat rebuild shop-web --publish                and push it to its registry";
const PUBLISH: &str = "\
Examples:
  karat publish shop-web                          the newest version an engine has
  karat publish shop-web --version 1.5.0 --engine dev
  karat publish shop-web --version 1.5.0 --force --reason broken";
const HISTORY: &str = "\
Examples:
  karat history                          everything, newest first
  karat history shop-web --env prod      who changed it there, when and why
  karat history -n 20 --json";
const RECOVER: &str = "\
Examples:
  karat recover --dry-run     what was cut off, and what would be done about it
  karat recover               finish it or undo it
  karat recover --yes --confirm prod   without questions, what was cut off in prod, too
  karat recover --force       also what another machine may still be doing";
const DOCTOR: &str = "\
Examples:
  karat doctor            engines, registries, logins, clocks, terminal
  karat doctor --keep     and tag known good versions that no tag holds
  karat doctor --json";
const INIT: &str = "\
Examples:
  karat init --print > karat.toml";
const COMPLETIONS: &str = "\
Examples:
  karat completions bash > /etc/bash_completion.d/karat
  karat completions zsh  > \"${fpath[1]}/_karat\"
  karat completions fish > ~/.config/fish/completions/karat.fish";
const MAN: &str = "\
Examples:
  karat man | man -l -
  karat man --dir /usr/local/share/man/man1";
const DEMO: &str = "\
Examples:
  karat demo                  in memory: no engine is needed, nothing is kept
  karat demo --seed 7         another fleet; the same one each time
  karat demo --speed 60       an hour of it in a minute
  karat demo --engine         on the engine of this machine
  karat demo --clean          take exactly that away";
const LAYERS: &str = "\
Examples:
  karat layers shop-web:1.4.0                        what it is made of, and what of that is waste
  karat layers shop-web:1.4.0 --all --json           everything, for a script
  karat layers docker-archive:web.tar                of `docker save`; also oci-archive:, oci:DIR
  karat layers docker://reg.example.com/web:1.4.0    straight from a registry, nothing pulled
  karat layers shop-web:1.4.0 --tree /usr            what is large in a folder
  karat layers shop-web:1.4.0 --tree / --layer 3     what the third layer has
  karat layers shop-web:1.4.0 --find sslconf
  karat layers shop-web:1.4.0 --cat /etc/os-release
  karat layers shop-web:1.4.0 --extract /etc --to out
  karat layers shop-web:1.4.0 --markdown=summary     for a pull request
  karat layers shop-web:1.4.0 --ci                   by the rules of karat.toml and .dive-ci";
const DIFF: &str = "\
Examples:
  karat diff shop-web:1.3.0 shop-web:1.4.0           what grew: layers, folders, packages
  karat diff docker-archive:old.tar oci:build --json
  karat diff docker://reg.example.com/web:1.3.0 shop-web:1.4.0
  karat diff shop-web:1.3.0 shop-web:1.4.0 --markdown=summary";
const UNLOCK: &str = "\
Examples:
  karat unlock web --reason 'the laptop that held it is gone'
  karat unlock web --reason 'it hangs' --yes --confirm prod   without questions, in prod, too";

/// The life of golden container images: which version runs where, rebuild, promote, roll back.
#[derive(Parser, Debug)]
#[command(name = "karat", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub struct Args {
    /// The project file; by default the nearest karat.toml from here upwards.
    #[arg(long, global = true, value_name = "FILE")]
    pub project: Option<PathBuf>,
    /// Whether to write colour.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: When,
    /// Write results only: no progress, no hints.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Write the result as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// Refuse every change, and bind no key that would make one.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// How the interface looks.
    #[command(flatten)]
    pub look: Look,
    /// What to do; nothing opens the interface.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// How the interface looks and takes input.
#[derive(ClapArgs, Debug, Clone, Default)]
#[command(next_help_heading = "The interface")]
pub struct Look {
    /// The theme: auto, dark, light, high-contrast, colour-blind, sixteen, or one of your own.
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Leave the mouse to the terminal.
    #[arg(long, global = true)]
    pub no_mouse: bool,
}

/// Whether to write colour.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// In a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// Not at all.
    Never,
}

/// The verbs.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Show the fleet: images × environments, with skew.
    #[command(after_help = STATUS)]
    Status {
        /// Only this image.
        image: Option<String>,
    },
    /// List an image's versions, newest first, with where each runs and what is known good.
    #[command(after_help = VERSIONS)]
    Versions {
        /// Which image.
        image: String,
        /// Judge known good for this environment only, and say why others are not.
        #[arg(long, value_name = "ENVIRONMENT")]
        env: Option<String>,
        /// Read every tag of the registry, with what is attached to it, not only the newest.
        #[arg(long)]
        all: bool,
    },
    /// Bring the version of one environment to another.
    #[command(after_help = PROMOTE)]
    Promote(Promote),
    /// Put an environment back on its last known good version, or on one you name.
    #[command(after_help = ROLLBACK)]
    Rollback(Rollback),
    /// Build a new version from the image's recipe.
    #[command(after_help = REBUILD)]
    Rebuild(Rebuild),
    /// Push a version that an engine has to its registry, under its tag.
    #[command(after_help = PUBLISH)]
    Publish(Publish),
    /// Show who did what, when and why, newest first.
    #[command(after_help = HISTORY)]
    History {
        /// Only this image.
        image: Option<String>,
        /// Only this environment.
        #[arg(long, value_name = "ENVIRONMENT")]
        env: Option<String>,
        /// How many events at most.
        #[arg(long, short = 'n', default_value_t = 100, value_name = "COUNT")]
        limit: usize,
    },
    /// Finish or undo what was cut off, from any machine.
    #[command(after_help = RECOVER)]
    Recover {
        /// Take over also what may still run on another machine: you know that it is gone.
        #[arg(long)]
        force: bool,
        /// How to change.
        #[command(flatten)]
        change: Change,
    },
    /// Show what an image is made of: layers, packages, components, and what is waste.
    #[command(after_help = LAYERS)]
    Layers(Box<Layers>),
    /// Show what differs between two images, and what grew.
    #[command(after_help = DIFF)]
    Diff(Diff),
    /// Break the lock of a container whose karat will never come back.
    #[command(after_help = UNLOCK)]
    Unlock(Unlock),
    /// Try the whole interface on a fleet that is made up and needs no engine; or lay a small
    /// one out on a real engine, or take that away again.
    #[command(after_help = DEMO)]
    Demo(Demo),
    /// Print the completions for a shell.
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for every command.
    #[command(after_help = MAN)]
    Man {
        /// Write karat.1, karat-status.1 and so on into this folder.
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
    /// Check engines, registries, logins, clocks and the terminal, and say what to do.
    #[command(after_help = DOCTOR)]
    Doctor(Doctor),
    /// Write a project file from what runs.
    #[command(after_help = INIT)]
    Init {
        /// Print it instead of writing karat.toml.
        #[arg(long)]
        print: bool,
    },
}

/// What every command that changes something takes.
#[derive(ClapArgs, Debug, Clone, Default)]
pub struct Change {
    /// Print the plan and touch nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask.
    #[arg(long, short)]
    pub yes: bool,
    /// The name of the protected environment that is changed; once for each, where a recovery
    /// changes several.
    #[arg(long, value_name = "ENVIRONMENT")]
    pub confirm: Vec<String>,
    /// Why, for the history.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `karat promote`.
#[derive(ClapArgs, Debug)]
pub struct Promote {
    /// Which images.
    #[arg(required_unless_present = "all", value_name = "IMAGE")]
    pub images: Vec<String>,
    /// Every image that runs in both environments, as one plan.
    #[arg(long, conflicts_with = "images")]
    pub all: bool,
    /// Where the version comes from; by default the environment before `--to`.
    #[arg(long, value_name = "ENVIRONMENT")]
    pub from: Option<String>,
    /// Where it goes; by default the environment behind `--from`.
    #[arg(long, value_name = "ENVIRONMENT", required_unless_present = "from")]
    pub to: Option<String>,
    /// Replace also containers that the engine removes when they stop.
    #[arg(long)]
    pub accept_no_rollback: bool,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// `karat rollback`.
#[derive(ClapArgs, Debug)]
pub struct Rollback {
    /// Which image.
    pub image: String,
    /// In which environment.
    #[arg(long, value_name = "ENVIRONMENT")]
    pub env: String,
    /// To which version: a label, a tag, or a digest; newer ones too. By default the last
    /// known good one.
    #[arg(long, value_name = "VERSION")]
    pub to: Option<String>,
    /// Replace also containers that the engine removes when they stop.
    #[arg(long)]
    pub accept_no_rollback: bool,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// `karat rebuild`.
#[derive(ClapArgs, Debug)]
pub struct Rebuild {
    /// Which image.
    pub image: String,
    /// Under which version; by default the next one by the image's rule.
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// Build every step anew.
    #[arg(long)]
    pub no_cache: bool,
    /// Pull the base image first.
    #[arg(long)]
    pub pull: bool,
    /// A build argument, over those of the recipe.
    #[arg(long, value_name = "KEY=VALUE")]
    pub build_arg: Vec<String>,
    /// Where to build: an environment or an engine.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<String>,
    /// Push it to its registry once it is built.
    #[arg(long)]
    pub publish: bool,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// `karat doctor`.
#[derive(ClapArgs, Debug)]
pub struct Doctor {
    /// Tag known good versions that no tag holds, before a registry collects them.
    #[arg(long)]
    pub keep: bool,
}

/// `karat publish`.
#[derive(ClapArgs, Debug)]
pub struct Publish {
    /// Which image.
    pub image: String,
    /// Which version: a label, a tag or a digest; by default the newest that an engine has.
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
    /// From which engine, or environment; by default the first that has it.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<String>,
    /// Write over the tag if it is there with another digest; wants a reason.
    #[arg(long)]
    pub force: bool,
    /// How to change.
    #[command(flatten)]
    pub change: Change,
}

/// `karat demo`.
#[derive(ClapArgs, Debug)]
pub struct Demo {
    /// Lay three images in four environments on this machine's engine, or on the one you
    /// name, without pulling anything.
    #[arg(long, value_name = "ENGINE", num_args = 0..=1, default_missing_value = "")]
    pub engine: Option<String>,
    /// Take exactly that away again.
    #[arg(long)]
    pub clean: bool,
    /// Where the demo's project folder is.
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// In memory: another fleet for each number, the same one for the same number.
    #[arg(long, value_name = "NUMBER", default_value_t = super::showroom::SEED, conflicts_with_all = ["engine", "clean"])]
    pub seed: u64,
    /// In memory: how many of the demo's seconds pass in one.
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3_600), conflicts_with_all = ["engine", "clean"])]
    pub speed: u32,
}

impl Demo {
    /// Whether no engine is wanted for it.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.engine.is_none() && !self.clean
    }
}

/// `karat unlock`.
#[derive(ClapArgs, Debug)]
pub struct Unlock {
    /// The container's name.
    pub container: String,
    /// On which engine; needed when several have such a lock.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<String>,
    /// How to change; a reason is needed.
    #[command(flatten)]
    pub change: Change,
}

/// Which image, of those there are.
#[derive(ClapArgs, Debug, Clone, Default)]
pub struct Which {
    /// Only on this environment's engines, or on this engine.
    #[arg(long, value_name = "ENGINE")]
    pub engine: Option<String>,
    /// For this platform, where there are several: linux/arm64. The engine's by default.
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
}

/// How much Markdown.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markdown {
    /// The whole report.
    Full,
    /// What fits a pull request.
    Summary,
}

/// `karat layers`.
#[derive(ClapArgs, Debug, Clone)]
#[command(group = clap::ArgGroup::new("files").args(["tree", "find", "regex", "cat", "extract"]))]
pub struct Layers {
    /// A name, an id, an image and version of the project, docker-archive:FILE,
    /// oci-archive:FILE, oci:FOLDER, docker-daemon:NAME or docker://HOST/NAME.
    #[arg(value_name = "IMAGE")]
    pub image: String,
    /// Which of those there are.
    #[command(flatten)]
    pub which: Which,
    /// Show all there is, not only the largest.
    #[arg(long)]
    pub all: bool,
    /// Write Markdown: the whole report, or a summary.
    #[arg(long, value_enum, value_name = "HOW MUCH", num_args = 0..=1, require_equals = true, default_missing_value = "full", conflicts_with = "json")]
    pub markdown: Option<Markdown>,
    /// List a folder of the image instead, the largest first.
    #[arg(long, value_name = "PATH", num_args = 0..=1, default_missing_value = "/", conflicts_with = "markdown")]
    pub tree: Option<String>,
    /// As that layer has it, from 1; without, as all layers together have it.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..), requires = "files")]
    pub layer: Option<u16>,
    /// Look for paths that have these letters in this order.
    #[arg(long, value_name = "LETTERS", conflicts_with_all = ["markdown", "tree"])]
    pub find: Option<String>,
    /// Look for paths that match a regular expression.
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["markdown", "tree", "find"])]
    pub regex: Option<String>,
    /// Write a file of the image to standard output.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["markdown", "json", "tree", "find", "regex"])]
    pub cat: Option<String>,
    /// Write a file or folder of the image into the folder of `--to`.
    #[arg(long, value_name = "PATH", requires = "to", conflicts_with_all = ["markdown", "tree", "find", "regex", "cat"])]
    pub extract: Option<String>,
    /// Where to: a folder, made where it is missing.
    #[arg(long, value_name = "FOLDER", requires = "extract")]
    pub to: Option<PathBuf>,
    /// Judge by the rules of karat.toml and of .dive-ci; exit code 3 when one is broken.
    #[arg(long, conflicts_with_all = ["markdown", "tree", "find", "regex", "cat", "extract"])]
    pub ci: bool,
    /// dive's rules, by default .dive-ci here, if it is there.
    #[arg(long, value_name = "FILE", requires = "ci")]
    pub ci_config: Option<PathBuf>,
}

/// `karat diff`.
#[derive(ClapArgs, Debug, Clone)]
pub struct Diff {
    /// The older image, written as for `karat layers`.
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The newer one.
    #[arg(value_name = "TO")]
    pub to: String,
    /// Which of those there are.
    #[command(flatten)]
    pub which: Which,
    /// Show all there is, not only the largest.
    #[arg(long)]
    pub all: bool,
    /// Write Markdown: the whole report, or a summary.
    #[arg(long, value_enum, value_name = "HOW MUCH", num_args = 0..=1, require_equals = true, default_missing_value = "full", conflicts_with = "json")]
    pub markdown: Option<Markdown>,
}
