//! Patterns against paths, and against a matcher that tries everything.

use super::*;
use proptest::prelude::*;

fn set(pattern: &str) -> GlobSet {
    let mut set = GlobSet::default();
    set.add(pattern.as_bytes(), 0).expect("a pattern");
    set
}

#[test]
fn patterns_match_what_they_say() {
    for (pattern, yes, no) in [
        (
            "var/log/**",
            vec!["var/log/a", "var/log/a/b"],
            vec!["var/log", "var/logs/a", "x/var/log/a"],
        ),
        (
            "**/.git/**",
            vec![".git/HEAD", "a/b/.git/x/y"],
            vec![".git", "a/.gitignore", "git/x"],
        ),
        (
            "**/*.a",
            vec!["x.a", "usr/lib/libc.a"],
            vec!["a", "x.a.b", "x.a/b"],
        ),
        (
            "usr/bin/{gcc,g++}-*",
            vec!["usr/bin/gcc-12", "usr/bin/g++-"],
            vec!["usr/bin/gcc", "bin/gcc-12"],
        ),
        (
            "a/{b,c/**}",
            vec!["a/b", "a/c/d", "a/c/d/e"],
            vec!["a/c", "a/b/d"],
        ),
        (
            "a/{b{1,2},c}",
            vec!["a/b1", "a/b2", "a/c"],
            vec!["a/b", "a/b1c"],
        ),
        (
            "**/a/**/b",
            vec!["a/b", "x/a/b", "a/x/y/b", "x/a/y/a/b"],
            vec!["b", "a", "a/b/c"],
        ),
        ("lib?.so", vec!["liba.so"], vec!["lib.so", "libab.so"]),
        (
            "/etc//passwd",
            vec!["etc/passwd", "/etc/passwd"],
            vec!["etc", "passwd"],
        ),
        ("*/x", vec!["a/x"], vec!["x", "a/b/x"]),
        ("**", vec!["a", "a/b"], vec![""]),
        ("a**b", vec!["ab", "axxb"], vec!["a/b"]),
    ] {
        let set = set(pattern);
        for path in yes {
            assert!(
                set.matches(path.as_bytes()),
                "{pattern} should match {path}"
            );
        }
        for path in no {
            assert!(
                !set.matches(path.as_bytes()),
                "{pattern} should not match {path}"
            );
        }
    }
}

#[test]
fn names_may_be_any_bytes() {
    let set = set("**/*.pem");
    assert!(set.matches(b"a\n\xff/\xfe.pem"));
    assert!(!set.matches(b"a\xff.pem\n"));
}

#[test]
fn patterns_that_make_no_sense_are_refused() {
    let mut set = GlobSet::default();
    for (pattern, want) in [
        ("", BadGlob::Empty),
        ("//", BadGlob::Empty),
        ("a/{b", BadGlob::Braces("a/{b".to_owned())),
        ("a}b", BadGlob::Braces("a}b".to_owned())),
    ] {
        assert_eq!(set.add(pattern.as_bytes(), 0), Err(want), "{pattern}");
    }
    let bomb = "{a,b}".repeat(40);
    assert_eq!(set.add(bomb.as_bytes(), 0), Err(BadGlob::TooMany(bomb)));
}

#[test]
fn the_lowest_tag_wins() {
    let mut set = GlobSet::default();
    set.add(b"**/*.pyc", 7).expect("a pattern");
    set.add(b"usr/lib/**", 3).expect("a pattern");
    assert_eq!(set.first(b"usr/lib/a.pyc"), Some(3));
    assert_eq!(set.first(b"opt/a.pyc"), Some(7));
    assert_eq!(set.first(b"opt/a.py"), None);
}

#[test]
fn a_hostile_name_costs_no_more_than_its_length_times_the_pattern() {
    let text = vec![b'a'; 20_000];
    let began = std::time::Instant::now();
    assert!(!wildcard(b"*a*a*a*a*b", &text));
    assert!(began.elapsed().as_secs() < 5);
}

/// What a segment with `*` and `?` says, told slowly.
fn slow(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            slow(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, less)| slow(pattern, less))
        }
        (Some((want, rest)), Some((is, less))) => (*want == b'?' || want == is) && slow(rest, less),
        _ => false,
    }
}

proptest! {
    #[test]
    fn wildcards_agree_with_their_definition(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        prop_assert_eq!(
            wildcard(pattern.as_bytes(), text.as_bytes()),
            slow(pattern.as_bytes(), text.as_bytes())
        );
    }
}
