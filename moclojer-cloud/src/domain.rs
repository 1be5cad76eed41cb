//! Customers, orgs, mocks and their hosts: plain data and the rules that need no database.

mod account;
mod mock;
mod names;

pub use account::{Customer, CustomerId, Member, Membership, Org, OrgId, Owner, Role};
pub use mock::{Carried, HostState, Mock, MockId, Status};
pub use names::{BaseDomain, Email, Hosts, NameProblem, OrgSlug, Subdomain, Username, Wildcard};
