//! The seven nodes of the API's document, with the deposits of its picture.

use super::world::World;

/// Node, node, deposit, deposit.
pub(crate) const CHANNELS: [(usize, usize, u64, u64); 8] = [
    (1, 2, 300, 300),
    (2, 3, 50, 50),
    (2, 4, 90, 90),
    (2, 7, 70, 70),
    (3, 6, 300, 50),
    (3, 7, 60, 60),
    (4, 5, 90, 90),
    (5, 6, 80, 80),
];

pub(crate) fn seven_nodes() -> World {
    World::with_channels(7, &CHANNELS)
}
