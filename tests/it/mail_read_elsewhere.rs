//! A receipt's mail as a server and a reader find it that we did not write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bienlai::notification::State;
use bienlai::receipt;
use bienlai::receipt::rendition::{Links, cache};
use serde_json::{Value, json};

use crate::messages::{courier, email_section, messages, sealed, with_email};
use crate::support::judges::Aiosmtpd;
use crate::support::{World, each_database};

const PUBLIC_URL: &str = "https://bienlai.example";

fn bytes(attached: &Value) -> Vec<u8> {
    BASE64.decode(attached["base64"].as_str().expect("its bytes")).expect("base64")
}

#[test]
fn a_receipts_mail_is_taken_by_a_server_and_read_by_a_program_that_others_wrote() {
    each_database(|database| {
        let world = World::settled_in(database);
        let server = Aiosmtpd::start();
        let email = email_section(server.port).replace("timeout_s = 1\n", "timeout_s = 20\n");
        let courier = courier(&format!("[web]\npublic_url = \"{PUBLIC_URL}\"\n{email}"));
        let of = sealed(&world, with_email());
        assert_eq!(courier.send_due(&world.app.store, &|| world.app.stamp()).unwrap(), 1);
        assert_eq!(messages(&world, &of)[0].state, State::Sent);

        let read = server.read();
        let [mail] = read.as_slice() else { panic!("one mail: {read:?}") };
        assert_eq!(mail["defects"], json!([]), "nothing in it is against the rules of mail");
        assert_eq!(mail["subject"], json!("Biên lai BD-26E số 0000001 / Receipt"));
        assert_eq!(mail["from"], json!([["Biên lai điện tử", "bienlai@example.vn"]]));
        assert_eq!(mail["to"], json!([["", "mau@example.vn"]]));
        assert_eq!(mail["envelope_from"], json!("bienlai@example.vn"));
        assert_eq!(mail["envelope_to"], json!("mau@example.vn"));
        assert_eq!(mail["languages"], json!("vi, en"));
        let id = format!("<{}@example.vn>", messages(&world, &of)[0].name(0));
        assert_eq!(mail["message_id"], json!(id));

        let code = world.receipts(&of.0).remove(0).lookup_code;
        let link = format!("{PUBLIC_URL}/r/{code}");
        for (form, media) in [("plain", "text/plain"), ("html", "text/html")] {
            assert_eq!(mail[form]["media"], json!(media));
            let text = mail[form]["text"].as_str().expect("a text");
            let vietnamese = "và lập biên lai điện tử BD-26E số 0000001 ngày";
            for said in [vietnamese, "and issued the electronic receipt BD-26E no. 0000001 on", &link] {
                assert!(text.contains(said), "{said}: {text}");
            }
        }

        let document =
            world.look(|conn| receipt::query::document(conn, of.0.unit, of.1)).expect("it is signed");
        let links = Links::to(PUBLIC_URL);
        let page = cache::obtain(&world.store, of.0.unit, of.1, &links, world.now()).unwrap();
        let attached = mail["attachments"].as_array().expect("attachments");
        let names: Vec<_> = attached.iter().map(|one| (&one["name"], &one["media"])).collect();
        let (xml, pdf) = (json!("bien-lai-bd26e-0000001.xml"), json!("bien-lai-bd26e-0000001.pdf"));
        assert_eq!(names, [(&xml, &json!("application/xml")), (&pdf, &json!("application/pdf"))]);
        assert_eq!(bytes(&attached[0]), document, "the stored signed bytes");
        assert_eq!(bytes(&attached[1]), page, "the page that the look-up shows");
    });
}
