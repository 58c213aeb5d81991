//! Texts that people write: reasons, notes, names.

use crate::StoreError;

/// The longest of them.
const TEXT_BYTES_MAX: usize = 2000;

/// Refuses texts that are empty or too long. `of` is what they belong to, `texts` are what each is and the text.
pub(crate) fn check_texts(of: &str, texts: &[(&str, &str)]) -> Result<(), StoreError> {
    texts.iter().try_for_each(|(what, text)| check_text(&format!("the {what} of {of}"), text, TEXT_BYTES_MAX))
}

/// Refuses a text that is empty or too long; blanks around it do not count.
pub(crate) fn check_text(what: &str, text: &str, bytes_max: usize) -> Result<(), StoreError> {
    let text = text.trim();
    if text.is_empty() || text.len() > bytes_max {
        return Err(StoreError::Invalid { what: format!("{what} has 1 to {bytes_max} bytes") });
    }
    Ok(())
}
