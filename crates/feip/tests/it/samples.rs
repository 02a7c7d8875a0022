//! What the users' documents show as answers.

use crate::{support::Model, vectors};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Value, json};
use std::fmt;
use tally_chain::utxo::Record;
use tally_feip::{EntityKey, Kind, Rules};
use tally_primitives::BlockNumber;

/// JSON that remembers the order of its members.
#[derive(Debug, Clone)]
enum Ordered {
    Leaf(Value),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Ordered {
    fn get(&self, name: &str) -> &Self {
        let Self::Object(members) = self else { panic!("{self} has no members") };
        let found = members.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("{self} has no {name}")).1
    }

    /// The first item of a list, or the value of the first member.
    fn first(&self) -> &Self {
        match self {
            Self::List(items) => &items[0],
            Self::Object(members) => &members[0].1,
            Self::Leaf(leaf) => panic!("{leaf} has no items"),
        }
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.to_string()).unwrap()
    }

    fn names(&self) -> Vec<&str> {
        let Self::Object(members) = self else { panic!("{self} has no members") };
        members.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl fmt::Display for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = match self {
            Self::Leaf(leaf) => return write!(f, "{leaf}"),
            Self::List(items) => items.iter().map(Self::to_string).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect()
            }
        };
        let (open, close) = if matches!(self, Self::List(_)) { ('[', ']') } else { ('{', '}') };
        write!(f, "{open}{}{close}", texts.join(","))
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderedVisitor)
    }
}

struct OrderedVisitor;

