//! The numbers under which administrators of Entra know a refusal, with what Entra means by each.

/// Every number that a sign-on or a sign-out is refused with, and its meaning (Microsoft: "Microsoft Entra
/// authentication and authorization error codes", in short). Each has its counterpart here.
pub const AADSTS: &[(u32, &str)] = &[
    (50003, "there is no key or certificate to sign or to verify with"),
    (50006, "the signature of the message is wrong"),
    (50010, "the audience of the application is not configured"),
    (50011, "the reply URL of the request is not registered for the application"),
    (50020, "the account is of another identity provider and not in this tenant"),
    (50034, "the account is not in this tenant"),
    (50053, "the account is locked after too many attempts"),
    (50055, "the password has expired or was set by an administrator and must be changed"),
    (50057, "the account is disabled"),
    (50058, "a sign-in without a page was asked for and nobody is signed in"),
    (50061, "the message for signing out cannot be processed"),
    (50068, "the application that asks for the sign-out is not part of the session"),
    (50070, "the session that is to be signed out is not known"),
    (50071, "the sign-out has expired"),
    (50105, "the user is assigned to the application neither directly nor through a group"),
    (50124, "a transformation of a claim is wrong or gives nothing"),
    (50126, "the user name or the password is wrong"),
    (50146, "the application needs a signing key of its own and has none"),
    (70001, "the application is disabled or not there"),
    (75001, "the binding of the message is wrong"),
    (75003, "another binding than HTTP-POST is asked for"),
    (75005, "the message is no valid SAML 2.0 request"),
    (75008, "the request was made for another destination"),
    (75011, "the way of signing in does not match the one that the request asks for"),
    (75016, "the NameIDPolicy of the request is not supported"),
    (76021, "the request is not signed as the application's settings demand"),
    (76026, "the request has expired"),
    (90002, "the tenant is not there"),
    (90009, "a part of the request is not supported"),
    (90011, "a text of the request is not supported"),
    (501_241, "an input that a claim must have is missing"),
    (650_056, "the application is not configured completely"),
    (700_016, "no application with this identifier is in the tenant"),
    (750_054, "the message is missing"),
    (900_236, "a Subject in the request is not supported"),
];

/// What Entra means by a number, in short; nothing for a number that is not among ours.
pub fn meaning(number: u32) -> &'static str {
    AADSTS.iter().find(|(known, _)| *known == number).map_or("", |(_, meaning)| meaning)
}
