//! "Did you mean": the nearest of the words that would have been right.

/// The candidate nearest to `word`, if one is near enough to be worth offering: at most a
/// third of its letters differ (Damerau–Levenshtein), or it begins with what was typed.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word_lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&word_lower, &lower);
            let longest = word.chars().count().max(candidate.chars().count());
            let begins = word.chars().count() >= 2 && lower.starts_with(&word_lower);
            (begins || distance * 3 <= longest).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean `prod`?`, or what there is to choose from, or nothing.
#[must_use]
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(word, candidates.clone()) {
        return format!("; did you mean `{near}`?");
    }
    let all: Vec<&str> = candidates.into_iter().take(9).collect();
    match all.as_slice() {
        [] => String::new(),
        few if few.len() <= 8 => format!("; there is {}", few.join(", ")),
        [first @ .., _] => format!("; there is {} and more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_a_far_one_is_not() {
        let words = ["dev", "test", "staging", "prod"];
        for (typed, near) in [
            ("pord", Some("prod")),
            ("stagin", Some("staging")),
            ("PROD", Some("prod")),
            ("st", Some("staging")),
            ("xyz", None),
        ] {
            assert_eq!(nearest(typed, words), near, "{typed}");
        }
        assert_eq!(hint("xyz", words), "; there is dev, test, staging, prod");
        assert_eq!(hint("xyz", []), "");
    }
}
