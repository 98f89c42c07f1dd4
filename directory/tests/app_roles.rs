//! Roles of applications: what Graph and `/api` make of them, and what targets get.
#![expect(clippy::unwrap_used, reason = "tests")]

use directory::testing::{Browser, Program, TestDirectory, engines};
use http::{Method, StatusCode};
use serde_json::{Value, json};

const USER: &str = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
const MSIAM: &str = "b9632174-c057-4f7e-951b-be3adc52bfe6";
const AUDITOR: &str = "0f1b0000-0000-4000-8000-00000000000a";
const WRITER: &str = "0f1b0000-0000-4000-8000-00000000000b";

struct Roles {
    program: Program,
    app: String,
    sp: String,
}

impl Roles {
    async fn new(test: &TestDirectory) -> Self {
        let program = test.program().await;
        let template = "/v1.0/applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate";
        let made = program.post(template, &json!({ "displayName": "Ledger" })).await.json();
        let id = |which: &str| made[which]["id"].as_str().unwrap().to_owned();
        Self { program, app: id("application"), sp: id("servicePrincipal") }
    }

    async fn patch(&self, roles: Value) -> StatusCode {
        let path = format!("/v1.0/servicePrincipals/{}", self.sp);
        self.program.patch(&path, &json!({ "appRoles": roles })).await.status
    }

    /// Each role's value, by its name, as the application object has them.
    async fn values(&self) -> Vec<(String, Value)> {
        let app = self.program.get(&format!("/v1.0/applications/{}", self.app)).await.json();
        let of = |role: &Value| (role["displayName"].as_str().unwrap().to_owned(), role["value"].clone());
        app["appRoles"].as_array().unwrap().iter().map(of).collect()
    }

    async fn assign(&self, principal: &str, role: &str) -> (StatusCode, Value) {
        let body = json!({ "principalId": principal, "resourceId": self.sp, "appRoleId": role });
        let path = format!("/v1.0/servicePrincipals/{}/appRoleAssignedTo", self.sp);
        let answer = self.program.post(&path, &body).await;
        (answer.status, answer.json())
    }

    fn api(&self, rest: &str) -> String {
        format!("/api/applications/{}/{rest}", self.app)
    }
}

fn role(id: &str, name: &str, value: &str, on: bool) -> Value {
    json!({
        "allowedMemberTypes": ["User"], "description": null, "displayName": name, "id": id,
        "isEnabled": on, "origin": "Application", "value": value,
    })
}

