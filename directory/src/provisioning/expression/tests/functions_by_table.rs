//! Every function, by Microsoft's examples and at its edges.

use super::check;

#[test]
fn texts() {
    check(&[
        (r#"Append([userPrincipalName], ".test")"#, "ana@contoso.com.test"),
        (r#"Append([missing], ".test")"#, "null"),
        (r#"Append([mail], [missing])"#, "ana@contoso.com"),
        (r#"Append([empty], "x")"#, "x"),
        (r#"Append([one], "x")"#, "onlyx"),
        (r#"Prepend("x-", [givenName])"#, "x-Ana"),
        (r#"Prepend("x-", [missing])"#, "null"),
        (r#"Append(Mid([givenName], 1, 3), Mid([surname], 1, 5))"#, "AnaMülle"),
        ("CStr([level])", "7"),
        ("CStr([accountEnabled])", "True"),
        ("CStr([missing])", "null"),
        (r#"ConvertToBase64("Hello world!")"#, "SABlAGwAbABvACAAdwBvAHIAbABkACEA"),
        (r#"ConvertToBase64("😀")"#, "PdgA3g=="),
        (r#"ConvertToBase64("")"#, ""),
        ("ConvertToBase64([missing])", "null"),
        (r#"ConvertToUTF8Hex("Hello world!")"#, "48656C6C6F20776F726C6421"),
        (r#"ConvertToUTF8Hex("é")"#, "C3A9"),
        ("ConvertToUTF8Hex([missing])", "null"),
        ("DefaultDomain()", "contoso.com"),
        (r#"InStr("The quick brown fox", "quick")"#, "5"),
        (r#"InStr("repEated", "e", 3, vbBinaryCompare)"#, "7"),
        (r#"InStr("repEated", "e", 3, vbTextCompare)"#, "4"),
        (r#"InStr("repEated", "x")"#, "0"),
        (r#"InStr("abc", "a", 9)"#, "0"),
        (r#"InStr("abc", "", 2)"#, "2"),
        (r#"InStr("äöü", "ü")"#, "3"),
        (r#"InStr([missing], "a")"#, "null"),
        (r#"InStr("a", "a", 0)"#, "! InStr: start is \"0\": it must be between 1 and 9223372036854775807"),
        (
            r#"InStr("a", "a", 1, "x")"#,
            "! InStr: compareType is \"x\": it must be one of vbTextCompare, vbBinaryCompare",
        ),
        (r#"Left("John Doe", 3)"#, "Joh"),
        (r#"Left("John Doe", 0)"#, ""),
        (r#"Left("John Doe", -1)"#, "John Doe"),
        (r#"Left("John", 99)"#, "John"),
        (r#"Left("😀a", 1)"#, "😀"),
        ("Left([missing], 3)", ""),
        ("Len([surname])", "6"),
        ("Len([missing])", "0"),
        (r#"Mid("abcdef", 2, 3)"#, "bcd"),
        (r#"Mid("abcdef", 5, 9)"#, "ef"),
        (r#"Mid("abc", 9, 1)"#, ""),
        ("Mid([missing], 1, 1)", "null"),
        (r#"Mid("abc", 0, 1)"#, "! Mid: start is \"0\": it must be between 1 and 9223372036854775807"),
        (r#"Mid("abc", 1, "x")"#, "! Mid: length is \"x\": a whole number is needed"),
        ("Redact([givenName])", "Ana"),
        (r#"StripSpaces(" a b	c ")"#, "ab\tc"),
        (r#"Word("The quick brown fox", 3, " ")"#, "brown"),
        (r#"Word("This,string!has&many separators", 3, ",!&#")"#, "has"),
        (r#"Word("a b", 3, " ")"#, ""),
        (r#"Word("a b", 0, " ")"#, ""),
        (r#"Word([missing], 1, " ")"#, ""),
    ]);
}

#[test]
fn diacritics() {
    check(&[
        (r#"NormalizeDiacritics("Zoë")"#, "Zoe"),
        (r#"NormalizeDiacritics("ǟ ā́ a̱ ǣ Æ ø Œ ß ł Ł ı İ ș ț ÿ ż")"#, "a a a ae AE oe OE ss l L i I s t y z"),
        (r#"NormalizeDiacritics("Nguyễn Đặng Ťažký")"#, "Nguyen Dang Tazky"),
        (r#"NormalizeDiacritics("Йожеф й 가 😀")"#, "Йожеф й 가 😀"),
        ("NormalizeDiacritics([missing])", "null"),
    ]);
}

#[test]
fn letter_case() {
    check(&[
        (r#"ToLower("ABC Ä")"#, "abc ä"),
        (r#"ToUpper("abc ß i")"#, "ABC ß I"),
        (r#"ToUpper("i", "tr-TR")"#, "İ"),
        (r#"ToLower("I", "tr-TR")"#, "ı"),
        (r#"ToLower("I", "en-US")"#, "i"),
        (
            r#"ToLower("I", "not a culture")"#,
            "! ToLower: culture is \"not a culture\": it is no culture name such as en-US",
        ),
        ("ToLower([missing])", "null"),
        (r#"PCase("PABLO GONSALVES (SECOND)")"#, "Pablo Gonsalves (Second)"),
        (r#"PCase("PINTO-DE'SILVA", " '-")"#, "Pinto-De'Silva"),
        (r#"PCase("PINTO-DE'SILVA")"#, "Pinto-De'silva"),
        (r#"PCase("o_neil 1st éric")"#, "O_Neil 1St Éric"),
        (r#"PCase(Join(" ", "GREGORY", "JAMES"))"#, "Gregory James"),
        ("PCase([missing])", "null"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("Count([two])", "3"),
        ("Count([givenName])", "1"),
        ("Count([missing])", "0"),
        ("Count([none])", "0"),
        ("Item([two], 1)", "SMTP:a@x"),
        ("Item([two], 4)", "null"),
        ("Item([givenName], 1)", "Ana"),
        ("Item([missing], 1)", "null"),
        ("Item([two], 0)", "! Item: index is \"0\": it must be between 1 and 9223372036854775807"),
        (r#"Join(", ", "", [surname], [givenName])"#, "Müller, Ana"),
        (r#"Join(" ", [missing], [surname])"#, "Müller"),
        (r#"Join(" ", [missing], [missing])"#, "null"),
        (r#"Join("; ", [two])"#, "SMTP:a@x; smtp:b@x; smtp:b@x"),
        (r#"Join("", 1000, Replace(ConvertToUTF8Hex("a1-k"), , "[a-zA-Z_]*", , "", , ))"#, "1000613126"),
        ("RemoveDuplicates([two])", "(SMTP:a@x|smtp:b@x)"),
        ("RemoveDuplicates([missing])", "null"),
        (r#"Split("PermissionSetOne, PermissionSetTwo", ",")"#, "(PermissionSetOne|PermissionSetTwo)"),
        (r#"Split("a,,b,", ",")"#, "(a|b)"),
        (r#"Split([missing], ",")"#, "null"),
        (r#"Split("a", "")"#, "! Split: delimiter is \"\": it must not be empty"),
        (
            "ToLower([two])",
            "! ToLower: source is \"SMTP:a@x, smtp:b@x, smtp:b@x\": it has 3 values where one is needed; \
             take one with Item or make them one with Join",
        ),
    ]);
}

#[test]
fn choices_and_tests() {
    check(&[
        (r#"IIF([country]="USA",[country],[surname])"#, "USA"),
        (r#"IIF([country]="usa","a","b")"#, "b"),
        (r#"IIF([country]<>"DE","a","b")"#, "a"),
        (r#"IIF([missing]="USA","a","b")"#, "null"),
        (r#"IIF([country]="","a","b")"#, "b"),
        (r#"IIF([level]>10,"a","b")"#, "b"),
        (r#"IIF("9" < "10","a","b")"#, "a"),
        (r#"IIF(IsNullOrEmpty([missing]),"Other",[missing])"#, "Other"),
        (r#"IIF([accountEnabled]="true","a","b")"#, "a"),
        (r#"IIF(CDate("2021-01-02") > CDate("2020-12-31"),"a","b")"#, "a"),
        (r#"IIF([level] >= 7, IIF([level] <= 7, "a", "b"), "c")"#, "a"),
        (r#"IIF([country],"a","b")"#, "! IIF: condition is \"USA\": True, False or a number is needed"),
        (r#"CBool([givenName] = [displayName])"#, "False"),
        ("CBool([level])", "True"),
        ("CBool(0)", "False"),
        ("CBool([missing])", "null"),
        (r#"Switch([country], "none", "DE", "Germany", "USA", "America")"#, "America"),
        (r#"Switch([country], "none", "usa", "America")"#, "none"),
        (r#"Switch([country], , "usa", "America")"#, "null"),
        (r#"Switch([missing], [country], "", "Other")"#, "Other"),
        (r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#, "True"),
        (r#"Coalesce([missing], [mail], "x")"#, "ana@contoso.com"),
        (r#"Coalesce([missing], "")"#, ""),
        ("Coalesce([missing])", "null"),
        ("Coalesce([missing], [two])", "(SMTP:a@x|smtp:b@x|smtp:b@x)"),
        ("IsNull([missing])", "True"),
        ("IsNothing([empty])", "False"),
        ("IsNullOrEmpty([empty])", "True"),
        ("IsPresent([empty])", "False"),
        ("IsPresent([mail])", "True"),
        ("IsString([mail])", "True"),
        ("IsString([level])", "False"),
        ("IsString([missing])", "False"),
        ("Not([accountEnabled])", "False"),
        (r#"Not("false")"#, "True"),
        ("Not([missing])", "null"),
        ("BitAnd(&HF, &HF7)", "7"),
        (r#"BitAnd("&HF0", 255)"#, "240"),
        ("BitAnd([missing], 1)", "null"),
        (r#"BitAnd("x", 1)"#, "! BitAnd: value1 is \"x\": a whole number is needed"),
        ("IgnoreFlowIfNullOrEmpty([empty])", "null"),
        ("IgnoreFlowIfNullOrEmpty([none])", "null"),
        ("IgnoreFlowIfNullOrEmpty([mail])", "ana@contoso.com"),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("Now()", "7/2/2021 3:33:38 PM"),
        ("CDate([hired])", "3/16/2012 7:00:00 AM"),
        (r#"CDate("2021-06-30+08:00")"#, "6/29/2021 4:00:00 PM"),
        (r#"CDate("2009-06-15T01:45:30-07:00")"#, "6/15/2009 8:45:30 AM"),
        (r#"CDate("2009-06-15T01:45:30.1234567Z")"#, "6/15/2009 1:45:30 AM"),
        ("CDate([missing])", "null"),
        (
            r#"CDate("soon")"#,
            "! CDate: expression is \"soon\": it is no date of the form 2026-03-16, 2026-03-16T07:00:00Z or \
             3/16/2026 7:00:00 AM",
        ),
        (r#"DateAdd("d", 7, CDate([hired]))"#, "3/23/2012 7:00:00 AM"),
        (r#"DateAdd("d", -10, CDate([hired]))"#, "3/6/2012 7:00:00 AM"),
        (r#"DateAdd("ww", 2, CDate([hired]))"#, "3/30/2012 7:00:00 AM"),
        (r#"DateAdd("m", 10, CDate([hired]))"#, "1/16/2013 7:00:00 AM"),
        (r#"DateAdd("yyyy", 2, CDate([hired]))"#, "3/16/2014 7:00:00 AM"),
        (r#"DateAdd("m", 1, CDate("2021-01-31"))"#, "2/28/2021 12:00:00 AM"),
        (r#"DateAdd("h", 1, Now())"#, "7/2/2021 4:33:38 PM"),
        (r#"DateAdd("n", -34, Now())"#, "7/2/2021 2:59:38 PM"),
        (r#"DateAdd("s", 22, Now())"#, "7/2/2021 3:34:00 PM"),
        (r#"DateAdd("d", 1, [missing])"#, "null"),
        (
            r#"DateAdd("w", 1, Now())"#,
            "! DateAdd: interval is \"w\": it must be one of yyyy, m, d, ww, h, n, s",
        ),
        (
            r#"DateAdd("s", 9223372036854775807, Now())"#,
            "! DateAdd: value is \"9223372036854775807\": the date lies outside of the years 1 to 9999",
        ),
        (
            r#"DateAdd("yyyy", -3000, Now())"#,
            "! DateAdd: value is \"-3000\": the date lies outside of the years 1 to 9999",
        ),
        (r#"DateDiff("d", "2021-08-18+08:00", "2021-08-31+08:00")"#, "13"),
        (r#"DateDiff("d", "8/25/2021 5:41:18 PM", [hired])"#, "-3449"),
        (r#"DateDiff("ww", "8/25/2021 5:41:18 PM", [hired])"#, "-493"),
        (r#"DateDiff("m", "8/25/2021 5:41:18 PM", [hired])"#, "-113"),
        (r#"DateDiff("yyyy", "8/25/2021 5:41:18 PM", [hired])"#, "-9"),
        (r#"DateDiff("d", "2021-08-31+08:00", "2021-08-31+08:00")"#, "0"),
        (r#"DateDiff("h", "2021-08-24", "2021-08-25")"#, "24"),
        (r#"DateDiff("n", "2021-08-24", "2021-08-25")"#, "1440"),
        (r#"DateDiff("s", "2021-08-24", "2021-08-25")"#, "86400"),
        (r#"DateDiff("d", [missing], Now())"#, "null"),
        ("DateFromNum(129699324000000000)", "1/1/2012 11:00:00 PM"),
        ("DateFromNum(0)", "null"),
        ("DateFromNum(9223372036854775807)", "null"),
        ("DateFromNum(-1)", "! DateFromNum: value is \"-1\": the date lies outside of the years 1 to 9999"),
        ("DateFromNum([missing])", "null"),
        (r#"NumFromDate("2012-01-01T23:00:00Z")"#, "129699324000000000"),
        (
            r#"NumFromDate(Join("", FormatDateTime("2020-12-31-08:00", ,"yyyy-MM-ddzzz", "yyyy-MM-dd"), " 23:59:59-08:00"))"#,
            "132539615990000000",
        ),
        ("NumFromDate([missing])", "null"),
    ]);
}

#[test]
fn date_formats() {
    check(&[
        (r#"FormatDateTime("20150123105347.1Z", , "yyyyMMddHHmmss.fZ", "yyyy-MM-dd")"#, "2015-01-23"),
        (r#"FormatDateTime("3/16/2012 7:00:00 PM", "M/d/yyyy h:mm:ss tt", "HH:mm")"#, "19:00"),
        (r#"FormatDateTime(" 2012 ", , "yyyy", "yy")"#, "12"),
        (r#"FormatDateTime("2012", "AssumeUniversal, AllowWhiteSpaces", "yyyy", "yy")"#, "12"),
        (r#"FormatDateTime([missing], , "yyyy", "yy")"#, "null"),
        (r#"FormatDateTime([empty], , "yyyy", "yy")"#, "null"),
        (
            r#"FormatDateTime("x", , "yyyy", "yy")"#,
            "! FormatDateTime: source is \"x\": it does not have the format \"yyyy\"",
        ),
        (
            r#"FormatDateTime(" 2012", "None", "yyyy", "yy")"#,
            "! FormatDateTime: source is \" 2012\": it does not have the format \"yyyy\"",
        ),
        (
            r#"FormatDateTime("2012", , "yyyy", "'yy")"#,
            "! FormatDateTime: outputFormat is \"'yy\": it is no date format: a quotation is not closed",
        ),
    ]);
}

#[test]
fn replacements() {
    check(&[
        (r#"Replace([country], "USA", , , "America", , )"#, "America"),
        (r#"Replace([mail], "@contoso.com", , ,"", ,)"#, "ana"),
        (r#"Replace([missing], "a", , , "b", , )"#, "null"),
        (r#"Replace("jsmith", "<username>", , , , , "<username>@contoso.com")"#, "jsmith@contoso.com"),
        (
            r#"Replace([phone], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", , "${phoneNumber}", , )"#,
            "9998887777",
        ),
        (r#"Replace("+1 (999) 888-7777", , "[()\\s-]+", , "", , )"#, "+19998887777"),
        (
            r#"Replace("545 Tremont Street", ,"(?<streetNumber>^\\d*)","streetNumber", "888", , )"#,
            "888 Tremont Street",
        ),
        (r#"Replace([mail], , "(?<Suffix>@(.)*)", "Suffix", "", , )"#, "ana"),
        (
            r#"Replace([empty], , "\\+(?<isdCode>\\d* )(?<phoneNumber>\\d{10})", "phoneNumber" , , [phone], )"#,
            "9998887777",
        ),
        (r#"Replace([mail], , "(?<x>a)", "x", , [phone], )"#, "ana@contoso.com"),
        (r#"Replace([missing], , "(?<x>z)", "x", , [phone], )"#, "null"),
        (r#"Replace([missing], , "(?<x>z)", "x", , [missing], )"#, "null"),
        (r#"Replace("john_doe72", , "[a-zA-Z_]*", , "", , )"#, "72"),
        (r#"Replace("a", "", , , "b", , )"#, "! Replace: Find is \"\": it must not be empty"),
        (
            r#"Replace("a", , "(?<x>a)", "y", "b", , )"#,
            "! Replace: RegularExpressionGroupName is \"y\": the regular expression has no group of that name",
        ),
        (
            r#"Replace("a", , Append("(?=", "a)"), , "b", , )"#,
            "! Replace: RegularExpression is \"(?=a)\": the regular expression cannot be used: look-ahead (?= or (?! at \
             character 1 is .NET syntax that is not supported, because it cannot run in linear time; use a capturing \
             group for the wanted part instead",
        ),
    ]);
}
