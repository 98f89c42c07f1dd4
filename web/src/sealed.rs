//! Secrets at rest: private keys and access tokens for other systems, encrypted with AES-256-GCM
//! under a master key that is not in the database.

use std::fs;
use std::io::Write;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use thiserror::Error;

/// The master key.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

/// Why a sealed value cannot be read or the key not be had.
#[derive(Debug, Error)]
pub enum SealedError {
    /// The value was sealed with another key or for another place, or was changed.
    #[error("the sealed value does not open with this master key; was the key file exchanged?")]
    Opens,
    /// The key file is not 64 hexadecimal digits.
    #[error("the master key file {0} must hold 64 hexadecimal digits")]
    KeyFile(String),
    /// The key file cannot be read or written.
    #[error("the master key file {0}: {1}")]
    Io(String, std::io::Error),
}

impl MasterKey {
    /// A key from its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key in `path`; where there is no such file, `fresh` is written there, readable by its owner
    /// alone.
    ///
    /// # Errors
    /// [`SealedError::KeyFile`] and [`SealedError::Io`].
    pub fn load_or_create(path: &Path, fresh: [u8; 32]) -> Result<Self, SealedError> {
        let name = path.display().to_string();
        match fs::read_to_string(path) {
            Ok(text) => {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| SealedError::KeyFile(name))?;
                Ok(Self(bytes))
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                create(path, &hex::encode(fresh)).map_err(|e| SealedError::Io(name, e))?;
                Ok(Self(fresh))
            }
            Err(e) => Err(SealedError::Io(name, e)),
        }
    }

    /// `plain`, sealed for one place (`place` names table, column and row): nonce, then ciphertext and
    /// tag.
    ///
    /// # Errors
    /// [`SealedError::Opens`] where the cipher refuses, which it does for absurd lengths alone.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<Vec<u8>, SealedError> {
        let mut buffer = plain.to_vec();
        let nonce = self
            .cipher()?
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut buffer)
            .map_err(|_| SealedError::Opens)?;
        Ok([nonce.as_ref().as_slice(), &buffer].concat())
    }

    /// What [`Self::seal`] got for the same place.
    ///
    /// # Errors
    /// [`SealedError::Opens`].
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealedError> {
        let (nonce, body) = sealed.split_at_checked(12).ok_or(SealedError::Opens)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealedError::Opens)?;
        let mut buffer = body.to_vec();
        let cipher = self.cipher()?;
        let plain = cipher.open_in_place(nonce, Aad::from(place.as_bytes()), &mut buffer);
        Ok(plain.map_err(|_| SealedError::Opens)?.to_vec())
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, SealedError> {
        RandomizedNonceKey::new(&AES_256_GCM, &self.0).map_err(|_| SealedError::Opens)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

fn create(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_in_its_place_and_whole() {
        let key = MasterKey::new([1; 32]);
        let sealed = key.seal("a/1", b"secret").unwrap();
        assert_eq!(key.open("a/1", &sealed).unwrap(), b"secret");
        assert!(key.open("a/2", &sealed).is_err());
        assert!(MasterKey::new([2; 32]).open("a/1", &sealed).is_err());
        assert!(key.open("a/1", &sealed[..sealed.len() - 1]).is_err());
        assert!(key.open("a/1", b"").is_err());
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
    }

    #[test]
    fn the_key_file_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let first = MasterKey::load_or_create(&path, [3; 32]).unwrap();
        let again = MasterKey::load_or_create(&path, [4; 32]).unwrap();
        assert_eq!(first.0, again.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(matches!(MasterKey::load_or_create(&path, [4; 32]), Err(SealedError::KeyFile(_))));
    }
}
