//! What is measured, and what each payment cannot do without.

/// How a payment travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// One signed message, over the direct channel.
    Direct,
    /// The same, asked for over HTTP.
    DirectHttp,
    /// With a lock, through this many mediators.
    Mediated(usize),
}

/// One line of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) way: Way,
    /// Payments under way at the same time.
    pub(crate) in_flight: usize,
}

/// Operations that one payment needs whatever the implementation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) signatures: u32,
    pub(crate) verifications: u32,
    pub(crate) hashes: u32,
    pub(crate) syncs: u32,
    /// Those of the above that must follow each other before the payer can be told.
    pub(crate) path: Path,
}

/// Operations of which each needs the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) signatures: u32,
    pub(crate) verifications: u32,
    pub(crate) syncs: u32,
}

const IN_FLIGHT: [usize; 3] = [1, 8, 64];
/// A message's hash, its structure's and the digest, each at both ends.
const HASHES_PER_ENVELOPE: u32 = 6;
/// The lock's leaf and the secret's hash, each at both ends.
const HASHES_PER_LOCK: u32 = 4;

/// All cases; those on the same network follow each other.
pub(crate) fn all() -> Vec<Case> {
    let case = |way| move |in_flight| Case { way, in_flight };
    let mut all = IN_FLIGHT.map(case(Way::Direct)).to_vec();
    all.extend([1, 8].map(case(Way::DirectHttp)));
    for mediators in [0, 1, 3] {
        all.extend(IN_FLIGHT.map(case(Way::Mediated(mediators))));
    }
    all
}

impl Case {
    pub(crate) fn name(&self) -> String {
        let way = match self.way {
            Way::Direct => "direct".to_owned(),
            Way::DirectHttp => "direct.http".to_owned(),
            Way::Mediated(mediators) => format!("mediated{mediators}"),
        };
        format!("channel.{way}.{}", self.in_flight)
    }

    /// How many nodes in a line the case needs.
    pub(crate) const fn nodes(&self) -> usize {
        match self.way {
            Way::Direct | Way::DirectHttp => 2,
            Way::Mediated(mediators) => mediators + 2,
        }
    }

    /// Counts what the protocol cannot do without; docs/formats.md and ARCHITECTURE.md show the
    /// messages.
    pub(crate) fn needs(&self) -> Needs {
        match self.way {
            // The payer signs and stores, the payee checks and stores.
            Way::Direct | Way::DirectHttp => Needs {
                signatures: 1,
                verifications: 1,
                hashes: HASHES_PER_ENVELOPE,
                syncs: 2,
                path: Path { signatures: 1, verifications: 1, syncs: 2 },
            },
            // Every hop has two envelopes: the lock and what pays it. Every message is stored by
            // its sender before it leaves: the locks on their way to the target, its request, the
            // secret to the target, and the secret on its way back. The last store at each payee
            // is the payment of the lock, which the payer does not wait for.
            Way::Mediated(mediators) => {
                let hops = u32::try_from(mediators).expect("a handful of nodes") + 1;
                let path_syncs = 2 * hops + 3;
                Needs {
                    signatures: 2 * hops,
                    verifications: 2 * hops,
                    hashes: hops * (2 * HASHES_PER_ENVELOPE + HASHES_PER_LOCK),
                    syncs: path_syncs + hops,
                    path: Path { signatures: hops, verifications: hops, syncs: path_syncs },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: names are those that later runs are compared by.
    #[test]
    fn names_are_stable() {
        let names: Vec<String> = all().iter().map(Case::name).collect();
        for name in ["channel.direct.1", "channel.mediated1.64", "channel.mediated3.8"] {
            assert!(names.iter().any(|found| found == name), "{name} is missing");
        }
    }

    /// Goal: the counts are those of the life of a transfer through one node in ARCHITECTURE.md.
    #[test]
    fn a_transfer_through_one_node_needs_nine_syncs() {
        let needs = Case { way: Way::Mediated(1), in_flight: 1 }.needs();
        assert_eq!((needs.signatures, needs.verifications, needs.syncs), (4, 4, 9));
        assert_eq!(needs.path.syncs, 7);
    }
}