impl<'de> Visitor<'de> for OrderedVisitor {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Leaf(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered::Leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
        Ok(Ordered::Leaf(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered::Leaf(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ordered, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Ordered::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Ordered, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Ordered::Object(object))
    }
}

/// The data of the seeds' answer of that endpoint.
fn seed(endpoint: &str) -> Ordered {
    let pairs: Ordered = serde_json::from_slice(&vectors::bytes("seed_pairs.json")).unwrap();
    let Ordered::List(pairs) = pairs else { panic!("{pairs}") };
    let is_it = |pair: &&Ordered| pair.get("endpoint").value() == endpoint;
    pairs.iter().find(is_it).unwrap().get("responseBody").get("data").clone()
}

/// The data of the answer of that endpoint in the documents of the other families.
fn document(endpoint: &str) -> Ordered {
    let file = vectors::bytes("samples_cid_code_app.json");
    let samples: Ordered = serde_json::from_slice(&file).unwrap();
    samples.get("data").get(endpoint).clone()
}

fn sn(kind: Kind) -> &'static str {
    kind.family().unwrap().dialects[0].sn
}

/// A record at the place that a row or an entity tells of.
fn record(
    place: [&Value; 4],
    signer: &Value,
    sn: &str,
    cdd: u64,
    data: &impl fmt::Display,
) -> Record {
    let [txid, height, index, time] = place;
    let text = format!(r#"{{"type":"FEIP","sn":"{sn}","ver":"7","data":{data}}}"#);
    Record {
        txid: txid.as_str().unwrap().parse().unwrap(),
        height: BlockNumber(height.as_u64().unwrap()),
        index: index.as_u64().unwrap().try_into().unwrap(),
        time: time.as_u64().unwrap(),
        signer: Some(signer.as_str().unwrap().parse().unwrap()),
        recipient: None,
        cdd,
        text: text.into_bytes(),
        payments: Vec::new(),
    }
}

/// The record that publishes what an item shows.
fn publish(kind: Kind, item: &Ordered) -> Record {
    let mut data = vec![("op".to_owned(), Ordered::Leaf("publish".into()))];
    let fields: Vec<&str> = kind.family().unwrap().fields.iter().map(|field| field.name).collect();
    let Ordered::Object(members) = item else { panic!("{item} has no members") };
    data.extend(members.iter().filter(|(name, _)| fields.contains(&name.as_str())).cloned());
    let item = item.value();
    let place = [&item[kind.id_member()], &item["birthHeight"], &json!(1), &item["birthTime"]];
    record(place, &item["owner"], sn(kind), 0, &Ordered::Object(data))
}

/// Applies records, all of which must count; returns the state.
fn applied(records: &[Record], rules: &Rules) -> Model {
    let mut model = Model::default();
    for record in records {
        model.apply(record, rules).unwrap();
    }
    model
}

/// An item as it is answered here: where the sample lacks `birthTxid`, that comes after `owner`.
fn with_birth(kind: Kind, item: &Ordered) -> String {
    let Ordered::Object(mut members) = item.clone() else { panic!("{item}") };
    if !members.iter().any(|(name, _)| name == "birthTxid") {
        let at = members.iter().position(|(name, _)| name == "owner").unwrap() + 1;
        members.insert(at, ("birthTxid".to_owned(), item.get(kind.id_member()).clone()));
    }
    Ordered::Object(members).to_string()
}

/// Goal: from the record that made them, the seeds' items come out byte for byte, but for the
/// member that the documents list and their samples lack.
#[test]
fn items_of_the_seeds_come_out_as_printed() {
    let cases = [
        (Kind::Protocol, "protocolByIds"),
        (Kind::Protocol, "protocolSearch"),
        (Kind::Service, "serviceByIds"),
        (Kind::Service, "serviceSearch"),
    ];
    for (kind, endpoint) in cases {
        let data = seed(endpoint);
        let item = data.first();
        let model = applied(&[publish(kind, item)], &Rules::default());
        let entity = model.entities.values().next().unwrap();
        assert_eq!(entity.to_text(), with_birth(kind, item), "{endpoint}");
    }
}

/// The record that a row tells of.
fn operated(kind: Kind, row: &Ordered) -> Record {
    let Ordered::Object(members) = row else { panic!("{row} has no members") };
    let value = row.value();
    let is_said = |name: &str| value["op"] != "publish" || name != kind.id_member();
    let data = members.iter().filter(|(name, _)| is_said(name)).cloned().collect();
    let cdd = value["cdd"].as_u64().unwrap_or_default();
    let place = [&value["txId"], &value["height"], &value["index"], &value["time"]];
    record(place, &value["signer"], sn(kind), cdd, &Ordered::Object(data))
}

/// A record that publishes what a row rates or operates on, by somebody else's hand or the same.
fn published_before(kind: Kind, row: &Value, owner: &Value) -> Record {
    let mut data = json!({"op": "publish"});
    for field in kind.family().unwrap().fields.iter().filter(|field| field.is_required) {
        data[field.name] = "a".into();
    }
    record([&row[kind.id_member()], &json!(1), &json!(1), &json!(60)], owner, sn(kind), 0, &data)
}

/// Goal: from the records that they tell of, the documents' rows come out byte for byte.
#[test]
fn rows_of_published_things_come_out_as_printed() {
    let owner = json!("FPL44YJRwPdd2ipziFvqq6y2tw4VnVvpAv");
    let cases = [
        (Kind::Protocol, "protocolOpHistory", seed("protocolOpHistory")),
        (Kind::Protocol, "protocolRateHistory", seed("protocolRateHistory")),
        (Kind::Service, "serviceOpHistory", seed("serviceOpHistory")),
        (Kind::Service, "serviceRateHistory", seed("serviceRateHistory")),
        (Kind::Code, "codeOpHistory", document("codeOpHistory")),
        (Kind::Code, "codeRateHistory", document("codeRateHistory")),
        (Kind::App, "appOpHistory", document("appOpHistory")),
        (Kind::App, "appRateHistory", document("appRateHistory")),
    ];
    for (kind, endpoint, data) in cases {
        let (text, row) = (data.first().to_string(), data.first().value());
        let mut records = Vec::new();
        if row["op"] != "publish" {
            records.push(published_before(kind, &row, &owner));
        }
        if row["op"] == "recover" {
            let mut stop = operated(kind, data.first());
            stop.text = String::from_utf8(stop.text).unwrap().replace("recover", "stop").into();
            records.push(stop);
        }
        records.push(operated(kind, data.first()));
        let model = applied(&records, &Rules::default());
        assert_eq!(model.history.last().unwrap().to_text(), text, "{endpoint}");
    }
}

/// Goal: the items of code and apps, whose ratings and operations lie between, come out as printed.
#[test]
fn items_of_code_and_apps_come_out_as_printed() {
    let rater = json!("FJeRnehc2VvRMV3wRF2AtiXDVnaKnmnZhp");
    for (kind, endpoint) in [
        (Kind::Code, "codeByIds"),
        (Kind::Code, "codeSearch"),
        (Kind::App, "appByIds"),
        (Kind::App, "appSearch"),
    ] {
        let data = document(endpoint);
        let item = data.first().value();
        let id = item[kind.id_member()].clone();
        let mut records = vec![publish(kind, data.first())];
        // The last of them is what the sample shows as such.
        let last = [&item["lastTxid"], &item["lastHeight"], &json!(2), &item["lastTime"]];
        let is_closed = item["closed"] == true;
        if item["tCdd"] != 0 {
            let data = json!({"op": "rate", "rate": 4, kind.id_member(): id});
            let mut rate = record(last, &rater, sn(kind), item["tCdd"].as_u64().unwrap(), &data);
            if is_closed {
                rate.txid = id.as_str().unwrap().parse().unwrap();
            }
            records.push(rate);
        }
        if is_closed {
            let data = json!({"op": "close", kind.id_member(): id});
            records.push(record(last, &item["owner"], sn(kind), 0, &data));
        }
        let rules = Rules { rating_touches_last: true, ..Rules::default() };
        let model = applied(&records, &rules);
        let entity = &model.entities[&EntityKey { kind, id: id.as_str().unwrap().into() }];
        assert_eq!(entity.to_text(), with_birth(kind, data.first()), "{endpoint}");
    }
}

/// Goal: the rows of addresses come out as printed.
#[test]
fn rows_of_addresses_come_out_as_printed() {
    for endpoint in ["cidHistory", "homepageHistory", "noticeFeeHistory"] {
        let Ordered::List(rows) = document(endpoint) else { panic!("no list") };
        let mut model = Model::default();
        for row in rows.iter().rev() {
            let value = row.value();
            let place = [&value["txId"], &value["height"], &value["index"], &value["time"]];
            let sn = value["sn"].as_str().unwrap();
            let mut sent = record(place, &value["signer"], sn, 0, &value);
            let ver = format!("\"ver\":{}", value["ver"]);
            sent.text =
                String::from_utf8(sent.text).unwrap().replacen("\"ver\":\"7\"", &ver, 1).into();
            let outcome = model.apply(&sent, &Rules::default()).unwrap();
            assert_eq!(outcome.history.unwrap().to_text(), row.to_string(), "{endpoint}");
        }
    }
}

/// Goal: the members of an address that are known here have the sample's order.
#[test]
fn items_of_addresses_have_the_order_of_the_sample() {
    let sample = document("cidInfoByIds").first().clone();
    let mut model = Model::default();
    let fid = sample.get("fid").value();
    for (height, (sn, data)) in [
        ("3", json!({"op": "register", "name": "chunhua"})),
        (
            "6",
            json!({"master": sample.get("master").value(), "promise": tally_feip::MASTER_PROMISE}),
        ),
        ("3", json!({"op": "register", "name": "春花"})),
    ]
    .into_iter()
    .enumerate()
    {
        let (txid, height) = (json!("0".repeat(64)), json!(height));
        let sent = record([&txid, &height, &json!(1), &json!(60)], &fid, sn, 0, &data);
        model.apply(&sent, &Rules::default()).unwrap();
    }
    let entity = model.entities.values().next().unwrap();
    let shown: Ordered = serde_json::from_str(&entity.to_text()).unwrap();
    let known = ["fid", "cid", "usedCids", "master", "nameTime", "lastHeight"];
    assert_eq!(shown.names(), known);
    let names = sample.names();
    assert_eq!(names.into_iter().filter(|name| known.contains(name)).collect::<Vec<_>>(), known);
    for name in ["fid", "cid", "usedCids", "master"] {
        assert_eq!(shown.get(name).value(), sample.get(name).value());
    }
}
