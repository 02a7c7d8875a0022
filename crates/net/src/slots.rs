use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// Why a caller is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotRefusal {
    /// Too many connections.
    Total,
    /// Too many from this IP address.
    Ip,
    /// Too many that have not proved their identity.
    HalfOpen,
}

/// Counts the connections others have with us, to bound them.
#[derive(Debug)]
pub(crate) struct Slots {
    total_max: usize,
    per_ip_max: usize,
    half_open_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    half_open: usize,
    per_ip: HashMap<IpAddr, usize>,
}

/// The right to one connection; given back when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    ip: IpAddr,
    is_half_open: bool,
}

impl Slots {
    pub(crate) fn new(limits: &crate::Limits) -> Arc<Self> {
        Arc::new(Self {
            total_max: limits.accepted_connections,
            per_ip_max: limits.accepted_connections_per_ip,
            half_open_max: limits.half_open_connections,
            taken: Mutex::default(),
        })
    }

    /// Takes a slot for a caller that has not proved its identity yet.
    pub(crate) fn take(self: &Arc<Self>, ip: IpAddr) -> Result<Slot, SlotRefusal> {
        let ip = ip.to_canonical();
        let mut taken = self.lock();
        let from_ip = taken.per_ip.get(&ip).copied().unwrap_or(0);
        if taken.total >= self.total_max {
            return Err(SlotRefusal::Total);
        }
        if from_ip >= self.per_ip_max {
            return Err(SlotRefusal::Ip);
        }
        if taken.half_open >= self.half_open_max {
            return Err(SlotRefusal::HalfOpen);
        }
        taken.total += 1;
        taken.half_open += 1;
        taken.per_ip.insert(ip, from_ip + 1);
        Ok(Slot { slots: Arc::clone(self), ip, is_half_open: true })
    }

    /// Says whether so many callers wait that new ones should show where they are first.
    pub(crate) fn is_busy(&self) -> bool {
        self.lock().half_open >= self.half_open_max.div_ceil(2)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Taken> {
        // The counts are adjusted without anything that can panic in between.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Notes that the caller has proved its identity.
    pub(crate) fn mark_proved(&mut self) {
        if std::mem::take(&mut self.is_half_open) {
            self.slots.lock().half_open -= 1;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.mark_proved();
        let mut taken = self.slots.lock();
        taken.total -= 1;
        if let Some(count) = taken.per_ip.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                taken.per_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use std::net::Ipv4Addr;

    fn ip(last: u8) -> IpAddr {
        Ipv4Addr::new(10, 0, 0, last).into()
    }

    #[test]
    fn every_bound_holds_and_slots_come_back() {
        let slots = Slots::new(&Limits {
            accepted_connections: 3,
            accepted_connections_per_ip: 2,
            half_open_connections: 2,
            ..Limits::default()
        });
        let mut first = slots.take(ip(1)).unwrap();
        assert!(slots.is_busy());
        let mut second = slots.take(ip(1)).unwrap();
        assert_eq!(slots.take(ip(2)).err(), Some(SlotRefusal::HalfOpen));
        first.mark_proved();
        second.mark_proved();
        assert_eq!(slots.take(ip(1)).err(), Some(SlotRefusal::Ip));
        let mapped = Ipv4Addr::new(10, 0, 0, 1).to_ipv6_mapped().into();
        assert_eq!(slots.take(mapped).err(), Some(SlotRefusal::Ip));
        let third = slots.take(ip(2)).unwrap();
        assert_eq!(slots.take(ip(3)).err(), Some(SlotRefusal::Total));
        drop((first, second, third));
        let taken = slots.lock();
        assert_eq!((taken.total, taken.half_open, taken.per_ip.len()), (0, 0, 0));
    }
}
