use super::*;

/// The key of the Web3 Secret Storage Definition's vectors under the password `testpassword`, with
/// geth's "light" work factor.
const SCRYPT_FILE: &str = r#"{"address":"008aeeda4d805471df9b2a5b0f38a0c3bcba786b","crypto":{"cipher":"aes-128-ctr",
"cipherparams":{"iv":"83dbcc02d8ccb40e466191a123791e0e"},
"ciphertext":"584f4eb2783472ec149b334c22d77ddbf118a0783ea24e66ca8a7883cd2b4bf5","kdf":"scrypt",
"kdfparams":{"dklen":32,"n":4096,"p":6,"r":8,
"salt":"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19"},
"mac":"860ad3ce9642f99d709abc696e25ede7cd35daf6a6041e975d14c53dae118886"},
"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;

/// The definition's own PBKDF2 vector, same key and password; it names no address.
const PBKDF2_FILE: &str = r#"{"crypto":{"cipher":"aes-128-ctr",
"cipherparams":{"iv":"6087dab2f9fdbbfaddc31a909735c1e6"},
"ciphertext":"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46","kdf":"pbkdf2",
"kdfparams":{"c":262144,"dklen":32,"prf":"hmac-sha256",
"salt":"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
"mac":"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
"id":"3198bc9c-6672-5ab3-d995-4942343ae5b6","version":3}"#;

const ADDRESS: &str = "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b";

fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Goal: geth's files open with their password and no other. Method: the standard's own vector,
/// among files that are something else.
#[test]
fn a_key_file_opens_with_its_password() {
    let folder =
        folder_with(&[("README", "no key"), ("UTC--2016--008a", SCRYPT_FILE), ("z", "{}")]);
    let address = ADDRESS.parse().unwrap();
    assert_eq!(accounts(folder.path()).unwrap().len(), 1);

    let key = load_key(folder.path(), address, "testpassword").unwrap();
    assert_eq!(key.address(), address);
    let error = load_key(folder.path(), address, "testpassword ").unwrap_err();
    assert!(matches!(error, KeystoreError::WrongPassword { .. }), "{error}");
}

/// Goal: files without an address open too. Method: the standard's vector.
#[test]
fn a_file_without_an_address_opens() {
    let folder = folder_with(&[("key", PBKDF2_FILE)]);
    let key = load_key_file(&folder.path().join("key"), "testpassword").unwrap();
    assert_eq!(key.address(), ADDRESS.parse().unwrap());
}

/// Goal: a missing account and a missing folder are told apart.
#[test]
fn missing_keys_are_named() {
    let folder = folder_with(&[]);
    let address = ADDRESS.parse().unwrap();
    let error = load_key(folder.path(), address, "").unwrap_err();
    assert!(matches!(error, KeystoreError::NoSuchAccount { .. }), "{error}");
    let error = load_key(&folder.path().join("none"), address, "").unwrap_err();
    assert!(matches!(error, KeystoreError::Unreadable { .. }), "{error}");
}

/// Goal: no file makes the library panic or work for hours. Method: spoil one field at a time.
#[test]
fn absurd_files_are_refused() {
    for (field, spoilt) in [
        ("\"dklen\":32", "\"dklen\":8"),
        ("\"n\":4096", "\"n\":1073741824"),
        ("\"n\":4096", "\"n\":4095"),
        ("\"r\":8", "\"r\":4294967295"),
        ("\"version\":3", "\"version\":1"),
        ("584f4eb2", ""),
        ("83dbcc02", "83"),
        ("\"kdf\":\"scrypt\"", "\"kdf\":\"none\""),
    ] {
        let text = SCRYPT_FILE.replace(field, spoilt);
        assert_ne!(text, SCRYPT_FILE);
        let folder = folder_with(&[("key", &text)]);
        let error = load_key_file(&folder.path().join("key"), "testpassword").unwrap_err();
        assert!(matches!(error, KeystoreError::Malformed { .. }), "{spoilt}: {error}");
    }
}

/// Goal: a password may end in white space. Method: only one newline is cut.
#[test]
fn a_password_file_loses_one_newline() {
    for (text, password) in
        [("123", "123"), ("123\n", "123"), ("123\r\n", "123"), ("123 \n\n", "123 \n"), ("", "")]
    {
        let folder = folder_with(&[("password", text)]);
        assert_eq!(*read_password(&folder.path().join("password")).unwrap(), password);
    }
}

/// Goal: new keys are new.
#[test]
fn generated_keys_differ() {
    assert_ne!(generate_key().unwrap().address(), generate_key().unwrap().address());
}
