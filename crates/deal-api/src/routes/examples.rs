//! Examples of bodies and replies.

pub(super) const TIME: &str = r#"{"serverTime":1583495795455}"#;
pub(super) const RESULT: &str = r#"{"result":true}"#;
pub(super) const SIGNED_TEXT: &str =
    r#"{"message":"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n…"}"#;
pub(super) const SIGNATURE: &str = r#"{"verified":true,"message":"deal:\n  order: Created\n…"}"#;
pub(super) const ANSWER: &str = r#"{"id":"AEEAB-PEE95-O6F30-S68A8-TC55A-O3B7D-L98370","action":"Created","result":{"success":true,"message":"New deal submitted"},"payload":"LS0tLS1CRUdJTiBQR1Ag…"}"#;
pub(super) const ACCOUNT: &str = r#"{"address":"mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8","key":"02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61"}"#;
pub(super) const DEAL: &str = r#"{"order":"create","type":"Prepaid","at":"http://placard.zr-code.com","date":"2022-04-11 11:14:46 UTC","seller":{"address":"n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"},"customer":{"address":"2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm"},"payment":{"until":"2022-04-12 11:14:46 UTC","sum":0.00001}}"#;
pub(super) const PAYMENT_ADDRESS: &str = r#"{"address":"2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65"}"#;
pub(super) const TOKEN_REQUEST: &str =
    r#"{"grant_type":"client_credentials","client_id":"shop","client_secret":"…"}"#;
pub(super) const TOKEN: &str = r#"{"access_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…","refresh_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…","secret":"y2WYJRE9f13g6qwFOEOe0rGM/ISlGFEEesUpQadHNd/aJL+ExKRj5E6OSQ9TuJRC","token_type":"Bearer","expires_in":3600,"session":"0123456789abcdef0123456789abcdef01234567"}"#;
pub(super) const KEY: &str = r#"{"data":"-----BEGIN PGP PUBLIC KEY BLOCK-----\n…"}"#;
pub(super) const CODE: &str = r#"{"code":"mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8"}"#;
pub(super) const PROFILE: &str = r#"{"code":"mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8","urltrusted":["http://placard.zr-code.com"],"seller":{"count":10,"positive":10,"rating":"10, 100%"},"customer":{"count":0,"positive":0,"rating":"0, 0%"}}"#;
pub(super) const HISTORY_OF: &str = r#"{"account":"2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65"}"#;
pub(super) const HISTORY: &str = r#"{"transfers":[{"received":{"hash":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b","height":123,"index":0},"value":1000}]}"#;
pub(super) const SEARCH: &str = r#"{"search":[{"field":"sellercode","value":"n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK"},{"field":"status","value":1}]}"#;
pub(super) const FEEDBACK: &str = r#"[{"code":"20ab96cf6cb32eba7e98c92c958c8c176ebd25c0","sellercode":"n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK","customercode":"2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm","comments":"fine","sum":"0.00001 tBTC","date":"2022-04-12 10:00:00 UTC","status":1,"rating":1}]"#;
pub(super) const DEAL_JSON: &str = r#"{"order":"Created","type":"Prepaid","at":"http://placard.zr-code.com","date":"2022-04-11 11:14:46 UTC","seller":{"address":"n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK","rating":"0, 0%"},"customer":{"address":"2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm","rating":"0, 0%"},"payment":{"until":"2022-04-12 11:14:46 UTC","address":"2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65","sum":"0.00001 tBTC"},"feedback":{"leave-before":"2022-04-12 11:14:46 UTC"},"code":"20ab96cf6cb32eba7e98c92c958c8c176ebd25c0","state":"Created"}"#;
pub(super) const URI: &str = r#"{"uri":"bitcoin:2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65?amount=0.00001&label=Deal%2020ab96cf6cb32eba7e98c92c958c8c176ebd25c0"}"#;
pub(super) const DISPUTE: &str =
    r#"{"by":"customer","reason":"never arrived","signature":"H0KYWzGOOfapA+X8bLaA…"}"#;
pub(super) const RESOLUTION: &str = r#"{"refund":"50%","arbiter":"mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r","signature":"H0KYWzGOOfapA+X8bLaA…"}"#;
pub(super) const PSBT: &str = r#"{"psbt":"cHNidP8BAF…"}"#;
pub(super) const SIGNERS: &str =
    r#"{"signers":["02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61"]}"#;
pub(super) const EVENT: &str = r#"{"id":7,"type":"payment_confirmed","deal":"20ab96cf6cb32eba7e98c92c958c8c176ebd25c0","time":1649675708000,"data":{}}"#;
pub(super) const EVENTS: &str = r#"[{"id":7,"type":"payment_confirmed","deal":"20ab96cf6cb32eba7e98c92c958c8c176ebd25c0","time":1649675708000,"data":{}}]"#;
pub(super) const WEBHOOK_REQUEST: &str =
    r#"{"url":"https://shop.example/hook","events":["payment_confirmed","state_changed"]}"#;
pub(super) const WEBHOOK_MADE: &str = r#"{"id":"0123456789abcdef01234567","url":"https://shop.example/hook","events":["payment_confirmed","state_changed"],"enabled":true,"created":1649675708000,"secret":"…"}"#;
pub(super) const WEBHOOK: &str = r#"{"id":"0123456789abcdef01234567","url":"https://shop.example/hook","events":["payment_confirmed","state_changed"],"enabled":true,"created":1649675708000}"#;
pub(super) const WEBHOOK_CHANGE: &str = r#"{"enabled":false}"#;
pub(super) const DELIVERIES: &str =
    r#"[{"event":7,"due":1649675718000,"attempts":1,"lastError":"answered 500"}]"#;
pub(super) const GIFT: &str = r#"{"address":"2MvQAGkftYdqZuL7MEyDHjQBDkAdn2Ssu65","sum":"0.001"}"#;
pub(super) const GIVEN: &str =
    r#"{"txid":"4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"}"#;
pub(super) const BLOCKS: &str = r#"{"blocks":1}"#;
pub(super) const MINED: &str = r#"{"height":8}"#;
pub(super) const EVENT_NUMBER: &str = r#"{"event":7}"#;
