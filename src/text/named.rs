//! Enums that are stored as words.

/// Gives an enum its words in one place: `ALL`, `as_str`, `named` for what somebody asks for (`state_unknown`)
/// and `stored` for what a row says. A word that this version does not know, as a newer one may have
/// written, is an internal error and never another state.
#[macro_export]
macro_rules! text_enum {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            pub const ALL: [$name; { [$($word),+].len() }] = [$($name::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word),+
                }
            }

            /// # Errors
            /// `state_unknown`.
            pub fn named(text: &str) -> $crate::error::Result<$name> {
                let known = $name::ALL.into_iter().find(|one| one.as_str() == text);
                let words = [$($word),+].join(", ");
                known.ok_or_else(|| $crate::error::Error::invalid("state", "state_unknown", words))
            }

            /// # Errors
            /// Internal for a word of another version.
            pub fn stored(text: &str) -> $crate::error::Result<$name> {
                let unknown = || $crate::error::Error::internal(concat!("a stored ", stringify!($name), " is unknown"));
                $name::ALL.into_iter().find(|one| one.as_str() == text).ok_or_else(unknown)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Light {
        Red,
        Green,
    }

    crate::text_enum! { Light { Red = "red", Green = "green" } }

    #[test]
    fn a_word_reads_back_and_an_unknown_one_is_no_other_state() {
        for light in Light::ALL {
            assert_eq!(Light::stored(light.as_str()).unwrap(), light);
        }
        assert!(Light::stored("amber").unwrap_err().is_internal());
        let refused = Light::named("amber").unwrap_err();
        assert_eq!((refused.code(), refused.detail()), ("state_unknown", "red, green"));
    }
}
