//! Orders, as rules: nothing is lost, nothing is shown twice, and an inverted filter shows
//! exactly what the filter hides.

use proptest::prelude::*;
use tui_input::Input;

use super::matching::Hay;
use super::{Basis, Listing, Rows};

struct Names<'a> {
    names: &'a [String],
    turned: bool,
}

impl Rows for Names<'_> {
    type Key = String;
    fn len(&self) -> usize {
        self.names.len()
    }
    fn key(&self, at: usize) -> Option<String> {
        self.names.get(at).cloned()
    }
    fn find(&self, key: &String) -> Option<usize> {
        self.names.iter().position(|name| name == key)
    }
    fn hay(&self, at: usize) -> Hay {
        let mut hay = Hay::default();
        hay.share(&self.names[at]);
        hay
    }
    fn passes(&self, _: usize) -> bool {
        true
    }
    fn sort(&self, order: &mut [usize]) {
        super::rows::by(order, self.turned, |at| self.names.get(at));
    }
}

#[derive(Default)]
struct List {
    listing: Listing<String>,
    selected: Option<String>,
    rows: u64,
}

impl List {
    fn filter(&mut self, text: &str, rows: &Names<'_>) -> Vec<usize> {
        self.listing.filters.text = Input::new(text.to_owned());
        let basis = Basis {
            rows: (self.rows, 0),
            sort: (0, rows.turned),
            ..Basis::default()
        };
        self.listing.refresh(&mut self.selected, rows, basis);
        self.listing.order().to_vec()
    }
}

/// Names of few letters, so that filters of few letters find some of them.
fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::btree_set("[abA版-]{1,5}", 0..12)
        .prop_map(|names| names.into_iter().collect())
}

proptest! {
    #[test]
    fn without_a_filter_every_row_is_shown_once(names in names(), turned: bool) {
        let mut order = List::default().filter("", &Names { names: &names, turned });
        order.sort_unstable();
        prop_assert_eq!(order, (0..names.len()).collect::<Vec<_>>());
    }

    #[test]
    fn inverted_shows_exactly_what_is_hidden(
        names in names(),
        filter in "[abA版]{1,2}( [ab]{1,2})?",
        turned: bool,
    ) {
        let rows = Names { names: &names, turned };
        let mut both = List::default().filter(&filter, &rows);
        both.extend(List::default().filter(&format!("!{filter}"), &rows));
        both.sort_unstable();
        prop_assert_eq!(both, (0..names.len()).collect::<Vec<_>>());
    }

    /// Letter by letter, back and forth, is the same as at once.
    #[test]
    fn typing_finds_what_the_whole_filter_finds(
        names in names(),
        steps in proptest::collection::vec("!?[abA]{0,2}( [ab]{0,2})?", 1..6),
        turned: bool,
    ) {
        let rows = Names { names: &names, turned };
        let mut typed = List::default();
        for step in &steps {
            let mut so_far = String::new();
            for c in step.chars() {
                so_far.push(c);
                let order = typed.filter(&so_far, &rows);
                prop_assert_eq!(order, List::default().filter(&so_far, &rows), "{}", so_far);
            }
        }
    }

    /// The selected row is one that is shown, wherever there is one.
    #[test]
    fn something_that_is_shown_is_selected(
        before in names(),
        after in names(),
        filters in proptest::collection::vec("!?[abA]{0,2}", 1..5),
    ) {
        let mut list = List::default();
        for (at, filter) in filters.iter().enumerate() {
            let names = if at % 2 == 0 { &before } else { &after };
            list.rows = u64::try_from(at % 2).expect("small");
            let rows = Names { names, turned: false };
            let order = list.filter(filter, &rows);
            let selected = list.selected.as_ref().and_then(|name| rows.find(name));
            prop_assert_eq!(selected, order.get(list.listing.at()).copied());
            prop_assert_eq!(selected.is_none(), order.is_empty());
        }
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_selection_that_is_filtered_away_comes_back() {
    let names = strings(&["api", "base", "cart", "web", "worker"]);
    let rows = Names {
        names: &names,
        turned: false,
    };
    let mut list = List {
        selected: Some("cart".into()),
        ..List::default()
    };
    list.filter("", &rows);
    // Of `web` and `worker`, `web` stands nearer.
    list.filter("w", &rows);
    assert_eq!(list.selected.as_deref(), Some("web"));
    list.filter("wo", &rows);
    assert_eq!(list.selected.as_deref(), Some("worker"));
    list.filter("nothing", &rows);
    assert_eq!(list.selected, None);
    list.filter("", &rows);
    assert_eq!(list.selected.as_deref(), Some("cart"));
    // Once somebody moved, what they moved to stays.
    list.filter("w", &rows);
    list.listing.select(&mut list.selected, &rows, 1);
    list.filter("", &rows);
    assert_eq!(list.selected.as_deref(), Some("worker"));
}

#[test]
fn a_selection_stays_when_rows_come_go_and_turn() {
    let names = strings(&["api", "base", "cart"]);
    let mut list = List {
        selected: Some("base".into()),
        ..List::default()
    };
    let rows = |names, turned| Names { names, turned };
    list.filter("", &rows(&names, false));
    assert_eq!(list.listing.at(), 1);
    let grown = strings(&["aaa", "api", "base", "cart"]);
    list.rows = 1;
    list.filter("", &rows(&grown, true));
    assert_eq!(list.selected.as_deref(), Some("base"));
    assert_eq!(list.listing.at(), 1);
    // It goes: what took its place is selected.
    let shrunk = strings(&["aaa", "api", "cart"]);
    list.rows = 2;
    list.filter("", &rows(&shrunk, true));
    assert_eq!(list.selected.as_deref(), Some("api"));
    // And it is not jumped back to when it returns.
    list.rows = 3;
    list.filter("", &rows(&grown, true));
    assert_eq!(list.selected.as_deref(), Some("api"));
}
