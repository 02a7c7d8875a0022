use crate::{Ignored, Json, Object, family::text_member, json::parse_object};

/// The longest text that is read, in bytes. Consensus rules of the main network allow 4,000.
pub const TEXT_BYTES_MAX: usize = 4096;

/// A text of type FEIP: what every such record says, and the data that its family reads.
#[derive(Debug)]
pub(crate) struct FeipText {
    pub(crate) sn: Box<str>,
    pub(crate) ver: Option<Box<str>>,
    pub(crate) data: Object,
}

/// Reads the object that begins at the first `{`.
pub(crate) fn object_in(text: &[u8]) -> Result<Object, Ignored> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Ignored::TooLong);
    }
    let text = std::str::from_utf8(text).map_err(|_| Ignored::NotText)?;
    let start = text.find('{').ok_or(Ignored::NoObject)?;
    parse_object(&text[start..]).map_err(Ignored::Malformed)
}

impl FeipText {
    pub(crate) fn read(text: &[u8]) -> Result<Self, Ignored> {
        let mut object = object_in(text)?;
        if object.get("type").and_then(Json::as_str) != Some("FEIP") {
            return Err(Ignored::NotFeip);
        }
        for member in ["name", "pid", "did"] {
            text_member(&object, member)?;
        }
        let sn = text_member(&object, "sn")?.ok_or(Ignored::Missing("sn"))?;
        let ver = text_member(&object, "ver")?;
        let data = object.0.iter_mut().find(|(name, _)| &**name == "data");
        match data.map(|(_, value)| std::mem::replace(value, Json::Null)) {
            Some(Json::Object(data)) => Ok(Self { sn, ver, data }),
            None | Some(Json::Null) => Err(Ignored::Missing("data")),
            Some(Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
                Err(Ignored::WrongShape("data"))
            }
        }
    }
}
