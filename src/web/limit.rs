//! How often one address may do a thing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use super::respond::LOOKUPS_TOO_MANY;
use crate::error::{Error, Result};

/// Addresses that were quiet are forgotten after so many calls, so that memory stays small.
const SWEEP_EVERY: u32 = 4_096;

/// A limit per source address.
pub struct PerAddress<C: Clock = DefaultClock> {
    limiter: RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, C, StateInformationMiddleware>,
    clock: C,
    calls: AtomicU32,
    /// How long an address that used all its calls waits for one more.
    refill: Nanos,
    /// Until when addresses that used all of them are not answered.
    spent: Mutex<HashMap<IpAddr, C::Instant>>,
}

impl PerAddress {
    /// `count` at once, then one more each 60/`count` seconds. Zero counts as one.
    pub fn per_minute(count: u32) -> Self {
        PerAddress::by(DefaultClock::default(), count)
    }
}

impl<C: Clock + Clone> PerAddress<C> {
    /// The same by another clock.
    fn by(clock: C, count: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN));
        let limiter = RateLimiter::new(quota, DefaultKeyedStateStore::default(), clock.clone());
        let refill = Nanos::from(quota.replenish_interval());
        PerAddress { limiter, clock, calls: AtomicU32::new(0), refill, spent: Mutex::default() }
    }

    /// Refuses an address whose misses used its calls up. Being asked costs nothing.
    pub fn welcome(&self, source: IpAddr) -> Result<()> {
        let now = self.clock.now();
        let spent = self.spent.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match spent.get(&subscriber(source)).filter(|until| **until > now) {
            Some(until) => Err(too_many(whole_seconds(until.duration_since(now)))),
            None => Ok(()),
        }
    }

    /// Counts a call that found nothing; when it was the last one, the address is not welcome for a while.
    pub fn missed(&self, source: IpAddr) {
        self.sweep();
        let source = subscriber(source);
        let left = self.limiter.check_key(&source).map_or(0, |state| state.remaining_burst_capacity());
        if left == 0 {
            let now = self.clock.now();
            let mut spent = self.spent.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            spent.retain(|_, until| *until > now);
            spent.insert(source, now + self.refill);
        }
    }

    fn sweep(&self) {
        if self.calls.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }

    /// Counts one call, or says after how many seconds the next is welcome.
    pub fn count(&self, source: IpAddr) -> std::result::Result<(), u32> {
        self.sweep();
        let counted = self.limiter.check_key(&subscriber(source));
        counted.map(drop).map_err(|refused| whole_seconds(refused.wait_time_from(self.clock.now()).into()))
    }

    /// The same as an error for the caller: 429 with `Retry-After`.
    pub fn check(&self, source: IpAddr) -> Result<()> {
        self.count(source).map_err(too_many)
    }
}

fn too_many(wait_s: u32) -> Error {
    Error::busy(LOOKUPS_TOO_MANY, wait_s, "too many look-ups from this address")
}

/// Never less than what is waited for.
fn whole_seconds(wait: Nanos) -> u32 {
    u32::try_from(wait.as_u64() / 1_000_000_000).unwrap_or(u32::MAX).saturating_add(1)
}

/// One subscriber of IPv6 has a /64 of addresses.
pub fn subscriber(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// The network of an address: a customer of IPv6 may have a /48 of them.
pub fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 80 << 80).into()),
        v4 => v4,
    }
}

/// Passwords of strangers that are hashed at the same time: they hold few threads, the rest wait
/// without one, and past a queue nobody waits.
pub struct Hashing {
    turns: tokio::sync::Semaphore,
    waiting: AtomicU32,
}

const HASHED_AT_ONCE: usize = 4;
const HASHING_QUEUE: u32 = 256;

impl Default for Hashing {
    fn default() -> Self {
        Hashing { turns: tokio::sync::Semaphore::new(HASHED_AT_ONCE), waiting: AtomicU32::new(0) }
    }
}

impl Hashing {
    /// Waits for a turn, which ends when it is dropped. `sign_ins_too_many` past the queue.
    pub async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>> {
        let full = || Error::busy("sign_ins_too_many", 5, "too many people sign in at this moment");
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= HASHING_QUEUE {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(full());
        }
        let place = Place(&self.waiting);
        let turn = self.turns.acquire().await.map_err(|_| full());
        drop(place);
        turn
    }
}

