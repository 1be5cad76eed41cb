//! Finds the endpoint that answers: candidates in order, the first whose guards hold.

use std::cell::OnceCell;
use std::ops::ControlFlow;

use http::Method;

use super::BLOCKS;
use super::block::Block;
use super::plan::{Guards, Plan};
use super::view::View;
use crate::route::Segments;
use crate::spec::{MethodMatch, Verb};

/// With no more endpoints than this, each of a layer is asked whether it fits the path: a table of them costs more than it
/// spares.
const ASKED_EACH: u32 = 16;

/// One request's way through the blocks of its host: exact, wildcard, none.
pub(super) struct Search<'s, 'v> {
    pub(super) view: &'s View<'v>,
    path: &'s Segments<'s>,
    /// The path with one trailing slash more or less, made when the path as it is was not answered.
    other: OnceCell<Option<Segments<'s>>>,
    pub(super) blocks: [Option<&'s Held>; BLOCKS],
}

/// A host's block, held while the request is answered.
pub(super) type Held = crate::route::Block<Block>;

/// The endpoint that answers, and the form of the path that it fits.
pub(super) struct Chosen<'s> {
    pub(super) plan: &'s Plan,
    pub(super) index: u32,
    pub(super) block: &'s Held,
    pub(super) form: usize,
}

/// The body has to be read before it can be told who answers.
#[derive(Debug)]
pub(super) struct NeedsBody;

impl<'s, 'v> Search<'s, 'v> {
    pub(super) fn new(
        view: &'s View<'v>,
        path: &'s Segments<'s>,
        blocks: [Option<&'s Held>; BLOCKS],
    ) -> Self {
        Self { view, path, other: OnceCell::new(), blocks }
    }

    /// Form 0 is the path as it is, form 1 the one with a slash more or less.
    pub(super) fn form(&self, form: usize) -> Option<&Segments<'s>> {
        match form {
            0 => Some(self.path),
            1 => self.other.get_or_init(|| self.path.other_slash()).as_ref(),
            _ => None,
        }
    }

    /// Both forms, the second made only when it is reached.
    pub(super) fn forms(&self) -> impl Iterator<Item = (usize, &Segments<'s>)> {
        (0..2).filter_map(|form| self.form(form).map(|path| (form, path)))
    }

