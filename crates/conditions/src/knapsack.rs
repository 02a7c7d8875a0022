//! The two choices a threshold asks for, in polynomial time.
//!
//! Both are defined by a recursion over the entries that tries each with and without, 2^n calls in
//! the reference implementations. Its result depends only on how many entries are left and how much
//! of the threshold is, so a table of entries × threshold holds all of it.

use crate::{PolicyError, limits};

/// Returns the largest sum of `extra` over the sets that reach the threshold and no longer do
/// without the last entry taken, where entries are taken by weight, the lightest first. The caller
/// has checked that the threshold can be reached.
///
/// *Source:* draft-thomas-crypto-conditions-00 §4.3.3.
pub(crate) fn largest_extra(
    mut entries: Vec<(u32, i64)>,
    threshold: u32,
) -> Result<i64, PolicyError> {
    entries.sort_unstable_by_key(|(weight, _)| *weight);
    let scale = Scale::new(entries.iter().map(|(weight, _)| *weight), threshold)?;
    // best[r]: the most that the entries from here on add where r is left of the threshold.
    let mut best: Vec<Option<i64>> = vec![None; scale.threshold + 1];
    best[0] = Some(0);
    for (weight, extra) in entries.iter().rev() {
        let weight = scale.weight(*weight);
        for left in (1..=scale.threshold).rev() {
            let taken = best[left.saturating_sub(weight)].map(|rest| rest + extra);
            best[left] = best[left].max(taken);
        }
    }
    best[scale.threshold].ok_or(PolicyError::TooLarge)
}

/// An entry that can be fulfilled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) weight: u32,
    /// Its length as a fulfilment.
    pub(crate) taken: u64,
    /// Its length as a condition.
    pub(crate) left_out: u64,
}

/// Returns which entries make the shortest fulfilment that reaches the threshold, or `None` if all
/// of them do not. Of two as short the one that leaves out the earlier entry.
pub(crate) fn shortest_set(
    choices: &[Choice],
    threshold: u32,
) -> Result<Option<Vec<bool>>, PolicyError> {
    let scale = Scale::new(choices.iter().map(|choice| choice.weight), threshold)?;
    let width = scale.threshold + 1;
    // rows[i][r]: the least length of the entries from i on where r is left of the threshold.
    // Nothing is counted once it is reached.
    let mut rows: Vec<Option<u64>> = vec![None; width * (choices.len() + 1)];
    let with = |rows: &[Option<u64>], index: usize, left: usize| {
        let after = left.saturating_sub(scale.weight(choices[index].weight));
        rows[(index + 1) * width + after].map(|rest| rest + choices[index].taken)
    };
    let without = |rows: &[Option<u64>], index: usize, left: usize| {
        rows[(index + 1) * width + left].map(|rest| rest + choices[index].left_out)
    };
    for index in (0..=choices.len()).rev() {
        rows[index * width] = Some(0);
        for left in 1..width {
            if index < choices.len() {
                let lengths = [with(&rows, index, left), without(&rows, index, left)];
                rows[index * width + left] = lengths.into_iter().flatten().min();
            }
        }
    }
    if rows[width - 1].is_none() {
        return Ok(None);
    }
    let mut left = scale.threshold;
    let mut set = vec![false; choices.len()];
    for (index, taken) in set.iter_mut().enumerate() {
        if left == 0 {
            break;
        }
        let (with, without) = (with(&rows, index, left), without(&rows, index, left));
        *taken = with.is_some_and(|with| without.is_none_or(|without| with < without));
        if *taken {
            left = left.saturating_sub(scale.weight(choices[index].weight));
        }
    }
    Ok(Some(set))
}

/// A threshold and its weights, divided by the weight where there is but one.
struct Scale {
    threshold: usize,
    unit: u32,
}

impl Scale {
    fn new(mut weights: impl Iterator<Item = u32>, threshold: u32) -> Result<Self, PolicyError> {
        let first = weights.next().unwrap_or(1);
        let (unit, threshold) = if weights.all(|weight| weight == first) {
            (first, threshold.div_ceil(first).min(limits::ENTRIES_MAX as u32 + 1))
        } else if threshold <= limits::WEIGHTED_THRESHOLD_MAX {
            (1, threshold)
        } else {
            return Err(PolicyError::WeightedThreshold(threshold));
        };
        Ok(Self { threshold: threshold as usize, unit })
    }

    const fn weight(&self, weight: u32) -> usize {
        (weight / self.unit) as usize
    }
}

#[cfg(test)]
mod tests;
