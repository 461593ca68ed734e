//! Tests of the rendition: what it says, how it looks to tools we did not write, and that nothing
//! a person can type breaks it.

mod pages;
mod property;
mod tools;

use super::*;
use crate::amount::Dong;
use crate::receipt::Content;
use crate::receipt::content::{LineKind, Reduction, Totals, sample};
use crate::receipt::testing::{body_of, document, document_text, signed_by, signer, signing_time};

const PUBLIC_URL: &str = "https://bienlai.example";

fn links() -> Links {
    Links::to(PUBLIC_URL)
}

fn signed(content: &Content) -> Vec<u8> {
    signed_by(&signer(), &body_of(content), signing_time())
}

fn rendered(document: &[u8]) -> Vec<u8> {
    render(document, &Standing::Valid, &links()).unwrap()
}

/// The sample with so many lines, every third of them reduced.
fn with_lines(count: usize) -> Content {
    let mut content = sample::content();
    content.lines = (1..=count)
        .map(|number| {
            let name =
                format!("Phí cấp bản sao trích lục hộ tịch, bản thứ {number} theo yêu cầu của công dân");
            let mut line = sample::line(LineKind::Fee, &name, 2, 8_000);
            if number % 3 == 0 {
                line.reduction = Some(Reduction {
                    percent: Some(50.into()),
                    amount: Dong(8_000),
                    ground: "Hộ nghèo theo Nghị quyết của Hội đồng nhân dân".to_owned(),
                });
                line.amount = Dong(8_000);
            }
            line
        })
        .collect();
    content.totals = Totals::of(&content.lines).unwrap();
    content
}

/// An invoice in the order of the regulation or, which readers must bear, in another.
fn invoice(template: u8, lines: usize, is_shuffled: bool) -> String {
    let text = document_text();
    let signature = &text[text.find("<Signature ").unwrap()..text.find("</TCThu></DSCKS>").unwrap()];
    let is_taxed = matches!(template, 1 | 8);
    let goods: String = (1..=lines)
        .map(|number| {
            let rate = if is_taxed { "<TSuat>8%</TSuat>" } else { "" };
            format!(
                "<HHDVu><TChat>1</TChat><STT>{number}</STT><THHDVu>Dịch vụ đo đạc, lập bản đồ số {number}</THHDVu>\
                 <DVTinh>hồ sơ</DVTinh><SLuong>1.000000</SLuong><DGia>150000.000000</DGia>\
                 <ThTien>150000</ThTien>{rate}</HHDVu>"
            )
        })
        .collect();
    let net = 150_000 * lines;
    let tax = net * 8 / 100;
    let taxes = format!(
        "<THTTLTSuat><LTSuat><TSuat>8%</TSuat><ThTien>{net}</ThTien><TThue>{tax}</TThue></LTSuat></THTTLTSuat>\
         <TgTCThue>{net}</TgTCThue><TgTThue>{tax}</TgTThue>"
    );
    let taxes = if is_taxed { taxes } else { String::new() };
    let fees = "<DSLPhi><LPhi><TLPhi>Lệ phí cấp giấy chứng nhận</TLPhi><TPhi>50000</TPhi></LPhi></DSLPhi>";
    let fees = if matches!(template, 8 | 9) { fees } else { "" };
    let general = format!(
        "<TTChung><PBan>2.1.0</PBan><THDon>Hóa đơn giá trị gia tăng</THDon><KHMSHDon>{template}</KHMSHDon>\
         <KHHDon>K26TAA</KHHDon><SHDon>17</SHDon><NLap>2026-09-01</NLap><DVTTe>VND</DVTTe>\
         <HTTToan>TM/CK</HTTToan><MSTTCGP>9900000009</MSTTCGP>\
         <TTHDLQuan><TCHDon>1</TCHDon><LHDCLQuan>1</LHDCLQuan><KHMSHDCLQuan>{template}</KHMSHDCLQuan>\
         <KHHDCLQuan>K26TAA</KHHDCLQuan><SHDCLQuan>9</SHDCLQuan><NLHDCLQuan>2026-08-30</NLHDCLQuan></TTHDLQuan>\
         <TTKhac><TTin><TTruong>MTCuu</TTruong><KDLieu>string</KDLieu><DLieu>7K2M0Q419VAB</DLieu></TTin>\
         <TTin><TTruong>MaHoSo</TTruong><KDLieu>string</KDLieu><DLieu>H26.1-261127-0001</DLieu></TTin>\
         <TTin><TTruong>NgayThu</TTruong><KDLieu>date</KDLieu><DLieu>2026-08-31</DLieu></TTin>\
         <TTin><TTruong>NguoiThu</TTruong><KDLieu>string</KDLieu><DLieu>Trần Thị Thu</DLieu></TTin></TTKhac>\
         </TTChung>"
    );
    let seller = "<NBan><Ten>Trung tâm kỹ thuật Thử Nghiệm</Ten><MST>9900000009</MST>\
                  <DChi>Số 1 phố Thử Nghiệm, thành phố Hà Nội</DChi><SDThoai>02400000000</SDThoai></NBan>";
    let buyer = "<NMua><Ten>Công ty Mẫu &amp; Thử</Ten><MST>9900000016</MST>\
                 <DChi>Số 2 ngõ Mẫu</DChi><HVTNMHang>Nguyễn Thị Thử</HVTNMHang></NMua>";
    let sums = format!(
        "<TToan>{taxes}{fees}<TgTTTBSo>{net}</TgTTTBSo><TgTTTBChu>Một trăm năm mươi nghìn đồng</TgTTTBChu></TToan>"
    );
    let goods = format!("<DSHHDVu>{goods}</DSHHDVu>");
    let content = if is_shuffled {
        format!("<NDHDon>{sums}{goods}{buyer}{seller}</NDHDon>{general}")
    } else {
        format!("{general}<NDHDon>{seller}{buyer}{goods}{sums}</NDHDon>")
    };
    format!(
        "<HDon><DLHDon Id=\"HD-1\">{content}</DLHDon><MCCQT Id=\"M\">00A1B2C3D4E5F60718293A4B5C6D7E8F90</MCCQT>\
         <DSCKS><CQT>{signature}</CQT><NBan>{signature}</NBan></DSCKS></HDon>"
    )
}
