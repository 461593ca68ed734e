//! Amounts in Vietnamese words, as receipts must carry them.

