//! Stories through the real server.

mod support;

use actix_web::http::Method;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::actor::Scope;
use crate::web::callback::refused;
use crate::web::query;
use support::{copies, with_service, with_service_as};

#[test]
fn a_dossier_is_raised_paid_by_transfer_and_its_receipt_is_downloaded() {
    with_service("whole-way", |service| async move {
        let raised = service.raise("H26-0001").await;
        assert_eq!((raised["total"].as_i64(), raised["state"].as_str()), (Some(10_000), Some("raised")));
        let code = raised["reference_code"].as_str().unwrap();
        let page = service.get("", &format!("/p/{code}")).await.text();
        for told in ["<svg", "Chưa nộp", "10.000 đ", "T*** T*** Mẫu", "Vì sao số tiền này"] {
            assert!(page.contains(told), "{told}: {page}");
        }
        assert!(
            !page.contains("001199000000") && !page.contains("Trần"),
            "no personal data on a public page"
        );

        let first = service.bank_says("N1", &format!("{code} LE PHI"), 4_000).await;
        assert_eq!(first.status, 200, "{}", first.text());
        let part = service.get("", &format!("/p/{code}")).await.text();
        assert!(part.contains("Đã nhận 4.000 đ, còn thiếu 6.000 đ"), "{part}");
        let id = raised["id"].as_str().unwrap();
        let qr = service.get(&service.dossier, &format!("/api/v1/obligations/{id}/qr")).await.json();
        assert_eq!(qr["amount"], 6_000);

        service.bank_says("N2", &format!("{code} LE PHI"), 6_000).await;
        service.seal().await;
        let whole = service.get(&service.dossier, &format!("/api/v1/obligations/{id}")).await.json();
        assert_eq!(whole["state"], "paid", "{whole}");
        let receipt = &whole["receipts"][0];
        let lookup = receipt["lookup_code"].as_str().unwrap();
        let shown = service.get("", &format!("/r/{lookup}")).await.text();
        assert!(shown.contains("đã ký số") && shown.contains("Mười nghìn đồng"), "{shown}");
        assert!(!shown.contains("001199000000"), "a link that is passed on shows nobody's personal id");
        let by_citizen = service.get("", &format!("/r/{lookup}.xml")).await;
        let by_system = service
            .get(&service.dossier, &format!("/api/v1/receipts/{}/xml", receipt["id"].as_str().unwrap()))
            .await;
        assert_eq!(
            by_citizen.header("content-disposition"),
            "attachment; filename=\"bien-lai-bl26e-0000001.xml\""
        );
        assert_eq!(by_citizen.body, by_system.body);
        assert!(by_citizen.text().contains("<Signature"));
    });
}

