//! The file's shapes, before any meaning is checked.

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFee {
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    /// `phi`, `le_phi`, `dich_vu`, `pass_through`
    pub kind: String,
    /// `receipt`, `invoice_vat`, `invoice_sales`, `invoice_vat_with_receipt`,
    /// `invoice_sales_with_receipt`, `none`; `invoice` is read as `invoice_sales`
    pub document: String,
    /// `TSuat` of what is sold on an invoice that shows the tax: `8%`, `KCT`, …
    pub vat_rate: Option<String>,
    pub chapter: Option<String>,
    pub sub_item: Option<String>,
    /// What a quantity counts; `hồ sơ` when absent.
    pub unit: Option<String>,
    pub unit_en: Option<String>,
    /// The item may have days without a charge between the first and the last row of a place and channel.
    #[serde(default)]
    pub may_pause: bool,
    #[serde(default)]
    pub kept_share: Vec<RawKeptShare>,
    #[serde(default)]
    pub charge: Vec<Spanned<RawCharge>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKeptShare {
    pub valid_from: String,
    pub basis_points: i64,
}

/// Exactly one of `per_unit`, `percent`, `tiers` and `stated` sets the price.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCharge {
    /// The whole city when neither kinds nor codes stand there.
    pub unit_kinds: Option<Vec<String>>,
    pub unit_codes: Option<Vec<String>>,
    /// All channels when absent.
    pub channels: Option<Vec<String>>,
    pub valid_from: String,
    pub valid_to: Option<String>,
    pub legal_ground: String,
    pub per_unit: Option<i64>,
    pub percent: Option<String>,
    pub tiers: Option<Vec<RawTier>>,
    pub stated: Option<bool>,
    /// `pages`, `copies` or `quantity`, for `per_unit` and `tiers`.
    pub of: Option<String>,
    /// For `tiers`: the result is for one copy.
    pub per_copy: Option<bool>,
    pub cap_per_copy: Option<i64>,
    pub cap: Option<i64>,
    pub floor: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTier {
    pub up_to: Option<i64>,
    pub price: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGroup {
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExemption {
    pub group: String,
    /// Every phí and lệ phí when absent.
    pub items: Option<Vec<String>>,
    pub percent: String,
    pub valid_from: String,
    pub valid_to: Option<String>,
    pub legal_ground: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProcedure {
    pub code: String,
    pub name: String,
    pub name_en: Option<String>,
    pub items: Vec<String>,
}
