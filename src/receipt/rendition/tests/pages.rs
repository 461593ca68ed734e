//! What the pages say and how they look.

use unicode_normalization::UnicodeNormalization;

use super::tools::{Page, text_of};
use super::*;
use crate::receipt::testing::{AUTHORITY_PEM, now, trust};
use crate::receipt::verify;

/// The 134 letters that only Vietnamese has, and the Latin ones beside them.
fn letters() -> Vec<String> {
    let tones = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];
    let mut letters = vec!["đ".to_owned(), "Đ".to_owned()];
    for vowel in "aăâeêioôơuưy".chars().flat_map(|vowel| [vowel, vowel.to_uppercase().next().unwrap()])
    {
        letters.extend(tones.iter().map(|tone| format!("{vowel}{tone}").nfc().collect::<String>()));
    }
    letters.retain(|letter| !letter.is_ascii());
    letters
}

#[test]
fn every_vietnamese_letter_is_found_again_in_the_text_however_it_was_composed() {
    let letters = letters();
    assert_eq!(letters.len(), 134);
    let composed = letters.join(" ");
    for written in [composed.clone(), composed.nfd().collect()] {
        let text = document_text().replace("Lệ phí đăng ký khai sinh quá hạn", &written);
        let page = Page::of(&rendered(text.as_bytes()));
        assert!(page.words().contains(&composed), "{}", page.words());
    }
}

#[test]
fn the_receipt_says_what_the_law_asks_for() {
    let words = Page::of(&rendered(&document())).words();
    for said in [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Ủy ban nhân dân phường Thử Nghiệm",
        "Mã số thuế: 9900000009",
        "Mẫu số: 01BLP0-001",
        "Ký hiệu: TN-26E",
        "Số: 0000042",
        "BIÊN LAI THU PHÍ, LỆ PHÍ",
        "(Bản thể hiện của biên lai điện tử)",
        "Ngày 01 tháng 09 năm 2026",
        "Họ tên (đơn vị) nộp tiền: Nguyễn Thị Thử",
        "Phí cấp bản sao trích lục <hộ tịch> & xác nhận",
        "Phí, chương 805, tiểu mục 2771",
        "8.000 16.000",
        "Tổng số tiền 25.000",
        "Hai mươi lăm nghìn đồng",
        "Hình thức thanh toán: Chuyển khoản",
        "Ký lúc: 01/09/2026 09:30:15",
        "Thu tự động qua VietQR",
        "Mã tra cứu: 7K2M-0Q41-9VAB",
        "Trang 1/1",
    ] {
        assert!(words.contains(said), "{said} is not in {words}");
    }
    assert!(!words.contains("Miễn, giảm"), "a column that no line fills");
}

#[test]
fn the_code_opens_the_public_page_even_from_a_small_picture() {
    let page = Page::of(&rendered(&document()));
    for dots_per_inch in ["75", "110", "200"] {
        assert_eq!(page.qr(dots_per_inch), "https://bienlai.example/r/7K2M0Q419VAB");
    }
    let bare = render(&document(), &Standing::Valid, &Links { public_url: None }).unwrap();
    let page = Page::of(&bare);
    assert!(!page.words().contains("https://") && page.words().contains("7K2M-0Q41-9VAB"));
}

