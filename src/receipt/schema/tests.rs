use super::*;
use crate::receipt::content::sample;
use crate::receipt::testing::{body_of, document};

#[test]
fn a_receipt_of_ours_fits_its_schema_signed_or_not() {
    let schema = schema("BLai", "BL-1.0").unwrap();
    schema.check(&document()).unwrap();
    check_body(&body_of(&sample::content())).unwrap();
}