#[test]
fn a_dossier_that_ends_in_a_receipt_and_an_invoice_shows_both_everywhere() {
    with_service("two-documents", |service| async move {
        let mut asked = copies("H26-0010");
        let lines = asked["lines"].as_array_mut().unwrap();
        lines.push(json!({ "item": "sao_chup_ho_so", "quantity": 2 }));
        let raised = service.post(&service.dossier, "/api/v1/obligations", "K", &asked).await;
        assert_eq!(raised.status, 201, "{}", raised.text());
        let raised = raised.json();
        assert_eq!(
            (&raised["lines"][1]["vat_rate"], &raised["lines"][1]["amount"]),
            (&json!("8%"), &json!(21_600))
        );
        let id = raised["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/obligations/{id}/payments");
        let cash = json!({ "method": "cash", "amount": raised["total"] });
        service.post(&service.cashier, "/api/v1/shifts", "-", &json!({ "float": {} })).await;
        let taken = service.post(&service.cashier, &path, "P", &cash).await;
        assert_eq!(taken.status, 201, "{}", taken.text());
        let taken = taken.json();
        assert_eq!(taken["receipts"].as_array().map(Vec::len), Some(2), "{taken}");
        assert_eq!(taken["receipt"]["document_kind"], "receipt");
        assert_eq!(taken["receipts"][1]["document_kind"], "invoice_vat");
        assert_eq!(taken["receipts"][1]["title"], "Hóa đơn giá trị gia tăng");
        service.seal().await;

        let whole = service.get(&service.dossier, &format!("/api/v1/obligations/{id}")).await.json();
        let states: Vec<&str> =
            whole["receipts"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["signed", "signed"], "both are signed soon");
        let app = std::sync::Arc::clone(&service.app);
        actix_web::web::block(move || crate::worker::number_committed(&app)).await.unwrap().unwrap();
        let feed = service.get(&service.dossier, "/api/v1/obligations/changes").await.json();
        let paid =
            feed["changes"].as_array().unwrap().iter().find(|change| change["kind"] == "paid").unwrap();
        assert_eq!(paid["receipt"]["document_kind"], "receipt");
        let told: Vec<&Value> =
            paid["documents"].as_array().unwrap().iter().map(|one| &one["document_kind"]).collect();
        assert_eq!(told, ["receipt", "invoice_vat"]);

        let code = raised["reference_code"].as_str().unwrap();
        let page = service.get("", &format!("/p/{code}")).await.text();
        for told in ["Biên lai BL-26E số 0000001", "Hóa đơn giá trị gia tăng K26TAA số 00000001"]
        {
            assert!(page.contains(told), "{told}: {page}");
        }
        let lookup = |at: usize| whole["receipts"][at]["lookup_code"].as_str().unwrap().to_owned();
        let receipt = service.get("", &format!("/r/{}", lookup(0))).await.text();
        assert!(receipt.contains("Chứng từ cùng lần nộp") && receipt.contains(&lookup(1)), "{receipt}");
        let invoice = service.get("", &format!("/r/{}", lookup(1))).await.text();
        for told in ["Hóa đơn hợp lệ, đã ký số", "sao chụp", "21.600 đ", &lookup(0)] {
            assert!(invoice.contains(told), "{told}: {invoice}");
        }
        let file = service.get("", &format!("/r/{}.xml", lookup(1))).await;
        assert_eq!(
            file.header("content-disposition"),
            "attachment; filename=\"hoa-don-k26taa-00000001.xml\""
        );
        assert!(file.text().contains("<HDon><DLHDon "), "{}", file.text());
    });
}

#[test]
fn the_same_key_and_body_get_the_same_bytes_and_another_body_is_refused() {
    with_service("idempotent", |service| async move {
        let body = copies("H26-0002");
        let path = "/api/v1/obligations";
        let first = service.post(&service.dossier, path, "K1", &body).await;
        let again = service.post(&service.dossier, path, "K1", &body).await;
        assert_eq!((first.status, again.status), (201, 201), "{}", first.text());
        assert_eq!(first.body, again.body);
        let other = service.post(&service.dossier, path, "K1", &copies("H26-0003")).await;
        assert_eq!((other.status, other.code().as_str()), (409, "idempotency_key_reused"));
        assert_eq!(service.post(&service.dossier, path, "", &body).await.code(), "idempotency_key_missing");
        // Another client's key is another key.
        let cashier = service.post(&service.cashier, path, "K1", &body).await;
        assert_eq!(cashier.status, 201, "{}", cashier.text());
        assert_ne!(cashier.json()["id"], first.json()["id"]);
    });
}

