//! The core user, RFC 7643 §4.1 and §8.7.1.
//!
//! `password` is absent: people sign in at their identity provider, and a
//! secret that nobody checks must not be taken. A client that sends one is
//! not refused, since unknown attributes are passed over.

use super::attribute::{Attribute, Kind};
use super::{ENTERPRISE_USER_SCHEMA, ResourceType, Schema, urn};

/// The resource type `User`.
pub static USER: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "User Account",
    schema: &USER_SCHEMA,
    extensions: &[&ENTERPRISE_USER_SCHEMA],
};

/// The core schema of a user.
pub static USER_SCHEMA: Schema =
    Schema { id: urn::USER, name: "User", description: "User Account", attributes: ATTRIBUTES };

const ATTRIBUTES: &[Attribute] = &[
    Attribute::text("userName", "The name by which the user signs in. Unique, without regard to case.")
        .required()
        .unique()
        .at_most(128),
    Attribute::complex("name", "The parts of the user's name.", NAME),
    Attribute::text("displayName", "The name that is shown to others."),
    Attribute::text("nickName", "The casual name of the user."),
    Attribute::of(Kind::Reference, "profileUrl", "The address of the user's profile page.")
        .refers_to(&["external"]),
    Attribute::text("title", "The user's position, such as \"Vice President\"."),
    Attribute::text("userType", "The relationship to the organization, such as \"Employee\"."),
    Attribute::text("preferredLanguage", "The preferred language, as in Accept-Language."),
    Attribute::text("locale", "The locale for currency, dates and numbers."),
    Attribute::text("timezone", "The time zone, such as \"Europe/Berlin\"."),
    Attribute::of(Kind::Boolean, "active", "Whether the user may sign in."),
    plural("emails", "E-mail addresses.", EMAIL),
    plural("phoneNumbers", "Telephone numbers.", PHONE),
    plural("ims", "Instant messaging addresses.", IM),
    plural("photos", "Addresses of pictures of the user.", PHOTO),
    plural("addresses", "Postal addresses.", ADDRESS),
    plural("groups", "The groups to which the user belongs.", GROUPS).read_only(),
    plural("entitlements", "Things that the user has a right to.", PLAIN),
    plural("roles", "The user's roles.", PLAIN),
    plural("x509Certificates", "Certificates of the user.", CERTIFICATE),
];

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The full name, as it is shown."),
    Attribute::text("familyName", "The family name."),
    Attribute::text("givenName", "The given name."),
    Attribute::text("middleName", "The middle names."),
    Attribute::text("honorificPrefix", "A title before the name."),
    Attribute::text("honorificSuffix", "A suffix after the name."),
];

const VALUE: Attribute = Attribute::text("value", "The value.");
const DISPLAY: Attribute = Attribute::text("display", "A text that people read.");
const TYPE: Attribute = Attribute::text("type", "What the value is for.");
const PRIMARY: Attribute =
    Attribute::of(Kind::Boolean, "primary", "Whether this is the preferred value. One value can be.");

const EMAIL: &[Attribute] = &[VALUE, DISPLAY, TYPE.canonical(&["work", "home", "other"]), PRIMARY];
const PHONE: &[Attribute] =
    &[VALUE, DISPLAY, TYPE.canonical(&["work", "home", "mobile", "fax", "pager", "other"]), PRIMARY];
const IM: &[Attribute] = &[
    VALUE,
    DISPLAY,
    TYPE.canonical(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    PRIMARY,
];
const PHOTO: &[Attribute] = &[
    Attribute::of(Kind::Reference, "value", "The address of the picture.").refers_to(&["external"]),
    DISPLAY,
    TYPE.canonical(&["photo", "thumbnail"]),
    PRIMARY,
];
const PLAIN: &[Attribute] = &[VALUE, DISPLAY, TYPE, PRIMARY];
const CERTIFICATE: &[Attribute] =
    &[Attribute::of(Kind::Binary, "value", "The DER bytes in base64."), DISPLAY, TYPE, PRIMARY];

// `primary` is not in the address of RFC 7643 §8.7.1, but in that of §8.2,
// and Entra's validator sets it.
const ADDRESS: &[Attribute] = &[
    Attribute::text("formatted", "The full address, as it is shown."),
    Attribute::text("streetAddress", "Street, house number and the like."),
    Attribute::text("locality", "The city."),
    Attribute::text("region", "The state or region."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country, as two letters of ISO 3166-1."),
    TYPE.canonical(&["work", "home", "other"]),
    PRIMARY,
];

const GROUPS: &[Attribute] = &[
    Attribute::text("value", "The id of the group.").case_exact().read_only(),
    Attribute::of(Kind::Reference, "$ref", "The address of the group.").refers_to(&["Group"]).read_only(),
    DISPLAY.read_only(),
    TYPE.canonical(&["direct", "indirect"]).read_only(),
];

const fn plural(name: &'static str, description: &'static str, subs: &'static [Attribute]) -> Attribute {
    Attribute::complex(name, description, subs).many()
}
