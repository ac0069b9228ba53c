//! What the demo fleet is, told as tables: a small company's images and where they stand.

/// The environments, upstream first.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) engines: &'static [&'static str],
    pub(super) protected: bool,
    pub(super) read_only: bool,
    pub(super) soak_seconds: u64,
}

pub(super) const PLACES: [Place; 5] = [
    Place {
        name: "dev",
        engines: &["context:workshop"],
        protected: false,
        read_only: false,
        soak_seconds: 60,
    },
    Place {
        name: "staging",
        engines: &["ssh://deploy@staging"],
        protected: false,
        read_only: false,
        soak_seconds: 300,
    },
    Place {
        name: "canary",
        engines: &["ssh://deploy@canary"],
        protected: false,
        read_only: false,
        soak_seconds: 600,
    },
    Place {
        name: "prod",
        engines: &["ssh://deploy@prod-1", SLOW],
        protected: true,
        read_only: false,
        soak_seconds: 1_800,
    },
    Place {
        name: "dr",
        engines: &["ssh://deploy@dr-1", DOWN],
        protected: false,
        read_only: true,
        soak_seconds: 1_800,
    },
];

/// The engine at the far end of a slow line.
pub(super) const SLOW: &str = "ssh://deploy@prod-2";
/// The engine that does not answer.
pub(super) const DOWN: &str = "ssh://deploy@dr-2";

/// What an image is for: what happens to it follows from that, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    /// Rolled back yesterday, and a version left behind by it.
    Web,
    /// All is well: a promotion waits at every step.
    Api,
    /// Its newest version fails where the database is old.
    Payments,
    /// Mixed in production, unhealthy in the canary.
    Search,
    /// No health check, no registry, one version built twice, restarted again and again.
    Worker,
    /// A hotfix ran ahead, and a promotion was cut off.
    Gateway,
    /// Cannot be built; an image that was removed still runs.
    Reports,
    /// A moved tag, an eventful past, and somebody working on it.
    Auth,
    /// Not in production yet.
    Notify,
}

/// One image.
pub(super) struct Line {
    pub(super) role: Role,
    /// Oldest first.
    pub(super) versions: &'static [&'static str],
    /// Whether a registry has it.
    pub(super) hosted: bool,
    /// Whether it has a health check.
    pub(super) checked: bool,
    /// What runs: dev, staging, canary, prod-1, prod-2, and both of dr.
    pub(super) stands: [Option<&'static str>; 6],
}

const fn all(versions: [&'static str; 6]) -> [Option<&'static str>; 6] {
    let [a, b, c, d, e, f] = versions;
    [Some(a), Some(b), Some(c), Some(d), Some(e), Some(f)]
}

pub(super) const LINES: [Line; 9] = [
    Line {
        role: Role::Web,
        versions: &["1.3.2", "1.4.0", "1.4.1", "1.5.0", "1.6.0-rc.1"],
        hosted: true,
        checked: true,
        stands: all(["1.6.0-rc.1", "1.5.0", "1.5.0", "1.4.1", "1.4.1", "1.4.0"]),
    },
    Line {
        role: Role::Api,
        versions: &["2.7.0", "2.8.0", "2.8.1", "2.9.0"],
        hosted: true,
        checked: true,
        stands: all(["2.9.0", "2.8.1", "2.8.1", "2.8.0", "2.8.0", "2.8.0"]),
    },
    Line {
        role: Role::Payments,
        versions: &["3.1.3", "3.1.4", "3.2.0", "3.3.0"],
        hosted: true,
        checked: true,
        stands: all(["3.3.0", "3.3.0", "3.2.0", "3.2.0", "3.2.0", "3.1.4"]),
    },
    Line {
        role: Role::Search,
        versions: &["2026.9.4", "2026.10.2", "2026.11.1", "2026.11.3"],
        hosted: true,
        checked: true,
        stands: all([
            "2026.11.3",
            "2026.11.3",
            "2026.11.3",
            "2026.11.1",
            "2026.10.2",
            "2026.10.2",
        ]),
    },
    Line {
        role: Role::Worker,
        versions: &["1.8.1", "1.8.2", "1.9.0"],
        hosted: false,
        checked: false,
        stands: all(["1.9.0", "1.9.0", "1.8.2", "1.8.2", "1.8.2", "1.8.1"]),
    },
    Line {
        role: Role::Gateway,
        versions: &["5.0.1", "5.0.2", "5.0.3", "5.1.0"],
        hosted: true,
        checked: true,
        stands: all(["5.1.0", "5.1.0", "5.0.2", "5.0.3", "5.0.3", "5.0.2"]),
    },
    Line {
        role: Role::Reports,
        versions: &["4.0.6", "4.0.7", "4.1.0"],
        hosted: false,
        checked: true,
        stands: all(["4.1.0", "4.1.0", "4.1.0", "4.0.7", "4.0.7", "4.0.7"]),
    },
    Line {
        role: Role::Auth,
        versions: &["2.3.8", "2.3.9", "2.4.0-rc.1", "2.4.0", "2.4.1"],
        hosted: true,
        checked: true,
        stands: all(["2.4.1", "2.4.0", "2.4.0", "2.4.0", "2.4.0", "2.3.9"]),
    },
    Line {
        role: Role::Notify,
        versions: &["0.2.0", "0.2.1", "0.3.0"],
        hosted: true,
        checked: true,
        stands: [Some("0.3.0"), Some("0.2.1"), None, None, None, None],
    },
];

/// What a company calls its images, in the order of [`LINES`].
pub(super) struct Company {
    pub(super) name: &'static str,
    pub(super) images: [&'static str; 9],
}

pub(super) const COMPANIES: [Company; 3] = [
    Company {
        name: "shop",
        images: [
            "shop-web", "shop-api", "payments", "search", "worker", "gateway", "reports", "auth",
            "notify",
        ],
    },
    Company {
        name: "cinema",
        images: [
            "box-office",
            "tickets",
            "checkout",
            "programme",
            "mailer",
            "edge",
            "ledger",
            "login",
            "reminders",
        ],
    },
    Company {
        name: "library",
        images: [
            "catalogue",
            "loans",
            "fees",
            "finder",
            "importer",
            "front-door",
            "statistics",
            "readers",
            "notices",
        ],
    },
];

/// Who works there.
pub(super) const PEOPLE: [&str; 6] = [
    "mia@laptop-mia",
    "sam@ops-2",
    "ines@laptop-ines",
    "ravi@desk-14",
    "olga@laptop-olga",
    "tom@desk-3",
];

/// The machine that builds.
pub(super) const BUILDER: &str = "ci@build-7";

impl Line {
    /// Where a version stands among the others.
    pub(super) fn place_of(&self, version: &str) -> Option<usize> {
        self.versions.iter().position(|one| *one == version)
    }
}

/// The line of a role.
pub(super) fn line(role: Role) -> Option<&'static Line> {
    LINES.iter().find(|line| line.role == role)
}
