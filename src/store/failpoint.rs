//! Named places where a test may kill the process as a power cut would.
//!
//! `BIENLAI_FAILPOINT=name` or `name:n` arms one of them: the nth arrival ends the process at once,
//! without unwinding, flushing or answering. Release builds have no failpoints at all.

#[cfg(debug_assertions)]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    struct Armed {
        name: String,
        left: AtomicU32,
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();

    pub fn arm(spec: &str) {
        let (name, count) = spec.split_once(':').unwrap_or((spec, "1"));
        let left = AtomicU32::new(count.parse().unwrap_or(1));
        let _ = ARMED.set(Armed { name: name.to_owned(), left });
    }

    pub fn hit(name: &str) {
        if let Some(armed) = ARMED.get()
            && armed.name == name
            && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }
}

/// Arms a failpoint for the life of the process; called once at start from the configuration.
#[cfg(debug_assertions)]
pub fn arm(spec: &str) {
    armed::arm(spec);
}

#[cfg(not(debug_assertions))]
pub fn arm(_spec: &str) {}

/// Marks a place. Costs one atomic load in test builds and nothing in release builds.
#[cfg(debug_assertions)]
pub fn hit(name: &str) {
    armed::hit(name);
}

#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn hit(_name: &str) {}
