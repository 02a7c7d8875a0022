/// The most items of a page; a greater limit is taken for this one.
pub const PAGE_MAX: usize = 1000;

/// Some items of a listing, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The items.
    pub items: Vec<T>,
    /// What to continue the listing after; `None` if there is nothing more for now.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of at most `limit` items. `read` returns up to as many as it is asked for, each
    /// with its cursor.
    pub(crate) fn read<E>(
        limit: usize,
        read: impl FnOnce(usize) -> Result<Vec<(C, T)>, E>,
    ) -> Result<Self, E> {
        let limit = limit.min(PAGE_MAX);
        if limit == 0 {
            return Ok(Self { items: vec![], next: None });
        }
        // One more than fits says whether there is more.
        let mut found = read(limit + 1)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let mut next = None;
        let mut items = Vec::with_capacity(found.len());
        for (cursor, item) in found {
            items.push(item);
            next = Some(cursor);
        }
        Ok(Self { items, next: next.filter(|_| has_more) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_whether_there_is_more() {
        let listing = |limit| {
            Page::read(limit, |count| {
                Ok::<_, ()>((1..=3).map(|at| (at, -at)).take(count).collect())
            })
        };
        assert_eq!(listing(2), Ok(Page { items: vec![-1, -2], next: Some(2) }));
        assert_eq!(listing(3), Ok(Page { items: vec![-1, -2, -3], next: None }));
        assert_eq!(listing(0), Ok(Page { items: vec![], next: None }));
        assert_eq!(listing(usize::MAX).map(|page| page.items.len()), Ok(3));
    }
}
