use serde::Serialize;
use tally_channel_node::Connections;

/// What the daemon is.
#[derive(Serialize)]
pub(crate) struct Version {
    pub(crate) version: &'static str,
    pub(crate) api_version: u8,
}

/// How the node is connected: the original's three fields, then this node's own.
#[derive(Serialize)]
pub(crate) struct EthStatus {
    #[serde(rename = "XMPPStatus")]
    xmpp_status: u8,
    #[serde(rename = "EthStatus")]
    eth_status: u8,
    #[serde(rename = "LastBlockTime")]
    last_block_time: String,
    block_number: u64,
    synced: bool,
    peers: usize,
    mesh: bool,
}

impl From<&Connections> for EthStatus {
    fn from(connections: &Connections) -> Self {
        Self {
            // This node's peers are its network; the original's was a chat server.
            xmpp_status: u8::from(connections.peers > 0),
            eth_status: u8::from(connections.chain_answers),
            last_block_time: connections.block_time.map(written).unwrap_or_default(),
            block_number: connections.block.map_or(0, |block| block.0),
            synced: connections.synced,
            peers: connections.peers,
            mesh: connections.mesh,
        }
    }
}

const MILLIS_A_DAY: u64 = 86_400_000;

/// Writes a time of Unix milliseconds as the original did: month, day, time of day, in UTC.
fn written(millis: u64) -> String {
    let (month, day) = month_and_day(millis / MILLIS_A_DAY);
    let of_day = millis % MILLIS_A_DAY;
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, millis) = (of_day / 1000 % 60, of_day % 1000);
    format!("{month:02}-{day:02}|{hours:02}:{minutes:02}:{seconds:02}.{millis:03}")
}

/// Returns the month and the day of the day with this number; 1970-01-01 has the number 0.
///
/// Years are counted from March, so that the leap day is their last: then the months are 31, 30,
/// 31, 30, 31 days long, and again, which is 153 days to five.
const fn month_and_day(day: u64) -> (u64, u64) {
    // 1970-01-01 is 306 days after a first of March; the last one that began four centuries is
    // that of the year 0.
    let of_era = (day + 719_468) % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    (if month < 10 { month + 3 } else { month - 9 }, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: `date -u -d @<seconds>`.
    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(written(0), "01-01|00:00:00.000");
        assert_eq!(written(951_782_399_999), "02-28|23:59:59.999");
        assert_eq!(written(951_782_400_000), "02-29|00:00:00.000");
        assert_eq!(written(951_868_800_000), "03-01|00:00:00.000");
        assert_eq!(written(1_735_689_599_042), "12-31|23:59:59.042");
        assert_eq!(written(4_107_542_400_000), "03-01|00:00:00.000");
    }
}
