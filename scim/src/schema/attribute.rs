//! One attribute and its characteristics, RFC 7643 §2.2 and §7.

use serde::{Deserialize, Serialize};

/// The data type of a value, RFC 7643 §2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A real number.
    Decimal,
    /// A whole number.
    Integer,
    /// A time, `2008-01-23T04:56:22Z`.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// An object with sub-attributes.
    Complex,
}

impl Kind {
    /// The word of RFC 7643 §7.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may change a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// The server alone.
    ReadOnly,
    /// The client.
    ReadWrite,
    /// The client, once.
    Immutable,
    /// The client, and nobody can read it.
    WriteOnly,
}

impl Mutability {
    /// The word of RFC 7643 §7.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

/// When a value is part of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// In every answer.
    Always,
    /// In none.
    Never,
    /// Unless the client asks otherwise.
    Default,
    /// When the client asks for it.
    Request,
}

impl Returned {
    /// The word of RFC 7643 §7.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

/// Where no two resources may have the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// They may.
    None,
    /// Within the service.
    Server,
}

impl Uniqueness {
    /// The word of RFC 7643 §7.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
        }
    }
}

/// One attribute or sub-attribute.
#[derive(Debug)]
pub struct Attribute {
    /// The name, in the case in which it is returned.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// Its data type.
    pub kind: Kind,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// Whether a resource (or an element) must have it.
    pub required: bool,
    /// Whether upper and lower case differ in comparisons.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// Whether values may repeat.
    pub uniqueness: Uniqueness,
    /// Suggested values. Others are accepted, RFC 7643 §7.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point to.
    pub reference_types: &'static [&'static str],
    /// The parts of a complex attribute.
    pub sub_attributes: &'static [Attribute],
    /// Longest text.
    pub max_length: usize,
}

impl Attribute {
    /// A text attribute with the defaults of RFC 7643 §2.2.
    #[must_use]
    pub const fn text(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            kind: Kind::String,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
            max_length: crate::limits::MAX_TEXT,
        }
    }

    /// An attribute of another data type. References and binaries are case exact, RFC 7643 §2.3.
    #[must_use]
    pub const fn of(kind: Kind, name: &'static str, description: &'static str) -> Self {
        let case_exact = matches!(kind, Kind::Reference | Kind::Binary);
        let max_length = match kind {
            Kind::Binary => crate::limits::MAX_BINARY,
            _ => crate::limits::MAX_TEXT,
        };
        Self { kind, case_exact, max_length, ..Self::text(name, description) }
    }

    /// A complex attribute.
    #[must_use]
    pub const fn complex(name: &'static str, description: &'static str, subs: &'static [Self]) -> Self {
        Self { kind: Kind::Complex, sub_attributes: subs, ..Self::text(name, description) }
    }

    /// The same as a list.
    #[must_use]
    pub const fn many(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    /// The same, required.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, case exact.
    #[must_use]
    pub const fn case_exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    /// The same with another mutability.
    #[must_use]
    pub const fn mutability(self, mutability: Mutability) -> Self {
        Self { mutability, ..self }
    }

    /// The same, readable alone.
    #[must_use]
    pub const fn read_only(self) -> Self {
        self.mutability(Mutability::ReadOnly)
    }

    /// The same, returned at other times.
    #[must_use]
    pub const fn returned(self, returned: Returned) -> Self {
        Self { returned, ..self }
    }

    /// The same, unique within the service.
    #[must_use]
    pub const fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    /// The same with suggested values.
    #[must_use]
    pub const fn canonical(self, values: &'static [&'static str]) -> Self {
        Self { canonical_values: values, ..self }
    }

    /// The same with the types that it refers to.
    #[must_use]
    pub const fn refers_to(self, types: &'static [&'static str]) -> Self {
        Self { reference_types: types, ..self }
    }

    /// The same with another longest length.
    #[must_use]
    pub const fn at_most(self, characters: usize) -> Self {
        Self { max_length: characters, ..self }
    }

    /// The sub-attribute of this name.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        self.sub_attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }

    /// Whether the attribute is complex.
    #[must_use]
    pub const fn is_complex(&self) -> bool {
        matches!(self.kind, Kind::Complex)
    }

    /// Most values of a list.
    #[must_use]
    pub fn max_values(&self) -> usize {
        match self.name {
            "members" => crate::limits::MAX_MEMBERS,
            _ => crate::limits::MAX_VALUES,
        }
    }
}
