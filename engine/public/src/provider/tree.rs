//! The ratchet tree as rows, one for each node: a merged commit then writes the path it changed and not the whole tree.

use super::codec::{head, skip, split, write_head};
use super::rows::Overlay;
use super::StorageError;

const SKELETON: u8 = b's';
const NODE_LISTS: [(&[u8], u8); 2] = [(b"leaf_nodes", b'l'), (b"parent_nodes", b'p')];

fn node_key(prefix: &[u8], list: u8, index: u64) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.push(list);
    key.extend_from_slice(&(index as u32).to_be_bytes());
    key
}

fn skeleton_key(prefix: &[u8]) -> Vec<u8> {
    let mut key = prefix.to_vec();
    key.push(SKELETON);
    key
}

/// Which list of nodes a map key names, if it names one.
fn node_list(name: &[u8]) -> Option<u8> {
    NODE_LISTS.iter().find(|(list, _)| *list == name).map(|(_, label)| *label)
}

/// Walk the maps of `bytes`: everything goes to `out` as it is, but a list of nodes to `on_list(label, n, rest)`,
/// which returns what follows it. OpenMLS serialises a tree as {tree: {leaf_nodes, parent_nodes, ..}, tree_hash}.
fn walk<'a>(
    bytes: &'a [u8],
    out: &mut Vec<u8>,
    on_list: &mut impl FnMut(u8, &'a [u8], &mut Vec<u8>) -> Result<&'a [u8], StorageError>,
) -> Result<&'a [u8], StorageError> {
    let map = head(bytes)?;
    if map.major != 5 {
        let rest = skip(bytes)?;
        out.extend_from_slice(&bytes[..bytes.len() - rest.len()]);
        return Ok(rest);
    }
    out.extend_from_slice(&bytes[..map.len]);
    let mut rest = &bytes[map.len..];
    for _ in 0..map.n {
        let name_head = head(rest)?;
        let (name, after) = split(&rest[name_head.len..], if name_head.major == 3 { name_head.n } else { u64::MAX })?;
        out.extend_from_slice(&rest[..rest.len() - after.len()]);
        rest = match (name, node_list(name)) {
            (_, Some(list)) => on_list(list, after, out)?,
            (b"tree", None) => walk(after, out, on_list)?,
            _ => {
                let rest = skip(after)?;
                out.extend_from_slice(&after[..after.len() - rest.len()]);
                rest
            }
        };
    }
    Ok(rest)
}

/// Write an encoded tree as rows below `prefix`; rows of nodes that are gone are deleted.
pub fn put(rows: &mut Overlay, prefix: &[u8], tree: &[u8]) -> Result<(), StorageError> {
    let mut skeleton = Vec::new();
    let mut nodes: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    walk(tree, &mut skeleton, &mut |list, bytes, out| {
        let array = head(bytes)?;
        if array.major != 4 {
            return Err(StorageError);
        }
        write_head(0, array.n, out); // in the skeleton the list's length stands for the list
        let mut rest = &bytes[array.len..];
        for index in 0..array.n {
            let after = skip(rest)?;
            nodes.push((node_key(prefix, list, index), rest[..rest.len() - after.len()].to_vec()));
            rest = after;
        }
        Ok(rest)
    })?;
    let mut kept = std::collections::BTreeSet::new();
    for (key, value) in nodes {
        kept.insert(key.clone());
        rows.put(key, value);
    }
    for (_, list) in NODE_LISTS {
        let mut prefix = prefix.to_vec();
        prefix.push(list);
        for key in rows.keys_with(&prefix) {
            if !kept.contains(&key) {
                rows.delete(&key);
            }
        }
    }
    rows.put(skeleton_key(prefix), skeleton);
    Ok(())
}

/// The encoded tree from its rows.
pub fn get(rows: &Overlay, prefix: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    let Some(skeleton) = rows.get(&skeleton_key(prefix)) else {
        return Ok(None);
    };
    let mut tree = Vec::new();
    walk(skeleton, &mut tree, &mut |list, bytes, out| {
        let count = head(bytes)?;
        write_head(4, count.n, out);
        for index in 0..count.n {
            out.extend_from_slice(rows.get(&node_key(prefix, list, index)).ok_or(StorageError)?);
        }
        Ok(&bytes[count.len..])
    })?;
    Ok(Some(tree))
}

pub fn delete(rows: &mut Overlay, prefix: &[u8]) {
    rows.delete_with(prefix);
}
