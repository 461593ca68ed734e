//! A QR code as rectangles.

use fast_qr::{ECL, QRBuilder};

use super::emit::or_nameless;
use crate::text;

/// Free modules around a code (ISO/IEC 18004).
const QUIET_MODULES: f32 = 4.0;

/// A code of a given width, its quiet zone included.
#[derive(Clone, Debug)]
pub struct Qr {
    /// Dark stretches as shares of the width: (x, y, width, height).
    stretches: Vec<[f32; 4]>,
    pub(super) width: f32,
    /// What it leads to, in words.
    pub(super) words: String,
}

impl Qr {
    /// None when the text is longer than a code can be.
    pub fn new(content: &str, width: f32, words: &str) -> Option<Qr> {
        let code = QRBuilder::new(content).ecl(ECL::M).build().ok()?;
        let module = 1.0 / (code.size as f32 + 2.0 * QUIET_MODULES);
        let mut stretches = Vec::new();
        for row in 0..code.size {
            let is_dark = |column: usize| code[row][column].value();
            let mut column = 0;
            while column < code.size {
                let length = (column..code.size).take_while(|&at| is_dark(at)).count();
                if length > 0 {
                    let (x, y) = (column as f32 + QUIET_MODULES, row as f32 + QUIET_MODULES);
                    stretches.push([x * module, y * module, length as f32 * module, module]);
                }
                column += length + 1;
            }
        }
        Some(Qr { stretches, width, words: or_nameless(text::clean(words)) })
    }

    pub(super) fn rects(&self, x: f32, y: f32) -> Vec<[f32; 4]> {
        let at = |share: f32| share * self.width;
        self.stretches.iter().map(|&[left, top, w, h]| [x + at(left), y + at(top), at(w), at(h)]).collect()
    }
}
