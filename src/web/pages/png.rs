//! A QR code as a picture that banking apps open from the gallery: PNG (W3C, third edition), one bit
//! per pixel, its data stored without compression, which costs a few kilobytes and no library.

/// Pixels of a module; with the quiet zone a code is some 500 pixels wide, enough for any camera roll.
const SCALE: usize = 8;
/// White modules around the symbol that ISO/IEC 18004 asks for.
const QUIET_MODULES: usize = 4;
/// The most bytes a stored block of deflate takes (RFC 1951, 3.2.4).
const BLOCK_LIMIT: usize = 65_535;

/// The picture of a square of modules, true for black.
pub fn of_modules(modules: &[Vec<bool>]) -> Vec<u8> {
    let side = (modules.len() + 2 * QUIET_MODULES) * SCALE;
    let mut rows = Vec::with_capacity(side * (side / 8 + 1));
    for y in 0..side {
        rows.push(0);
        rows.extend((0..side).step_by(8).map(|x| eight(modules, x, y)));
    }
    let mut head = Vec::new();
    let width = u32::try_from(side).unwrap_or(0).to_be_bytes();
    head.extend_from_slice(&width);
    head.extend_from_slice(&width);
    // One bit of grey per pixel, deflate, no filter of rows, not interlaced.
    head.extend_from_slice(&[1, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &head);
    chunk(&mut png, *b"IDAT", &stored(&rows));
    chunk(&mut png, *b"IEND", &[]);
    png
}

/// Eight pixels, the left one in the highest bit; white is one.
fn eight(modules: &[Vec<bool>], x: usize, y: usize) -> u8 {
    let is_black = |x: usize, y: usize| {
        let at = |pixel: usize| (pixel / SCALE).checked_sub(QUIET_MODULES);
        let module = at(y).zip(at(x)).and_then(|(row, column)| modules.get(row)?.get(column));
        module.copied().unwrap_or(false)
    };
    (0..8).fold(0, |byte, bit| (byte << 1) | u8::from(!is_black(x + bit, y)))
}

/// A zlib stream of stored blocks (RFC 1950).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let count = bytes.len().div_ceil(BLOCK_LIMIT);
    for (index, block) in bytes.chunks(BLOCK_LIMIT).enumerate() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        stream.push(u8::from(index + 1 == count));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(&adler(bytes).to_be_bytes());
    stream
}

fn adler(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    png.extend_from_slice(&u32::try_from(content.len()).unwrap_or(0).to_be_bytes());
    let start = png.len();
    png.extend_from_slice(&kind);
    png.extend_from_slice(content);
    let sum = crc(png.get(start..).unwrap_or_default());
    png.extend_from_slice(&sum.to_be_bytes());
}

/// CRC-32 of ISO 3309, as PNG uses it.
fn crc(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_the_standards() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn modules_become_pixels_with_a_white_rim() {
        let modules = vec![vec![true, false], vec![false, true]];
        let side = (2 + 2 * QUIET_MODULES) * SCALE;
        assert_eq!(eight(&modules, 0, 0), 0xff, "the rim");
        let first = QUIET_MODULES * SCALE;
        assert_eq!(eight(&modules, first, first), 0x00);
        assert_eq!(eight(&modules, first + SCALE, first), 0xff);
        let png = of_modules(&modules);
        assert!(png.len() > side * side / 8);
        assert_eq!(png.get(16..20), Some(u32::try_from(side).unwrap().to_be_bytes().as_slice()));
    }
}
