//! Enumerations of engines as the document describes them.

/// An enumeration that has the words of one of the engine.
macro_rules! mirrored {
    ($(#[$meta:meta])* enum $name:ident of $engine:path { $($(#[$variant_meta:meta])* $variant:ident,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($(#[$variant_meta])* $variant,)* }

        impl From<$engine> for $name {
            fn from(engine: $engine) -> Self {
                use $engine as Engine;
                match engine { $(Engine::$variant => Self::$variant,)* }
            }
        }

        impl From<$name> for $engine {
            fn from(view: $name) -> Self {
                match view { $($name::$variant => Self::$variant,)* }
            }
        }
    };
}

pub(crate) use mirrored;
