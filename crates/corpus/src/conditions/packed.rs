//! Conditions as a build packs them. Few of the keys say something, so that it is written which do, and what.

/// Makes of the keys of `Conditions` the way into a packed corpus and out of it.
macro_rules! packed {
    ($($key:ident: $type:ty),+) => {
        /// The keys, in the order of their bits.
        const KEYS: &[&str] = &[$(stringify!($key)),+];

        impl serde::Serialize for Conditions {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeTuple as _;

                const { assert!(KEYS.len() <= 64, "a bit of the mask for each key") };
                let said = [$(self.$key != <$type>::default()),+];
                let mask = said.iter().rev().fold(0_u64, |mask, said| mask << 1 | u64::from(*said));
                let many = said.iter().filter(|said| **said).count();
                let mut tuple = serializer.serialize_tuple(1 + many)?;
                tuple.serialize_element(&mask)?;
                let mut said = said.into_iter();
                $(if said.next() == Some(true) {
                    tuple.serialize_element(&self.$key)?;
                })+
                tuple.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for Conditions {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Keys;

                impl<'de> serde::de::Visitor<'de> for Keys {
                    type Value = Conditions;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("which keys say something, and what")
                    }

                    fn visit_seq<A: serde::de::SeqAccess<'de>>(
                        self,
                        mut told: A,
                    ) -> Result<Conditions, A::Error> {
                        let missing = || serde::de::Error::custom("conditions are cut");
                        let mut mask: u64 = told.next_element()?.ok_or_else(missing)?;
                        let mut conditions = Conditions::default();
                        $(
                            if mask & 1 == 1 {
                                conditions.$key = told.next_element()?.ok_or_else(missing)?;
                            }
                            mask >>= 1;
                        )+
                        match mask {
                            0 => Ok(conditions),
                            _ => Err(serde::de::Error::custom("a key that there is not")),
                        }
                    }
                }

                deserializer.deserialize_tuple(1 + KEYS.len(), Keys)
            }
        }
    };
}

pub(super) use packed;
