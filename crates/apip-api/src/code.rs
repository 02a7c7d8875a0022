/// What an answer is, as the documents number it.
///
/// *Source:* APIP1V1, the table of codes; 1016 and 2000 on as the servers of 2024 answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Success,
    MissSign,
    MissPubKey,
    MissSessionName,
    MissBody,
    Insufficient,
    OtherUrl,
    Expired,
    NonceUsed,
    BadSign,
    NoSession,
    TooMuch,
    NoData,
    BadQuery,
    BadRequest,
    Suspended,
    MissFid,
    IllegalUrl,
    Other,
    FreeGetOff,
    NoCid,
    IllegalFid,
    NoApp,
    NoService,
}

impl Code {
    /// All of them, in ascending order.
    pub(crate) const ALL: [Self; 24] = [
        Self::Success,
        Self::MissSign,
        Self::MissPubKey,
        Self::MissSessionName,
        Self::MissBody,
        Self::Insufficient,
        Self::OtherUrl,
        Self::Expired,
        Self::NonceUsed,
        Self::BadSign,
        Self::NoSession,
        Self::TooMuch,
        Self::NoData,
        Self::BadQuery,
        Self::BadRequest,
        Self::Suspended,
        Self::MissFid,
        Self::IllegalUrl,
        Self::Other,
        Self::FreeGetOff,
        Self::NoCid,
        Self::IllegalFid,
        Self::NoApp,
        Self::NoService,
    ];

    pub(crate) const fn number(self) -> u16 {
        self.row().0
    }

    /// The message, which has no character that JSON escapes.
    pub(crate) const fn message(self) -> &'static str {
        self.row().1
    }

    const fn row(self) -> (u16, &'static str) {
        match self {
            Self::Success => (0, "Success."),
            Self::MissSign => (1000, "Miss sign in request header."),
            Self::MissPubKey => (1001, "Miss pubKey in request header."),
            Self::MissSessionName => (1002, "Miss sessionName in request header."),
            Self::MissBody => (1003, "Miss request body."),
            Self::Insufficient => (1004, "Insufficient balance, please purchase service."),
            Self::OtherUrl => (1005, "The request URL isn't the same as the one you signed."),
            Self::Expired => (1006, "Request expired."),
            Self::NonceUsed => (1007, "Nonce had been used."),
            Self::BadSign => (1008, "Failed to verify signature."),
            Self::NoSession => {
                (1009, "NO such sessionName or it was expired, please signIn again.")
            }
            Self::TooMuch => (1010, "Too much data to be requested."),
            Self::NoData => (1011, "No data meeting the conditions."),
            Self::BadQuery => {
                (1012, "Bad query. Check your request body referring related APIP document.")
            }
            Self::BadRequest => (1013, "Bad request. Please check request body."),
            Self::Suspended => (1014, "The API is suspended"),
            Self::MissFid => (1015, "FID missed in request header."),
            Self::IllegalUrl => (1016, "Illegal URL."),
            Self::Other => (1020, "Other error，please contact the service provider."),
            Self::FreeGetOff => (2001, "FreeGet API is not active now."),
            Self::NoCid => (2002, "Cid no found."),
            Self::IllegalFid => (2003, "Illegal FID."),
            Self::NoApp => (2006, "App no found."),
            Self::NoService => (2008, "Service no found."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: numbers are unique and ascend, and messages stand in JSON as they are.
    #[test]
    fn the_table_is_well_formed() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for code in Code::ALL {
            let written = serde_json::to_string(code.message()).unwrap();
            assert_eq!(written, format!("\"{}\"", code.message()));
        }
    }
}
