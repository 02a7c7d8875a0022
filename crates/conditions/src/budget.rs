use crate::{
    PolicyError,
    error::Fault,
    limits::{PREFIXED_MAX, PREFIXES_MAX, RSA_MAX},
    shape::Tally,
};

/// What a parser has met so far of what is bounded.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    tally: Tally,
    rsa: usize,
    prefixed: usize,
    prefixes: usize,
    prefixes_above: usize,
}

impl Budget {
    /// Goes one level down.
    pub(crate) fn enter(&mut self) -> Result<(), PolicyError> {
        self.tally.enter()
    }

    /// Comes back.
    pub(crate) fn leave(&mut self) {
        self.tally.leave();
    }

    pub(crate) fn enter_prefix(&mut self) -> Result<(), Fault> {
        self.prefixes_above += 1;
        self.prefixes += 1;
        if self.prefixes > PREFIXES_MAX { Err(Fault::TooDear) } else { Ok(()) }
    }

    pub(crate) fn leave_prefix(&mut self) {
        self.prefixes_above -= 1;
    }

    /// Notes one more entry of a threshold.
    pub(crate) fn add_entry(&mut self) -> Result<(), PolicyError> {
        self.tally.add_entries(1)
    }

    pub(crate) fn add_rsa(&mut self) -> Result<(), Fault> {
        self.rsa += 1;
        if self.rsa > RSA_MAX { Err(Fault::TooDear) } else { Ok(()) }
    }

    pub(crate) fn add_ed25519(&mut self) -> Result<(), Fault> {
        if self.prefixes_above > 0 {
            self.prefixed += 1;
        }
        if self.prefixed > PREFIXED_MAX { Err(Fault::TooDear) } else { Ok(()) }
    }
}
