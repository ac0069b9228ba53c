//! JSON as it is found, not as it should be: a value of the wrong type counts as not there.
//!
//! Nothing is built of what is not asked for, so that a document of a few megabytes never
//! becomes hundreds of them in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// How many values of a list or an object are taken; the rest is left out.
pub(in crate::anatomy) const MOST: usize = 10_000;

/// A value, or its default where the document has something else.
pub(in crate::anatomy) fn value<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let raw = <&RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

/// An object, or nothing where the document has something else. (A list would do for what is
/// derived, too: its members in order.)
pub(in crate::anatomy) fn object<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&RawValue>::deserialize(from)?.get();
    let is_object = raw.starts_with('{');
    Ok(serde_json::from_str(raw).ok().filter(|_| is_object))
}

/// A list; a value in it of the wrong type is `None`, so that places stay right. A single
/// text is a list of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::anatomy) struct List<T> {
    /// The first of them.
    pub(in crate::anatomy) values: Vec<Option<T>>,
    /// How many there are.
    pub(in crate::anatomy) count: usize,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            count: 0,
        }
    }
}

impl<T> List<T> {
    /// The values of the right type.
    pub(in crate::anatomy) fn known(self) -> Vec<T> {
        self.values.into_iter().flatten().collect()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Values<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Values<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<List<T>, A::Error> {
                let mut list = List::default();
                while let Some(raw) = from.next_element::<&RawValue>()? {
                    list.count += 1;
                    if list.values.len() < MOST {
                        list.values.push(serde_json::from_str(raw.get()).ok());
                    }
                }
                Ok(list)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<List<T>, E> {
                let one = T::deserialize(serde::de::value::StringDeserializer::<E>::new(
                    text.to_owned(),
                ));
                let values: Vec<_> = one.ok().map(Some).into_iter().collect();
                Ok(List {
                    count: values.len(),
                    values,
                })
            }
        }
        from.deserialize_any(Values(PhantomData))
    }
}

/// An object, as its members: names and what they stand for, not yet read.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while members.len() < MOST {
                    let Some(member) = from.next_entry()? else {
                        return Ok(Members(members));
                    };
                    members.push(member);
                }
                while from.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Members(members))
            }
        }
        from.deserialize_map(All)
    }
}

/// An object of texts; what is no text is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::anatomy) struct Texts(pub(in crate::anatomy) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = |(name, raw): (String, &RawValue)| {
            let text = serde_json::from_str(raw.get()).ok()?;
            Some((name, text))
        };
        let members = Members::deserialize(from)?;
        Ok(Self(members.0.into_iter().filter_map(text).collect()))
    }
}

/// The names of an object's members, sorted: how ports and volumes are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::anatomy) struct Keys(pub(in crate::anatomy) Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(from)?;
        let mut names: Vec<String> = members.0.into_iter().map(|(name, _)| name).collect();
        names.sort();
        Ok(Self(names))
    }
}
