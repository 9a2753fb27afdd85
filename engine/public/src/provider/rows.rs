//! Rows and what changed of them: an overlay that is taken as a delta or thrown away, so that an error changes nothing.

use std::collections::BTreeMap;

/// A row as the host persists it; None is a deletion. A key beginning with `group_prefix(group)` belongs to that group.
pub type Row = (Vec<u8>, Option<Vec<u8>>);

/// What changed, by key.
pub type Changes = Vec<Row>;

/// A row cannot be written or read (damaged, or of a newer version).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a row of the group's state cannot be written or read")]
pub struct StorageError;

/// What the keys of all rows of a group begin with.
pub fn group_prefix(group: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 + group.len());
    key.push(b'g');
    key.push(group.len() as u8);
    key.extend_from_slice(group);
    key
}

/// Persisted rows, and above them what changed since.
#[derive(Default)]
pub struct Overlay {
    base: BTreeMap<Vec<u8>, Vec<u8>>,
    changed: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Overlay {
    pub fn get(&self, key: &[u8]) -> Option<&Vec<u8>> {
        match self.changed.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.base.get(key),
        }
    }

    /// Writing what is persisted already is no change.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        if self.base.get(&key) == Some(&value) {
            self.changed.remove(&key);
        } else {
            self.changed.insert(key, Some(value));
        }
    }

    pub fn delete(&mut self, key: &[u8]) {
        if self.base.contains_key(key) {
            self.changed.insert(key.to_vec(), None);
        } else {
            self.changed.remove(key);
        }
    }

    pub fn keys_with(&self, prefix: &[u8]) -> Vec<Vec<u8>> {
        let mut keys: Vec<_> = starting_with(&self.base, prefix)
            .filter(|(key, _)| !self.changed.contains_key(*key))
            .map(|(key, _)| key.clone())
            .collect();
        keys.extend(
            starting_with(&self.changed, prefix).filter(|(_, value)| value.is_some()).map(|(key, _)| key.clone()),
        );
        keys.sort();
        keys
    }

    pub fn delete_with(&mut self, prefix: &[u8]) {
        for key in self.keys_with(prefix) {
            self.delete(&key);
        }
    }

    /// The changes, which from here on count as persisted.
    pub fn take_delta(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        for (key, value) in &changed {
            match value {
                Some(value) => self.base.insert(key.clone(), value.clone()),
                None => self.base.remove(key),
            };
        }
        changed.into_iter().collect()
    }

    pub fn discard(&mut self) {
        self.changed.clear();
    }

    /// Rows as they were persisted.
    pub fn load(&mut self, rows: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) {
        self.base.extend(rows);
    }

    /// Forget persisted rows with this prefix, to save memory; they can be loaded again.
    pub fn unload(&mut self, prefix: &[u8]) {
        let keys: Vec<_> = starting_with(&self.base, prefix).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.base.remove(&key);
        }
    }

    pub fn rows_with(&self, prefix: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let row = |key: Vec<u8>| self.get(&key).cloned().map(|value| (key, value));
        self.keys_with(prefix).into_iter().filter_map(row).collect()
    }
}

fn starting_with<'a, V>(map: &'a BTreeMap<Vec<u8>, V>, prefix: &'a [u8]) -> impl Iterator<Item = (&'a Vec<u8>, &'a V)> {
    map.range::<[u8], _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, value: &str) -> (Vec<u8>, Vec<u8>) {
        (key.into(), value.into())
    }

    #[test]
    fn only_what_differs_from_the_persisted_rows_is_a_change() {
        let mut rows = Overlay::default();
        rows.load([row("a", "1"), row("b", "2")]);
        rows.put(b"a".to_vec(), b"1".to_vec());
        rows.put(b"b".to_vec(), b"3".to_vec());
        rows.put(b"b".to_vec(), b"2".to_vec());
        rows.put(b"c".to_vec(), b"4".to_vec());
        rows.delete(b"c");
        rows.delete(b"never there");
        assert_eq!(rows.take_delta(), vec![]);
        rows.delete(b"a");
        rows.put(b"d".to_vec(), b"5".to_vec());
        assert_eq!(rows.keys_with(b""), vec![b"b".to_vec(), b"d".to_vec()]);
        assert_eq!(rows.take_delta(), vec![(b"a".to_vec(), None), (b"d".to_vec(), Some(b"5".to_vec()))]);
        assert_eq!(rows.take_delta(), vec![]);
    }

    #[test]
    fn a_discarded_change_leaves_the_rows_as_they_were_persisted() {
        let mut rows = Overlay::default();
        rows.load([row("a", "1"), row("b", "2")]);
        rows.delete(b"a");
        rows.put(b"b".to_vec(), b"3".to_vec());
        rows.discard();
        assert_eq!(rows.rows_with(b""), vec![row("a", "1"), row("b", "2")]);
        assert_eq!(rows.take_delta(), vec![]);
    }
}
