"""What platforms and their libraries say a value becomes: input, normalised, hash. Nobody here made these.

Sources: googleads/data-manager-python tests and "Format user data"; google/megalista tests; Meta's "Customer Information
Parameters" and SDK tests; IABTechLab/uid2docs; help pages of Snap, X, TikTok, Microsoft, LiveRamp.
"""

from __future__ import annotations

# platform, identifier, input, country or region, normalised, as written
VECTORS = [
    # Google: data-manager-python formatter_test.py and the page
    *[("google-data-manager", *v) for v in (
        ("email", "alexz@example.com", None, "alexz@example.com", "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"),
        ("email", "  ALEXZ@example.com   ", None, "alexz@example.com", "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"),
        ("phone", "+1-800-555-0100", None, "+18005550100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
        ("phone", "1-800-555-0100", "US", "+18005550100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
        ("phone", "(800)555-0100", "US", "+18005550100", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
        ("phone", "+44-113-496-0987", None, "+441134960987", "0fac52d27ec377f8ad2f9de75d1f9bace693237e31868ae6f4616b8bbd0e94fb"),
        ("first_name", "GivenName", None, "givenname", "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814"),
        ("last_name", "FamilyName", None, "familyname", "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574"),
        ("email", "Jefferson.Loves.hiking@gmail.com", None, "jeffersonloveshiking@gmail.com", "515d2f967f73864e76937ab2b897210a86fd286016903b1b08c3da07c75f513e"),
        ("email", "Jefferson.LOVES.Hiking@googlemail.com", None, "jeffersonloveshiking@googlemail.com", "2824967181c781aced84c32bf8bb51fc6401202eeff88263776f63c99df9314c"),
        ("email", "cloudy.sanfrancisco+shopping@gmail.com", None, "cloudysanfrancisco@gmail.com", "223ebda6f6889b1494551ba902d9d381daf2f642bae055888e96343d53e9f9c4"),
        ("email", "user.name+NYC@Example.com", None, "user.name+nyc@example.com", "f109a2a632fbcea5fc82049f50beed3d8621bf9034399f437fb622222acccdac"),
        ("country", " us", None, "US", "US"),
        ("zip", " 1229-076  ", None, "1229-076", "1229-076"),
        *[("email", bad, None, None, None) for bad in ("", "   ", "quinn", " @googlemail.com", " ...@gmail.com")],
        *[("phone", bad, None, None, None) for bad in ("", "  ", " +A BCD EFG ")],
        # google/megalista
        ("email", "john@doe.com", None, "john@doe.com", "d709f370e52b57b4eb75f04e2b3422c4d41a05148cad8f81776d94a048fb70af"),
        ("phone", "+551199999999", None, "+551199999999", "a58d4dce9db87c65ebb6137f91edb9bbe7f274f5b0d07eea82f756ea70532b9c"),
        ("first_name", "John ", None, "john", "96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a"),
        ("last_name", "Doe", None, "doe", "799ef92a11af918e3fb741df42934f3b568ed2d93ac1df74f1b8d41a27932a6f"),
        ("email", "ca.us@gmail.com", None, "caus@gmail.com", "93d8aed730ac1b81df54d22efa758fc707f9f2763b59769d1f36c9ce9ff160b0"),
        ("email", "us.ca@doe.com", None, "us.ca@doe.com", "5de5320a299a39f8c370f6940b481ce30a46ac835d11632d99220ab0a0993dbf"),
    )],
    # Meta
    *[("meta", *v) for v in (
        ("email", "John_Smith@gmail.com", None, "john_smith@gmail.com", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        ("phone", "(650)555-1212", "US", "16505551212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        ("phone", "+1 (650) 555-1212", None, "16505551212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        ("first_name", "Mary", None, "mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        ("first_name", "정", None, "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        ("first_name", "Valéry", None, "valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        ("phone", "00919876543210", "IN", "919876543210", None),
        ("phone", "0044 207 123 4567", "GB", "442071234567", None),
        ("last_name", "O'Brien", None, "obrien", "b4cb6cb33fe4b865868de825023a1e2790dc12ac01ecc8d7c5afe8254071c8ba"),
        ("first_name", "Mary-Jane", None, "maryjane", None),
        ("zip", "  K1A 0A6  ", "CA", "k1a0a6", "88bb605b795a6637a208420a8fb91caff1c1d332a5a218cabf16d3e88d905b2d"),
        ("zip", "SW1A 1AA", "GB", "sw1a1aa", None),
        ("zip", "94035-1234", "US", "94035", "1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e"),
    )],
    # UID2 and The Trade Desk: base64 of the raw digest
    *[("uid2", *v) for v in (
        ("email", "USER@example.com", None, "user@example.com", "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ="),
        ("email", "MyEmail@example.com", None, "myemail@example.com", "FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U="),
        ("email", "My.Email@example.com", None, "my.email@example.com", "4itTvG+HEnTzpiqzejyu1yFPwU1nYhWpaiQvz62hyB8="),
        ("email", "JaneSaoirse@example.com", None, "janesaoirse@example.com", "1mcOepIAfxtf94Xx/IHlOqbT170GvfXEc83HKGwoS20="),
        ("email", "jane.saoirse@example.com", None, "jane.saoirse@example.com", "sZZDLHuYmiypHIN5mVfFFdpT5sE6vyC3j+qU8RfpC/g="),
        ("email", "JaneSaoirse+Work@example.com", None, "janesaoirse+work@example.com", "KKruSBUjDNO069iMUVImVQZm6RrAGZKeOtrD9mwogYA="),
        ("email", "JANE.SAOIRSE@gmail.com", None, "janesaoirse@gmail.com", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8="),
        ("email", "JaneSaoirse+Work@gmail.com", None, "janesaoirse@gmail.com", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8="),
        ("phone", "1 (234) 567-8901", "US", "+12345678901", "EObwtHBUqDNZR33LNSMdtt5cafsYFuGmuY4ZLenlue4="),
        ("phone", "0491 570 006", "AU", "+61491570006", "hYZYBT0uEit9nd7y9l5C5zjnQhvjK3qR3zWus+j8zo8="),
        ("email", "refresh-optout@example.com", None, "refresh-optout@example.com", "NaNI8RU0bL1Jpp1jJLC5aJO/lchc6gGhgXQIAwJ7cV4="),
    )],
    ("the-trade-desk", "email", "JANE.SAOIRSE@gmail.com", None, "janesaoirse@gmail.com", "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8="),
    # Others
    ("snap", "email", "Person@Example.com", None, "person@example.com", "542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345"),
    ("snap", "phone", "+44 844 412 4653", None, "448444124653", "dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383"),
    ("tiktok", "email", "janedoe@gmail.com", None, "janedoe@gmail.com", "d6117306485ed0e50afab3ac871e98f81699151f30281527d63ff5f233656c69"),
    ("tiktok", "maid", "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25", None, "5f3a2b18-9c4d-4e7f-b8e2-17d3a1e69b25", "83dc3f5f32b9472613b0f038d36f22585a609d018af6f6067f50da318bf354bd"),
    ("tiktok", "phone", "+16577770000", None, "+16577770000", "a6e82c2f4091baff57a4f33d01efb65bfbeacbbfbcfaa9d0ff9f57d28d78fedb"),
    ("microsoft", "email", "test@contoso.com", None, "test@contoso.com", "f25ad364d33972379a7a4f4df33db142205f5c40eb19cfdb2fc5aaf117e10101"),
    ("liveramp", "email", "MyName@liveramp.com ", None, "myname@liveramp.com", "ad474377422023fe13c6421afa7958559ee3ce1c5aa8395e92140cc09912c1be"),
    ("liveramp", "phone", "+1 (555) 123-4567", None, "5551234567", "b8e04c986aa87857dfb4d364371d1a4195abf1bb"),
    *[(name, "email", "test@abc.com", None, "test@abc.com", "d3142c8f9c9129484daf28df80cc5c955791efed5e69afabb603bc8cb9ffd419")
      for name in ("meta", "snap", "x", "tiktok", "pinterest", "linkedin", "google-ads", "dv360", "yahoo", "hashed-emails")],
]  # fmt: skip

# Texts and their digest where the people of a list have no such field (usernames, cities) or nobody has such a number.
DIGESTS = [
    ("adsapi", "sha256", "hex", "49e0be2aeccfb51a8dee4c945c8a70a9ac500cf6f5cb08112575f74db9b1470d"),
    ("newyork", "sha256", "hex", "350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5"),
    ("+00000000002", "sha256", "base64", "0VoxsIuk88qt7TnZaTC//C9Vur3pR1zBMIr1cJe7xjE="),
    ("alexz@example.com", "sha256", "base64", "UJ6TMBm7KFoTSpM0uLtnnf950M4CPVKa9L10TUe0/Yo="),
    ("+18005550100", "sha256", "base64", "+09zpuxf23B31WTN0iw1VLQ85JFoVQw7EsVHt4xRezA="),
    ("givenname", "sha256", "base64", "EooHv+Lfh3xSB25g13dM9bqqBGxabEja8w/0Psyi+BQ="),
    ("familyname", "sha256", "base64", "d3YsKH5hzgZb7lwVRkASxvvgiDmLgFdifVV3JJQw1XQ="),
    ("myname@liveramp.com", "sha1", "hex", "529a123cb5d93641ffa999c0e9b06aa4c40c3677"),
    ("myname@liveramp.com", "md5", "hex", "e496f5db75b278b8583e60cb834cfb11"),
]
# The same digests in hexadecimal and in base64, as the sources print both.
BOTH = [
    (
        "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514",
        "tMmiiTI7IaAcPpQPFQ65uMVCWH8av9jw4cwf/F5HVRQ=",
    ),
    (
        "16c18d336f0b250f0e2d907452ceb9658a74ecdae8bc94864c23122a72cc27a5",
        "FsGNM28LJQ8OLZB0Us65ZYp07NrovJSGTCMSKnLMJ6U=",
    ),
    (
        "92ee26057ed9dea2535d6c8b141d48373932476599196e00352254896db5888f",
        "ku4mBX7Z3qJTXWyLFB1INzkyR2WZGW4ANSJUiW21iI8=",
    ),
    (
        "10e6f0b47054a83359477dcb35231db6de5c69fb1816e1a6b98e192de9e5b9ee",
        "EObwtHBUqDNZR33LNSMdtt5cafsYFuGmuY4ZLenlue4=",
    ),
    (
        "ca123440bedda5d68716ae831322a5a8a3e7daf8fb297f750507aa86789846f2",
        "yhI0QL7dpdaHFq6DEyKlqKPn2vj7KX91BQeqhniYRvI=",
    ),
]
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
# The page shows this hash beside +37493828222; it is the hash of 37493828222, without the plus.
TIKTOK_DEFECTIVE = "65b7e6dcf6f4310f8d7cbfbd78289a753062fb054d6664fb9aaac5df66a422d4"
UID2_WRONG = "VpLXEp5N1bj/V1WzjgZsC+FfuYdntAOywSVIO00FD/E="  # JANESaoirse@gmail.com hashed as it is
