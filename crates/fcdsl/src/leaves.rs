//! Which values inside of an object queries can see.
//!
//! Members of an object are named by whoever writes the document, so what is remembered of them must
//! be in proportion to what he wrote. Behind these bounds a value is in the document, and is not
//! there to queries.

use serde_json::Value;

/// Values inside of one object that queries see: the first ones in the document's order.
pub const LEAVES_MAX: usize = 256;
/// Bytes of the names that lead to a value, with the dots between.
pub const LEAF_PATH_BYTES_MAX: usize = 128;
/// Objects and arrays that a value is in, the outermost object included.
pub const LEAF_DEPTH_MAX: usize = 16;
/// Bytes of a value as text.
pub const LEAF_VALUE_BYTES_MAX: usize = 1024;

/// JSON that [`leaves`] can look into, whatever holds it.
pub trait Tree: Sized {
    /// What the value is.
    fn branch(&self) -> Branch<'_, Self>;
}

/// What a JSON value is.
#[allow(missing_debug_implementations, reason = "holds an iterator")]
pub enum Branch<'a, T> {
    /// `null`, which is no value to queries.
    Null,
    /// A text, a number or a boolean.
    Scalar {
        /// Bytes of it as text.
        bytes: usize,
    },
    /// An array.
    Items(&'a [T]),
    /// An object, its members in their order.
    Members(Box<dyn Iterator<Item = (&'a str, &'a T)> + 'a>),
}

impl Tree for Value {
    fn branch(&self) -> Branch<'_, Self> {
        match self {
            Self::Null => Branch::Null,
            Self::Bool(boolean) => Branch::Scalar { bytes: boolean.to_string().len() },
            Self::Number(number) => Branch::Scalar { bytes: number.to_string().len() },
            Self::String(text) => Branch::Scalar { bytes: text.len() },
            Self::Array(items) => Branch::Items(items),
            Self::Object(members) => {
                Branch::Members(Box::new(members.iter().map(|(name, value)| (&**name, value))))
            }
        }
    }
}

/// Shows each value inside of `object` that queries can see, `null` excepted, with the names that
/// lead to it joined by dots.
pub fn leaves<'a, T: Tree>(object: &'a T, show: &mut impl FnMut(&str, &'a T)) {
    let mut seen = 0;
    walk(object, &mut String::new(), 0, &mut |path, value| {
        seen += 1;
        show(path, value);
        seen < LEAVES_MAX
    });
}

/// Goes on until told to stop; `false` if it was. `path` comes back as it was.
fn walk<'a, T: Tree>(
    value: &'a T,
    path: &mut String,
    depth: usize,
    show: &mut impl FnMut(&str, &'a T) -> bool,
) -> bool {
    match value.branch() {
        Branch::Null => true,
        Branch::Scalar { bytes } => bytes > LEAF_VALUE_BYTES_MAX || show(path, value),
        Branch::Items(_) | Branch::Members(_) if depth == LEAF_DEPTH_MAX => true,
        Branch::Items(items) => items.iter().all(|item| walk(item, path, depth + 1, show)),
        Branch::Members(mut members) => members.all(|(name, member)| {
            let own = path.len();
            if own + usize::from(own > 0) + name.len() > LEAF_PATH_BYTES_MAX {
                return true;
            }
            if own > 0 {
                path.push('.');
            }
            path.push_str(name);
            let goes_on = walk(member, path, depth + 1, show);
            path.truncate(own);
            goes_on
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn list(value: &Value) -> Vec<String> {
        let mut list = Vec::new();
        leaves(value, &mut |path, leaf| list.push(format!("{path}={leaf}")));
        list
    }

    #[test]
    fn leaves_are_named_by_what_leads_to_them() {
        let value = json!({"a": {"b": [1, [true, null]], "c.d": "x"}, "": {"e": {"": 2}}});
        let mut found = list(&value);
        found.sort_unstable();
        assert_eq!(found, ["a.b=1", "a.b=true", "a.c.d=\"x\"", "e.=2"]);
    }

    #[test]
    fn what_is_beyond_the_bounds_is_not_seen_and_all_else_is() {
        let path = |bytes: usize| "p".repeat(bytes);
        let value = json!({
            path(LEAF_PATH_BYTES_MAX): 1,
            path(LEAF_PATH_BYTES_MAX + 1): 2,
            "q": {path(LEAF_PATH_BYTES_MAX - 2): 3, path(LEAF_PATH_BYTES_MAX - 1): 4},
            "r": ["v".repeat(LEAF_VALUE_BYTES_MAX), "w".repeat(LEAF_VALUE_BYTES_MAX + 1), 5],
        });
        let mut ends: Vec<_> =
            list(&value).iter().map(|leaf| leaf[leaf.len() - 2..].to_owned()).collect();
        ends.sort_unstable();
        assert_eq!(ends, ["=1", "=3", "=5", "v\""]);

        let nested = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
        assert_eq!(list(&json!({"a": nested(LEAF_DEPTH_MAX - 1)})), ["a=1"]);
        assert!(list(&json!({"a": nested(LEAF_DEPTH_MAX)})).is_empty());

        let many = json!({"a": (0..LEAVES_MAX + 9).collect::<Vec<_>>(), "b": 1});
        assert_eq!(list(&many).len(), LEAVES_MAX);
        assert_eq!(list(&many).last(), Some(&format!("a={}", LEAVES_MAX - 1)));
    }
}
