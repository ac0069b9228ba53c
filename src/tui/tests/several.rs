//! Two operations at once, and the log of one of them, by keys through the real loop.

use crossterm::event::KeyCode;

use super::driven::{Driver, drive};
use crate::model::plan::OperationId;
use crate::model::progress::Progress;
use crate::tui::effect::Errand;

/// As the plans of the fixture are called.
const ROLL_BACK: &str = "0123456789abcdef";
const REBUILD: &str = "fedcba9876543210";

async fn begin_roll_back(it: &Driver) {
    it.sees("shop-web in prod").await;
    it.keys("r");
    it.sees("ROLL BACK in prod").await;
    it.keys("prod");
    it.key(KeyCode::Enter);
    it.sees("running for").await;
}

/// A roll back and a rebuild; the list of both is open.
async fn begin_both(it: &Driver) {
    begin_roll_back(it).await;
    it.key(KeyCode::Esc);
    it.sees("shop-web in prod").await;
    it.keys("k");
    it.sees("shop-base in prod").await;
    it.keys("b");
    it.sees("REBUILD shop-base").await;
    it.key(KeyCode::Tab);
    it.key(KeyCode::Enter);
    it.sees("rebuild shop-base as 1.5.1").await;
    it.sees("running for").await;
    it.key(KeyCode::Esc);
    it.sees("2 operations run").await;
    it.keys("o");
    it.sees("STATE").await;
}

/// How the line of the list says that an operation stands.
fn standing(screen: &str, summary: &str) -> Option<&'static str> {
    let line = screen.lines().find(|line| line.contains(summary))?;
    ["⟳ running", "⟳ cancelling", "↶ cancelled, undone"]
        .into_iter()
        .find(|state| line.contains(state))
}

#[test]
fn both_run_and_cancelling_one_leaves_the_other() {
    drive(false, |it| async move {
        begin_both(&it).await;
        let text = it.text();
        for summary in ["roll back shop-web in prod to 1.4.0", "rebuild shop-base"] {
            assert_eq!(standing(&text, summary), Some("⟳ running"), "{text}");
        }
        assert_eq!(it.hands.ran().len(), 2);
        // The newest is on top: the one below is the roll back.
        it.sees("›⟳ running           rebuild shop-base").await;
        it.key(KeyCode::Down);
        it.sees("›⟳ running           roll back shop-web").await;
        it.keys("c");
        it.sees("Cancel?").await;
        it.key(KeyCode::Right);
        it.key(KeyCode::Enter);
        it.sees("›↶ cancelled, undone roll back shop-web").await;
        it.gone("2 operations run").await;
        let text = it.text();
        let rebuild = standing(&text, "rebuild shop-base as 1.5.1");
        assert_eq!(rebuild, Some("⟳ running"), "{text}");
        let asked = it.hands.asked.lock().expect("not poisoned").clone();
        let cancelled: Vec<&OperationId> = asked
            .iter()
            .filter_map(|errand| match errand {
                Errand::Cancel(id) => Some(id),
                _ => None,
            })
            .collect();
        assert_eq!(cancelled, [&OperationId(ROLL_BACK.into())]);
    });
}

#[test]
fn what_one_says_is_not_shown_of_the_other() {
    drive(false, |it| async move {
        begin_both(&it).await;
        for (id, line) in [(ROLL_BACK, "of the roll back"), (REBUILD, "of the rebuild")] {
            let line = Progress::Log(line.into());
            it.hands.tell(&OperationId(id.into()), line).await;
        }
        it.key(KeyCode::Enter);
        it.sees("of the rebuild").await;
        assert!(!it.text().contains("of the roll back"), "{}", it.text());
        it.key(KeyCode::Esc);
        it.sees("STATE").await;
        it.key(KeyCode::Down);
        it.sees("›⟳ running           roll back").await;
        it.key(KeyCode::Enter);
        it.sees("of the roll back").await;
        assert!(!it.text().contains("of the rebuild"), "{}", it.text());
    });
}

#[test]
fn an_operations_log_is_searched_scrolled_and_followed_again() {
    drive(false, |it| async move {
        begin_roll_back(&it).await;
        let id = OperationId(ROLL_BACK.into());
        for number in 0..100 {
            let what = if number % 30 == 10 { "needle" } else { "hay" };
            let line = Progress::Log(format!("{number}: {what}"));
            it.hands.tell(&id, line).await;
        }
        it.sees("100 lines, followed").await;
        it.sees("99: hay").await;
        // The last one above the end, then round and back.
        it.keys("/needle");
        it.sees("find: needle").await;
        it.key(KeyCode::Enter);
        it.sees("“needle” 3 of 3").await;
        it.keys("n");
        it.sees("“needle” 1 of 3").await;
        it.sees("10: needle").await;
        it.keys("n");
        it.sees("“needle” 2 of 3").await;
        it.keys("N");
        it.sees("“needle” 1 of 3").await;
        // What comes meanwhile is counted, and does not move what is read.
        it.sees("of 100; G follows").await;
        let line = Progress::Log("a needle that came later".into());
        it.hands.tell(&id, line).await;
        it.sees("of 101; G follows").await;
        it.sees("“needle” 1 of 4").await;
        it.sees("10: needle").await;
        assert!(!it.text().contains("came later"), "{}", it.text());
        it.keys("G");
        it.sees("a needle that came later").await;
        it.sees("101 lines, followed").await;
        // Scrolling up stops following, and the end follows again.
        it.key(KeyCode::PageUp);
        it.sees("of 101; G follows").await;
        it.hands.tell(&id, Progress::Log("unseen".into())).await;
        it.sees("of 102; G follows").await;
        assert!(!it.text().contains("unseen"), "{}", it.text());
        it.keys("G");
        it.sees("102 lines, followed").await;
        it.sees("unseen").await;
        it.hands
            .tell(&id, Progress::Log("the very end".into()))
            .await;
        it.sees("the very end").await;
    });
}