fn named(pairs: &[(&str, Option<&str>)]) -> Vec<(String, Value)> {
    let fixed = [("User", None), ("msiam_access", None)];
    fixed.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

#[tokio::test]
async fn graph_takes_the_whole_collection_of_roles() {
    for test in engines().await {
        let roles = Roles::new(&test).await;
        assert_eq!(roles.values().await, named(&[]));
        let (audit, write) = (role(AUDITOR, "Auditor", "audit", true), role(WRITER, "Writer", "write", true));
        assert_eq!(roles.patch(json!([audit, write])).await, StatusCode::NO_CONTENT);
        assert_eq!(roles.values().await, named(&[("Auditor", Some("audit")), ("Writer", Some("write"))]));

        // What was read can be written, and two roles can exchange their values.
        let read = roles.program.get(&format!("/v1.0/servicePrincipals/{}", roles.sp)).await.json();
        assert_eq!(roles.patch(read["appRoles"].clone()).await, StatusCode::NO_CONTENT);
        let swapped = json!([role(AUDITOR, "Auditor", "write", true), role(WRITER, "Writer", "audit", true)]);
        assert_eq!(roles.patch(swapped).await, StatusCode::NO_CONTENT);
        let now = named(&[("Auditor", Some("write")), ("Writer", Some("audit"))]);
        assert_eq!(roles.values().await, now);

        for bad in [
            json!([role(AUDITOR, "Auditor", "same", true), role(WRITER, "Writer", "same", true)]),
            json!([role(AUDITOR, "Auditor", "a", true), role(AUDITOR, "Writer", "b", true)]),
            json!([role(AUDITOR, "Auditor", "with blank", true)]),
            json!([role(USER, "Everybody", "all", true)]),
            json!([role(MSIAM, "msiam_access", "", false)]),
            json!([{ "displayName": "No id", "value": "x" }]),
            json!([{ "id": AUDITOR, "displayName": "x", "allowedMemberTypes": ["Application"] }]),
            json!({}),
        ] {
            assert_eq!(roles.patch(bad.clone()).await, StatusCode::BAD_REQUEST, "{bad}");
            assert_eq!(roles.values().await, now, "{bad} changed something");
        }
        assert_eq!(roles.patch(json!([])).await, StatusCode::NO_CONTENT);
        assert_eq!(roles.values().await, named(&[]));
        let events = roles.program.get("/api/events?limit=100").await.text;
        assert_eq!(events.matches("app_role.created").count(), 2, "{events}");
        assert_eq!(events.matches("app_role.deleted").count(), 2);
    }
}

#[tokio::test]
async fn a_role_that_somebody_has_is_disabled_before_it_is_deleted() {
    for test in engines().await {
        let roles = Roles::new(&test).await;
        let ana = test.user("ana").await.id;
        roles
            .patch(json!([role(AUDITOR, "Auditor", "audit", true), role(WRITER, "Writer", "write", false)]))
            .await;
        assert_eq!(roles.assign(&ana, AUDITOR).await.0, StatusCode::CREATED);
        assert_eq!(roles.assign(&ana, USER).await.0, StatusCode::CREATED, "another role besides");
        test.user("leo").await;
        let page = format!("/console/applications/{}/users-and-groups?q=leo", roles.app);
        let page = test.browser("admin").await.get(&page).await.text;
        assert!(page.contains("<td>Auditor</td>") && page.contains(">Auditor</option>"), "{page}");
        assert!(!page.contains(">Writer</option>"), "a disabled role cannot be chosen");
        let (status, refused) = roles.assign(&ana, WRITER).await;
        assert!(status.is_client_error(), "{refused}");
        assert!(refused.to_string().contains("the role Writer is disabled"), "{refused}");
        let foreign = "0f1b0000-0000-4000-8000-00000000000c";
        assert_eq!(roles.assign(&ana, foreign).await.0, StatusCode::NOT_FOUND);

        let path = roles.api(&format!("app-roles/{AUDITOR}"));
        let refused = roles.program.delete(&path).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        let error = &refused.json()["error"];
        assert_eq!(
            (&error["code"], &error["found"]),
            (&json!("AppRoleInUse"), &json!("enabled, 1 assigned"))
        );
        assert_ne!(roles.patch(json!([])).await, StatusCode::NO_CONTENT, "nor by leaving it out");

        let off = json!({ "displayName": "Auditor", "value": "audit", "isEnabled": false });
        let off = roles.program.put(&path, &off).await.json();
        assert_eq!((&off["assigned"], &off["isEnabled"]), (&json!(1), &json!(false)));
        assert_eq!(roles.program.delete(&path).await.status, StatusCode::NO_CONTENT);
        let left = format!("/v1.0/servicePrincipals/{}/appRoleAssignedTo", roles.sp);
        let left = roles.program.get(&left).await.json();
        let ids: Vec<&Value> = left["value"].as_array().unwrap().iter().map(|a| &a["appRoleId"]).collect();
        assert_eq!(ids, [USER], "its assignment went with it");
    }
}

#[tokio::test]
async fn assignments_name_roles_by_value_or_name() {
    for test in engines().await {
        let roles = Roles::new(&test).await;
        let ana = test.user("ana").await.id;
        let made = json!({ "displayName": "Auditor", "value": "audit", "description": "Reads" });
        let made = roles.program.post(&roles.api("app-roles"), &made).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let id = made.json()["id"].clone();
        let again = json!({ "displayName": "Other", "value": "audit" });
        assert_eq!(roles.program.post(&roles.api("app-roles"), &again).await.status, StatusCode::BAD_REQUEST);

        let of = |role: &str| json!({ "principals": [{ "id": ana }], "appRole": role });
        let path = roles.api("assignments");
        for (role, assigned) in [("audit", 1), ("Auditor", 0), ("User", 1)] {
            let answer = roles.program.post(&path, &of(role)).await;
            assert_eq!(answer.json()["assigned"], assigned, "{role}: {}", answer.text);
        }
        assert_eq!(roles.program.post(&path, &of("nobody")).await.status, StatusCode::NOT_FOUND);
        let listed = roles.program.get(&roles.api("app-roles")).await.json();
        let listed = listed["appRoles"].as_array().unwrap();
        let counts: Vec<(&Value, &Value)> = listed.iter().map(|r| (&r["assigned"], &r["editable"])).collect();
        let (no, yes) = (json!(false), json!(true));
        assert_eq!(counts, [(&json!(1), &no), (&json!(0), &no), (&json!(1), &yes)]);
        assert_eq!(listed[2]["id"], id);
        let gone = roles.program.call(Method::DELETE, &path, &of("audit")).await;
        assert_eq!(gone.json()["removed"], 1);
        let left = roles.program.get(&roles.api("app-roles")).await.json();
        assert_eq!(
            (&left["appRoles"][0]["assigned"], &left["appRoles"][2]["assigned"]),
            (&json!(1), &json!(0))
        );
    }
}

/// A browser on the pages of one application's roles.
struct Console {
    browser: Browser,
    base: String,
}

impl Console {
    async fn new(test: &TestDirectory, app: &str) -> Self {
        Self { browser: test.browser("admin").await, base: format!("/console/applications/{app}") }
    }

    async fn page(&mut self, rest: &str) -> String {
        let page = self.browser.get(&format!("{}/{rest}", self.base)).await;
        assert_eq!(page.status, StatusCode::OK, "{rest}: {}", page.text);
        page.text
    }

    /// Sends the form of one page to another path: what the page says then.
    async fn send(&mut self, from: &str, to: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let (from, to) = (format!("{}/{from}", self.base), format!("{}/{to}", self.base));
        let answer = self.browser.submit(&from, &to, fields).await;
        match answer.headers.get("location") {
            Some(location) => {
                let next = location.to_str().unwrap().to_owned();
                (answer.status, self.browser.get(&next).await.text)
            }
            None => (answer.status, answer.text),
        }
    }
}

/// The id of the only role of its own that the list links to.
fn linked_role(page: &str) -> String {
    let (_, rest) = page.split_once("/app-roles/").unwrap();
    rest[..36].to_owned()
}

#[tokio::test]
async fn the_console_edits_disables_and_deletes_roles() {
    for test in engines().await {
        let roles = Roles::new(&test).await;
        let ana = test.user("ana").await;
        let ben = test.user("ben").await;
        let team = test.group("Team", &[&ana.id, &ben.id]).await;
        let mut console = Console::new(&test, &roles.app).await;
        let fields = |name, value| [("display_name", name), ("value", value), ("description", "Reads <all>")];
        let (status, page) = console.send("app-roles", "app-roles", &fields("Auditor", "not a value")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains("This was not done") && page.contains("without blanks"), "{page}");
        assert!(page.contains("value=\"not a value\""), "what was typed is still there");
        let (_, page) = console.send("app-roles", "app-roles", &fields("Auditor", "audit")).await;
        assert!(page.contains("<code>audit</code>") && page.contains("Reads &#60;all&#62;"), "{page}");
        let role = format!("app-roles/{}", linked_role(&page));
        let page = console.page(&role).await;
        assert!(page.contains("Nobody is assigned to it") && page.contains("Nobody has it"), "{page}");

        let id = role.trim_start_matches("app-roles/").to_owned();
        for principal in [&ana.id, &team.id] {
            assert_eq!(roles.assign(principal, &id).await.0, StatusCode::CREATED);
        }
        let page = console.page(&role).await;
        for said in [
            "ana@contoso.example",
            "Team</a> <span class=\"tag\">Group</span>",
            "Whoever has it keeps the assignment",
            "no longer carry <code>audit</code>",
            "Disable it first, or take those assignments away",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let (status, page) = console.send(&role, &format!("{role}/delete"), &[]).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(
            page.contains("is enabled and assigned to 2") && page.contains("Disable the role first"),
            "{page}"
        );

        let (_, page) = console.send(&role, &role, &fields("Reader", "read")).await;
        assert!(page.contains("Saved") && page.contains("<h1>Reader</h1>"), "{page}");
        let (_, page) = console.send(&role, &format!("{role}/disable"), &[]).await;
        assert!(page.contains("The role is disabled") && page.contains("gets it back"), "{page}");
        assert_eq!(roles.values().await, named(&[("Reader", Some("read"))]));
        let (_, page) = console.send(&role, &role, &fields("Reader", "read-all")).await;
        assert!(page.contains("Disabled</span>"), "an edit leaves it disabled: {page}");
        let (_, page) = console.send(&role, &format!("{role}/enable"), &[]).await;
        assert!(page.contains("The role is enabled"), "{page}");
        console.send(&role, &format!("{role}/disable"), &[]).await;
        let (_, page) = console.send(&role, &format!("{role}/delete"), &[]).await;
        assert!(page.contains("Deleted") && !page.contains("read-all"), "{page}");
        assert!(console.page("users-and-groups").await.contains("Nobody is assigned"));

        let user = format!("app-roles/{USER}");
        assert!(!console.page(&user).await.contains("<h2>Edit</h2>"));
        for (to, said) in [("", "not edited"), ("/disable", "not edited"), ("/delete", "own")] {
            let to = format!("{user}{to}");
            let (status, page) = console.send("app-roles", &to, &fields("All", "all")).await;
            assert!(status.is_client_error() && page.contains(said), "{to}: {page}");
        }
    }
}

#[tokio::test]
async fn a_second_role_is_assigned_in_the_console_and_one_of_them_removed() {
    for test in engines().await {
        let roles = Roles::new(&test).await;
        let ana = test.user("ana").await.id;
        roles
            .patch(json!([role(AUDITOR, "Auditor", "audit", true), role(WRITER, "Writer", "write", true)]))
            .await;
        let mut console = Console::new(&test, &roles.app).await;
        let list = "users-and-groups";
        for chosen in [AUDITOR, WRITER] {
            let fields = [("id", ana.as_str()), ("role", chosen)];
            let (status, page) = console.send(list, list, &fields).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        }
        let page = console.page(&format!("{list}?q=ana")).await;
        assert!(page.contains("<td>Auditor</td>") && page.contains("<td>Writer</td>"), "{page}");
        assert!(
            page.contains("assigned as Auditor, Writer")
                && page.contains(&format!("name=\"id\" value=\"{ana}\">"))
        );
        let (status, page) = console.send(list, list, &[("id", ana.as_str()), ("role", WRITER)]).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(page.contains("ana has this role already. Choose another role"), "{page}");

        let (row, _) = page.split_once("<td>Auditor</td>").unwrap();
        let assignment = row.rsplit("name=\"assignment\" value=\"").next().unwrap();
        let assignment = assignment.split('"').next().unwrap().to_owned();
        let (_, page) = console.send(list, &format!("{list}/remove"), &[("assignment", &assignment)]).await;
        assert!(!page.contains("<td>Auditor</td>") && page.contains("<td>Writer</td>"), "{page}");
        for chosen in [AUDITOR, USER, MSIAM] {
            console.send(list, list, &[("id", ana.as_str()), ("role", chosen)]).await;
        }
        let page = console.page(&format!("{list}?q=ana")).await;
        assert!(
            page.contains(&format!("name=\"id\" value=\"{ana}\" disabled>")),
            "it has every role: {page}"
        );
    }
}
