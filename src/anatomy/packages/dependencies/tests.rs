//! Closures and what goes with a package, on small worlds.

use super::*;

/// `name: needs, a|b; recommends`.
struct World {
    graph: Dependencies,
    names: Vec<&'static str>,
}

/// Name, what it provides, what it needs (alternatives by `|`), what it recommends.
type Row = (&'static str, &'static str, &'static str, &'static str);

fn world(rows: &[Row], mark: impl FnOnce(&mut Needs)) -> World {
    let mut needs = Needs::default();
    let mut names = Vec::new();
    for (number, (name, provides, requires, recommends)) in (0_u32..).zip(rows) {
        let it = needs.package(PackageNo(number), name.as_bytes(), b"amd64");
        for name in provides.split_whitespace() {
            needs.provide(it, name.as_bytes());
        }
        for group in requires.split_whitespace() {
            needs.require(it, group.split('|').map(str::as_bytes));
        }
        for group in recommends.split_whitespace() {
            needs.recommend(it, group.split('|').map(str::as_bytes));
        }
        if *name == "base" {
            needs.keep_always(it);
        }
        names.push(*name);
    }
    mark(&mut needs);
    World {
        graph: needs.finish(),
        names,
    }
}

impl World {
    fn numbers(&self, names: &str) -> Vec<PackageNo> {
        let place = |name| self.names.iter().position(|it| *it == name).expect("known");
        let number = |name| PackageNo(u32::try_from(place(name)).expect("few"));
        names.split_whitespace().map(number).collect()
    }

    fn told(&self, packages: &[PackageNo]) -> String {
        let names: Vec<_> = packages.iter().map(|it| self.names[it.place()]).collect();
        names.join(" ")
    }

    fn closure(&self, of: &str) -> String {
        self.told(&self.graph.closure(&self.numbers(of)))
    }

    fn exclusive(&self, of: &str) -> String {
        self.told(&self.graph.exclusive(&self.numbers(of)))
    }
}

const SYSTEM: [Row; 9] = [
    ("base", "", "libc", ""),
    ("libc", "", "", ""),
    ("tool", "", "libc libtool mta|mail", "doc"),
    ("libtool", "", "libc libshared", ""),
    ("libshared", "", "libc", ""),
    ("other", "", "libshared", ""),
    ("postfix", "mail", "libc", ""),
    ("doc", "", "viewer", ""),
    ("viewer", "", "", ""),
];

#[test]
fn a_closure_is_all_that_is_needed() {
    let world = world(&SYSTEM, |_| {});
    for (of, closure) in [
        ("libc", "libc"),
        ("tool", "libc tool libtool libshared postfix"),
        ("other libtool", "libc libtool libshared other"),
        ("doc", "doc viewer"),
        ("", ""),
    ] {
        assert_eq!(world.closure(of), closure, "{of}");
    }
    let dependents = world.graph.dependents(&world.numbers("libshared postfix"));
    assert_eq!(world.told(&dependents), "tool libtool other");
}

#[test]
fn exclusive_is_what_nothing_else_needs() {
    let guessed = world(&SYSTEM, |_| {});
    for (of, exclusive) in [
        ("tool", "tool libtool postfix"),
        ("tool other", "tool libtool libshared other postfix"),
        ("other", "other"),
        ("libc", "libc"),
        // Still needed by `tool`, which is not asked to go.
        ("libtool", "libtool"),
    ] {
        assert_eq!(guessed.exclusive(of), exclusive, "{of}");
    }
}

#[test]
fn marks_are_believed() {
    let along: HashSet<&[u8]> = HashSet::from([&b"libtool"[..], b"libshared", b"viewer"]);
    let marked = world(&SYSTEM, |needs| needs.came_along(0, &along));
    // The mail server was asked for by name.
    assert_eq!(marked.exclusive("tool"), "tool libtool");
    assert_eq!(marked.graph.wanted_by_name(PackageNo(3)), Some(false));
    assert_eq!(marked.graph.wanted_by_name(PackageNo(6)), Some(true));
    let named: HashSet<&[u8]> = HashSet::from([&b"tool"[..]]);
    let marked = world(&SYSTEM, |needs| needs.wanted_by_name(0, &named));
    assert_eq!(marked.exclusive("tool"), "tool libtool libshared postfix");
}

#[test]
fn what_is_recommended_stays() {
    let rows: [Row; 4] = [
        ("a", "", "lib", ""),
        ("b", "", "", "lib"),
        ("lib", "", "", ""),
        ("c", "", "lib", ""),
    ];
    let world = world(&rows, |_| {});
    assert_eq!(world.exclusive("a c"), "a c");
    assert_eq!(world.exclusive("a b c"), "a b lib c");
    // What `b` alone recommends goes with it, but it is not what `b` needs.
    let freed = |of| world.told(&world.graph.freed(&world.numbers(of)));
    assert_eq!(world.exclusive("b"), "b");
    assert_eq!(
        (freed("b"), freed("a b c")),
        ("b".into(), "a b lib c".into())
    );
    let system = self::world(&SYSTEM, |_| {});
    let freed = system.graph.freed(&system.numbers("tool"));
    assert_eq!(system.told(&freed), "tool libtool postfix doc viewer");
}

#[test]
fn circles_end_and_do_not_hold_each_other() {
    let rows: [Row; 4] = [
        ("base", "", "", ""),
        ("top", "", "one", ""),
        ("one", "", "two", ""),
        ("two", "", "one two", ""),
    ];
    let world = world(&rows, |_| {});
    assert_eq!(world.closure("one"), "one two");
    assert_eq!(world.exclusive("top"), "top one two");
}

#[test]
fn many_providers_of_what_many_need_take_no_long() {
    let mut needs = Needs::default();
    for number in 0..100_000_u32 {
        let it = needs.package(PackageNo(number), &number.to_le_bytes(), b"all");
        needs.provide(it, b"all-the-same");
        needs.require(it, [&b"all-the-same"[..]].into_iter());
    }
    let graph = needs.finish();
    assert_eq!(graph.closure(&[PackageNo(70_000)]).len(), 2);
    // They all need each other, and nobody wants any: what it takes along goes with it.
    assert_eq!(graph.exclusive(&[PackageNo(70_000)]).len(), 2);
    assert_eq!(graph.dependents(&[PackageNo(1)]).len(), 99_999);
}
