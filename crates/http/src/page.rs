use crate::{FieldError, FieldProblem, PAGE_ITEMS_MAX, Query};
use axum::{
    http::{HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Where a page ends and the next one starts. Opaque to clients: they send back what they got.
pub type Cursor = String;

/// Which part of a list a client wants: the `limit` and `cursor` parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: usize,
    cursor: Option<Cursor>,
}

/// A part of a list. The reply's body is the plain list; the header `x-next-cursor` is there when
/// more follows.
#[derive(Debug, PartialEq, Eq)]
pub struct Page<T> {
    items: Vec<T>,
    next: Option<Cursor>,
}

impl PageRequest {
    /// Reads `limit` (1 to [`PAGE_ITEMS_MAX`], which is also the default) and `cursor`.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if one is malformed.
    pub fn read(query: &mut Query) -> Result<Self, FieldError> {
        let limit = match query.number("limit")? {
            Some(0) => return Err(FieldProblem::TooSmall { min: 1 }.of("limit")),
            Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
            None => PAGE_ITEMS_MAX,
        };
        if limit > PAGE_ITEMS_MAX {
            return Err(FieldProblem::TooLarge { max: "10000" }.of("limit"));
        }
        let cursor = query.optional("cursor", "a cursor of an earlier reply")?;
        Ok(Self { limit, cursor })
    }

    /// Returns the key after which the page starts, for a list that is cut where it is read and then
    /// by [`cut_by_key`](Self::cut_by_key).
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the cursor is not a key.
    pub fn after<K: std::str::FromStr>(&self) -> Result<Option<K>, FieldError> {
        self.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| not_a_cursor())).transpose()
    }

    /// Returns how many items to read of such a list: one more than the page holds, which tells
    /// whether more follow.
    pub const fn wanted(&self) -> usize {
        self.limit + 1
    }

    /// Cuts a list that is ordered by `key`, whose text is the cursor: the page starts after it.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the cursor is not a key.
    pub fn cut_by_key<T, K: Ord + std::str::FromStr + std::fmt::Display>(
        self,
        mut items: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> Result<Page<T>, FieldError> {
        if let Some(cursor) = self.cursor {
            let after: K = cursor.parse().map_err(|_| not_a_cursor())?;
            items.retain(|item| key(item) > after);
        }
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = if more { items.last().map(|item| key(item).to_string()) } else { None };
        Ok(Page { items, next })
    }

    /// Cuts a list that only grows at its end; the cursor is a position in it.
    ///
    /// # Errors
    ///
    /// [`FieldError`] if the cursor is not a position.
    pub fn cut_by_position<T>(self, mut items: Vec<T>) -> Result<Page<T>, FieldError> {
        let start: usize = match self.cursor {
            Some(cursor) => cursor.parse().map_err(|_| not_a_cursor())?,
            None => 0,
        };
        let mut items = items.split_off(start.min(items.len()));
        let next = (items.len() > self.limit).then(|| (start + self.limit).to_string());
        items.truncate(self.limit);
        Ok(Page { items, next })
    }
}

fn not_a_cursor() -> FieldError {
    FieldProblem::Malformed { expected: "a cursor of an earlier reply" }.of("cursor")
}

impl<T> Page<T> {
    /// Turns each item into what is written.
    pub fn map<U>(self, write: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(write).collect(), next: self.next }
    }
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let next = self.next.and_then(|next| HeaderValue::try_from(next).ok());
        let mut response = crate::Json(self.items).into_response();
        if let Some(next) = next {
            response.headers_mut().insert(HeaderName::from_static("x-next-cursor"), next);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(limit: usize, cursor: Option<&str>) -> PageRequest {
        PageRequest { limit, cursor: cursor.map(str::to_owned) }
    }

    /// Goal: following the cursors shows every item once. Method: a list of 5 in pages of 2.
    #[test]
    fn cursors_lead_through_the_whole_list() {
        for by_key in [true, false] {
            let (mut seen, mut cursor) = (Vec::new(), None);
            loop {
                let page = request(2, cursor.as_deref());
                let items = vec![1_u64, 2, 3, 4, 5];
                let page = if by_key {
                    page.cut_by_key(items, |item| *item).unwrap()
                } else {
                    page.cut_by_position(items).unwrap()
                };
                seen.extend(page.items);
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(seen, [1, 2, 3, 4, 5]);
        }
    }

    /// Goal: a list that is read in pages needs no more than the page and one item.
    #[test]
    fn what_is_wanted_of_a_list_makes_the_same_page() {
        let page = request(2, Some("3"));
        let after: u64 = page.after().unwrap().unwrap();
        let wanted: Vec<u64> = (after + 1..10).take(page.wanted()).collect();
        let cut = page.cut_by_key(wanted, |item| *item).unwrap();
        assert_eq!(cut, Page { items: vec![4, 5], next: Some("5".to_owned()) });
        assert_eq!(request(2, None).after::<u64>(), Ok(None));
        assert!(request(2, Some("x")).after::<u64>().is_err());
    }

    #[test]
    fn bad_cursors_are_refused_and_far_ones_find_nothing() {
        assert!(request(2, Some("x")).cut_by_position(vec![1_u64]).is_err());
        assert!(request(2, Some("-1")).cut_by_key(vec![1_u64], |item| *item).is_err());
        let far = u64::MAX.to_string();
        let page = request(2, Some(&far)).cut_by_position(vec![1_u64]).unwrap();
        assert_eq!(page, Page { items: vec![], next: None });
    }
}
