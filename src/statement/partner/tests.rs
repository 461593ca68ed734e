use super::*;
use crate::amount::Dong;
use crate::statement::code_page::decode_tcvn3;

/// What is read, or the first row that is not.
fn settled(bytes: &[u8]) -> Result<Settled, Fault> {
    read(bytes, Kind::Pos, &Own::default())?.settled().map_err(|mut faults| faults.remove(0))
}

/// The codes and amounts of a text.
fn told(bytes: &[u8]) -> Vec<(String, i64)> {
    let settled = settled(bytes).unwrap_or_else(|fault| panic!("{fault:?}: {}", fault.why.en()));
    settled.items.into_iter().map(|item| (item.key, item.amount.0)).collect()
}

#[track_caller]
fn refused(text: &str, line: usize, why: &Why) {
    let fault = settled(text.as_bytes()).expect_err(text);
    assert_eq!((fault.line, &fault.why), (line, why), "{text}");
    assert!(!fault.why.vi().is_empty() && fault.why.vi() != fault.why.en());
}

const TABLE: &str = "Bảng kê\n\nMã chuẩn chi;Số tiền;Phí\nA00001;25.000;275\nA00002;1.250.000;13.750\n";

#[test]
fn a_table_is_read_in_the_old_and_the_wide_encodings_too() {
    let wanted = [("A00001".to_owned(), 25_000), ("A00002".to_owned(), 1_250_000)];
    assert_eq!(told(TABLE.as_bytes()), wanted);
    let wide: Vec<u8> =
        std::iter::once(0xFEFF).chain(TABLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(told(&wide), wanted);
    let letters: Vec<(String, u8)> = (0x80..=0xFF).map(|byte: u8| (decode_tcvn3(&[byte]).0, byte)).collect();
    let old: Vec<u8> = TABLE
        .chars()
        .map(|letter| {
            let known = letters.iter().find(|(text, _)| text.starts_with(letter));
            if letter.is_ascii() { u8::try_from(letter).unwrap() } else { known.unwrap().1 }
        })
        .collect();
    assert_eq!(told(&old), wanted);
}

#[test]
fn a_column_that_is_missing_is_named_with_those_that_were_found() {
    let fault = settled("Mã máy;Số tiền;Phí\nT1;25.000;275\n".as_bytes()).unwrap_err();
    assert_eq!(fault.line, 1);
    assert_eq!(fault.why.vi(), "thiếu cột “Mã chuẩn chi”; các cột tìm thấy: Mã máy, Số tiền, Phí");
    assert_eq!(fault.error("items", "x").code(), "partner_column_missing");
    refused("Alpha;Beta;Gamma\n1;2;3\n", 1, &Why::NoTable);
    refused("Mã chuẩn chi;Số tiền;Số tiền\nA00001;1.000;900\n", 1, &Why::ColumnTwice(Field::Amount));
}

#[test]
fn a_formula_or_a_number_that_a_spreadsheet_rewrote_is_no_code_and_no_amount() {
    for key in ["=1+1", "=HYPERLINK(1)", "@SUM(A1)", "-2+3", "+cmd", "4.56E+14", ""] {
        refused(&format!("Ngày;Approval code;Amount\n25/11/2026;{key};25.000\n"), 2, &Why::Key);
    }
    for amount in ["=1+1", "25.00O0.1", "1,5", "2.50", "0", "12a"] {
        refused(&format!("Approval code;Amount\nA00001;{amount}\n"), 2, &Why::Amount);
    }
    let quoted = "Approval code,Amount\n\"=\"\"A00001\"\"\",\"=\"\"25000\"\"\"\n";
    assert_eq!(told(quoted.as_bytes()), [("A00001".to_owned(), 25_000)], "a text that was kept one");
}

#[test]
fn cells_that_do_not_fit_the_headings_are_refused() {
    refused("Approval code,Amount,Fee\nA00001,25,000,275\n", 2, &Why::Cells);
    refused("Approval code,Amount,Fee\nA00001,25000,275\nA00002,250", 3, &Why::Cells);
    let wide = format!("Approval code,Amount\nA00001,25000{}\n", ",x".repeat(2_000));
    refused(&wide, 2, &Why::TooWide);
    refused(&format!("Approval code,Amount{}\nA00001,25000\n", ",x".repeat(100_000)), 1, &Why::NoTable);
    let two = "Approval code,Amount\nA00001,25000\nApproval code,Amount,Fee\nA00002,25000,275\n";
    refused(two, 3, &Why::SeveralTables);
}

#[test]
fn every_row_that_cannot_be_read_is_told_once_with_its_column_and_no_sum_is_compared_meanwhile() {
    let table = "Approval code;Amount;Fee\nA00001;25.000;275\nA00002;1,5;275\nA00003;25.000\n=A4;1.000;275\n\
                 A00005;25.000;-275\nTổng cộng;99.999;0\n";
    let faults = read(table.as_bytes(), Kind::Pos, &Own::default()).unwrap().settled().unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.line, fault.column, fault.why.clone())).collect();
    let wanted = [
        (3, Some(Field::Amount), Why::Amount),
        (4, None, Why::Cells),
        (5, Some(Field::ApprovalCode), Why::Key),
        (6, Some(Field::Fee), Why::Fee),
    ];
    assert_eq!(told, wanted);
    assert_eq!(place_vi(3, told[0].1), "dòng 3, cột “Số tiền”");
    assert!(faults[0].error("items", "x").detail().starts_with("line 3, column “Amount”: "));
}

