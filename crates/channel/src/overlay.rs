use std::collections::BTreeMap;

/// A map with changes on top that can still be thrown away.
///
/// A step of the protocol reads and writes through overlays; only a step that succeeds is merged,
/// so a refused event cannot leave a trace.
#[derive(Debug)]
pub(crate) struct Overlay<'a, K, V> {
    base: &'a BTreeMap<K, V>,
    changed: BTreeMap<K, Option<V>>,
}

impl<'a, K: Ord + Copy, V: Clone> Overlay<'a, K, V> {
    pub(crate) const fn new(base: &'a BTreeMap<K, V>) -> Self {
        Self { base, changed: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        match self.changed.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.base.get(key),
        }
    }

    pub(crate) fn contains(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Returns the value for writing; it counts as changed from now on.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let base = self.base;
        self.changed.entry(*key).or_insert_with(|| base.get(key).cloned()).as_mut()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.changed.insert(key, Some(value));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.get(key).cloned();
        if value.is_some() {
            self.changed.insert(*key, None);
        }
        value
    }

    /// Returns the values as they were before the step.
    pub(crate) const fn base(&self) -> &'a BTreeMap<K, V> {
        self.base
    }

    pub(crate) fn into_changed(self) -> BTreeMap<K, Option<V>> {
        self.changed
    }
}

/// Merges changes into the map they were made on.
pub(crate) fn merge<K: Ord, V>(map: &mut BTreeMap<K, V>, changed: BTreeMap<K, Option<V>>) {
    for (key, value) in changed {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}
