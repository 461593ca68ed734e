//! Lines that name a virtual account: level 1 of matching, where the amount is exact too. The number stands for
//! the obligation's code, so everything else is as for a code.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::evidence::Evidence;
use super::matching::Rule;
use super::query::StoredLine;
use crate::error::Result;
use crate::id::LineId;
use crate::obligation::reference::CodeBook;
use crate::obligation::virtual_account::{self, Range, codes_in};
use crate::statement::LineTexts;
use crate::store::Conn;

const RULE: &str = "virtual_account";

/// The codes that open lines name by numbers.
pub struct ByNumber {
    ranges: Vec<Range>,
    codes: HashMap<LineId, HashSet<String>>,
}

impl ByNumber {
    pub fn read(conn: &mut Conn) -> Result<ByNumber> {
        Ok(ByNumber { ranges: virtual_account::all(conn)?, codes: HashMap::new() })
    }

    /// Takes an open line in.
    pub fn look(&mut self, line: &StoredLine, texts: &LineTexts) {
        if self.ranges.is_empty() || line.is_posted || line.codes.is_empty() {
            return;
        }
        let found = codes_in(&CodeBook::hanoi(), &self.ranges, &texts.memo);
        if !found.is_empty() {
            self.codes.insert(line.id, found.iter().map(|code| code.as_str().to_owned()).collect());
        }
    }

    /// The rule and the evidence of a line as they are kept.
    pub fn told<'e>(
        &self,
        line: LineId,
        rule: &'static str,
        evidence: &'e [Evidence],
    ) -> (&'static str, Cow<'e, [Evidence]>) {
        let Some(codes) = self.codes.get(&line) else { return (rule, Cow::Borrowed(evidence)) };
        let named = |one: &Evidence| match one {
            Evidence::CodeVerified { code } if codes.contains(code) => {
                Evidence::VirtualAccount { code: code.clone() }
            }
            other => other.clone(),
        };
        let told: Vec<Evidence> = evidence.iter().map(named).collect();
        let is_named = told.iter().any(|one| matches!(one, Evidence::VirtualAccount { .. }));
        let is_first_level = is_named && rule == Rule::CodeAndAmount.as_str();
        (if is_first_level { RULE } else { rule }, Cow::Owned(told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_amount_under_a_number_is_the_first_level_and_any_other_says_the_number_too() {
        let codes = HashMap::from([(LineId(1), HashSet::from(["HNPH7K2MQ4X97".to_owned()]))]);
        let known = ByNumber { ranges: Vec::new(), codes };
        let evidence = [Evidence::CodeVerified { code: "HNPH7K2MQ4X97".into() }, Evidence::AmountExact];
        let (rule, told) = known.told(LineId(1), "code_and_amount", &evidence);
        assert_eq!(rule, "virtual_account");
        assert_eq!(told[0], Evidence::VirtualAccount { code: "HNPH7K2MQ4X97".into() });
        assert_eq!(known.told(LineId(1), "code_only", &evidence).0, "code_only");
        assert_eq!(known.told(LineId(2), "code_and_amount", &evidence).1.as_ref(), evidence);
        let other = [Evidence::CodeVerified { code: "HNPH00000000X".into() }];
        assert_eq!(known.told(LineId(1), "code_and_amount", &other).0, "code_and_amount");
    }
}
