//! How often and in which order mocks are to be called, and what became of it.

use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How often a mock is to be called: a number, or a range (`1..`, `2..=3`, `..5`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    least: u64,
    most: u64,
}

impl Times {
    pub(super) const NEVER: Self = Self { least: 0, most: 0 };

    pub(super) fn holds(self, calls: u64) -> bool {
        (self.least..=self.most).contains(&calls)
    }

    pub(super) fn most(self) -> u64 {
        self.most
    }
}

impl From<u64> for Times {
    fn from(exactly: u64) -> Self {
        Self { least: exactly, most: exactly }
    }
}

impl From<RangeFrom<u64>> for Times {
    fn from(range: RangeFrom<u64>) -> Self {
        Self { least: range.start, most: u64::MAX }
    }
}

impl From<RangeInclusive<u64>> for Times {
    fn from(range: RangeInclusive<u64>) -> Self {
        Self { least: *range.start(), most: *range.end() }
    }
}

impl From<Range<u64>> for Times {
    fn from(range: Range<u64>) -> Self {
        Self { least: range.start, most: range.end.saturating_sub(1) }
    }
}

impl From<RangeToInclusive<u64>> for Times {
    fn from(range: RangeToInclusive<u64>) -> Self {
        Self { least: 0, most: range.end }
    }
}

impl From<RangeTo<u64>> for Times {
    fn from(range: RangeTo<u64>) -> Self {
        Self { least: 0, most: range.end.saturating_sub(1) }
    }
}

impl From<RangeFull> for Times {
    fn from(_: RangeFull) -> Self {
        Self { least: 0, most: u64::MAX }
    }
}

/// `1 call`, `no call`, `at least 2 calls`, `2 to 3 calls`.
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (0, u64::MAX) => f.write_str("any number of calls"),
            (least, u64::MAX) => write!(f, "at least {}", calls(least)),
            (least, most) if least == most => f.write_str(&calls(least)),
            (0, most) => write!(f, "at most {}", calls(most)),
            (least, most) => write!(f, "{least} to {}", calls(most)),
        }
    }
}

/// `no call`, `1 call`, `2 calls`.
pub(super) fn calls(count: u64) -> String {
    match count {
        0 => "no call".to_owned(),
        1 => "1 call".to_owned(),
        _ => format!("{count} calls"),
    }
}

/// An order in which mocks are to be called: the one that joined first has all its calls before the next one's first.
///
/// Mocks join by [`Mock::in_order`](super::Mock::in_order), also those of several servers. A clone is the
/// same order.
#[derive(Clone, Default)]
pub struct CallOrder(Arc<Mutex<Sequence>>);

#[derive(Default)]
struct Sequence {
    /// How often each mock was called, in the order in which they are to be.
    members: Vec<Member>,
    violation: Option<Violation>,
}

struct Member {
    name: String,
    calls: u64,
}

/// The first call that came at the wrong time.
#[derive(Clone)]
pub(super) struct Violation {
    /// The mock that was called, and by which of its server's requests.
    pub(super) called: String,
    pub(super) request: u64,
    /// The mock that had to be called before.
    pub(super) first: String,
    /// Whether that one was called after all, too late to be the first.
    pub(super) begun_later: bool,
}

impl CallOrder {
    /// An order that no mock has joined yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The place of one more mock.
    pub(super) fn join(&self, name: String) -> usize {
        let members = &mut self.lock().members;
        members.push(Member { name, calls: 0 });
        members.len() - 1
    }

    pub(super) fn called(&self, place: usize, request: u64) {
        let mut sequence = self.lock();
        let Sequence { members, violation } = &mut *sequence;
        let Some((before, [member, after @ ..])) = members.split_at_mut_checked(place) else {
            return;
        };
        member.calls += 1;
        if violation.is_some() {
            return;
        }
        let wrong = |first: &str, called: &str, begun_later| {
            Some(Violation { called: called.to_owned(), request, first: first.to_owned(), begun_later })
        };
        if let Some(missing) = before.iter().find(|before| before.calls == 0) {
            *violation = wrong(&missing.name, &member.name, false);
        } else if let Some(later) = after.iter().find(|after| after.calls > 0) {
            // It was called again when its turn was over.
            *violation = wrong(&member.name, &later.name, true);
        }
    }

    pub(super) fn violation(&self) -> Option<Violation> {
        self.lock().violation.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sequence> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CallOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().members.iter().map(|member| &member.name)).finish()
    }
}

/// What is known of one mock beside its endpoint.
pub(super) struct MockState {
    calls: AtomicU64,
    pub(super) times: Option<Times>,
    pub(super) order: Option<(CallOrder, usize)>,
    /// What its closures panicked with, at most a few.
    panics: Mutex<Vec<String>>,
}

/// How many panics of one mock are told.
const MOST_PANICS: usize = 3;

impl MockState {
    pub(super) fn new(times: Option<Times>, order: Option<(CallOrder, usize)>) -> Self {
        Self { calls: AtomicU64::new(0), times, order, panics: Mutex::default() }
    }

    pub(super) fn called(&self, request: u64) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some((order, place)) = &self.order {
            order.called(*place, request);
        }
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    pub(super) fn panicked(&self, message: String) {
        let mut panics = self.panics.lock().unwrap_or_else(PoisonError::into_inner);
        if panics.len() < MOST_PANICS {
            panics.push(message);
        }
    }

    /// Whether it was not called as it was to be, or a closure of it panicked.
    pub(super) fn has_failed(&self) -> bool {
        self.times.is_some_and(|times| !times.holds(self.calls()))
            || self.order.as_ref().is_some_and(|(order, _)| order.violation().is_some())
            || !self.panics.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    pub(super) fn panics(&self) -> Vec<String> {
        self.panics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ranges_say_how_often() {
        for (times, holds, fails, words) in [
            (Times::from(1), vec![1], vec![0, 2], "1 call"),
            (Times::NEVER, vec![0], vec![1], "no call"),
            ((2..).into(), vec![2, 900], vec![1], "at least 2 calls"),
            ((2..=3).into(), vec![2, 3], vec![1, 4], "2 to 3 calls"),
            ((2..4).into(), vec![2, 3], vec![1, 4], "2 to 3 calls"),
            ((..=3).into(), vec![0, 3], vec![4], "at most 3 calls"),
            ((..2).into(), vec![0, 1], vec![2], "at most 1 call"),
            ((..).into(), vec![0, 7], vec![], "any number of calls"),
        ] {
            assert!(holds.into_iter().all(|calls| times.holds(calls)), "{words}");
            assert!(!fails.into_iter().any(|calls| times.holds(calls)), "{words}");
            assert_eq!(times.to_string(), words);
        }
    }

    #[test]
    fn an_order_is_kept_or_its_first_violation_is_known() {
        let made = |calls: &[usize]| {
            let order = CallOrder::new();
            for name in ["a", "b", "c"] {
                order.join(name.to_owned());
            }
            (1..).zip(calls).for_each(|(request, &place)| order.called(place, request));
            order.violation().map(|wrong| (wrong.first, wrong.called, wrong.request, wrong.begun_later))
        };
        assert_eq!(made(&[0, 0, 1, 2, 2]), None);
        assert_eq!(made(&[0]), None);
        assert_eq!(made(&[1, 0]), Some(("a".into(), "b".into(), 1, false)));
        assert_eq!(made(&[0, 2]), Some(("b".into(), "c".into(), 2, false)));
        assert_eq!(made(&[0, 1, 0]), Some(("a".into(), "b".into(), 3, true)));
    }
}