    /// The first endpoint whose method, types, query and body hold; `rank` orders the methods that count, the
    /// lowest first.
    pub(super) fn find(
        &self,
        rank: impl Fn(MethodMatch) -> Option<u8>,
    ) -> Result<Option<Chosen<'s>>, NeedsBody> {
        let [layer, blocks @ ..] = self.blocks;
        if let Some(chosen) = layer.map(|layer| self.find_latest(layer, &rank)).transpose()?.flatten() {
            return Ok(Some(chosen));
        }
        for (form, path) in self.forms() {
            for block in blocks.into_iter().flatten() {
                let flow = block.routes().walk(path, |group| self.try_group(block, path, group, &rank));
                match flow {
                    ControlFlow::Continue(()) => {}
                    ControlFlow::Break(Ok(index)) => {
                        return Ok(Some(Chosen { plan: block.plan(index), index, block, form }));
                    }
                    ControlFlow::Break(Err(needs_body)) => return Err(needs_body),
                }
            }
        }
        Ok(None)
    }

    /// The latest endpoint of a layer whose host, shape, method and guards hold.
    fn find_latest(
        &self,
        layer: &'s Held,
        rank: &impl Fn(MethodMatch) -> Option<u8>,
    ) -> Result<Option<Chosen<'s>>, NeedsBody> {
        let asked_for =
            |plan: &Plan| rank(plan.method).is_some() && plan.endpoint.answers_host(|| self.view.host());
        if let Ok(count @ ..=ASKED_EACH) = u32::try_from(layer.plans().len()) {
            for index in (0..count).rev().filter(|&index| asked_for(layer.plan(index))) {
                let pattern = &layer.plan(index).endpoint.path;
                for (form, path) in self.forms().filter(|(_, path)| pattern.fits(path)) {
                    if let Some(chosen) = self.try_latest(layer, index, form, path)? {
                        return Ok(Some(chosen));
                    }
                }
            }
            return Ok(None);
        }
        for (index, form) in self.latest_first(layer) {
            if let Some(path) = self.form(form).filter(|_| asked_for(layer.plan(index)))
                && let Some(chosen) = self.try_latest(layer, index, form, path)?
            {
                return Ok(Some(chosen));
            }
        }
        Ok(None)
    }

    /// The endpoints of a layer that the path fits, each with its form: the latest first, and where both forms fit, the
    /// path as it is.
    fn latest_first(&self, layer: &Held) -> Vec<(u32, usize)> {
        let mut fitting = Vec::new();
        for (form, path) in self.forms() {
            let _ = layer.routes().each_group(path, &mut |group| {
                fitting.extend(group.iter().map(|&index| (index, form)));
                ControlFlow::Continue(())
            });
        }
        fitting.sort_unstable_by_key(|&(index, form)| (std::cmp::Reverse(index), form));
        fitting
    }

    /// An endpoint of a layer, if its guards hold for a path that it fits.
    fn try_latest(
        &self,
        layer: &'s Held,
        index: u32,
        form: usize,
        path: &Segments<'_>,
    ) -> Result<Option<Chosen<'s>>, NeedsBody> {
        match self.try_plan(layer, index, path) {
            ControlFlow::Continue(()) => Ok(None),
            ControlFlow::Break(Ok(index)) => {
                Ok(Some(Chosen { plan: layer.plan(index), index, block: layer, form }))
            }
            ControlFlow::Break(Err(needs_body)) => Err(needs_body),
        }
    }

    /// Endpoints of equal rank: exact method before ANY, more guards before fewer, then file order.
    fn try_group(
        &self,
        block: &Block,
        path: &Segments<'_>,
        group: &[u32],
        rank: &impl Fn(MethodMatch) -> Option<u8>,
    ) -> ControlFlow<Result<u32, NeedsBody>> {
        if let [only] = group {
            return match rank(block.plan(*only).method) {
                Some(_) => self.try_plan(block, *only, path),
                None => ControlFlow::Continue(()),
            };
        }
        let mut plans: Vec<(u8, std::cmp::Reverse<usize>, u32)> = group
            .iter()
            .filter_map(|&index| {
                let plan = block.plan(index);
                let rank = rank(plan.method)?;
                Some((rank, std::cmp::Reverse(plan.guards_for(self.view)), index))
            })
            .collect();
        plans.sort_unstable();
        for (_, _, index) in plans {
            self.try_plan(block, index, path)?;
        }
        ControlFlow::Continue(())
    }

    fn try_plan(
        &self,
        block: &Block,
        index: u32,
        path: &Segments<'_>,
    ) -> ControlFlow<Result<u32, NeedsBody>> {
        match block.plan(index).guards(self.view, path) {
            Guards::Hold => ControlFlow::Break(Ok(index)),
            Guards::Fail => ControlFlow::Continue(()),
            Guards::NeedBody => ControlFlow::Break(Err(NeedsBody)),
        }
    }

    /// Every endpoint whose host and path shape fit, in order, with the form that it fits first.
    pub(super) fn candidates(&self) -> Vec<(usize, &'s Plan)> {
        let [layer, blocks @ ..] = self.blocks;
        let mut found = layer.map(|layer| self.candidates_in(layer, Vec::new())).unwrap_or_default();
        found.retain(|(_, plan)| plan.endpoint.answers_host(|| self.view.host()));
        blocks.into_iter().flatten().fold(found, |found, block| self.candidates_in(block, found))
    }

    /// The same in a block that may be another host's.
    pub(super) fn candidates_in<'b>(
        &self,
        block: &'b Block,
        mut found: Vec<(usize, &'b Plan)>,
    ) -> Vec<(usize, &'b Plan)> {
        for (form, path) in self.forms() {
            let _ = block.routes().each_group(path, &mut |group| {
                for &index in group {
                    let plan = block.plan(index);
                    // A rest fits both forms.
                    if !found.iter().any(|&(_, other)| std::ptr::eq(other, plan)) {
                        found.push((form, plan));
                    }
                }
                ControlFlow::Continue(())
            });
        }
        found
    }
}

/// How well an endpoint's method answers `method`: exactly, then GET for HEAD, then ANY.
pub(super) fn method_rank(method: &Method) -> impl Fn(MethodMatch) -> Option<u8> + use<> {
    let verb = Verb::of(method);
    move |wanted| match wanted {
        MethodMatch::Exactly(exactly) if Some(exactly) == verb => Some(0),
        MethodMatch::Exactly(Verb::Get) if verb == Some(Verb::Head) => Some(1),
        MethodMatch::Exactly(_) => None,
        MethodMatch::Any => Some(2),
    }
}