#[test]
fn other_money_and_transactions_that_failed_are_not_taken() {
    refused("Approval code;Amount;Currency\nA00001;25.000;USD\n", 2, &Why::Currency);
    refused("Approval code;Amount\nA00001;25.000 USD\n", 2, &Why::Currency);
    refused("Approval code;Amount;Trạng thái\nA00001;25.000;Thất bại\n", 2, &Why::State);
    refused("Approval code;Amount;Fee\nA00001;25.000;275\nA00002;25.000;-275\n", 3, &Why::Fee);
    let most = "Approval code;Amount;Fee\nA00001;25.000;-275\nA00002;25.000;275\nA00003;25.000;275\n";
    refused(most, 2, &Why::Fee);
    let good = "Approval code;Amount;Currency;Status\nA00001;25.000 đ;VNĐ;Thành công\n";
    assert_eq!(told(good.as_bytes()), [("A00001".to_owned(), 25_000)]);
}

#[test]
fn sums_of_groups_and_of_all_are_compared_and_notes_are_not() {
    let table = |last: &str| {
        format!(
            "TID;Approval code;Amount\nT1;A00001;1.000\nT1;A00002;2.000\nCộng theo máy;;3.000\n\
             T2;A00003;4.000\nCộng theo máy;;4.000\n{last}\n;;Hà Nội, ngày 25 tháng 11 năm 2026\nNgười lập;;\n"
        )
    };
    for good in ["Tổng cộng;;7.000", ";;7.000", "Tổng số giao dịch: 3;;"] {
        assert_eq!(told(table(good).as_bytes()).len(), 3, "{good}");
    }
    refused(&table("Tổng cộng;;7.001"), 7, &Why::SumsDiffer(Dong(7_001), Dong(7_000)));
    refused(&table(";;7.001"), 7, &Why::SumsDiffer(Dong(7_001), Dong(7_000)));
    refused(&table("Tổng số giao dịch: 4;;"), 7, &Why::CountDiffers(3));
}

#[test]
fn a_row_with_a_code_and_an_amount_that_does_not_read_is_refused_and_never_taken_for_a_note() {
    for row in ["ABCDEF;25.000 VND (ok)", "ABCDEF;chưa rõ", "ABC DEF;VND 25.000 (ok)"] {
        refused(&format!("Approval code;Amount\nA00001;1.000\n{row}\n"), 3, &Why::Amount);
    }
    refused("Approval code;Amount\nA00001;1.000\nTổng cộng;1.000\nABCDEF;25.000 (not ok)\n", 4, &Why::Amount);
    for end in ["Người lập;Kế toán trưởng", "Tổng cộng;1.000\nLan;Hà"] {
        let signed = format!("Approval code;Amount\nA00001;1.000\n{end}\n");
        assert_eq!(told(signed.as_bytes()), [("A00001".to_owned(), 1_000)], "{end}");
    }
}

#[test]
fn no_file_that_is_cut_off_makes_the_reader_panic() {
    let files: [&[u8]; 4] = [
        include_bytes!("../../../fixtures/partner/pos/terminals.csv"),
        include_bytes!("../../../fixtures/partner/pos/batch.xlsx"),
        include_bytes!("../../../fixtures/partner/gateway/orders.xls"),
        include_bytes!("../../../fixtures/partner/treasury/credits.xls"),
    ];
    for file in files {
        for kind in [Kind::Pos, Kind::Gateway, Kind::Treasury] {
            for end in (0..file.len()).step_by(7) {
                let cut = read(&file[..end], kind, &Own::default());
                let _ = cut.map(|table| table.settled());
            }
        }
    }
}
