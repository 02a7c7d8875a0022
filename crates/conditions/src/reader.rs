use crate::error::{ConditionError, Fault, Place};

/// Reads a range of a payload from front to back. Positions count from the payload's start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    payload: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(payload: &'a [u8]) -> Self {
        Self { payload, at: 0, end: payload.len() }
    }

    /// Returns the error of something wrong at the current position.
    pub(crate) fn error(&self, fault: impl Into<Fault>) -> ConditionError {
        ConditionError { place: Place::Payload(self.at), fault: fault.into() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.at == self.end
    }

    pub(crate) const fn remaining(&self) -> usize {
        self.end - self.at
    }

    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// Returns what was read since an earlier position.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        &self.payload[start..self.at]
    }

    pub(crate) fn u8(&mut self) -> Result<u8, ConditionError> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn peek(&self) -> Result<u8, ConditionError> {
        if self.is_empty() {
            return Err(self.error(Fault::Truncated));
        }
        Ok(self.payload[self.at])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, ConditionError> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], ConditionError> {
        let start = *self;
        self.take(N)?.try_into().map_err(|_| start.error(Fault::Truncated))
    }

    /// Reads `N` bytes that must be all there is.
    pub(crate) fn whole<const N: usize>(&self) -> Result<[u8; N], ConditionError> {
        let found = self.remaining();
        let bytes = &self.payload[self.at..self.end];
        bytes.try_into().map_err(|_| self.error(Fault::Length { expected: N, found }))
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], ConditionError> {
        let part = self.part(length)?;
        Ok(&self.payload[part.at..part.end])
    }

    /// Returns everything that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let bytes = &self.payload[self.at..self.end];
        self.at = self.end;
        bytes
    }

    /// Splits off a reader of the next `length` bytes.
    pub(crate) fn part(&mut self, length: usize) -> Result<Self, ConditionError> {
        if length > self.remaining() {
            return Err(self.error(Fault::Truncated));
        }
        let part = Self { payload: self.payload, at: self.at, end: self.at + length };
        self.at = part.end;
        Ok(part)
    }

    /// Checks that everything was read.
    pub(crate) fn finish(&self) -> Result<(), ConditionError> {
        if self.is_empty() { Ok(()) } else { Err(self.error(Fault::Trailing)) }
    }
}
