//! The organization: root, organizational units and accounts.

mod import;
pub mod store;
mod tree;

use ::store::{Retryable, StoreError};
use serde_json::{Value as Json, json};
use thiserror::Error;
use web::Timestamp;

pub use import::{AccountRow, Imported, import, parse};
pub use tree::{Node, accounts_under, tree};

use crate::csv_file::CsvError;

/// The organization of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// `o-` and 10 letters or digits.
    pub id: String,
    /// `r-` and 4 letters or digits.
    pub root_id: String,
    /// The account that owns it; empty until one exists.
    pub management_account_id: String,
}

impl Organization {
    /// Its ARN, as in AWS.
    pub fn arn(&self) -> String {
        format!("arn:aws:organizations::{}:organization/{}", self.management_account_id, self.id)
    }
}

/// An organizational unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// `ou-`, the root's letters, `-` and 8 letters or digits.
    pub id: String,
    /// The unit or root above it.
    pub parent_id: String,
    /// Its name, unique under its parent.
    pub name: String,
}

/// Whether people can reach an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    /// They can.
    Active,
    /// Nobody has access to it.
    Suspended,
}

impl AccountStatus {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
        }
    }

    /// Reads what [`AccountStatus::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "ACTIVE" => Some(Self::Active),
            "SUSPENDED" => Some(Self::Suspended),
            _ => None,
        }
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The address of its root user.
    pub email: String,
    /// The unit or root that it is in.
    pub parent_id: String,
    /// Whether people can reach it.
    pub status: AccountStatus,
    /// When it came into the organization.
    pub joined_at: Timestamp,
}

impl Account {
    /// What events and the admin API show of the account.
    pub fn for_event(&self) -> Json {
        json!({
            "accountId": self.id,
            "accountName": self.name,
            "emailAddress": self.email,
            "parentId": self.parent_id,
            "status": self.status.as_str(),
        })
    }
}

/// Why a change of the organization was refused.
#[derive(Debug, Error)]
pub enum OrganizationError {
    /// No such account.
    #[error("there is no account {0} in the organization")]
    AccountNotFound(String),
    /// The management account cannot be suspended.
    #[error("the management account {0} cannot be suspended")]
    ManagementAccount(String),
    /// The file has a bad line.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for OrganizationError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
