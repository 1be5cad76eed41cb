//! What may be true of one mock, given what was asked of the api and what it answered.
//!
//! Pure: knows no server and no clock; who asks says when. What contradicts what was promised before is a [`Lie`].
//!
//! # What counts as a promise
//!
//! - **An answer is one, and so is what was read.** A question that was asked later must not be answered by less.
//! - **A change of one revision makes the next, or nothing.** An edit or a rename that was not answered stays open until
//!   it is seen what made the revision after its own; from then on it was that one, or it never will be one.
//! - **What names no revision may be done late.** A publish, unpublish or delete that was not answered may be on its way
//!   through the api for [`LATE`] after it was asked. It is forgotten only when the answer to a question that was asked
//!   after that says how things are; until then both may be true.

use std::collections::BTreeMap;
use std::time::Duration;

/// How long after it was asked a change may still be done: the api ends a request after 30 s, and a statement to the
/// database ends after 5 s.
pub const LATE: Duration = Duration::from_secs(40);

/// What contradicts a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lie(pub String);

fn lie<T>(text: impl Into<String>) -> Result<T, Lie> {
    Err(Lie(text.into()))
}

/// What the api says of a mock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The newest revision.
    pub revision: u64,
    /// What its content is told by; no two changes have the same.
    pub token: String,
    /// Its name.
    pub name: String,
    /// Whether it is to be served.
    pub enabled: bool,
}

/// A change that names the revision that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another content; one that is not valid is kept, and not served.
    Edit {
        /// Its token.
        token: String,
        /// Whether it can be served.
        valid: bool,
    },
    /// Another name, that no other change asks for.
    Rename(String),
}

/// A mock at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The token of the newest content.
    pub token: String,
    /// The name.
    pub name: String,
    /// What is served when the mock is; none: no content was valid yet.
    pub good: Option<Good>,
}

/// The newest content that is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Good {
    /// The revision that is said to be served.
    pub revision: u64,
    /// Its token.
    pub token: String,
}

impl State {
    /// What a new mock is.
    pub fn first(token: &str, name: &str) -> Self {
        let good = Some(Good { revision: 1, token: token.to_owned() });
        Self { token: token.to_owned(), name: name.to_owned(), good }
    }

    /// What a change makes of it as `revision`.
    fn after(&self, change: &Change, revision: u64) -> Self {
        let mut next = self.clone();
        match change {
            Change::Edit { token, valid } => {
                next.token.clone_from(token);
                if *valid {
                    next.good = Some(Good { revision, token: token.clone() });
                }
            }
            Change::Rename(name) => {
                next.name.clone_from(name);
                // With the content that was good before, the new revision is good too.
                if let Some(good) = next.good.as_mut().filter(|good| good.revision + 1 == revision) {
                    good.revision = revision;
                }
            }
        }
        next
    }

    fn is(&self, view: &View) -> bool {
        self.token == view.token && self.name == view.name
    }

    fn shows(&self, change: &Change) -> bool {
        match change {
            Change::Edit { token, .. } => self.token == *token,
            Change::Rename(name) => self.name == *name,
        }
    }
}

/// What was known when a question was asked.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    revision: u64,
    gone: bool,
    at: Duration,
}

/// A conditional change that may be one.
#[derive(Clone, Debug)]
struct Open {
    from: u64,
    change: Change,
}

/// All that is known of a mock.
#[derive(Clone, Debug)]
pub struct Mock {
    made: bool,
    gone: bool,
    states: BTreeMap<u64, State>,
    open: Vec<Open>,
    enabled: bool,
    /// Publishes and unpublishes that were not answered, with the time at which they were asked.
    switches: Vec<(bool, Duration)>,
    /// When deletes were asked that were not answered.
    deletes: Vec<Duration>,
}

impl Mock {
    /// One that is asked for, enabled.
    pub fn asked(first: State) -> Self {
        Self {
            made: false,
            gone: false,
            states: BTreeMap::from([(1, first)]),
            open: Vec::new(),
            enabled: true,
            switches: Vec::new(),
            deletes: Vec::new(),
        }
    }

