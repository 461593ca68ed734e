//! A reader that keeps what was read since the last mark, and counts lines.

use std::io::{self, BufRead, Read};

/// One entry with its batch; a longer one is refused instead of filling the memory.
const MAX_KEPT_BYTES: usize = 256 * 1024 * 1024;

pub(super) struct Tee<'a> {
    inner: &'a mut dyn BufRead,
    kept: Vec<u8>,
    line_count: usize,
}

impl<'a> Tee<'a> {
    pub fn new(inner: &'a mut dyn BufRead) -> Self {
        Tee { inner, kept: Vec::new(), line_count: 0 }
    }

    /// Forgets what was read before.
    pub fn mark(&mut self) {
        self.kept.clear();
    }

    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// Lines that were read to their end.
    pub fn line_count(&self) -> usize {
        self.line_count
    }
}

impl Read for Tee<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(target)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Tee<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.kept.len() > MAX_KEPT_BYTES {
            return Err(io::Error::other("the element is too large"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        if let Ok(available) = self.inner.fill_buf() {
            let taken = available.get(..count).unwrap_or(available);
            self.line_count += taken.iter().filter(|byte| **byte == b'\n').count();
            self.kept.extend_from_slice(taken);
        }
        self.inner.consume(count);
    }
}
