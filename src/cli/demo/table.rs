//! What the demo fleet is: a small shop, told as a table.

use crate::model::observation::Health;

/// Marks everything the demo lays out on an engine. Images built from the demo's inherit it.
pub(super) const LABEL: &str = "karat.demo";

/// The base image all others rest on.
pub(super) const BASE: (&str, &str) = ("karat-demo/base", "1");

/// How long a version must run well to count as known good in the demo.
pub(super) const SOAK_SECONDS: u64 = 3;

/// One version of one golden image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edition {
    /// The image's name.
    pub(super) image: &'static str,
    /// The version.
    pub(super) version: &'static str,
    /// The database schema it needs to become healthy.
    pub(super) needs: u32,
}

const fn edition(image: &'static str, version: &'static str, needs: u32) -> Edition {
    Edition {
        image,
        version,
        needs,
    }
}

/// The images.
pub(super) const IMAGES: [&str; 3] = ["shop-web", "shop-api", "shop-worker"];

/// Whether an image has a health check. The worker has none, as workers often do; and each
/// check is a process a time: twelve a second would take both cores of a small machine.
pub(super) fn is_checked(image: &str) -> bool {
    image != "shop-worker"
}

/// Every version, each image's oldest first. `shop-api` 2.1.0 is the bad one: it needs a
/// schema that staging and prod do not have yet.
pub(super) const EDITIONS: [Edition; 10] = [
    edition("shop-web", "1.3.0", 5),
    edition("shop-web", "1.4.0", 5),
    edition("shop-web", "1.4.1", 5),
    edition("shop-web", "1.5.0-rc.1", 6),
    edition("shop-api", "2.0.0", 5),
    edition("shop-api", "2.0.1", 6),
    edition("shop-api", "2.1.0", 7),
    edition("shop-worker", "0.9.0", 5),
    edition("shop-worker", "0.9.1", 5),
    edition("shop-worker", "1.0.0", 6),
];

/// One environment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its name.
    pub(super) name: &'static str,
    /// The database schema it has.
    pub(super) schema: u32,
}

/// The environments, upstream first.
pub(super) const PLACES: [Place; 4] = [
    Place {
        name: "dev",
        schema: 7,
    },
    Place {
        name: "test",
        schema: 7,
    },
    Place {
        name: "staging",
        schema: 6,
    },
    Place {
        name: "prod",
        schema: 6,
    },
];

/// What runs in one environment, and what ran there before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    /// The environment.
    pub(super) place: &'static str,
    /// The image.
    pub(super) image: &'static str,
    /// The version that runs.
    pub(super) now: &'static str,
    /// The version that ran before, for the soak at least.
    pub(super) before: Option<&'static str>,
}

const fn running(
    place: &'static str,
    image: &'static str,
    now: &'static str,
    before: Option<&'static str>,
) -> Running {
    Running {
        place,
        image,
        now,
        before,
    }
}

/// The fleet: skewed, with a sick canary in staging, and with versions to go back to.
pub(super) const FLEET: [Running; 12] = [
    running("dev", "shop-web", "1.5.0-rc.1", None),
    running("dev", "shop-api", "2.1.0", None),
    running("dev", "shop-worker", "1.0.0", None),
    running("test", "shop-web", "1.4.1", None),
    running("test", "shop-api", "2.1.0", None),
    running("test", "shop-worker", "1.0.0", None),
    running("staging", "shop-web", "1.4.1", None),
    running("staging", "shop-api", "2.1.0", Some("2.0.1")),
    running("staging", "shop-worker", "1.0.0", None),
    running("prod", "shop-web", "1.4.0", Some("1.3.0")),
    running("prod", "shop-api", "2.0.1", Some("2.0.0")),
    running("prod", "shop-worker", "0.9.1", Some("0.9.0")),
];

impl Running {
    /// The container's name.
    pub(super) fn container(&self) -> String {
        format!("karat-demo-{}-{}", self.place, self.image)
    }

    /// The database schema of its environment.
    pub(super) fn schema(&self) -> u32 {
        let place = PLACES.iter().find(|place| place.name == self.place);
        place.map_or(0, |place| place.schema)
    }

    /// How a version of it will fare in its environment.
    pub(super) fn fares(&self, version: &str) -> Health {
        let needs = EDITIONS
            .iter()
            .find(|one| one.image == self.image && one.version == version)
            .map_or(0, |one| one.needs);
        if !is_checked(self.image) {
            Health::NoCheck
        } else if needs <= self.schema() {
            Health::Healthy
        } else {
            Health::Unhealthy
        }
    }
}

/// Where the versions of an image are named. A name of its own keeps the demo apart from an
/// image of yours that is called `shop-web`.
pub(super) fn repository(image: &str) -> String {
    format!("karat-demo/{image}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_that_runs_is_built_and_one_is_sick() {
        for one in FLEET {
            for version in [Some(one.now), one.before].into_iter().flatten() {
                let built = EDITIONS
                    .iter()
                    .any(|edition| (edition.image, edition.version) == (one.image, version));
                assert!(built, "{} {version}", one.image);
            }
        }
        let sick: Vec<String> = FLEET
            .iter()
            .filter(|one| one.fares(one.now) == Health::Unhealthy)
            .map(Running::container)
            .collect();
        assert_eq!(sick, ["karat-demo-staging-shop-api"]);
    }
}