    /// The newest revision that was seen.
    pub fn revision(&self) -> u64 {
        self.states.last_key_value().map_or(1, |(revision, _)| *revision)
    }

    /// What it is at a revision that was seen.
    pub fn state(&self, revision: u64) -> Option<&State> {
        self.states.get(&revision)
    }

    /// Whether it was made for certain and not removed for certain.
    pub fn lives(&self) -> bool {
        self.made && !self.gone
    }

    /// Whether it was removed for certain.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether it is to be served as far as is known.
    pub fn enabled(&self) -> bool {
        self.enabled
    }

    /// What is known now; to be taken before a question is asked.
    pub fn mark(&self, at: Duration) -> Mark {
        Mark { revision: if self.made { self.revision() } else { 0 }, gone: self.gone, at }
    }

    /// An edit or rename of `from` is asked.
    pub fn ask(&mut self, from: u64, change: Change) {
        self.open.push(Open { from, change });
    }

    /// The same was answered: it is done.
    ///
    /// # Errors
    /// When another change is known to have made that revision, or the answer does not show it.
    pub fn done(&mut self, mark: &Mark, from: u64, change: &Change, view: &View) -> Result<(), Lie> {
        self.told(mark, view)?;
        let made = self.states.get(&(from + 1)).is_some_and(|state| state.shows(change));
        // Asked again after it was done, the newest may be a later one in which it still shows.
        let shows = self.states.get(&view.revision).is_some_and(|state| state.shows(change));
        if made && shows {
            Ok(())
        } else {
            lie(format!("{change:?} of revision {from} was acknowledged, and is not in {view:?}"))
        }
    }

    /// The same was refused, since another revision is the newest.
    ///
    /// # Errors
    /// When nothing is newer.
    pub fn stale(&mut self, mark: &Mark, from: u64, newest: &View) -> Result<(), Lie> {
        self.told(mark, newest)?;
        if newest.revision > from {
            Ok(())
        } else {
            lie(format!("412 for revision {from}, which is the newest: {newest:?}"))
        }
    }

    /// A publish or unpublish is asked.
    pub fn ask_switch(&mut self, to: bool, at: Duration) {
        self.switches.push((to, at));
    }

    /// The same was answered: it is done. Whoever asks so asks one after the other.
    ///
    /// # Errors
    /// When the answer says otherwise.
    pub fn switched(&mut self, mark: &Mark, to: bool, asked: Duration, view: &View) -> Result<(), Lie> {
        self.told(mark, view)?;
        if view.enabled != to {
            return lie(format!("a switch to {to} was acknowledged, and the answer is {view:?}"));
        }
        self.enabled = to;
        self.switches.retain(|(other, at)| (*other, *at) != (to, asked) && *at + LATE > mark.at);
        Ok(())
    }

    /// A delete is asked.
    pub fn ask_delete(&mut self, at: Duration) {
        self.deletes.push(at);
    }

    /// The same was answered: it is done.
    pub fn deleted(&mut self) {
        self.gone = true;
        self.open.clear();
    }

    /// The api knows no such mock.
    ///
    /// # Errors
    /// When nobody asked to remove it.
    pub fn told_gone(&mut self, mark: &Mark) -> Result<(), Lie> {
        if self.gone || !self.deletes.is_empty() {
            self.deleted();
            return Ok(());
        }
        if mark.revision == 0 { Ok(()) } else { lie("404, though nobody removed it") }
    }

    /// The api says how it is.
    ///
    /// # Errors
    /// When that is less than was promised, or what nobody asked for.
    pub fn told(&mut self, mark: &Mark, view: &View) -> Result<(), Lie> {
        if mark.gone {
            return lie(format!("it was removed, and is there again: {view:?}"));
        }
        if view.revision < mark.revision {
            return lie(format!(
                "revision {} was known when revision {} was told",
                mark.revision, view.revision
            ));
        }
        self.made = true;
        self.settle(view)?;
        if view.enabled != self.enabled && !self.switches.iter().any(|(to, _)| *to == view.enabled) {
            return lie(format!("enabled is {}, as nobody asked", view.enabled));
        }
        self.forget_late(mark, view);
        Ok(())
    }

