//! The tables of cash, cards and the Treasury, as `schema.rs` has the others.

diesel::table! {
    shift_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        shift_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> BigInt,
        account_id -> Nullable<BigInt>,
        amount -> BigInt,
        on_date -> Date,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    shift_count (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        shift_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        total -> BigInt,
        expected -> BigInt,
        person_id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    shift_pieces (unit_id, count_id, denomination) {
        unit_id -> BigInt,
        count_id -> BigInt,
        denomination -> BigInt,
        pieces -> BigInt,
    }
}

diesel::table! {
    shift_sign_off (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        shift_id -> BigInt,
        count_id -> BigInt,
        variance -> BigInt,
        maker_person_id -> BigInt,
        checker_person_id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    deposit_slip (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        amount -> BigInt,
        reference_code -> Text,
        maker_person_id -> BigInt,
        handed_on -> Date,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        credited -> BigInt,
    }
}

diesel::table! {
    deposit_part (unit_id, slip_id, shift_id) {
        unit_id -> BigInt,
        slip_id -> BigInt,
        shift_id -> BigInt,
        amount -> BigInt,
    }
}

diesel::table! {
    deposit_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        slip_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        amount -> BigInt,
        on_date -> Date,
        person_id -> Nullable<BigInt>,
        line_id -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    card_slip (unit_id, payment_id) {
        unit_id -> BigInt,
        payment_id -> BigInt,
        approval_code -> Text,
        terminal -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    pos_batch (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        reference -> Text,
        settled_on -> Date,
        sales -> BigInt,
        charged_back -> BigInt,
        fee -> BigInt,
        net -> BigInt,
        imported_by -> Nullable<BigInt>,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    pos_item (unit_id, batch_id, item_no) {
        unit_id -> BigInt,
        batch_id -> BigInt,
        item_no -> Integer,
        kind -> Text,
        approval_code -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    pos_match (unit_id, batch_id, item_no, revision) {
        unit_id -> BigInt,
        batch_id -> BigInt,
        item_no -> Integer,
        kind -> Text,
        payment_id -> BigInt,
        created_at -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    pos_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        batch_id -> BigInt,
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
    remittance (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        kind -> Text,
        year -> Integer,
        order_no -> BigInt,
        covered_until -> Date,
        amount -> BigInt,
        reference_code -> Text,
        treasury_account -> Nullable<Text>,
        treasury_code -> Nullable<Text>,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        checker_person_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    remittance_line (unit_id, remittance_id, line_no) {
        unit_id -> BigInt,
        remittance_id -> BigInt,
        line_no -> Integer,
        source_account -> Text,
        chapter -> Nullable<Text>,
        sub_item -> Nullable<Text>,
        amount -> BigInt,
    }
}

diesel::table! {
    remittance_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        remittance_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> Nullable<BigInt>,
        line_id -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        amount -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    remittable (unit_id, account_id, source_account) {
        unit_id -> BigInt,
        account_id -> BigInt,
        source_account -> Text,
        due -> BigInt,
        ordered -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    treasury_report (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        file_sha256 -> Text,
        row_count -> BigInt,
        imported_by -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    treasury_report_row (unit_id, report_id, line_no) {
        unit_id -> BigInt,
        report_id -> BigInt,
        line_no -> Integer,
        reference_code -> Text,
        chapter -> Text,
        sub_item -> Text,
        amount -> BigInt,
        on_date -> Date,
        status -> Text,
        reason -> Text,
        remittance_id -> Nullable<BigInt>,
        outcome -> Text,
    }
}

diesel::table! {
    remittance_line_status (unit_id, remittance_id, line_no) {
        unit_id -> BigInt,
        remittance_id -> BigInt,
        line_no -> Integer,
        status -> Text,
        reason -> Text,
        report_id -> BigInt,
        created_at -> BigInt,
    }
}
