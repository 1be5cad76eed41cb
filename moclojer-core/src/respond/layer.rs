//! Endpoints that come before those of all hosts' blocks, the latest first: what tests put over a file.
//!
//! It has one block, of which each endpoint may name a host of its own; searches ask for that. Few endpoints are asked one
//! after the other, and no table of their paths is made unless a miss has to be told of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::block::Block;
use super::search::Held;
use super::{Options, Responder};
use crate::ports::{Clock, Random};
use crate::route::HostTable;
use crate::spec::Endpoint;

/// The block over all others, if there is one. It lives for one test and has few readers, so that a lock costs least.
#[derive(Debug, Default)]
pub(super) struct Layer(Mutex<Option<Arc<Block>>>);

impl Layer {
    pub(super) fn block(&self) -> Option<Held> {
        self.lock().as_ref().map(Held::of_share)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Responder {
    /// Answers nothing yet, and has room for a layer. Without endpoints it does not welcome anybody.
    ///
    /// Its hosts are in one piece: of a server that lives for one test, making and dropping count for more than swaps.
    pub(crate) fn layered(options: Options, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { hosts: HostTable::new(1), options, clock, random, layer: Some(Layer::default()) }
    }

    /// Puts these endpoints, the latest last, in the place of the layer's. One that was there goes on counting its
    /// answers. Calls must not overlap.
    pub(crate) fn set_layer(&self, endpoints: &[Arc<Endpoint>]) {
        let Some(layer) = &self.layer else {
            return;
        };
        let before = layer.lock().clone();
        if endpoints.is_empty() {
            *layer.lock() = None;
            return;
        }
        let counters = before.as_ref().map(|before| Arc::clone(&before.counters)).unwrap_or_default();
        let mut block = Block::of_layer(endpoints, self.options.seed, counters);
        if let (Some(before), Some(_)) = (before, self.options.seed) {
            let places: HashMap<*const Endpoint, u32> =
                (0..).zip(before.plans()).map(|(index, plan)| (Arc::as_ptr(&plan.endpoint), index)).collect();
            let known = endpoints.iter().map(|endpoint| places.get(&Arc::as_ptr(endpoint)).copied());
            block.seeded = block.seeded.going_on(&before.seeded, known);
        }
        *layer.lock() = Some(Arc::new(block));
    }
}