#[test]
fn other_programs_find_the_file_sound_its_fonts_embedded_and_its_standard_named() {
    for document in [document(), signed(&with_lines(40)), invoice(8, 30, false).into_bytes()] {
        let page = Page::of(&rendered(&document));
        page.keeps_both_standards();
        let checked = text_of(page.run("qpdf", "qpdf", &["--check", "page.pdf"]));
        assert!(checked.contains("No syntax or stream encoding errors found"), "{checked}");
        let fonts = text_of(page.run("pdffonts", "poppler-utils", &["page.pdf"]));
        let faces: Vec<&str> = fonts.lines().skip(2).collect();
        assert_eq!(faces.len(), 3, "{fonts}");
        assert!(
            faces.iter().all(|face| face.contains("yes yes yes")),
            "embedded, subset, with text: {fonts}"
        );
        let plain = page.run("qpdf", "qpdf", &["--qdf", "--object-streams=disable", "page.pdf", "-"]).stdout;
        let plain = String::from_utf8_lossy(&plain);
        for said in
            ["<pdfaid:part>3<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "/AFRelationship /Source"]
        {
            assert!(plain.contains(said), "{said}");
        }
    }
}

#[test]
fn the_attached_original_is_byte_for_byte_the_signed_one() {
    let document = document();
    let page = Page::of(&rendered(&document));
    page.run("pdfdetach", "poppler-utils", &["-saveall", "page.pdf"]);
    let detached = std::fs::read(page.path("bien-lai-tn26e-0000042.xml")).unwrap();
    assert_eq!(detached, document);
    assert!(verify::verify(&detached, &trust(), now()).is_valid());
    std::fs::write(page.path("ca.pem"), AUTHORITY_PEM).unwrap();
    let arguments = [
        "--verify",
        "--id-attr:Id",
        "DLBLai",
        "--id-attr:Id",
        "http://www.w3.org/2000/09/xmldsig#:Object",
        "--trusted-pem",
        "ca.pem",
        "--verification-gmt-time",
        "2026-09-01 02:30:15",
        "bien-lai-tn26e-0000042.xml",
    ];
    text_of(page.run("xmlsec1", "xmlsec1", &arguments));
}

#[test]
fn every_line_stands_once_however_many_pages_it_takes() {
    for (lines, pages) in [(1, 1), (5, 2), (40, 7), (100, 15)] {
        let page = Page::of(&rendered(&signed(&with_lines(lines))));
        assert_eq!(page.pages(), pages, "{lines} lines");
        let words = page.words();
        for number in 1..=lines {
            assert_eq!(
                words.matches(&format!("bản thứ {number} theo")).count(),
                1,
                "line {number} of {lines}"
            );
        }
        assert_eq!(words.matches("Hộ nghèo theo Nghị quyết").count(), lines / 3);
        for number in 1..=pages {
            assert!(words.contains(&format!("Trang {number}/{pages}")), "{words}");
        }
        assert_eq!(words.matches("tiếp theo trang trước").count(), pages - 1);
        assert_eq!(words.matches("Tên khoản phí, lệ phí").count(), pages, "the table's head on each page");
        assert_eq!(words.matches("NGƯỜI THU TIỀN").count(), 1);
    }
}

#[test]
fn a_screen_reader_meets_one_table_with_its_heads_and_each_cell_once() {
    let page = Page::of(&rendered(&signed(&with_lines(40))));
    // The title of the heading is told in an encoding of its own.
    let told = page.run("pdfinfo", "poppler-utils", &["-struct-text", "page.pdf"]).stdout;
    let tree = String::from_utf8_lossy(&told);
    let count =
        |role: &str| tree.lines().filter(|line| line.trim().split([' ', ':']).next() == Some(role)).count();
    assert_eq!((count("Table"), count("THead"), count("TBody"), count("TFoot")), (1, 1, 1, 1));
    assert_eq!(count("TH"), 7);
    // Two sums, the total, and forty lines.
    assert_eq!(count("TR"), 1 + 40 + 3);
    assert_eq!(count("TD"), 40 * 7 + 3 * 2);
    assert_eq!((count("H1"), count("Figure")), (1, 1));
    assert!(!tree.contains("tiếp theo trang trước"), "furniture is not read aloud");
}

/// A stranger's invoice may name a sum and nothing it is for.
#[test]
fn a_table_without_a_line_has_a_body_all_the_same_as_the_standard_asks() {
    let page = Page::of(&rendered(invoice(1, 0, false).as_bytes()));
    let told = page.run("pdfinfo", "poppler-utils", &["-struct", "page.pdf"]).stdout;
    let tree = String::from_utf8_lossy(&told);
    let parts: Vec<&str> = tree.lines().map(str::trim).filter(|line| line.starts_with('T')).collect();
    for part in ["THead", "TBody", "TFoot"] {
        assert!(parts.contains(&part), "{part}: {tree}");
    }
    page.keeps_both_standards();
}

#[test]
fn verapdf_finds_what_breaks_a_standard() {
    if !crate::cases::is_long() {
        return;
    }
    let mut pdf = rendered(&document());
    assert!(pdf.starts_with(b"%PDF-1.7"));
    pdf[7] = b'9';
    let judged = Page::of(&pdf).judged_by_standards();
    let told = String::from_utf8_lossy(&judged.stderr).into_owned();
    assert!(!judged.status.success() && told.contains("6.1.2 test 1"), "{told}");
}

#[test]
fn long_names_and_words_without_end_are_broken_and_lose_nothing() {
    let mut content = sample::content();
    content.unit.name = "Ủy ban nhân dân phường có tên rất dài ".repeat(10).trim().to_owned();
    content.payer.name = Some("Ng".repeat(200));
    content.lines[0].name = "W".repeat(500);
    content.lines[1].name =
        "Khoản thu có tên dài đến mức không vừa một trang giấy nào ".repeat(120).trim().to_owned();
    let page = Page::of(&rendered(&signed(&content)));
    let words = page.words();
    assert_eq!(words.matches("có tên rất dài").count(), 10);
    assert_eq!(words.matches("không vừa").count(), 120, "a row higher than a page goes on over the next");
    assert_eq!(words.matches('W').count(), 500, "a word wider than its column");
    assert!(page.pages() > 2);
    page.keeps_both_standards();
}

#[test]
fn a_document_that_stands_no_more_says_so_across_the_page_and_names_its_successor() {
    let other = Reference {
        template: "01BLP0-001".into(),
        series: "TN-26E".into(),
        number: 43,
        issued_on: "2026-09-02".parse().unwrap(),
    };
    let others = vec![other];
    for (standing, said, is_marked) in [
        (Standing::Valid, "25.000", false),
        (Standing::Cancelled, "Biên lai này đã bị hủy", true),
        (
            Standing::Replaced(others.clone()),
            "đã bị thay thế bởi biên lai mẫu số 01BLP0-001, ký hiệu TN-26E, số 0000043",
            true,
        ),
        (Standing::Adjusted(others), "đã được điều chỉnh bởi biên lai", true),
    ] {
        let page = Page::of(&render(&document(), &standing, &links()).unwrap());
        assert!(page.words().contains(said), "{said}");
        page.run("pdftoppm", "poppler-utils", &["-r", "40", "-singlefile", "page.pdf", "page"]);
        let picture = std::fs::read(page.path("page.ppm")).unwrap();
        let pale = picture.chunks(3).filter(|dot| *dot == [244, 200, 200]).count();
        assert_eq!(pale > 500, is_marked, "{standing:?}: {pale} dots");
    }
    let replacing = document_text().replace(
        "<TTKhac>",
        "<TTBLLQuan><TCBLai>1</TCBLai><LBLCLQuan>3</LBLCLQuan><KHMSBLCLQuan>01BLP0-001</KHMSBLCLQuan>\
         <KHBLCLQuan>TN-26E</KHBLCLQuan><SBLCLQuan>41</SBLCLQuan><NLBLCLQuan>2026-08-31</NLBLCLQuan></TTBLLQuan><TTKhac>",
    );
    let words = Page::of(&rendered(replacing.as_bytes())).words();
    let said =
        "Thay thế cho biên lai mẫu số 01BLP0-001, ký hiệu TN-26E, số 0000041, ngày 31 tháng 08 năm 2026.";
    assert!(words.contains(said), "{words}");
}

#[test]
fn an_invoice_is_printed_the_same_whatever_order_its_elements_stand_in() {
    for template in [1, 2, 8, 9] {
        let ordered = Page::of(&rendered(invoice(template, 3, false).as_bytes())).text();
        let shuffled = Page::of(&rendered(invoice(template, 3, true).as_bytes())).text();
        assert_eq!(ordered, shuffled);
        let is_integrated = template >= 8;
        assert_eq!(ordered.contains("CỘNG HÒA XÃ HỘI"), is_integrated);
        assert_eq!(ordered.contains("Lệ phí cấp giấy chứng nhận"), is_integrated);
        assert_eq!(ordered.contains("8%"), matches!(template, 1 | 8));
        for said in [
            "00000017",
            "HÓA ĐƠN GIÁ TRỊ GIA TĂNG",
            "150.000",
            "NGƯỜI BÁN HÀNG",
            "CƠ QUAN THUẾ",
            "00A1B2C3D4E5F607",
            "H26.1-261127-0001",
            "31/08/2026",
            "Trần Thị Thu",
        ] {
            assert!(ordered.contains(said), "{said}: {ordered}");
        }
    }
    let enveloped = format!("\u{FEFF}<TDiep><DLieu>{}</DLieu></TDiep>", invoice(1, 1, false));
    assert!(Page::of(&rendered(enveloped.as_bytes())).words().contains("Công ty Mẫu & Thử"));
}

#[test]
fn the_name_of_an_integrated_invoice_is_broken_between_invoice_and_receipt() {
    let title = "Hóa đơn giá trị gia tăng tích hợp biên lai thu thuế, phí, lệ phí";
    let document = invoice(8, 1, false).replace("Hóa đơn giá trị gia tăng", title);
    let text = Page::of(&rendered(document.as_bytes())).text();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for line in ["HÓA ĐƠN GIÁ TRỊ GIA TĂNG", "TÍCH HỢP BIÊN LAI THU THUẾ, PHÍ, LỆ PHÍ"] {
        assert!(lines.contains(&line), "{line}: {text}");
    }
}

#[test]
fn the_same_receipt_and_standing_give_the_same_bytes_and_another_standing_others() {
    let document = document();
    assert_eq!(rendered(&document), rendered(&document));
    assert_ne!(rendered(&document), render(&document, &Standing::Cancelled, &links()).unwrap());
    assert_eq!(file_name(&document).unwrap(), "bien-lai-tn26e-0000042");
}

#[test]
fn what_is_no_document_is_refused_and_not_drawn() {
    for wrong in [
        &b""[..],
        b"\xFF\xFE<",
        b"<BLai>",
        b"<Other/>",
        b"<!DOCTYPE BLai [<!ENTITY a \"b\">]><BLai>&a;</BLai>",
    ] {
        let error = render(wrong, &Standing::Valid, &links()).unwrap_err();
        assert_eq!(error.code(), "rendition_unreadable");
    }
    // Little as it says, it is a receipt.
    assert!(render(b"<BLai/>", &Standing::Valid, &links()).is_ok());
}

/// What was issued under a layout is drawn by it for ever, byte for byte. When this fails, the change belongs
/// into a new layout that a later profile names, and not into this one.
#[test]
fn a_receipt_of_the_first_layout_is_drawn_as_it_was() {
    let receipt = include_bytes!("../../../../fixtures/receipt/test-only-receipt.xml");
    let page = render(receipt, &Standing::Valid, &links()).unwrap();
    let drawn = text::hex(digest(&SHA256, &page).as_ref());
    assert_eq!(drawn, "d17de618e03a0bf7337b05b1667d851216778ecc561b919bb69a8380e3043730");
}
