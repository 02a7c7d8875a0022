//! A vector that grows without copying and without spare memory worth mentioning.

/// Items of one chunk.
const CHUNK: usize = 1 << 14;

#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Copy> Chunks<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.len.is_multiple_of(CHUNK) {
            let capacity = if self.chunks.is_empty() { 0 } else { CHUNK };
            self.chunks.push(Vec::with_capacity(capacity));
        }
        self.chunks.last_mut().expect("pushed if there was none").push(item);
        self.len += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let item = self.chunks.last_mut()?.pop();
        if self.chunks.last().is_some_and(Vec::is_empty) {
            self.chunks.pop();
        }
        self.len -= usize::from(item.is_some());
        item
    }

    pub(crate) fn get(&self, index: usize) -> T {
        self.chunks[index / CHUNK][index % CHUNK]
    }

    pub(crate) fn set(&mut self, index: usize, item: T) {
        self.chunks[index / CHUNK][index % CHUNK] = item;
    }

    pub(crate) fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.capacity() * size_of::<T>()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_where_they_were_put() {
        let mut chunks = Chunks::default();
        (0..CHUNK * 2 + 1).for_each(|item| chunks.push(item));
        chunks.set(CHUNK, 7);
        assert_eq!((chunks.get(CHUNK - 1), chunks.get(CHUNK)), (CHUNK - 1, 7));
        assert_eq!((chunks.pop(), chunks.pop()), (Some(CHUNK * 2), Some(CHUNK * 2 - 1)));
        assert_eq!(chunks.len(), CHUNK * 2 - 1);
        chunks.push(1);
        assert_eq!(chunks.get(CHUNK * 2 - 1), 1);
    }
}
