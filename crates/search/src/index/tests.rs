use super::*;

fn asset(n: u8, json: &str) -> Document {
    Document::from_json(Kind::Asset, [n; 32], u64::from(n), json)
}

fn index_of(texts: &[&str]) -> SearchIndex {
    let index = SearchIndex::in_memory().unwrap();
    let documents: Vec<_> =
        (1..).zip(texts).map(|(n, text)| asset(n, &format!("{{\"text\":{text:?}}}"))).collect();
    index.add(&documents).unwrap();
    index.commit(7).unwrap();
    index
}

fn found(index: &SearchIndex, query: &str) -> Vec<u8> {
    let mut found: Vec<_> = best(index, query);
    found.sort_unstable();
    found
}

fn best(index: &SearchIndex, query: &str) -> Vec<u8> {
    index.search(Kind::Asset, query, 0, 0).unwrap().iter().map(|hit| hit.id[0]).collect()
}

#[test]
fn any_of_the_words_fits_and_the_best_is_first() {
    let index = index_of(&["a red bicycle", "a blue car", "red, red: a bicycle, bicycles", "tree"]);
    assert_eq!(found(&index, "bicycle car"), [1, 2, 3]);
    assert_eq!(found(&index, "BICYCLES"), [1, 3]);
    assert_eq!(best(&index, "red bicycle")[0], 3);
    assert_eq!(found(&index, "boat"), [0; 0]);
    assert_eq!(found(&index, "the a"), [0; 0]);
}

#[test]
fn phrases_must_be_there_and_negations_must_not() {
    let index = index_of(&["two red wheels", "red wheels two", "wheels are red", "two doors"]);
    assert_eq!(found(&index, "\"red wheels\""), [1, 2]);
    assert_eq!(found(&index, "\"red wheels\" doors"), [1, 2]);
    assert_eq!(found(&index, "\"wheels are red\""), [3]);
    assert_eq!(found(&index, "red -two"), [3]);
    assert_eq!(found(&index, "two -\"red wheels\""), [4]);
    assert_eq!(found(&index, "-two"), [0; 0]);
}

/// Goal: a phrase does not reach from one value into the next, and ids and heights come back whole.
#[test]
fn values_are_apart_and_hits_are_whole() {
    let index = SearchIndex::in_memory().unwrap();
    let id: [u8; 32] = std::array::from_fn(|n| u8::try_from(255 - n).unwrap());
    let json = r#"{"a":"red","b":["wheels"],"red door":1}"#;
    index.add(&[Document::from_json(Kind::Metadata, id, u64::MAX, json)]).unwrap();
    index.add(&[asset(1, "null"), asset(2, "{\"a\":1}")]).unwrap();
    index.commit(1).unwrap();
    assert_eq!(index.len(), 1);
    let search = |kind, query| index.search(kind, query, 0, 0).unwrap();
    assert_eq!(search(Kind::Metadata, "\"red wheels\""), []);
    assert_eq!(search(Kind::Metadata, "door"), []);
    assert_eq!(search(Kind::Asset, "red"), []);
    let hits = search(Kind::Metadata, "wheel");
    assert_eq!((hits[0].id, hits[0].height, hits.len()), (id, u64::MAX, 1));
}

#[test]
fn pages_hold_every_hit_once() {
    let texts: Vec<String> = (1..=50).map(|n| "word ".repeat(n)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let index = index_of(&texts);
    let all = index.search(Kind::Asset, "word", 0, 0).unwrap();
    assert_eq!(all.len(), 50);
    assert!(all.is_sorted_by(|a, b| a.score >= b.score));
    let pages: Vec<Hit> = (0..60)
        .step_by(20)
        .flat_map(|offset| index.search(Kind::Asset, "word", 20, offset).unwrap())
        .collect();
    assert_eq!(pages, all);
    let far = index.search(Kind::Asset, "word", 1, OFFSET_MAX + 1);
    assert!(matches!(far, Err(SearchError::TooFar)));
    assert_eq!(index.search(Kind::Asset, "word", usize::MAX, OFFSET_MAX).unwrap(), []);
}

/// Goal: what was not committed is neither found nor kept, and the cursor tells so.
#[test]
fn documents_and_cursor_are_committed_together() {
    let dir = tempfile::tempdir().unwrap();
    let index = SearchIndex::open(dir.path()).unwrap();
    assert_eq!(index.cursor(), None);
    index.add(&[asset(1, "[\"first\"]")]).unwrap();
    assert_eq!(found(&index, "first"), [0; 0]);
    index.commit(41).unwrap();
    index.add(&[asset(2, "[\"second\"]")]).unwrap();
    drop(index);

    let index = SearchIndex::open(dir.path()).unwrap();
    assert_eq!((index.cursor(), index.len()), (Some(41), 1));
    assert_eq!(found(&index, "first second"), [1]);
    index.commit(42).unwrap();
    assert_eq!(index.cursor(), Some(42));
}

#[test]
fn a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = SearchIndex::open(dir.path()).unwrap();
    let second = SearchIndex::open(dir.path()).unwrap_err();
    assert!(second.to_string().starts_with("cannot open the search index in"), "{second}");
    assert!(first.is_empty());
}

/// Goal: a damaged index is made anew and says that it is empty. Method: its list of segments is
/// overwritten, and in a second round one of its files is removed.
#[test]
fn a_damaged_index_is_made_anew() {
    for damage in ["meta.json", "segment"] {
        let dir = tempfile::tempdir().unwrap();
        let index = SearchIndex::open(dir.path()).unwrap();
        index.add(&[asset(1, "[\"first\"]")]).unwrap();
        index.commit(41).unwrap();
        drop(index);
        for entry in fs::read_dir(dir.path().join(FOLDER)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name == damage {
                fs::write(&path, "{\"segments\": 7").unwrap();
            } else if damage == "segment" && name.ends_with(".idx") {
                fs::remove_file(&path).unwrap();
            }
        }
        let index = SearchIndex::open(dir.path()).unwrap();
        assert_eq!((index.cursor(), index.len()), (None, 0), "{damage}");
        index.add(&[asset(2, "[\"second\"]")]).unwrap();
        index.commit(1).unwrap();
        assert_eq!(found(&index, "first second"), [2]);
    }
}
