//! Reading and printing.

use proptest::prelude::*;

use super::super::*;

#[test]
fn canonical_text_is_printed() {
    for (written, canonical) in [
        ("[a]", "[a]"),
        ("  Now ( ) ", "Now()"),
        (r#"Replace([preferredLanguage],"-",,,"_",,)"#, r#"Replace([preferredLanguage], "-", , , "_", , )"#),
        (r#"IIF([a]>=3,"x\\y","say \"hi\"")"#, r#"IIF([a] >= 3, "x\\y", "say \"hi\"")"#),
        ("BitAnd(&hf7,-10)", "BitAnd(&HF7, -10)"),
        (r#"InStr("a","b",1,vbTextCompare)"#, r#"InStr("a", "b", 1, vbTextCompare)"#),
        ("CBool([a]\n=\n[b])", "CBool([a] = [b])"),
    ] {
        let read = Expression::parse(written).unwrap();
        assert_eq!(read.to_string(), canonical, "{written}");
        assert_eq!(Expression::parse(canonical).unwrap(), read, "{canonical}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: one case on each line")]
fn errors_say_where_and_what() {
    for (text, message) in [
        ("", "character 1: the expression is empty"),
        ("   ", "character 4: the expression is empty"),
        ("Join(\" \", [a]", "character 14: expected a comma or a closing parenthesis, found the end"),
        ("Append([a] [b])", "character 12: expected a comma or a closing parenthesis, found '['"),
        ("Now() Now()", "character 7: expected the end of the expression, found 'N'"),
        (
            "Append(+, \"x\")",
            "character 8: expected a function, an [attribute], a \"text\" or a number, found '+'",
        ),
        (
            "Append(\"ä\", \"x)",
            "character 13: this text has no closing quotation mark; a quotation mark within it is written \\\"",
        ),
        ("ToLower([a)", "character 9: this attribute has no closing bracket ]"),
        ("ToLower([ ])", "character 9: the attribute has no name"),
        (
            "ToLower(\"\\d\")",
            "character 10: a backslash is written \\\\ within text: write \\\\d instead of \\d",
        ),
        ("Left([a], 1.5)", "character 11: 1.5 is no whole number of at most 64 bits"),
        (
            "Left([a], 99999999999999999999)",
            "character 11: 99999999999999999999 is no whole number of at most 64 bits",
        ),
        (
            "IIF([a]=\"x\", True, \"b\")",
            "character 14: True is neither a function call nor an attribute; write \"True\" for the text and [True] for the attribute",
        ),
        (
            "tolower([a])",
            "character 1: there is no function tolower; did you mean ToLower? Letter case counts",
        ),
        ("Frobnicate([a])", "character 1: there is no function Frobnicate"),
        (
            "IsNullorEmpty([a])",
            "character 1: there is no function IsNullorEmpty; did you mean IsNullOrEmpty? Letter case counts",
        ),
        ("Append([a])", "character 1: Append takes 2 arguments (source, suffix), found 1"),
        ("Now([a])", "character 1: Now takes no arguments, found 1"),
        ("Join(\"\")", "character 1: Join takes at least 2 arguments (separator, source, …), found 1"),
        (
            "Switch([a], \"x\", \"k\")",
            "character 1: Switch takes an even number of arguments, at least 4 (source, defaultValue, key, value, …), found 3",
        ),
        (
            "Switch([a], \"x\", \"k\", \"v\", \"k2\")",
            "character 1: Switch takes an even number of arguments, at least 4 (source, defaultValue, key, value, …), found 5",
        ),
        ("ToLower(Append([a], ))", "character 9: Append needs a value for suffix, argument 2"),
        (
            "ToLower([a] = [b])",
            "character 13: a comparison may only stand in the condition of IIF and in CBool",
        ),
        ("[a] = [b]", "character 5: a comparison may only stand in the condition of IIF and in CBool"),
        (
            "Append(SelectUniqueValue([a], [b]), \"x\")",
            "character 8: SelectUniqueValue must be the outermost function",
        ),
        (
            "SelectUniqueValue([a])",
            "character 1: SelectUniqueValue takes at least 2 arguments (uniqueValueRule, …), found 1",
        ),
        (
            "Replace([a], \"b\", , , , , )",
            "character 1: Replace: Find needs a Replacement (argument 5) or a Template (argument 7)",
        ),
        ("Replace([a])", "character 1: Replace: give Find (argument 2) or RegularExpression (argument 3)"),
        (
            "Replace([a], , \"(a\", , \"\", , )",
            "character 1: the regular expression cannot be used: error: unclosed group",
        ),
    ] {
        assert_eq!(Expression::parse(text).unwrap_err().to_string(), message, "{text}");
    }
}

#[test]
fn length_and_depth_are_limited() {
    let nested = |depth: usize| format!("{}[a]{}", "ToLower(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(MAX_DEPTH)).is_ok());
    assert_eq!(Expression::parse(&nested(MAX_DEPTH + 1)).unwrap_err().why, Unreadable::TooDeep);
    assert!(Expression::parse(&nested(1_100)).is_err());
    let long = format!("\"{}\"", "ä".repeat(MAX_LENGTH - 2));
    assert!(Expression::parse(&long).is_ok());
    assert_eq!(Expression::parse(&format!("{long} ")).unwrap_err().why, Unreadable::TooLong(MAX_LENGTH + 1));
}

fn leaf() -> impl Strategy<Value = Expression> {
    prop_oneof![
        "[a-zA-Z][a-zA-Z0-9_.:]{0,8}".prop_map(Expression::Attribute),
        any::<String>().prop_map(Expression::Constant),
        any::<i64>().prop_map(|value| Expression::Number { value, hexadecimal: false }),
        (0..i64::MAX).prop_map(|value| Expression::Number { value, hexadecimal: true }),
    ]
}

/// Calls with as many arguments as their function takes, empty ones where it allows that.
fn call(inner: impl Strategy<Value = Expression> + Clone + 'static) -> impl Strategy<Value = Expression> {
    let usable = |f: &&'static Function| !matches!(f.name, "Replace" | "SelectUniqueValue");
    let all: Vec<&'static Function> = Function::all().iter().filter(usable).collect();
    (prop::sample::select(all), 0..3_usize, prop::collection::vec(inner, 12), any::<u16>()).prop_map(
        |(function, more, values, empty)| {
            let count = function.parameters.len() + more * function.repeating;
            let argument = |(i, value): (usize, Expression)| {
                let may_be_empty = !function.parameter(i, count).required;
                if may_be_empty && empty >> i & 1 == 1 { None } else { Some(value) }
            };
            let arguments = values.into_iter().take(count).enumerate().map(argument).collect();
            Expression::Call { function, arguments }
        },
    )
}

fn expression() -> impl Strategy<Value = Expression> {
    leaf().prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            3 => call(inner.clone()),
            1 => (inner.clone(), inner).prop_map(|(left, right)| Expression::Call {
                function: Function::named("CBool").unwrap(),
                arguments: vec![Some(Expression::Comparison {
                    left: Box::new(left), operator: Operator::NotEqual, right: Box::new(right),
                })],
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back(expression in expression()) {
        let text = expression.to_string();
        prop_assume!(text.chars().count() <= MAX_LENGTH);
        prop_assert_eq!(Expression::parse(&text).unwrap(), expression);
    }

    #[test]
    fn what_reads_evaluates_without_a_panic(expression in expression()) {
        let value = evaluate(&expression, &super::ana(), &super::context());
        let fits = value.map_or(true, |v| v.texts().iter().map(String::len).sum::<usize>() <= MAX_TEXT);
        prop_assert!(fits);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn any_text_of_the_language_is_read_or_refused(
        text in r#"((Join|IIF|Now|Switch)?[\[\]"\\(),=<> a-c&H1-9-]{0,3}){0,12}"#
    ) {
        if let Ok(read) = Expression::parse(&text) {
            prop_assert_eq!(Expression::parse(&read.to_string()).unwrap(), read);
        }
    }
}
