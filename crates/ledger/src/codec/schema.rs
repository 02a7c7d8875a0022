use crate::{
    Rejection, RejectionCode,
    json::{Object, Value},
};
use std::{fmt, str::FromStr};

/// A value and where it is, for refusals that say so.
#[derive(Clone, Copy)]
pub(crate) struct At<'v> {
    value: &'v Value<'v>,
    parent: Option<&'v Self>,
    step: Step<'v>,
}

#[derive(Clone, Copy)]
enum Step<'v> {
    Root,
    Member(&'v str),
    Element(usize),
}

impl<'v> At<'v> {
    pub(crate) const fn root(value: &'v Value<'v>) -> Self {
        Self { value, parent: None, step: Step::Root }
    }

    pub(crate) const fn value(&self) -> &'v Value<'v> {
        self.value
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// Refuses the transaction because of what is here.
    #[cold]
    pub(crate) fn reject(&self, code: RejectionCode, what: impl fmt::Display) -> Rejection {
        Rejection::new(code, format!("{}{what}", Prefix(self)))
    }

    /// Refuses what does not have the form that it should.
    #[cold]
    pub(crate) fn violation(&self, what: impl fmt::Display) -> Rejection {
        self.reject(RejectionCode::SchemaViolation, what)
    }

    #[cold]
    fn expected(&self, what: &str) -> Rejection {
        self.violation(format_args!("expected {what}, found {}", self.value.kind()))
    }

    /// Returns the object, whatever its members are.
    pub(crate) fn object(&self) -> Result<&'v Object<'v>, Rejection> {
        let Value::Object(object) = self.value else { return Err(self.expected("an object")) };
        Ok(object)
    }

    /// Returns the member `name` of an object that may have others.
    pub(crate) fn member(&'v self, name: &'v str) -> Result<Self, Rejection> {
        let value = self.object()?.get(name);
        let value = value.ok_or_else(|| self.missing(name))?;
        Ok(self.child(name, value))
    }

    /// Returns the member `name` with this value.
    pub(crate) const fn child(&'v self, name: &'v str, value: &'v Value<'v>) -> Self {
        Self { value, parent: Some(self), step: Step::Member(name) }
    }

    /// Returns the members of an object that has these and no others.
    pub(crate) fn members<const N: usize>(
        &'v self,
        names: [&'v str; N],
    ) -> Result<[Self; N], Rejection> {
        self.members_and(names, []).map(|(required, [])| required)
    }

    /// Returns the members of an object that has the first ones, may have the second ones, and has
    /// no others.
    pub(crate) fn members_and<const N: usize, const M: usize>(
        &'v self,
        required: [&'v str; N],
        optional: [&'v str; M],
    ) -> Result<([Self; N], [Option<Self>; M]), Rejection> {
        let mut found = [*self; N];
        let mut found_count = 0;
        let mut found_optional = [None; M];
        for (name, value) in self.object()?.members() {
            let member = self.child(name, value);
            if let Some(at) = required.iter().position(|own| own == name) {
                found[at] = member;
                found_count += 1;
            } else if let Some(at) = optional.iter().position(|own| own == name) {
                found_optional[at] = Some(member);
            } else {
                return Err(self.unexpected(name));
            }
        }
        if found_count < N {
            let object = self.object()?;
            let missing = required.iter().find(|name| object.get(name).is_none());
            return Err(self.missing(missing.unwrap_or(&"")));
        }
        Ok((found, found_optional))
    }

    /// Checks that the object has these members and no others.
    pub(crate) fn check_members(&self, lists: &[&[&str]]) -> Result<(), Rejection> {
        let object = self.object()?;
        let mut known = lists.iter().flat_map(|names| names.iter());
        if let Some(name) = known.find(|name| object.get(name).is_none()) {
            return Err(self.missing(name));
        }
        let is_unknown = |name: &str| !lists.iter().any(|names| names.contains(&name));
        match object.members().iter().find(|(name, _)| is_unknown(name)) {
            None => Ok(()),
            Some((name, _)) => Err(self.unexpected(name)),
        }
    }

    #[cold]
    fn unexpected(&self, name: &str) -> Rejection {
        let name: String = name.chars().take(NAME_LENGTH_MAX).collect();
        self.violation(format_args!(
            "additional properties are not allowed ('{name}' was unexpected)"
        ))
    }

    #[cold]
    fn missing(&self, name: &str) -> Rejection {
        self.violation(format_args!("'{name}' is a required property"))
    }

    /// Returns the elements of a list.
    pub(crate) fn elements(&'v self) -> Result<impl ExactSizeIterator<Item = Self>, Rejection> {
        let Value::Array(values) = self.value else { return Err(self.expected("a list")) };
        Ok(values.iter().enumerate().map(|(index, value)| Self {
            value,
            parent: Some(self),
            step: Step::Element(index),
        }))
    }

    pub(crate) fn text(&self) -> Result<&'v str, Rejection> {
        let Value::String(text) = self.value else { return Err(self.expected("a string")) };
        Ok(text)
    }

    /// Returns what the string here says.
    pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(&self) -> Result<T, Rejection> {
        self.text()?.parse().map_err(|error| self.violation(error))
    }

    /// Returns the number here, an integer from 0 to 2^32 − 1.
    pub(crate) fn index(&self) -> Result<u32, Rejection> {
        if let Value::Number(number) = self.value
            && let Some(Ok(index)) = number.as_u64().map(u32::try_from)
        {
            return Ok(index);
        }
        Err(self.violation("must be an integer from 0 to 4294967295"))
    }

    pub(crate) fn boolean(&self) -> Result<bool, Rejection> {
        let Value::Bool(flag) = self.value else { return Err(self.expected("a boolean")) };
        Ok(*flag)
    }
}

/// How many characters of an unknown member's name are told.
pub(super) const NAME_LENGTH_MAX: usize = 40;

/// Where a value is, followed by a colon; nothing for the outermost one.
struct Prefix<'p>(&'p At<'p>);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_path(self.0, f)?;
        f.write_str(if self.0.parent.is_some() { ": " } else { "" })
    }
}

fn write_path(at: &At<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(parent) = at.parent {
        write_path(parent, f)?;
    }
    let is_first = at.parent.is_none_or(|parent| parent.parent.is_none());
    match at.step {
        Step::Root => Ok(()),
        Step::Member(name) => write!(f, "{}{name}", if is_first { "" } else { "." }),
        Step::Element(index) => write!(f, "[{index}]"),
    }
}
