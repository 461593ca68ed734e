//! Money at the counter: cash and cards. The same book, a batch of one.
