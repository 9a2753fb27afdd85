//! Padme padding: lengths rounded so that a size tells its class only, at most 12 % more (Nikitin et al., PURBs, PETS 2019).

/// The padded length of `len` bytes: of its floating-point form, only as many mantissa bits stay as the exponent has.
/// Saturates where rounding up would not fit; no limit of the protocol comes near.
pub fn padded_len(len: usize) -> usize {
    if len < 2 {
        return len; // log2 of 0 is undefined, and there is nothing to round.
    }
    let exponent = len.ilog2();
    let mantissa_bits = exponent.ilog2() + 1;
    let mask = (1usize << (exponent - mantissa_bits.min(exponent))) - 1;
    len.checked_add(mask).map_or(len, |sum| sum & !mask)
}

/// Appends zero bytes up to the padded length.
pub fn pad(plaintext: &mut Vec<u8>) {
    plaintext.resize(padded_len(plaintext.len()), 0);
}

/// Whether `padding` is exactly what `pad` appends to `len` bytes: any other padding would be a second form of one plaintext.
pub fn is_padding(len: usize, padding: &[u8]) -> bool {
    padded_len(len) == len + padding.len() && padding.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_adds_at_most_twelve_percent_and_never_shrinks() {
        for len in 0..200_000usize {
            let padded = padded_len(len);
            assert!(padded >= len && (padded - len) * 100 <= len * 12, "{len} -> {padded}");
            assert_eq!(padded_len(padded), padded, "a class is its own class");
        }
    }

    #[test]
    fn a_padded_size_tells_its_class_only() {
        let classes: std::collections::BTreeSet<usize> = (1..=65_536).map(padded_len).collect();
        assert!(classes.len() < 300, "{} sizes for 65,536 lengths", classes.len());
        assert_eq!(padded_len(1_000), padded_len(1_020));
    }

    #[test]
    fn no_length_overflows() {
        assert_eq!(padded_len(usize::MAX), usize::MAX);
    }
}
