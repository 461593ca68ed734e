//! The frame around a signed body: root, body and the element its signature stands in.

/// One kind of document as the signature sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub root: &'static str,
    /// The signed part.
    pub body: &'static str,
    /// Under `DSCKS`; named after the signer's element.
    pub holder: &'static str,
    /// In reports: `receipt` or `invoice`.
    pub kind: &'static str,
}

/// `BLai`, signed by the collecting unit.
pub const RECEIPT: Frame = Frame { root: "BLai", body: "DLBLai", holder: "TCThu", kind: "receipt" };

/// `HDon`, signed by the seller.
pub const INVOICE: Frame = Frame { root: "HDon", body: "DLHDon", holder: "NBan", kind: "invoice" };

/// Forms to the tax authority, signed by the taxpayer. The receipt verifier does not read them.
pub const FORMS: [Frame; 3] = [
    Frame { root: "TKhai", body: "DLTKhai", holder: "NNT", kind: "registration" },
    Frame { root: "TBao", body: "DLTBao", holder: "NNT", kind: "notice" },
    Frame { root: "BCTHSDBLai", body: "DLBCTHSDBLai", holder: "NNT", kind: "usage_report" },
];

impl Frame {
    pub const ALL: [Frame; 2] = [RECEIPT, INVOICE];

    pub fn of_root(root: &str) -> Option<Frame> {
        Frame::ALL.into_iter().find(|frame| frame.root == root)
    }

    /// The frame of canonical body bytes, and the text after the opening tag's name.
    pub fn of_body(text: &str) -> Option<(Frame, &str)> {
        Frame::ALL.into_iter().chain(FORMS).find_map(|frame| {
            let rest = text.strip_prefix('<')?.strip_prefix(frame.body)?.strip_prefix(" Id=\"")?;
            text.ends_with(&format!("</{}>", frame.body)).then_some((frame, rest))
        })
    }
}
