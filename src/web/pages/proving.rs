//! What is proven in parts: how long one request proves, and the form that goes on to the next part, by itself where
//! scripts run, and by a refresh of the page where none do.

use std::time::Duration;

/// How long one request proves. What is left goes on from the place it came to, in a request of its own.
pub const PROVEN_FOR: Duration = Duration::from_millis(25);

/// How far a proof came that takes more than one request; `proving.html` shows it.
pub struct Progress {
    /// Where the next part is asked for, and the fields that carry what is known. Each value can stand in an address.
    pub action: &'static str,
    pub carried: Vec<(&'static str, String)>,
    /// How much is behind it, of how much, and the name of what it is in.
    pub done: usize,
    pub of: usize,
    pub name: String,
    /// The words above it and the hint below, by their keys.
    pub title: &'static str,
    pub hint: &'static str,
    /// Whether the page asks for the next part by itself, and shows little else until the last one.
    pub is_going_on: bool,
}

impl Progress {
    /// The address of the next part of a proof that goes on by itself.
    pub fn next_part(&self) -> Option<String> {
        let pairs: Vec<String> = self.carried.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.is_going_on.then(|| format!("{}?{}", self.action, pairs.join("&")))
    }
}
