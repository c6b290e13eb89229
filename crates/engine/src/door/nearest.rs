//! The name that somebody probably meant.

/// A list of names for an error, with a guess in front when one is near.
pub fn choices<'name>(wrong: &str, known: impl IntoIterator<Item = &'name str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let list = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    match nearest(wrong, &known) {
        Some(guess) => format!("{list}; did you mean `{guess}`?"),
        None => list,
    }
}

/// The nearest of `known`, when at most a third of its letters differ.
fn nearest<'name>(wrong: &str, known: &[&'name str]) -> Option<&'name str> {
    let scored = known.iter().map(|it| (distance(&wrong.to_lowercase(), &it.to_lowercase()), *it));
    let (far, name) = scored.min()?;
    (far <= (name.chars().count() / 3).max(1)).then_some(name)
}

/// Letters to insert, drop or change (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, letter) in (1..).zip(left.chars()) {
        let mut next = vec![at];
        for (other, pair) in right.iter().zip(row.windows(2)) {
            let [diagonal, above] = pair else { continue };
            let before = next.last().copied().unwrap_or(at);
            next.push((diagonal + usize::from(*other != letter)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_guessed_and_a_far_one_is_not() {
        let known = ["subscriber_id", "event_time", "cell_id"];
        assert_eq!(nearest("subscriber", &known), Some("subscriber_id"));
        assert_eq!(nearest("Event_Tine", &known), Some("event_time"));
        assert_eq!(nearest("postcode", &known), None);
        assert!(choices("cel_id", known).ends_with("did you mean `cell_id`?"));
    }
}