/// A place in the queue; left when the turn comes or the browser goes away.
struct Place<'a>(&'a AtomicU32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::config::Web;
    use crate::receipt::LookupCode;

    /// Guesses that somebody makes, and look-up codes that are there to be hit: a city's of many years.
    const GUESSES: u64 = 10_000_000;
    const RECEIPTS: u64 = 10_000_000;

    /// What this proves: from one address ten million guesses take most of a year, however fast they are
    /// sent, by a clock that the test moves. It says nothing of guesses from many addresses; those are the
    /// next test's.
    #[test]
    fn ten_million_guesses_of_one_address_take_months_at_any_rate() {
        let per_minute = u64::from(Web::default().lookups_per_minute);
        let source: IpAddr = [192, 0, 2, 1].into();
        let mut taken_at_rate = Vec::new();
        for per_second in [1, 10, 1_000] {
            let clock = FakeRelativeClock::default();
            let limit = PerAddress::by(clock.clone(), u32::try_from(per_minute).unwrap());
            let mut taken: u64 = 0;
            for _ in 0..600 {
                clock.advance(Duration::from_secs(1));
                let guess = || limit.welcome(source).is_ok().then(|| limit.missed(source)).is_some();
                taken += (0..per_second).filter(|_| guess()).count() as u64;
            }
            assert!(taken <= per_minute * 11, "{per_second} a second: {taken} in ten minutes");
            taken_at_rate.push(taken);
        }
        assert_eq!(taken_at_rate[1], taken_at_rate[2], "sending faster asks no more");
        let days = (GUESSES - per_minute) / per_minute / 60 / 24;
        assert!(days >= 200, "{days} days");
    }

    /// What this proves: codes are drawn from so large a space that ten million guesses, from however many
    /// addresses, hit one of ten million receipts with a chance below one in five thousand. That codes are
    /// drawn evenly is a test beside them.
    #[test]
    fn ten_million_guesses_from_anywhere_hit_nothing_among_ten_million_receipts() {
        let expected_hits_of = u128::from(GUESSES) * u128::from(RECEIPTS);
        assert!(expected_hits_of * 5_000 < LookupCode::SPACE, "{}", LookupCode::SPACE / expected_hits_of);
    }

    #[test]
    fn what_is_found_costs_nothing_and_after_too_many_misses_nothing_is_told_for_a_while() {
        let clock = FakeRelativeClock::default();
        let limit = PerAddress::by(clock.clone(), 6);
        let source: IpAddr = [192, 0, 2, 1].into();
        for _ in 0..100 {
            limit.welcome(source).unwrap();
        }
        for _ in 0..6 {
            limit.welcome(source).unwrap();
            limit.missed(source);
        }
        let error = limit.welcome(source).unwrap_err();
        assert_eq!(crate::web::respond::retry_after_s(&error), Some(11));
        clock.advance(Duration::from_secs(9));
        assert!(limit.welcome(source).is_err(), "also of what is there");
        clock.advance(Duration::from_secs(1));
        limit.welcome(source).unwrap();
        limit.missed(source);
        assert!(limit.welcome(source).is_err(), "one guess each ten seconds");
        assert!(limit.welcome([192, 0, 2, 2].into()).is_ok());
    }

    #[test]
    fn an_address_that_asks_too_often_waits_and_others_do_not() {
        let limit = PerAddress::per_minute(3);
        let (guesser, citizen): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        assert!((0..3).all(|_| limit.check(guesser).is_ok()));
        let error = limit.check(guesser).unwrap_err();
        assert_eq!(error.code(), "lookups_too_many");
        let wait = crate::web::respond::retry_after_s(&error).unwrap();
        assert!((1..=21).contains(&wait), "{wait}");
        assert!(limit.check(citizen).is_ok());
    }

    #[test]
    fn past_a_queue_of_passwords_nobody_waits_and_a_place_is_free_again_after_a_turn() {
        let hashing = Hashing::default();
        actix_web::rt::System::new().block_on(async {
            let turn = hashing.turn().await.unwrap();
            assert_eq!(hashing.waiting.load(Ordering::Relaxed), 0, "who has a turn waits no more");
            hashing.waiting.store(HASHING_QUEUE, Ordering::Relaxed);
            let refused = hashing.turn().await.err().unwrap();
            assert_eq!((refused.code(), refused.is_busy()), ("sign_ins_too_many", true));
            assert_eq!(hashing.waiting.load(Ordering::Relaxed), HASHING_QUEUE);
            hashing.waiting.store(0, Ordering::Relaxed);
            drop(turn);
            assert!(hashing.turn().await.is_ok());
        });
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one_and_mapped_ipv4_as_itself() {
        let of = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        let wide = |text: &str| network(text.parse().unwrap());
        assert_eq!(wide("2001:db8:0:1::1"), wide("2001:db8:0:ffff::1"));
        assert_ne!(wide("2001:db8:1::1"), wide("2001:db8::1"));
        assert_eq!(wide("192.0.2.1"), of("192.0.2.1"));
    }
}
