//! What of the money under a line is money still. Pure.

use crate::amount::Dong;
use crate::error::Result;

/// The places of the sums without a payment that stand in suspense; None where what `stands` there is less than they
/// are. A run that applied a paper after its line left the line's own movement, of the `whole` sum, beside what the
/// paper names: it came first, and no money stands under it any more.
pub fn standing(sums: &[Dong], whole: Dong, stands: Dong) -> Result<Option<Vec<usize>>> {
    let all: Vec<usize> = (0..sums.len()).collect();
    if Dong::sum(sums.iter().copied())? <= stands {
        return Ok(Some(all));
    }
    let Some(own) = sums.iter().position(|sum| *sum == whole) else { return Ok(None) };
    let rest: Vec<usize> = all.into_iter().filter(|place| *place != own).collect();
    let left = Dong::sum(rest.iter().filter_map(|place| sums.get(*place)).copied())?;
    Ok(Some(rest).filter(|_| left <= stands))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(sums: &[i64], whole: i64, stands: i64) -> Option<Vec<usize>> {
        let sums: Vec<Dong> = sums.iter().map(|sum| Dong(*sum)).collect();
        standing(&sums, Dong(whole), Dong(stands)).unwrap()
    }

    #[test]
    fn a_movement_that_a_late_paper_left_without_money_does_not_count() {
        assert_eq!(places(&[40], 40, 40), Some(vec![0]), "nobody has placed it");
        assert_eq!(places(&[40], 40, 0), Some(vec![]), "a paper came after it");
        assert_eq!(places(&[39, 15], 39, 15), Some(vec![1]), "what the paper names and nobody knows");
        assert_eq!(places(&[40, 40], 40, 40), Some(vec![1]), "the later one is the paper's");
        assert_eq!(places(&[25, 15], 50, 15), None, "somebody placed a part of it");
        assert_eq!(places(&[], 40, 0), Some(vec![]));
    }
}