#[test]
fn sixteen_copies_at_once_raise_one_obligation() {
    with_service("at-once", |service| async move {
        let body = copies("H26-0004");
        let sent = (0..16).map(|_| service.post(&service.dossier, "/api/v1/obligations", "K", &body));
        let mut ids = std::collections::BTreeSet::new();
        for reply in join_all(sent).await {
            match reply.status {
                201 => assert!(ids.insert(reply.json()["id"].to_string()) || ids.len() == 1),
                409 => {
                    assert_eq!(reply.code(), "idempotency_in_flight");
                    assert_eq!(reply.header("retry-after"), "1");
                }
                other => panic!("{other}: {}", reply.text()),
            }
        }
        assert_eq!(ids.len(), 1);
        let listed = service.get(&service.dossier, "/api/v1/obligations").await.json();
        assert_eq!(listed["obligations"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_refused_request_leaves_no_trace_and_may_be_corrected_under_its_key() {
    with_service("corrected", |service| async move {
        let mut wrong = copies("H26-0005");
        wrong["payer"]["personal_id"] = json!("12");
        let reply = service.post(&service.dossier, "/api/v1/obligations", "K", &wrong).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(reply.json()["error"]["field"], "payer.personal_id");
        for part in ["message", "message_en", "request_id"] {
            assert!(!reply.json()["error"][part].as_str().unwrap().is_empty(), "{part}");
        }
        assert_eq!(reply.json()["error"]["request_id"].as_str().unwrap(), reply.header("x-request-id"));
        let faults = [
            ("/due_on", json!("06/12/2026"), "due_on", "YYYY-MM-DD"),
            ("/submitted_at", json!("2026-11-29"), "submitted_at", "2026-11-29T08:00:00+07:00"),
            ("/lines/0/pages", json!(-1), "lines[0].pages", "from 0"),
        ];
        for (place, value, field, detail) in faults {
            let mut wrong = copies("H26-0005");
            *wrong.pointer_mut(place).expect(place) = value;
            let error = service.post(&service.dossier, "/api/v1/obligations", "K", &wrong).await.json();
            assert_eq!(error["error"]["field"], field, "{error}");
            assert!(error["error"]["detail"].as_str().unwrap().contains(detail), "{error}");
        }
        let mut unknown = copies("H26-0005");
        unknown["discount"] = json!(1);
        assert_eq!(
            service.post(&service.dossier, "/api/v1/obligations", "K", &unknown).await.code(),
            "json_unreadable"
        );
        assert_eq!(
            service.post(&service.dossier, "/api/v1/obligations", "K", &copies("H26-0005")).await.status,
            201
        );
    });
}

#[test]
fn whatever_is_wrong_with_an_obligation_is_said_of_its_field_and_nothing_is_raised() {
    with_service("each-field", |service| async move {
        let long = "Ơ".repeat(5_000);
        let wrong = [
            ("/receiving_unit", json!("99999"), "receiving_unit", "unit_not_found"),
            ("/dossier_code", json!(""), "dossier_code", "receipt_text_missing"),
            ("/intake_mode", json!("online"), "intake_mode", "intake_mode_unknown"),
            ("/due_on", json!("2026-09-01"), "due_on", "due_before_submission"),
            ("/due_on", json!("2126-09-09"), "due_on", "date_out_of_range"),
            ("/result_due_on", json!("2026-09-01"), "result_due_on", "due_before_submission"),
            ("/submitted_at", json!("1926-09-02T07:30:00+07:00"), "submitted_at", "date_out_of_range"),
            ("/submitted_at", json!("2026-09-04T00:00:00+07:00"), "submitted_at", "day_in_future"),
            ("/payer/phone", json!("12"), "payer.phone", "phone_unreadable"),
            ("/payer/email", json!("x"), "payer.email", "email_wrong"),
            ("/payer/tax_code", json!("0101234566"), "payer.tax_code", "tax_code_wrong"),
            ("/payer/name", json!(long), "payer.name", "field_too_long"),
            ("/lines", json!([]), "lines", "tariff_items_missing"),
            ("/lines/0/item", json!("khong_co"), "lines[0].item", "tariff_item_unknown"),
            ("/lines/0/pages", json!(0), "lines[0].pages", "quantity_not_positive"),
            ("/lines/0/copies", json!(5_000_000_000_u64), "lines[0].copies", "tariff_quantity_out_of_range"),
            ("/lines/0/base_value", json!("-1"), "lines[0].base_value", "amount_not_whole"),
            ("/exemptions", json!(["khong_co"]), "exemptions[0]", "tariff_group_unknown"),
        ];
        let mut astray = Vec::new();
        for (place, value, field, code) in wrong {
            let mut body = copies("H26-0006");
            let (holder, key) = place.rsplit_once('/').unwrap();
            let holder = body.pointer_mut(holder).unwrap();
            match key.parse::<usize>() {
                Ok(index) => holder[index] = value,
                Err(_) => holder[key] = value,
            }
            let reply = service.post(&service.dossier, "/api/v1/obligations", "K", &body).await;
            let told = &reply.json()["error"];
            if (told["field"].as_str(), told["code"].as_str()) != (Some(field), Some(code)) {
                astray.push(format!("{place}: {told}"));
            }
        }
        assert!(astray.is_empty(), "{astray:#?}");
        let listed = service.get(&service.dossier, "/api/v1/obligations?unit=00070").await.json();
        assert_eq!(listed["obligations"], json!([]));
        let mut landline = copies("H26-0006");
        landline["payer"]["phone"] = json!("(024) 3800 0000");
        landline["due_on"] = json!("2026-09-02");
        let taken = service.post(&service.dossier, "/api/v1/obligations", "K", &landline).await;
        assert_eq!(taken.status, 201, "{}", taken.text());
    });
}

#[test]
fn a_dossier_of_a_poor_household_owes_nothing_and_says_by_which_ground() {
    with_service("waived", |service| async move {
        let mut asked = copies("H26-0020");
        asked["lines"] = json!([{ "item": "ho_kinh_doanh" }]);
        asked["exemptions"] = json!(["ho_ngheo"]);
        let raised = service.post(&service.dossier, "/api/v1/obligations", "K", &asked).await;
        assert_eq!(raised.status, 201, "{}", raised.text());
        let raised = raised.json();
        assert_eq!((raised["state"].as_str(), raised["total"].as_i64()), (Some("waived"), Some(0)));
        let ground = raised["waived_ground"].as_str().unwrap();
        assert!(ground.contains("97/2015/QH13"), "{ground}");
        let code = raised["reference_code"].as_str().unwrap();
        let page = service.get("", &format!("/p/{code}")).await.text();
        for told in ["Được miễn, không phải nộp", ground] {
            assert!(page.contains(told), "{told}: {page}");
        }
        // Whoever pays all the same is owed it back; no receipt is made for nothing.
        service.bank_says("W1", code, 100_000).await;
        let path = format!("/api/v1/obligations/{}", raised["id"].as_str().unwrap());
        let after = service.get(&service.dossier, &path).await.json();
        assert_eq!((&after["state"], &after["receipts"]), (&json!("waived"), &json!([])), "{after}");
    });
}

#[test]
fn what_is_out_of_scope_does_not_exist_and_a_role_does_only_its_own() {
    with_service("scope", |service| async move {
        let raised = service.raise("H26-0006").await;
        let path = format!("/api/v1/obligations/{}", raised["id"].as_str().unwrap());
        assert_eq!(service.get("", &path).await.code(), "token_missing");
        assert_eq!(service.get("cli_0000000000001.x", &path).await.code(), "token_unknown");
        let stranger = service.get(&service.stranger, &path).await;
        assert_eq!((stranger.status, stranger.code().as_str()), (404, "obligation_not_found"));
        let raise = service.post(&service.stranger, "/api/v1/obligations", "K", &copies("X")).await;
        assert_eq!(raise.code(), "unit_not_found");
        let paid = service.post(&service.dossier, &format!("{path}/payments"), "K", &json!({})).await;
        assert_eq!((paid.status, paid.code().as_str()), (403, "role_not_allowed"));
        let seen = service.get(&service.stranger, "/api/v1/obligations/changes").await.json();
        assert_eq!(seen["changes"], json!([]));
    });
}

#[test]
fn a_dossier_system_sees_what_it_raised_and_a_unit_reader_sees_the_whole_unit() {
    with_service("own", |service| async move {
        let raised = service.raise("H26-0016").await;
        let paid = service.bank_says("OWN-1", raised["reference_code"].as_str().unwrap(), 10_000).await;
        assert_eq!(paid.status, 200, "{}", paid.text());
        service.seal().await;
        let path = format!("/api/v1/obligations/{}", raised["id"].as_str().unwrap());
        let whole = service.get(&service.dossier, &path).await.json();
        let receipt = format!("/api/v1/receipts/{}", whole["receipts"][0]["id"].as_str().unwrap());
        for token in [&service.dossier, &service.unit_reader, &service.finance] {
            assert_eq!(service.get(token, &path).await.status, 200);
            assert_eq!(service.get(token, &receipt).await.status, 200);
            let listed = service.get(token, "/api/v1/obligations").await.json();
            assert_eq!(listed["obligations"].as_array().unwrap().len(), 1);
        }
        let other = &service.neighbour;
        assert_eq!(service.get(other, &path).await.code(), "obligation_not_found");
        assert_eq!(service.get(other, &format!("{path}/qr")).await.code(), "obligation_not_found");
        assert_eq!(service.get(other, &receipt).await.code(), "receipt_not_found");
        assert_eq!(service.get(other, &format!("{receipt}/xml")).await.code(), "receipt_not_found");
        let cancel = service.post(other, &format!("{path}/cancel"), "", &json!({ "reason": "x" })).await;
        assert_eq!(cancel.code(), "obligation_not_found");
        assert_eq!(service.get(other, "/api/v1/obligations").await.json()["obligations"], json!([]));
        assert_eq!(service.get(other, "/api/v1/obligations/changes").await.json()["changes"], json!([]));
        let raise = service.post(&service.unit_reader, "/api/v1/obligations", "K", &copies("X")).await;
        assert_eq!(raise.code(), "role_not_allowed", "a reader changes nothing");
    });
}

#[test]
fn a_cashier_takes_cash_once_however_often_the_button_is_pressed() {
    with_service("cash", |service| async move {
        let raised = service.raise("H26-0007").await;
        let path = format!("/api/v1/obligations/{}/payments", raised["id"].as_str().unwrap());
        let body = json!({ "method": "cash", "amount": 10_000 });
        let without = service.post(&service.cashier, &path, "C", &body).await;
        assert_eq!(without.code(), "shift_not_open");
        let opened = service.post(&service.cashier, "/api/v1/shifts", "-", &json!({ "float": {} })).await;
        assert_eq!(opened.status, 201, "{}", opened.text());
        let short =
            service.post(&service.cashier, &path, "S", &json!({ "method": "cash", "amount": 1 })).await;
        assert_eq!(short.code(), "counter_full_amount_only");
        let first = service.post(&service.cashier, &path, "C", &body).await;
        assert_eq!(first.status, 201, "{}", first.text());
        assert_eq!(first.json()["receipt"]["number"], 1);
        assert_eq!(service.post(&service.cashier, &path, "C", &body).await.body, first.body);
        let anew = service.post(&service.cashier, &path, "D", &body).await;
        assert_eq!((anew.status, anew.code().as_str()), (409, "obligation_closed"));
        let page =
            service.get("", &format!("/p/{}", raised["reference_code"].as_str().unwrap())).await.text();
        assert!(page.contains("Đã nhận đủ tiền") && !page.contains("<svg"), "{page}");
    });
}

#[test]
fn the_feed_tells_every_change_in_order_with_the_receipts_link() {
    with_service("feed", |service| async move {
        let raised = service.raise("H26-0008").await;
        service.bank_says("N1", raised["reference_code"].as_str().unwrap(), 10_000).await;
        let app = std::sync::Arc::clone(&service.app);
        actix_web::web::block(move || crate::worker::number_committed(&app)).await.unwrap().unwrap();
        let page = service.get(&service.dossier, "/api/v1/obligations/changes?limit=1").await.json();
        assert_eq!(page["changes"][0]["kind"], "raised", "{page}");
        let rest = format!("/api/v1/obligations/changes?after={}", page["next"].as_str().unwrap());
        let page = service.get(&service.dossier, &rest).await.json();
        assert_eq!(page["changes"][0]["state"], "paid", "{page}");
        assert!(
            page["changes"][0]["receipt"]["links"]["xml"]
                .as_str()
                .unwrap()
                .starts_with("https://bienlai.example/r/")
        );
        let wrong = service.get(&service.dossier, "/api/v1/obligations/changes?after=17").await;
        assert_eq!(wrong.code(), "cursor_unreadable");
    });
}

#[test]
fn guessing_look_up_codes_is_slowed_down_and_answered_in_vietnamese() {
    with_service("guessing", |service| async move {
        let mut statuses = Vec::new();
        for guess in 0..14 {
            let reply = service.get("", &format!("/r/7K2MQ4X97AB{}", guess % 10)).await;
            assert!(reply.header("content-security-policy").contains("default-src 'none'"));
            if reply.status == 429 {
                assert!(!reply.header("retry-after").is_empty());
            }
            statuses.push(reply.status);
        }
        assert_eq!(&statuses[..12], [404; 12]);
        assert_eq!(&statuses[12..], [429, 429]);
        assert_eq!(
            service.get("", "/p/HNPH00000000X").await.status,
            429,
            "both kinds of code share the limit"
        );
    });
}

#[test]
fn an_unproven_callback_is_refused_and_a_trace_of_it_is_kept() {
    with_service("refused", |service| async move {
        let headers = [("x-bienlai-timestamp", "1"), ("x-bienlai-signature", "v1=00")];
        let reply =
            service.send(Method::POST, "/callback/vpbank", &headers, b"{\"amount\":1}".to_vec()).await;
        assert_eq!(reply.status, 401, "{}", reply.text());
        let huge = service.send(Method::POST, "/callback/vpbank", &headers, vec![b'x'; 10 << 20]).await;
        assert_eq!(huge.status, 413, "{}", huge.text());
        for path in ["/callback/nobody", "/callback/vqr", "/callback/vpbank/bank/api/transaction-sync"] {
            assert_eq!(service.send(Method::POST, path, &[], Vec::new()).await.status, 404, "{path}");
        }
        let app = &service.app;
        let kept = app.store.read(&Scope::All, |conn| query::refused(conn, 10)).unwrap();
        let opened: Vec<(String, Vec<u8>)> = kept
            .iter()
            .map(|one| {
                let head =
                    app.store.read(&Scope::All, |conn| refused::open_head(conn, &app.vault, one)).unwrap();
                assert!(
                    !one.head.windows(4).any(|bytes| bytes == b"amou" || bytes == b"xxxx"),
                    "in the clear"
                );
                (one.channel.clone(), head)
            })
            .collect();
        let expected = [vec![b'x'; 4_096], b"{\"amount\":1}".to_vec()];
        assert_eq!(opened, expected.map(|head| ("vpbank".to_owned(), head)));
        for _ in 0..30 {
            let reply = service.send(Method::POST, "/callback/vpbank", &headers, b"{}".to_vec()).await;
            assert_eq!(reply.status, 401, "each is answered");
        }
        let kept = app.store.read(&Scope::All, |conn| query::refused(conn, 100)).unwrap();
        // Ten a minute and source; a slow machine lets one or two more through.
        assert!((10..=13).contains(&kept.len()), "{} of a flood are kept", kept.len());
    });
}

#[test]
fn vietqr_fetches_its_token_and_reports_a_movement_with_it() {
    with_service("vietqr", |service| async move {
        use base64::Engine;
        let basic = base64::engine::general_purpose::STANDARD.encode("vietqr:password-of-vietqr");
        let basic = format!("Basic {basic}");
        let path = "/callback/vqr/api/token_generate";
        let token = service.send(Method::POST, path, &[("authorization", &basic)], Vec::new()).await;
        assert_eq!(token.status, 200, "{}", token.text());
        let bearer = format!("Bearer {}", token.json()["access_token"].as_str().unwrap());
        let raised = service.raise("H26-0009").await;
        let body = json!({
            "bankaccount": support::ACCOUNT_NO, "amount": 10_000, "transType": "C",
            "content": raised["reference_code"], "transactionid": "T1", "transactiontime": 1_788_310_800_000_i64,
        });
        let sync = "/callback/vqr/bank/api/transaction-sync";
        let headers = [("authorization", bearer.as_str())];
        let reply = service.send(Method::POST, sync, &headers, body.to_string().into_bytes()).await;
        assert_eq!(reply.json()["error"], Value::Bool(false), "{}", reply.text());
        // This channel is not trusted: the payer reads that the money is awaited.
        let page =
            service.get("", &format!("/p/{}", raised["reference_code"].as_str().unwrap())).await.text();
        assert!(page.contains("Đã nhận báo có, chờ xác nhận"), "{page}");
        assert_eq!(service.send(Method::POST, sync, &[], body.to_string().into_bytes()).await.status, 401);
    });
}

#[test]
fn an_exception_is_proposed_by_one_and_approved_by_another() {
    with_service("exception", |service| async move {
        service.bank_says("N9", "khong co ma", 7_000).await;
        let listed = service.get(&service.finance, "/api/v1/exceptions?state=open").await.json();
        let item = &listed["exceptions"][0];
        assert_eq!(
            (item["kind"].as_str(), item["amount"].as_i64()),
            (Some("unidentified_credit"), Some(7_000))
        );
        let path = format!("/api/v1/exceptions/{}", item["id"].as_str().unwrap());
        let body = json!({ "resolution": "acknowledge", "reason": "Chờ người chuyển" });
        let proposed = service.post(&service.finance, &format!("{path}/propose"), "", &body).await;
        assert_eq!(proposed.json()["exception"]["state"], "proposed", "{}", proposed.text());
        let own = service.post(&service.finance, &format!("{path}/approve"), "", &json!({})).await;
        assert_eq!((own.status, own.code().as_str()), (403, "maker_is_checker"));
        assert_eq!(
            service.get(&service.approver, &path).await.json()["proposal"]["resolution"],
            "acknowledge"
        );
        let refused = service
            .post(&service.approver, &format!("{path}/refuse"), "", &json!({ "reason": "Thiếu" }))
            .await;
        assert_eq!(refused.json()["exception"]["state"], "open", "{}", refused.text());
    });
}

#[test]
fn health_tells_what_it_is_and_what_waits() {
    with_service("health", |service| async move {
        assert_eq!(service.get("", "/healthz").await.status, 200);
        let ready = service.get("", "/readyz").await;
        assert_eq!((ready.status, ready.json()["ready"].clone()), (200, Value::Bool(true)));
        service.bank_says("N1", "khong co ma", 7_000).await;
        let metrics = service.get("", "/metrics").await.text();
        for name in [
            "bienlai_oldest_unproven_age_seconds",
            "bienlai_oldest_unexplained_age_seconds",
            "bienlai_receipts_unsigned",
        ] {
            assert!(metrics.contains(name), "{name}: {metrics}");
        }
        assert_eq!(service.get("", "/nowhere").await.code(), "path_not_found");
        assert_eq!(service.send(Method::DELETE, "/healthz", &[], Vec::new()).await.status, 405);
        assert!(service.get("", "/api").await.text().contains("POST /api/v1/obligations"));
        let page = service.get("", "/lookup").await.text();
        let style = page.split('"').find(|part| part.ends_with(".css")).unwrap().to_owned();
        assert!(service.get("", &style).await.header("content-type").starts_with("text/css"), "{style}");
    });
}

#[test]
fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let app = support::open("port");
    let mut app = std::sync::Arc::try_unwrap(app).unwrap_or_else(|_| panic!("nobody else holds it"));
    app.config.web.listen = taken.local_addr().unwrap();
    let running = std::sync::Arc::new(crate::app::Running::start(std::sync::Arc::new(app)).unwrap());
    let served = std::sync::Arc::clone(&running);
    let never = std::future::pending();
    let error = actix_web::rt::System::new().block_on(super::serve_until(served, |_| (), never)).unwrap_err();
    assert_eq!(error.code(), "port_taken");
    assert!(error.detail().contains(&taken.local_addr().unwrap().to_string()));
    std::sync::Arc::try_unwrap(running).unwrap_or_else(|_| panic!("nobody else holds it")).stop();
}

#[test]
fn anybody_learns_at_verify_what_the_signatures_of_a_file_are_worth() {
    with_service("verify", |service| async move {
        let form = service.get("", "/verify").await;
        assert_eq!(form.status, 200);
        assert!(
            form.text().contains("<form")
                && form.header("content-security-policy").contains("form-action 'self'")
        );
        let raised = service.raise("H26-0007").await;
        let code = raised["reference_code"].as_str().unwrap();
        service.bank_says("V1", &format!("{code} LE PHI"), 10_000).await;
        service.seal().await;
        let path = format!("/api/v1/obligations/{}", raised["id"].as_str().unwrap());
        let paid = service.get(&service.dossier, &path).await.json();
        let lookup = paid["receipts"][0]["lookup_code"].as_str().unwrap();
        let receipt = service.get("", &format!("/r/{lookup}.xml")).await.body;
        let tampered = String::from_utf8(receipt.clone()).unwrap().replacen("10000<", "90000<", 1);
        assert_ne!(tampered.as_bytes(), receipt);
        let foreign = include_bytes!("../../../fixtures/receipt/valid/invoice.xml");
        let intact = "Toàn vẹn: không bị sửa sau khi ký";
        for (file, said) in
            [(receipt.as_slice(), intact), (foreign, intact), (tampered.as_bytes(), "Không hợp lệ")]
        {
            let uploaded = upload(&service, file).await;
            let bare = service.send(Method::POST, "/verify", &[], file.to_vec()).await;
            for page in [uploaded, bare] {
                assert_eq!(page.status, 200);
                assert!(page.text().contains(said), "{said}: {}", page.text());
            }
        }
        let page = upload(&service, foreign).await.text();
        assert!(page.contains("Hóa đơn") && page.contains("9900000009"), "{page}");
        assert_eq!(upload(&service, b"").await.status, 400, "no file chosen");
        assert!(upload(&service, b"<a").await.text().contains("Không đọc được"));
        let without = upload(&service, b"%PDF-1.7").await;
        assert!(without.status == 409 && without.text().contains("không chứa tệp XML"), "{}", without.text());
        let large = service.send(Method::POST, "/verify", &[], vec![b' '; (4 << 20) + 1]).await;
        assert_eq!(large.status, 413, "{}", large.text());
    });
}

#[test]
fn with_authorities_configured_the_page_says_apart_what_is_intact_and_who_is_confirmed() {
    let file = format!("{}/fixtures/receipt/test-only-ca.pem", env!("CARGO_MANIFEST_DIR"));
    with_service_as("trust", &format!("[trust]\nauthority_files = [\"{file}\"]\n"), |service| async move {
        let known = include_bytes!("../../../fixtures/receipt/valid/invoice.xml");
        let page = upload(&service, known).await.text();
        assert!(page.contains("Hợp lệ") && page.contains("không bị sửa<"), "{page}");
        assert!(page.contains("(chứng thư thử nghiệm)"), "{page}");
        let stranger = include_bytes!("../../../fixtures/receipt/valid/invoice-of-a-stranger.xml");
        let page = upload(&service, stranger).await.text();
        assert!(page.contains("không bị sửa<") && page.contains("(không tin cậy)"), "{page}");
        assert!(page.contains("Không hợp lệ"), "{page}");
    });
}

#[test]
fn a_file_that_the_configuration_names_and_that_is_none_is_told_before_a_database_is_made() {
    let folder = std::env::temp_dir().join(format!("bienlai-no-file-{}", std::process::id()));
    for (section, name, file, code) in [
        ("trust", "authority_files", "/nowhere/ca.pem", "config_invalid"),
        ("trust", "authority_files", "Cargo.toml", "config_invalid"),
        ("books", "charts", "Cargo.toml", "chart_unreadable"),
    ] {
        let text = format!(
            "[database]\nurl = \"sqlite://{}/test.db\"\n[vault]\nmaster_key = \"{}\"\n\
             [{section}]\n{name} = [\"{file}\"]\n",
            folder.display(),
            "07".repeat(32)
        );
        let config = crate::config::Config::parse(&text).unwrap();
        let error = crate::app::App::open(config, crate::clock::Clock::System).err().unwrap();
        assert_eq!(error.code(), code);
        let told = error.to_string();
        assert!(told.starts_with(&format!("{section}.{name}: {file}")), "{told}");
        assert!(!folder.exists(), "{file}: nothing was made");
    }
}

#[test]
fn an_administrator_reads_the_certificates_and_what_is_alarmed() {
    with_service("keys", |service| async move {
        assert_eq!(service.get(&service.dossier, "/api/v1/keys").await.status, 403);
        assert_eq!(service.get("", "/api/v1/keys").await.status, 401);
        let token = service.administrator();
        let answer = service.get(&token, "/api/v1/keys").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let found = answer.json();
        let certificate = &found["certificates"][0];
        assert_eq!(
            (certificate["signs"].as_bool(), certificate["signer"].as_str()),
            (Some(true), Some("software"))
        );
        assert!(certificate["days_left"].as_i64().is_some_and(|days| days > 0), "{found}");
        assert!(!answer.text().contains("PRIVATE KEY") && !answer.text().contains("key_pem"), "{found}");
        // The service looks after its keys meanwhile: what it finds by itself may stand beside.
        let stale = |found: &Value| {
            let alarms = found["alarms"].as_array().cloned().unwrap_or_default();
            alarms.into_iter().find(|alarm| alarm["kind"] == "status_stale")
        };
        assert_eq!(stale(&found), None, "{found}");
        service.alarm_of_the_certificate();
        let alarm = stale(&service.get(&token, "/api/v1/keys").await.json()).expect("it is told");
        assert!(alarm["vi"].as_str().is_some_and(|text| text.contains("thu hồi")), "{alarm}");
    });
}

/// As a browser sends the form.
async fn upload(service: &support::Service, file: &[u8]) -> support::Reply {
    let head = b"--x7k\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xml\"\r\n\
                 Content-Type: text/xml\r\n\r\n";
    let body = [head.as_slice(), file, b"\r\n--x7k--\r\n"].concat();
    let headers = [("content-type", "multipart/form-data; boundary=x7k")];
    service.send(Method::POST, "/verify", &headers, body).await
}
