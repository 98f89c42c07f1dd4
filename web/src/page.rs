//! The page shell that both halves share, and the few pages that need nothing else.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// What stands around the content of a page. Templates extend `layout.html` and have it as `shell`.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    /// The half's name in the top bar.
    pub product: &'static str,
    /// The page's own title.
    pub title: String,
    /// The side navigation; empty for pages without one.
    pub nav: Vec<NavItem>,
    /// The way to this page, without itself.
    pub crumbs: Vec<Crumb>,
    /// Who is signed in.
    pub person: Option<String>,
    /// Where the sign-out form is sent.
    pub sign_out: &'static str,
    /// The token for this browser's forms.
    pub csrf: String,
    /// Said at the top of the content.
    pub banners: Vec<Banner>,
}

/// An entry of the side navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    /// Its text.
    pub label: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Whether this page is in it.
    pub current: bool,
}

/// A step on the way to a page.
#[derive(Debug, Clone)]
pub struct Crumb {
    /// Its text.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// How a banner looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// For knowing.
    Info,
    /// Something was done.
    Success,
    /// Something needs a look.
    Warning,
    /// Something is wrong.
    Danger,
}

impl Tone {
    /// Its class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

/// Something said at the top of a page.
#[derive(Debug, Clone)]
pub struct Banner {
    /// How it looks.
    pub tone: Tone,
    /// In a few words.
    pub title: String,
    /// In full; may be empty.
    pub text: String,
}

impl Banner {
    /// A banner.
    pub fn new(tone: Tone, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { tone, title: title.into(), text: text.into() }
    }
}

impl Shell {
    /// Adds a banner.
    #[must_use]
    pub fn with(mut self, banner: Banner) -> Self {
        self.banners.push(banner);
        self
    }

    /// Where the style sheet is; for the layout.
    pub fn css(&self) -> &'static str {
        crate::assets::css()
    }

    /// Where the script is; for the layout.
    pub fn js(&self) -> &'static str {
        crate::assets::js()
    }
}

/// A rendered template as an answer with status 200; 500 where it cannot be rendered.
pub fn render(template: &impl Template) -> Response {
    render_with(StatusCode::OK, template)
}

/// A rendered template as an answer.
pub fn render_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    shell: Shell,
    text: &'a str,
}

/// A page that only says something, for refusals that belong to no page of their own.
pub fn message(status: StatusCode, title: &str, text: &str) -> Response {
    let shell = Shell { product: "Entente", title: title.to_owned(), ..Shell::default() };
    render_with(status, &Message { shell, text })
}

#[derive(Template)]
#[template(path = "auto_post.html")]
struct AutoPost<'a> {
    shell: Shell,
    action: &'a str,
    fields: &'a [(&'a str, &'a str)],
    text: &'a str,
}

/// A page whose form is sent to another site by the script, or by its button where scripts are off:
/// the HTTP-POST binding (SAML bindings §3.5.4). `text` says what the button does.
pub fn auto_post(title: &str, action: &url::Url, fields: &[(&str, &str)], text: &str) -> Response {
    let shell = Shell { product: "Entente", title: title.to_owned(), ..Shell::default() };
    let mut response = render(&AutoPost { shell, action: action.as_str(), fields, text });
    let target = action.origin().ascii_serialization();
    if let Ok(policy) = HeaderValue::try_from(content_security_policy(&target)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The policy of every page: nothing from elsewhere, no inline script, forms to `form_target` alone.
pub fn content_security_policy(form_target: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action {form_target}; frame-ancestors 'none'; base-uri 'none'"
    )
}
