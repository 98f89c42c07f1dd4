//! How strictly requests are judged: the instance's choice, and a token's own.

use scim::schema::ResourceType;
use scim::{Profile, Quirks, Rules};

/// How requests are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// RFC 7643, RFC 7644 and RFC 9865 in full, and every known deviation of vendors.
    Tolerant,
    /// The RFCs alone; each deviation is refused with its name.
    Strict,
    /// What AWS IAM Identity Center takes, with its limits and its answers.
    Aws,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tolerant, Self::Strict, Self::Aws];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tolerant => "tolerant",
            Self::Strict => "strict",
            Self::Aws => "aws",
        }
    }

    /// The mode of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }

    /// What follows from choosing it, for people.
    pub const fn consequences(self) -> &'static str {
        match self {
            Self::Tolerant => {
                "Everything that the RFCs have, and what Entra, Okta, Google and AWS's own documents send \
                 beside them. Right for production."
            }
            Self::Strict => {
                "The RFCs to the letter. Clients that deviate, Entra in its default dialect among them, are \
                 refused, and the answer names the deviation: changes, disabling included, do not arrive \
                 until the client is corrected. Right for testing a client."
            }
            Self::Aws => {
                "The limits and answers of AWS IAM Identity Center: one e-mail address, given and family \
                 name required, filters with eq and and, groups shown without members, at most 100 members \
                 in a change, no PUT of groups, no Bulk, no sorting, no ETags. Right for trying out what a \
                 client will meet at AWS."
            }
        }
    }

    /// The deviations that are tolerated.
    pub fn quirks(self) -> Quirks {
        match self {
            Self::Tolerant | Self::Aws => Quirks::tolerant(),
            Self::Strict => Quirks::strict(),
        }
    }

    /// What resources of a type are judged by; `quirks` are those of the request.
    ///
    /// AWS demands `displayName`, `name.givenName` and `name.familyName`. Elsewhere they are not
    /// demanded: nothing in this server needs them, and a person without a family name, or a service
    /// account, would be refused for a rule of another product.
    pub fn rules(self, kind: &'static ResourceType, quirks: &Quirks) -> Rules {
        let profile = match self {
            Self::Tolerant | Self::Strict => Profile::Rfc,
            Self::Aws => Profile::Aws,
        };
        Rules { kind, profile, quirks: quirks.clone() }
    }
}
