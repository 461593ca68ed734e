//! The tables of matching, as `schema.rs` has the others.

diesel::table! {
    gateway_terms (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        channel -> Text,
        marker -> Text,
        fee_bp -> Integer,
        fee_fixed -> BigInt,
        window_days -> Integer,
        valid_from -> Date,
        valid_until -> Date,
        agreement_no -> Text,
        maker_person_id -> BigInt,
        checker_person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    settlement (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        channel -> Text,
        reference -> Text,
        settled_on -> Date,
        gross -> BigInt,
        fee -> BigInt,
        net -> BigInt,
        imported_by -> Nullable<BigInt>,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        returned -> BigInt,
    }
}

diesel::table! {
    settlement_item (unit_id, settlement_id, item_no) {
        unit_id -> BigInt,
        settlement_id -> BigInt,
        item_no -> Integer,
        external_id -> Text,
        amount -> BigInt,
        fee -> BigInt,
        kind -> Text,
    }
}

diesel::table! {
    settlement_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        settlement_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        on_date -> Date,
        person_id -> Nullable<BigInt>,
        line_id -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    line_evidence (unit_id, line_id) {
        unit_id -> BigInt,
        line_id -> BigInt,
        rule -> Text,
        evidence -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    class_rule (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        name -> Text,
        version -> Integer,
        rank -> Integer,
        body -> Text,
        reason -> Text,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        checker_person_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    class_rule_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        rule_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    payer_alias (unit_id, account_hash, party_id) {
        unit_id -> BigInt,
        account_hash -> Text,
        party_id -> BigInt,
        line_id -> BigInt,
        created_at -> BigInt,
    }
}
