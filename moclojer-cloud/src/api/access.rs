//! Who may see and change what. What is not a customer's to know of is not found.

use super::error::{Answer, ApiError, Cause};
use super::state::Inner;
use crate::domain::{Customer, CustomerId, Membership, Mock, MockId, OrgId, Owner, Role, Subdomain};

impl Inner {
    /// A mock of the customer, or of an org that the customer is in.
    pub(crate) async fn mock_of(&self, customer: &Customer, id: MockId) -> Answer<Mock> {
        let mock = self.store.mock(id).await?.ok_or_else(ApiError::not_found)?;
        self.check_owner(customer, mock.owner).await?;
        tracing::Span::current().record("mock.id", tracing::field::display(mock.id));
        Ok(mock)
    }

    /// Refuses what is neither the customer's nor of an org that the customer is in.
    pub(crate) async fn check_owner(&self, customer: &Customer, owner: Owner) -> Answer<()> {
        match owner {
            Owner::Customer(id) if id == customer.id => Ok(()),
            Owner::Customer(_) => Err(ApiError::not_found()),
            Owner::Org(org) => self.member_of(org, customer.id).await.map(drop),
        }
    }

    /// An org that the customer is in.
    pub(crate) async fn member_of(&self, org: OrgId, customer: CustomerId) -> Answer<Membership> {
        let membership = self.store.membership(org, customer).await?.ok_or_else(ApiError::not_found)?;
        match membership.org.suspended_at {
            None => Ok(membership),
            Some(_) => Err(ApiError::with_message(Cause::Suspended, "the org is suspended")),
        }
    }

    /// An org that the customer owns.
    pub(crate) async fn owner_of(&self, org: OrgId, customer: CustomerId) -> Answer<Membership> {
        let membership = self.member_of(org, customer).await?;
        match membership.role {
            Role::Owner => Ok(membership),
            Role::Member => {
                Err(ApiError::with_message(Cause::NotAllowed, "only owners change an org and its people"))
            }
        }
    }

    /// Whose subdomain it is, if it is the customer's own or that of an org of theirs.
    pub(crate) async fn owner_of_subdomain(
        &self,
        customer: &Customer,
        subdomain: &Subdomain,
    ) -> Answer<Owner> {
        if let Subdomain::Username(username) = subdomain {
            return if *username == customer.username {
                Ok(Owner::Customer(customer.id))
            } else {
                Err(ApiError::new(Cause::ForeignSubdomain))
            };
        }
        let orgs = self.store.orgs_of(customer.id).await?;
        let org = orgs.into_iter().map(|membership| membership.org);
        let mut org = org.filter(|org| matches!(subdomain, Subdomain::Org(slug) if *slug == org.slug));
        match org.next() {
            Some(org) if org.suspended_at.is_none() => Ok(Owner::Org(org.id)),
            Some(_) => Err(ApiError::with_message(Cause::Suspended, "the org is suspended")),
            None => Err(ApiError::new(Cause::ForeignSubdomain)),
        }
    }
}
