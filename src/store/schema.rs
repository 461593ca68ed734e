//! Every table, once for both products. Kept equal to the migrations by a test.

diesel::table! {
    binary_floor (migration) {
        migration -> Text,
        oldest_binary -> Text,
    }
}

diesel::table! {
    node_lease (node) {
        node -> Integer,
        holder -> Text,
        reserved_until_ms -> BigInt,
        expires_ms -> BigInt,
    }
}

diesel::table! {
    work_lease (name) {
        name -> Text,
        holder -> Text,
        expires_ms -> BigInt,
    }
}

diesel::table! {
    holiday (day) {
        day -> Date,
        name -> Text,
    }
}

diesel::table! {
    provider_key (channel, external_id) {
        channel -> Text,
        external_id -> Text,
        unit_id -> BigInt,
        claim_id -> BigInt,
        movement_id -> BigInt,
    }
}

diesel::table! {
    public_code (code) {
        code -> Text,
        unit_id -> BigInt,
        kind -> Text,
        target_id -> BigInt,
    }
}

diesel::table! {
    idempotency (client_id, route, key) {
        client_id -> BigInt,
        route -> Text,
        key -> Text,
        request_sha256 -> Text,
        status -> Integer,
        answer -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    feed (feed_no) {
        feed_no -> BigInt,
        unit_id -> BigInt,
        obligation_id -> BigInt,
        event_id -> BigInt,
        sealed_at -> BigInt,
    }
}

diesel::table! {
    refused_event (id) {
        id -> BigInt,
        channel -> Text,
        code -> Text,
        source_sha256 -> Text,
        body_sha256 -> Text,
        body_head -> Binary,
        key_id -> Nullable<BigInt>,
        received_at -> BigInt,
    }
}

diesel::table! {
    tariff_edition (id) {
        id -> BigInt,
        sha256 -> Text,
        content -> Text,
        person_id -> Nullable<BigInt>,
        loaded_at -> BigInt,
    }
}

diesel::table! {
    unsealed (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
    }
}

diesel::table! {
    audit_entry (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        actor -> Text,
        action -> Text,
        subject -> Text,
        detail -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    audit_leaf (unit_id, seq) {
        unit_id -> BigInt,
        seq -> BigInt,
        entry_id -> BigInt,
        leaf_sha256 -> Text,
    }
}

diesel::table! {
    audit_root (unit_id, last_seq) {
        unit_id -> BigInt,
        last_seq -> BigInt,
        root_sha256 -> Text,
        previous_sha256 -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    audit_signature (unit_id, last_seq) {
        unit_id -> BigInt,
        last_seq -> BigInt,
        root_sha256 -> Text,
        certificate_id -> BigInt,
        signature -> Binary,
        signed_at -> BigInt,
    }
}

diesel::table! {
    job (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        dedupe -> Text,
        payload -> Text,
        run_at -> BigInt,
        leased_until -> BigInt,
        attempts -> Integer,
        last_error -> Nullable<Text>,
        done_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    unit (unit_id) {
        unit_id -> BigInt,
        code -> Text,
        name -> Text,
        kind -> Text,
        tax_code -> Text,
        budget_code -> Nullable<Text>,
        address -> Text,
        phone -> Nullable<Text>,
        parent_id -> Nullable<BigInt>,
        valid_from -> Date,
        created_at -> BigInt,
        valid_until -> Nullable<Date>,
    }
}

diesel::table! {
    unit_succession (unit_id, successor_id) {
        unit_id -> BigInt,
        successor_id -> BigInt,
        effective_on -> Date,
        decision -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    bank_account (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        bank_bin -> Text,
        account_no -> Text,
        holder_name -> Text,
        currency -> Text,
        opened_on -> Date,
        opening_balance -> BigInt,
        created_at -> BigInt,
        closed_on -> Nullable<Date>,
    }
}

diesel::table! {
    channel_trust (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        channel -> Text,
        level -> Text,
        valid_from -> Date,
        valid_until -> Date,
        agreement_no -> Text,
        claim_limit -> BigInt,
        unproven_limit -> BigInt,
        age_limit_days -> Integer,
        maker_person_id -> Nullable<BigInt>,
        checker_person_id -> Nullable<BigInt>,
        reason -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    receipt_series (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        document_kind -> Text,
        template -> Text,
        series -> Text,
        year -> Integer,
        last_allowed_no -> BigInt,
        registration -> Text,
        created_at -> BigInt,
        next_no -> BigInt,
        last_issued_on -> Nullable<Date>,
        state -> Text,
        phase -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    receipt_series_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        series_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        actor -> Text,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    series_audit (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        date -> Date,
        series_count -> BigInt,
        number_count -> BigInt,
        fault_count -> BigInt,
        document -> Binary,
        document_sha256 -> Text,
        previous_sha256 -> Text,
        signature -> Binary,
        certificate_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    signing_certificate (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        subject -> Text,
        serial -> Text,
        certificate_pem -> Text,
        chain_pem -> Text,
        key_id -> BigInt,
        key_cipher -> Binary,
        not_before -> BigInt,
        not_after -> BigInt,
        is_test -> Bool,
        created_at -> BigInt,
        signer -> Text,
        parameters -> Text,
        active_from -> Nullable<BigInt>,
        issuer -> Nullable<Text>,
    }
}

diesel::table! {
    key_alarm (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        certificate_id -> Nullable<BigInt>,
        detail -> Text,
        raised_at -> BigInt,
    }
}

diesel::table! {
    key_alarm_cleared (unit_id, alarm_id) {
        unit_id -> BigInt,
        alarm_id -> BigInt,
        cleared_at -> BigInt,
    }
}

diesel::table! {
    validation_evidence (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        certificate_id -> BigInt,
        kind -> Text,
        sha256 -> Text,
        document -> Binary,
        this_update -> BigInt,
        next_update -> Nullable<BigInt>,
        fetched_at -> BigInt,
    }
}

diesel::table! {
    certificate_revocation (unit_id, certificate_id) {
        unit_id -> BigInt,
        certificate_id -> BigInt,
        evidence_id -> BigInt,
        revoked_at -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    seal_evidence (unit_id, receipt_id) {
        unit_id -> BigInt,
        receipt_id -> BigInt,
        evidence_unit_id -> BigInt,
        crl_id -> Nullable<BigInt>,
        ocsp_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    timestamp_leaf (unit_id, kind, subject_id) {
        unit_id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
        date -> Date,
        position -> BigInt,
        sha256 -> Text,
    }
}

diesel::table! {
    daily_timestamp (unit_id, date) {
        unit_id -> BigInt,
        date -> Date,
        leaf_count -> BigInt,
        previous_sha256 -> Text,
        root_sha256 -> Text,
        token -> Binary,
        stamped_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    person (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        display_name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    api_client (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        name -> Text,
        person_id -> Nullable<BigInt>,
        role -> Text,
        scope -> Text,
        secret_sha256 -> Text,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    data_key (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        year -> Integer,
        created_at -> BigInt,
        wrapped -> Nullable<Binary>,
        destroyed_at -> Nullable<BigInt>,
        revision -> BigInt,
        master_id -> Nullable<Text>,
    }
}

diesel::table! {
    data_key_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        key_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        master_id -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    party (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        key_id -> BigInt,
        cipher -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    party_index (unit_id, kind, hash, party_id) {
        unit_id -> BigInt,
        kind -> Text,
        hash -> Text,
        party_id -> BigInt,
    }
}

diesel::table! {
    erasure (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        year -> Integer,
        reason -> Text,
        maker_person_id -> BigInt,
        checker_person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    obligation (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        reference_code -> Text,
        dossier_code -> Text,
        procedure_code -> Text,
        procedure_field -> Text,
        intake_mode -> Text,
        receiving_unit_id -> BigInt,
        competent_unit_id -> BigInt,
        submitted_at -> BigInt,
        result_due_on -> Nullable<Date>,
        due_on -> Date,
        electronic_required -> Bool,
        party_id -> BigInt,
        total -> BigInt,
        waived_ground -> Nullable<Text>,
        client_id -> Nullable<BigInt>,
        created_at -> BigInt,
        account_id -> BigInt,
        state -> Text,
        revision -> BigInt,
        allocated -> BigInt,
        adjusted -> BigInt,
        line_edition -> Integer,
    }
}

diesel::table! {
    obligation_line (unit_id, obligation_id, line_no) {
        unit_id -> BigInt,
        obligation_id -> BigInt,
        line_no -> Integer,
        item_code -> Text,
        item_name -> Text,
        kind -> Text,
        document_kind -> Text,
        measure_unit -> Text,
        quantity -> Text,
        unit_price -> Text,
        gross -> BigInt,
        reduction -> BigInt,
        reduction_percent -> Nullable<Text>,
        reduction_ground -> Nullable<Text>,
        amount -> BigInt,
        chapter -> Nullable<Text>,
        sub_item -> Nullable<Text>,
        kept_share_bp -> Integer,
        legal_ground -> Text,
        explanation -> Text,
        edition -> Integer,
        vat_rate -> Nullable<Text>,
    }
}

diesel::table! {
    unit_imprint (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        valid_from -> Date,
        email -> Nullable<Text>,
        treasury_account -> Nullable<Text>,
        treasury_code -> Nullable<Text>,
        principal_name -> Nullable<Text>,
        principal_tax_code -> Nullable<Text>,
        contract -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    obligation_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        obligation_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        allocated -> BigInt,
        payment_id -> Nullable<BigInt>,
        receipt_id -> Nullable<BigInt>,
        actor -> Text,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    raw_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        channel -> Text,
        key_id -> BigInt,
        cipher -> Binary,
        sha256 -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    movement (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        direction -> Text,
        amount -> BigInt,
        code -> Text,
        first_seen_on -> Date,
        created_at -> BigInt,
        proven -> BigInt,
        claimed_by -> Text,
        payment_id -> Nullable<BigInt>,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    movement_key (unit_id, key) {
        unit_id -> BigInt,
        key -> Text,
        movement_id -> BigInt,
    }
}

diesel::table! {
    movement_same_as (unit_id, later_id) {
        unit_id -> BigInt,
        later_id -> BigInt,
        earlier_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    claim (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        movement_id -> BigInt,
        channel -> Text,
        external_id -> Text,
        raw_event_id -> BigInt,
        account_id -> BigInt,
        direction -> Text,
        amount -> BigInt,
        code -> Text,
        bank_reference -> Nullable<Text>,
        trust -> Text,
        possible_duplicate -> Bool,
        occurred_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    channel_exposure (unit_id, account_id, channel) {
        unit_id -> BigInt,
        account_id -> BigInt,
        channel -> Text,
        unproven -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    parked_claim (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        channel -> Text,
        external_id -> Text,
        raw_event_id -> BigInt,
        code -> Text,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    payment (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        movement_id -> Nullable<BigInt>,
        account_id -> Nullable<BigInt>,
        method -> Text,
        channel -> Text,
        amount -> BigInt,
        obligation_id -> Nullable<BigInt>,
        shift_id -> Nullable<BigInt>,
        debit_account -> Text,
        accounting_date -> Date,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        unallocated -> BigInt,
        to_obligations -> BigInt,
        surplus -> BigInt,
        suspense -> BigInt,
        other_unit -> BigInt,
        reversed -> BigInt,
    }
}

diesel::table! {
    payment_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        payment_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        actor -> Text,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    allocation (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        payment_id -> BigInt,
        revision -> BigInt,
        from_bucket -> Text,
        to_bucket -> Text,
        obligation_id -> Nullable<BigInt>,
        amount -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    posting (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        debit_account -> Text,
        credit_account -> Text,
        amount -> BigInt,
        accounting_date -> Date,
        source_kind -> Text,
        source_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    shift (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        person_id -> BigInt,
        opened_on -> Date,
        opened_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    receipt (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        obligation_id -> BigInt,
        series_id -> BigInt,
        number -> BigInt,
        document_kind -> Text,
        template -> Text,
        series -> Text,
        amount -> BigInt,
        issued_on -> Date,
        collected_at -> BigInt,
        lookup_code -> Text,
        profile -> Text,
        body -> Binary,
        body_sha256 -> Text,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    receipt_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        receipt_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        actor -> Text,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    receipt_seal (unit_id, receipt_id) {
        unit_id -> BigInt,
        receipt_id -> BigInt,
        certificate_id -> BigInt,
        document -> Binary,
        document_sha256 -> Text,
        signed_at -> BigInt,
    }
}

diesel::table! {
    rendition (unit_id, receipt_id, revision, renderer) {
        unit_id -> BigInt,
        receipt_id -> BigInt,
        revision -> BigInt,
        renderer -> Text,
        document -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    receipt_due (unit_id, obligation_id, document_kind) {
        unit_id -> BigInt,
        obligation_id -> BigInt,
        document_kind -> Text,
        code -> Text,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    statement_file (unit_id, sha256) {
        unit_id -> BigInt,
        sha256 -> Text,
        format -> Text,
        key_id -> BigInt,
        cipher -> Binary,
        received_at -> BigInt,
    }
}

diesel::table! {
    statement (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        file_sha256 -> Text,
        position -> Integer,
        format -> Text,
        number -> Nullable<Text>,
        sequence -> Nullable<BigInt>,
        opening_on -> Date,
        opening -> BigInt,
        closing_on -> Date,
        closing -> BigInt,
        balance_basis -> Text,
        line_count -> Integer,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    statement_line (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        statement_id -> BigInt,
        account_id -> BigInt,
        line_no -> Integer,
        booking_date -> Date,
        value_date -> Nullable<Date>,
        amount -> BigInt,
        identity -> Text,
        reference -> Nullable<Text>,
        bank_reference -> Nullable<Text>,
        codes -> Text,
        damaged -> Text,
        key_id -> BigInt,
        memo_cipher -> Binary,
        is_reversal -> Bool,
        created_at -> BigInt,
        matched -> BigInt,
        class -> Nullable<Text>,
        posted_on -> Nullable<Date>,
        revision -> BigInt,
    }
}

diesel::table! {
    quarantined_line (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        statement_id -> BigInt,
        place -> Text,
        code -> Text,
        message -> Text,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    match_part (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        line_id -> BigInt,
        movement_id -> BigInt,
        amount -> BigInt,
        rule -> Text,
        evidence -> Text,
        maker_person_id -> Nullable<BigInt>,
        checker_person_id -> Nullable<BigInt>,
        undoes_id -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    line_case (unit_id, line_id) {
        unit_id -> BigInt,
        line_id -> BigInt,
        case_name -> Text,
        accounting_date -> Date,
        created_at -> BigInt,
    }
}

diesel::table! {
    exception (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Integer,
        dedupe -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        account_id -> Nullable<BigInt>,
        amount -> BigInt,
        owner -> Text,
        opened_on -> Date,
        due_on -> Date,
        detail -> Text,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        assignee_person_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    exception_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        exception_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        resolution -> Nullable<Text>,
        target_id -> Nullable<BigInt>,
        maker_person_id -> Nullable<BigInt>,
        checker_person_id -> Nullable<BigInt>,
        reason -> Text,
        at -> BigInt,
        owner -> Nullable<Text>,
        decision_no -> Nullable<Text>,
        decision_on -> Nullable<Date>,
        amount -> Nullable<BigInt>,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    day (unit_id, account_id, date) {
        unit_id -> BigInt,
        account_id -> BigInt,
        date -> Date,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    day_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        date -> Date,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        maker_person_id -> Nullable<BigInt>,
        checker_person_id -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    day_certificate (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        date -> Date,
        revision -> BigInt,
        opening -> BigInt,
        closing -> BigInt,
        document -> Binary,
        document_sha256 -> Text,
        previous_sha256 -> Text,
        signature -> Binary,
        certificate_id -> BigInt,
        created_at -> BigInt,
        clearing -> Nullable<BigInt>,
    }
}

diesel::table! {
    message (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        subject_kind -> Text,
        subject_id -> BigInt,
        channel -> Text,
        recipient_hash -> Text,
        key_id -> Nullable<BigInt>,
        cipher -> Nullable<Binary>,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        state -> Text,
        run_at -> BigInt,
        attempts -> Integer,
        revision -> BigInt,
    }
}

diesel::table! {
    message_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        message_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        via -> Nullable<Text>,
        code -> Nullable<Text>,
        reference -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    contact_consent (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        party_id -> BigInt,
        is_given -> Bool,
        source -> Text,
        given_on -> Date,
        actor -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    dossier_lookup (unit_id, dossier_hash) {
        unit_id -> BigInt,
        dossier_hash -> Text,
        created_at -> BigInt,
        failures -> Integer,
        failed_at -> BigInt,
        locked_until -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    one_time_code (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        dossier_hash -> Text,
        phone_hash -> Text,
        code_hash -> Text,
        expires_at -> BigInt,
        created_at -> BigInt,
        tries -> Integer,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    registration (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        form -> Text,
        notice_no -> Text,
        accepted_on -> Date,
        document_kinds -> Text,
        office_code -> Text,
        office_name -> Text,
        filing_id -> Nullable<BigInt>,
        actor -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    registration_certificate (unit_id, registration_id, ordinal) {
        unit_id -> BigInt,
        registration_id -> BigInt,
        ordinal -> Integer,
        issuer -> Text,
        serial -> Text,
        valid_from -> BigInt,
        valid_until -> BigInt,
        action -> Text,
    }
}

diesel::table! {
    filing (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        form -> Text,
        period -> Nullable<Text>,
        slot -> Nullable<Text>,
        earlier_id -> Nullable<BigInt>,
        profile -> Text,
        detail -> Text,
        body -> Binary,
        body_sha256 -> Text,
        maker_person_id -> Nullable<BigInt>,
        created_at -> BigInt,
        state -> Text,
        checker_person_id -> Nullable<BigInt>,
        revision -> BigInt,
    }
}

diesel::table! {
    filing_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        filing_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        actor -> Text,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    notice_receipt (unit_id, filing_id, ordinal) {
        unit_id -> BigInt,
        filing_id -> BigInt,
        ordinal -> Integer,
        receipt_id -> BigInt,
        reason -> Text,
    }
}

diesel::table! {
    transmission (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        filing_id -> BigInt,
        message_code -> Text,
        kind -> Integer,
        payload -> Binary,
        payload_sha256 -> Text,
        created_at -> BigInt,
        state -> Text,
        attempts -> Integer,
        run_at -> BigInt,
        revision -> BigInt,
    }
}

diesel::table! {
    transmission_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        transmission_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        detail -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    transmission_reply (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        transmission_id -> BigInt,
        message_code -> Text,
        kind -> Integer,
        verdict -> Text,
        faults -> Text,
        raw -> Binary,
        raw_sha256 -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    correction (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        receipt_id -> BigInt,
        obligation_id -> BigInt,
        kind -> Text,
        reason -> Text,
        agreement_no -> Text,
        agreement_on -> Date,
        agreement_about -> Text,
        party_id -> Nullable<BigInt>,
        profile -> Text,
        certainty -> Text,
        old_amount -> BigInt,
        new_amount -> BigInt,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        checker_person_id -> Nullable<BigInt>,
        document_kind -> Text,
        agreement_sha256 -> Nullable<Text>,
        withdrawal_maker_person_id -> Nullable<BigInt>,
        withdrawal_checker_person_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    correction_agreement (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        correction_id -> BigInt,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        key_id -> BigInt,
        cipher -> Binary,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    correction_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        correction_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> BigInt,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    correction_line (unit_id, correction_id, line_no) {
        unit_id -> BigInt,
        correction_id -> BigInt,
        line_no -> Integer,
        item_code -> Text,
        item_name -> Text,
        kind -> Text,
        document_kind -> Text,
        measure_unit -> Text,
        quantity -> Text,
        unit_price -> Text,
        gross -> BigInt,
        reduction -> BigInt,
        reduction_percent -> Nullable<Text>,
        reduction_ground -> Nullable<Text>,
        amount -> BigInt,
        chapter -> Nullable<Text>,
        sub_item -> Nullable<Text>,
        kept_share_bp -> Integer,
        legal_ground -> Text,
        explanation -> Text,
        vat_rate -> Nullable<Text>,
    }
}

diesel::table! {
    receipt_relation (unit_id, correction_id) {
        unit_id -> BigInt,
        correction_id -> BigInt,
        receipt_id -> BigInt,
        original_id -> BigInt,
        action -> Text,
        account_id -> BigInt,
        posted_on -> Date,
        difference -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    awaited_document (unit_id, correction_id) {
        unit_id -> BigInt,
        correction_id -> BigInt,
        obligation_id -> BigInt,
        original_id -> BigInt,
        action -> Text,
        party_id -> Nullable<BigInt>,
        note -> Text,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
    }
}

diesel::table! {
    refund (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        payment_id -> BigInt,
        account_id -> BigInt,
        amount -> BigInt,
        reference_code -> Text,
        reason -> Text,
        correction_id -> Nullable<BigInt>,
        maker_person_id -> BigInt,
        created_at -> BigInt,
        state -> Text,
        revision -> BigInt,
        checker_person_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    refund_event (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        refund_id -> BigInt,
        revision -> BigInt,
        kind -> Text,
        state -> Text,
        person_id -> Nullable<BigInt>,
        line_id -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        at -> BigInt,
    }
}

diesel::table! {
    refund_payee (unit_id, id) {
        unit_id -> BigInt,
        id -> BigInt,
        refund_id -> BigInt,
        key_id -> BigInt,
        cipher -> Binary,
        person_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    feed,
    obligation_event,
    obligation,
    receipt,
    receipt_seal,
    seal_evidence,
    signing_certificate,
    certificate_revocation,
    validation_evidence,
    timestamp_leaf,
    daily_timestamp,
    key_alarm,
    key_alarm_cleared,
    receipt_event,
    statement,
    statement_line,
    match_part,
    movement,
    exception,
    exception_event,
    day,
    day_certificate,
    bank_account,
    unit,
    payment,
    claim,
    line_case,
);
diesel::allow_tables_to_appear_in_same_query!(filing, filing_event);
diesel::allow_tables_to_appear_in_same_query!(refund, refund_event);
diesel::allow_tables_to_appear_in_same_query!(quarantined_line, statement);
diesel::allow_tables_to_appear_in_same_query!(refund, payment);
diesel::allow_tables_to_appear_in_same_query!(refund, movement);
diesel::allow_tables_to_appear_in_same_query!(raw_event, unit);
diesel::allow_tables_to_appear_in_same_query!(message, receipt);
diesel::allow_tables_to_appear_in_same_query!(message, obligation);
