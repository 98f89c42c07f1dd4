//! How much XML a stranger may make us read.

/// Limits of one document. The tree builder checks each while it builds, so that a bomb stops it early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the whole document.
    pub bytes: usize,
    /// Deepest nesting of elements.
    pub depth: usize,
    /// Most attributes of one element, namespace declarations not counted.
    pub attributes: usize,
    /// Most namespace declarations in the whole document. Some software writes them again on every value.
    pub namespace_declarations: usize,
    /// Most namespace declarations that are in scope at one place. Look-ups walk them.
    pub namespaces_in_scope: usize,
    /// Most elements and texts together.
    pub nodes: usize,
}

impl Limits {
    /// For messages that come through a browser.
    pub const MESSAGE: Limits = Limits {
        bytes: 256 * 1024,
        depth: 48,
        attributes: 64,
        namespace_declarations: 128,
        namespaces_in_scope: 40,
        nodes: 20_000,
    };

    /// For metadata files. 75,000 characters is what IAM Identity Center takes; federation metadata of
    /// Microsoft products declares a namespace on every `ClaimType`, hence the larger number of them.
    pub const METADATA: Limits = Limits { bytes: 4 * 75_000, namespace_declarations: 512, ..Limits::MESSAGE };
}

impl Default for Limits {
    fn default() -> Self {
        Limits::MESSAGE
    }
}
