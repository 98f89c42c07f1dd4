//! The file with the addresses and credentials of both halves, and secrets from files or standard
//! input: never from the command line, where every process can read them.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::Failure;

/// What the command knows about both halves.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The directory's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryCredentials>,
    /// The center's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub center: Option<CenterCredentials>,
}

/// How to call a directory.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryCredentials {
    /// Its origin.
    pub url: String,
    /// Its tenant.
    pub tenant_id: String,
    /// The API client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

/// How to call a center.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CenterCredentials {
    /// Its origin.
    pub url: String,
    /// The API key.
    pub api_key: String,
}

impl Credentials {
    /// Where the file is: as named, else `./entente-data/credentials.json` where that folder is, else in
    /// the user's configuration folder.
    pub fn path(named: Option<&Path>) -> PathBuf {
        if let Some(path) = named {
            return path.to_owned();
        }
        let here = Path::new("entente-data");
        if here.is_dir() {
            return here.join("credentials.json");
        }
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
        let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
        folder.unwrap_or_default().join("entente").join("credentials.json")
    }

    /// Reads the file; empty where there is none.
    pub fn load(named: Option<&Path>) -> Result<Self, Failure> {
        let path = Self::path(named);
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|e| Failure::new("CredentialsInvalid", format!("{}: {e}", path.display()))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Failure::new("CredentialsUnreadable", format!("{}: {e}", path.display()))),
        }
    }

    /// Writes the file, readable by its owner alone, in one step: a crash leaves the old one.
    pub fn save(&self, named: Option<&Path>) -> Result<PathBuf, Failure> {
        let path = Self::path(named);
        let failed =
            |e: std::io::Error| Failure::new("CredentialsUnwritable", format!("{}: {e}", path.display()));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        let fresh = path.with_extension("new");
        let _ = std::fs::remove_file(&fresh);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&fresh).and_then(|mut f| f.write_all(text.as_bytes())).map_err(failed)?;
        std::fs::rename(&fresh, &path).map_err(failed)?;
        Ok(path)
    }
}

/// A secret from `file` (`-` is standard input), else asked for on the terminal, else the first line of
/// standard input.
pub fn secret(file: Option<&Path>, prompt: &str) -> Result<SecretString, Failure> {
    let unreadable = |what: &str, e: std::io::Error| Failure::new("SecretUnreadable", format!("{what}: {e}"));
    let text = match file {
        Some(path) if path != Path::new("-") => {
            std::fs::read_to_string(path).map_err(|e| unreadable(&path.display().to_string(), e))?
        }
        None if std::io::stdin().is_terminal() => {
            rpassword::prompt_password(format!("{prompt}: ")).map_err(|e| unreadable("terminal", e))?
        }
        _ => first_line().map_err(|e| unreadable("standard input", e))?,
    };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::new("SecretMissing", format!("{prompt}: nothing was given"))
            .with_fix("Give it on standard input, in a file, or type it when asked."));
    }
    Ok(SecretString::from(text.to_owned()))
}

/// One line and no byte more, so that two secrets can come from one standard input.
fn first_line() -> std::io::Result<String> {
    let mut line = Vec::new();
    for byte in std::io::stdin().lock().bytes().take(64 * 1024) {
        match byte? {
            b'\n' => break,
            byte => line.push(byte),
        }
    }
    String::from_utf8(line).map_err(|e| std::io::Error::new(std::io::ErrorKind::InvalidData, e))
}
