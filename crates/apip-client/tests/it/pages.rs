use crate::{
    client,
    scripted::{Given, Received, Scripted},
};
use serde_json::{Value, json};
use tally_apip_client::{Clause, Code, Error, Fcdsl};

/// A directory of `count` items in the order of their numbers, which gives as many as it is asked
/// for behind the one that it is asked for.
fn numbers(count: u64) -> impl FnMut(&Received) -> Given + Send {
    move |request| {
        let fcdsl = &request.json()["fcdsl"];
        let after = fcdsl["after"][0].as_str().map_or(0, |text| text.parse().unwrap());
        let size: u64 = fcdsl["size"].as_str().map_or(20, |text| text.parse().unwrap());
        let items: Vec<_> = (after + 1..=count.min(after + size)).collect();
        let Some(last) = items.last() else {
            return Given::answer(request, 1011, json!({ "got": 0, "total": count }));
        };
        let last = [last.to_string()];
        let members = json!({ "data": items, "got": items.len(), "total": count, "last": last });
        Given::answer(request, 0, members).signed()
    }
}

fn read(server: &Scripted, fcdsl: Option<Fcdsl>) -> Result<Vec<u64>, Error> {
    let client = client(server);
    let mut all = Vec::new();
    for page in client.pages("serviceSearch".parse().unwrap(), fcdsl) {
        all.extend(page?.data_as::<Vec<u64>>().unwrap());
    }
    Ok(all)
}

/// Goal: all items come once and in order, whatever the page's size, and the query stays the same.
/// No page is paid for that has nothing.
#[test]
fn pages_follow_the_cursor_to_the_end() {
    for size in [1, 3, 7, 8, 100] {
        let server = Scripted::start(numbers(7));
        let fcdsl = Fcdsl::new().query(Clause::terms(["types"], ["APIP"])).size(size);
        assert_eq!(read(&server, Some(fcdsl)).unwrap(), [1, 2, 3, 4, 5, 6, 7], "size {size}");
        let requests = server.received();
        assert_eq!(requests.len() as u64, 7_u64.div_ceil(u64::from(size)), "size {size}");
        for (number, request) in requests.iter().enumerate() {
            let mut expected = json!({
                "query": { "terms": { "fields": ["types"], "values": ["APIP"] } },
                "size": size.to_string(),
            });
            if number > 0 {
                expected["after"] = json!([(number as u64 * u64::from(size)).to_string()]);
            }
            assert_eq!(request.json()["fcdsl"], expected);
        }
    }
}

#[test]
fn a_query_of_nothing_asks_for_everything() {
    let server = Scripted::start(numbers(45));
    assert_eq!(read(&server, None).unwrap().len(), 45);
    assert_eq!(server.received()[0].json().get("fcdsl"), None);
    assert_eq!(server.received()[2].json()["fcdsl"], json!({ "after": ["40"] }));
    assert_eq!(read(&Scripted::start(numbers(0)), None).unwrap(), [0; 0]);
}

/// Goal: from a given place on, the end is only where the directory says so.
#[test]
fn pages_begin_where_the_caller_says() {
    let server = Scripted::start(numbers(7));
    let fcdsl = Fcdsl::new().size(2).after(["3"]);
    assert_eq!(read(&server, Some(fcdsl)).unwrap(), [4, 5, 6, 7]);
    assert_eq!(server.received().len(), 3);
}

/// Goal: items that come in between are read too.
#[test]
fn pages_grow_with_the_chain() {
    let mut count = 3;
    let server = Scripted::start(move |request| {
        count += 1;
        numbers(count)(request)
    });
    assert_eq!(read(&server, Some(Fcdsl::new().size(2))).unwrap(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_caller_sees_how_far_it_is() {
    let server = Scripted::start(numbers(5));
    let client = client(&server);
    let mut pages = client.pages("serviceSearch".parse().unwrap(), Some(Fcdsl::new().size(2)));
    assert_eq!((pages.seen(), pages.total()), (0, None));
    pages.next().unwrap().unwrap();
    assert_eq!((pages.seen(), pages.total()), (2, Some(5)));
    assert_eq!(pages.by_ref().count(), 2);
    assert_eq!(pages.seen(), 5);
    assert!(pages.next().is_none());
}

#[test]
fn without_a_cursor_there_is_one_page() {
    let server = Scripted::start(|request| {
        Given::answer(request, 0, json!({ "data": [1, 2], "got": 2, "total": 9 })).signed()
    });
    assert_eq!(read(&server, None).unwrap(), [1, 2]);
    assert_eq!(server.received().len(), 1);
}

/// Goal: a directory that gives the same cursor again does not drain the balance.
#[test]
fn pages_that_do_not_go_on_are_an_error() {
    let server = Scripted::start(|request| {
        let members = json!({ "data": [1], "total": 9, "last": ["1", null] });
        Given::answer(request, 0, members).signed()
    });
    let error = read(&server, None).unwrap_err();
    assert!(matches!(error, Error::Stuck { .. }), "{error}");
    assert_eq!(server.received().len(), 2);
    assert_eq!(server.received()[1].json()["fcdsl"]["after"], json!(["1", Value::Null]));
}

#[test]
fn a_refusal_ends_the_pages() {
    let mut answers = 0;
    let server = Scripted::start(move |request| {
        answers += 1;
        match answers {
            1 => numbers(9)(request),
            _ => Given::answer(request, 1004, json!({})),
        }
    });
    let client = client(&server);
    let mut pages = client.pages("serviceSearch".parse().unwrap(), Some(Fcdsl::new().size(2)));
    assert!(pages.next().unwrap().is_ok());
    let error = pages.next().unwrap().unwrap_err();
    assert_eq!(error.refusal().map(|refusal| refusal.code), Some(Code::InsufficientBalance));
    assert!(pages.next().is_none());
    assert_eq!(server.received().len(), 2);
}
