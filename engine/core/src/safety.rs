//! The safety number of two people: 60 digits that agree on both screens only if both know the same two chains.
//!
//! Each person's half is 30 digits of `SHA-256("inmost/1 safety" || org || u64(count) || chain_0 || ... || chain_k)` over all
//! the hashes of the chain as the reader's device knows it, chain_0 being the identity: six groups of five bytes, each modulo
//! 100,000 (as in Signal's numeric fingerprints). The smaller half stands first, so both see the same number. A server that
//! shows each of two people another partner must find a second chain with the very half of a given one, about 2^99 tries;
//! no birthday attack helps, because one half on each screen is that person's own. The number changes with every change of
//! either chain (device added or revoked, new recovery key): comparing it also compares the devices.

use inmost_public::ids::{sha256, Org};

const HALF_DIGITS: usize = 30;
const GROUP_BYTES: usize = 5;

/// 60 digits in 12 groups of five, separated by spaces. Each chain is the hashes chain_0 (the identity) to chain_k.
pub fn safety_number(org: Org, one: &[[u8; 32]], other: &[[u8; 32]]) -> String {
    let (one, other) = (half(org, one), half(org, other));
    let digits = if one <= other { one + &other } else { other + &one };
    let mut grouped = String::with_capacity(71);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 5 == 0 {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

fn half(org: Org, chain: &[[u8; 32]]) -> String {
    let count = (chain.len() as u64).to_be_bytes();
    let mut parts: Vec<&[u8]> = vec![b"inmost/1 safety", &org.0, &count];
    parts.extend(chain.iter().map(|hash| &hash[..]));
    let hash = sha256(&parts);
    hash.chunks_exact(GROUP_BYTES)
        .take(HALF_DIGITS / 5)
        .map(|bytes| bytes.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte)) % 100_000)
        .map(|group| format!("{group:05}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: Org = Org([1; 16]);

    #[test]
    fn both_people_see_the_same_sixty_digits() {
        let (alice, bob) = ([[1; 32], [2; 32]], [[3; 32]]);
        let number = safety_number(ORG, &alice, &bob);
        assert_eq!(number, safety_number(ORG, &bob, &alice));
        assert_eq!(number.chars().filter(char::is_ascii_digit).count(), 60);
        assert_eq!(number.split(' ').map(str::len).collect::<Vec<_>>(), [5; 12]);
    }

    #[test]
    fn another_identity_device_or_organisation_is_another_number() {
        let number = safety_number(ORG, &[[1; 32]], &[[3; 32]]);
        assert_ne!(number, safety_number(ORG, &[[1; 32]], &[[4; 32]]));
        assert_ne!(
            number,
            safety_number(ORG, &[[1; 32]], &[[3; 32], [5; 32]]),
            "a device that was added"
        );
        assert_ne!(number, safety_number(Org([2; 16]), &[[1; 32]], &[[3; 32]]));
    }
}
