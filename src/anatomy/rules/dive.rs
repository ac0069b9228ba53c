//! dive's three rules, for those who have a `.dive-ci` already. The figures are
//! [`Dive`]'s.

use super::{Figure, Limit, Verdict};
use crate::anatomy::waste::dive::Dive;
use crate::model::bytes::Bytes;

/// The rules of a `.dive-ci`; nothing is judged where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiveRules {
    /// `lowestEfficiency`, from 0 to 1.
    pub lowest_efficiency: Option<f64>,
    /// `highestWastedBytes`.
    pub highest_wasted_bytes: Option<Bytes>,
    /// `highestUserWastedPercent`, from 0 to 1.
    pub highest_user_wasted_percent: Option<f64>,
}

impl Default for DiveRules {
    fn default() -> Self {
        Self {
            lowest_efficiency: Some(0.9),
            highest_wasted_bytes: None,
            highest_user_wasted_percent: Some(0.1),
        }
    }
}

/// A verdict for each rule that is set, in dive's order.
#[must_use]
pub fn judge(rules: &DiveRules, figures: &Dive) -> Vec<Verdict> {
    let verdict = |rule, figure, limit, kept| Verdict {
        rule,
        figure,
        limit,
        kept,
        because: Vec::new(),
    };
    let efficiency = rules.lowest_efficiency.map(|limit| {
        verdict(
            "lowestEfficiency",
            Figure::Ratio(figures.efficiency),
            Limit::AtLeast(Figure::Ratio(limit)),
            figures.efficiency >= limit,
        )
    });
    let bytes = rules.highest_wasted_bytes.map(|limit| {
        verdict(
            "highestWastedBytes",
            Figure::Bytes(figures.wasted_bytes),
            Limit::AtMost(Figure::Bytes(limit)),
            figures.wasted_bytes <= limit,
        )
    });
    // Something by nothing is more than any share; nothing by nothing is none.
    let user_wasted = figures.user_wasted.unwrap_or(match figures.wasted_bytes {
        Bytes(0) => 0.0,
        _ => f64::INFINITY,
    });
    let share = rules.highest_user_wasted_percent.map(|limit| {
        verdict(
            "highestUserWastedPercent",
            Figure::Ratio(user_wasted),
            Limit::AtMost(Figure::Ratio(limit)),
            user_wasted <= limit,
        )
    });
    [efficiency, bytes, share].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(efficiency: f64, wasted: u64, user_wasted: Option<f64>) -> Dive {
        Dive {
            efficiency,
            wasted_bytes: Bytes(wasted),
            user_wasted,
        }
    }

    fn broken(rules: &DiveRules, figures: &Dive) -> Vec<&'static str> {
        let verdicts = judge(rules, figures);
        let broken = verdicts.iter().filter(|it| !it.kept);
        broken.map(|it| it.rule).collect()
    }

    #[test]
    fn at_the_limit_a_rule_holds() {
        let at = DiveRules {
            highest_wasted_bytes: Some(Bytes(20)),
            ..DiveRules::default()
        };
        let figures = figures(0.9, 20, Some(0.1));
        assert_eq!(judge(&at, &figures).len(), 3);
        assert_eq!(broken(&at, &figures), Vec::<&str>::new());
        let over = DiveRules {
            lowest_efficiency: Some(0.91),
            highest_wasted_bytes: Some(Bytes(19)),
            highest_user_wasted_percent: Some(0.09),
        };
        let all = [
            "lowestEfficiency",
            "highestWastedBytes",
            "highestUserWastedPercent",
        ];
        assert_eq!(broken(&over, &figures), all);
        let none = DiveRules {
            lowest_efficiency: None,
            highest_wasted_bytes: None,
            highest_user_wasted_percent: None,
        };
        assert_eq!(judge(&none, &figures), []);
    }

    #[test]
    fn waste_without_a_layer_of_ones_own_is_more_than_any_share() {
        let rules = DiveRules::default();
        let share = ["highestUserWastedPercent"];
        assert_eq!(broken(&rules, &figures(1.0, 1, None)), share);
        assert_eq!(broken(&rules, &figures(1.0, 0, None)), Vec::<&str>::new());
    }
}
