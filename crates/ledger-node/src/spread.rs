use std::thread;

/// Items below which one thread is faster than starting others: some milliseconds of signatures.
const ITEMS_MIN: usize = 64;

/// Applies `work` to parts of `items` on several threads, and returns what it returned in order.
/// Which thread gets what changes nothing, so a replay on one thread gives the same.
pub(crate) fn spread<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&[T]) -> Vec<R> + Sync,
) -> Vec<R> {
    if items.len() < ITEMS_MIN || threads < 2 {
        return work(items);
    }
    let (first, others) = items.split_at(items.len().div_ceil(threads));
    thread::scope(|scope| {
        let parts: Vec<_> =
            others.chunks(first.len()).map(|part| scope.spawn(|| work(part))).collect();
        let mut results = work(first);
        for part in parts {
            match part.join() {
                Ok(result) => results.extend(result),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_whatever_the_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        let double = |part: &[usize]| part.iter().map(|item| 2 * item).collect();
        let expected: Vec<usize> = items.iter().map(|item| 2 * item).collect();
        for threads in [1, 2, 3, 7, 2000] {
            assert_eq!(spread(&items, threads, double), expected);
        }
        assert_eq!(spread(&[], 4, double), Vec::<usize>::new());
    }
}
