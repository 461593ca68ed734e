//! Who sells, who pays, and the circumstances of the payment.

use super::{TEXT, labelled};
use crate::pdf::{Paragraph, Part, Sheet};
use crate::receipt::rendition::reading::{Kind, Party, Printed};

pub fn lay_out(sheet: &mut Sheet, printed: &Printed) {
    let mut parts = Vec::new();
    if printed.kind == Kind::Receipt {
        push(
            &mut parts,
            labelled(
                TEXT,
                &[("Địa chỉ đơn vị thu: ", &printed.issuer.address), ("Điện thoại: ", &printed.issuer.phone)],
            ),
        );
        push(
            &mut parts,
            labelled(
                TEXT,
                &[
                    ("Thu theo ủy nhiệm của: ", &printed.principal.name),
                    ("Mã số thuế: ", &printed.principal.tax_code),
                ],
            ),
        );
        push(&mut parts, named("Họ tên (đơn vị) nộp tiền: ", &printed.payer.name));
    } else {
        seller(&mut parts, printed);
        parts.push(Part::Gap(4.0));
        push(&mut parts, named("Họ tên người mua hàng: ", &printed.payer.person));
        push(&mut parts, named("Tên người mua: ", &printed.payer.name));
    }
    push(&mut parts, identifiers(&printed.payer));
    push(
        &mut parts,
        labelled(
            TEXT,
            &[
                ("Địa chỉ: ", &printed.payer.address),
                ("Số tài khoản: ", if printed.kind == Kind::Receipt { "" } else { &printed.payer.account }),
            ],
        ),
    );
    let circumstances: Vec<(&str, &str)> =
        printed.circumstances.iter().map(|(label, value)| (*label, value.as_str())).collect();
    push(&mut parts, labelled(TEXT, &circumstances));
    sheet.parts(parts);
    sheet.space(5.0);
}

fn seller(parts: &mut Vec<Part>, printed: &Printed) {
    let unit = &printed.issuer;
    push(parts, named("Đơn vị bán hàng: ", &unit.name));
    push(parts, labelled(TEXT, &[("Mã số thuế: ", &unit.tax_code), ("Mã ĐVQHNS: ", &unit.budget_code)]));
    push(parts, labelled(TEXT, &[("Địa chỉ: ", &unit.address), ("Điện thoại: ", &unit.phone)]));
    push(parts, labelled(TEXT, &[("Số tài khoản: ", &unit.account)]));
    let principal = [
        ("Lập theo ủy nhiệm bởi: ", printed.principal.name.as_str()),
        ("Mã số thuế: ", &printed.principal.tax_code),
    ];
    push(parts, labelled(TEXT, &principal));
}

fn identifiers(payer: &Party) -> Option<Paragraph> {
    labelled(
        TEXT,
        &[
            ("Mã số thuế: ", &payer.tax_code),
            ("Mã ĐVQHNS: ", &payer.budget_code),
            ("Số định danh/CCCD: ", &payer.personal_id),
            ("Số hộ chiếu: ", &payer.passport),
        ],
    )
}

fn named(label: &str, name: &str) -> Option<Paragraph> {
    (!name.is_empty()).then(|| Paragraph::new(TEXT).regular(label).bold(name))
}

fn push(parts: &mut Vec<Part>, paragraph: Option<Paragraph>) {
    parts.extend(paragraph.map(Part::Text));
}
