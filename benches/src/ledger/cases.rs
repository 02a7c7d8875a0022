//! What is measured, and what each transaction cannot do without.

use super::federation::NODES;

/// How many transactions are stored before anything is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Size {
    Thousand,
    Million,
    TenMillion,
}

/// What is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// New assets, each with some data.
    Create,
    /// The newest output of an asset is spent, again and again.
    Transfer,
}

/// How it is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By calls of the node's handle.
    Call,
    /// Over the HTTP API.
    Http,
}

/// Transactions from being posted to being valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) work: Work,
    pub(crate) way: Way,
    pub(crate) nodes: u32,
    pub(crate) size: Size,
}

/// Operations that one transaction needs whatever the implementation does, over all nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Of Ed25519 signatures, many in one batch.
    pub(crate) verifications: u32,
    /// SHA3-256 over the transaction's text: its id, and the message that is signed.
    pub(crate) hashes: u32,
    /// Shared by a whole block.
    pub(crate) syncs: u32,
}

impl Size {
    pub(crate) const fn transactions(self) -> u64 {
        match self {
            Self::Thousand => 1_000,
            Self::Million => 1_000_000,
            Self::TenMillion => 10_000_000,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Thousand => "1k",
            Self::Million => "1m",
            Self::TenMillion => "10m",
        }
    }
}

impl Case {
    pub(crate) fn name(&self) -> String {
        let way = match self.way {
            Way::Call => "ledger",
            Way::Http => "ledger.http",
        };
        let work = match self.work {
            Work::Create => "create",
            Work::Transfer => "transfer",
        };
        let nodes =
            if self.nodes == 1 { "1node".to_owned() } else { format!("{}nodes", self.nodes) };
        format!("{way}.{work}.{nodes}.{}", self.size.name())
    }

    /// Posts under way at any time: for calls enough that there is a full block to write while the
    /// next one fills, for HTTP as many connections as one client machine may well open.
    pub(crate) const fn in_flight(&self) -> usize {
        match self.way {
            Way::Call => 2048,
            Way::Http => 64,
        }
    }

    /// Every node checks and stores everything.
    pub(crate) const fn needs(&self) -> Needs {
        Needs { verifications: self.nodes, hashes: 2 * self.nodes, syncs: self.nodes }
    }
}

/// The cases of a federation of one with that many stored transactions.
pub(crate) fn alone(size: Size) -> Vec<Case> {
    let case = |work, way| Case { work, way, nodes: 1, size };
    let mut cases = vec![case(Work::Create, Way::Call), case(Work::Transfer, Way::Call)];
    if size == Size::Thousand {
        cases.push(case(Work::Create, Way::Http));
    }
    cases
}

/// The cases of a federation of four, which are few: its nodes share the cores.
pub(crate) fn together(size: Size) -> Vec<Case> {
    let case = |work| Case { work, way: Way::Call, nodes: NODES, size };
    if size == Size::Thousand { [Work::Create, Work::Transfer].map(case).to_vec() } else { vec![] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: names are those that later runs are compared by.
    #[test]
    fn names_are_stable() {
        let names: Vec<String> = [Size::Thousand, Size::TenMillion]
            .into_iter()
            .flat_map(|size| [alone(size), together(size)].concat())
            .map(|case| case.name())
            .collect();
        let expected = [
            "ledger.create.1node.1k",
            "ledger.transfer.1node.1k",
            "ledger.http.create.1node.1k",
            "ledger.create.4nodes.1k",
            "ledger.transfer.4nodes.1k",
            "ledger.create.1node.10m",
            "ledger.transfer.1node.10m",
        ];
        assert_eq!(names, expected);
    }
}
