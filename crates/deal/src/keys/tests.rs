use super::*;

const G: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const G_LONG: &str = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
    483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

#[test]
fn a_key_has_one_text() {
    let key: PublicKey = G.parse().unwrap();
    for text in [G.to_uppercase(), G_LONG.to_owned()] {
        assert_eq!(text.parse(), Ok(key));
    }
    assert_eq!(key.to_string(), G);
    let json = serde_json::to_string(&key).unwrap();
    assert_eq!(json, format!("\"{G}\""));
    assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
}

#[test]
fn what_is_no_point_is_refused() {
    let off_the_curve = format!("02{}", "00".repeat(32));
    let beyond_the_field = format!("02{}", "ff".repeat(32));
    for text in ["", &G[2..], &G[..64], &off_the_curve, &beyond_the_field, &G.replace('7', "g")] {
        assert_eq!(text.parse::<PublicKey>(), Err(KeyError), "{text}");
    }
    assert!(serde_json::from_str::<PublicKey>("\"02\"").is_err());
}
