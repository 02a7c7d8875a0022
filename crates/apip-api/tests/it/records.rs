//! Records on the chain, made out of what the seeds' samples show.

use tally_chain::utxo::{Record, Records, Update};
use tally_primitives::BlockNumber;

/// The seeds' requester.
pub(crate) const USER: &str = "FEk41Kqjar45fLDriztUDTUkdki7mmcjWK";
/// Publisher of the service that the samples show.
pub(crate) const PROVIDER: &str = "FPL44YJRwPdd2ipziFvqq6y2tw4VnVvpAv";
/// That service: it costs 0.001 coins a request.
pub(crate) const SERVICE: &str = "f656fa9532f8cbdda754365a609c466a7bef102768c0935f9b909aae5289e0a1";
const OTHER: &str = "FJYN3D7x4yiLF692WUAe7Vfo2nQpYDNrC7";

/// Makes a record; `place` is its height, position and time.
pub(crate) fn record(
    txid: &str,
    place: (u64, u32, u64),
    signer: &str,
    cdd: u64,
    text: &str,
) -> Record {
    let (height, index, time) = place;
    Record {
        txid: txid.parse().unwrap(),
        height: BlockNumber(height),
        index,
        time,
        signer: Some(signer.parse().unwrap()),
        recipient: None,
        cdd,
        text: text.as_bytes().to_vec(),
        payments: vec![],
    }
}

/// What a source delivers that has these records.
pub(crate) fn updates(records: Vec<Record>) -> Vec<Update> {
    let best = records.last().map_or(BlockNumber(0), |record| record.height);
    let one = |record: Record| {
        let (height, time) = (record.height, record.time);
        Update::Records(Records { height, time, records: vec![record] })
    };
    records.into_iter().map(one).chain([Update::CaughtUp(best)]).collect()
}

fn feip(sn: u32, data: &str) -> String {
    format!(r#"{{"type":"FEIP","sn":"{sn}","ver":"1","name":"x","data":{data}}}"#)
}

const CID: &str = r#"{"op":"publish","type":"FEIP","sn":"3","ver":"4","name":"CID","lang":"zh-CN",
        "desc":"Register or unregister a human friendly identity for an address.",
        "fileUrls":["https://github.com/freecashorg/FEIP/FEIP3_CID/"]}"#;
const RATE_CID: &str = r#"{"op":"rate","rate":5,
        "pid":"c50d307c3ac0c193dad6c671ad3cebb881c01c747e03abfeaecc378419739ff4"}"#;
const AES: &str = r#"{"op":"publish","type":"FIPA","sn":"8","ver":"1","lang":"zh-CN",
        "did":"7ba861e13d49ec6466a27a8fceb0513fb34a36203d11ea16a8ebaad8e09df1e4",
        "name":"AES256CBC??????","desc":"AES-256-CBC-PKCS7Padding????",
        "waiters":["FEk41Kqjar45fLDriztUDTUkdki7mmcjWK"],
        "fileUrls":["https://github.com/nobodyoffc/FIPA/blob/main/FIPA8V1_AES256CBC????(zh-CN).md"]}"#;
const RATED: &str = r#"{"op":"publish","stdName":"Rated"}"#;
const RATE: &str = r#"{"op":"rate","rate":5,
        "sid":"a4432217ea6b12e4b8095196cf9fe257a0db8e70b4a9acb4b1955d506f8cd1bb"}"#;

/// The samples' records, in the order of the chain.
pub(crate) fn samples() -> Vec<Record> {
    vec![
        record(
            &"c1".repeat(32),
            (710_372, 1, 1_620_621_694),
            USER,
            1,
            &feip(3, r#"{"op":"register","name":"chunhua"}"#),
        ),
        record(
            &"c0".repeat(32),
            (720_000, 1, 1_621_621_694),
            USER,
            1,
            &feip(3, r#"{"op":"register","name":"春花"}"#),
        ),
        record(
            "c50d307c3ac0c193dad6c671ad3cebb881c01c747e03abfeaecc378419739ff4",
            (1_553_773, 1, 1_672_214_047),
            PROVIDER,
            1,
            &feip(1, CID),
        ),
        record(
            "a2359e0fd1f89e920378d642be9f1d99dc59a7c7b2190902f23db6dba14f5199",
            (1_556_597, 2, 1_672_383_291),
            "FJeRnehc2VvRMV3wRF2AtiXDVnaKnmnZhp",
            5,
            &feip(1, RATE_CID),
        ),
        record(
            "bdaef41f270b0f71d3145396b459a7563bb349150fce7d882ce7a0c66e830d02",
            (1_695_695, 1, 1_680_943_783),
            OTHER,
            1,
            &feip(1, AES),
        ),
        record(
            "a4432217ea6b12e4b8095196cf9fe257a0db8e70b4a9acb4b1955d506f8cd1bb",
            (1_700_000, 1, 1_681_000_000),
            OTHER,
            1,
            &feip(5, RATED),
        ),
        service(r#""pricePerRequest":"0.001","minPayment":"10.0""#),
        record(
            &"a1".repeat(32),
            (1_715_400, 1, 1_682_141_880),
            OTHER,
            1,
            &feip(15, r#"{"op":"publish","stdName":"An app"}"#),
        ),
        record(
            "1154c23b912b7de7213dc2d03871391871290a7fca21138bffe649eec3dfb5be",
            (1_768_106, 1, 1_685_504_088),
            USER,
            152,
            &feip(5, RATE),
        ),
    ]
}

/// The samples' records with another price in the provider's service.
pub(crate) fn samples_at(price: &str) -> Vec<Record> {
    let mut records = samples();
    for record in &mut records {
        if record.txid.to_string() == SERVICE {
            *record = service(price);
        }
    }
    records
}

fn service(price: &str) -> Record {
    let data = format!(
        r#"{{"op":"publish","stdName":"ApipServer","localNames":["API服务"],
        "desc":"Server for the series API of APIP of free consensus.","types":["APIP","FEIP"],
        "urls":["http://cid.cash/service/service.html"],
        "protocols":["b1674191a88ec5cdd733e4240a81803105dc412d6c6708d53ab94fc248f4f553"],
        "params":{{"urlHead":"http://localhost:8080/APIPserver/","currency":"fch",
        "account":"FEk41Kqjar45fLDriztUDTUkdki7mmcjWK",{price},"sessionDays":365.0}}}}"#
    );
    record(SERVICE, (1_715_309, 1, 1_682_131_880), PROVIDER, 1, &feip(5, &data))
}

/// The provider stops the service.
pub(crate) fn stop() -> Record {
    let data = format!(r#"{{"op":"stop","sid":"{SERVICE}"}}"#);
    record(&"5e".repeat(32), (1_770_000, 1, 1_686_000_000), PROVIDER, 1, &feip(5, &data))
}
