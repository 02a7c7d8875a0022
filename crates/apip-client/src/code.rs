use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What a directory says about a request; 0 is success.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
            /// A code of the provider, or of a later document.
            Other(u32),
        }

        impl Code {
            /// Returns the number.
            pub const fn number(self) -> u32 {
                match self {
                    $(Self::$name => $number,)*
                    Self::Other(number) => number,
                }
            }
        }

        impl From<u32> for Code {
            fn from(number: u32) -> Self {
                match number {
                    $($number => Self::$name,)*
                    other => Self::Other(other),
                }
            }
        }
    };
}

codes! {
    /// The data is the answer.
    Success = 0,
    /// No signature in the headers.
    SignMissing = 1000,
    /// No public key in the request to sign in.
    PublicKeyMissing = 1001,
    /// No session in the headers.
    SessionNameMissing = 1002,
    /// No body.
    BodyMissing = 1003,
    /// Too little money left; [`Refusal::payment`](crate::Refusal::payment) says where to pay.
    InsufficientBalance = 1004,
    /// The server sees another URL than the one that was signed.
    UrlDiffers = 1005,
    /// The clocks differ by more than the server allows, or the request was under way too long.
    RequestExpired = 1006,
    /// The number that makes a request unique was seen before.
    NonceUsed = 1007,
    /// The signature is not that of the user.
    SignatureWrong = 1008,
    /// The session ended, or another sign-in replaced it.
    SessionUnknown = 1009,
    /// More was asked for than is answered at once.
    TooMuch = 1010,
    /// Nothing is what was asked for; the end of pages too.
    NoData = 1011,
    /// The query says nothing that could be answered.
    BadQuery = 1012,
    /// The body is no request.
    BadRequest = 1013,
    /// The endpoint is out of order.
    Suspended = 1014,
    /// No address of the user in the headers.
    FidMissing = 1015,
    /// The server has no such URL.
    UrlUnknown = 1016,
    /// The endpoint takes another HTTP method.
    MethodWrong = 1017,
    /// Something else.
    OtherError = 1020,
    /// Nothing is given away for free.
    FreeGetClosed = 2001,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_their_numbers() {
        assert_eq!(Code::from(1011), Code::NoData);
        assert_eq!(Code::from(2008), Code::Other(2008));
        for number in (0..2).chain(999..1025).chain(2000..2012) {
            assert_eq!(Code::from(number).number(), number);
        }
    }
}
