//! Where a payer reads what staff type: said in one wording (`payer_reads`) on the pages, in the service's document
//! and in the help of commands.

use std::sync::LazyLock;

use super::catalogue::Endpoint;
use crate::web::pages::wording::Lang;

const KEY: &str = "payer_reads";

/// What of a step the payer reads: always, or where it answers what a payer said (an item of kind 33).
const READ: [(&str, &str, bool); 5] = [
    ("POST", "/api/v1/exceptions/bulk", true),
    ("POST", "/api/v1/exceptions/{id}/propose", true),
    ("POST", "/api/v1/exceptions/{id}/resolve", true),
    ("POST", "/finance/refund-requests/{id}/answer", false),
    ("POST", "/api/v1/tax/notices", false),
];

/// What is said of an endpoint: Vietnamese, English.
pub fn said(endpoint: &Endpoint) -> Option<(String, String)> {
    let found = READ.iter().find(|(method, path, _)| (*method, *path) == (endpoint.method, endpoint.path));
    found.map(|(.., is_answer)| (words(Lang::Vi, *is_answer), words(Lang::En, *is_answer)))
}

fn words(lang: Lang, is_answer: bool) -> String {
    let what = match is_answer {
        true => lang
            .pick("reason, khi trả lời lời báo của người nộp", "reason, where it answers what a payer said"),
        false => "reason",
    };
    format!("{what}: {}", lang.t(KEY))
}

/// The help of `--reason` where it may answer what a payer said.
pub fn help_of_answer() -> &'static str {
    static HELP: LazyLock<String> = LazyLock::new(|| {
        format!("The reason; it is kept. Where it answers what a payer said: {}", Lang::En.t(KEY))
    });
    &HELP
}

/// The help of the reason of a notice 04/SS.
pub fn help_of_notice() -> &'static str {
    static HELP: LazyLock<String> =
        LazyLock::new(|| format!("What is wrong and what is right. {}", Lang::En.t(KEY)));
    &HELP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::catalogue::endpoints;

    #[test]
    fn every_step_whose_reason_a_payer_reads_says_so_in_the_one_wording() {
        let told = endpoints().into_iter().filter_map(said).collect::<Vec<_>>();
        assert_eq!(told.len(), READ.len(), "each is a step of the service");
        for (vi, en) in told {
            assert!(vi.ends_with(Lang::Vi.t(KEY)) && en.ends_with(Lang::En.t(KEY)), "{vi} {en}");
        }
        assert!(help_of_notice().ends_with(Lang::En.t(KEY)) && help_of_answer().ends_with(Lang::En.t(KEY)));
    }
}
