use super::*;

#[test]
fn what_is_read_is_written_the_same() {
    for (text, canonical) in [
        ("user.mail", "user.mail"),
        ("  Mail ", "user.mail"),
        ("\"a \"\"b\"\" c\"", "\"a \"\"b\"\" c\""),
        ("900", "\"900\""),
        ("tolowercase( extractmailprefix(USER.Mail) )", "ToLowercase(ExtractMailPrefix(user.mail))"),
        ("Contains(mail, \"x\", city, country)", "Contains(user.mail, \"x\", user.city, else: user.country)"),
        ("Substring(mail, \"1\", 2)", "Substring(user.mail, 1, 2)"),
        (
            "RegexReplace(mail, \"^(?'a'.)\", \"{a}{country}\", user.country, ELSE : \"x\")",
            "RegexReplace(user.mail, \"^(?'a'.)\", \"{a}{country}\", user.country, else: \"x\")",
        ),
    ] {
        let source = Source::read(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(source.to_string(), canonical);
        assert_eq!(Source::read(canonical).unwrap(), source);
    }
    for (_, signature) in FUNCTIONS {
        assert_eq!(Source::read(signature.usage).unwrap().to_string(), signature.usage);
    }
}

#[test]
fn mistakes_are_named() {
    for (text, part) in [
        ("", "character 1"),
        ("user.mail user.mail", "nothing more expected at character 11"),
        ("\"open", "closing quote"),
        ("user.shoesize", "no attribute \"user.shoesize\""),
        ("Trim(user.mail)", "no function \"Trim\""),
        ("ToLowercase()", "character 13"),
        ("ToLowercase(user.mail", "a comma or a closing bracket"),
        ("ToLowercase(user.mail, \"x\")", "1 arguments after the input"),
        ("ToLowercase(user.mail, else: \"x\")", "no \"else:\""),
        ("Join(user.mail, user.city, \"x\")", "a text in quotes is needed"),
        ("Join(user.mail, \"x\", ToLowercase(user.city))", "at most 2 functions"),
        ("ToLowercase(ToLowercase(ToLowercase(user.mail)))", "at most 2 functions"),
        ("Contains(user.mail, \"\", \"x\")", "a text is empty"),
        ("Substring(user.mail, -1)", "character"),
        ("Substring(user.mail, 70000)", "0 to 65535"),
        ("RegexReplace(user.mail, \"(?=a)\", \"x\")", "look-ahead"),
        ("RegexReplace(user.mail, \"(a{999}){999}\", \"x\")", "too much memory"),
        ("RegexReplace(user.mail, \"a\", \"{b}\")", "{b} is neither"),
        ("RegexReplace(user.mail, \"a\", \"b\", \"c\")", "further inputs are attributes"),
        ("ToLowercase(source)", "can be used in its transformation alone"),
        ("source", "can be used in its transformation alone"),
    ] {
        let error = Source::read(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(matches!(Source::read(&"x".repeat(3000)), Err(NotationError::TooLong(3000))));
    assert_eq!(written(&Source::read_name_id("tolowercase(Source)").unwrap()), "ToLowercase(source)");
}
