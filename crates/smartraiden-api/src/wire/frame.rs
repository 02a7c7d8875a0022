use super::{Event, Payment};
use serde::Serialize;
use tally_channel_node::{Happening, JournalEntry};

/// An event of the stream: its type, and one line of JSON.
pub(crate) struct Frame {
    pub(crate) kind: &'static str,
    pub(crate) data: String,
}

impl Frame {
    pub(crate) fn of(entry: &JournalEntry) -> Self {
        let noted = |event: Event| event.number("id", entry.number).number("time", entry.time);
        match &entry.what {
            Happening::Payment(_) => Self::new("payment", &Payment::of(entry)),
            Happening::ChannelOpened { channel, token, partner, settle_timeout } => {
                let event = Event::new("ChannelNew", entry.block)
                    .text("channel_address", channel)
                    .text("token_address", token)
                    .text("partner_address", partner)
                    .number("settle_timeout", settle_timeout.0);
                Self::new("channel", &noted(event))
            }
            Happening::Channel { channel, kind } => {
                let event =
                    tally_channel_node::ChannelEvent { block: entry.block, kind: kind.clone() };
                let event = Event::of_channel(*channel, event).text("channel_address", channel);
                Self::new("channel", &noted(event))
            }
            Happening::RolledBack { to: _ } => {
                Self::new("reorganisation", &noted(Event::new("ChainReorganised", entry.block)))
            }
        }
    }

    fn new(kind: &'static str, value: &impl Serialize) -> Self {
        let data = serde_json::to_string(value)
            .expect("wire structs have text keys and no failing serializer");
        Self { kind, data }
    }
}
