//! `entente directory app provisioning why`

use serde_json::Value as Json;

use crate::Failure;
use crate::client::Directory;
use crate::output::Output;

/// Says why somebody is in scope of an application or, with a group, in that group.
pub async fn why(
    directory: &Directory,
    app: &str,
    user: &str,
    group: Option<&str>,
    output: &Output,
) -> Result<(), Failure> {
    let app = directory.application(app).await?;
    let found = directory.provenance(app["id"].as_str().unwrap_or_default(), user, group).await?;
    if output.json {
        output.data(&found);
    } else {
        lines(&found).iter().for_each(|line| output.say(line));
    }
    Ok(())
}

/// Where somebody stands, and each reason on a line.
fn lines(found: &Json) -> Vec<String> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let user = text(&found["user"]["userPrincipalName"]);
    let mut lines = vec![format!("{user} is {} ({}).", text(&found["standing"]), text(&found["why"]))];
    let group = &found["group"];
    if !group.is_null() {
        let is = if group["member"] == true { "are to be" } else { "are not to be" };
        let name = text(&group["displayName"]);
        lines.push(format!("In the target they {is} a member of {name}, which is {}.", text(&group["why"])));
    }
    let reasons = found["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
    lines.extend(reasons.iter().map(|reason| format!("- {}", text(&reason["text"]))));
    if reasons.is_empty() {
        lines.push("No way leads there, neither directly nor through groups.".to_owned());
    }
    if found["truncated"] == true {
        lines.push("There are more ways than these; the shortest are shown.".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reasons_are_lines() {
        let mut found = json!({
            "user": { "userPrincipalName": "ana@t" }, "standing": "entitled", "why": "enabled and in scope",
            "group": { "displayName": "G", "why": "in scope", "member": true },
            "reasons": [{ "text": "member of A, inside G" }], "truncated": true,
        });
        assert_eq!(
            lines(&found),
            [
                "ana@t is entitled (enabled and in scope).",
                "In the target they are to be a member of G, which is in scope.",
                "- member of A, inside G",
                "There are more ways than these; the shortest are shown.",
            ]
        );
        found["reasons"] = json!([]);
        found["group"] = Json::Null;
        found["truncated"] = json!(false);
        assert_eq!(lines(&found)[1..], ["No way leads there, neither directly nor through groups."]);
    }
}
