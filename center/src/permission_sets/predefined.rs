//! Predefined permission sets: one AWS managed policy for a job function each.

use super::Fields;

/// A predefined permission set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predefined {
    /// The name of the set and, mostly, of the policy.
    pub name: &'static str,
    /// The ARN of its policy.
    pub policy: &'static str,
    /// What it is for.
    pub description: &'static str,
}

/// The sets that the console of AWS offers (user guide, "Predefined permissions for AWS managed
/// policies").
pub const PREDEFINED: &[Predefined] = &[
    Predefined {
        name: "AdministratorAccess",
        policy: "arn:aws:iam::aws:policy/AdministratorAccess",
        description: "Provides full access to AWS services and resources.",
    },
    Predefined {
        name: "Billing",
        policy: "arn:aws:iam::aws:policy/job-function/Billing",
        description: "Grants permissions for billing and cost management.",
    },
    Predefined {
        name: "DatabaseAdministrator",
        policy: "arn:aws:iam::aws:policy/job-function/DatabaseAdministrator",
        description: "Grants full access to the services that set up and run databases.",
    },
    Predefined {
        name: "DataScientist",
        policy: "arn:aws:iam::aws:policy/job-function/DataScientist",
        description: "Grants permissions for data analytics services.",
    },
    Predefined {
        name: "NetworkAdministrator",
        policy: "arn:aws:iam::aws:policy/job-function/NetworkAdministrator",
        description: "Grants full access to the services that set up and run networks.",
    },
    Predefined {
        name: "PowerUserAccess",
        policy: "arn:aws:iam::aws:policy/PowerUserAccess",
        description: "Provides full access to AWS services and resources, but not to users and groups.",
    },
    Predefined {
        name: "ReadOnlyAccess",
        policy: "arn:aws:iam::aws:policy/ReadOnlyAccess",
        description: "Provides read-only access to AWS services and resources.",
    },
    Predefined {
        name: "SecurityAudit",
        policy: "arn:aws:iam::aws:policy/SecurityAudit",
        description: "Grants access to read security configuration metadata.",
    },
    Predefined {
        name: "SupportUser",
        policy: "arn:aws:iam::aws:policy/job-function/SupportUser",
        description: "Grants permissions to find and solve problems in an account.",
    },
    Predefined {
        name: "SystemAdministrator",
        policy: "arn:aws:iam::aws:policy/job-function/SystemAdministrator",
        description: "Grants full access to what application and development operations need.",
    },
    Predefined {
        name: "ViewOnlyAccess",
        policy: "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
        description: "Grants permissions to view resources and basic metadata across all services.",
    },
];

impl Predefined {
    /// The permission set with AWS's default session of one hour.
    pub fn fields(&self) -> Fields {
        Fields {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            managed_policies: vec![self.policy.to_owned()],
            ..Fields::default()
        }
    }
}
