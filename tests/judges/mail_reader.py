"""Reads every mail of a Maildir with Python's own `email` and prints what a reader sees, as JSON.

    /usr/bin/python3 mail_reader.py MAILDIR
"""

import base64
import json
import mailbox
import sys
from email import message_from_binary_file, policy


def parsed(file):
    return message_from_binary_file(file, policy=policy.default)


def addresses(mail, header):
    return [[address.display_name, address.addr_spec] for address in mail[header].addresses]


def body(mail, kind):
    part = mail.get_body((kind,))
    return {"media": part.get_content_type(), "text": part.get_content()}


def attachment(part):
    content = part.get_payload(decode=True)
    return {
        "name": part.get_filename(),
        "media": part.get_content_type(),
        "base64": base64.b64encode(content).decode("ascii"),
    }


def defects(mail):
    found = [repr(defect) for part in mail.walk() for defect in part.defects]
    for part in mail.walk():
        found += [f"{name}: {defect!r}" for name, value in part.items() for defect in value.defects]
    return found


def told(mail):
    return {
        "envelope_from": mail["X-MailFrom"],
        "envelope_to": mail["X-RcptTo"],
        "from": addresses(mail, "From"),
        "to": addresses(mail, "To"),
        "subject": mail["Subject"],
        "languages": mail["Content-Language"],
        "message_id": mail["Message-ID"],
        "plain": body(mail, "plain"),
        "html": body(mail, "html"),
        "attachments": [attachment(part) for part in mail.iter_attachments()],
        "defects": defects(mail),
    }


box = mailbox.Maildir(sys.argv[1], factory=parsed, create=False)
json.dump([told(mail) for mail in box], sys.stdout)
