//! The compound file (MS-CFB) around an old workbook: a file system of sectors in one file.
//!
//! Only the stream named `Workbook` (`Book` in 1995) is taken out. Chains are followed no further than there are
//! sectors, so that a chain that bites its tail ends.

const FREE: u32 = 0xFFFF_FFFA;
/// Streams below this size lie in small sectors of their own.
const SMALL_STREAM: usize = 4096;
const SMALL_SECTOR: usize = 64;
const ENTRY: usize = 128;

pub(super) fn workbook_stream(bytes: &[u8]) -> Option<Vec<u8>> {
    let shift = u16_at(bytes, 30).filter(|shift| (7..=12).contains(shift))?;
    let file = CompoundFile { bytes, sector: 1_usize << shift };
    let fat = file.fat()?;
    let directory = file.chain(&fat, u32_at(bytes, 48)?)?;
    let entries = || directory.chunks_exact(ENTRY);
    let root = entries().next()?;
    let named = |name| entries().find(|entry| is_named(entry, name));
    let entry = named("Workbook").or_else(|| named("Book"))?;
    let size = usize::try_from(u32_at(entry, 120)?).ok()?;
    let start = u32_at(entry, 116)?;
    let mut stream = if size < SMALL_STREAM {
        let small_fat = words(&file.chain(&fat, u32_at(bytes, 60)?)?);
        let small = file.chain(&fat, u32_at(root, 116)?)?;
        follow(&small_fat, start, |index| {
            let from = index.checked_mul(SMALL_SECTOR)?;
            small.get(from..from + SMALL_SECTOR)
        })?
    } else {
        file.chain(&fat, start)?
    };
    stream.truncate(size);
    Some(stream)
}

struct CompoundFile<'a> {
    bytes: &'a [u8],
    sector: usize,
}

impl CompoundFile<'_> {
    /// The table that says which sector follows which.
    fn fat(&self) -> Option<Vec<u32>> {
        let mut places: Vec<u32> = words(self.bytes.get(76..512)?);
        let mut next = u32_at(self.bytes, 68)?;
        // Large files keep more places of the table in sectors of their own.
        for _ in 0..self.sector_count() {
            let Some(sector) =
                usize::try_from(next).ok().filter(|_| next < FREE).and_then(|at| self.sector_at(at))
            else {
                break;
            };
            let mut more = words(sector);
            next = more.pop()?;
            places.extend(more);
        }
        let mut fat = Vec::new();
        for place in places.into_iter().filter(|place| *place < FREE).take(self.sector_count()) {
            fat.extend(words(self.sector_at(usize::try_from(place).ok()?)?));
        }
        Some(fat)
    }

    fn sector_count(&self) -> usize {
        self.bytes.len() / self.sector
    }

    fn sector_at(&self, index: usize) -> Option<&[u8]> {
        let from = index.checked_add(1)?.checked_mul(self.sector)?;
        let rest = self.bytes.get(from..).filter(|rest| !rest.is_empty())?;
        // The last sector may be cut short.
        rest.get(..self.sector.min(rest.len()))
    }

    fn chain(&self, fat: &[u32], start: u32) -> Option<Vec<u8>> {
        follow(fat, start, |index| self.sector_at(index))
    }
}

fn follow<'a>(table: &[u32], start: u32, piece: impl Fn(usize) -> Option<&'a [u8]>) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let mut next = start;
    for _ in 0..=table.len() {
        if next >= FREE {
            return Some(content);
        }
        let index = usize::try_from(next).ok()?;
        content.extend_from_slice(piece(index)?);
        next = *table.get(index)?;
    }
    None
}

fn is_named(entry: &[u8], name: &str) -> bool {
    let written: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    entry.starts_with(&written) && u16_at(entry, written.len()) == Some(0)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|word| u32_at(word, 0)).collect()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
}
