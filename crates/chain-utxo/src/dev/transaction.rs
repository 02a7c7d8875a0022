use super::{Fid, OutPoint, Satoshi};

/// An unspent output with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// Which output.
    pub point: OutPoint,
    /// Who may spend it.
    pub owner: Fid,
    /// How much it is worth.
    pub value: Satoshi,
    /// The time of its block, Unix seconds: where its age begins.
    pub time: u64,
}

/// A transaction for the development chain, unsigned.
///
/// Its first input's owner is who signs a record that it carries; what it does not pay is a fee.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DevTransaction {
    pub(super) inputs: Vec<OutPoint>,
    pub(super) outputs: Vec<DevOutput>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DevOutput {
    Pay(Fid, Satoshi),
    Record(Vec<u8>),
    Raw(Vec<u8>, Satoshi),
}

impl DevTransaction {
    /// A transaction that does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spends an output.
    #[must_use]
    pub fn spend(mut self, point: OutPoint) -> Self {
        self.inputs.push(point);
        self
    }

    /// Pays to an address.
    #[must_use]
    pub fn pay(mut self, to: Fid, value: Satoshi) -> Self {
        self.outputs.push(DevOutput::Pay(to, value));
        self
    }

    /// Writes into the chain with `OP_RETURN`.
    #[must_use]
    pub fn record(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.outputs.push(DevOutput::Record(text.into()));
        self
    }

    /// Makes an output with any locking script.
    #[must_use]
    pub fn output(mut self, script: Vec<u8>, value: Satoshi) -> Self {
        self.outputs.push(DevOutput::Raw(script, value));
        self
    }
}
