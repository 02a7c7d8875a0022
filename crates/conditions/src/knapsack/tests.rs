use super::*;
use proptest::prelude::*;

/// The definition: each entry with and without.
fn largest_by_definition(entries: &[(u32, i64)], threshold: i64) -> Option<i64> {
    if threshold <= 0 {
        return Some(0);
    }
    let ((weight, extra), rest) = entries.split_first()?;
    let taken = largest_by_definition(rest, threshold - i64::from(*weight)).map(|sum| sum + extra);
    taken.max(largest_by_definition(rest, threshold))
}

/// The definition: each entry with and without, and of two as short that without.
fn shortest_by_definition(choices: &[Choice], threshold: i64) -> Option<(u64, Vec<bool>)> {
    if threshold <= 0 {
        return Some((0, vec![false; choices.len()]));
    }
    let (choice, rest) = choices.split_first()?;
    let add =
        |(length, set): (u64, Vec<bool>), more, taken| (length + more, [vec![taken], set].concat());
    let with = shortest_by_definition(rest, threshold - i64::from(choice.weight))
        .map(|found| add(found, choice.taken, true));
    let without =
        shortest_by_definition(rest, threshold).map(|found| add(found, choice.left_out, false));
    match (with, without) {
        (Some(with), Some(without)) => Some(if with.0 < without.0 { with } else { without }),
        (with, without) => with.or(without),
    }
}

proptest! {
    #[test]
    fn largest_extra_is_that_of_the_definition(
        mut entries in prop::collection::vec((1_u32..6, -50_i64..300), 1..9), threshold in 1_u32..30,
        unit in prop_oneof![Just(None), (1_u32..400).prop_map(Some)],
    ) {
        let mut threshold = threshold;
        if let Some(unit) = unit {
            entries.iter_mut().for_each(|(weight, _)| *weight = unit);
            threshold *= unit.div_ceil(2);
        }
        let found = largest_extra(entries.clone(), threshold);
        entries.sort_by_key(|(weight, _)| *weight);
        prop_assert_eq!(found.ok(), largest_by_definition(&entries, threshold.into()));
    }

    #[test]
    fn shortest_set_is_that_of_the_definition(
        choices in prop::collection::vec((1_u32..6, 1_u64..300, 1_u64..60), 0..9),
        threshold in 1_u32..20,
    ) {
        let choices: Vec<Choice> = choices
            .into_iter()
            .map(|(weight, taken, left_out)| Choice { weight, taken, left_out })
            .collect();
        let found = shortest_set(&choices, threshold).unwrap();
        let expected = shortest_by_definition(&choices, threshold.into());
        prop_assert_eq!(found, expected.map(|(_, set)| set));
    }
}

/// Goal: equal weights of any size are counted, not walked through.
#[test]
fn equal_weights_may_be_large() {
    let entries = vec![(u32::MAX / 3, 57); 3];
    assert_eq!(largest_extra(entries, u32::MAX / 3 + 1), Ok(114));
    let mixed = vec![(1, 57), (u32::MAX, 57)];
    assert_eq!(largest_extra(mixed, 1025), Err(PolicyError::WeightedThreshold(1025)));
    let light = Choice { weight: 1, taken: 100, left_out: 40 };
    let heavy = Choice { weight: u32::MAX, ..light };
    assert_eq!(shortest_set(&[heavy, light], 1024), Ok(Some(vec![true, false])));
    assert_eq!(shortest_set(&[light; 2], u32::MAX), Ok(None));
}
