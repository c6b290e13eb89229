//! Basic credentials as clients write them. Source: RFC 7617; Arrow's Go client leaves the padding out.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The name and the password of what stands after `Basic`; none when it is neither.
pub fn name_and_password(text: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(LENIENT.decode(text.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_may_be_left_out() {
        let known = Some(("ada".to_owned(), "a:b".to_owned()));
        assert_eq!(name_and_password("YWRhOmE6Yg=="), known);
        assert_eq!(name_and_password(" YWRhOmE6Yg"), known);
        assert_eq!(name_and_password("YWRh"), None);
        assert_eq!(name_and_password("%"), None);
    }
}