    /// Sees which change made a revision.
    fn settle(&mut self, view: &View) -> Result<(), Lie> {
        let revision = view.revision;
        if let Some(state) = self.states.get(&revision) {
            return if state.is(view) {
                Ok(())
            } else {
                lie(format!("revision {revision} is {state:?}, and now is told to be {view:?}"))
            };
        }
        let before = revision.checked_sub(1).and_then(|before| self.states.get(&before));
        let made = before.and_then(|before| {
            let here = self.open.iter().filter(|open| open.from + 1 == revision);
            here.map(|open| before.after(&open.change, revision)).find(|state| state.is(view))
        });
        let Some(made) = made else {
            return lie(format!("nobody asked for {view:?}"));
        };
        self.states.insert(revision, made);
        self.open.retain(|open| open.from >= revision);
        Ok(())
    }

    /// Forgets what could have been done late no more when this was asked.
    fn forget_late(&mut self, mark: &Mark, view: &View) {
        let over = |at: &Duration| *at + LATE <= mark.at;
        if self.switches.iter().all(|(_, at)| over(at)) && !self.switches.is_empty() {
            self.switches.clear();
            self.enabled = view.enabled;
        }
        self.deletes.retain(|at| !over(at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Duration = Duration::ZERO;

    fn view(revision: u64, token: &str) -> View {
        View { revision, token: token.to_owned(), name: "a".to_owned(), enabled: true }
    }

    fn edit(token: &str) -> Change {
        Change::Edit { token: token.to_owned(), valid: true }
    }

    fn made() -> Mock {
        let mut mock = Mock::asked(State::first("one", "a"));
        let mark = mock.mark(ZERO);
        assert_eq!(mock.told(&mark, &view(1, "one")), Ok(()));
        mock
    }

    #[test]
    fn a_creation_that_was_not_answered_may_be_there_or_not() {
        let mut mock = Mock::asked(State::first("one", "a"));
        let mark = mock.mark(ZERO);
        assert_eq!(mock.told_gone(&mark), Ok(()));
        assert_eq!(mock.told(&mark, &view(1, "one")), Ok(()));
        let mark = mock.mark(ZERO);
        assert!(mock.told_gone(&mark).is_err(), "it was there");
    }

    #[test]
    fn what_was_acknowledged_is_never_less() {
        let mut mock = made();
        let mark = mock.mark(ZERO);
        mock.ask(1, edit("two"));
        assert_eq!(mock.done(&mark, 1, &edit("two"), &view(2, "two")), Ok(()));
        let before = mark;
        let mark = mock.mark(ZERO);
        assert!(mock.told(&mark, &view(1, "one")).is_err());
        // A question from before it may be answered by what was then.
        assert_eq!(mock.told(&before, &view(1, "one")), Ok(()));
    }

    #[test]
    fn two_edits_of_one_revision_are_not_both_acknowledged() {
        let mut mock = made();
        let mark = mock.mark(ZERO);
        mock.ask(1, edit("mine"));
        mock.ask(1, edit("yours"));
        assert_eq!(mock.done(&mark, 1, &edit("mine"), &view(2, "mine")), Ok(()));
        assert!(mock.clone().done(&mark, 1, &edit("yours"), &view(2, "yours")).is_err());
        assert!(
            mock.clone().done(&mark, 1, &edit("yours"), &view(3, "yours")).is_err(),
            "an edit over the other"
        );
        assert_eq!(mock.stale(&mark, 1, &view(2, "mine")), Ok(()));
        assert!(mock.stale(&mark, 2, &view(2, "mine")).is_err(), "a 412 without a reason");
    }

    #[test]
    fn an_edit_without_an_answer_is_the_next_revision_or_none() {
        let mut mock = made();
        mock.ask(1, edit("cut"));
        let mark = mock.mark(ZERO);
        assert_eq!(mock.told(&mark, &view(1, "one")), Ok(()));
        assert_eq!(mock.clone().told(&mark, &view(2, "cut")), Ok(()));
        mock.ask(1, edit("again"));
        assert_eq!(mock.done(&mark, 1, &edit("again"), &view(2, "again")), Ok(()));
        let mark = mock.mark(LATE * 2);
        assert!(mock.told(&mark, &view(2, "cut")).is_err());
        assert!(mock.told(&mark, &view(3, "cut")).is_err());
    }

    #[test]
    fn an_edit_that_is_asked_again_shows_in_what_came_after_it() {
        let mut mock = made();
        mock.ask(1, edit("two"));
        let mark = mock.mark(ZERO);
        assert_eq!(mock.told(&mark, &view(2, "two")), Ok(()));
        mock.ask(2, Change::Rename("b".to_owned()));
        let renamed = View { name: "b".to_owned(), ..view(3, "two") };
        assert_eq!(mock.done(&mark, 1, &edit("two"), &renamed), Ok(()));
        let good = mock.state(3).and_then(|state| state.good.as_ref());
        assert_eq!(good.map(|good| (good.revision, good.token.as_str())), Some((3, "two")));
    }

    #[test]
    fn content_that_is_not_valid_leaves_what_is_served() {
        let mut mock = made();
        let broken = Change::Edit { token: "broken".to_owned(), valid: false };
        mock.ask(1, broken.clone());
        let mark = mock.mark(ZERO);
        assert_eq!(mock.done(&mark, 1, &broken, &view(2, "broken")), Ok(()));
        mock.ask(2, Change::Rename("b".to_owned()));
        let renamed = View { name: "b".to_owned(), ..view(3, "broken") };
        assert_eq!(mock.told(&mark, &renamed), Ok(()));
        let good = mock.state(3).and_then(|state| state.good.as_ref());
        assert_eq!(good.map(|good| (good.revision, good.token.as_str())), Some((1, "one")));
    }

    #[test]
    fn an_unpublish_without_an_answer_may_be_done_late() {
        let mut mock = made();
        let off = View { enabled: false, ..view(1, "one") };
        let mark = mock.mark(ZERO);
        assert!(mock.clone().told(&mark, &off).is_err(), "nobody asked");
        mock.ask_switch(false, ZERO);
        let second = Duration::from_secs(1);
        mock.ask_switch(true, second);
        let mark = mock.mark(second);
        assert_eq!(mock.switched(&mark, true, second, &view(1, "one")), Ok(()));
        // The first comes late, over the second.
        let mark = mock.mark(second * 2);
        assert_eq!(mock.told(&mark, &off), Ok(()));
        assert_eq!(mock.told(&mark, &view(1, "one")), Ok(()), "both may be true");
        // What is told later than it may be done holds.
        let mark = mock.mark(LATE + second);
        assert_eq!(mock.told(&mark, &off), Ok(()));
        assert!(mock.told(&mark, &view(1, "one")).is_err());
    }

    #[test]
    fn what_was_removed_does_not_come_back() {
        let mut mock = made();
        let mark = mock.mark(ZERO);
        assert!(mock.clone().told_gone(&mark).is_err(), "nobody asked");
        mock.ask_delete(ZERO);
        assert_eq!(mock.told(&mark, &view(1, "one")), Ok(()), "it was not done yet");
        assert_eq!(mock.told_gone(&mark), Ok(()));
        let mark = mock.mark(ZERO);
        assert!(mock.told(&mark, &view(1, "one")).is_err());
    }

    #[test]
    fn a_delete_that_can_come_no_more_is_forgotten() {
        let mut mock = made();
        mock.ask_delete(ZERO);
        let mark = mock.mark(LATE);
        assert_eq!(mock.told(&mark, &view(1, "one")), Ok(()));
        assert!(mock.told_gone(&mark).is_err());
    }
}
